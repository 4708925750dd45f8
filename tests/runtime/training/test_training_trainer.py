"""The inner loop: repeatable, not disturbed by looking on, honest about what happened."""

from __future__ import annotations

import math
import threading
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from builder.errors import Problem
from runtime.training.batches import cut
from runtime.training.control import Control
from runtime.training.events import Checkpoint, Epoch, Finished, Maps, Started, State, Steps, Trouble
from runtime.training.learning.schedules import scheduled_rate
from runtime.training.settings import Settings
from runtime.training.tasks import Classification
from runtime.training.watching import Viewer


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def trace(events):
    """Every step's loss, in order; checks that no step is missing or told twice."""
    losses = []
    for event in of(events, Steps):
        assert event.first == len(losses)
        losses += event.loss
        assert len(event.loss) == len(event.accuracy) == len(event.learning_rate)
    return losses


@given(st.integers(1, 400), st.integers(1, 500))
def test_batches_cover_the_data_once_and_none_is_a_single_sample(samples, batch):
    cuts = cut(samples, batch)
    assert cuts[0][0] == 0
    assert cuts[-1][1] == samples
    assert all(last == first for (_, last), (first, _) in pairwise(cuts))
    sizes = [last - first for first, last in cuts]
    assert all(size == batch for size in sizes[:-1])
    assert 1 <= sizes[-1] <= batch + 1
    if batch > 1 and samples > 1:
        assert min(sizes) > 1


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_the_same_seed_gives_the_same_losses_to_the_bit(tiny, optimizer):
    first = list(tiny.trainer(optimizer=optimizer, seed=3).events())
    torch.rand(5)  # what else draws random numbers does not matter
    second = list(tiny.trainer(optimizer=optimizer, seed=3).events())
    assert trace(first) == trace(second)
    assert len(trace(first)) == 3 * math.ceil(64 / 16)
    assert trace(list(tiny.trainer(optimizer=optimizer, seed=4).events())) != trace(first)


def test_a_run_tells_its_story_in_order(tiny):
    trainer = tiny.trainer(epochs=8)
    events = list(trainer.events())
    started, finished = events[0], events[-1]
    assert isinstance(started, Started)
    assert (started.steps_per_epoch, started.classes) == (4, ("top", "middle", "bottom"))
    assert started.parameters == sum(p.numel() for p in trainer.model.parameters())
    epochs = of(events, Epoch)
    assert [event.epoch for event in epochs] == list(range(1, 9))
    assert [event.step for event in epochs] == [4 * epoch for epoch in range(1, 9)]
    assert isinstance(finished, Finished)
    assert finished.reason == "completed"
    best = [event for event in epochs if event.best][-1]
    assert (finished.best_epoch, finished.best_validation_accuracy) == (best.epoch, best.validation_accuracy)
    assert best.validation_accuracy == max(event.validation_accuracy for event in epochs)
    assert finished.test_accuracy > 0.9


def test_the_train_figures_of_an_epoch_are_the_mean_over_its_images(tiny):
    events = list(tiny.trainer(epochs=1).events())
    sizes = [16, 16, 16, 17]
    steps = of(events, Steps)
    losses = [loss for event in steps for loss in event.loss]
    right = [share for event in steps for share in event.accuracy]
    (epoch,) = of(events, Epoch)
    assert epoch.train_loss == pytest.approx(np.average(losses, weights=sizes))
    assert epoch.train_accuracy == pytest.approx(np.average(right, weights=sizes))


def test_the_network_is_left_with_the_weights_that_were_best_by_validation(tiny):
    saved = {}

    def save(which, weights, epoch, accuracy):
        saved[which] = (weights, epoch, accuracy)
        return f"{which}.safetensors"

    trainer = tiny.trainer(epochs=5, save=save)
    events = list(trainer.events())
    finished = events[-1]
    weights, epoch, accuracy = saved["best"]
    assert (epoch, accuracy) == (finished.best_epoch, finished.best_validation_accuracy)
    assert saved["last"][1] == 5
    assert not trainer.model.training
    assert all(torch.equal(value, weights[name]) for name, value in trainer.model.state_dict().items())
    assert [event.epoch for event in of(events, Checkpoint) if event.which == "last"] == [1, 2, 3, 4, 5]


class TappedByHand:
    """A twin as ``runtime.compile.Tapped`` makes one: eval mode, sharing the parameters."""

    def __init__(self, network):
        self.network = network

    def run(self, x, paths=None):
        found = {}
        was = self.network.training
        self.network.eval()
        with torch.no_grad():
            for name, layer in self.network.named_children():
                x = layer(x)
                found[name] = x
        self.network.train(was)
        return found if paths is None else {path: found[path] for path in paths}


def viewer(trainer):
    return Viewer(TappedByHand(trainer.model), trainer.data, trainer.device, Classification(), "5")


