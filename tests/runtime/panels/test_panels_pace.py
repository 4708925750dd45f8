"""The window follows a run as often as its own work for that allows, and tells what the run takes of the machine."""

from __future__ import annotations

import numpy as np
import pytest

from builder.document import Document
from builder.sketch import Sketch
from builder.widgets.session import Session
from runtime.panels.running.pace import SLOWEST, Pace
from runtime.panels.running.status import usage
from runtime.panels.running.training import Training
from runtime.training.control import Control
from runtime.training.events import Maps, Steps
from runtime.training.thread import Ring


class Machine:
    """A clock, and the work of a thread, both turned by hand."""

    def __init__(self):
        self.now, self.work = 100.0, 7.0

    def pace(self):
        return Pace(clock=lambda: self.now, worked=lambda: self.work)

    def look(self, pace, cost):
        """Look, paint, and return the seconds until the next look is due."""
        pace.looking()
        self.work += cost
        self.now += 0.05
        pace.settled()
        began = self.now - 0.05
        while not pace.due:
            self.now += 0.001
        return self.now - began


def test_what_the_window_works_for_a_run_is_a_hundredth_of_the_time_in_the_long_run():
    machine = Machine()
    pace, began = machine.pace(), machine.now
    waits = [machine.look(pace, 0.01) for _ in range(100)]
    assert waits[0] < waits[5] < waits[-1] == pytest.approx(1.0, abs=0.01)
    assert all(wait < 0.5 for wait in waits[:5])  # it is often while a run is young
    assert (machine.work - 7.0) / (machine.now - began) < 0.015


def test_looks_that_cost_nothing_are_always_due_and_dear_ones_are_not_forgotten():
    machine = Machine()
    pace = machine.pace()
    machine.now += 60
    assert machine.look(pace, 0.0) == pytest.approx(0.05)
    assert machine.look(pace, 5.0) == pytest.approx(0.05)  # once may be chance
    assert machine.look(pace, 5.0) == pytest.approx(SLOWEST, abs=0.01)


def test_what_somebody_does_between_two_looks_does_not_count():
    machine = Machine()
    pace = machine.pace()
    machine.now += 60
    machine.look(pace, 0.001)
    for _ in range(5):
        wait = machine.look(pace, 0.001)
        machine.work += 1.0
        pace.settled()
        assert wait == pytest.approx(0.1, abs=0.01)


class Thread:
    """A run that goes on and tells nothing."""

    def __init__(self):
        self.control, self.ring = Control(), Ring()
        self.polls, self.alive, self.recorded = 0, True, None

    def is_alive(self):
        return self.alive

    def poll(self):
        self.polls += 1
        return self.ring.poll()

    def join(self):
        pass

    def close(self, _):
        return True


@pytest.fixture
def training(qapp):
    sketch = Sketch()
    sketch.output(sketch.input((1, 4, 4)))
    made = Training(Session(Document("empty", sketch.graph)))
    made._thread = Thread()
    made._pace = Pace(clock=lambda: 0.0)
    made._pace._costs = (1.0, 1.0)  # not due for a long time
    yield made
    made._thread = None


def test_whoever_asks_the_run_for_something_does_not_wait_for_the_pace(training):
    thread = training._thread
    training._tick()
    assert thread.polls == 0
    training.set_learning_rate(0.1)
    training._tick()
    training._asked -= 60
    training._tick()
    assert thread.polls == 1
    training.pause()
    training._asked -= 60
    for _ in range(3):
        training._tick()
    assert thread.polls == 4


def test_maps_of_what_is_newly_looked_at_are_taken_at_once(training):
    thread = training._thread
    training.watch(("conv",), np.zeros((1, 1, 4, 4)))
    training._tick()
    assert thread.polls == 0  # none are there yet
    arrived = []
    training.mapsArrived.connect(arrived.append)
    for step in range(2):
        thread.ring.put(Maps("conv", step, np.zeros((1, 4, 4)), asked=thread.control.watched.number))
        training._tick()
    assert [event.step for event in arrived] == [0]


def test_maps_of_another_picture_are_not_shown_as_those_of_this_one(training):
    control, ring = training._thread.control, training._thread.ring
    arrived = []
    training.mapsArrived.connect(arrived.append)
    training.watch(("conv",), np.zeros((1, 1, 4, 4)))
    before = control.watched.number
    training.watch(("conv",), np.ones((1, 1, 4, 4)))
    ring.put(Maps("conv", 7, np.zeros((1, 4, 4)), asked=before))
    training._tick()
    assert not arrived
    ring.put(Maps("conv", 8, np.ones((1, 4, 4)), asked=control.watched.number))
    training._tick()
    assert [event.step for event in arrived] == [8]


def test_a_long_past_is_taken_in_tick_by_tick_and_the_end_waits_for_it(training):
    thread, ended = training._thread, []
    training.runFinished.connect(ended.append)
    for step in range(2500):
        thread.ring.put(Steps(step, (1.0,), (0.5,), (0.1,), 100.0))
    thread.alive = False
    for ticks, steps in ((1, 1000), (2, 2000)):
        training._tick()
        assert (training.trace.steps, ended) == (steps, []), ticks
    training._tick()
    assert training.trace.steps == 2500
    assert len(ended) == 1


def test_the_end_of_a_run_is_seen_at_once(training):
    ended = []
    training.runFinished.connect(ended.append)
    training._thread.alive = False
    training._tick()
    assert [event.reason for event in ended] == ["failed"]


def test_what_a_run_takes_of_the_machine_is_told():
    told = Steps(0, (1.0,), (0.5,), (0.1,), 100.0, data_wait=0.07, memory=3 * 2**30, utilisation=0.5)
    lines = usage(told).splitlines()
    assert lines[:2] == ["Waiting for data: 7% of the time", "Processor: 50% at work"]
    assert lines[2].startswith("Memory: 3")
    assert usage(Steps(0, (1.0,), (0.5,), (0.1,), 100.0)) == "Waiting for data: 0% of the time"
    assert usage(None) == ""
