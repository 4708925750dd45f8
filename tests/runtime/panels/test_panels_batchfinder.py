"""The button beside the batch: it looks for the largest behind the window, can be stopped, and offers the best."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.errors import Problem
from runtime.panels.tuning.batchfinder import BatchFinder
from runtime.training.searching.largest import BatchFound
from tests.runtime.panels.conftest import MakeWindow, Window

LONG = 60_000
LEFT = Qt.MouseButton.LeftButton
FOUND = BatchFound(1077, "data", 256, ((2, 800.0), (64, 9000.0), (256, 14_000.0), (1077, 14_100.0)))


@pytest.fixture
def window(make_window: MakeWindow) -> Window:
    made = make_window()
    made.shell.set_workspace("Train")
    made.show("Training")
    QApplication.processEvents()
    return made


def click(window: Window, qtbot: QtBot) -> BatchFinder:
    panel = window.panels.settings
    qtbot.mouseClick(panel.form("batch").side_button("batch"), LEFT)
    return panel.batches


def test_the_largest_batch_is_looked_for_shown_and_used(window: Window, qtbot: QtBot) -> None:
    assert window.panels.settings.batches.isHidden()
    window.set_training(device="cpu")
    finder = click(window, qtbot)
    assert finder.isVisible()
    assert finder.close_.text() == "Stop"
    assert window.panels.settings.finder.isHidden()
    qtbot.waitUntil(lambda: finder.found is not None, timeout=LONG)
    assert finder.found is not None
    fastest = finder.found.fastest
    assert f"{finder.found.largest:,}" in finder.said.text()
    assert finder.use.text() == f"Use {fastest}"
    assert finder.picture.mark is not None
    qtbot.mouseClick(finder.use, LEFT)
    assert window.session.document.training["batch"] == fastest
    assert finder.isHidden()
    window.session.undo()
    assert "batch" not in window.session.document.training


def test_a_search_tells_which_batch_it_tries_and_can_be_stopped(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = threading.Event()

    def slow(_document, _settings, _data, *, stop, trying):  # type: ignore[no-untyped-def]
        trying(4096)
        while not stop():
            stopped.wait(0.01)
        stopped.set()
        return FOUND

    monkeypatch.setattr("runtime.training.searching.largest.find_batch", slow)
    finder = click(window, qtbot)
    qtbot.waitUntil(lambda: finder.said.text() == "Trying a batch of 4,096…", timeout=LONG)
    assert finder.close_.text() == "Stop"
    qtbot.mouseClick(finder.close_, LEFT)
    assert finder.isHidden()
    assert stopped.wait(LONG / 1000)
    qtbot.waitUntil(lambda: not window.panels.searches.busy, timeout=LONG)
    QApplication.processEvents()
    assert finder.found is None


def test_a_batch_is_not_looked_for_while_a_run_goes_on(window: Window, qtbot: QtBot) -> None:
    window.set_training(epochs=1000)
    window.panels.training.start()
    finder = click(window, qtbot)
    assert "stop the run first" in finder.said.text()
    assert finder.use.isHidden()
    assert not window.panels.searches.busy
    window.panels.training.stop()
    qtbot.waitUntil(lambda: not window.panels.training.is_running, timeout=LONG)


def test_where_nothing_fits_the_problem_is_told(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = Problem("out-of-memory", "A training must fit in memory", "not even a batch of 2 images does")
    monkeypatch.setattr("runtime.training.searching.largest.find_batch", lambda *_, **__: [problem])
    finder = click(window, qtbot)
    qtbot.waitUntil(lambda: finder.said.text() == problem.message, timeout=LONG)
    assert finder.close_.text() == "Close"
    assert finder.use.isHidden()
    assert finder.picture.isHidden()


def test_a_single_trial_makes_no_picture(window: Window) -> None:
    finder = window.panels.settings.batches
    finder.search()
    finder.dismiss()
    finder.show()
    finder.show_found(replace(FOUND, largest=2, limit="memory", fastest=2, tried=FOUND.tried[:1]))
    assert "by memory" in finder.said.text()
    assert finder.picture.isHidden()
    finder.show_found(FOUND)
    assert finder.picture.isVisible()
    assert finder.picture.right == "batch of 1,077"
