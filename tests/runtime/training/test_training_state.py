"""A training goes on from any step as if it had never been interrupted: the same numbers, to the bit."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

from runtime.training.events import Epoch, Finished, Steps
from runtime.training.state import load_optimizer_state, optimizer_state


def figures(events):
    """All that must not depend on interruptions: the loss of each step, epochs, the end; no times."""
    losses, epochs, end = {}, {}, None
    for event in events:
        match event:
            case Steps():
                for i, loss in enumerate(event.loss):
                    losses[event.first + i] = (loss, event.accuracy[i], event.learning_rate[i])
            case Epoch():
                epochs[event.epoch] = (
                    *(event.step, event.train_loss, event.train_accuracy),
                    *(event.validation_loss, event.validation_accuracy, event.best),
                )
            case Finished():
                end = (event.reason, event.best_epoch, event.test_loss, event.test_accuracy)
    return losses, epochs, end


def interrupted(trainer, steps):
    """Train until ``steps`` steps are told, and leave; the events so far and the state."""
    events = []
    for event in trainer.events():
        events.append(event)
        if isinstance(event, Steps) and trainer.step == steps:
            return events, copy.deepcopy(trainer.state())
    raise AssertionError("it ended before")


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_a_training_goes_on_from_any_step_to_the_bit(tiny, steps_told, optimizer):
    chosen = {"optimizer": optimizer, "seed": 3, "label_smoothing": 0.1, "shift": 0.3}
    through = list(tiny.trainer(**chosen).events())
    steps = 3 * math.ceil(64 / 16)
    assert len(figures(through)[0]) == steps
    for step in range(1, steps + 1):
        events, state = interrupted(tiny.trainer(**chosen), step)
        second = tiny.trainer(**chosen, network=tiny.network(99))  # what it was drawn with does not matter
        second.load_state(state)
        events += list(second.events())
        assert figures(events) == figures(through)


@pytest.fixture(scope="module")
def steps_told():
    """Every step is told by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("runtime.training.ledger._SECONDS", 0.0)
        yield


def test_a_state_is_a_copy_that_later_steps_leave_alone(tiny, steps_told):
    trainer = tiny.trainer(optimizer="adam")
    events = trainer.events()
    while trainer.step < 3:
        next(events)
    state = trainer.state()
    before = copy.deepcopy(state)
    list(events)
    for part in ("model", "optimizer"):
        flat, then = (
            torch.nn.utils.parameters_to_vector(_tensors(s["learner"][part])) for s in (state, before)
        )
        assert torch.equal(flat, then)
    assert not torch.equal(state["learner"]["model"]["0.weight"], trainer.model.state_dict()["0.weight"])


def _tensors(part):
    return [
        value.float()
        for entry in part.values()
        for value in (entry.values() if isinstance(entry, dict) else [entry])
    ]


def test_the_state_of_another_training_is_refused(tiny, steps_told):
    _, state = interrupted(tiny.trainer(), 3)
    with pytest.raises(ValueError, match="4 an epoch; here are 8"):
        tiny.trainer(batch=8).load_state(state)
    other = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    with pytest.raises(RuntimeError, match="Unexpected key"):
        tiny.trainer(network=other).load_state(state)
    for wrong in ({**state, "step": -1}, {**state, "step": 9}):
        with pytest.raises(ValueError, match="an epoch"):
            tiny.trainer().load_state(wrong)
    with pytest.raises(KeyError):
        tiny.trainer().load_state({"step": 3})


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.AdamW, torch.optim.RMSprop])
def test_an_optimizers_state_goes_by_names_and_keeps_the_order_of_memory(kind):
    def make(groups):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(4, 4, 3), nn.Conv2d(4, 2, 1)).to(memory_format=torch.channels_last)
        weights = dict(model.named_parameters())
        chosen = [{"params": [weights[name] for name in names]} for names in groups]
        return model, kind(chosen, lr=1e-3, **({} if kind is torch.optim.AdamW else {"momentum": 0.9}))

    def learn(model, optimizer):
        x_NCHW = torch.linspace(-1, 1, 2 * 4 * 5 * 5).view(2, 4, 5, 5)
        optimizer.zero_grad()
        model(x_NCHW).square().sum().backward()
        optimizer.step()

    one, first = make([["0.weight", "0.bias"], ["1.weight", "1.bias"]])
    for _ in range(3):
        learn(one, first)
    other, second = make([["1.bias"], ["0.bias", "1.weight", "0.weight"]])
    other.load_state_dict(one.state_dict())
    load_optimizer_state(second, other, optimizer_state(first, one))
    kept = [value for value in second.state[other[0].weight].values() if value.ndim == 4]
    assert kept
    assert all(value.stride() == other[0].weight.stride() for value in kept)
    for _ in range(2):
        learn(one, first)
        learn(other, second)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_an_optimizer_takes_no_state_of_weights_it_has_not(tiny):
    model = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    with pytest.raises(ValueError, match="has no gone"):
        load_optimizer_state(optimizer, model, {"gone": {"momentum_buffer": torch.zeros(2)}})
    with pytest.raises(ValueError, match="does not belong"):
        load_optimizer_state(optimizer, model, {"weight": {"momentum_buffer": torch.zeros(7)}})
