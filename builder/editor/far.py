"""The network from afar: rectangles in few colours and wires as straight lines, put together once for each change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath

from builder.editor import geometry
from builder.editor.board import Board
from builder.editor.faces import Face
from builder.editor.ink import Ink, cosmetic
from builder.errors import Severity
from builder.graph import Edge
from builder.heat import Heat
from builder.widgets.theme import Theme

#: How far round a node the selection runs where the node's own border or colour would hide it.
RING = 4.0


class FarView:
    """Paints a board without words; ``heat`` colours its nodes instead of their categories."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self._made: tuple[object, Heat | None, _Far] | None = None

    def paint(
        self,
        painter: QPainter,
        ink: Ink,
        heat: Heat | None,
        selected: Collection[str],
        hidden_wire: Edge | None,
    ) -> None:
        """Paint everything that there is: from afar most of it is in view."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        moving = self.board.moving
        key = (self.board.form, hidden_wire, ink.theme.name)
        if self._made is None or self._made[0] != key or self._made[1] is not heat:
            self._made = key, heat, _Far(self.board, ink, heat, hidden_wire)
        far = self._made[2]
        _paint_lines(painter, ink, far.still)
        if moving is not None:
            painter.translate(moving.dx, moving.dy)
            _paint_lines(painter, ink, far.moved)
            painter.translate(-moving.dx, -moving.dy)
            stretched = QPainterPath()
            for edge in moving.stretched:
                _add_lines(stretched, self.board.wires[edge].points)
            painter.strokePath(stretched, ink.far_wire)
        _paint_rects(painter, ink, far.still)
        if moving is not None:
            painter.translate(moving.dx, moving.dy)
            _paint_rects(painter, ink, far.moved)
            painter.translate(-moving.dx, -moving.dy)
        self._outline(painter, ink, heat, selected)

    def _outline(self, painter: QPainter, ink: Ink, heat: Heat | None, selected: Collection[str]) -> None:
        moving, faces = self.board.moving, self.board.faces
        room = RING / painter.transform().m11()
        rects = []
        for node_id in selected:
            if (face := faces.get(node_id)) is not None:
                lifted = moving is not None and node_id in moving.nodes
                rect = face.rect.translated(moving.dx, moving.dy) if moving and lifted else face.rect
                taken = face.severity is Severity.ERROR or heat is not None
                rects.append(rect.adjusted(-room, -room, room, room) if taken else rect)
        if rects:
            painter.setPen(cosmetic(ink.selected))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRects(rects)


class _Part:
    """Rectangles by colour, and all wires in one path."""

    def __init__(self) -> None:
        self.rects: dict[str, list[QRectF]] = defaultdict(list)
        self.wrong: list[QRectF] = []
        self.wires = QPainterPath()
        self.culprits = QPainterPath()


class _Far:
    """What stands still, and what is being dragged."""

    def __init__(self, board: Board, ink: Ink, heat: Heat | None, hidden: Edge | None) -> None:
        self.still, self.moved = _Part(), _Part()
        moving = board.moving
        nodes = moving.nodes if moving else frozenset()
        rigid = moving.rigid if moving else frozenset()
        stretched = frozenset(moving.stretched) if moving else frozenset()
        for face in board.faces:
            part = self.moved if face.id in nodes else self.still
            part.rects[color_of(face, ink.theme, heat)].append(face.rect)
            if face.severity is Severity.ERROR:
                part.wrong.append(face.rect)
        for wire in board.wires:
            if wire.edge not in stretched and wire.edge != hidden:
                part = self.moved if wire.edge in rigid else self.still
                _add_lines(part.culprits if wire.culprit else part.wires, wire.points)


def color_of(face: Face, theme: Theme, heat: Heat | None) -> str:
    """What a node's rectangle is filled with: its category's colour, or its heat's; a cold one's hardly shows."""
    if heat is None:
        return theme.category(face.category)
    glow = heat.glows.get(face.id)
    return glow.colour if glow is not None else theme.hairline


def _paint_lines(painter: QPainter, ink: Ink, part: _Part) -> None:
    painter.strokePath(part.wires, ink.far_wire)
    if not part.culprits.isEmpty():
        painter.strokePath(part.culprits, ink.far_culprit)


def _paint_rects(painter: QPainter, ink: Ink, part: _Part) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    for color, rects in part.rects.items():
        painter.setBrush(ink.fill(color))
        painter.drawRects(rects)
    if part.wrong:
        painter.setPen(cosmetic(ink.error))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRects(part.wrong)


def _add_lines(path: QPainterPath, points: geometry.Points) -> None:
    """A wire as few straight lines: one for a plain wire, through the bends for others."""
    path.moveTo(*points[0])
    if len(points) == 4:
        path.lineTo(*points[3])
        return
    for index in range(0, len(points) - 3, 3):
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = points[index : index + 4]
        if (x0, y0) != (x1, y1):
            path.lineTo((x0 + 3 * x1 + 3 * x2 + x3) / 8, (y0 + 3 * y1 + 3 * y2 + y3) / 8)
        path.lineTo(x3, y3)
