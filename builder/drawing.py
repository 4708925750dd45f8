"""A network, or a part of it, as SVG: what the canvas shows, without a window.

Places, words and marks are those of the canvas (``builder.geometry``, ``builder.appearance``); text is cut by the
widths of ``builder.lettering``, and where it fills its room the drawing says how wide it has to be, so that no other
face makes it run out of its node.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor
from typing import TYPE_CHECKING

from builder import frames, geometry
from builder.appearance import Appearance, appearance_of, wire_text
from builder.document import Document
from builder.errors import Severity
from builder.frames import Frame
from builder.geometry import NAME_LINE, SUMMARY_LINE, TEXT_LEFT, TEXT_WIDTH, Box, Points
from builder.graph import Graph
from builder.heat import Glow, Heat
from builder.lettering import Lettering, shortened, width
from builder.look import DARK, MEDIUM, MONOSPACED, NAME, SANS, SEMIBOLD, SMALL, TINY, Look
from builder.shapes import format_shape
from builder.spacing import NODE_WIDTH
from builder.svg import Sheet, number, path_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from builder.analysis import NodeReport

#: Room round the drawing.
MARGIN = 24.0
_NAME, _SUMMARY, _PORT = Lettering(NAME, SEMIBOLD), Lettering(SMALL), Lettering(TINY)
#: How far below the middle of a line its letters stand, in parts of the size.
_BASELINE = 0.364
#: From this part of its room on, text is told how wide to be.
_TIGHT = 0.9
#: The legend of a heat: its bar, and its room below the drawing.
_BAR, _LEGEND = (220.0, 10.0), 66.0


@dataclass(frozen=True, slots=True)
class Style:
    """How it is drawn; ``sans`` and ``mono`` are families as CSS lists them, ``scale`` pixels for a canvas unit."""

    look: Look = DARK
    shapes: bool = True
    scale: float = 1.0
    heat: Heat | None = None
    sans: str = ", ".join([*SANS, "sans-serif"])
    mono: str = ", ".join([*MONOSPACED, "monospace"])


@dataclass(frozen=True, slots=True)
class Drawing:
    """An SVG document and the size of its picture in pixels."""

    svg: str
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Wire:
    points: Points
    text: str
    culprit: bool

    @property
    def middle(self) -> geometry.Point:
        return geometry.wire_middle(self.points)


@dataclass(frozen=True, slots=True)
class _Scene:
    """Everything that is drawn, where it is drawn."""

    nodes: Mapping[str, tuple[Appearance, Box]]
    wires: list[_Wire]
    frames: list[Frame]


class Boxes:
    """Nodes as wires see them: in their way."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        self._boxes = list(boxes)

    @cached_property
    def boxes(self) -> NDArray[np.float64]:
        import numpy as np

        return np.array(self._boxes)

    def among(self, left: float, top: float, right: float, bottom: float) -> list[Box]:
        """Those that meet this rectangle."""
        return [
            box
            for box in self._boxes
            if box[0] <= right and box[0] + box[2] >= left and box[1] <= bottom and box[1] + box[3] >= top
        ]


def draw(
    document: Document,
    graph: Graph,
    reports: Mapping[str, NodeReport],
    style: Style = Style(),
    *,
    only: Collection[str] | None = None,
    only_frames: Collection[int] = (),
) -> Drawing:
    """Draw a graph by what an analysis says of its nodes; ``only`` some, with the wires between them.

    ``only_frames`` are the numbers of the frames that are drawn with ``only`` some nodes.
    """
    scene = _scene(document, graph, reports, only, only_frames)
    left, top, right, bottom = _bounds(scene, style)
    if style.heat is not None:
        bottom, right = bottom + _LEGEND, max(right, left + _BAR[0])
    corner = floor(left - MARGIN), floor(top - MARGIN)
    box = (*corner, ceil(right + MARGIN) - corner[0], ceil(bottom + MARGIN) - corner[1])
    sheet = Sheet()
    size = box[2] * style.scale, box[3] * style.scale
    head: dict[str, str | float | None] = {
        "xmlns": "http://www.w3.org/2000/svg", "width": size[0], "height": size[1],
        "viewBox": " ".join(map(number, box)), "font_family": style.sans, "style": "font-variant-numeric:tabular-nums",
        "role": "img",
    }  # fmt: skip
    with sheet.group("svg", **head):
        sheet.add("title", graph.key or document.name or "untitled")
        sheet.box(box, fill=style.look.canvas)
        _Pen(sheet, style).draw(scene)
        if style.heat is not None:
            _draw_legend(sheet, style, style.heat, (left, bottom - _LEGEND + 24))
    return Drawing(sheet.text(), *size)