@pytest.mark.parametrize("picture", [0, torch.ones(1, 1, 4, 4), np.ones((1, 1, 4, 4))])
def test_watching_changes_no_loss_by_a_bit(tiny, monkeypatch, picture):
    monkeypatch.setattr("runtime.training.trainer._BETWEEN_LOOKS", 0.0)
    alone = list(tiny.trainer().events())
    control = Control()
    watched = tiny.trainer(control=control)
    watched._look_at = viewer(watched)
    control.watch(("0", "5"), picture)
    events = list(watched.events())
    maps = of(events, Maps)
    assert len(maps) == 2 * len(trace(events))
    assert maps[0].values.shape == (4, 4, 4)
    assert maps[1].values.shape == (3,)
    assert sum(maps[0].prediction) == pytest.approx(1)
    assert trace(events) == trace(alone)


def test_watching_a_node_that_is_not_there_shows_nothing_and_goes_on(tiny):
    control = Control()
    trainer = tiny.trainer(control=control)
    trainer._look_at = viewer(trainer)
    control.watch("gone")
    events = list(trainer.events())
    assert not of(events, Maps)
    assert events[-1].reason == "completed"


def test_maps_come_no_faster_than_the_eye_needs_them(tiny):
    control = Control()
    trainer = tiny.trainer(control=control, epochs=20)
    trainer._look_at = viewer(trainer)
    control.watch("0")
    events = list(trainer.events())
    assert 1 <= len(of(events, Maps)) <= 1 + events[-1].seconds / 0.2


def test_no_maps_are_made_while_the_last_ones_are_not_taken(tiny, monkeypatch):
    monkeypatch.setattr("runtime.training.trainer._BETWEEN_LOOKS", 0.0)
    control = Control()
    trainer = tiny.trainer(control=control, epochs=4)
    look = viewer(trainer)

    def seen(watch, step):
        control.behind = True
        yield from look(watch, step)

    trainer._look_at = seen
    control.watch("0")
    told = []
    for event in trainer.events():
        if isinstance(event, Maps):
            told.append((event.path, event.step))
            if len(told) == 1:
                control.watch("5")  # of another node they are made all the same
            elif len(told) == 2:
                control.behind = False  # they are taken, the next ones are not
    assert told == [("0", 1), ("5", 2), ("5", 3)]


def test_maps_that_take_long_are_made_more_rarely(tiny, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("runtime.training.trainer.time", SimpleNamespace(perf_counter=lambda: now[0]))
    trainer = tiny.trainer(control=Control())

    def slow(watch, step):
        now[0] += 0.1
        yield Maps("0", step, np.zeros(1))

    trainer._look_at = slow
    trainer.control.watch("0")
    at = []
    for step in range(400):
        trainer.step = step
        at += [event.step for event in trainer._look()]
        now[0] += 0.05
    first, second, third = at
    assert second - first <= 5  # the first one, which wakes what was asleep, does not count
    assert third - second == pytest.approx(200, abs=1)  # 0.1 s is 1 % of 10 s


class Driver(threading.Thread):
    """Runs a trainer in the background, as a window does."""

    def __init__(self, trainer):
        super().__init__(daemon=True)
        self.trainer = trainer
        self.events = []
        self.told = threading.Condition()
        self.start()

    def run(self):
        for event in self.trainer.events():
            with self.told:
                self.events.append(event)
                self.told.notify_all()

    def until(self, kind, count=1):
        with self.told:
            assert self.told.wait_for(lambda: len(of(self.events, kind)) >= count, timeout=60)
            return of(self.events, kind)


def test_pause_steps_resume_and_stop(tiny):
    control = Control()
    trainer = tiny.trainer(control=control, epochs=100_000)
    control.pause()
    driver = Driver(trainer)
    assert driver.until(State)[0] == State("paused", 0)
    for count in (1, 2, 3):
        control.step()
        assert driver.until(Steps, count)[-1].first == count - 1
    assert trainer.step == 3
    assert len(driver.until(State)) == 1
    control.resume()
    assert driver.until(State, 2)[1] == State("running", 3)
    driver.until(Epoch)
    control.pause()
    paused = driver.until(State, 3)[2]
    assert paused.state == "paused"
    assert len(trace(driver.events)) == paused.step
    control.stop()
    driver.join(60)
    assert not driver.is_alive()
    finished = driver.events[-1]
    assert finished.reason == "stopped"
    assert finished.test_accuracy is not None


def test_a_pause_changes_no_loss_by_a_bit(tiny):
    alone = trace(list(tiny.trainer().events()))
    control = Control()
    control.pause()
    driver = Driver(tiny.trainer(control=control))
    control.step()
    driver.until(Steps)
    control.resume()
    driver.join(60)
    assert trace(driver.events) == alone


def test_what_is_watched_while_paused_is_shown_at_once(tiny):
    control = Control()
    trainer = tiny.trainer(control=control)
    trainer._look_at = viewer(trainer)
    control.pause()
    driver = Driver(trainer)
    driver.until(State)
    for count, path in enumerate(("0", "2", "0"), start=1):
        control.watch(path, 1)
        assert driver.until(Maps, count)[-1].path == path
    control.step()
    assert driver.until(Maps, 4)[-1].step == 1
    control.stop(at_once=True)
    driver.join(60)
    assert driver.events[-1].test_accuracy is None


def test_stopping_before_the_first_epoch_leaves_the_last_weights_alone(tiny):
    saved = []
    control = Control()
    control.stop()
    trainer = tiny.trainer(control=control, save=lambda which, *rest: saved.append(which) or which)
    events = list(trainer.events())
    assert events[-1] == Finished("stopped", None, None, None, None, events[-1].seconds)
    assert saved == ["last"]


def test_a_learning_rate_that_explodes_ends_in_a_problem_with_a_way_out(tiny):
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 64), nn.Linear(64, 64), nn.Linear(64, 3))
    wild = {"optimizer": "sgd", "learning_rate": 100.0, "schedule": "constant", "momentum": 0.99}
    events = list(tiny.trainer(network=network, epochs=50, **wild).events())
    assert events[-1].reason == "failed"
    (trouble,) = of(events, Trouble)
    assert trouble.problem.code == "loss-not-finite"
    assert "Lower the learning rate" in trouble.problem.message
    assert all(math.isfinite(loss) for loss in trace(events))


