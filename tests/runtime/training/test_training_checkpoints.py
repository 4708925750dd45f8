"""Checkpoints: written whole or not at all, no more often than they may cost, read without trusting them."""

from __future__ import annotations

import errno
import json
import os
import threading

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from builder.errors import ConvolabError, Problem, Severity
from runtime.training.records.checkpoints import (
    BEFORE,
    CHECKPOINT,
    Keeper,
    Kept,
    Origin,
    read_checkpoint,
    write_checkpoint,
)

ORIGIN = Origin("2.9.0", "cpu", 2)
STATE = {
    "learner": {
        "model": {"a.weight": torch.arange(6.0).view(2, 3), "a.steps": torch.tensor(3)},
        "optimizer": {
            "a.weight": {"exp_avg": torch.ones(2, 3, dtype=torch.bfloat16), "momentum_buffer": None}
        },
    },
    "step": 7,
    "sums": [1 / 3, 4, 9],
    "lowest": float("inf"),
    "empty": {},
    "best": None,
}

plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
tensors = st.builds(
    lambda shape, kind: (torch.rand(shape) * 9).to(kind),
    st.lists(st.integers(0, 3), max_size=3),
    st.sampled_from([torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.bool, torch.uint8]),
)
keys = st.text(st.characters(codec="utf-8", exclude_characters="/"))
states = st.dictionaries(
    keys,
    st.recursive(
        plain | tensors | st.lists(plain, max_size=3),
        lambda inside: st.dictionaries(keys, inside),
        max_leaves=6,
    ),
)


