"""A setting with an entry for each of a few nodes: ``conv1=orthogonal, layer4=lsuv``."""

from __future__ import annotations

import re
from typing import Any

from builder.blocks.parameters import Parameter, Real, Text

_BETWEEN = re.compile(r"[,\s]+")


class ByNode(Text):
    """``path=value`` for nodes, apart by commas or spaces; a path stands for everything in it, the longest one wins.

    ``entry`` declares the values. It stays a text, which JSON, a command line and a form hold alike.
    """

    kind = "by-node"

    def __init__(self, entry: Parameter[Any], *, label: str = "", help: str = "") -> None:
        super().__init__("", label=label, help=help)
        self.entry = entry

    def entries(self, text: str) -> dict[str, Any]:
        """Path → value of a text that passed the check."""
        pairs = (part.split("=", 1) for part in _BETWEEN.split(text) if part)
        return {path: self._read(value) for path, value in pairs}

    def check(self, value: Any) -> str | None:
        if wrong := super().check(value):
            return wrong
        seen = set()
        for part in filter(None, _BETWEEN.split(value)):
            path, equals, said = part.partition("=")
            if not path or not equals:
                return (
                    f"needs entries such as conv1={self.entry.format(self.entry.default)}, not '{part[:40]}'"
                )
            if path in seen:
                return f"needs each node once, and '{path[:40]}' is there twice"
            seen.add(path)
            if wrong := self.entry.check(self._read(said)):
                return f"for '{path[:40]}' {wrong}"
        return None

    def _read(self, text: str) -> Any:
        if isinstance(self.entry, Real):
            try:
                return float(text)
            except ValueError:
                pass  # stays text, which the check refuses in words
        return text


def nearest(path: str, entries: dict[str, Any], default: Any) -> Any:
    """What is said for ``path``: by its own entry, else by that of the innermost module around it, else ``default``."""
    while path:
        if path in entries:
            return entries[path]
        path = path.rpartition(".")[0]
    return default
