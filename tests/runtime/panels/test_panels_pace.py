"""The window follows a run as often as its own work for that stays a small share of the time."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from builder.document import Document
from builder.sketch import Sketch
from builder.widgets.session import Session
from runtime.panels.training import _POLL, _SLOWEST, Training


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
