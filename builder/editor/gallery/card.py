"""One architecture: its picture, what it brought, its figures, where it was published."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QTextLayout,
)
from PySide6.QtWidgets import QAbstractButton, QWidget

from builder.architectures import Architecture
from builder.editor.gallery.survey import PICTURE, Survey, field_of, survey_of, work_of
from builder.figures import short, thousands
from builder.shapes import format_shape
from builder.widgets.session import Session
from builder.widgets.theme import BODY, MEDIUM, NAME, SEMIBOLD, SMALL, TINY, font

#: The height of a card, its least width, and the lines there are for what it brought: more make it higher.
HEIGHT, LEAST_WIDTH, _LINES = 248, 220, 3
_LINE, _MOST_LINES = 15, 7
_PADDING, _RADIUS = 12.0, 9.0
_ARROWS = (
    Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End,
    Qt.Key.Key_PageUp, Qt.Key.Key_PageDown,
)  # fmt: skip

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Plate(QAbstractButton):
    """A rounded plate with the picture of a network: brighter under the mouse, ringed if chosen or in focus."""

    #: By how much the outline lies further in where it is no ring.
    inset = 0.0

    def __init__(self, entry: Architecture, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entry, self._session = entry, session
        self._picture: tuple[object, QPixmap] | None = None
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def survey(self) -> Survey | None:
        """The network's figures and its picture, if they have been worked out."""
        return survey_of(self.entry)

    def _whole(self) -> QRectF:
        return QRectF(self.rect()).adjusted(1, 1, -1, -1)

    def _paint_picture(self, painter: QPainter, whole: QRectF) -> None:
        """What lies beyond the plate is not seen."""
        raise NotImplementedError

    def _paint_words(self, painter: QPainter, whole: QRectF) -> None:
        raise NotImplementedError

    def enterEvent(self, event: QEnterEvent) -> None:
        """Look as if it can be clicked."""
        super().enterEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture, the words, and what is round them."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, whole = self._session.theme, self._whole()
        shape = QPainterPath()
        shape.addRoundedRect(whole, _RADIUS, _RADIUS)
        painter.fillPath(shape, theme.color("raised" if self.underMouse() else "panel"))
        painter.save()
        painter.setClipPath(shape)
        self._paint_picture(painter, whole)
        painter.restore()
        self._paint_words(painter, whole)
        strong = self.isChecked() or self.hasFocus()
        painter.setPen(QPen(theme.color("accent" if strong else "hairline"), 2 if strong else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        inset = 0.0 if strong else self.inset
        painter.drawRoundedRect(whole.adjusted(inset, inset, -inset, -inset), _RADIUS, _RADIUS)

    def _draw_network(self, painter: QPainter, room: QRectF, width: int) -> None:
        """The network's picture, so wide, on the colour of the canvas."""
        theme, ratio = self._session.theme, self.devicePixelRatioF()
        painter.fillRect(room, theme.color("canvas"))
        if (survey := self.survey) is not None:
            height = int(room.height())
            key = (theme.name, ratio, width, height)
            if self._picture is None or self._picture[0] != key:
                self._picture = key, survey.thumbnail.pixmap(width, height, ratio, theme)
            painter.drawPixmap(room.topLeft(), self._picture[1])


class Card(Plate):
    """A click or Space chooses it, a double click or Enter opens the network; ``checked``: it is the chosen one."""

    inset = -0.5
    opened = Signal()
    #: A key that goes to another card.
    moved = Signal(Qt.Key)

    def __init__(self, entry: Architecture, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(entry, session, parent)
        self._about: tuple[float, list[str]] = (0.0, [])
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName(f"{entry.title}, {entry.year}")
        self.setAccessibleDescription(f"{entry.about} {entry.cited}")
        self.setToolTip(entry.paper)

    def sizeHint(self) -> QSize:
        """The least width."""
        return QSize(LEAST_WIDTH, HEIGHT)

    def height_for(self, width: int) -> int:
        """The height at which all that it brought can be read."""
        return HEIGHT + _LINE * max(0, len(self.lines(width - 2 - 2 * _PADDING)) - _LINES)

    def lines(self, width: float) -> list[str]:
        """What it brought, in lines of this width."""
        if self._about[0] != width:
            self._about = width, wrapped(self.entry.about, font(SMALL), width, _MOST_LINES)
        return self._about[1]

    def surveyed(self) -> None:
        """Its figures and its picture are there."""
        figures = [f"{value} {label}" for value, label in self.figures()]
        self.setAccessibleDescription(f"{self.entry.about} {self.entry.cited}. {', '.join(figures)}.")
        self.update()

    def figures(self) -> list[tuple[str, str]]:
        """What is told in figures, as (figure, what of); nothing while it is being worked out."""
        if (survey := self.survey) is None:
            return []
        known = survey.figures
        number = known["parameters"]
        parameters = short(number) if number >= 10_000 else thousands(number)
        field = field_of(known["receptive_field"]) or "all"
        return [
            (parameters, "parameters"),
            work_of(known["macs"], self._session.convention),
            (field, "field"),
        ]

    # keys and mouse ----------------------------------------------------------------------------------------

    def nextCheckState(self) -> None:
        """The one that is chosen stays chosen when it is clicked again."""
        self.setChecked(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, arrows go to other cards."""
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        elif key in _ARROWS and event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        ):
            self.moved.emit(key)
        elif key == Qt.Key.Key_Space:
            super().keyPressEvent(event)
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open it."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring."""
        super().focusInEvent(event)
        self.update()

    # painting ----------------------------------------------------------------------------------------------

    def _paint_picture(self, painter: QPainter, whole: QRectF) -> None:
        room = QRectF(whole.left(), whole.top(), whole.width(), PICTURE[1])
        self._draw_network(painter, room, int(room.width()) + 1)
        painter.setPen(QPen(self._session.theme.color("hairline"), 1))
        below = QPointF(0, 0.5)
        painter.drawLine(room.bottomLeft() + below, room.bottomRight() + below)

    def _paint_words(self, painter: QPainter, whole: QRectF) -> None:
        room = whole.adjusted(_PADDING, PICTURE[1] + 10, -_PADDING, -10)
        self._paint_title(painter, room)
        self._paint_about(painter, room)
        self._paint_figures(painter, room)
        self._paint_source(painter, room)

    def _paint_title(self, painter: QPainter, room: QRectF) -> None:
        theme, line = self._session.theme, QRectF(room.left(), room.top(), room.width(), 18)
        made, title = font(NAME, SEMIBOLD), line.adjusted(0, 0, -36, 0)
        if QFontMetricsF(made).horizontalAdvance(self.entry.title) > title.width():
            title = line  # the year stands below as well
        else:
            write(painter, line, str(self.entry.year), font(SMALL), theme.muted, _RIGHT)
        write(painter, title, self.entry.title, made, theme.text, LEFT)

    def _paint_about(self, painter: QPainter, room: QRectF) -> None:
        for number, text in enumerate(self.lines(room.width())):
            line = QRectF(room.left(), room.top() + 21 + _LINE * number, room.width(), _LINE)
            write(painter, line, text, font(SMALL), self._session.theme.text, LEFT)

    def _paint_figures(self, painter: QPainter, room: QRectF) -> None:
        theme, top = self._session.theme, room.bottom() - 52
        starts = (0.0, 0.33, 0.6, 1.0)
        for number, (value, label) in enumerate(self.figures()):
            left = room.left() + starts[number] * room.width()
            width = (starts[number + 1] - starts[number]) * room.width() - 4
            write(painter, QRectF(left, top, width, 16), value, font(BODY, MEDIUM), theme.text, LEFT)
            write(painter, QRectF(left, top + 15, width, 13), label, font(TINY), theme.muted, LEFT)

    def _paint_source(self, painter: QPainter, room: QRectF) -> None:
        theme, line = self._session.theme, QRectF(room.left(), room.bottom() - 14, room.width(), 14)
        made, text = font(TINY, mono=True), format_shape(self.entry.default_input)
        write(painter, line, text, made, theme.muted, _RIGHT)
        taken = QFontMetricsF(made).horizontalAdvance(text) + 8
        who, _, where = self.entry.cited.rpartition(", ")
        metrics = QFontMetricsF(font(TINY))
        rest = line.width() - taken - metrics.horizontalAdvance(f", {where}")  # the year is never cut
        who = metrics.elidedText(who, Qt.TextElideMode.ElideRight, rest)
        write(painter, line.adjusted(0, 0, -taken, 0), f"{who}, {where}", font(TINY), theme.muted, LEFT)


def write(
    painter: QPainter, room: QRectF, text: str, made: QFont, color: str, where: Qt.AlignmentFlag
) -> None:
    """A line of text, cut at its end where it does not fit."""
    painter.setFont(made)
    painter.setPen(color)
    fitting = QFontMetricsF(made).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, where, fitting)


def wrapped(text: str, made: QFont, width: float, most: int) -> list[str]:
    """A text in at most so many lines; what does not fit ends in dots."""
    layout = QTextLayout(text, made)
    layout.beginLayout()
    starts: list[int] = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        starts.append(line.textStart())
    layout.endLayout()
    lines = [text[a:b].strip() for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
    if len(lines) > most:
        rest = text[starts[most - 1] :]
        lines[most - 1 :] = [QFontMetricsF(made).elidedText(rest, Qt.TextElideMode.ElideRight, width)]
    return lines
