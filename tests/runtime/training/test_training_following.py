"""A run that somebody else writes is followed by looking at its folder."""

from __future__ import annotations

import shutil
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.claims import Claim
from runtime.training.events import Epoch, Finished, Started, State, Steps
from runtime.training.records.following import Follower, Standing
from runtime.training.records.journal import EVENTS, RUNNING, Journal

STARTED = Started("cpu", "fp32", 10, 3, 4, 16, ("a", "b"))
FINISHED = Finished("completed", 1, 0.6, 0.4, 0.75, 2.0)


def steps(first, loss=1.0):
    return Steps(first, (loss, loss / 2), (0.5, 0.75), (0.1, 0.1), 1000.0)


class Reader:
    """Who follows a folder; ``told`` is what would be shown."""

    def __init__(self, folder):
        self.follower = Follower(folder)
        self.told = []

    def look(self):
        while True:
            news = self.follower.poll()
            if news.afresh:
                self.told.clear()
            self.told += news.events
            if not news.more:
                return news


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / EVENTS)
    yield journal
    journal.close()


def test_what_is_told_is_read_once_and_in_order(tmp_path, journal):
    reader = Reader(tmp_path)
    told = [STARTED, steps(0), steps(2), Epoch(1, 4, 1.0, 0.5, 0.9, 0.6, 0.1, best=True), FINISHED]
    for count, event in enumerate(told, start=1):
        journal.append(event)
        assert not reader.look().afresh
        assert reader.told == told[:count]
    assert reader.look().events == ()


def test_half_a_line_waits_for_its_other_half(tmp_path, journal):
    reader = Reader(tmp_path)
    for event in (STARTED, steps(0)):
        journal.append(event)
    whole = (tmp_path / EVENTS).read_bytes()
    for length in range(len(whole) + 1):
        (tmp_path / EVENTS).write_bytes(whole[:length])
        reader.look()
    assert reader.told == [STARTED, steps(0)]


acts = st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=30)


@given(acts=acts)
def test_whoever_looks_whenever_sees_what_there_is_in_the_end(tmp_path_factory, acts):
    """A resumed run forgets what came after its checkpoint and tells it again, a little otherwise."""
    folder = tmp_path_factory.mktemp("run")
    journal = Journal(folder / EVENTS)
    positions, kept, reader = [0], [], Reader(folder)
    for number, (act, looks) in enumerate(acts):
        if act < 7:
            kept.append(steps(len(kept), loss=1.0 + number))
            journal.append(kept[-1])
            positions.append(journal.position)
        else:
            back = number % len(positions)
            journal.rewind(positions[back])
            del positions[back + 1 :], kept[back:]
        if looks:
            reader.look()
            assert reader.told == kept
    reader.look()
    assert reader.told == kept
    journal.close()


def test_a_long_run_is_read_in_pieces(tmp_path, journal, monkeypatch):
    monkeypatch.setattr("runtime.training.records.following._CHUNK", 300)
    told = [STARTED, *(steps(2 * i) for i in range(100))]
    told.insert(50, Steps(98, (0.1,) * 200, (0.1,) * 200, (0.1,) * 200, 1.0))  # longer than a piece
    for event in told:
        journal.append(event)
    reader = Reader(tmp_path)
    first = reader.follower.poll()
    assert first.more
    assert 0 < len(first.events) < 10
    reader.told += first.events
    reader.look()
    assert reader.told == told


def test_how_it_stands_is_told_by_its_events_and_its_claim(tmp_path, journal, monkeypatch):
    now = [time.monotonic()]
    monkeypatch.setattr("runtime.training.records.following.time.monotonic", lambda: now[0])
    claim = Claim(tmp_path, RUNNING)
    claim.note(tmp_path)
    reader = Reader(tmp_path)

    def standing(event=None, seconds=0.0):
        if event is not None:
            journal.append(event)
        reader.look()
        now[0] += seconds
        return reader.follower.standing

    assert standing(STARTED) is Standing.RUNNING
    assert standing(State("paused", 0), 1000) is Standing.PAUSED
    assert standing(State("running", 0), 100) is Standing.RUNNING
    assert standing(seconds=100) is Standing.STALLED
    assert standing(steps(0)) is Standing.RUNNING
    claim.release()  # it died, or it is on a machine whose locks are not seen here
    assert standing() is Standing.RUNNING
    assert standing(steps(2)) is Standing.RUNNING
    assert standing(seconds=20) is Standing.INTERRUPTED
    assert standing(FINISHED, 1000) is Standing.FINISHED
    assert standing(Started("cpu", "fp32", 10, 3, 4, 16, (), first_step=2)) is Standing.RUNNING
    # Whoever comes only now sees nothing grow, and that nobody holds the claim.
    late = Reader(tmp_path)
    late.look()
    assert late.follower.standing is Standing.INTERRUPTED
    shutil.rmtree(tmp_path)
    assert standing() is Standing.GONE
    assert reader.look().events == ()