# what is drawn, and where ----------------------------------------------------------------------------------


def _scene(
    document: Document,
    graph: Graph,
    reports: Mapping[str, NodeReport],
    only: Collection[str] | None,
    only_frames: Collection[int],
) -> _Scene:
    nodes: dict[str, tuple[Appearance, Box]] = {}
    for node in graph:
        look = appearance_of(document, graph, node, reports.get(node.id), Appearance)
        nodes[node.id] = look, (*node.position, float(NODE_WIDTH), look.height)
    obstacles = Boxes(box for _, box in nodes.values())
    wires = []
    for edge in graph.edges():
        if only is None or (edge.source in only and edge.target in only):
            (source, from_box), (target, to_box) = nodes[edge.source], nodes[edge.target]
            points = _route(graph.bends(edge), source.output_place(edge.source_port, from_box),
                            target.input_place(edge.target_port, to_box), to_box, obstacles)  # fmt: skip
            culprit = edge.target_port in target.culprit_ports
            wires.append(_Wire(points, wire_text(source, edge.source_port), culprit))
    if only is not None:
        nodes = {node_id: node for node_id, node in nodes.items() if node_id in only}
    chosen = (
        (number, one)
        for number, one in enumerate(frames.frames_of(graph))
        if only is None or number in only_frames
    )
    return _Scene(nodes, wires, [frame for _, frame in frames.in_order(chosen)])


def _route(
    bends: Points | tuple[geometry.Point, ...],
    start: geometry.Point,
    end: geometry.Point,
    target: Box,
    obstacles: Boxes,
) -> Points:
    if bends:
        return geometry.bent_points(start, bends, end)
    above = end[1] < target[1] + target[3] / 2 - 1
    return geometry.wire_points(start, end, obstacles, above=above)


