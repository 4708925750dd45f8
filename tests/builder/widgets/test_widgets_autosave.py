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
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from builder import keeping
from builder.architectures import ARCHITECTURES
from builder.document import Document
from builder.keeping import head_of, own_folder
from builder.reading import read_document
from builder.widgets import autosave
from builder.writing import save
from tests.keeping_window import KeepingWindow
from tests.left_behind import names


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


# when a copy is written ----------------------------------------------------------------------------------


def test_nothing_is_written_while_nothing_changes(window: KeepingWindow, file: Path) -> None:
    window.bot.wait(100)
    assert names(own_folder()) == []
    window.session.open_document(file)
    window.bot.wait(100)
    assert names(file.parent) == ["mine.convolab"]


def test_a_change_is_kept_after_a_rest_and_not_written_again(window: KeepingWindow, file: Path) -> None:
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


def test_one_who_never_rests_is_kept_safe_too(window: KeepingWindow) -> None:
    end = time.monotonic() + 5
    number = 0
    while time.monotonic() < end and not window.copies():
        number += 1
        window.rename(f"name {number}")
        window.bot.wait(10)
    assert window.copies()
    assert number > 8  # it was not the first rest


def test_nothing_is_written_while_a_button_is_held(
    window: KeepingWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    buttons = [Qt.MouseButton.LeftButton]
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: buttons[0])
    window.rename("dragged")
    window.bot.wait(120)
    assert window.copies() == []
    buttons[0] = Qt.MouseButton.NoButton
    assert b"dragged" in window.wait_for_copy().read_bytes()


def test_training_begins_with_a_copy(window: KeepingWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave, "REST", 60_000)
    monkeypatch.setattr(autosave, "LONGEST", 60_000)
    window.rename("about to train")
    window.session.set_run_state("starting")
    assert b"about to train" in window.wait_for_copy().read_bytes()


@pytest.mark.parametrize("how", ["save", "undo", "another", "close"])
def test_the_copy_goes_when_nothing_can_be_lost(window: KeepingWindow, file: Path, how: str) -> None:
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


def test_after_saving_elsewhere_the_copy_lies_there(window: KeepingWindow, file: Path) -> None:
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


def test_redo_to_what_was_kept_before_is_kept_again(window: KeepingWindow) -> None:
    window.rename("once")
    first = window.wait_for_copy()
    window.session.undo()
    window.bot.waitUntil(lambda: not first.exists())
    window.session.redo()
    assert b"once" in window.wait_for_copy().read_bytes()


# disks that fail -----------------------------------------------------------------------------------------


def test_a_full_disk_is_said_once_and_tried_again(
    window: KeepingWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    window: KeepingWindow, file: Path, monkeypatch: pytest.MonkeyPatch
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
