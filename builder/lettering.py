"""How wide text is, without a window: for drawings, where words are cut or folded into the room there is.

Widths are Inter's. Other faces come close, and where text fills its room a drawing says how wide it has to be.
"""

from __future__ import annotations

import json
import unicodedata
from functools import cache
from importlib import resources
from typing import NamedTuple

from builder.look import MEDIUM, REGULAR

ELLIPSIS = "…"
#: A letter of a monospaced face, in parts of the size.
_MONO = 0.602
#: Letters that are not in the table: wide ones, marks that take no room, and others at the width of the widest.
_WIDE, _OTHER = 1.0, 0.82


class Lettering(NamedTuple):
    """What text is set in: a size in pixels, a weight, and whether all letters are equally wide."""

    size: float
    weight: int = REGULAR
    mono: bool = False


@cache
def _advances() -> dict[str, tuple[int, int]]:
    file = resources.files("resources") / "data" / "advances.json"
    found: dict[str, tuple[int, int]] = json.loads(file.read_text(encoding="utf-8"))
    return found


@cache
def _advance(letter: str, bold: bool, mono: bool) -> float:
    """The width of a letter in parts of the size."""
    if not mono and (known := _advances().get(letter)) is not None:
        return known[bold] / 1000
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0.0
    is_wide = unicodedata.east_asian_width(letter) in "WF"
    if mono:
        return 2 * _MONO if is_wide else _MONO
    return _WIDE if is_wide else _OTHER


def width(text: str, lettering: Lettering) -> float:
    """How wide text is, in pixels."""
    size, weight, mono = lettering
    return size * sum(_advance(letter, weight > MEDIUM, mono) for letter in text)


def shortened(text: str, room: float, lettering: Lettering) -> str:
    """Text that fits: as it is, or cut with an ellipsis."""
    if width(text, lettering) <= room:
        return text
    room -= width(ELLIPSIS, lettering)
    taken = 0.0
    for index, letter in enumerate(text):
        taken += width(letter, lettering)
        if taken > room:
            return text[:index].rstrip() + ELLIPSIS
    return ELLIPSIS


def folded(text: str, room: float, lettering: Lettering) -> list[str]:
    """Text in lines that fit, broken between words, and within those that are too long for a line."""
    lines = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for word in paragraph.expandtabs(4).split(" "):
            longer = f"{line} {word}" if line else word
            if width(longer, lettering) <= room:
                line = longer
                continue
            if line.strip():
                lines.append(line)
            *whole, line = _pieces(word, room, lettering)
            lines += whole
        lines.append(line)
    return lines


def _pieces(word: str, room: float, lettering: Lettering) -> list[str]:
    """A word in pieces that fit, of one letter at the least."""
    pieces, piece, taken = [], "", 0.0
    for letter in word:
        more = width(letter, lettering)
        if piece and taken + more > room:
            pieces.append(piece)
            piece, taken = "", 0.0
        piece, taken = piece + letter, taken + more
    return [*pieces, piece]
