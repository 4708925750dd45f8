"""How a run is computed: told, recorded, taken up again, and the same to the bit whoever chose it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from builder.architectures import ARCHITECTURES
from builder.errors import Severity
from runtime.data import load_data
from runtime.training.computing import arranging, calibration
from runtime.training.computing.arranging import arrange
from runtime.training.computing.computation import Computation, stock
from runtime.training.events import Epoch, Started, Steps, Trouble
from runtime.training.loop import train
from runtime.training.records.runs import Run
from runtime.training.settings import Settings
from runtime.training.tasks import Classification

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits():
    return load_data("digits", (1, 28, 28))


def trace(settings, data, run=None):
    """The first event of an epoch's training, and its losses and weights' worth."""
    events = list(train(ARCHITECTURES["lenet5"].build(), settings, data, run=run))
    steps = [event for event in events if isinstance(event, Steps)]
    losses = [loss for event in steps for loss in event.loss]
    (started,) = [event for event in events if isinstance(event, Started)]
    (epoch,) = [event for event in events if isinstance(event, Epoch)]
    return started, (losses, replace(epoch, seconds=0.0))


def test_a_calibrated_run_is_recorded_and_equals_one_that_is_told_its_choice(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(calibration, "_MOST", 0.2)
    monkeypatch.setattr(calibration, "has_bf16", lambda _kind: True)
    monkeypatch.setattr(
        calibration, "_BF16", 1000.0
    )  # taken, however slow it is where nothing is made for it
    settings = Settings(epochs=1, batch=128, calibration="always")
    run = Run.create(tmp_path, ARCHITECTURES["lenet5"].build(), settings)
    started, measured = trace(settings, digits, run)
    assert started.precision == "bf16"
    assert "measured" in started.why
    found = Computation.from_json(Run.open(run.folder).environment()["computation"])
    assert found is not None
    assert (found.precision, found.memory_format, found.threads, found.why) == (
        started.precision,
        started.memory_format,
        started.threads,
        started.why,
    )
    forced = settings.replace(
        precision=found.precision, memory_format=found.memory_format, threads=found.threads
    )
    told, forced_trace = trace(forced, digits)
    assert told.why.endswith("as set")
    assert forced_trace == measured
    plain, other = trace(settings.replace(precision="fp32", memory_format="contiguous"), digits)
    assert plain.precision == "fp32"
    assert other != measured


def test_a_run_that_goes_on_is_computed_as_it_began(tiny, monkeypatch):
    monkeypatch.setattr(arranging, "calibrate", lambda *_: pytest.fail("was recorded"))
    recorded = Computation("bf16", "channels_last", 1, why="measured once")
    found, problems = arrange(
        tiny.network(), tiny.data(), Classification(), Settings(), CPU, recorded=recorded.to_json()
    )
    assert (found, problems) == (recorded, [])


def test_compiling_on_the_cpu_is_refused_with_advice(tiny):
    settings = Settings(compile=True, batch=16)
    found, (problem,) = arrange(tiny.network(), tiny.data(), Classification(), settings, CPU)
    assert not found.compile
    assert problem.severity is Severity.ADVICE
    assert "slower" in problem.message


def fails(_model, **_how):
    def call(_x):
        raise NotImplementedError("no kernels today\nat all")

    return call


def test_a_compiler_that_fails_is_told_and_done_without(tiny, monkeypatch):
    monkeypatch.setattr(torch, "compile", fails)
    wished = replace(stock(Settings(), CPU), compile=True)
    found, (problem,) = arrange(
        tiny.network(), tiny.data(), Classification(), Settings(batch=16), CPU, recorded=wished.to_json()
    )
    assert found == replace(wished, compile=False)
    assert problem.severity is Severity.WARNING
    assert "NotImplementedError: no kernels today" in problem.message


def test_what_compiles_is_used_for_training_alone(tiny, monkeypatch):
    calls = []

    def counted(model, **_how):
        def call(x):
            calls.append(len(x))
            return model(x)

        return call

    monkeypatch.setattr(torch, "compile", counted)
    network = tiny.network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    wished = replace(stock(Settings(), CPU), compile=True)
    settings = Settings(batch=16)
    found, problems = arrange(
        network, tiny.data(), Classification(), settings, CPU, recorded=wished.to_json()
    )
    assert (found, problems, calls) == (wished, [], [16])
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    trainer = tiny.trainer(network=network, epochs=1)
    trainer.learner.computed = type(trainer.learner.computed)(network, found, CPU)
    assert not [event for event in trainer.events() if isinstance(event, Trouble)]
    assert calls[1:] == [16, 16, 16, 17]  # 65 samples learnt from, none judged by it
