"""What a window that died has left is offered, plainly, and nothing else is."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from builder.architectures import ARCHITECTURES
from builder.edits import SetName
from builder.keeping import Keeper, own_folder
from builder.widgets import autosave
from builder.widgets.recovery import moment
from builder.writing import save, write_document
from tests.keeping_window import KeepingWindow
from tests.left_behind import changed, left, names


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"REST": 30, "LONGEST": 200, "AGAIN": 60, "HELD": 10}.items():
        monkeypatch.setattr(autosave, name, value)


@pytest.fixture
def window(qtbot: QtBot, quick: None) -> Iterator[KeepingWindow]:
    made = KeepingWindow(qtbot)
    yield made
    made.session.history.mark_saved()
    made.shell.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "nets" / "mine.convolab"
    path.parent.mkdir()
    assert save(ARCHITECTURES["lenet5"].build(), path) is None
    return path


def test_what_a_crash_left_is_offered_at_the_start(qtbot: QtBot, quick: None, file: Path) -> None:
    keeper = Keeper()
    copy = left(keeper, file)
    window = KeepingWindow(qtbot)
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


def test_it_is_offered_when_the_file_is_opened_and_may_be_discarded(
    window: KeepingWindow, file: Path
) -> None:
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


def test_what_was_put_away_is_kept(qtbot: QtBot, window: KeepingWindow, file: Path) -> None:
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
    window = KeepingWindow(qtbot)
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


def test_restoring_asks_about_what_is_not_saved(window: KeepingWindow, file: Path) -> None:
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


def test_problems_come_and_go_beside_an_offer(window: KeepingWindow, file: Path) -> None:
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


def test_a_living_windows_copy_is_not_offered(qtbot: QtBot, window: KeepingWindow, file: Path) -> None:
    other = KeepingWindow(qtbot)
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


def test_a_damaged_copy_is_told_with_a_way_to_be_rid_of_it(window: KeepingWindow, file: Path) -> None:
    copy = left(Keeper(), file)
    copy.write_bytes(copy.read_bytes()[:900])
    window.session.open_document(file)
    window.shell.show()
    window.wait_for_offers()
    assert [button.text() for button in window.buttons()] == ["Discard"]
    assert str(copy) in window.words()
    window.press("Discard")
    assert not copy.exists()


def test_hostile_names_stay_texts(window: KeepingWindow, tmp_path: Path) -> None:
    document = ARCHITECTURES["lenet5"].build()
    document.apply(SetName("<img src='file:///etc/passwd'>"))
    left(Keeper(), None, document)
    window.recovery._look_at_start()
    window.wait_for_offers()
    texts = [label.text() for label in window.shell.messages.findChildren(QLabel)]
    assert any("&lt;img" in text for text in texts)
    assert not any("<img" in text for text in texts)


def test_a_copy_that_cannot_be_deleted_is_told(
    window: KeepingWindow, file: Path, monkeypatch: pytest.MonkeyPatch
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