def _bounds(scene: _Scene, style: Style) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of everything."""
    boxes = [frame.box for frame in scene.frames]
    for look, box in scene.nodes.values():
        boxes += [box, geometry.badge_box(box), geometry.back_box(box)]
        for is_output, _, place in look.places(box):
            boxes.append(
                (place[0] - geometry.PORT / 2, place[1] - geometry.PORT / 2, geometry.PORT, geometry.PORT)
            )
            if style.shapes and look.is_named(is_output):
                boxes.append(geometry.port_name_box(place, is_output))
    for wire in scene.wires:
        x, y, wide, high = geometry.wire_extent(wire.points)
        boxes.append((x - 1, y - 1, wide + 2, high + 2))
        if style.shapes:
            boxes.append(geometry.pill_box(wire.middle, wire.text))
    if not boxes:
        return 0.0, 0.0, float(NODE_WIDTH), 54.0
    lefts, tops, rights, bottoms = zip(*((x, y, x + w, y + h) for x, y, w, h in boxes), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


# how it is drawn -------------------------------------------------------------------------------------------


class _Pen:
    """Puts a scene on a sheet, in the canvas' order: frames, wires, pills, nodes."""

    def __init__(self, sheet: Sheet, style: Style) -> None:
        self.sheet, self.style, self.look = sheet, style, style.look
        self.body = self.look.raised if self.look.is_dark else self.look.panel

    def draw(self, scene: _Scene) -> None:
        for frame in scene.frames:
            self._frame(frame)
        with self.sheet.group(fill="none", stroke=self.look.wire, stroke_width=2):
            for wire in scene.wires:
                stroke = self.look.error if wire.culprit else None
                self.sheet.add("path", d=path_of(wire.points), stroke=stroke)
        if self.style.shapes:
            mono = self.style.mono
            with self.sheet.group(font_size=SMALL, font_family=mono, text_anchor="middle", stroke_width=1):
                for wire in scene.wires:
                    self._pill(wire)
        for look, box in scene.nodes.values():
            self._node(look, box)

    def _frame(self, frame: Frame) -> None:
        inside, border = frames.inside_of(frame, self.look), frames.border_of(frame, self.look)
        x, y, w, h = _shrunk(frame.box, 0.5)
        self.sheet.box((x, y, w, h), frames.RADIUS, fill=inside, stroke=border, stroke_width=1)
        left, room, ink = x + frames.NOTE_PADDING, w - 2 * frames.NOTE_PADDING, self.look.text
        if not frame.is_note:
            if h >= frames.TITLE_HEIGHT and room >= frames.TITLE_LETTERING.size:
                at = left, y + frames.TITLE_HEIGHT / 2
                _write(self.sheet, frame.title, at, room, frames.TITLE_LETTERING, ink)
            return
        for row, line in enumerate(frames.lines_of(frame)):
            at = left, y + frames.NOTE_PADDING + (row + 0.5) * frames.LINE_HEIGHT
            _write(self.sheet, line, at, room, frames.NOTE_LETTERING, ink)

    def _pill(self, wire: _Wire) -> None:
        box = geometry.pill_box(wire.middle, wire.text)
        border, ink = (self.look.error,) * 2 if wire.culprit else (self.look.hairline, self.look.text)
        self.sheet.box(box, box[3] / 2, fill=self.look.panel, stroke=border)
        x, y = wire.middle
        self.sheet.add("text", wire.text, x=x, y=y + _BASELINE * SMALL, fill=ink, stroke="none")

    def _node(self, look: Appearance, box: Box) -> None:
        sheet, theme = self.sheet, self.look
        glow = self.style.heat.glows.get(look.id) if self.style.heat is not None else None
        with sheet.group(opacity=0.5 if look.bypassed else None):
            sheet.add("title", _told(look, glow))
            if look.is_module:
                back = geometry.back_box(box)
                sheet.box(back, geometry.RADIUS, fill=self.body, stroke=theme.border, stroke_width=1)
            sheet.box(box, geometry.RADIUS, fill=glow.colour if glow else self.body)
            sheet.add("path", d=_stripe(box), fill=theme.category(look.category))
            wrong = look.severity is Severity.ERROR
            thick = 2.0 if wrong else 1.0
            sheet.box(
                _shrunk(box, thick / 2), geometry.RADIUS - thick / 2, fill="none", stroke_width=thick,
                stroke=theme.error if wrong else theme.border, stroke_dasharray="4 2" if look.bypassed else None,
            )  # fmt: skip
            self._words(look, box, glow)
            self._ports(look, box)
            if look.severity in (Severity.ERROR, Severity.WARNING):
                self._badge(box, theme.severity(look.severity))

    def _words(self, look: Appearance, box: Box, glow: Glow | None) -> None:
        left, middle = box[0] + TEXT_LEFT, box[1] + box[3] / 2
        name = shortened(look.name, TEXT_WIDTH - width(look.count, _NAME), _NAME) + look.count
        heat = self.style.heat
        second = glow.text if glow else heat.cold.get(look.id, look.summary) if heat else look.summary
        inks = (glow.ink, glow.ink) if glow else (self.look.text, self.look.muted)
        at = left, middle + (0 if look.collapsed else NAME_LINE)
        _write(self.sheet, name, at, TEXT_WIDTH, _NAME, inks[0])
        if look.collapsed:
            return
        _write(self.sheet, second, (left, middle + SUMMARY_LINE), TEXT_WIDTH, _SUMMARY, inks[1])

    def _ports(self, look: Appearance, box: Box) -> None:
        theme, sheet = self.look, self.sheet
        for is_output, port, (x, y) in look.places(box):
            stroke = theme.error if not is_output and port in look.culprit_ports else theme.wire
            radius = geometry.PORT / 2 - 1
            sheet.add("circle", cx=x, cy=y, r=radius, fill=theme.canvas, stroke=stroke, stroke_width=2)
            if self.style.shapes and look.is_named(is_output):
                left, top, wide, high = geometry.port_name_box((x, y), is_output)
                anchor, at = ("start", left) if is_output else ("end", left + wide)
                told = shortened(port, wide, _PORT)
                ground = geometry.port_name_ground((x, y), is_output, width(told, _PORT))
                sheet.box(
                    ground,
                    geometry.PORT_NAME_RADIUS,
                    fill=theme.canvas,
                    fill_opacity=geometry.PORT_NAME_GROUND,
                )
                sheet.add(
                    "text", told, x=at, y=top + high - 3, fill=theme.muted, font_size=TINY, text_anchor=anchor
                )

    def _badge(self, box: Box, colour: str) -> None:
        x, y, size, _ = geometry.badge_box(box)
        middle = x + size / 2, y + size / 2
        canvas = self.look.canvas
        self.sheet.add(
            "circle", cx=middle[0], cy=middle[1], r=size / 2, fill=colour, stroke=canvas, stroke_width=2
        )
        self.sheet.add(
            "text", "!", x=middle[0], y=middle[1] + _BASELINE * TINY, fill=canvas, font_size=TINY, font_weight=700,
            text_anchor="middle",
        )  # fmt: skip


