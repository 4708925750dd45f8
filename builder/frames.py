"""Frames round nodes and notes beside them: what they hold, how they look, what lies in them.

In a document both are entries of ``frames``; one with a ``text`` is a note. What is in a frame is what lies in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from builder.geometry import Box
from builder.graph import Graph
from builder.lettering import ELLIPSIS, Lettering, folded, shortened
from builder.look import BODY, NAME, SEMIBOLD, Look
from builder.spacing import NODE_HEIGHT, NODE_WIDTH

#: Colours there are to choose from, by the name a document has, and the field of the look that each is.
COLOURS = {
    "grey": "neutral", "blue": "accent", "teal": "normalisation", "green": "dense", "orange": "activation",
    "red": "merge", "purple": "pooling",
}  # fmt: skip
FRAME_COLOUR, NOTE_COLOUR = "grey", "orange"

#: Height of the strip with the title; room round what is framed, so that wires between rows pass frames by; room
#: round the text of a note.
TITLE_HEIGHT, PADDING, NOTE_PADDING = 24.0, 16.0, 12.0
#: A line of a note.
LINE_HEIGHT = 17.0
#: The smallest frame or note, the size of a new note.
SMALLEST, NOTE_SIZE = (80.0, 48.0), (240.0, 112.0)
RADIUS = 10.0

TITLE_LETTERING, NOTE_LETTERING = Lettering(NAME, SEMIBOLD), Lettering(BODY)

#: How much of its colour the inside and the border of a frame have, the rest being the canvas'.
_INSIDE, _BORDER = 0.10, 0.55
#: In the dark the inside is but a little lighter than the canvas: nodes, which are lighter too, stand out from it.
_INSIDE_DARK = 0.05


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame with a title, or a note with a text."""

    x: float
    y: float
    width: float
    height: float
    title: str = ""
    colour: str = ""
    text: str | None = None

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Frame:
        """From the entry of a document."""
        x, y, width, height = entry["rectangle"]
        title, colour = entry.get("title", ""), entry.get("colour", "")
        return cls(x, y, width, height, title, colour, entry.get("text"))

    def entry(self) -> dict[str, Any]:
        """The entry of a document."""
        made: dict[str, Any] = {"title": self.title, "rectangle": list(self.box)}
        if self.colour:
            made["colour"] = self.colour
        if self.text is not None:
            made["text"] = self.text
        return made

    @property
    def is_note(self) -> bool:
        """Whether it is a note."""
        return self.text is not None

    @property
    def box(self) -> Box:
        """Its rectangle."""
        return self.x, self.y, self.width, self.height

    @property
    def area(self) -> float:
        """Larger ones are drawn first."""
        return self.width * self.height

    @property
    def shade(self) -> str:
        """The colour it wears: its own or that of its kind."""
        return self.colour or (NOTE_COLOUR if self.is_note else FRAME_COLOUR)

    def moved(self, dx: float, dy: float) -> Frame:
        """The same one elsewhere."""
        return replace(self, x=self.x + dx, y=self.y + dy)

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies in it."""
        return self.x <= x <= self.x + self.width and self.y <= y <= self.y + self.height


def frames_of(graph: Graph) -> list[Frame]:
    """The frames and notes of a graph."""
    return [Frame.read(entry) for entry in graph.frames]


def in_order(frames: Iterable[tuple[int, Frame]]) -> list[tuple[int, Frame]]:
    """As they are drawn: frames before notes, large ones before the small ones that may lie on them."""
    return sorted(frames, key=lambda one: (one[1].is_note, -one[1].area, one[0]))


def enclosing(boxes: Iterable[Box]) -> Box:
    """The rectangle round some others, at least one."""
    lefts, tops, rights, bottoms = zip(*((x, y, x + w, y + h) for x, y, w, h in boxes), strict=True)
    left, top = min(lefts), min(tops)
    return left, top, max(rights) - left, max(bottoms) - top


def around(boxes: Iterable[Box], title: str = "", colour: str = "") -> Frame:
    """A frame round some rectangles (at least one), with room for its title."""
    x, y, width, height = enclosing(boxes)
    y, height = y - PADDING - TITLE_HEIGHT, height + 2 * PADDING + TITLE_HEIGHT
    return Frame(x - PADDING, y, width + 2 * PADDING, height, title, colour)


def nodes_in(graph: Graph, frame: Frame) -> list[str]:
    """The nodes whose middle lies in a frame; a note has none."""
    if frame.is_note:
        return []
    middle = (NODE_WIDTH / 2, NODE_HEIGHT / 2)
    return [n.id for n in graph if frame.holds(n.position[0] + middle[0], n.position[1] + middle[1])]


def frames_in(frames: Iterable[tuple[int, Frame]], frame: Frame) -> list[int]:
    """The numbers of the frames and notes that lie wholly in another."""
    if frame.is_note:
        return []
    return [number for number, one in frames if _holds_wholly(frame, one)]


def innermost(frames: Sequence[Frame], one: Frame) -> int | None:
    """The number of the smallest frame in which another or a note lies wholly."""
    holders = [(frame.area, n) for n, frame in enumerate(frames) if _holds_wholly(frame, one)]
    return min(holders)[1] if holders else None


def _holds_wholly(frame: Frame, one: Frame) -> bool:
    return not frame.is_note and one is not frame and one.area < frame.area and lies_in(one, frame.box)


def lies_in(frame: Frame, box: Box) -> bool:
    """Whether a frame or note lies wholly in a rectangle."""
    x, y, width, height = box
    right, bottom = frame.x + frame.width, frame.y + frame.height
    return x <= frame.x and y <= frame.y and right <= x + width and bottom <= y + height


def lines_of(note: Frame) -> list[str]:
    """The text of a note folded into its width; where it is too long for the height, the last line says so."""
    room = note.width - 2 * NOTE_PADDING
    lines = folded(note.text or "", room, NOTE_LETTERING)
    most = max(0, int((note.height - 2 * NOTE_PADDING) / LINE_HEIGHT))
    if room < NOTE_LETTERING.size or not most:
        return []
    if len(lines) > most:
        lines[most - 1 :] = [shortened(lines[most - 1] + ELLIPSIS, room, NOTE_LETTERING)]
    return lines


def grown(note: Frame, text: str, grid: float) -> float:
    """The height a note needs for a text, on the grid, and never less than it has."""
    rows = len(folded(text, note.width - 2 * NOTE_PADDING, NOTE_LETTERING))
    return max(note.height, ceil((rows * LINE_HEIGHT + 2 * NOTE_PADDING) / grid) * grid)


def is_colour(colour: str) -> bool:
    """Whether a document's word is a colour that can be shown."""
    plain = colour.removeprefix("#")
    return colour in COLOURS or (colour[:1] == "#" and len(plain) == 6 and _is_hex(plain))


def colour_of(frame: Frame, look: Look) -> str:
    """The ``#rrggbb`` it wears; of a word that is no colour, that of its kind."""
    shade = frame.shade
    if not is_colour(shade):
        shade = NOTE_COLOUR if frame.is_note else FRAME_COLOUR
    return shade.lower() if shade.startswith("#") else str(getattr(look, COLOURS[shade]))


def inside_of(frame: Frame, look: Look) -> str:
    """The ``#rrggbb`` it is filled with: so near the canvas that any text is readable on it."""
    if frame.is_note:
        return mixed(look.panel, colour_of(frame, look), _INSIDE)
    return mixed(look.canvas, colour_of(frame, look), _INSIDE_DARK if look.is_dark else _INSIDE)


def border_of(frame: Frame, look: Look) -> str:
    """The ``#rrggbb`` of its border."""
    return mixed(look.canvas, colour_of(frame, look), _BORDER)


def mixed(first: str, second: str, share: float) -> str:
    """A colour between two: ``share`` of the second."""
    pairs = ((int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _is_hex(text: str) -> bool:
    return all(letter in "0123456789abcdefABCDEF" for letter in text)
