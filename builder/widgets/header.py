"""The bar at the top: what is open, which workspace one is in, and room for what starts a training."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from builder.widgets.icons import logo
from builder.widgets.panels import WORKSPACES
from builder.widgets.session import Session
from builder.widgets.theme import BODY, font

HEIGHT = 48


class Header(QWidget):
    """Logo, document's name and its unsaved mark; the switch between workspaces; slots at the right."""

    workspaceChosen = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._logo = QLabel(self)
        self._logo.setAccessibleName("Convolab")
        name = QLabel("Convolab", self)
        name.setProperty("role", "title")
        self._document = Elided(parent=self)
        self._document.setProperty("role", "muted")
        self._dot = UnsavedDot(session, self)
        left = QHBoxLayout()
        left.setSpacing(8)
        left.addWidget(self._logo)
        left.addWidget(name)
        left.addSpacing(8)
        left.addWidget(self._document)
        left.addWidget(self._dot)
        left.addStretch(1)
        self.workspaces = Segmented(WORKSPACES, "Workspace", self)
        self.workspaces.chosen.connect(self.workspaceChosen)
        self._slots = QHBoxLayout()
        self._slots.setSpacing(8)
        right = QHBoxLayout()
        right.addStretch(1)
        right.addLayout(self._slots)
        layout = QGridLayout(self)
        layout.setContentsMargins(16, 0, 16, 0)
        layout.setHorizontalSpacing(16)
        layout.addLayout(left, 0, 0)
        layout.addWidget(self.workspaces, 0, 1)
        layout.addLayout(right, 0, 2)
        layout.setColumnStretch(0, 1)
        layout.setColumnStretch(2, 1)
        session.themeChanged.connect(self._dress)
        session.savedChanged.connect(self._retitle)
        session.documentReplaced.connect(self._retitle)
        self._dress()
        self._retitle()

    def add_slot(self, widget: QWidget) -> None:
        """Put a widget at the right, after those that are there."""
        self._slots.addWidget(widget)

    def _dress(self) -> None:
        self._logo.setPixmap(logo(self._session.theme, 26, self.devicePixelRatioF()))

    def _retitle(self) -> None:
        session = self._session
        self._document.setText(session.title)
        self._document.setToolTip(str(session.path) if session.path else "Not in a file yet")
        self._document.setAccessibleName(session.title + ("" if session.is_saved else ", not saved"))
        self._dot.setVisible(not session.is_saved)


class Elided(QLabel):
    """A label that gives way: its text is cut in the middle where there is no room."""

    def minimumSizeHint(self) -> QSize:
        """A few letters and the dots."""
        return QSize(min(48, super().minimumSizeHint().width()), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Write as much of the text as fits."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


class UnsavedDot(QWidget):
    """A dot beside the name of a document that has changes no file has."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self.setFixedSize(8, 8)
        self.setToolTip("Has changes that are not saved (Ctrl+S saves them)")
        session.themeChanged.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A filled circle in the accent colour."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._session.theme.color("accent"))
        painter.drawEllipse(1, 1, 6, 6)


class Segmented(QFrame):
    """One of a few words, side by side; arrow keys move, as in a group of radio buttons."""

    chosen = Signal(str)

    def __init__(
        self, words: tuple[str, ...], name: str, parent: QWidget | None = None, width: int = 104
    ) -> None:
        super().__init__(parent)
        self.setProperty("segmented", "true")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(0)
        self._buttons: dict[str, QPushButton] = {}
        for word in words:
            button = QPushButton(word, self)
            button.setCheckable(True)
            button.setMinimumWidth(width)
            button.setFont(font(BODY))
            button.setAccessibleName(f"{name}: {word}")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked, word=word: self.chosen.emit(word))
            self._group.addButton(button)
            self._buttons[word] = button
            layout.addWidget(button)
        self._buttons[words[0]].setChecked(True)

    @property
    def word(self) -> str:
        """The chosen word."""
        return next(word for word, button in self._buttons.items() if button.isChecked())

    def set_word(self, word: str) -> None:
        """Show another word as chosen, without telling anyone."""
        self._buttons[word].setChecked(True)

    def button(self, word: str) -> QPushButton:
        """The button of a word."""
        return self._buttons[word]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right go to the neighbour and choose it."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        words = list(self._buttons)
        index = words.index(self.word) + step
        if step and 0 <= index < len(words):
            self._buttons[words[index]].setFocus(Qt.FocusReason.TabFocusReason)
            self._buttons[words[index]].click()
        elif not step:
            super().keyPressEvent(event)
