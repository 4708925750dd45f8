"""SVG as text: elements with attributes, and strings that may hold anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

from builder.geometry import Box, Points

#: What no XML 1.0 document may hold, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Stands where something was that may not.
_REPLACEMENT = "\ufffd"


class Sheet:
    """An SVG document while it is written; attributes are Python's names with ``_`` for ``-``."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0

    def add(self, tag: str, text: str | None = None, /, **attributes: str | float | None) -> None:
        """An element without others in it."""
        head = f"<{tag}{_spelt(attributes)}"
        body = "/>" if text is None else f">{escape(clean(text))}</{tag}>"
        self._lines.append(" " * self._depth + head + body)

    @contextmanager
    def group(self, tag: str = "g", /, **attributes: str | float | None) -> Iterator[None]:
        """An element with all that is added within."""
        self._lines.append(f"{' ' * self._depth}<{tag}{_spelt(attributes)}>")
        self._depth += 1
        yield
        self._depth -= 1
        self._lines.append(f"{' ' * self._depth}</{tag}>")

    def box(self, box: Box, radius: float = 0.0, /, **attributes: str | float | None) -> None:
        """A rectangle, with round corners if wanted."""
        x, y, width, height = box
        self.add("rect", x=x, y=y, width=width, height=height, rx=radius or None, **attributes)

    def text(self) -> str:
        """All of it."""
        return "\n".join(self._lines) + "\n"


def clean(text: str) -> str:
    """Text without characters that XML cannot hold; a sign stands where they were."""
    return _FORBIDDEN.sub(_REPLACEMENT, text)


def number(value: float) -> str:
    """A number in as few figures as a screen can tell apart."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def path_of(points: Points) -> str:
    """A chain of Béziers; runs between equal heights become lines."""
    parts = [f"M{_pair(points[0])}"]
    for index in range(1, len(points) - 2, 3):
        first, second, end = points[index : index + 3]
        if first == points[index - 1] and second == end:
            parts.append(f"L{_pair(end)}")
        else:
            parts.append(f"C{_pair(first)} {_pair(second)} {_pair(end)}")
    return "".join(parts)


def _pair(point: tuple[float, float]) -> str:
    return f"{number(point[0])} {number(point[1])}"


def _spelt(attributes: dict[str, str | float | None]) -> str:
    return "".join(
        f' {name.replace("_", "-")}="{escape(clean(value)) if isinstance(value, str) else number(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