def _write(sheet: Sheet, text: str, at: geometry.Point, room: float, lettering: Lettering, ink: str) -> None:
    """A line of text from its left end and the middle of its height, cut where it does not fit."""
    told = shortened(text, room, lettering)
    wide = width(told, lettering)
    if not told.strip():
        return
    tight = wide if wide > _TIGHT * room else None
    sheet.add(
        "text", told, x=at[0], y=at[1] + _BASELINE * lettering.size, fill=ink, font_size=lettering.size,
        font_weight=lettering.weight if lettering.weight > MEDIUM else None, textLength=tight,
        lengthAdjust="spacingAndGlyphs" if tight else None,
    )  # fmt: skip


def _draw_legend(sheet: Sheet, style: Style, heat: Heat, at: geometry.Point) -> None:
    """What the colours mean: the measure, a bar, the extremes below it."""
    x, y = at
    ramp = f"heat-{heat.measure}"
    with sheet.group("defs"), sheet.group("linearGradient", id=ramp):
        for step, colour in enumerate(heat.stops):
            sheet.add("stop", offset=step / (len(heat.stops) - 1), stop_color=colour)
    scale = " (logarithmic)" if heat.is_log else ""
    _write(sheet, heat.title + scale, (x, y), _BAR[0], _NAME, style.look.text)
    sheet.box((x, y + 12, *_BAR), 3, fill=f"url(#{ramp})")
    for anchor, left, text in (("start", x, heat.low), ("end", x + _BAR[0], heat.high)):
        sheet.add("text", text, x=left, y=y + 36, fill=style.look.muted, font_size=SMALL, text_anchor=anchor)


def _told(look: Appearance, glow: Glow | None) -> str:
    """A node in a sentence, for whoever points at it or has it read."""
    shapes = look.report.output_shapes.values() if look.report is not None else ()
    parts = [look.name + look.count, look.title, look.summary, glow.text if glow else ""]
    parts.append(", ".join(format_shape(shape) for shape in shapes))
    return " · ".join(dict.fromkeys(filter(None, parts)))


def _shrunk(box: Box, by: float) -> Box:
    x, y, wide, high = box
    return x + by, y + by, max(0.0, wide - 2 * by), max(0.0, high - 2 * by)


def _stripe(box: Box) -> str:
    """The coloured left edge, inside the rounded corners."""
    x, y, _, high = box
    radius, wide = geometry.RADIUS, geometry.STRIPE
    arc = f"A{number(radius)} {number(radius)} 0 0 0 "
    return (
        f"M{number(x + wide)} {number(y)}H{number(x + radius)}{arc}{number(x)} {number(y + radius)}"
        f"V{number(y + high - radius)}{arc}{number(x + radius)} {number(y + high)}H{number(x + wide)}Z"
    )
