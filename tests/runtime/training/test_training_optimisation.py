"""What happens round a step: parts of a batch, clipping, averaged weights, an early end, a changed learning rate."""

from __future__ import annotations

import math
import threading

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from builder.errors import ConvolabError
from runtime.training.control import Control
from runtime.training.events import Changed, Epoch, Finished, State, Steps
from runtime.training.feeding import Batch
from runtime.training.learning.learner import Learner
from runtime.training.learning.schedules import scheduled_rate
from runtime.training.randomness import seeded
from runtime.training.settings import Settings
from runtime.training.tasks import Classification, Segmentation


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def trace(events):
    return [loss for event in of(events, Steps) for loss in event.loss]


def plain(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 3))


@pytest.mark.parametrize("parts", [2, 3, 16, 1000])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_batch_in_parts_is_the_step_of_the_whole(tiny, parts, optimizer):
    rate = {"sgd": 0.1, "adamw": 1e-3}[optimizer]
    settings = {"optimizer": optimizer, "epochs": 2, "learning_rate": rate, "clip_norm": 1.0}
    whole, cut = plain(), plain()
    first = list(tiny.trainer(network=whole, **settings).events())
    second = list(tiny.trainer(network=cut, accumulate=parts, **settings).events())
    assert trace(second) == pytest.approx(trace(first), rel=1e-4)
    for one, other in zip(of(first, Epoch), of(second, Epoch), strict=True):
        assert one.train_accuracy == pytest.approx(other.train_accuracy)
        assert one.validation_loss == pytest.approx(other.validation_loss, rel=1e-4)


@pytest.mark.parametrize("weights", [None, (0.2, 1.0, 5.0)])
@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("kind", [Classification, Segmentation])
def test_parts_in_which_unequally_much_counts_are_the_step_of_the_whole(kind, mixed, weights):
    torch.manual_seed(0)
    inputs = torch.randn(9, 4, 5, 5)
    targets = torch.tensor([0, 0, 0, 0, 1, 1, 2, 2, 2])
    if kind is Segmentation:
        targets = torch.randint(0, 3, (9, 5, 5))
        targets[:4] = 255  # a part of which nothing is judged
    batch = Batch(inputs, targets, (targets.roll(1, 0), 0.7) if mixed else None)

    def learnt(parts):
        torch.manual_seed(1)
        network = nn.Conv2d(4, 3, 1)
        if kind is Classification:
            network = nn.Sequential(nn.Flatten(), nn.Linear(100, 3))
        settings = Settings(accumulate=parts, label_smoothing=0.1)
        learner = Learner(
            network, kind(label_smoothing=0.1, class_weights=weights), settings, torch.device("cpu")
        )
        loss, _ = learner.learn(batch, 0, 1e-3)
        return torch.cat([loss.reshape(1), *(weight.grad.flatten() for weight in network.parameters())])

    torch.testing.assert_close(learnt(3), learnt(1))


@given(st.integers(1, 40), st.integers(1, 50))
def test_parts_hold_the_batch_and_none_is_a_single_sample(size, count):
    batch = Batch(torch.arange(size).float(), torch.arange(size))
    parts = batch.parts(count)
    assert torch.equal(torch.cat([part.inputs for part in parts]), batch.inputs)
    assert torch.equal(torch.cat([part.targets for part in parts]), batch.targets)
    assert len(parts) <= count
    assert min(map(len, parts)) >= min(2, size)


