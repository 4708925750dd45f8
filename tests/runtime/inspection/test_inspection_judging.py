"""Each sample judged by itself: worst, surest, and those behind a cell of the confusion matrix."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from runtime.inspection.judging import Judged, judged
from runtime.training.evaluating.evaluation import evaluate
from runtime.training.tasks import (
    Classification,
    ClassificationResult,
    Regression,
    Segmentation,
    SegmentationResult,
)

CPU = torch.device("cpu")


def made(task: str, x: Tensor, y: Tensor, classes: int = 4) -> Any:
    """Data whose inputs are what the network says; its test split lies anyhow."""
    torch.manual_seed(2)
    order = torch.randperm(len(x))
    return SimpleNamespace(
        task=task, title="made", classes=tuple("abcdefgh"[:classes]), labels=y, targets=(),
        splits={"train": order[:3], "test": order[3:]}, input_shape=tuple(x.shape[1:]),
        batch=lambda indices, device: (x[indices].to(device), y[indices].to(device)),
    )  # fmt: skip


def judge(task: Any, data: Any) -> Judged:
    model = nn.Dropout(0.5)  # says what it is given, but for training mode
    found = judged(model, data, "test", task, CPU)
    assert found is not None
    assert model.training
    assert np.array_equal(found.indices, data.splits["test"])
    return found


@pytest.fixture
def classified() -> tuple[Any, Judged]:
    torch.manual_seed(1)
    y = torch.randint(4, (700,))
    data = made("classification", torch.randn(700, 4) + 1.5 * F.one_hot(y, 4), y)
    return data, judge(Classification(), data)


def test_what_is_behind_each_cell_is_what_the_evaluation_counts(classified: tuple[Any, Judged]) -> None:
    data, found = classified
    whole = evaluate(nn.Identity(), data, "test", CPU, Classification())
    assert isinstance(whole, ClassificationResult)
    assert found.loss.mean() == pytest.approx(whole.loss, rel=1e-5)
    assert found.score.mean() == pytest.approx(whole.accuracy)
    for i in range(4):
        for j in range(4):
            behind = found.cell(i, j)
            assert len(behind) == whole.confusion[i][j]
            assert (data.labels[found.indices[behind]] == i).all()
            assert (found.predicted[behind] == j).all()
            assert (np.diff(found.confidence[behind]) <= 0).all()


def test_the_worst_and_the_surest_are_mistakes_in_order(classified: tuple[Any, Judged]) -> None:
    _, found = classified
    wrong = found.targets != found.predicted
    assert wrong.sum() > 20
    worst, surest = found.worst(10), found.surest(10)
    assert wrong[worst].all()
    assert wrong[surest].all()
    assert found.loss[worst].tolist() == sorted(found.loss[wrong].tolist(), reverse=True)[:10]
    assert found.confidence[surest].tolist() == sorted(found.confidence[wrong].tolist(), reverse=True)[:10]
    assert len(found.worst(10_000)) == wrong.sum()


def test_masks_that_have_a_mistake_are_found_by_it_those_with_most_of_it_first() -> None:
    torch.manual_seed(3)
    y = torch.randint(4, (30, 5, 6))
    x = torch.randn(30, 4, 5, 6) + 1.5 * F.one_hot(y, 4).movedim(-1, 1)
    y = y.masked_fill(torch.rand(y.shape) < 0.2, 255)
    data = made("segmentation", x, y)
    found = judge(Segmentation(), data)
    whole = evaluate(nn.Identity(), data, "test", CPU, Segmentation())
    assert isinstance(whole, SegmentationResult)
    for i in range(4):
        for j in range(4):
            behind = found.cell(i, j)
            there = data.labels[found.indices[behind]] == i
            pixels = (there & (x[found.indices[behind]].argmax(1) == j)).flatten(1).sum(1)
            assert pixels.sum() == whole.confusion[i][j]
            assert (pixels > 0).all()
            assert (pixels.diff() <= 0).all()
    assert found.targets.shape == (27, 5, 6)
    right = ((x.argmax(1) == y) & (y != 255)).flatten(1).sum(1) / (y != 255).flatten(1).sum(1)
    worst = found.worst(5)
    assert right[found.indices[worst]].tolist() == right[found.indices].sort().values[:5].tolist()
    assert len(found.worst(100)) == (right[found.indices] < 1).sum()
    assert len(found.surest(3)) == 0


def test_a_mask_with_one_wrong_pixel_is_a_mistake_and_one_that_nothing_is_judged_of_is_none() -> None:
    y = torch.zeros(6, 20, 20, dtype=torch.int64)
    x = F.one_hot(y, 2).movedim(-1, 1) * 9.0
    data = made("segmentation", x, y, classes=2)
    wrong, unjudged, _ = data.splits["test"].tolist()
    y[wrong, 3, 4], y[unjudged] = 1, 255
    assert judge(Segmentation(), data).worst(9).tolist() == [0]


def test_of_large_masks_only_the_figures_are_kept() -> None:
    y = torch.zeros(6, 9, 9, dtype=torch.int64)
    found = judge(Segmentation(), made("segmentation", torch.randn(6, 2, 9, 9), y, classes=2))
    assert found.targets.shape == found.predicted.shape == (3, 0)
    assert found.pairs[:, 3].sum() == 3 * 81


def test_values_are_told_in_their_unit_and_have_no_cells() -> None:
    torch.manual_seed(4)
    y = torch.randn(9, 2) * 5 + 100
    data = made("regression", (y - 100) / 5 + 0.1 * torch.randn(9, 2), y)
    task = Regression(mean=(100.0, 100.0), std=(5.0, 5.0))
    found = judge(task, data)
    assert found.predicted == pytest.approx(found.targets, abs=3)
    off = ((found.predicted - found.targets) ** 2).mean(1)
    assert found.score == pytest.approx(1 - off / 25, abs=1e-4)
    assert found.worst(1)[0] == off.argmax()
    assert len(found.cell(0, 0)) == len(found.surest(3)) == 0


def test_it_can_be_stopped() -> None:
    data = made("classification", torch.randn(8, 4), torch.zeros(8, dtype=torch.int64))
    assert judged(nn.Identity(), data, "test", Classification(), CPU, lambda: True) is None
