"""Every action of a window: where it stands, its keys, and why it cannot be done now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QWidget

_NEEDS = "needs"


@dataclass(frozen=True, slots=True)
class Command:
    """An action with the menus that lead to it, or the name of the part of the window where its keys work."""

    title: str
    place: tuple[str, ...]
    keys: tuple[str, ...]
    action: QAction

    @property
    def key(self) -> str:
        """What it is remembered by."""
        return "/".join((*self.place, self.title))


def say_need(action: QAction, needs: str) -> None:
    """Say what has to be so for the action to be possible, in a short sentence."""
    action.setProperty(_NEEDS, needs)


def say_needs(actions: Mapping[str, QAction], needs: Mapping[str, str]) -> None:
    """The same of several, by name."""
    for name, text in needs.items():
        say_need(actions[name], text)


def why_not(action: QAction) -> str:
    """Why an action is not possible now; "" where it is."""
    if action.isEnabled():
        return ""
    return action.property(_NEEDS) or "Not possible now"


def commands_of(window: QMainWindow) -> list[Command]:
    """What is in the menus, in their order, then what has keys elsewhere in the window; each once."""
    found: dict[int, Command] = {}
    for place, action in _in_menus(window.menuBar().actions(), ()):
        found.setdefault(id(action), _command(action, place))
    for action in window.findChildren(QAction):
        if id(action) not in found and (part := _part(action)):
            found[id(action)] = _command(action, (part,))
    return list(found.values())


def fill_menus(window: QMainWindow) -> None:
    """Let the menus list what they list when they are opened."""
    for action in window.menuBar().actions():
        menu = action.menu()
        if isinstance(menu, QMenu):
            for inner in menu.findChildren(QMenu):
                inner.aboutToShow.emit()


def _in_menus(actions: list[QAction], place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], QAction]]:
    for action in actions:
        menu = action.menu()
        if isinstance(menu, QMenu):
            if action.isVisible():
                yield from _in_menus(menu.actions(), (*place, plain_text(action)))
        elif not action.isSeparator() and action.isVisible() and action.text():
            yield place, action


def _part(action: QAction) -> str:
    """The part of the window that an action works in, of one that is in no menu; "" for one that works nowhere."""
    if not action.text() or action.isSeparator() or action.menu() is not None or not action.isVisible():
        return ""
    widgets = [one for one in action.associatedObjects() if isinstance(one, QWidget)]
    widgets = [one for one in widgets if not isinstance(one, QMenu)]
    return (widgets[0].accessibleName() or "Elsewhere") if widgets else ""


def _command(action: QAction, place: tuple[str, ...]) -> Command:
    keys = [key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts()]
    # A sign such as "?" needs Shift on some keyboards and none on others: both are bound, one is told.
    told = (key for key in keys if key and key.removeprefix("Shift+") not in set(keys) - {key})
    return Command(plain_text(action), place, tuple(told), action)


def plain_text(action: QAction) -> str:
    """An action's text without the marks of its letter and of a question to come."""
    return action.text().replace("&&", "\0").replace("&", "").replace("\0", "&").removesuffix("…")
