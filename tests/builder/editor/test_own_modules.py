"""The user's library in the hand: saved from the menu, offered under Yours, placed, replaced, removed and put back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from builder import editor
from builder.document import Document
from builder.editor.canvas import Canvas
from builder.editor.catalogue import OWN, Entry, entries, find
from builder.editor.entrylist import EntryList
from builder.editor.palette import Palette
from builder.edits import SetModuleDescription
from builder.library import own as library
from builder.library.own import keep, own_folder, own_modules
from builder.sketch import Sketch
from builder.widgets.session import Session
from builder.widgets.shell import Shell
from builder.writing import write_document
from tests.builder.modular.support import chain, ids, wires

CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


class Window:
    """A whole window over a small network; the library is empty at first."""

    def __init__(self, bot: QtBot) -> None:
        self.bot = bot
        library._read.clear()
        self.session = Session(Document("net", chain().graph))
        self.shell = Shell(self.session)
        bot.addWidget(self.shell)
        self.canvas: Canvas = editor.install(self.shell, self.session)
        self.shell.resize(1300, 800)
        self.shell.show()
        self.canvas.activateWindow()
        self.canvas.setFocus()
        palette = self.shell.findChild(Palette)
        assert palette is not None
        self.palette = palette
        self.told: list[str] = []
        self.session.statusMessage.connect(self.told.append)

    def group(self, *names: str, called: str = "Stem") -> None:
        """Ctrl+G, a name, Enter."""
        self.session.select(ids(self.canvas.graph, *names))
        self.bot.keyClick(self.canvas, Qt.Key.Key_G, CONTROL)
        field = QApplication.focusWidget()
        self.bot.keyClicks(field, called)
        self.bot.keyClick(field, Qt.Key.Key_Return)

    def action(self, text: str) -> QAction:
        """An action of the context menu at the selection."""
        menu = self.canvas.commands.menu(QPointF())
        self.bot.addWidget(menu)
        return next(action for action in menu.actions() if action.text() == text)

    def save(self) -> None:
        self.action("Save module to your library").trigger()

    def button(self, text: str) -> QPushButton:
        """A button in the line of messages."""
        found = [one for one in self.shell.messages.findChildren(QPushButton) if one.text() == text]
        return next(one for one in found if one.isVisible())

    def press(self, text: str) -> None:
        self.bot.mouseClick(self.button(text), LEFT)

    def yours(self) -> list[str]:
        """What the palette has under Yours, folded open."""
        return [entry.title for entry in entries(self.session.document, self.canvas.graph.key) if entry.own]

    def files(self) -> list[str]:
        return sorted(file.name for file in own_folder().glob("*")) if own_folder().exists() else []


@pytest.fixture
def window(qtbot: QtBot) -> Window:
    return Window(qtbot)


def new_window(window: Window, document: Document | None = None) -> None:
    """Another document, as another start would have it."""
    net = Sketch()
    net.output(net.add("relu", "relu", net.input((8, 16, 16))))
    window.session.replace(document or Document("other", net.graph))


def entry(window: Window, title: str = "Stem") -> Entry:
    return next(one for one in entries(window.session.document) if one.own and one.title == title)


# in ----------------------------------------------------------------------------------------------------------


def test_a_module_is_saved_and_offered_under_yours(window: Window) -> None:
    window.group("conv", "bn", "relu")
    window.save()
    assert window.files() == ["Stem.convolab"]
    assert any("Stem is in your library" in message for message in window.told)
    assert window.yours() == ["Stem"]
    assert "Stem" in window.palette.list.titles()
    new_window(window)
    (found,) = [one for one in find("stem", entries(window.session.document)) if one.own]
    assert found.category == OWN


def test_inside_a_module_it_is_this_one_that_is_saved(window: Window) -> None:
    window.group("conv", "bn", "relu")
    window.session.enter("stem")
    assert window.session.selection == ()
    window.save()
    assert window.files() == ["Stem.convolab"]


def test_there_is_nothing_to_save_outside_of_modules(window: Window) -> None:
    assert not window.canvas.commands.actions["keep"].isEnabled()
    window.session.select(ids(window.canvas.graph, "conv"))
    assert not window.canvas.commands.actions["keep"].isEnabled()
    window.canvas.commands.modules.keep_module()
    assert window.files() == []


def test_the_menus_have_it(window: Window) -> None:
    actions = [action.text() for action in window.shell.menu("Edit").actions()]
    wanted = ["Group into a module", "Ungroup", "Repeat…", "Save module to your library"]
    assert [text for text in actions if text in wanted] == wanted


# out of the palette ------------------------------------------------------------------------------------------


def test_it_is_placed_in_another_network_with_its_module(window: Window) -> None:
    window.group("conv", "bn", "relu")
    window.save()
    new_window(window)
    before = write_document(window.session.document)
    window.palette.field.setFocus()
    window.bot.keyClicks(window.palette.field, "stem")
    window.bot.keyClick(window.palette.field, Qt.Key.Key_Return)
    assert list(window.session.document.modules) == ["Stem"]
    window.session.flush()
    assert [window.canvas.graph.node(one).block for one in window.session.selection] == ["module:Stem"]
    window.session.undo()
    assert write_document(window.session.document) == before


def test_it_goes_on_a_wire_and_in_place_of_a_node(window: Window) -> None:
    window.group("conv", "bn", "relu")
    window.save()
    new_window(window)
    commands = window.canvas.commands
    (edge, *_) = [one for one in window.canvas.graph.edges() if one.target_port == "x"]
    commands.add(entry(window), on=edge)
    assert {"input.y > stem.input", "stem.output > relu.x"} <= wires(window.session.document)
    commands.swap(ids(window.canvas.graph, "relu")[0], entry(window))
    relu = window.canvas.graph.by_name("relu")
    assert relu is not None
    assert relu.block == "module:Stem"
    assert {"stem.output > relu.input", "relu.output > output.x"} <= wires(window.session.document)
    window.session.flush()
    assert window.session.analysis.ok


def test_where_another_module_is_called_so_it_comes_under_a_number(window: Window) -> None:
    window.group("conv", "bn", "relu")
    window.save()
    window.session.perform("Describe", [SetModuleDescription("Stem", "Another.")])
    window.session.flush()
    titles = [one.title for one in entries(window.session.document) if one.title == "Stem"]
    assert len(titles) == 2  # the document's, and the library's
    window.canvas.commands.add(entry(window))
    assert set(window.session.document.modules) == {"Stem", "Stem2"}


def test_what_the_document_has_just_so_is_offered_once(window: Window) -> None:
    window.group("conv", "bn", "relu")
    window.save()
    assert [one.category for one in entries(window.session.document) if one.title == "Stem"] == [OWN]
    window.session.enter("stem")
    assert window.yours() == []  # not within itself


def test_it_is_dragged_like_any_block(window: Window) -> None:
    from builder.editor.catalogue import entry_of_mime, mime_of_entry

    window.group("conv", "bn", "relu")
    window.save()
    new_window(window)
    found = entry_of_mime(mime_of_entry(entry(window)), window.session.document)
    assert found is not None
    assert found.own is not None


# another of that name ----------------------------------------------------------------------------------------


def _changed(window: Window) -> None:
    """The module saved, and saved again when it has become another."""
    window.group("conv", "bn", "relu")
    window.save()
    window.session.perform("Describe", [SetModuleDescription("Stem", "Another.")])
    window.save()


def test_another_of_that_name_is_asked_about_and_replaced(window: Window) -> None:
    _changed(window)
    assert "another is called 'Stem'" in window.shell.messages.offers[0].problem.message
    window.press("Replace")
    assert window.files() == ["Stem.convolab"]
    assert own_modules().modules[0].module.description == "Another."
    assert window.shell.messages.offers == ()


def test_or_both_are_kept(window: Window) -> None:
    _changed(window)
    window.press("Keep both")
    assert window.files() == ["Stem.convolab", "Stem2.convolab"]
    assert window.yours() == ["Stem", "Stem2"]


def test_or_nothing_happens(window: Window) -> None:
    _changed(window)
    window.shell.messages.setFocus()
    window.bot.keyClick(window.shell.messages, Qt.Key.Key_Escape)
    assert own_modules().modules[0].module.description != "Another."
    assert not window.shell.messages.isVisible()


def test_what_is_asked_about_may_be_gone_by_then(window: Window) -> None:
    _changed(window)
    button = window.button("Replace")
    new_window(window)
    window.bot.mouseClick(button, LEFT)
    assert own_modules().modules[0].module.description != "Another."


# out of the library ------------------------------------------------------------------------------------------


def _current(window: Window, title: str) -> EntryList:
    """The palette's list, with an entry chosen by the arrow keys."""
    window.palette.field.setFocus()
    window.bot.keyClicks(window.palette.field, title)
    window.palette.list.setFocus()
    current = window.palette.list.current()
    assert current is not None
    assert current.own is not None
    return window.palette.list


