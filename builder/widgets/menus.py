"""The menus every window has: files, undo, panels, the look, help. Both halves add to them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from builder.convention import Convention
from builder.widgets.actions import say_need
from builder.widgets.commandpalette import CommandPalette
from builder.widgets.icons import themed
from builder.widgets.panels import WORKSPACES
from builder.widgets.session import Session
from builder.widgets.shortcutsheet import ShortcutSheet
from builder.widgets.theme import CHOICES

if TYPE_CHECKING:
    from builder.widgets.shell import Shell

TITLES = ("File", "Edit", "View", "Network", "Train", "Export", "Help")


class Menus:
    """Builds the menu bar and keeps labels, ticks and availability true."""

    def __init__(self, shell: Shell, session: Session) -> None:
        self._shell = shell
        self._session = session
        self._bar: QMenuBar = shell.menuBar()
        self._menus = {title: self._bar.addMenu(f"&{title}") for title in TITLES}
        for menu in self._menus.values():
            menu.menuAction().setVisible(False)
        self._sheet: ShortcutSheet | None = None
        self._palette: CommandPalette | None = None
        self._icons: list[tuple[QAction, str]] = []
        self._themes: dict[str, QAction] = {}
        self._file()
        self._edit()
        self._view()
        self._network()
        self._help()
        session.historyChanged.connect(self._tell_history)
        session.recentChanged.connect(self._list_recent)
        session.themeChanged.connect(self._dress)
        say_need(self.undo, "Nothing has been changed yet")
        say_need(self.redo, "Nothing was undone")
        self._tell_history()
        self._list_recent()
        self._dress()

    def menu(self, title: str) -> QMenu:
        """The menu of this title, made at the end of the bar (before Help) where there is none."""
        if title not in self._menus:
            menu = QMenu(f"&{title}", self._bar)
            self._bar.insertMenu(self._menus["Help"].menuAction(), menu)
            self._menus[title] = menu
        self._menus[title].menuAction().setVisible(True)
        return self._menus[title]

    def _add(
        self,
        menu: QMenu,
        text: str,
        do: Callable[[], object],
        keys: str | QKeySequence.StandardKey | list[str] | None = None,
        icon: str | None = None,
    ) -> QAction:
        action = QAction(text, self._shell)
        action.triggered.connect(lambda *_: do())
        if isinstance(keys, list):
            action.setShortcuts([QKeySequence(key) for key in keys])
        elif keys is not None:
            action.setShortcut(QKeySequence(keys))
        if icon is not None:
            self._icons.append((action, icon))
        menu.addAction(action)
        return action

    def _file(self) -> None:
        menu, shell, session = self.menu("File"), self._shell, self._session
        self._add(menu, "&New", session.new_document, "Ctrl+N", "plus")
        built_in = menu.addMenu("New &from")
        built_in.aboutToShow.connect(lambda: self._list_architectures(built_in))
        self._add(
            menu, "&Gallery of networks", lambda: session.galleryAsked.emit(""), "Ctrl+Shift+N", "image"
        )
        self._add(menu, "&Open…", shell.choose_and_open, "Ctrl+O", "open")
        self._recent = menu.addMenu("Open &recent")
        menu.addSeparator()
        self._add(menu, "&Save", shell.save, "Ctrl+S", "save")
        self._add(menu, "Save &as…", shell.save_as, "Ctrl+Shift+S")
        #: Both halves put theirs before this.
        self.file_end = menu.addSeparator()
        self._add(menu, "&Quit", shell.close, "Ctrl+Q").setMenuRole(QAction.MenuRole.QuitRole)

    def _edit(self) -> None:
        menu, session = self.menu("Edit"), self._session
        self.undo = self._add(menu, "&Undo", session.undo, "Ctrl+Z", "undo")
        self.redo = self._add(menu, "&Redo", session.redo, ["Ctrl+Shift+Z", "Ctrl+Y"], "redo")
        menu.addSeparator()

    def _view(self) -> None:
        menu, shell = self.menu("View"), self._shell
        self._workspaces: dict[str, QAction] = {}
        group = QActionGroup(shell)
        for number, workspace in enumerate(WORKSPACES, 1):
            action = self._add(menu, workspace, partial(shell.set_workspace, workspace), f"Ctrl+{number}")
            action.setCheckable(True)
            group.addAction(action)
            self._workspaces[workspace] = action
        self._workspaces[shell.workspace].setChecked(True)
        shell.workspaceChanged.connect(lambda name: self._workspaces[name].setChecked(True))
        menu.addSeparator()
        for area, title, keys, icon in (
            ("left", "&Left panel", "Ctrl+Alt+1", "panel-left"),
            ("bottom", "&Bottom panel", "Ctrl+Alt+2", "panel-bottom"),
            ("right", "&Right panel", "Ctrl+Alt+3", "panel-right"),
        ):
            action = shell.dock(area).toggleViewAction()
            action.setText(title)
            action.setShortcut(QKeySequence(keys))
            self._icons.append((action, icon))
            menu.addAction(action)
        panels = menu.addMenu("&Panels")
        panels.aboutToShow.connect(lambda: self._list_panels(panels))
        self._add(menu, "N&ext panel", lambda: shell.step_panel(1), "Ctrl+PgDown")
        self._add(menu, "Pre&vious panel", lambda: shell.step_panel(-1), "Ctrl+PgUp")
        self._add(menu, "Next part of the &window", lambda: shell.step_area(1), "Ctrl+F6")
        self._add(menu, "Part &before", lambda: shell.step_area(-1), "Ctrl+Shift+F6")
        self._add(menu, "Reset &layout", shell.reset_layout)
        themes = menu.addMenu("&Theme")
        group = QActionGroup(shell)
        icons = {"system": "system", "dark": "moon", "light": "sun"}
        for choice in CHOICES:
            text = "As the &system" if choice == "system" else f"&{choice.capitalize()}"
            action = self._add(themes, text, partial(self._session.set_theme, choice), None, icons[choice])
            action.setCheckable(True)
            group.addAction(action)
            self._themes[choice] = action
        self._count_work(menu)
        menu.addSeparator()

    def _count_work(self, menu: QMenu) -> None:
        counting, session = menu.addMenu("&Count work in"), self._session
        group = QActionGroup(self._shell)
        actions: dict[Convention, QAction] = {}
        for convention in Convention:
            text = f"&{convention.unit} ({convention.words})"
            action = self._add(counting, text, partial(session.set_convention, convention))
            action.setCheckable(True)
            group.addAction(action)
            actions[convention] = action
        actions[session.convention].setChecked(True)
        session.conventionChanged.connect(lambda: actions[session.convention].setChecked(True))

    def _help(self) -> None:
        menu = self.menu("Help")
        self._add(menu, "&Command palette…", self.show_commands, "Ctrl+Shift+P", "search")
        self._add(menu, "&Shortcuts", self.show_shortcuts, ["F1", "?", "Shift+?"], "info")

    def show_shortcuts(self) -> None:
        """Show what the keyboard can do, or no longer."""
        self._sheet = self._sheet or ShortcutSheet(self._shell)
        self._sheet.toggle()

    def show_commands(self) -> None:
        """Show everything that can be done, to be found by a few letters, or no longer."""
        self._palette = self._palette or CommandPalette(self._shell)
        self._palette.toggle()

    def _network(self) -> None:
        menu, shell = self.menu("Network"), self._shell
        self._add(menu, "&Problems", shell.show_problem_list, "Ctrl+Shift+M", "error")
        self._add(menu, "&Layers", partial(shell.show_panel, "Layers"), "Ctrl+Shift+L")

    def _list_architectures(self, menu: QMenu) -> None:
        from builder.architectures import ARCHITECTURES  # late: every network there is
        from builder.architectures.base import by_family

        for family, members in by_family(ARCHITECTURES.values()).items() if menu.isEmpty() else ():
            listed = menu.addMenu(family)
            listed.setToolTipsVisible(True)
            for entry in members:
                action = listed.addAction(entry.title, partial(self._session.open_document, entry.name))
                action.setToolTip(f"{entry.about} {entry.cited}")

    def _list_panels(self, menu: QMenu) -> None:
        menu.clear()
        for panel in self._shell.panels():
            menu.addAction(panel.title, partial(self._shell.show_panel, panel.title))

    def _list_recent(self) -> None:
        self._recent.clear()
        session = self._session
        paths = session.recent
        for path in paths:
            action = self._recent.addAction(shortened(path))
            action.setToolTip(str(path))
            action.triggered.connect(lambda _=False, path=path: session.open_document(path))
        self._recent.setEnabled(bool(paths))
        if paths:
            self._recent.addSeparator()
            self._recent.addAction("Clear", session.clear_recent)

    def _tell_history(self) -> None:
        history = self._session.history
        self.undo.setEnabled(history.can_undo)
        self.undo.setText(f"&Undo {history.undo_label}".rstrip())
        self.redo.setEnabled(history.can_redo)
        self.redo.setText(f"&Redo {history.redo_label}".rstrip())

    def _dress(self) -> None:
        for action, name in self._icons:
            action.setIcon(themed(name, self._session.theme))
        self._themes[self._session.theme_choice].setChecked(True)


def shortened(path: Path) -> str:
    """A path with ``~`` for the home folder."""
    home = Path.home()
    return str(Path("~") / path.relative_to(home)) if path.is_relative_to(home) and home.name else str(path)
