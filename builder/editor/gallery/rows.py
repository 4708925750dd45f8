"""The rows of the start page's left column: an icon, words, and at the right a key or a number."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QEnterEvent, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QLabel, QSizePolicy, QVBoxLayout, QWidget

from builder.widgets.icons import draw
from builder.widgets.session import Session
from builder.widgets.theme import BODY, MEDIUM, SEMIBOLD, SMALL, TINY, font

_HEIGHT, _TEXT = 28, 30.0


class Row(QAbstractButton):
    """A button that reads like a line of a list; ``aside`` is a key or a number."""

    def __init__(
        self, session: Session, text: str, aside: str = "", icon: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._icon = icon
        self.aside = aside
        self.setText(text)
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{text}, {aside}" if aside else text)

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(120, _HEIGHT)

    def set_aside(self, aside: str) -> None:
        """Show another number at the right."""
        self.aside = aside
        self.setAccessibleName(f"{self.text()}, {aside}" if aside else self.text())
        self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Look as if it can be clicked."""
        super().enterEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Raised under the pointer, ringed with the focus."""
        theme, whole = self._session.theme, QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("accent"), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
        lit = self.isEnabled() and (self.underMouse() or self.isDown())
        painter.setBrush(theme.color("raised") if lit else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(whole, 6, 6)
        color = theme.text if self.isEnabled() else theme.muted
        left = 8.0
        if self._icon:
            draw(painter, self._icon, theme.muted, QRectF(8, whole.center().y() - 8, 16, 16))
            left = _TEXT
        room = whole.adjusted(left, 0, -8, 0)
        painter.setPen(theme.color("muted"))
        painter.setFont(font(SMALL))
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.aside)
        taken = QFontMetricsF(painter.font()).horizontalAdvance(self.aside) + 8 if self.aside else 0
        made = font(BODY, MEDIUM)
        room = room.adjusted(0, 0, -taken, 0)
        text = QFontMetricsF(made).elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room.width())
        painter.setPen(color)
        painter.setFont(made)
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


class Section(QWidget):
    """Rows under a heading; a sentence where there are none."""

    def __init__(self, title: str, nothing: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        heading = QLabel(title.upper())
        heading.setFont(font(TINY, SEMIBOLD))
        heading.setStyleSheet("font-size: 10px; font-weight: 600;")
        heading.setProperty("role", "muted")
        heading.setContentsMargins(8, 0, 0, 4)
        self.rows: list[Row] = []
        self._nothing = QLabel(nothing)
        self._nothing.setProperty("role", "caption")
        self._nothing.setWordWrap(True)
        self._nothing.setContentsMargins(8, 0, 8, 0)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 16)
        self._column.setSpacing(0)
        self._column.addWidget(heading)
        self._column.addWidget(self._nothing)
        self._nothing.setVisible(bool(nothing))

    def add(self, row: Row, do: Callable[[], object]) -> Row:
        """Put a row below the others."""
        row.clicked.connect(lambda: do())
        self.rows.append(row)
        self._column.addWidget(row)
        self._nothing.hide()
        return row

    def empty(self) -> None:
        """Take all rows away."""
        for row in self.rows:
            row.hide()
            row.deleteLater()
        self.rows.clear()
        self._nothing.setVisible(bool(self._nothing.text()))
