"""The examples on the start page: documents that are ready to train, each with its picture and one line."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from builder.editor.gallery.card import LEFT, Plate, wrapped, write
from builder.examples import EXAMPLES, Example
from builder.widgets.session import Session
from builder.widgets.theme import NAME, SEMIBOLD, SMALL, font

_HEIGHT, _PICTURE, _GAP, _PADDING, _LINES = 60, 50, 12, 8, 2
#: What the scroll bar of the gallery below takes.
_BAR = 10


class ExampleCard(Plate):
    """A click, Space or Enter opens the example."""

    def __init__(self, example: Example, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(example.entry, session, parent)
        self.example = example
        self.setText(example.title)
        self.setAccessibleDescription(example.about)
        self.setToolTip("Opens as a new document with data and training settings: press Train (F5)")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        session.themeChanged.connect(self.update)

    def sizeHint(self) -> QSize:
        """As wide as the title needs, at the least."""
        words = QFontMetrics(font(NAME, SEMIBOLD)).horizontalAdvance(self.text())
        return QSize(_PICTURE + words + 2 * _PADDING, _HEIGHT)

    def _paint_picture(self, painter: QPainter, whole: QRectF) -> None:
        room = QRectF(whole.left(), whole.top(), _PICTURE, whole.height())
        self._draw_network(painter, room, _PICTURE)

    def _words(self, whole: QRectF) -> QRectF:
        """Room for the title and the line."""
        return whole.adjusted(_PICTURE + _PADDING, 5, -_PADDING / 2, -4)

    def lines(self) -> list[str]:
        """What is to be seen in it, as there is room for it."""
        room = self._words(self._whole())
        return wrapped(self.example.about, font(SMALL), room.width(), _LINES)

    def _paint_words(self, painter: QPainter, whole: QRectF) -> None:
        theme, bold, room = self._session.theme, font(NAME, SEMIBOLD), self._words(whole)
        write(painter, QRectF(room.left(), room.top(), room.width(), 18), self.text(), bold, theme.text, LEFT)
        for number, text in enumerate(self.lines()):
            line = QRectF(room.left(), room.top() + 19 + 14 * number, room.width(), 14)
            write(painter, line, text, font(SMALL), theme.muted, LEFT)


class ExampleRow(QWidget):
    """The examples side by side, in as many rows as their titles need; ``chosen(example)``: one was clicked."""

    chosen = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Examples")
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.cards = [ExampleCard(example, session, self) for example in EXAMPLES]
        for card in self.cards:
            card.clicked.connect(lambda _=False, card=card: self.chosen.emit(card.example))

    def _columns(self, width: int) -> int:
        """How many stand in a row: no more than fit, and as many as in the other rows if that goes."""
        widest = max(card.sizeHint().width() for card in self.cards)
        fitting = max(1, (width - _BAR + _GAP) // (widest + _GAP))
        return -(-len(self.cards) // self._rows(fitting))

    def _rows(self, columns: int) -> int:
        return -(-len(self.cards) // columns)

    def hasHeightForWidth(self) -> bool:
        """The narrower it is, the more rows."""
        return True

    def heightForWidth(self, width: int) -> int:
        """All rows."""
        return self._rows(self._columns(width)) * (_HEIGHT + _GAP) - _GAP + 4

    def sizeHint(self) -> QSize:
        """As it is now."""
        return QSize(self.width(), self.heightForWidth(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put each in its place."""
        super().resizeEvent(event)
        columns = self._columns(self.width())
        across = (self.width() - _BAR + _GAP) // columns
        for number, card in enumerate(self.cards):
            row, column = divmod(number, columns)
            card.setGeometry(column * across, row * (_HEIGHT + _GAP), across - _GAP, _HEIGHT)
