"""How busy a run keeps the machine, told with its steps."""

from __future__ import annotations

import json
import time

import pytest
import torch

from runtime.training.computing.usage import Gauge
from runtime.training.events import Steps, from_json, to_json

CPU = torch.device("cpu")


def test_waiting_for_data_is_told_as_a_share(monkeypatch):
    now = [10.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def slow():
        for number in range(3):
            now[0] += 1.0
            yield number

    gauge = Gauge(CPU)
    found = []
    for number in gauge.timed(slow()):
        found.append(number)
        now[0] += 2.0
    assert found == [0, 1, 2]
    assert gauge.read().data_wait == pytest.approx(1 / 3)
    gauge.begin()
    now[0] += 1.0
    assert gauge.read().data_wait == 0.0


def test_the_processor_is_told_by_the_time_it_worked(monkeypatch):
    now, worked = [10.0], [5.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(time, "process_time", lambda: worked[0])
    monkeypatch.setattr("runtime.training.computing.usage.usable_cores", lambda: 4)
    gauge = Gauge(CPU)
    now[0] += 2.0
    worked[0] += 4.0
    assert gauge.read().utilisation == pytest.approx(0.5)


@pytest.mark.parametrize(
    "error", [ModuleNotFoundError("pynvml"), RuntimeError("no driver"), Exception("Not Supported")]
)
def test_a_gpu_that_does_not_tell_is_asked_once(monkeypatch, error):
    asked = []

    def refuse(device):
        asked.append(device)
        raise error

    monkeypatch.setattr(torch.cuda, "utilization", refuse)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda _device: 77)
    gauge = Gauge(torch.device("cuda"))
    assert [gauge.read().utilisation for _ in range(3)] == [None] * 3
    assert gauge.read().memory == 77
    assert len(asked) == 1


def test_steps_tell_it(tiny):
    steps = [event for event in tiny.trainer(epochs=1).events() if isinstance(event, Steps)]
    assert steps
    for event in steps:
        assert 0.0 <= event.data_wait <= 1.0
        assert event.utilisation is not None
        assert 0.0 <= event.utilisation <= 1.0
        assert event.memory is None or event.memory > 10_000_000  # Python and PyTorch alone take more
        assert from_json(json.loads(json.dumps(to_json(event)))) == event
