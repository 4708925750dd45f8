"""The window: header, docks, workspaces, menus, status. It knows neither of the halves that fill it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFileDialog,
    QMainWindow,
    QMenu,
    QMessageBox,
    QToolBar,
    QWidget,
)

from builder.errors import Problem
from builder.widgets import preferences
from builder.widgets.guarding import guarded
from builder.widgets.header import Header
from builder.widgets.icons import app_icon
from builder.widgets.menus import Menus
from builder.widgets.messages import MessageBar
from builder.widgets.panels import WORKSPACES, Panel, PanelArea
from builder.widgets.placement import PlacedWindow, restore
from builder.widgets.question import ask_to_save
from builder.widgets.session import SUFFIX, Session
from builder.widgets.shortcutsheet import Entry
from builder.widgets.status import StatusBar
from builder.widgets.stops import step

FILTER = f"Convolab networks (*{SUFFIX});;All files (*)"

LEFT_WIDTH, RIGHT_WIDTH, BOTTOM_HEIGHT = 224, 312, 252

#: How much of the window's height the bottom gets where what is in it matters most.
_LARGE_BOTTOM = 0.45
#: And what is left to the network even so, with the bars above and below: names can be read in a small window.
_REST = 350

_VERSION = 1

_SIDES = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}


class Shell(PlacedWindow):
    """One window over one session.

    Panels live in the areas "left", "right", "bottom" and "center"; a workspace lists those it has. Sizes, the
    chosen panels, the workspace and the theme are remembered.
    """

    workspaceChanged = Signal(str)
    #: Some panel is asked for: whatever lies over them has to go.
    panelsWanted = Signal()
    #: The window is about to go, and nothing will stop it any more.
    closing = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        session.dress()
        self.workspace = WORKSPACES[0]
        self._arranged = self._leaving = False
        self._question: QMessageBox | None = None
        #: What pointer and keys do that is no action: for the sheet of shortcuts, under headings.
        self.hints: dict[str, list[Entry]] = {}
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self.setMinimumSize(960, 600)
        self.setDockOptions(QMainWindow.DockOption.AnimatedDocks)
        self.header = Header(session)
        self._add_bar("header", Qt.ToolBarArea.TopToolBarArea, self.header)
        self.header.workspaceChosen.connect(self.set_workspace)
        self.messages = MessageBar(session)
        self._message_bar = self._add_bar("messages", Qt.ToolBarArea.BottomToolBarArea, self.messages)
        self._message_bar.hide()
        self.messages.shown.connect(self._message_bar.setVisible)
        self.areas = {"center": PanelArea("center", parent=self)}
        self.setCentralWidget(self.areas["center"])
        self._docks: dict[str, QDockWidget] = {}
        for side in _SIDES:
            self._add_dock(side)
        for corner, side in (
            (Qt.Corner.TopLeftCorner, "left"), (Qt.Corner.BottomLeftCorner, "left"),
            (Qt.Corner.TopRightCorner, "right"), (Qt.Corner.BottomRightCorner, "right"),
        ):  # fmt: skip
            self.setCorner(corner, _SIDES[side])
        self.status = StatusBar(session)
        self.setStatusBar(self.status)
        self.status.problemsClicked.connect(self.show_problem_list)
        self.menus = Menus(self, session)
        session.guard = self._ask_first
        session.problemsFound.connect(self.messages.show_problems)
        session.documentReplaced.connect(self.messages.clear)
        session.savedChanged.connect(self._retitle)
        self._retitle()
        restore(self)
        self.set_workspace(preferences.recall_text("window/workspace", WORKSPACES[0]))
        for area in self.areas.values():
            area.resized.connect(self.note_change)
        self.workspaceChanged.connect(self.note_change)

    # what the halves use -----------------------------------------------------------------------------------

    def add_panel(
        self,
        area: str,
        title: str,
        widget: QWidget | Callable[[], QWidget],
        *,
        workspaces: Collection[str] = WORKSPACES,
        leads: Collection[str] = (),
    ) -> Panel:
        """Put a widget into an area of the workspaces named; in those of ``leads`` it is the one shown first.

        Instead of a widget it may be what makes it, and is called when the panel is seen first.
        """
        make = (lambda: widget) if isinstance(widget, QWidget) else widget
        panel = Panel(self.areas[area], title, make, workspaces, leads)
        if isinstance(widget, QWidget):
            panel.widget()
        self.areas[area].add(panel)
        remembered = preferences.recall_text(f"panel/{self.workspace}/{area}")
        if remembered == title and self.workspace in panel.workspaces:
            self.areas[area].choose(panel)
        return panel

    def header_slot(self, widget: QWidget) -> None:
        """Put a widget at the right of the header."""
        self.header.add_slot(widget)

    def status_slot(self, widget: QWidget, side: str = "right") -> None:
        """Put a widget into the status bar, ``side`` "left" or "right"."""
        self.status.add_slot(widget, side)

    def menu(self, title: str) -> QMenu:
        """The menu of this title, to add actions to."""
        return self.menus.menu(title)

    def dock(self, area: str) -> QDockWidget:
        """The dock around an area."""
        return self._docks[area]

    def panels(self) -> list[Panel]:
        """The panels of this workspace."""
        return [panel for area in self.areas.values() for panel in area.listed()]

    def show_panel(self, title: str) -> bool:
        """Bring a panel to the front, opening its dock; False where this workspace has none of that title."""
        self.panelsWanted.emit()
        for name, area in self.areas.items():
            for panel in area.listed():
                if panel.title == title:
                    panel.show()
                    if name in self._docks:
                        self._docks[name].show()
                    return True
        return False

    def step_panel(self, step: int) -> None:
        """Show the next or the previous panel of the bottom area."""
        self.panelsWanted.emit()
        tabs = self.areas["bottom"].tabs
        if tabs.count():
            tabs.setCurrentIndex((tabs.currentIndex() + step) % tabs.count())

    def step_area(self, step: int) -> None:
        """Move the focus to the next or previous part of the window: network, right, bottom, header, left."""
        self.panelsWanted.emit()
        parts: list[QWidget] = [self.areas["center"], self.areas["right"], self.areas["bottom"], self.header]
        parts.append(self.areas["left"])
        focus = QApplication.focusWidget()
        shown = [part for part in parts if part.isVisible() and _first_focusable(part) is not None]
        here = next((i for i, part in enumerate(shown) if focus is not None and part.isAncestorOf(focus)), -1)
        if shown:
            target = _first_focusable(shown[(here + step) % len(shown)])
            if target is not None:
                target.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # workspaces --------------------------------------------------------------------------------------------

    def set_workspace(self, name: str) -> None:
        """Show the panels of a workspace, laid out as they were left."""
        self.panelsWanted.emit()
        if name not in WORKSPACES or name == self.workspace:
            return
        self._remember_layout()
        self.workspace = name
        self.header.workspaces.set_word(name)
        for area in self.areas.values():
            area.enter(name)
        if self._arranged:
            self._arrange()
        self.workspaceChanged.emit(name)

    def reset_layout(self) -> None:
        """Give every workspace its first layout back."""
        for group in ("layout", "panel", "closed"):
            preferences.forget(group)
        self._arrange()

    def _arrange(self) -> None:
        for side, area in self.areas.items():
            if title := preferences.recall_text(f"panel/{self.workspace}/{side}"):
                area.choose_titled(title)
        state = preferences.recall_bytes(f"layout/{self.workspace}")
        if state is None or not self.restoreState(state, _VERSION):
            self._arrange_first()
        closed = preferences.recall_texts(f"closed/{self.workspace}")
        for side, dock in self._docks.items():
            # A layout kept while a dock had nothing in it says nothing about whether it is wanted.
            wanted = bool(self.areas[side].listed()) and side not in closed
            if wanted and dock.isHidden():
                self._open_dock(side)
            dock.setVisible(wanted)
        self._message_bar.setVisible(not self.messages.is_empty)

    def _arrange_first(self) -> None:
        for side, dock in self._docks.items():
            dock.setFloating(False)
            dock.setVisible(bool(self.areas[side].listed()))
        large = bool(self.areas["bottom"].listed()) and self.workspace != WORKSPACES[0]
        most = min(round(self.height() * _LARGE_BOTTOM), self.height() - _REST)
        height = max(most, BOTTOM_HEIGHT) if large else BOTTOM_HEIGHT
        sides = [self._docks["left"], self._docks["right"]]
        self.resizeDocks(sides, [LEFT_WIDTH, RIGHT_WIDTH], Qt.Orientation.Horizontal)
        self.resizeDocks([self._docks["bottom"]], [height], Qt.Orientation.Vertical)

    def _open_dock(self, side: str) -> None:
        """Show a dock that the layout does not know, at its first size."""
        dock, upright = self._docks[side], side != "bottom"
        dock.show()
        size = {"left": LEFT_WIDTH, "right": RIGHT_WIDTH, "bottom": BOTTOM_HEIGHT}[side]
        self.resizeDocks([dock], [size], Qt.Orientation.Horizontal if upright else Qt.Orientation.Vertical)

    def remember(self) -> None:
        """Keep how the window is laid out for the next start."""
        super().remember()
        self._remember_layout()
        preferences.remember("window/workspace", self.workspace)

    def _remember_layout(self) -> None:
        if not self._arranged:
            return
        preferences.remember(f"layout/{self.workspace}", self.saveState(_VERSION))
        before = preferences.recall_texts(f"closed/{self.workspace}")
        closed = [
            side
            for side, dock in self._docks.items()
            if (dock.isHidden() if self.areas[side].listed() else side in before)
        ]
        preferences.remember(f"closed/{self.workspace}", closed)
        for side, area in self.areas.items():
            if (panel := area.current()) is not None:
                preferences.remember(f"panel/{self.workspace}/{side}", panel.title)

    # files -------------------------------------------------------------------------------------------------

    def choose_and_open(self) -> None:
        """Let a file be chosen and open it."""
        folder = str(self.session.path.parent) if self.session.path else self._last_folder()
        path, _ = QFileDialog.getOpenFileName(self, "Open a network", folder, FILTER)
        if path:
            self.session.open_document(Path(path))

    def save(self) -> bool:
        """Save, asking for a file where there is none yet; False if it was not saved."""
        return self.session.save() if self.session.path else self.save_as()

    def save_as(self) -> bool:
        """Ask for a file and save to it; False if it was not saved."""
        name = self.session.path or Path(self._last_folder()) / f"{self.session.document.name}{SUFFIX}"
        path, _ = QFileDialog.getSaveFileName(self, "Save the network", str(name), FILTER)
        return bool(path) and self.session.save_as(path)

    def show_problem_list(self) -> None:
        """Bring the list of problems to the front, in another workspace where this one has none."""
        if not self.show_panel("Problems"):
            self.set_workspace(WORKSPACES[0])
            self.show_panel("Problems")

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Say problems that belong to no node in the line above the status bar."""
        self.messages.show_problems(problems)

    def _last_folder(self) -> str:
        recent = self.session.recent
        return str(recent[0].parent if recent else Path.home())

    def _ask_first(self, proceed: Callable[[], None]) -> None:
        """Ask what becomes of unsaved changes, without stopping the rest of the program; then ``proceed``."""
        if self._question is not None:
            self._question.raise_()
            return

        def done() -> None:
            self._question = None

        self._question = ask_to_save(self, self.session.title, self.save, proceed, done)

    # the window itself -------------------------------------------------------------------------------------

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab goes through the parts of the window, each in the order in which one reads it."""
        sides = (self.areas[side] for side in ("left", "center", "right", "bottom"))
        return step(self, [self.header, *sides, self.messages, self.status], forward=next)

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        """Lay the docks out once there is a window to lay out."""
        super().showEvent(event)
        if not self._arranged:
            self._arranged = True
            self._arrange()
            if (network := self.areas["center"].stack.currentWidget()) and self.focusWidget() is None:
                network.setFocus(Qt.FocusReason.OtherFocusReason)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved changes, remember the layout, tell everyone."""
        if not self.session.is_saved and not self._leaving:
            event.ignore()
            self._ask_first(self._leave)
            return
        super().closeEvent(event)
        self.closing.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a file of ours."""
        if any(url.toLocalFile().endswith(SUFFIX) for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open it."""
        for url in event.mimeData().urls():
            if url.toLocalFile().endswith(SUFFIX):
                event.acceptProposedAction()
                self.session.open_document(Path(url.toLocalFile()))
                return

    def _leave(self) -> None:
        self._leaving = True
        self.close()

    def _retitle(self) -> None:
        self.setWindowTitle(f"{self.session.title}[*] – Convolab")
        self.setWindowModified(not self.session.is_saved)

    def _add_bar(self, name: str, area: Qt.ToolBarArea, widget: QWidget) -> QToolBar:
        bar = QToolBar(name.capitalize(), self)
        bar.setObjectName(name)
        bar.setMovable(False)
        bar.setFloatable(False)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        bar.addWidget(widget)
        self.addToolBar(area, bar)
        return bar

    def _add_dock(self, side: str) -> None:
        dock = QDockWidget(side.capitalize(), self)
        dock.setObjectName(f"dock-{side}")
        dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
        dock.setAllowedAreas(_SIDES[side])
        empty = QWidget(dock)
        empty.setFixedHeight(0)
        dock.setTitleBarWidget(empty)
        area = PanelArea(side, always_tabs=side == "bottom", parent=dock)
        area.setMinimumSize(160 if side != "bottom" else 320, 120)
        dock.setWidget(area)
        self.areas[side] = area
        self._docks[side] = dock
        self.addDockWidget(_SIDES[side], dock)
        dock.hide()
        area.changed.connect(lambda: self._dock_filled(side))
        dock.toggleViewAction().triggered.connect(self.panelsWanted)

    def _dock_filled(self, side: str) -> None:
        """Show a dock when its first panel comes after the window is up."""
        closed = preferences.recall_texts(f"closed/{self.workspace}")
        if self._arranged and len(self.areas[side].listed()) == 1 and side not in closed:
            self._open_dock(side)


def _first_focusable(part: QWidget) -> QWidget | None:
    """The widget in a part that had the focus last, or the first that can have it by keyboard."""
    last: QWidget | None = part.focusWidget()
    if last not in (None, part) and last.isVisible() and last.isEnabled():
        return last
    for widget in part.findChildren(QWidget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and widget.isEnabled():
            return widget
    return None
