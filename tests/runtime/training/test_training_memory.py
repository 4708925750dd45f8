"""Memory that runs out in the middle of a run: the batch is split, told, and nothing is lost."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from runtime.training.evaluating.evaluation import evaluate
from runtime.training.events import Epoch, Finished, Steps, Trouble
from runtime.training.tasks import Classification

CPU = torch.device("cpu")


class Narrow(nn.Module):
    """A network through which at most ``most`` images fit at once; more, and PyTorch says so."""

    def __init__(self, most, error=torch.OutOfMemoryError):
        super().__init__()
        torch.manual_seed(0)
        self.inner = nn.Sequential(
            nn.Flatten(), nn.Linear(16, 8), nn.Dropout(0.3), nn.ReLU(), nn.Linear(8, 3)
        )
        self.most, self.error = most, error
        self.sizes = []

    def forward(self, x):
        if self.training:
            self.sizes.append(len(x))
        if len(x) > self.most:
            raise self.error("out of memory: tried to allocate 2 GiB")
        return self.inner(x)


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def losses(events):
    return [loss for event in of(events, Steps) for loss in event.loss]


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError, RuntimeError])
def test_a_batch_that_does_not_fit_goes_in_parts_from_then_on(tiny, error):
    narrow = Narrow(9, error)
    events = list(tiny.trainer(network=narrow, epochs=2).events())
    assert events[-1].reason == "completed"
    (trouble,) = of(events, Trouble)
    assert trouble.problem.code == "batch-split"
    assert "2 parts" in trouble.problem.message
    assert not trouble.problem.is_error
    assert losses(events) == losses(tiny.trainer(network=Narrow(9), epochs=2, accumulate=2).events())
    assert len(of(events, Epoch)) == 2


def test_it_is_split_again_where_that_is_not_enough(tiny):
    events = list(tiny.trainer(network=Narrow(5), epochs=1).events())
    (trouble,) = of(events, Trouble)
    assert "in 4 parts" in trouble.problem.message
    assert len(losses(events)) == 4


def test_a_resumed_run_begins_with_the_parts_that_fit(tiny):
    trainer = tiny.trainer(network=Narrow(9), epochs=2)
    for event in trainer.events():
        if isinstance(event, Epoch):
            break
    state = trainer.state()
    narrow = Narrow(9)
    resumed = tiny.trainer(network=narrow, epochs=2)
    resumed.load_state(state)
    events = list(resumed.events())
    assert not of(events, Trouble)
    assert max(narrow.sizes) <= 9


@pytest.mark.parametrize("chosen", [{"split_batches": False}, {"batch": 2}])
def test_what_may_not_or_cannot_be_split_ends_the_run(tiny, chosen):
    with pytest.raises(torch.OutOfMemoryError):
        list(tiny.trainer(network=Narrow(1 if "batch" in chosen else 9), **chosen).events())


def test_other_errors_are_not_taken_for_it(tiny):
    class Broken(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(3))

        def forward(self, x):
            raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        list(tiny.trainer(network=Broken()).events())


def test_an_evaluation_that_does_not_fit_goes_in_smaller_chunks(tiny):
    data, task = tiny.data(validation=100), Classification()
    narrow = Narrow(13)
    found = evaluate(narrow, data, "validation", CPU, task)
    wide = Narrow(1000)
    expected = evaluate(wide, data, "validation", CPU, task)
    assert found.samples == expected.samples == 100
    assert math.isclose(found.loss, expected.loss, rel_tol=1e-6)
    assert found.score == expected.score
    with pytest.raises(torch.OutOfMemoryError):
        evaluate(Narrow(1), data, "validation", CPU, task)
    assert isinstance(list(tiny.trainer(network=Narrow(9), epochs=1).events())[-1], Finished)
