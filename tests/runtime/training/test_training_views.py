"""Views of a sample at test time: which there are, what is seen of them, and what their answers come to."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from builder.errors import Problem
from runtime.training.augmentation import Augmentation
from runtime.training.evaluating.evaluation import evaluate
from runtime.training.evaluating.views import Viewed, views_of
from runtime.training.settings import Settings
from runtime.training.tasks import Classification, Head, Regression, Segmentation

CPU = torch.device("cpu")


class Samples:
    """Inputs of a shape, for a task."""

    classes = ("a", "b", "c")
    mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)

    def __init__(self, *shape, task="classification", labels=None, is_series=False):
        self.input_shape = shape
        self.images = torch.rand(6, *shape, generator=torch.Generator().manual_seed(2))
        self.labels = torch.arange(6) % 3 if labels is None else labels
        self.task, self.is_series = task, is_series
        self.splits = {"train": torch.arange(6), "test": torch.arange(6)}

    def batch(self, indices, device):
        return self.images[indices], self.labels[indices]


class Seeing(nn.Module):
    """Remembers what it is shown; answers with the means of its channels."""

    def __init__(self, answer=lambda x: x.flatten(2).mean(2)):
        super().__init__()
        self.seen = []
        self.answer = answer

    def forward(self, x):
        self.seen.append(x)
        return self.answer(x)


def viewed(data, task, model=None, **settings):
    model = model or Seeing()
    found = Viewed.of(model, data, Settings(**{"shift": 0.0, **settings}), CPU, task)
    assert isinstance(found, Viewed), found
    return model, found


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"shift": 0.1}, 5),
        ({"flip": "horizontal"}, 2),
        ({"flip": "both"}, 4),
        ({"shift": 0.1, "flip": "horizontal"}, 10),
        ({"crop": 0.5, "flip": "horizontal"}, 10),
    ],
)
def test_there_are_as_many_views_as_training_made_places_and_mirror_images(settings, count):
    data = Samples(3, 16, 16)
    model, network = viewed(data, Classification(), **settings)
    assert network.count == count
    network(data.images)
    assert len(model.seen) == count
    assert len({seen.numpy().tobytes() for seen in model.seen}) == count
    assert all(seen.shape == data.images.shape for seen in model.seen)


@pytest.mark.parametrize("shape", [(12,), (3, 4, 4), (3, 16, 16)])
def test_where_nothing_is_moved_there_is_one_view_and_that_is_told(shape):
    still = 0.07 if shape == (3, 4, 4) else 0.0  # a fourteenth of four pixels is none
    found = views_of(Augmentation(Samples(*shape), Settings(shift=still), CPU))
    assert isinstance(found, Problem)
    assert found.code == "one-view"


def test_views_are_the_sample_moved_to_its_corners():
    data = Samples(3, 10, 10)
    model, network = viewed(data, Classification(), shift=0.2)
    network(data.images)
    assert torch.equal(model.seen[0], data.images)
    moves = [(-2, -2), (-2, 2), (2, -2), (2, 2)]
    for (down, right), seen in zip(moves, model.seen[1:], strict=True):
        inside = torch.roll(data.images, (down, right), (2, 3))[:, :, 2:8, 2:8]
        assert torch.equal(seen[:, :, 2:8, 2:8], inside)


def test_crops_are_seven_eighths_of_each_side_at_the_corners():
    data = Samples(3, 16, 16)
    data.images = torch.arange(16.0).expand(6, 3, 16, 16).clone()
    model, network = viewed(data, Classification(), crop=0.3)
    network(data.images)
    spans = [(float(seen[0, 0, 0, 0]), float(seen[0, 0, 0, -1])) for seen in model.seen]
    half = 7 / 16  # of a pixel: the middle of the first one that is seen
    left, middle, right = ((begin - 0.5 + half, begin + 13.5 - half) for begin in (0, 1, 2))
    wanted = [middle, left, right, left, right]
    for found, want in zip(spans, wanted, strict=True):
        assert found == pytest.approx((max(want[0], 0), min(want[1], 15)), abs=1e-4)


@pytest.mark.parametrize("from_probabilities", [False, True])
def test_classes_are_averaged_by_their_probabilities(from_probabilities):
    task = Classification((Head(from_probabilities=from_probabilities),))

    def answer(x):
        scores = 3 * x[:, :, 0, 0]
        return scores.softmax(1) if from_probabilities else scores

    data = Samples(3, 8, 8)
    _, network = viewed(data, task, Seeing(answer), flip="both")
    corners = [data.images[:, :, y, x] for y in (0, -1) for x in (0, -1)]
    want = torch.stack([(3 * corner).softmax(1) for corner in corners]).mean(0)
    torch.testing.assert_close(task.probabilities(network(data.images)), want)
    result = evaluate(network, data, "test", CPU, task)
    assert result.accuracy * 6 == int((want.argmax(1) == data.labels).sum())
    assert result.loss == pytest.approx(float(-want[range(6), data.labels].log().mean()), rel=1e-5)


def test_maps_are_turned_back_and_stay_in_their_place():
    data = Samples(3, 8, 8, task="segmentation", labels=torch.zeros(6, 8, 8, dtype=torch.int64))
    model, network = viewed(data, Segmentation(), Seeing(lambda x: x), shift=0.3, flip="both")
    answer = network(data.images)
    assert len(model.seen) == 4
    torch.testing.assert_close(answer.softmax(1), data.images.softmax(1))


def test_values_are_averaged():
    data = Samples(3, 20, task="regression", labels=torch.rand(6, 3), is_series=True)
    task = Regression(mean=(0.0,) * 3, std=(1.0,) * 3)
    model, network = viewed(data, task, shift=0.1)
    answer = network(data.images)
    assert len(model.seen) == 3  # a sequence moves to and fro
    want = torch.stack([seen.mean(2) for seen in model.seen]).mean(0)
    torch.testing.assert_close(answer, want)
