"""The ring between a trainer and a window, and the thread around the loop."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np

from runtime.training.events import Maps, State
from runtime.training.thread import Ring


def maps(path, step):
    return Maps(path, step, np.zeros((1, 2, 2), np.float32))


def test_durable_events_all_arrive_in_order_and_of_maps_the_newest():
    ring = Ring()
    for step in range(100):
        ring.put(maps("a", step))
        ring.put(State("running", step))
    ring.put(maps("b", 7))
    told = ring.poll()
    assert told[:100] == [State("running", step) for step in range(100)]
    assert [(event.path, event.step) for event in told[100:]] == [("a", 99), ("b", 7)]
    assert ring.poll() == []


def test_nothing_durable_is_lost_between_two_threads():
    ring = Ring()

    def put():
        for step in range(20_000):
            ring.put(State("running", step))
            ring.put(maps(str(step % 3), step))

    writer = threading.Thread(target=put)
    writer.start()
    told = []
    while writer.is_alive():
        told += ring.poll()
    writer.join()
    while ring.has_more:
        told += ring.poll()
    assert [event.step for event in told if isinstance(event, State)] == list(range(20_000))
    for path in "012":
        steps = [event.step for event in told if isinstance(event, Maps) and event.path == path]
        assert steps == sorted(steps)
        assert steps[-1] >= 20_000 - 3


def test_what_a_window_needs_of_training_is_there_without_torch():
    modules = "events, settings, control, thread"
    program = (
        f"from runtime.training import {modules}\nfrom runtime.training.records import runs\n"
        "from runtime import weights\nimport sys\n"
        "assert not {'torch', 'safetensors'} & set(sys.modules), 'imported too early'"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_long_past_is_taken_in_parts_and_in_order():
    ring = Ring()
    for step in range(2500):
        ring.put(State("running", step))
    assert ring.is_long
    taken = [ring.poll() for _ in range(3)]
    assert [len(part) for part in taken] == [1000, 1000, 500]
    assert [event.step for part in taken for event in part] == list(range(2500))
    assert not ring.has_more