def test_a_module_is_removed_by_delete_and_put_back(window: Window) -> None:
    window.group("conv", "bn", "relu")
    window.save()
    text = (own_folder() / "Stem.convolab").read_text()
    window.bot.keyClick(_current(window, "stem"), Qt.Key.Key_Delete)
    assert window.files() == []
    assert window.yours() == []
    assert "Stem" in window.session.document.modules
    window.press("Put it back")
    assert (own_folder() / "Stem.convolab").read_text() == text
    assert window.yours() == ["Stem"]
    assert window.shell.messages.offers == ()


def test_or_from_its_menu(window: Window) -> None:
    window.group("conv", "bn", "relu")
    window.save()
    listed = _current(window, "stem")
    listed.customContextMenuRequested.emit(QPoint(5, 5))
    (menu,) = [one for one in window.palette.findChildren(QMenu) if one.isVisible()]
    window.bot.waitUntil(menu.isVisible)
    action = next(one for one in menu.actions() if one.text() == "Remove from your library")
    action.trigger()
    menu.close()
    assert window.files() == []


def test_delete_leaves_other_entries_alone(window: Window) -> None:
    window.palette.field.setFocus()
    window.bot.keyClicks(window.palette.field, "conv")
    window.bot.keyClick(window.palette.list, Qt.Key.Key_Delete)
    window.palette.list.customContextMenuRequested.emit(QPoint(5, 5))
    assert window.palette.findChildren(QMenu) == []
    assert window.shell.messages.offers == ()


def test_what_cannot_be_written_is_told(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in the way").write_text("")
    monkeypatch.setattr(library, "own_folder", lambda: tmp_path / "in the way" / "modules")
    window.group("conv", "bn", "relu")
    window.save()
    assert [problem.code for problem in window.shell.messages.problems] == ["library-not-written"]


# what others put there ---------------------------------------------------------------------------------------


def test_a_damaged_file_is_one_line_at_the_start(qtbot: QtBot) -> None:
    own_folder().mkdir(parents=True)
    (own_folder() / "broken.convolab").write_text("{")
    keep(_with_stem(), "Stem")
    window = Window(qtbot)
    assert [problem.code for problem in window.shell.messages.problems] == ["library-damaged"]
    assert "broken.convolab" in window.shell.messages.problems[0].message
    assert window.yours() == ["Stem"]


def _with_stem() -> Document:
    from builder.edits import Batch
    from builder.modular import Outcome, group

    document = Document("net", chain().graph)
    outcome = group(document, "", ids(document.network, "conv", "bn"), "Stem")
    assert isinstance(outcome, Outcome)
    document.apply(Batch(outcome.edits))
    return document
