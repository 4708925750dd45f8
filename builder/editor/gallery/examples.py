"""The examples on the start page: documents that are ready to train, each with its picture and one line."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFontMetrics, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from builder.editor.gallery.card import LEFT, wrapped, write
from builder.editor.gallery.survey import survey_of
from builder.examples import EXAMPLES, Example
from builder.widgets.session import Session
from builder.widgets.theme import NAME, SEMIBOLD, SMALL, font

_HEIGHT, _PICTURE, _GAP, _PADDING, _RADIUS, _LINES = 72, 72, 12, 10, 9.0, 3
#: What the scroll bar of the gallery below takes.
_BAR = 10


class ExampleCard(QAbstractButton):
    """A click, Space or Enter opens the example."""

    def __init__(self, example: Example, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.example, self._session = example, session
        self.setText(example.title)
        self.setAccessibleDescription(example.about)
        self.setToolTip("Opens as a new document with data and training settings: press Train (F5)")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        session.themeChanged.connect(self.update)

    def sizeHint(self) -> QSize:
        """As wide as the title needs, at the least."""
        words = QFontMetrics(font(NAME, SEMIBOLD)).horizontalAdvance(self.text())
        return QSize(_PICTURE + words + 2 * _PADDING, _HEIGHT)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Look as if it can be clicked."""
        super().enterEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture, beside it the title over the line."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, whole = self._session.theme, QRectF(self.rect()).adjusted(1, 1, -1, -1)
        shape = QPainterPath()
        shape.addRoundedRect(whole, _RADIUS, _RADIUS)
        painter.fillPath(shape, theme.color("raised" if self.underMouse() else "panel"))
        painter.save()
        painter.setClipPath(shape)
        picture = QRectF(whole.left(), whole.top(), _PICTURE, whole.height())
        painter.fillRect(picture, theme.color("canvas"))
        if (survey := survey_of(self.example.entry)) is not None:
            size = picture.toRect().size()
            pixmap = survey.thumbnail.pixmap(size.width(), size.height(), self.devicePixelRatioF(), theme)
            painter.drawPixmap(picture.topLeft(), pixmap)
        painter.restore()
        self._paint_words(painter, whole.adjusted(_PICTURE + _PADDING, 8, -_PADDING / 2, -6))
        painter.setPen(
            QPen(theme.color("accent" if self.hasFocus() else "hairline"), 2 if self.hasFocus() else 1)
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(whole, _RADIUS, _RADIUS)

    def _paint_words(self, painter: QPainter, room: QRectF) -> None:
        theme, bold, small = self._session.theme, font(NAME, SEMIBOLD), font(SMALL)
        write(painter, QRectF(room.left(), room.top(), room.width(), 18), self.text(), bold, theme.text, LEFT)
        for number, text in enumerate(wrapped(self.example.about, small, room.width(), _LINES)):
            line = QRectF(room.left(), room.top() + 19 + 14 * number, room.width(), 14)
            write(painter, line, text, small, theme.muted, LEFT)


class ExampleRow(QWidget):
    """The examples side by side; ``chosen(example)``: one was clicked."""

    chosen = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Examples")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, _GAP + _BAR, 4)
        row.setSpacing(_GAP)
        self.cards = [ExampleCard(example, session, self) for example in EXAMPLES]
        for card in self.cards:
            card.clicked.connect(lambda _=False, card=card: self.chosen.emit(card.example))
            row.addWidget(card, 1)
