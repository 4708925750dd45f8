"""The one item that paints all nodes and wires that are in view, in as much detail as the zoom allows."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QStaticText
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from builder.editor import geometry
from builder.editor.board import Board
from builder.editor.faces import Face, Wire
from builder.editor.far import RING, FarView
from builder.editor.framepaint import paint_frames
from builder.editor.ink import Ink
from builder.errors import Severity
from builder.geometry import (
    NAME_LINE,
    PORT_NAME_RADIUS,
    SUMMARY_LINE,
    TEXT_LEFT,
    TEXT_WIDTH,
    back_box,
    badge_box,
    port_name_box,
    port_name_ground,
)
from builder.graph import Edge
from builder.heat import Glow, Heat
from builder.widgets.theme import Theme

_EVERYWHERE = QRectF(-1e7, -1e7, 2e7, 2e7)


class Layer(QGraphicsItem):
    """Paints a board. ``selected`` and ``selected_wires`` are outlined, ``hovered`` a little."""

    def __init__(self, board: Board, theme: Theme) -> None:
        super().__init__()
        self.board = board
        self.ink = Ink(theme)
        self.selected: Collection[str] = ()
        self.selected_wires: Collection[Edge] = ()
        self.selected_frames: Collection[int] = ()
        self.hovered: str | None = None
        #: While a wire is drawn: the ports it may end at, as (node, port).
        self.fitting: Collection[tuple[str, str]] = ()
        self.hidden_wire: Edge | None = None
        #: What the nodes are coloured by, if anything.
        self.heat: Heat | None = None
        self._far = FarView(board)

    def boundingRect(self) -> QRectF:
        return _EVERYWHERE

    def set_theme(self, theme: Theme) -> None:
        """Repaint in other colours."""
        self.ink = Ink(theme)
        for face in self.board.faces:
            face.name_text = face.summary_text = None
        self.update()

    def set_heat(self, heat: Heat | None) -> None:
        """Colour the nodes by it, or again by nothing; words that stay are kept."""
        before, self.heat = self.heat, heat
        for face in self.board.faces:
            if _second(face, before) != _second(face, heat):
                face.summary_text = None
        self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        zoom = option.levelOfDetailFromTransform(painter.worldTransform())
        # Not the option's exposed rectangle: of an item without bounds that is everything in some renderings.
        seen = painter.worldTransform().inverted()[0].mapRect(QRectF(painter.viewport()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_frames(painter, self.board, self.ink, zoom, seen, self.selected_frames)
        if zoom < geometry.NAMES_FROM:
            self._far.paint(painter, self.ink, self.heat, self.selected, self.hidden_wire)
        else:
            self._paint_near(painter, seen, zoom)

    # near --------------------------------------------------------------------------------------------------

    def _paint_near(self, painter: QPainter, rect: QRectF, zoom: float) -> None:
        wires = list(self._near_wires(rect))
        for wire, offset in wires:
            painter.setPen(self._wire_pen(wire))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if offset is None:
                painter.drawPath(wire.path)
            else:
                painter.drawPath(wire.path.translated(offset))
        for wire, offset in wires:
            if wire.bends:
                self._paint_bends(painter, wire, offset)
        if zoom >= geometry.PILLS_FROM:
            painter.setFont(self.ink.shape_font)
            for wire, offset in wires:
                self._paint_pill(painter, wire, offset)
        moving = self.board.moving
        for row in self.board.faces.within(rect, 24):
            face = self.board.faces.values[row]
            lifted = moving is not None and face.id in moving.nodes
            offset = QPointF(moving.dx, moving.dy) if moving and lifted else None
            self._paint_node(painter, face, offset)
            if zoom >= geometry.PILLS_FROM:
                self._paint_port_names(painter, face, offset)

    def _near_wires(self, rect: QRectF) -> Iterable[tuple[Wire, QPointF | None]]:
        moving, table = self.board.moving, self.board.wires
        rigid = moving.rigid if moving else frozenset()
        for row in table.within(rect, 12):
            wire = table.values[row]
            if wire.edge not in rigid and wire.edge != self.hidden_wire:
                yield wire, None
        if moving and rigid:
            offset = QPointF(moving.dx, moving.dy)
            for row in table.within(rect.translated(-offset), 12):
                if table.keys[row] in rigid:
                    yield table.values[row], offset

    def _wire_pen(self, wire: Wire) -> QPen:
        if wire.edge in self.selected_wires:
            return self.ink.wire_selected
        return self.ink.wire_culprit if wire.culprit else self.ink.wire

    def _paint_bends(self, painter: QPainter, wire: Wire, offset: QPointF | None) -> None:
        """A dot at each place where the wire can be taken and led elsewhere."""
        painter.setPen(self._wire_pen(wire))
        painter.setBrush(self.ink.canvas)
        for x, y in wire.bends:
            place = QPointF(x, y) if offset is None else QPointF(x, y) + offset
            painter.drawEllipse(place, geometry.BEND - 1, geometry.BEND - 1)

    def _paint_pill(self, painter: QPainter, wire: Wire, offset: QPointF | None) -> None:
        ink = self.ink
        rect = wire.pill if offset is None else wire.pill.translated(offset)
        chosen = wire.edge in self.selected_wires
        border = ink.wire_selected if chosen else ink.error_text if wire.culprit else ink.hairline
        painter.setPen(QPen(border.color(), 1))
        painter.setBrush(ink.pill)
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        painter.setPen(ink.error_text if wire.culprit else ink.text)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, wire.text)

    def _paint_node(self, painter: QPainter, face: Face, offset: QPointF | None) -> None:
        ink = self.ink
        rect = face.rect if offset is None else face.rect.translated(offset)
        if face.bypassed:
            painter.setOpacity(0.5)
        if face.is_module:
            painter.setPen(ink.border)
            painter.setBrush(ink.body)
            back = QRectF(*back_box(_box(rect)))
            painter.drawRoundedRect(back, geometry.RADIUS, geometry.RADIUS)
        glow = self.heat.glows.get(face.id) if self.heat is not None else None
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink.body if glow is None else ink.fill(glow.colour))
        painter.drawRoundedRect(rect, geometry.RADIUS, geometry.RADIUS)
        painter.setBrush(ink.stripe(face.category))
        painter.drawPath(_stripe(rect))
        self._paint_border(painter, face, rect, is_taken=glow is not None)
        self._paint_text(painter, face, rect, glow)
        painter.setPen(QPen(ink.error if face.culprit_ports else ink.wire))
        painter.setBrush(ink.canvas)
        for is_output, port, point in face.ports():
            self._paint_port(painter, face, port, is_output, point if offset is None else point + offset)
        if face.severity in (Severity.ERROR, Severity.WARNING):
            self._paint_badge(painter, rect, face.severity)
        if face.bypassed:
            painter.setOpacity(1.0)

    def _paint_border(self, painter: QPainter, face: Face, rect: QRectF, *, is_taken: bool) -> None:
        """The border says what is wrong; the selection lies on it, or round it where something is or a colour glows."""
        ink = self.ink
        wrong, selected = face.severity is Severity.ERROR, face.id in self.selected
        is_taken = is_taken or wrong
        if is_taken and selected:
            self._paint_ring(painter, rect)
        if wrong:
            pen = ink.error
        elif selected and not is_taken:
            pen = ink.selected
        else:
            pen = ink.hover if face.id == self.hovered else ink.border
        inset = pen.widthF() / 2
        if face.bypassed:
            pen = QPen(pen)
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = geometry.RADIUS - inset
        painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), radius, radius)

    def _paint_ring(self, painter: QPainter, rect: QRectF) -> None:
        """The selection of a node whose own border is taken."""
        painter.setPen(self.ink.selected)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = geometry.RADIUS + RING
        painter.drawRoundedRect(rect.adjusted(-RING, -RING, RING, RING), radius, radius)

    def _paint_text(self, painter: QPainter, face: Face, rect: QRectF, glow: Glow | None) -> None:
        ink = self.ink
        if face.name_text is None or face.summary_text is None:
            room = TEXT_WIDTH - ink.name_metrics.horizontalAdvance(face.count)
            elide = Qt.TextElideMode.ElideRight
            name = ink.name_metrics.elidedText(face.name, elide, room) + face.count
            summary = ink.summary_metrics.elidedText(_second(face, self.heat), elide, TEXT_WIDTH)
            face.name_text, face.summary_text = _static(name), _static(summary)
        middle = rect.center().y()
        painter.setPen(ink.text if glow is None else ink.pen(glow.ink))
        painter.setFont(ink.name_font)
        line = 0.0 if face.collapsed else NAME_LINE
        top = middle + line - ink.name_metrics.height() / 2
        painter.drawStaticText(QPointF(rect.left() + TEXT_LEFT, round(top)), face.name_text)
        if face.collapsed:
            return
        painter.setPen(ink.muted if glow is None else ink.pen(glow.ink))
        painter.setFont(ink.summary_font)
        top = middle + SUMMARY_LINE - ink.summary_metrics.height() / 2
        painter.drawStaticText(QPointF(rect.left() + TEXT_LEFT, round(top)), face.summary_text)

    def _paint_port(self, painter: QPainter, face: Face, port: str, is_output: bool, point: QPointF) -> None:
        ink = self.ink
        side = (port,) if not face.collapsed else face.outputs if is_output else face.inputs
        if any((face.id, one) in self.fitting for one in side):
            pen, radius = ink.selected, geometry.PORT / 2 + 1
        else:
            culprit = not is_output and port in face.culprit_ports
            pen, radius = ink.wire_culprit if culprit else ink.wire, geometry.PORT / 2 - 1
        painter.setPen(pen)
        painter.drawEllipse(point, radius, radius)

    def _paint_port_names(self, painter: QPainter, face: Face, offset: QPointF | None) -> None:
        """Which is which, outside the node and above its wire, on a ground that other wires pass behind."""
        painter.setFont(self.ink.port_font)
        for is_output, port, point in face.named_ports():
            at = point if offset is None else point + offset
            side = Qt.AlignmentFlag.AlignLeft if is_output else Qt.AlignmentFlag.AlignRight
            place = at.x(), at.y()
            wide = self.ink.port_metrics.horizontalAdvance(port)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.ink.port_ground)
            ground = QRectF(*port_name_ground(place, is_output, wide))
            painter.drawRoundedRect(ground, PORT_NAME_RADIUS, PORT_NAME_RADIUS)
            painter.setPen(self.ink.muted)
            room = QRectF(*port_name_box(place, is_output))
            painter.drawText(room, side | Qt.AlignmentFlag.AlignBottom, port)

    def _paint_badge(self, painter: QPainter, rect: QRectF, severity: Severity) -> None:
        ink = self.ink
        circle = QRectF(*badge_box(_box(rect)))
        painter.setPen(QPen(ink.canvas, 2))
        painter.setBrush(ink.error_fill if severity is Severity.ERROR else ink.warning_fill)
        painter.drawEllipse(circle)
        painter.setPen(ink.badge_text)
        painter.setFont(ink.badge_font)
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, "!")


def _second(face: Face, heat: Heat | None) -> str:
    """The second line of a node: what it is, or while nodes are coloured by a figure, this figure."""
    if heat is None:
        return face.summary
    glow = heat.glows.get(face.id)
    return glow.text if glow is not None else heat.cold.get(face.id, face.summary)


def _stripe(rect: QRectF) -> QPainterPath:
    """The coloured left edge, inside the rounded corners."""
    radius, right = geometry.RADIUS, rect.left() + geometry.STRIPE
    path = QPainterPath(QPointF(right, rect.top()))
    path.lineTo(rect.left() + radius, rect.top())
    path.arcTo(rect.left(), rect.top(), 2 * radius, 2 * radius, 90, 90)
    path.lineTo(rect.left(), rect.bottom() - radius)
    path.arcTo(rect.left(), rect.bottom() - 2 * radius, 2 * radius, 2 * radius, 180, 90)
    path.lineTo(right, rect.bottom())
    path.closeSubpath()
    return path


def _box(rect: QRectF) -> geometry.Box:
    return rect.x(), rect.y(), rect.width(), rect.height()


def _static(text: str) -> QStaticText:
    made = QStaticText(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    return made
