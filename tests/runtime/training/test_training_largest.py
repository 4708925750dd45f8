"""The largest batch: never more than memory or data have, and what is tried is told."""

from __future__ import annotations

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import app
from builder.architectures import ARCHITECTURES
from runtime.data import load_data
from runtime.training.searching import largest
from runtime.training.searching.largest import BatchFound, _search, find_batch
from runtime.training.settings import Settings


class Machine:
    """A device that holds so many images, and takes a second for a step and a thousandth for an image."""

    def __init__(self, holds):
        self.holds, self.asked = holds, []

    def seconds(self, batch):
        self.asked.append(batch)
        return 1 + batch / 1000 if batch <= self.holds else None


@given(st.integers(2, 5000), st.integers(2, 5000))
def test_the_largest_that_fits_is_found(holds, samples):
    machine = Machine(holds)
    largest._LONGEST, kept = float("inf"), largest._LONGEST
    try:
        found = _search(machine, samples, samples, exact=True, stop=lambda: False)
    finally:
        largest._LONGEST = kept
    assert found.largest <= min(holds, samples)
    assert found.largest >= min(holds, samples) * (1 - 2 / largest._EXACT) - 1
    assert found.limit == ("data" if found.largest == samples else "memory")
    assert [count for count, _ in found.tried] == sorted(count for count in machine.asked if count <= holds)
    assert found.fastest in dict(found.tried)
    assert len(machine.asked) < 30


def test_nothing_larger_is_tried_once_it_takes_long():
    machine = Machine(10**9)
    found = _search(machine, 60_000, 60_000, exact=False, stop=lambda: False)
    assert max(machine.asked) < 60_000
    assert found.largest == 60_000


def test_stopping_and_too_little_memory_are_told():
    (stopped,) = _search(Machine(100), 100, 100, exact=True, stop=lambda: True)
    assert stopped.code == "stopped"
    (small,) = _search(Machine(0), 100, 100, exact=True, stop=lambda: False)
    assert small.code == "out-of-memory"


def test_others_draw_between_the_steps_of_a_search(digits, anybody_else_may_draw):
    let = []

    def others_draw():
        let.append(anybody_else_may_draw())
        return len(let) >= 3

    find_batch(ARCHITECTURES["lenet5"].build(), Settings(), digits, free=8_000_000, stop=others_draw)
    assert len(let) >= 3
    assert all(let)


@pytest.fixture(scope="module")
def digits():
    return load_data("digits", (1, 28, 28))


def test_memory_bounds_what_is_tried(digits, monkeypatch):
    monkeypatch.setattr(largest, "_LONGEST", 0.2)
    document = ARCHITECTURES["lenet5"].build()
    state = torch.get_rng_state()
    free = 8_000_000
    found = find_batch(document, Settings(), digits, free=free)
    assert isinstance(found, BatchFound)
    assert 2 < found.largest < len(digits.splits["train"])
    assert found.limit == "memory"
    assert max(count for count, _ in found.tried) <= found.largest
    assert torch.equal(torch.get_rng_state(), state)
    more = find_batch(document, Settings(), digits, free=100 * free)
    assert (more.largest, more.limit) == (len(digits.splits["train"]), "data")
    (problem,) = find_batch(document, Settings(), digits, free=1000)
    assert problem.code == "out-of-memory"


def test_the_command_tells_it(monkeypatch, capsys):
    monkeypatch.setattr(largest, "_LONGEST", 0.2)
    assert app.main(["find-batch", "lenet5", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["largest"] >= told["fastest"] >= 2
    assert {"network", "data", "limit", "tried"} <= set(told)
    assert app.main(["find-batch", "lenet5"]) == 0
    out = capsys.readouterr().out
    assert "the largest batch is" in out
    assert "--set batch=" in out
    assert app.main(["find-batch", "nothing"]) == 1