def same(one, other):
    """Equal to the bit, kinds included."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and one.shape == other.shape and torch.equal(one, other)
    return type(one) is type(other) and one == other


@given(state=states)
def test_a_state_comes_back_as_it_was_kept(tmp_path_factory, state):
    folder = tmp_path_factory.getbasetemp()
    assert write_checkpoint(folder, Kept(state, 12, ORIGIN)) is None
    found = read_checkpoint(folder)
    assert isinstance(found, Kept)
    assert same(found.state, state)
    assert (found.events, found.origin, found.damaged) == (12, ORIGIN, None)


def test_there_is_none_before_one_is_written(tmp_path):
    assert read_checkpoint(tmp_path) is None


@pytest.fixture
def two(tmp_path):
    """A folder with two checkpoints, of steps 7 and 8."""
    for step in (7, 8):
        assert write_checkpoint(tmp_path, Kept({**STATE, "step": step}, step, ORIGIN)) is None
    return tmp_path


def step_of(folder):
    found = read_checkpoint(folder)
    assert isinstance(found, Kept)
    return found.state["step"], found.damaged and found.damaged.code


def test_a_damaged_one_is_told_and_the_one_before_taken(two):
    whole = (two / CHECKPOINT).read_bytes()
    assert step_of(two) == (8, None)
    for length in range(0, len(whole), 41):
        (two / CHECKPOINT).write_bytes(whole[:length])
        assert step_of(two) == (7, "checkpoint-damaged")
    for place in range(0, len(whole), 13):
        spoilt = bytearray(whole)
        spoilt[place] ^= 1
        (two / CHECKPOINT).write_bytes(spoilt)
        assert step_of(two) == (7, "checkpoint-damaged")
    (two / CHECKPOINT).unlink()
    assert step_of(two) == (7, None)
    (two / BEFORE).write_bytes(b"")
    found = read_checkpoint(two)
    assert isinstance(found, Problem)
    assert "Train anew" in found.message


@pytest.mark.parametrize(
    "about",
    [
        None,
        "",
        "[]",
        "[" * 100_000,
        json.dumps({"version": 2}),
        json.dumps({"version": 1, "events": 3, "origin": {}, "state": {}}),
        json.dumps(
            {"version": 1, "events": 3, "origin": {"torch": "", "device": "", "threads": 10**9}, "state": {}}
        ),
        json.dumps(
            {"version": 1, "events": 3, "origin": {"torch": 1, "device": "", "threads": 1}, "state": {}}
        ),
        json.dumps(
            {"version": 1, "events": 0, "origin": {"torch": "", "device": "", "threads": 1}, "state": [1]}
        ),
        json.dumps(
            {
                "version": 1,
                "events": 0,
                "origin": {"torch": "", "device": "", "threads": 1},
                "state": {"a": 1},
            }
        ),
    ],
)
def test_a_strangers_checkpoint_is_refused_whatever_it_says(tmp_path, about, monkeypatch):
    monkeypatch.setattr("runtime.training.records.checkpoints._checksum", lambda *_: 1)
    metadata = None if about is None else {"checkpoint": about, "checksum": "1"}
    save_file({"a/b": torch.ones(2)}, tmp_path / CHECKPOINT, metadata)
    found = read_checkpoint(tmp_path)
    assert isinstance(found, Problem)
    assert found.code == "checkpoint-damaged"


def test_what_cannot_be_kept_is_a_mistake_of_the_code(tmp_path):
    with pytest.raises(ConvolabError):
        write_checkpoint(tmp_path, Kept({"a/b": torch.ones(1)}, 0, ORIGIN))


@pytest.mark.parametrize("fails", ["fsync", "replace", "write"])
def test_a_disk_that_fills_leaves_the_last_whole_one(two, monkeypatch, fails):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync" if fails == "write" else fails, full)
    problem = write_checkpoint(two, Kept({**STATE, "step": 9}, 9, ORIGIN))
    assert problem.code == "checkpoint-not-written"
    assert problem.severity is Severity.WARNING
    assert step_of(two) == (8, None)
    assert sorted(path.name for path in two.iterdir()) in ([BEFORE], [BEFORE, CHECKPOINT])
    monkeypatch.undo()
    assert write_checkpoint(two, Kept({**STATE, "step": 10}, 10, ORIGIN)) is None
    assert step_of(two) == (10, None)


def test_a_folder_that_is_gone_is_told(tmp_path):
    problem = write_checkpoint(tmp_path / "gone", Kept(STATE, 0, ORIGIN))
    assert problem.code == "checkpoint-not-written"


def test_a_keeper_writes_what_was_when_it_was_asked_and_waits_its_turn(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("runtime.training.records.checkpoints.time.perf_counter", lambda: now[0])
    going = threading.Event()
    keeper = Keeper(tmp_path, ORIGIN, 30.0, lambda: 5, lambda: going.wait(60) and None)
    assert not keeper.due()
    assert keeper.affordable()
    now[0] = 131.0
    assert keeper.due()

    def make():
        now[0] += 1  # a second to copy
        return dict(STATE)

    keeper.keep(make)
    now[0] += 10_000
    assert not keeper.due()  # one is being written
    assert not keeper.affordable()
    going.set()
    assert keeper.close() is None
    assert step_of(tmp_path) == (7, None)
    ended = now[0]
    now[0] = ended + 99 * keeper._cost
    assert not keeper.due()
    now[0] = ended + 101 * keeper._cost
    assert keeper.due()


def test_nothing_is_kept_while_events_wait_to_be_written(tmp_path):
    keeper = Keeper(tmp_path, ORIGIN, 0.0, lambda: None, lambda: None)
    keeper.keep(lambda: pytest.fail("nobody needs a copy"))
    assert keeper.close() is None
    assert read_checkpoint(tmp_path) is None


def test_a_writer_that_fails_is_told_and_tried_again_when_it_is_time(tmp_path, monkeypatch):
    def fails(*_):
        raise MemoryError("no room for a copy")

    monkeypatch.setattr("runtime.training.records.checkpoints.write_checkpoint", fails)
    keeper = Keeper(tmp_path, ORIGIN, 30.0, lambda: 5, lambda: None)
    keeper.keep(lambda: dict(STATE))
    problem = keeper.close()
    assert problem is not None
    assert problem.code == "checkpoint-not-written"
    assert "no room for a copy" in problem.message
    assert not keeper.due()
