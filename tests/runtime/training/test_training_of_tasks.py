"""Each task from the data to a stated score on a test split that nothing was chosen by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from builder.architectures.tcn import tcn
from builder.architectures.unet import unet
from builder.document import Document
from builder.sketch import Sketch
from runtime.data import Data
from runtime.data.raw import NOT_JUDGED, Raw
from runtime.training.batches import cut
from runtime.training.control import Control
from runtime.training.events import Epoch, Event, Finished, Maps, Started, Steps, Trouble
from runtime.training.loop import train
from runtime.training.randomness import seed_of
from runtime.training.records.runs import Run
from runtime.training.settings import Settings

PLAIN = {"device": "cpu", "shift": 0.0, "precision": "fp32"}


def prepared(raw: Raw, shape: tuple[int, ...]) -> Data:
    data = Data.from_raw(raw, shape)
    assert isinstance(data, Data), data
    return data


def shapes_on_noise(count: int = 100, side: int = 24) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Grey pictures of a bright disc and a striped square in noise, and their masks.

    A stripe is as bright as the disc or as dark as the noise: which class it is, its neighbours tell. Where the one
    lies on the other, nothing is judged.
    """
    chance = np.random.default_rng(5)
    pictures = chance.normal(110, 25, (count, 1, side, side))
    masks = np.zeros((count, side, side), np.uint8)
    y, x = np.mgrid[:side, :side]
    for picture, mask in zip(pictures[:, 0], masks, strict=True):
        (a, b), (top, left) = chance.uniform(6, side - 6, 2), chance.integers(1, side - 10, 2)
        disc = (y - a) ** 2 + (x - b) ** 2 < 25
        square = (top <= y) & (y < top + 9) & (left <= x) & (x < left + 9)
        picture += 90 * disc + 90 * (square & (y % 2 == 0))
        mask[disc], mask[square] = 1, 2
        mask[disc & square] = NOT_JUDGED
    return pictures.clip(0, 255).astype(np.uint8), masks


@pytest.fixture(scope="module")
def shapes() -> Data:
    pictures, masks = shapes_on_noise()
    classes = ("ground", "disc", "square")
    return prepared(Raw("shapes", "Shapes", "", pictures, masks, classes), (1, 24, 24))


def told(events: list[Event]) -> tuple[Started, list[Epoch], Finished]:
    assert [event.problem.message for event in events if isinstance(event, Trouble)] == []
    started, finished = events[0], events[-1]
    assert isinstance(started, Started)
    assert isinstance(finished, Finished)
    assert finished.reason == "completed"
    return started, [event for event in events if isinstance(event, Epoch)], finished


def test_a_u_net_finds_shapes_in_noise(shapes: Data) -> None:
    document = unet((1, 24, 24), 3, width=1 / 8, levels=2)
    settings = Settings(epochs=12, batch=8, learning_rate=5e-3, **PLAIN)
    started, epochs, finished = told(list(train(document, settings, shapes)))
    assert (started.task, started.metric) == ("segmentation", "mean IoU")
    assert finished.test_accuracy is not None
    assert finished.test_accuracy >= 0.85
    assert list(finished.test_metrics) == ["mean IoU", "pixel accuracy", "Dice"]
    assert finished.test_metrics["mean IoU"] == finished.test_accuracy
    assert all(event.metrics["mean IoU"] == event.validation_accuracy for event in epochs)
    assert finished.test_metrics["Dice"] > finished.test_metrics["mean IoU"]
    best = max(event.validation_accuracy for event in epochs)
    assert finished.best_validation_accuracy == best
    assert epochs[-1].train_accuracy > epochs[0].train_accuracy


