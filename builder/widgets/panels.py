"""The areas of the window that hold panels: a row of tabs over whichever panel was chosen."""

from __future__ import annotations

from collections.abc import Callable, Collection

from PySide6.QtCore import QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from builder.widgets.guarding import guarded

WORKSPACES = ("Design", "Train", "Inspect")


class Panel(QObject):
    """What ``Shell.add_panel`` gives back: the place of a widget in the window."""

    raised = Signal()

    def __init__(
        self,
        area: PanelArea,
        title: str,
        make: Callable[[], QWidget],
        workspaces: Collection[str],
        leads: Collection[str],
    ) -> None:
        super().__init__(area)
        self.area = area
        self.title = title
        self._make = make
        self._widget: QWidget | None = None
        self.workspaces = frozenset(workspaces)
        #: The workspaces in which it is the one shown first.
        self.leads = frozenset(leads)
        self.count = 0

    @property
    def is_made(self) -> bool:
        """Whether its widget is there yet."""
        return self._widget is not None

    def widget(self) -> QWidget:
        """What it shows; made when it is asked for first."""
        if self._widget is None:
            self._widget = self._make()
            for part in (self._widget, *self._widget.findChildren(QScrollArea)):
                part.setAccessibleName(part.accessibleName() or self.title)
            self.area.stack.addWidget(self._widget)
        return self._widget

    @property
    def label(self) -> str:
        """The title with the count of what is in it, if there is any."""
        return f"{self.title}  {self.count}" if self.count else self.title

    @property
    def is_shown(self) -> bool:
        """Whether it is the chosen one of its area."""
        return self.area.current() is self

    def set_count(self, count: int) -> None:
        """Show how many things are in it beside its title; 0 shows none."""
        self.count = count
        self.area.retitle(self)

    def show(self) -> None:
        """Choose it in its area; ignored where the workspace does not have it."""
        self.area.choose(self)
        self.raised.emit()


class PanelArea(QWidget):
    """A row of tabs (``tabs="always"``, or only where there is something to choose) and the chosen panel."""

    changed = Signal()
    resized = Signal()

    def __init__(self, name: str, *, always_tabs: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"area-{name}")
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(f"{name.capitalize()} panels")
        self._always_tabs = always_tabs
        self._panels: list[Panel] = []
        self._listed: list[Panel] = []
        self.workspace = WORKSPACES[0]
        self._chosen: dict[str, Panel] = {}
        self.tabs = QTabBar(self)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        self.tabs.setAccessibleName(f"{name.capitalize()} panels")
        self.tabs.currentChanged.connect(self._tab_chosen)
        self.stack = QStackedWidget(self)
        self._row = QFrame(self)
        row = QHBoxLayout(self._row)
        row.setContentsMargins(16, 6, 12, 2)
        row.addWidget(self.tabs, 1)
        self.corner = QHBoxLayout()
        self.corner.setSpacing(4)
        row.addLayout(self.corner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._row)
        layout.addWidget(self.stack, 1)

    def add(self, panel: Panel) -> None:
        """Take in a panel; it is listed where the workspace has it."""
        self._panels.append(panel)
        self.enter(self.workspace)

    def current(self) -> Panel | None:
        """The panel that is shown."""
        index = self.tabs.currentIndex()
        return self._listed[index] if 0 <= index < len(self._listed) else None

    def listed(self) -> list[Panel]:
        """The panels of this workspace, in the order of their tabs."""
        return list(self._listed)

    def make_all(self) -> None:
        """Make the panels nobody has seen yet, of every workspace."""
        for panel in self._panels:
            panel.widget()

    def choose(self, panel: Panel) -> None:
        """Show a panel of this workspace."""
        if panel in self._listed:
            self.tabs.setCurrentIndex(self._listed.index(panel))

    def choose_titled(self, title: str) -> None:
        """Show the panel of this title, if the workspace has it."""
        for panel in self._listed:
            if panel.title == title:
                self.choose(panel)

    def retitle(self, panel: Panel) -> None:
        """Write a panel's label on its tab."""
        if panel in self._listed:
            self.tabs.setTabText(self._listed.index(panel), panel.label)

    def enter(self, workspace: str) -> None:
        """List the panels of a workspace and show the one that was chosen there last, or that leads it."""
        self.workspace = workspace
        self._listed = [panel for panel in self._panels if workspace in panel.workspaces]
        with QSignalBlocker(self.tabs):
            while self.tabs.count():
                self.tabs.removeTab(0)
            for panel in self._listed:
                self.tabs.addTab(panel.label)
        self._row.setVisible(bool(self._listed) if self._always_tabs else len(self._listed) > 1)
        wanted = self._chosen.get(workspace)
        if wanted not in self._listed:
            leading = [panel for panel in self._listed if workspace in panel.leads]
            wanted = next(iter(leading or self._listed), None)
        if wanted is not None:
            with QSignalBlocker(self.tabs):
                self.tabs.setCurrentIndex(self._listed.index(wanted))
        self._bring_up()
        self.changed.emit()

    def _tab_chosen(self, index: int) -> None:
        if 0 <= index < len(self._listed):
            self._chosen[self.workspace] = self._listed[index]
            self._bring_up()
            self.changed.emit()

    def _bring_up(self) -> None:
        """Show the chosen panel; one that nobody can see yet is not made for it."""
        panel = self.current()
        if panel is not None and (panel.is_made or self.isVisible()):
            self.stack.setCurrentWidget(panel.widget())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell."""
        super().resizeEvent(event)
        self.resized.emit()

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        """Make the chosen panel, if it is not there yet."""
        self._bring_up()
        super().showEvent(event)
