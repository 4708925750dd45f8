"""The thread behind the window."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from builder.errors import Problem
from builder.widgets.worker import Worker


@pytest.fixture
def worker(qtbot: QtBot) -> Iterator[Worker]:
    made = Worker("test worker")
    yield made
    assert made.close(5)


def test_answers_come_in_the_windows_thread(worker: Worker, qtbot: QtBot) -> None:
    came: list[tuple[str, str]] = []
    worker.submit(
        "a",
        lambda: threading.current_thread().name,
        lambda name: came.append((name, threading.current_thread().name)),
    )
    qtbot.waitUntil(lambda: bool(came))
    assert came == [("test worker", threading.main_thread().name)]
    assert not worker.busy


def test_the_newest_wish_of_a_kind_wins(worker: Worker, qtbot: QtBot) -> None:
    go, came, worked = threading.Event(), [], []

    def work(number: int) -> int:
        if number == 0:
            go.wait(5)
        worked.append(number)
        return number

    for number in range(5):
        worker.submit("view", lambda n=number: work(n), came.append)
        if number == 0:
            qtbot.waitUntil(lambda: worker._running is not None)
    worker.submit("other", lambda: "other", came.append)
    go.set()
    qtbot.waitUntil(lambda: len(came) == 2)
    assert came == [4, "other"]
    assert worked == [0, 4]


def test_what_is_dropped_is_not_delivered(worker: Worker, qtbot: QtBot) -> None:
    came: list[str] = []
    go = threading.Event()
    worker.submit("a", lambda: go.wait(5) and "a", came.append)
    worker.drop("a")
    go.set()
    worker.submit("b", lambda: "b", came.append)
    qtbot.waitUntil(lambda: bool(came))
    assert came == ["b"]


def test_a_failing_job_is_a_problem_and_the_next_one_runs(
    worker: Worker, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    came: list[object] = []
    with caplog.at_level(logging.CRITICAL):
        worker.submit("a", lambda: 1 / 0, came.append)
        worker.submit("b", lambda: 2, came.append)
        qtbot.waitUntil(lambda: len(came) == 2)
    assert isinstance(came[0], Problem)
    assert "division by zero" in came[0].message
    assert came[1] == 2


def test_closing_waits_and_takes_no_more(qtbot: QtBot) -> None:
    worker, came = Worker("short-lived"), []
    worker.submit("a", lambda: "late", came.append)
    assert worker.close(5)
    worker.submit("b", lambda: "never", came.append)
    qtbot.wait(20)
    assert "never" not in came
    assert not any(thread.name == "short-lived" for thread in threading.enumerate())