def test_looking_at_a_picture_while_it_is_segmented_brings_its_mask_and_changes_nothing(
    shapes: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = unet((1, 24, 24), 3, width=1 / 16, levels=1)
    settings = Settings(epochs=1, batch=8, **PLAIN)
    alone = [event.loss for event in train(document, settings, shapes) if isinstance(event, Steps)]
    monkeypatch.setattr("runtime.training.trainer._BETWEEN_LOOKS", 0.0)
    control = Control()
    control.watch(("inc", "output"), 3)
    watched = list(train(document, settings, shapes, control=control))
    losses = [event.loss for event in watched if isinstance(event, Steps)]
    assert sum(losses, ()) == sum(alone, ())
    maps = [event for event in watched if isinstance(event, Maps)]
    assert {event.path for event in maps} == {"inc", "output"}
    for event in maps:
        assert event.mask is not None
        assert event.mask.shape == (24, 24)
        assert event.mask.dtype == np.uint8
        shares = [float((event.mask == k).mean()) for k in range(3)]
        assert event.prediction == pytest.approx(shares)
    output = next(event for event in maps if event.path == "output")
    assert output.mask is not None
    assert np.array_equal(output.values.argmax(0), output.mask)


def adding(count: int = 800, length: int = 16) -> Data:
    """The adding problem: the sum of the two numbers of a sequence that a second channel marks.

    S. Hochreiter and J. Schmidhuber: Long short-term memory, 1997. Here the sum is in hundreds, from 1000 on.
    """
    chance = np.random.default_rng(3)
    x = np.zeros((count, 2, length), np.float32)
    x[:, 0] = chance.uniform(0, 1, (count, length))
    for sample in x:
        sample[1, chance.choice(length, 2, replace=False)] = 1
    y = 1000 + 100 * (x[:, 0] * x[:, 1]).sum(1, keepdims=True)
    raw = Raw("adding", "Adding", "", x, y.astype(np.float32), targets=("sum",))
    return prepared(raw, (2, length))


def test_a_tcn_adds_the_marked_numbers_of_a_sequence() -> None:
    document = tcn((2, 16), 1, hidden=16, levels=2, kernel_size=5, dropout=0.0)
    settings = Settings(epochs=25, batch=32, learning_rate=4e-3, **PLAIN)
    started, _, finished = told(list(train(document, settings, adding())))
    assert (started.task, started.metric) == ("regression", "R²")
    assert finished.test_accuracy is not None
    assert finished.test_accuracy >= 0.9
    # In the unit of the data, where the sums have a standard deviation of 41.
    assert finished.test_metrics["MAE"] < 12
    assert finished.test_metrics["RMSE"] >= finished.test_metrics["MAE"]


def waves(count: int = 500, length: int = 64) -> Data:
    """Sines, squares and saws of any frequency and phase in noise: which one is it?"""
    chance = np.random.default_rng(4)
    kinds = np.arange(count) % 3
    phase = chance.uniform(0, 1, (count, 1)) + np.arange(length) * chance.uniform(0.04, 0.08, (count, 1))
    forms = np.stack([np.sin(2 * np.pi * phase), np.sign(np.sin(2 * np.pi * phase)), 2 * (phase % 1) - 1])
    x = forms[kinds, np.arange(count)] + chance.normal(0, 0.3, (count, length))
    raw = Raw("waves", "Waves", "", x[:, None].astype(np.float32), kinds, ("sine", "square", "saw"))
    return prepared(raw, (1, length))


def test_a_tcn_tells_waves_apart() -> None:
    document = tcn((1, 64), 3, hidden=12, levels=4, kernel_size=5, dropout=0.0)
    settings = Settings(epochs=8, batch=32, learning_rate=4e-3, **PLAIN)
    started, _, finished = told(list(train(document, settings, waves())))
    assert (started.task, started.classes) == ("classification", ("sine", "square", "saw"))
    assert finished.test_accuracy is not None
    assert finished.test_accuracy >= 0.9


def perceptron(inputs: int, outputs: int) -> Document:
    sketch = Sketch()
    wire = sketch.add("flatten", "flatten", sketch.input((1, inputs)))
    wire = sketch.add("relu", "relu", sketch.add("hidden", "linear", wire, out_features=48))
    sketch.output(sketch.add("answer", "linear", wire, out_features=outputs))
    return Document("perceptron", sketch.graph, data={"source": "made"})


@pytest.mark.parametrize("error", ["mse", "mae", "huber"])
def test_values_of_any_unit_are_learnt_alike(error: str, tmp_path: Path) -> None:
    """A paraboloid in thousandths, and a plane in millions beside it."""
    x = np.random.default_rng(6).uniform(-1, 1, (600, 1, 4)).astype(np.float32)
    y = np.stack([1e-3 * (x**2).sum((1, 2)), 1e6 * (5 + x.sum((1, 2)))], axis=1).astype(np.float32)
    data = prepared(Raw("values", "Values", "", x, y, targets=("bowl", "plane")), (1, 4))
    document = perceptron(4, 2)
    settings = Settings(epochs=30, batch=32, learning_rate=1e-2, regression_loss=error, **PLAIN)
    run = Run.create(tmp_path, document, settings)
    assert isinstance(run, Run)
    _, _, finished = told(list(train(document, settings, data, run=run)))
    assert finished.test_accuracy is not None
    assert finished.test_accuracy >= 0.95
    again = Run.open(run.folder)
    assert isinstance(again, Run)
    assert list(again.events())[-1] == finished
    assert again.summary().metric == "R²"
    assert again.environment()["task"]["mean"] == pytest.approx(
        y[data.splits["train"]].astype(np.float64).mean(0).tolist()
    )


@pytest.mark.parametrize(
    ("document", "code", "path"),
    [
        (unet((1, 24, 24), 2, width=1 / 16, levels=1), "mask-shape", "outc"),
        (tcn((1, 32), 3, levels=1), "data-input", ""),
    ],
)
def test_a_network_that_does_not_suit_the_masks_is_told_so(
    document: Any, code: str, path: str, shapes: Data
) -> None:
    events = list(train(document, Settings(epochs=1, **PLAIN), shapes))
    problems = [event.problem for event in events if isinstance(event, Trouble)]
    assert [(problem.code, problem.path) for problem in problems] == [(code, path)]


def test_a_classifier_learns_bit_for_bit_as_in_a_loop_written_for_it(tiny: Any) -> None:
    trainer = tiny.trainer(epochs=2, schedule="constant", label_smoothing=0.1, precision="fp32")
    network, data, losses, right = tiny.network(), tiny.data(), [], []
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2, fused=True)
    order = trainer.feed.order
    for step, indices in enumerate(
        part for epoch in (1, 2) for part in (order(epoch)[a:b] for a, b in cut(65, 16))
    ):
        x, labels = data.batch(indices, "cpu")
        torch.manual_seed(seed_of(0, "step", step))
        optimizer.zero_grad()
        logits = network(x)
        loss = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        right.append((logits.argmax(1) == labels).sum().item() / len(labels))
    steps = [event for event in trainer.events() if isinstance(event, Steps)]
    assert [loss for event in steps for loss in event.loss] == losses
    assert [score for event in steps for score in event.accuracy] == right
