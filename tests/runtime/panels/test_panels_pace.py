"""The window follows a run as often as its own work for that allows, and tells what the run takes of the machine."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from builder.document import Document
from builder.sketch import Sketch
from builder.widgets.session import Session
from runtime.panels.running.status import usage
from runtime.panels.running.training import _POLL, _SLOWEST, Training
from runtime.training.events import Steps


@pytest.mark.parametrize(
    ("worked", "milliseconds"), [(0.0, _POLL), (0.0005, _POLL), (0.004, 200), (1.0, _SLOWEST)]
)
def test_what_the_window_works_sets_its_pace(qapp, monkeypatch, worked, milliseconds):
    now = [5.0]
    monkeypatch.setattr(time, "thread_time", lambda: now[0])
    sketch = Sketch()
    sketch.output(sketch.input((1, 4, 4)))
    training = Training(Session(Document("empty", sketch.graph)))
    training._thread = SimpleNamespace(
        is_alive=lambda: True, poll=list, close=lambda _: True, control=SimpleNamespace()
    )
    for _ in range(2):  # it is the work since the last look that counts
        now[0] += worked
        training.poll()
        assert training._timer.interval() == pytest.approx(milliseconds, abs=1)
    training._thread = None


def test_what_a_run_takes_of_the_machine_is_told():
    told = Steps(0, (1.0,), (0.5,), (0.1,), 100.0, data_wait=0.07, memory=3 * 2**30, utilisation=0.5)
    lines = usage(told).splitlines()
    assert lines[:2] == ["Waiting for data: 7% of the time", "Processor: 50% at work"]
    assert lines[2].startswith("Memory: 3")
    assert usage(Steps(0, (1.0,), (0.5,), (0.1,), 100.0)) == "Waiting for data: 0% of the time"
    assert usage(None) == ""
