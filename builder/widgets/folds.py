"""A part of a panel that can be folded up under its title."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from builder.widgets.icons import themed
from builder.widgets.theme import Theme


class Fold(QWidget):
    """A title to press, with a remark at its end, and below it what is added to ``column``."""

    toggled = Signal(bool)

    def __init__(
        self, title: str, theme: Theme, parent: QWidget | None = None, *, is_open: bool = True
    ) -> None:
        super().__init__(parent)
        self.title = QToolButton(self)
        self.title.setText(title)
        self.title.setCheckable(True)
        self.title.setProperty("variant", "quiet")
        self.title.setProperty("link", "true")
        self.title.setStyleSheet("text-align: left; font-weight: 600; padding-left: 0; margin-left: -6px;")
        self.title.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.remark = QLabel(self)
        self.remark.setProperty("role", "caption")
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.remark)
        self.inside = QWidget(self)
        self.column = QVBoxLayout(self.inside)
        self.column.setContentsMargins(0, 0, 0, 8)
        self.column.setSpacing(4)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(head)
        outer.addWidget(self.inside)
        self._theme = theme
        self.title.toggled.connect(self._show)
        self.title.setChecked(is_open)
        self._show(is_open)

    @property
    def is_open(self) -> bool:
        """Whether what is inside can be seen."""
        return self.title.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Fold up, or open."""
        self.title.setChecked(is_open)

    def set_remark(self, text: str) -> None:
        """A few words at the end of the title."""
        self.remark.setText(text)

    def set_theme(self, theme: Theme) -> None:
        """Use another theme's colours."""
        self._theme = theme
        self._dress()

    def _show(self, is_open: bool) -> None:
        self.inside.setVisible(is_open)
        self._dress()
        self.title.setAccessibleName(f"{self.title.text()}, {'open' if is_open else 'folded'}")
        self.toggled.emit(is_open)

    def _dress(self) -> None:
        self.title.setIcon(themed("chevron-down" if self.is_open else "chevron-right", self._theme))
