"""How a network is computed: chosen by measuring, as told otherwise, and without a trace."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from runtime.training.computing import calibration, computation
from runtime.training.computing.calibration import calibrate
from runtime.training.computing.computation import (
    Computation,
    Computed,
    channels_last,
    has_bf16,
    in_force,
    stock,
)
from runtime.training.feeding import Batch
from runtime.training.settings import Settings

CPU = torch.device("cpu")
FOREVER = 10**9
computations = st.builds(
    Computation,
    precision=st.sampled_from(["fp32", "bf16"]),
    memory_format=st.sampled_from(["contiguous", "channels_last"]),
    threads=st.integers(1, 8),
    tf32=st.booleans(),
    compile=st.booleans(),
    why=st.text(max_size=9),
)


@pytest.fixture
def batch():
    chance = torch.Generator().manual_seed(3)
    return Batch(torch.randn(8, 1, 4, 4, generator=chance), torch.arange(8) % 3)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Measure no longer than a test may take."""
    monkeypatch.setattr(calibration, "_MOST", 0.2)


def timed(monkeypatch, seconds):
    """Let every candidate take what ``seconds`` says of it."""
    monkeypatch.setattr(calibration._Bench, "seconds", lambda _bench, candidate: seconds(candidate))


def chosen(tiny, batch, steps=FOREVER, **settings):
    settings = Settings(**settings)
    return calibrate(tiny.network(), batch, nn.functional.cross_entropy, settings, steps)


def test_the_fastest_is_chosen_and_told(tiny, batch, monkeypatch):
    monkeypatch.setattr(calibration, "has_bf16", lambda _kind: True)
    monkeypatch.setattr(computation, "most_threads", lambda: 8)

    def seconds(candidate):
        faster = (candidate.precision == "bf16") + (candidate.memory_format == "channels_last")
        return 0.016 / 2**faster / (1.5 if candidate.threads == 4 else 1.0)

    timed(monkeypatch, seconds)
    found = chosen(tiny, batch)
    assert (found.precision, found.memory_format, found.threads) == ("bf16", "channels_last", 4)
    assert found.why.startswith(
        "bf16, channels_last, 4 threads: 2.67 ms a step, 0.17 × that of fp32, contiguous"
    )


@pytest.mark.parametrize(("slower", "measured"), [(1.2, calibration._ENOUGH), (1.5, 2)])
def test_what_is_clearly_slower_is_not_measured_on(tiny, batch, monkeypatch, slower, measured):
    monkeypatch.setattr(calibration, "has_bf16", lambda _kind: True)
    monkeypatch.setattr(calibration, "_MOST", 60.0)
    monkeypatch.setattr(computation, "most_threads", lambda: 1)
    calls = Counter()

    def seconds(candidate):
        calls[str(candidate)] += 1
        return 1.0 if (candidate.precision, candidate.memory_format) == ("bf16", "channels_last") else slower

    timed(monkeypatch, seconds)
    assert chosen(tiny, batch).precision == "bf16"
    assert calls["bf16, contiguous, 1 thread"] == 1 + measured  # the first warms up
    assert calls["fp32, contiguous, 1 thread"] == 3 + 1 + measured


def test_what_is_hardly_faster_is_not_worth_it(tiny, batch, monkeypatch):
    monkeypatch.setattr(calibration, "has_bf16", lambda _kind: True)
    timed(
        monkeypatch, lambda candidate: 1.0 - 0.1 * (candidate.precision == "bf16") - 0.01 / candidate.threads
    )
    found = chosen(tiny, batch)
    assert (found.precision, found.memory_format) == ("fp32", "contiguous")
    assert found.threads == stock(Settings(), CPU).threads


@pytest.mark.parametrize("has", [True, False])
def test_bf16_is_tried_only_where_there_are_units_for_it(tiny, batch, monkeypatch, has):
    tried = set()
    monkeypatch.setattr(calibration, "has_bf16", lambda _kind: has)
    timed(monkeypatch, lambda candidate: tried.add(candidate.precision) or 1.0)
    chosen(tiny, batch)
    assert tried == ({"fp32", "bf16"} if has else {"fp32"})


