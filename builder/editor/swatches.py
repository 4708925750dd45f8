"""The colours of frames and notes as dots above the one that is selected."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QWidget

from builder.frames import COLOURS
from builder.widgets.theme import Theme

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas
    from builder.editor.framing import Framing

_DOT = 14


def dot(name: str, theme: Theme) -> QIcon:
    """A dot in the colour of this name."""
    picture = QPixmap(2 * _DOT, 2 * _DOT)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(getattr(theme, COLOURS[name])))
    painter.drawEllipse(3, 3, 2 * _DOT - 6, 2 * _DOT - 6)
    painter.end()
    return QIcon(picture)


class Swatch(QAbstractButton):
    """A dot that is clicked; the colour that is worn has a ring."""

    def __init__(self, name: str, swatches: Swatches) -> None:
        super().__init__(swatches)
        self.name, self.swatches = name, swatches
        self.setAccessibleName(name.capitalize())
        self.setToolTip(name.capitalize())
        self.setCheckable(True)
        self.setFixedSize(24, 24)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self.swatches.canvas.session.theme
        color = QColor(getattr(theme, COLOURS[self.name]))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QRectF(self.rect()).center()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(middle, _DOT / 2 - 1, _DOT / 2 - 1)
        if self.isChecked() or self.hasFocus() or self.underMouse():
            painter.setPen(QPen(theme.color("text" if self.isChecked() else "muted"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(middle, _DOT / 2 + 2, _DOT / 2 + 2)


class Swatches(QWidget):
    """Shown while frames or notes are selected and nothing is being dragged or typed."""

    def __init__(self, canvas: Canvas, framing: Framing) -> None:
        super().__init__(canvas)
        self.canvas, self.framing = canvas, framing
        self.setObjectName("frame-colours")
        self.setAccessibleName("Colour of the frame")
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 3, 4, 3)
        row.setSpacing(0)
        self.buttons: dict[str, Swatch] = {}
        for name in COLOURS:
            button = Swatch(name, self)
            button.clicked.connect(partial(self._choose, name))
            row.addWidget(button)
            self.buttons[name] = button
        self.adjustSize()
        self.hide()
        canvas.framesSelected.connect(self.follow)
        canvas.viewChanged.connect(self.follow)
        canvas.session.themeChanged.connect(self.update)

    def follow(self) -> None:
        """Go where the selected frame is, tick its colour; away where there is none."""
        selected, board = self.framing.selected, self.canvas.board
        shown = bool(selected) and self.canvas.gesture is None and selected[0] < len(board.frames)
        self.setVisible(shown)
        if not shown:
            return
        frame = board.frames[selected[0]]
        corner = self.canvas.mapFromScene(frame.x + frame.width, frame.y)
        at = QPoint(corner.x() - self.width(), corner.y() - self.height() - 6)
        room = self.canvas.rect().adjusted(8, 8, -8, -8)
        at.setX(max(room.left(), min(at.x(), room.right() - self.width())))
        at.setY(max(room.top(), min(at.y(), room.bottom() - self.height())))
        self.move(at)
        shades = {board.frames[number].shade for number in selected if number < len(board.frames)}
        for name, button in self.buttons.items():
            button.setChecked(shades == {name})

    def _choose(self, name: str, *_: object) -> None:
        self.framing.recolour(name)
        self.canvas.setFocus()
        self.follow()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self.canvas.session.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("hairline"), 1))
        painter.setBrush(theme.color("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
