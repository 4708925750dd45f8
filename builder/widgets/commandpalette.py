"""The command palette: everything the menus and the canvas can do, found by a few letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from builder.closeness import ranked
from builder.widgets import preferences
from builder.widgets.actions import Command, commands_of, fill_menus, why_not
from builder.widgets.picker import Picker, Row

if TYPE_CHECKING:
    from builder.widgets.shell import Shell

_RECENT, _RECENT_LENGTH = "commands/recent", 6
#: What the menus that lead to a command count, beside its own name.
_PLACE = 0.6
_DEEP = 2


class CommandPalette(Picker):
    """Enter does what is chosen. What cannot be done now is grey and says what it needs."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.session, shell, name="Command palette", prompt="What do you want to do?")
        self.setObjectName("command-palette")
        self._shell = shell
        self._commands: list[Command] = []

    def toggle(self) -> None:
        """Show it, or hide it where it is shown."""
        if not self.isHidden():
            self.leave()
            return
        fill_menus(self._shell)
        self._commands = _in_order(commands_of(self._shell))
        self.come()

    def rows(self, query: str) -> Sequence[Row]:
        found = ranked(
            query, self._commands, lambda c: ((c.title, 1.0), (" ".join((*c.place, c.title)), _PLACE))
        )
        return [_row(command) for command in found]

    def take(self, row: Row, modifiers: Qt.KeyboardModifier) -> None:
        self.leave()
        command: Command = row.thing
        others = [key for key in preferences.recall_texts(_RECENT) if key != command.key]
        preferences.remember(_RECENT, [command.key, *others][:_RECENT_LENGTH])
        command.action.trigger()

    def passed_over(self, row: Row) -> None:
        self.session.statusMessage.emit(f"{row.title}: {why_not(row.thing.action)}")

    def hint(self, query: str, found: int) -> str:
        return "" if found else "Nothing is called that. All that can be done is in the menus, too."

    def leave(self) -> None:
        super().leave()
        self._commands = []


def _row(command: Command) -> Row:
    action = command.action
    state = " · on" if action.isCheckable() and action.isChecked() else ""
    detail = why_not(action) or " › ".join(command.place) + state  # noqa: RUF001
    return Row(command.title, detail, command.keys[0] if command.keys else "", action.isEnabled(), command)


def _in_order(commands: list[Command]) -> list[Command]:
    """What was done lately first, what stands deep in the menus (all the networks there are) last."""
    lately = {key: place for place, key in enumerate(preferences.recall_texts(_RECENT))}
    return sorted(commands, key=lambda c: (lately.get(c.key, len(lately)), len(c.place) > _DEEP))
