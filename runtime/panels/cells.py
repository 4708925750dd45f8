"""Rows and columns of cells that are drawn as one picture, with a cell that is pointed at."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QImage, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from builder.widgets.theme import Theme

_MOVES = {
    Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
}  # fmt: skip
_PICKS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class Cells(QWidget):
    """The mouse and arrow keys point at cells, ``readingChanged(text)`` says what is in the one that is pointed at.

    The same stands in a tooltip at the pointer. A click, Enter or Space picks the cell. What there is to point at,
    its words and its looks are for those that derive from it to say.
    """

    readingChanged = Signal(str)

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        #: The cells, drawn once; None where they have to be drawn anew.
        self._image: QImage | None = None
        #: The cell that is pointed at: row and column as they are drawn.
        self._cell: tuple[int, int] | None = None
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_theme(self, theme: Theme) -> None:
        """Put on a theme's colours."""
        self._theme, self._image = theme, None
        self.update()

    # what the cells are ----------------------------------------------------------------------------------

    def reading(self) -> str:
        """What is in the cell that is pointed at; empty where nothing is."""
        raise NotImplementedError

    def _extent(self) -> tuple[int, int]:
        """How many rows and columns there are."""
        raise NotImplementedError

    def _cell_at(self, point: QPointF) -> tuple[int, int] | None:
        raise NotImplementedError

    def _first(self) -> tuple[int, int]:
        """Where arrow keys begin."""
        return 0, 0

    def _pick(self, row: int, column: int) -> None:
        """Tell that a cell was picked."""
        raise NotImplementedError

    # hands -----------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        text = self.reading()
        self.setAccessibleDescription(text)
        self.readingChanged.emit(text)

    def _point(self, cell: tuple[int, int] | None) -> None:
        if cell != self._cell:
            self._cell = cell
            self.update()
            self._tell()

    def _move(self, down: int, right: int) -> None:
        if self._cell is None:
            self._point(self._first())
            return
        (row, column), (rows, columns) = self._cell, self._extent()
        self._point((min(max(row + down, 0), rows - 1), min(max(column + right, 0), columns - 1)))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._point(self._cell_at(QPointF(event.pos())))
            QToolTip.showText(event.globalPos(), self.reading(), self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._cell_at(event.position()))
        if QToolTip.isVisible():
            QToolTip.showText(event.globalPosition().toPoint(), self.reading(), self)

    def leaveEvent(self, event: object) -> None:
        if not self.hasFocus():
            self._point(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._point(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._point(self._cell_at(event.position()))
        if self._cell is not None:
            self._pick(*self._cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _MOVES and self._extent()[0]:
            self._move(*_MOVES[key])
        elif key in _PICKS and self._cell is not None:
            self._pick(*self._cell)
        else:
            super().keyPressEvent(event)
