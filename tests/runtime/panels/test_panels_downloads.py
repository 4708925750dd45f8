"""Data that is not on this computer is fetched from the data's menu, told in the status bar, and can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from builder.errors import Problem
from runtime.data import known as known_module
from runtime.data.known import BY_NAME, Source

MakeWindow = Callable[..., object]


class Fetching:
    """Stands for the web: tells half of the bytes, waits for ``go_on`` or a stop, and answers."""

    def __init__(self, answer: Problem | None = None) -> None:
        self.go_on = threading.Event()
        self.answer = answer

    def __call__(
        self, source: Source, progress: Callable[..., None], stop: Callable[[], bool]
    ) -> Problem | None:
        remote = source.remotes[0]
        progress(remote.name, remote.size // 2, remote.size)
        while not self.go_on.wait(0.01):
            if stop():
                return Problem("download-stopped", "The download was stopped")
        return self.answer


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fetching:
    fetching = Fetching()
    monkeypatch.setattr(known_module, "places", lambda name, _torchvision: (tmp_path / name,))
    monkeypatch.setattr(Source, "download", lambda *arguments: fetching(*arguments))
    return fetching


def offered(panels: object, title: str) -> QAction:
    panels.data_chip.fill()
    return next(action for action in panels.data_chip.menu().actions() if action.text().startswith(title))


def test_a_set_is_fetched_and_chosen(qtbot: QtBot, make_window: MakeWindow, web: Fetching) -> None:
    window = make_window()
    panels = window.panels
    action = offered(panels, "CIFAR-10 ")
    assert action.text() == "CIFAR-10 (download, 170 MB)"
    assert not panels.downloads.isVisible()
    action.trigger()
    qtbot.waitUntil(lambda: "85 of 170 MB" in panels.downloads.label.text())
    assert panels.downloads.isVisible()
    assert panels.downloads.bar.value() in (499, 500)
    assert offered(panels, "CIFAR-10 ").text() == "CIFAR-10 (is being fetched)"
    assert not offered(panels, "MNIST").isEnabled(), "one at a time"
    assert panels.data_chip.source == "digits"
    with qtbot.waitSignal(panels.downloads.arrived):
        web.go_on.set()
    assert panels.data_chip.source == "cifar10"
    assert not panels.downloads.isVisible()
    window.session.undo()
    assert panels.data_chip.source == "digits"


def test_a_download_can_be_stopped(qtbot: QtBot, make_window: MakeWindow, web: Fetching) -> None:
    window = make_window()
    downloads = window.panels.downloads
    offered(window.panels, "MNIST").trigger()
    said: list[str] = []
    window.session.statusMessage.connect(said.append)
    qtbot.waitUntil(downloads.isVisible)
    qtbot.mouseClick(downloads.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not downloads.isVisible())
    assert any("what came is kept" in text for text in said)
    assert downloads.fetching is None
    assert window.panels.data_chip.source == "digits"


def test_what_goes_wrong_is_told(qtbot: QtBot, make_window: MakeWindow, web: Fetching) -> None:
    web.answer = Problem("download-failed", "It could not be fetched", "no network", "Try again later")
    window = make_window()
    with qtbot.waitSignal(window.session.problemsFound) as told:
        offered(window.panels, "CIFAR-100").trigger()
        web.go_on.set()
    assert told.args == [[web.answer]]
    assert offered(window.panels, "CIFAR-100").isEnabled(), "it can be tried again"


def test_closing_the_window_stops_it(qtbot: QtBot, make_window: MakeWindow, web: Fetching) -> None:
    window = make_window()
    offered(window.panels, "MNIST").trigger()
    qtbot.waitUntil(window.panels.downloads.isVisible)
    window.panels.close()
    assert not any(thread.name == "downloads" for thread in threading.enumerate())


def test_every_set_that_is_fetched_says_how_much() -> None:
    assert {name for name, source in BY_NAME.items() if source.size} == set(BY_NAME) - {
        "digits",
        "shapes",
        "waves",
    }