def test_a_gradient_is_clipped_as_pytorch_clips_it(tiny):
    network, twin = plain(), plain()
    settings = {
        "optimizer": "sgd",
        "momentum": 0.0,
        "learning_rate": 0.5,
        "schedule": "constant",
        "epochs": 1,
    }
    trainer = tiny.trainer(network=network, clip_norm=0.05, label_smoothing=0.0, **settings)
    by_hand = torch.optim.SGD(twin.parameters(), lr=0.5)
    for batch in trainer.feed.epoch(1):
        by_hand.zero_grad()
        nn.functional.cross_entropy(twin(batch.inputs), batch.targets).backward()
        assert nn.utils.clip_grad_norm_(twin.parameters(), 0.05) > 0.05
        by_hand.step()
    list(trainer.events())
    for one, other in zip(network.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_averaged_weights_are_validated_and_kept_as_best_and_training_goes_on_with_its_own(tiny):
    saved = {}

    def save(which, weights, epoch, score):
        saved[which] = weights
        return which

    plain_run = tiny.trainer(epochs=3)
    averaged = tiny.trainer(epochs=3, ema_decay=0.9, save=save)
    losses = trace(list(plain_run.events()))
    events = list(averaged.events())
    assert trace(events) == losses  # the average looks on
    assert (
        of(events, Epoch)[-1].validation_loss != of(list(tiny.trainer().events()), Epoch)[-1].validation_loss
    )
    assert any(not torch.equal(saved["best"][name], value) for name, value in saved["last"].items())
    assert all(torch.equal(saved["best"][name], value) for name, value in averaged.model.state_dict().items())


def test_a_run_with_averages_plateau_and_a_changed_rate_goes_on_to_the_bit(tiny):
    """Stopped in the middle of an epoch and taken up from its state."""
    settings = {
        "epochs": 6,
        "ema_decay": 0.8,
        "schedule": "plateau",
        "patience": 0,
        "gamma": 0.5,
        "accumulate": 2,
    }

    def run(pause_at=None):
        """A run with a changed rate; where it pauses its state is taken and it ends."""
        control, told, state = Control(), [], None
        trainer = tiny.trainer(control=control, **settings)
        learn = trainer.learner.learn

        def asking(batch, step, rate, *more):
            if step == 3:
                control.set_learning_rate(0.2)
            if step + 1 == pause_at:
                control.pause()
            return learn(batch, step, rate, *more)

        trainer.learner.learn = asking
        for event in trainer.events():
            told.append(event)
            if isinstance(event, State):
                state = trainer.state()
                control.stop(at_once=True)
        return trainer, told, state

    whole, told, _ = run()
    _, first, state = run(pause_at=14)
    resumed = tiny.trainer(**settings)
    resumed.load_state(state)
    second = list(resumed.events())
    assert trace(first) + trace(second) == trace(told)
    rates = [rate for event in of(told, Steps) for rate in event.learning_rate]
    assert [rate for event in of(first + second, Steps) for rate in event.learning_rate] == rates
    assert len(set(rates)) > 2
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name


def test_a_run_ends_early_where_validation_gets_no_better(tiny):
    still = {"learning_rate": 1e-8, "schedule": "constant", "optimizer": "sgd", "momentum": 0.0}
    network = plain()
    events = list(tiny.trainer(network=network, epochs=50, early_stopping=3, **still).events())
    epochs = of(events, Epoch)
    last_better = max(event.epoch for event in epochs if event.best)
    assert len(epochs) == last_better + 3 < 50
    (finished,) = of(events, Finished)
    assert (finished.reason, finished.best_epoch) == ("completed", last_better)


def test_a_changed_learning_rate_is_told_and_holds_from_the_next_step(tiny):
    control = Control()
    trainer = tiny.trainer(control=control, schedule="cosine", epochs=2)
    events = []
    for event in trainer.events():
        events.append(event)
        if isinstance(event, Epoch) and event.epoch == 1:
            control.set_learning_rate(0.001)
    (changed,) = of(events, Changed)
    rates = [rate for event in of(events, Steps) for rate in event.learning_rate]
    assert (changed.setting, changed.step) == ("learning_rate", 4)
    assert rates[4] == changed.value == pytest.approx(0.001)
    planned = [scheduled_rate(trainer.settings, step, 8, 4) for step in range(8)]
    assert rates[:4] == planned[:4]
    assert [rate / plan for rate, plan in zip(rates[4:], planned[4:], strict=True)] == pytest.approx(
        [0.001 / planned[4]] * 4
    )


def test_a_changed_learning_rate_is_kept_at_once(tiny):
    """A run that is killed right after it goes on with what a person set."""

    class Keeper:
        problem = None

        def __init__(self):
            self.kept = []

        def due(self):
            return False

        affordable = due

        def keep(self, make):
            self.kept.append(make())

        def close(self):
            pass

    control, keeper = Control(), Keeper()
    trainer = tiny.trainer(control=control, keeper=keeper, epochs=2)
    events = trainer.events()
    for event in events:
        if isinstance(event, Epoch) and event.epoch == 1:
            control.set_learning_rate(0.001)
        if isinstance(event, Changed):
            keeper.kept.clear()
            next(events)
            break
    assert keeper.kept[0]["schedule"]["factor"] == trainer.schedule.factor != 1.0
    assert keeper.kept[0]["step"] == event.step
    resumed = tiny.trainer(epochs=2)
    resumed.load_state(keeper.kept[0])
    assert resumed.schedule.at(event.step) == pytest.approx(0.001)


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf])
def test_what_is_no_learning_rate_is_refused(rate):
    with pytest.raises(ConvolabError):
        Control().set_learning_rate(rate)


def test_fresh_weights_made_beside_a_run_change_no_loss_by_a_bit(tiny):
    """Layers draw from generators that all threads share."""
    alone = trace(list(tiny.trainer(epochs=8).events()))
    over = threading.Event()

    def look():
        while not over.is_set():
            with seeded(5):
                nn.Linear(64, 64)

    beside = threading.Thread(target=look)
    beside.start()
    try:
        losses = trace(list(tiny.trainer(epochs=8).events()))
    finally:
        over.set()
        beside.join()
    assert losses == alone


def test_the_settings_of_a_step_change_nothing_while_they_are_off(tiny):
    stock = list(tiny.trainer().events())
    spelled = list(
        tiny.trainer(accumulate=1, clip_norm=0.0, ema_decay=0.0, warmup=0.0, early_stopping=0).events()
    )
    assert trace(stock) == trace(spelled)
    assert Settings().accumulate == 1
