"""Copies of what is in no file: when they are written, when not, and what is offered after a crash."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from builder import keeping
from builder.architectures import ARCHITECTURES
from builder.document import Document
from builder.edits import SetName
from builder.keeping import Keeper, head_of, own_folder
from builder.reading import read_document
from builder.widgets import autosave, recovery
from builder.widgets.recovery import Recovery, moment
from builder.widgets.session import Session
from builder.widgets.shell import Shell
from builder.writing import save, write_document
from tests.left_behind import changed, left, names


class Window:
    """A window that keeps copies, impatiently."""

    def __init__(self, qtbot: QtBot, document: Document | None = None) -> None:
        self.bot = qtbot
        self.session = Session(document or ARCHITECTURES["lenet5"].build())
        self.shell = Shell(self.session)
        self.said: list[str] = []
        self.session.statusMessage.connect(self.said.append)
        qtbot.addWidget(self.shell, before_close_func=lambda _: self.session.history.mark_saved())
        self.recovery: Recovery = recovery.install(self.shell)

    def rename(self, name: str) -> None:
        self.session.perform("Rename", [SetName(name)])

    def settle(self) -> None:
        self.bot.waitUntil(lambda: not self.recovery._worker.busy)
        QApplication.processEvents()

    def copies(self) -> list[Path]:
        folder = own_folder() if self.session.path is None else self.session.path.parent
        return [folder / name for name in names(folder) if name.endswith(".autosave")]

    def wait_for_copy(self) -> Path:
        self.bot.waitUntil(lambda: bool(self.copies()))
        self.settle()
        (copy,) = self.copies()
        return copy

    def buttons(self) -> list[QPushButton]:
        QApplication.processEvents()
        return [
            button
            for button in self.shell.messages.findChildren(QPushButton)
            if button.text() in ("Restore", "Discard") and button.isVisibleTo(self.shell.messages)
        ]

    def wait_for_offers(self, number: int = 1) -> None:
        self.bot.waitUntil(lambda: len(self.shell.messages.offers) == number)

    def press(self, text: str) -> None:
        button = next(button for button in self.buttons() if button.text() == text)
        self.bot.mouseClick(button, Qt.MouseButton.LeftButton)

    def words(self) -> str:
        return "\n".join(offer.problem.message for offer in self.shell.messages.offers)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"REST": 30, "LONGEST": 200, "AGAIN": 60, "HELD": 10}.items():
        monkeypatch.setattr(autosave, name, value)


@pytest.fixture
def window(qtbot: QtBot, quick: None) -> Iterator[Window]:
    made = Window(qtbot)
    yield made
    made.session.history.mark_saved()
    made.shell.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "nets" / "mine.convolab"
    path.parent.mkdir()
    assert save(ARCHITECTURES["lenet5"].build(), path) is None
    return path


# when a copy is written ----------------------------------------------------------------------------------


def test_nothing_is_written_while_nothing_changes(window: Window, file: Path) -> None:
    window.bot.wait(100)
    assert names(own_folder()) == []
    window.session.open_document(file)
    window.bot.wait(100)
    assert names(file.parent) == ["mine.convolab"]


def test_a_change_is_kept_after_a_rest_and_not_written_again(window: Window, file: Path) -> None:
    window.session.open_document(file)
    window.rename("one")
    window.rename("two")
    copy = window.wait_for_copy()
    text = copy.read_text("utf-8")
    head = head_of(text)
    assert isinstance(head, keeping.Head)
    assert head.steps == 2
    kept = read_document(text.partition("\n")[2])
    assert isinstance(kept, Document)
    assert kept.name == "two"
    before = copy.stat().st_mtime_ns
    window.session.select([next(iter(window.session.graph)).id])
    window.session.historyChanged.emit()
    window.session.savedChanged.emit()
    window.bot.wait(120)
    assert copy.stat().st_mtime_ns == before


def test_one_who_never_rests_is_kept_safe_too(window: Window) -> None:
    end = time.monotonic() + 5
    number = 0
    while time.monotonic() < end and not window.copies():
        number += 1
        window.rename(f"name {number}")
        window.bot.wait(10)
    assert window.copies()
    assert number > 8  # it was not the first rest


def test_nothing_is_written_while_a_button_is_held(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    buttons = [Qt.MouseButton.LeftButton]
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: buttons[0])
    window.rename("dragged")
    window.bot.wait(120)
    assert window.copies() == []
    buttons[0] = Qt.MouseButton.NoButton
    assert b"dragged" in window.wait_for_copy().read_bytes()


def test_training_begins_with_a_copy(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave, "REST", 60_000)
    monkeypatch.setattr(autosave, "LONGEST", 60_000)
    window.rename("about to train")
    window.session.set_run_state("starting")
    assert b"about to train" in window.wait_for_copy().read_bytes()


@pytest.mark.parametrize("how", ["save", "undo", "another", "close"])
def test_the_copy_goes_when_nothing_can_be_lost(window: Window, file: Path, how: str) -> None:
    window.session.open_document(file)
    window.rename("changed")
    copy = window.wait_for_copy()
    if how == "save":
        assert window.session.save()
    elif how == "undo":
        window.session.undo()
    elif how == "another":
        window.session.replace(Document())
    else:
        window.shell.close()
        box = window.shell._question
        assert box is not None
        window.bot.mouseClick(box.button(QMessageBox.StandardButton.Discard), Qt.MouseButton.LeftButton)
    window.bot.waitUntil(lambda: not copy.exists())
    window.bot.wait(80)
    assert names(file.parent) == ["mine.convolab"]
    if how == "close":
        assert names(own_folder()) == []


def test_after_saving_elsewhere_the_copy_lies_there(window: Window, file: Path) -> None:
    window.rename("first")
    first = window.wait_for_copy()
    assert window.session.save_as(file)
    window.bot.waitUntil(lambda: not first.exists())
    window.rename("second")
    copy = window.wait_for_copy()
    assert copy.parent == file.parent
    head = head_of(copy.read_text("utf-8"))
    assert isinstance(head, keeping.Head)
    assert head.opened == keeping.fingerprint(file)


def test_redo_to_what_was_kept_before_is_kept_again(window: Window) -> None:
    window.rename("once")
    first = window.wait_for_copy()
    window.session.undo()
    window.bot.waitUntil(lambda: not first.exists())
    window.session.redo()
    assert b"once" in window.wait_for_copy().read_bytes()


# disks that fail -----------------------------------------------------------------------------------------


def test_a_full_disk_is_said_once_and_tried_again(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Path] = []
    is_full = [True]
    real = keeping.replace_file

    def replace_file(target: Path, content: bytes, **how: Any) -> None:
        tried.append(target)
        if is_full[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(target, content, **how)

    told: list[Any] = []
    window.session.problemsFound.connect(told.append)
    monkeypatch.setattr(keeping, "replace_file", replace_file)
    window.rename("one")
    window.bot.waitUntil(lambda: len(tried) >= 3)  # by itself, without another change
    window.settle()
    assert len(told) == 1
    assert os.strerror(errno.ENOSPC) in told[0][0].message
    assert QApplication.activeModalWidget() is None
    is_full[0] = False
    assert b"one" in window.wait_for_copy().read_bytes()


def test_a_folder_that_takes_nothing_is_said_once_and_quietly(
    window: Window, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = keeping.replace_file

    def replace_file(target: Path, content: bytes, **how: Any) -> None:
        if target.parent == file.parent:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        real(target, content, **how)

    monkeypatch.setattr(keeping, "replace_file", replace_file)
    window.session.open_document(file)
    window.said.clear()
    for name in ("one", "two", "three"):
        window.rename(name)
        window.bot.waitUntil(
            lambda name=name: any(
                name.encode() in path.read_bytes() for path in own_folder().glob("*.autosave")
            )
        )
        window.settle()
    assert window.shell.messages.problems == ()
    (said,) = window.said
    assert str(own_folder()) in said
    assert os.strerror(errno.EACCES) in said


# what is offered -----------------------------------------------------------------------------------------


def test_what_a_crash_left_is_offered_at_the_start(qtbot: QtBot, quick: None, file: Path) -> None:
    keeper = Keeper()
    copy = left(keeper, file)
    window = Window(qtbot)
    window.shell.show()
    window.wait_for_offers()
    assert window.shell.messages.isVisible()
    assert QApplication.activeModalWidget() is None
    assert "mine.convolab" in window.words()
    assert "just now; 2 edits: 1 block moved and settings" in window.words()
    assert window.session.document.name == "lenet5"
    window.press("Restore")
    assert window.shell.messages.offers == ()
    assert not window.shell.messages.isVisible()
    assert window.session.path == file
    assert not window.session.is_saved
    assert write_document(window.session.document) == write_document(changed())
    qtbot.waitUntil(lambda: not copy.exists())
    own = window.wait_for_copy()  # so that a second crash loses nothing either
    assert window.recovery.autosave.token in own.name
    assert window.session.save()
    window.settle()
    assert names(file.parent) == ["mine.convolab"]
    window.shell.close()
    assert names(own_folder()) == []


def test_it_is_offered_when_the_file_is_opened_and_may_be_discarded(window: Window, file: Path) -> None:
    copy = left(Keeper(), file)
    window.bot.wait(50)
    window.shell.show()
    window.shell.messages.put_away()  # what the start has offered
    window.session.open_document(file)
    window.wait_for_offers()
    window.press("Discard")
    assert not copy.exists()
    assert window.shell.messages.offers == ()
    assert window.session.is_saved
    assert window.session.document.name == "lenet5"
    assert names(own_folder()) == []


def test_what_was_put_away_is_kept(qtbot: QtBot, window: Window, file: Path) -> None:
    copy = left(Keeper(), file)
    window.session.open_document(file)
    window.shell.show()
    window.wait_for_offers()
    window.shell.messages.setFocus()
    qtbot.keyClick(window.shell.messages, Qt.Key.Key_Escape)
    assert window.shell.messages.offers == ()
    assert not window.shell.messages.isVisible()
    assert copy.exists()
    window.session.open_document(file)
    window.wait_for_offers()


def test_several_are_offered_together_and_each_by_itself(qtbot: QtBot, quick: None, file: Path) -> None:
    left(Keeper(), file)
    other = file.with_name("other.convolab")
    assert save(ARCHITECTURES["alexnet"].build(), other) is None
    left(Keeper(), other)
    nameless = left(Keeper(), None)
    window = Window(qtbot)
    window.shell.show()
    window.wait_for_offers(3)
    bar = window.shell.messages
    assert bar._more.text() == "1 more message"
    qtbot.mouseClick(bar._more, Qt.MouseButton.LeftButton)
    assert [button.text() for button in window.buttons()] == ["Restore", "Discard"] * 3
    offer = next(offer for offer in bar.offers if "“changed”" in offer.problem.rule)
    blocks = sum(len(graph) for graph in changed().graphs())
    assert f"{blocks} blocks" in offer.problem.message
    assert "no file yet" in offer.problem.message
    offer.choices[0].do()
    assert window.session.path is None
    assert not window.session.is_saved
    qtbot.waitUntil(lambda: not nameless.exists())
    assert len(bar.offers) == 2
    window.session.history.mark_saved()
    window.shell.close()


def test_restoring_asks_about_what_is_not_saved(window: Window, file: Path) -> None:
    copy = left(Keeper(), file)
    window.session.open_document(file)
    window.shell.show()
    window.wait_for_offers()
    window.rename("mine")
    window.press("Restore")
    box = window.shell._question
    assert box is not None
    window.bot.mouseClick(box.button(QMessageBox.StandardButton.Cancel), Qt.MouseButton.LeftButton)
    assert window.session.document.name == "mine"
    assert len(window.shell.messages.offers) == 1
    assert copy.exists()


def test_problems_come_and_go_beside_an_offer(window: Window, file: Path) -> None:
    left(Keeper(), file)
    window.session.open_document(file)
    window.shell.show()
    window.wait_for_offers()
    window.session.open_document(file.with_name("missing.convolab"))
    assert len(window.shell.messages.problems) == 1
    assert [button.text() for button in window.buttons()] == ["Restore", "Discard"]
    window.session.open_document("alexnet")
    assert window.shell.messages.problems == ()
    assert len(window.shell.messages.offers) == 1
    assert window.shell.messages.isVisible()


def test_a_living_windows_copy_is_not_offered(qtbot: QtBot, window: Window, file: Path) -> None:
    other = Window(qtbot)
    other.session.open_document(file)
    other.rename("theirs")
    other.wait_for_copy()
    window.said.clear()
    window.session.open_document(file)
    window.settle()
    qtbot.waitUntil(lambda: any("open in another window" in text for text in window.said))
    assert window.shell.messages.offers == ()
    window.rename("ours")
    qtbot.waitUntil(lambda: len(names(file.parent)) == 3)
    for one in (other, window):
        one.session.history.mark_saved()
        one.shell.close()
    assert names(file.parent) == ["mine.convolab"]


def test_a_damaged_copy_is_told_with_a_way_to_be_rid_of_it(window: Window, file: Path) -> None:
    copy = left(Keeper(), file)
    copy.write_bytes(copy.read_bytes()[:900])
    window.session.open_document(file)
    window.shell.show()
    window.wait_for_offers()
    assert [button.text() for button in window.buttons()] == ["Discard"]
    assert str(copy) in window.words()
    window.press("Discard")
    assert not copy.exists()


def test_hostile_names_stay_texts(window: Window, tmp_path: Path) -> None:
    document = ARCHITECTURES["lenet5"].build()
    document.apply(SetName("<img src='file:///etc/passwd'>"))
    left(Keeper(), None, document)
    window.recovery._look_at_start()
    window.wait_for_offers()
    texts = [label.text() for label in window.shell.messages.findChildren(QLabel)]
    assert any("&lt;img" in text for text in texts)
    assert not any("<img" in text for text in texts)


def test_a_copy_that_cannot_be_deleted_is_told(
    window: Window, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = left(Keeper(), file)
    window.session.open_document(file)
    window.shell.show()
    window.wait_for_offers()

    def refused(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "unlink", refused)
    window.press("Discard")
    monkeypatch.undo()
    assert str(copy) in window.shell.messages.problems[0].message


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (1e9 - 5, "just now"),
        (1e9 - 600, "10 min ago"),
        (1e9 - 86400 * 3, "on 0"),
        (1e9 + 86400 * 365, "on "),
        (1e300, "at an unknown time"),
        (-1e300, "at an unknown time"),
    ],
)
def test_when_in_words(written: float, words: str) -> None:
    assert moment(written, 1e9).startswith(words)
