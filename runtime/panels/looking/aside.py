"""The maps of the selected node beside the curves; the first thing one sees of them."""

from __future__ import annotations

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from builder.widgets.guarding import guarded
from builder.widgets.session import Session
from runtime.panels.captions import Caption
from runtime.panels.looking.grid import MapGrid
from runtime.panels.looking.looking import Looking


class MapsAside(QWidget):
    """The maps of the selected node, small, to stand beside the curves; a click goes to the large view."""

    def __init__(self, session: Session, looking: Looking, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looking = looking
        self.caption = Caption(strong=True)
        self.grid = MapGrid(session.theme)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.caption)
        column.addWidget(self.grid, 1)
        self.grid.picked.connect(lambda channel, y, x: looking.go(channel, None if y < 0 else (y, x)))
        looking.valuesChanged.connect(self._show)
        looking.placeChanged.connect(lambda: self.grid.choose(looking.channel))
        session.themeChanged.connect(lambda: self.grid.set_theme(session.theme))
        self._show()

    def _show(self) -> None:
        if self.isVisible():
            looking = self._looking
            whole = looking.caption(short=True)
            self.caption.say(whole, whole.rpartition(" · ")[0] or looking.path, looking.path)
            self.grid.say(looking.hint)
            self.grid.show_values(looking.values, looking.names, shares=looking.shares)

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._looking.look(self, True)
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._looking.look(self, False)