@given(st.sampled_from(["fp32", "bf16"]), st.sampled_from(["contiguous", "channels_last"]), st.integers(1, 3))
def test_settings_overrule(precision, memory_format, threads):
    settings = Settings(
        precision=precision, memory_format=memory_format, threads=threads, calibration="always"
    )
    nothing = Batch(torch.zeros(0, 1, 4, 4), torch.zeros(0, dtype=torch.int64))
    found = calibrate(nn.Conv2d(1, 2, 3), nothing, nn.functional.cross_entropy, settings, FOREVER)
    assert (found.precision, found.memory_format, found.threads) == (precision, memory_format, threads)
    assert found.why.endswith("as set")


def test_a_short_run_is_not_measured_unless_asked(tiny, batch, monkeypatch):
    calls = []
    timed(monkeypatch, lambda candidate: calls.append(candidate) or 0.001)
    assert "short" in chosen(tiny, batch, steps=10).why
    assert len(calls) == 3
    assert "measured" in chosen(tiny, batch, steps=10, calibration="always").why


def test_what_fails_is_no_candidate(tiny, batch, monkeypatch):
    def seconds(candidate):
        if candidate.memory_format == "channels_last":
            raise RuntimeError("view size is not compatible")
        return 1.0

    timed(monkeypatch, seconds)
    assert chosen(tiny, batch).memory_format == "contiguous"


def test_a_network_that_cannot_be_measured_is_left_to_training(tiny, batch, monkeypatch):
    def seconds(_candidate):
        raise torch.OutOfMemoryError

    timed(monkeypatch, seconds)
    assert replace(chosen(tiny, batch), why="") == stock(Settings(), CPU)


def test_calibration_leaves_no_trace(tiny, batch):
    network = tiny.network().eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    torch.manual_seed(5)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    found = calibrate(network, batch, nn.functional.cross_entropy, Settings(), FOREVER)
    assert "measured" in found.why
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert not network.training
    assert all(weight.grad is None for weight in network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5), st.integers(1, 5))
def test_channels_last_changes_the_order_alone(n, c, h, w):
    x = torch.arange(n * c * h * w, dtype=torch.float32).view(n, c, h, w)
    moved = channels_last(x)
    assert torch.equal(moved, x)
    assert moved.stride()[1] == 1


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_computed_agrees_with_the_network(channels, precision):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(channels, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3)).eval()
    x = torch.randn(5, channels, 4, 4)
    computed = Computed(network, Computation(precision, "channels_last"), CPU)
    found, wanted = computed(x), network(x)
    assert found.dtype == torch.float32
    assert torch.allclose(found, wanted, atol=1e-5 if precision == "fp32" else 0.05)
    assert computed.eval() is computed
    assert not network.training


def test_computed_gives_all_outputs():
    class Two(nn.Module):
        def forward(self, x):
            return nn.functional.conv2d(x, torch.ones(1, 1, 1, 1)), x

    outputs = Computed(Two(), Computation("bf16"), CPU)(torch.ones(1, 1, 2, 2))
    assert [one.dtype for one in outputs] == [torch.float32, torch.float32]


@given(computations)
def test_a_computation_is_read_as_it_was_written(given_):
    assert Computation.from_json(given_.to_json()) == given_


@given(
    computations,
    st.sampled_from(["precision", "memory_format", "threads", "tf32", "why", "compile"]),
    st.sampled_from([None, 0, -1, 10**9, 1.0, "fp64", [], True]),
)
def test_what_is_no_computation_is_refused(sound, name, value):
    data = sound.to_json() | {name: value}
    if type(value) is type(data[name]) and Computation.from_json(data) is not None:
        assert Computation.from_json(data).to_json() == data
    assert Computation.from_json({**data, "more": 1}) is None
    assert Computation.from_json([data]) is None


def test_threads_are_those_asked_for_and_then_as_before():
    before = torch.get_num_threads()
    with in_force(Computation(threads=1), CPU):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_the_processor_tells_its_units_without_failing():
    assert has_bf16("cpu") in (True, False)
