"""The command palette and the sheet of shortcuts: everything there is, by real keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from builder.edits import SetName
from builder.widgets.actions import commands_of, say_need, why_not
from builder.widgets.commandpalette import CommandPalette
from builder.widgets.picker import Row
from builder.widgets.session import Session
from builder.widgets.shell import Shell
from builder.widgets.shortcutsheet import ShortcutSheet, shortcuts_of

CONTROL, SHIFT, NONE = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)


class Hand:
    """A keyboard over a window with a field in the middle and an action of its own."""

    def __init__(self, qtbot: QtBot) -> None:
        self.bot = qtbot
        self.session = Session()
        self.session.open_document("lenet5")
        self.shell = Shell(self.session)
        qtbot.addWidget(self.shell, before_close_func=lambda _: self.session.history.mark_saved())
        self.field = QLineEdit()
        self.field.setAccessibleName("Drawing")
        self.shell.add_panel("center", "Drawing", self.field)
        self.done: list[str] = []
        self.own = QAction("Paint it blue", self.field)
        self.own.setShortcut("Ctrl+B")
        self.own.triggered.connect(lambda: self.done.append("blue"))
        self.field.addAction(self.own)
        self.shell.resize(1200, 800)
        self.shell.show()
        with qtbot.waitActive(self.shell):
            self.shell.activateWindow()
        self.field.setFocus()

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        focus = QApplication.focusWidget()
        assert focus is not None
        self.bot.keyClick(focus, key, modifiers)

    def type(self, text: str) -> None:
        focus = QApplication.focusWidget()
        assert focus is not None
        self.bot.keyClicks(focus, text)

    def palette(self) -> CommandPalette:
        self.key(Qt.Key.Key_P, CONTROL | SHIFT)
        found = self.shell.findChild(CommandPalette)
        assert found is not None
        assert found.isVisible()
        assert found.field.hasFocus()
        return found

    def sheet(self) -> ShortcutSheet:
        found = self.shell.findChild(ShortcutSheet)
        assert found is not None
        return found


@pytest.fixture
def hand(qtbot: QtBot) -> Iterator[Hand]:
    made = Hand(qtbot)
    yield made
    made.session.history.mark_saved()


def titles(palette: CommandPalette) -> list[str]:
    return [row.title for row in palette.shown]


def row(palette: CommandPalette, title: str) -> Row:
    return next(row for row in palette.shown if row.title == title)


# the command palette -------------------------------------------------------------------------------------


def test_every_action_is_in_the_palette(hand: Hand) -> None:
    palette = hand.palette()
    known = {command.action for command in commands_of(hand.shell)}
    assert known == {shown.thing.action for shown in palette.shown} | {
        command.action for command in palette._commands[100:]
    }
    for action in hand.shell.findChildren(QAction):
        if action.shortcuts() and action.text():
            assert action in known, action.text()
    assert {"Light", "Undo", "Paint it blue", "Save as"} <= {command.title for command in palette._commands}


def test_a_few_letters_and_enter_do_it_and_the_focus_comes_back(hand: Hand) -> None:
    palette = hand.palette()
    hand.type("pa bl")
    assert titles(palette)[0] == "Paint it blue"
    assert row(palette, "Paint it blue").right == "Ctrl+B"
    assert row(palette, "Paint it blue").detail == "Drawing"
    hand.key(Qt.Key.Key_Return)
    assert hand.done == ["blue"]
    assert palette.isHidden()
    assert hand.field.hasFocus()
    hand.palette()
    assert titles(palette)[0] == "Paint it blue"  # done lately


def test_menus_are_searched_too(hand: Hand) -> None:
    palette = hand.palette()
    hand.type("theme li")
    assert titles(palette)[0] == "Light"
    assert row(palette, "Light").detail == "View › Theme"  # noqa: RUF001
    hand.key(Qt.Key.Key_Return)
    assert hand.session.theme.name == "light"
    palette = hand.palette()
    hand.type("theme light")
    assert row(palette, "Light").detail.endswith("on")
    palette.leave()
    palette = hand.palette()
    hand.type("resnet-18")
    hand.key(Qt.Key.Key_Return)
    assert hand.session.document.name == "resnet18"


def test_what_cannot_be_done_is_grey_and_says_why(hand: Hand) -> None:
    said: list[str] = []
    hand.session.statusMessage.connect(said.append)
    palette = hand.palette()
    hand.type("undo")
    assert palette.current == palette.shown[0]  # Enter never does something else instead
    undo = row(palette, "Undo")
    assert (undo.is_enabled, undo.detail) == (False, "Nothing has been changed yet")
    assert "not available" in undo.spoken
    hand.key(Qt.Key.Key_Return)
    assert said == ["Undo: Nothing has been changed yet"]
    assert palette.isVisible()
    palette.leave()
    hand.session.perform("Rename", [SetName("other")])
    palette = hand.palette()
    hand.type("undo")
    hand.key(Qt.Key.Key_Return)
    assert hand.session.document.name == "lenet5"


def test_arrows_go_round_and_escape_changes_nothing(hand: Hand) -> None:
    palette = hand.palette()
    hand.type("panel")
    first = palette.current
    hand.key(Qt.Key.Key_Down)
    assert palette.current != first
    hand.key(Qt.Key.Key_Up)
    hand.key(Qt.Key.Key_Up)
    assert palette.current == palette.shown[-1]
    hand.key(Qt.Key.Key_PageDown)
    hand.key(Qt.Key.Key_Escape)
    assert palette.isHidden()
    assert hand.field.hasFocus()
    assert hand.done == []


def test_the_same_key_or_a_click_elsewhere_closes(hand: Hand) -> None:
    palette = hand.palette()
    hand.shell.menus.show_commands()
    assert palette.isHidden()
    hand.palette()
    hand.bot.mouseClick(hand.field, Qt.MouseButton.LeftButton)
    assert palette.isHidden()
    assert hand.field.hasFocus()


def test_a_click_takes_a_row(hand: Hand) -> None:
    palette = hand.palette()
    hand.type("paint")
    at = palette.list.visualRect(palette.list.model().index(0, 0)).center()
    hand.bot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, NONE, at)
    assert hand.done == ["blue"]


def test_nothing_found_is_said(hand: Hand) -> None:
    palette = hand.palette()
    hand.type("xyzzy")
    assert palette.shown == []
    assert "Nothing is called that" in palette.note.text()
    hand.key(Qt.Key.Key_Return)
    hand.key(Qt.Key.Key_Down)
    assert palette.isVisible()


def test_it_fits_and_stands_over_a_small_window(hand: Hand) -> None:
    hand.shell.resize(hand.shell.minimumSize())
    palette = hand.palette()
    assert hand.shell.rect().contains(palette.geometry())
    hand.type("zz")
    small = palette.height()
    palette.field.clear()
    assert palette.height() > small


def test_reasons(qtbot: QtBot) -> None:
    action = QAction("Do")
    say_need(action, "Select something first")
    assert why_not(action) == ""
    action.setEnabled(False)
    assert why_not(action) == "Select something first"
    other = QAction("Other")
    other.setEnabled(False)
    assert why_not(other)


# the sheet -----------------------------------------------------------------------------------------------


def test_no_two_actions_of_the_window_share_keys(hand: Hand) -> None:
    keys = [key for rows in shortcuts_of(hand.shell).values() for _, keys in rows for key in keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("key", [Qt.Key.Key_F1, Qt.Key.Key_Question])
def test_a_key_shows_the_sheet_and_hides_it(hand: Hand, key: Qt.Key) -> None:
    hand.shell.header.workspaces.button("Design").setFocus()  # in a field a question mark is a letter
    before = QApplication.focusWidget()
    modifiers = SHIFT if key == Qt.Key.Key_Question else NONE
    hand.key(key, modifiers)
    sheet = hand.sheet()
    assert sheet.isVisible()
    assert sheet.field.hasFocus()
    hand.key(key, modifiers)
    assert sheet.isHidden()
    assert QApplication.focusWidget() is before


def test_the_sheet_is_grouped_whole_and_in_two_columns(hand: Hand) -> None:
    hand.shell.hints["By hand"] = [("Move about", ("Middle button", "Space"))]
    hand.key(Qt.Key.Key_F1)
    sheet = hand.sheet()
    assert list(sheet.listed())[:3] == ["File", "Edit", "View"]
    assert ("Save", ("Ctrl+S",)) in sheet.listed()["File"]
    assert ("Shortcuts", ("F1", "?")) in sheet.listed()["Help"]
    assert ("Paint it blue", ("Ctrl+B",)) in sheet.listed()["Drawing"]
    rows = [row for row in sheet.findChildren(QWidget) if ": " in row.accessibleName()]
    spoken = {row.accessibleName() for row in rows}
    for heading, entries in shortcuts_of(hand.shell).items():
        for what, keys in entries:
            assert f"{what}: {', '.join(keys)}" in spoken, heading
    assert "Move about: Middle button, Space" in spoken
    QApplication.processEvents()
    assert len({row.mapTo(sheet, row.rect().topLeft()).x() for row in rows}) == 2
    assert hand.shell.rect().contains(sheet.geometry())


def test_the_sheet_is_searched_by_word_and_by_key(hand: Hand) -> None:
    hand.key(Qt.Key.Key_F1)
    sheet = hand.sheet()
    hand.type("ctrl+s")
    assert ("Save", ("Ctrl+S",)) in sheet.listed()["File"]
    assert ("Open", ("Ctrl+O",)) not in sheet.listed()["File"]
    sheet.field.clear()
    hand.type("file save")
    assert [what for what, _ in sheet.listed()["File"]] == ["Save", "Save as"]
    sheet.field.clear()
    hand.type("xyzzy")
    assert sheet.listed() == {}
    assert any("No key does that" in label.text() for label in sheet.findChildren(QLabel))
    hand.key(Qt.Key.Key_Escape)
    assert hand.field.hasFocus()


def test_the_sheet_scrolls_by_keys(hand: Hand) -> None:
    hand.shell.resize(hand.shell.minimumSize())
    hand.shell.hints["Many"] = [(f"Thing {number}", ("X",)) for number in range(60)]
    hand.key(Qt.Key.Key_F1)
    QApplication.processEvents()
    bar = hand.sheet()._scroll.verticalScrollBar()
    hand.key(Qt.Key.Key_PageDown)
    assert bar.value() > 0
    hand.key(Qt.Key.Key_PageUp)
    assert bar.value() == 0


def test_a_question_mark_in_a_field_is_a_letter(hand: Hand) -> None:
    hand.type("what?")
    assert hand.field.text() == "what?"
    assert hand.shell.findChild(ShortcutSheet) is None
