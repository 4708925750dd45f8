"""Work in pieces: one after the other, none while a button is held, none once it is stopped."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from builder.widgets.slices import Slices


def test_pieces_come_one_after_the_other_until_all_is_done(qtbot: QtBot) -> None:
    left = [3]
    turns: list[int] = []

    def step() -> bool:
        turns.append(left[0])
        left[0] -= 1
        return left[0] > 0

    slices = Slices(step)
    slices.start()
    slices.start()  # it is going on already
    assert turns == []
    qtbot.waitUntil(lambda: not slices.is_active)
    assert turns == [3, 2, 1]
    left[0] = 1
    slices.start(1)
    qtbot.waitUntil(lambda: not slices.is_active)
    assert turns == [3, 2, 1, 1]


def test_nothing_is_done_while_a_button_is_held(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    held = [Qt.MouseButton.LeftButton]
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: held[0])
    done: list[bool] = []
    slices = Slices(lambda: bool(done.append(True)))
    slices.start()
    qtbot.wait(50)
    assert done == []
    assert slices.is_active
    held[0] = Qt.MouseButton.NoButton
    qtbot.waitUntil(lambda: bool(done))


def test_what_is_stopped_stays_so(qtbot: QtBot) -> None:
    done: list[bool] = []
    slices = Slices(lambda: bool(done.append(True)))
    slices.start()
    slices.stop()
    qtbot.wait(30)
    assert done == []
