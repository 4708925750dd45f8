"""Switches, choices of words, and texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from builder.blocks.parameters.base import Parameter, quoted


class Flag(Parameter[bool]):
    """On or off; an expression's 0 and 1 count as such."""

    kind = "bool"

    def check(self, value: Any) -> str | None:
        return (
            None
            if value in (0, 1) and isinstance(value, int)
            else f"needs true or false, not {quoted(value)}"
        )

    def format(self, value: Any) -> str:
        return "on" if value else "off"


class Choice(Parameter[str]):
    """One of a few words."""

    kind = "choice"

    def __init__(
        self, default: str, options: Sequence[str], *, label: str = "", help: str = "", unit: str = ""
    ) -> None:
        super().__init__(default, label=label, help=help, unit=unit)
        self.options = tuple(options)

    def check(self, value: Any) -> str | None:
        if value in self.options and isinstance(value, str):
            return None
        return f"needs one of {', '.join(self.options)}, not {quoted(value)}"

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "options": list(self.options)}


class Text(Parameter[str]):
    """A short text."""

    kind = "text"

    def check(self, value: Any) -> str | None:
        return None if isinstance(value, str) and len(value) <= 1000 else f"needs a text, not {quoted(value)}"