def test_weights_that_cannot_be_written_are_told_once_and_tried_again_at_the_end(tiny):
    asked = []

    def save(which, weights, epoch, accuracy):
        asked.append(which)
        return Problem("not-writable", "No room")

    events = list(tiny.trainer(save=save, epochs=4).events())
    assert sum(isinstance(event, Epoch) for event in events) == 4
    assert [event.problem.code for event in of(events, Trouble)] == ["not-writable"] * 2 + ["best-not-kept"]
    assert events[-1].reason == "failed"
    assert asked[-1] == "best"
    assert not of(events, Checkpoint)


def test_cosine_glides_from_the_rate_to_zero_and_constant_stays(tiny):
    glide = Settings(schedule="cosine", learning_rate=1.0)
    rates = [scheduled_rate(glide, step, 100, 10) for step in range(101)]
    assert rates[0] == 1.0
    assert rates[50] == pytest.approx(0.5)
    assert rates[100] == pytest.approx(0.0)
    assert rates == sorted(rates, reverse=True)
    assert scheduled_rate(Settings(schedule="constant", learning_rate=1.0), 99, 100, 10) == 1.0
    events = list(tiny.trainer(schedule="cosine", learning_rate=0.01).events())
    told = [rate for event in of(events, Steps) for rate in event.learning_rate]
    assert told == [scheduled_rate(Settings(learning_rate=0.01), step, 12, 4) for step in range(12)]


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_a_step_is_the_one_pytorch_takes(tiny, optimizer):
    """Against a loop written out by hand, without dropout."""
    make = lambda: nn.Sequential(nn.Flatten(), nn.Linear(16, 3))  # noqa: E731
    network, twin = make(), make()
    twin.load_state_dict(network.state_dict())
    settings = {"optimizer": optimizer, "schedule": "constant", "label_smoothing": 0.0, "epochs": 1}
    trainer = tiny.trainer(network=network, **settings)
    order = trainer.data.splits["train"][torch.randperm(65, generator=_order(0, 1))]
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[optimizer]
    extra = {"momentum": 0.9} if optimizer == "sgd" else {}
    by_hand = kind(twin.parameters(), lr=1e-2, weight_decay=0.0, **extra)
    losses = []
    for first, last in cut(65, 16):
        x, y = trainer.data.batch(order[first:last], "cpu")
        by_hand.zero_grad()
        loss = nn.functional.cross_entropy(twin(x), y)
        loss.backward()
        by_hand.step()
        losses.append(loss.item())
    assert trace(list(trainer.events())) == pytest.approx(losses, rel=1e-5)


@pytest.mark.parametrize("draws", [True, False], ids=["with dropout", "without"])
def test_a_step_is_seeded_where_something_draws(tiny, draws):
    network = nn.Sequential(nn.Flatten(), nn.Dropout(0.5 if draws else 0.0), nn.Linear(16, 3))
    trainer = tiny.trainer(network=network, epochs=1)
    batches = list(trainer.feed.epoch(1))
    first, second = trainer.learner.learn(batches[0], 0, 0.0)[0], trainer.learner.learn(batches[0], 0, 0.0)[0]
    assert torch.equal(first, second)
    assert torch.equal(first, trainer.learner.learn(batches[0], 1, 0.0)[0]) is not draws
    torch.manual_seed(3)
    state = torch.default_generator.get_state()
    trainer.learner.learn(batches[1], 2, 0.0)
    assert torch.equal(torch.default_generator.get_state(), state) is not draws


def _order(seed, epoch):
    from runtime.training.randomness import generator

    return generator(seed, "order", epoch)
