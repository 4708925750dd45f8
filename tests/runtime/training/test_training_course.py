"""Losses that rise again or never fall, and samples from which nothing can be learnt: told, once, with a way out."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from builder.document import Document
from builder.sketch import Sketch
from runtime.data import load_data
from runtime.training.events import Epoch, Started, Trouble
from runtime.training.guards.course import Course, loss_of_guessing
from runtime.training.loop import train
from runtime.training.samples import check_labels, remarks_on
from runtime.training.settings import Settings
from runtime.training.trouble import explain

CPU = torch.device("cpu")
SHAPE = (1, 8, 8)
QUICK = Settings(epochs=1, batch=64, learning_rate=1e-2, device="cpu", calibration="never")


def draw():
    sketch = Sketch()
    wire = sketch.add("flatten", "flatten", sketch.input(SHAPE))
    sketch.output(sketch.add("fc", "linear", wire, out_features=10))
    return Document("small", sketch.graph, data={"source": "digits"})


@pytest.fixture(scope="module")
def digits():
    return load_data("digits", SHAPE)


def said(course, losses):
    return [problem.code for problem in course.add(losses)]


def codes(events):
    return [event.problem.code for event in events if isinstance(event, Trouble)]


def test_a_loss_that_rises_to_three_times_its_lowest_is_told():
    course = Course(None, 100)
    assert not said(course, [2.0 * 0.98**step for step in range(150)])
    rising = said(course, [0.1 * 1.03**step for step in range(150)])
    assert rising[0] == "loss-diverging"


@pytest.mark.parametrize(
    ("guessing", "losses"),
    [
        (
            math.log(10),
            [2.3, 2.5, 30.0, 400.0] + [3000.0] * 20,
        ),  # a rate that is far too high, from the first step on
        (math.log(10), [2.3] * 6 + [207.0] * 10),
        (
            math.log(10),
            [2.3, 900.0, 3000.0, 2500.0] + [1500.0] * 20,
        ),  # already the second is beyond all bounds
        (None, [1.0, 1.1, 0.9, 1.0] + [10.0**step for step in range(1, 6)] + [1e5] * 5),  # values
    ],
)
def test_a_loss_that_explodes_in_the_first_steps_is_told_at_once(guessing, losses):
    course = Course(guessing, 100)
    found = list(course.add(losses))
    assert found
    assert found[0].code == "loss-diverging"
    assert course.state() == json.loads(json.dumps(course.state()))


def test_a_loss_that_begins_high_and_wavers_is_not_diverging():
    course = Course(None, 100)
    assert not said(course, [5.0, 9.0, 20.0, 12.0, 30.0, 15.0, 10.0, 8.0] + [4.0] * 20)


def test_a_loss_that_is_next_to_nothing_may_rise_by_a_little():
    course = Course(None, 100)
    falling = [2.0 * 0.9**step for step in range(150)]
    assert not said(course, falling + [0.05] * 150)  # from 2, so that it has learnt all the same


def test_a_loss_that_stays_that_of_guessing_is_told_after_two_epochs():
    course = Course(math.log(10), 150)
    assert not said(course, [2.31] * 299)
    assert said(course, [2.31]) == ["loss-stuck"]
    learning = Course(math.log(10), 150)
    assert not said(learning, [2.3 * 0.999**step for step in range(400)])


@given(st.lists(st.floats(0, 10), max_size=300), st.integers(0, 300))
def test_where_the_losses_are_told_apart_makes_no_difference(losses, cut):
    whole, parted = Course(2.3, 10), Course(2.3, 10)
    expected = said(whole, losses)
    found = said(parted, losses[:cut])
    resumed = Course(2.3, 10)
    resumed.load_state(parted.state())
    assert found + said(resumed, losses[cut:]) == expected


def test_the_loss_of_guessing_counts_all_outputs():
    assert loss_of_guessing("classification", 10, [1.0, 0.3]) == pytest.approx(1.3 * math.log(10))
    assert loss_of_guessing("regression", 10, [1.0]) is None
    assert loss_of_guessing("classification", 1, [1.0]) is None


def test_a_run_that_learns_nothing_is_told_once(tiny):
    data = tiny.data(train=640)
    data.images.zero_()
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    events = list(tiny.trainer(data=data, network=network, epochs=8).events())
    assert codes(events) == ["loss-stuck"]
    assert events[-1].reason == "completed"


def test_a_run_that_diverges_is_told_once_and_a_resumed_one_does_not_say_it_again(tiny):
    data = tiny.data(train=640)
    trainer = tiny.trainer(data=data, epochs=8, optimizer="sgd", momentum=0.0, schedule="constant")
    found, state = [], None
    for event in trainer.events():
        found.append(event)
        if isinstance(event, Epoch) and event.epoch == 3:
            trainer.control.set_learning_rate(90.0)
        if isinstance(event, Epoch) and event.epoch == 5:
            state = trainer.state()
    assert codes(found).count("loss-diverging") == 1
    resumed = tiny.trainer(data=data, epochs=8, optimizer="sgd", momentum=0.0, schedule="constant")
    resumed.load_state(state)
    assert "loss-diverging" not in codes(resumed.events())


def test_a_label_out_of_range_is_told_with_its_sample_before_the_run_begins(digits):
    labels = digits.labels.clone()
    labels[123] = 10
    events = list(train(draw(), QUICK, replace(digits, labels=labels)))
    assert codes(events) == ["label-out-of-range"]
    assert "that of sample 123 is 10" in events[0].problem.message
    assert not any(isinstance(event, Started) for event in events)
    assert check_labels(digits) is None


def test_masks_may_leave_pixels_unjudged(tiny):
    data = tiny.data()
    data.task = "segmentation"
    data.labels = torch.zeros(110, 4, 4, dtype=torch.uint8)
    data.labels[3, 1, 1] = 255
    assert check_labels(data) is None
    data.labels[7, 2, 2] = 3
    assert "sample 7 is 3" in check_labels(data).message


def test_a_label_that_only_a_batch_shows_is_told_for_what_it_is():
    try:
        nn.functional.cross_entropy(torch.zeros(2, 3), torch.tensor([0, 3]))
    except IndexError as error:
        problem = explain(error)
    assert problem.code == "label-out-of-range"
    assert explain(RuntimeError("CUDA error: device-side assert triggered")).code == "label-out-of-range"


def test_samples_of_one_class_and_samples_that_are_all_alike_are_told(digits):
    train_split = digits.splits["train"]
    labels = digits.labels.clone()
    labels[train_split] = 4
    events = list(train(draw(), QUICK, replace(digits, labels=labels)))
    assert "one-class" in codes(events)
    assert "inputs-constant" not in codes(events)
    assert events[-1].reason == "completed"
    assert not remarks_on(digits, CPU)


def test_inputs_that_are_all_alike_are_told(digits, monkeypatch):
    blank = torch.zeros(64, *SHAPE)
    monkeypatch.setattr(type(digits), "batch", lambda self, at, device: (blank[: len(at)], self.labels[at]))
    (problem,) = remarks_on(digits, CPU)
    assert problem.code == "inputs-constant"
    assert not problem.is_error
