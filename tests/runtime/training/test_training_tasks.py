"""Losses are PyTorch's, figures scikit-learn's; tallies add up; outputs that do not fit are told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from builder.document import Document
from builder.sketch import Sketch
from runtime.training.settings import Settings
from runtime.training.tasks import (
    TASKS,
    Answered,
    Classification,
    ClassificationResult,
    Head,
    Regression,
    RegressionResult,
    Segmentation,
    SegmentationResult,
    Task,
    recorded_task,
    task_of,
)

CPU = torch.device("cpu")
seeds = st.integers(0, 2**20)


def data(task: str, **fields: Any) -> Any:
    """What a task asks of data."""
    stock = {"task": task, "title": "made", "classes": ("a", "b", "c"), "targets": ("x", "y")}
    return SimpleNamespace(**stock, **fields)


def evaluated(task: Task, batches: list[tuple[Tensor, Tensor]], about: Any) -> Any:
    meter = task.meter(about, CPU)
    for outputs, targets in batches:
        meter.add(outputs, targets)
    return meter.result()


def classified(seed: int, classes: int, samples: int) -> list[tuple[Tensor, Tensor]]:
    """Two batches of logits and labels, right about every other time."""
    torch.manual_seed(seed)
    labels = torch.randint(classes, (samples,))
    logits = torch.randn(samples, classes) + 1.5 * F.one_hot(labels, classes)
    return [(logits[:3], labels[:3]), (logits[3:], labels[3:])]


# classification -------------------------------------------------------------------------------------------------


@given(seeds, st.integers(2, 13), st.integers(4, 40))
def test_the_figures_of_a_classifier_are_scikit_learn_s(seed: int, classes: int, samples: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    batches = classified(seed, classes, samples)
    logits, labels = torch.cat([x for x, _ in batches]), torch.cat([y for _, y in batches])
    taken, numbers = logits.argmax(1), list(range(classes))
    found = evaluated(Classification(), batches, data("classification"))
    assert isinstance(found, ClassificationResult)
    assert found.samples == samples
    assert found.loss == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-5)
    assert found.score == found.accuracy == pytest.approx(metrics.accuracy_score(labels, taken))
    size = max(classes, 3)  # the data has names for three
    assert np.array_equal(found.confusion, metrics.confusion_matrix(labels, taken, labels=list(range(size))))
    wanted = metrics.precision_recall_fscore_support(labels, taken, labels=numbers, zero_division=0)
    rows = found.per_class()[:classes]
    for name, column in zip(("precision", "recall", "f1", "samples"), wanted, strict=True):
        assert [row[name] for row in rows] == pytest.approx(list(column))
    if classes >= 10:
        top = metrics.top_k_accuracy_score(labels, logits, k=5, labels=numbers)
        assert found.metrics["top-5 accuracy"] == pytest.approx(top)
    else:
        assert found.top5 is None


@given(seeds, st.integers(2, 9), st.integers(1, 30))
def test_balanced_weights_are_scikit_learn_s_and_count_in_learning_alone(
    seed: int, classes: int, samples: int
) -> None:
    weighing = pytest.importorskip("sklearn.utils.class_weight")
    torch.manual_seed(seed)
    labels = torch.randint(classes, (samples,))
    counts = torch.bincount(labels, minlength=classes).tolist()
    about = data("classification", balance=lambda: {"train": counts})
    task = Classification.of((Head(),), about, Settings(class_weights="balanced", label_smoothing=0.1))
    seen = labels.unique()
    wanted = weighing.compute_class_weight("balanced", classes=seen.numpy(), y=labels.numpy())
    assert [task.class_weights[k] for k in seen.tolist()] == pytest.approx(wanted.tolist())
    assert all(task.class_weights[k] == 1 for k in range(classes) if not counts[k])
    logits = torch.randn(samples, classes)
    weights = torch.tensor(task.class_weights)
    assert torch.equal(
        task.loss(logits, labels), F.cross_entropy(logits, labels, weights, label_smoothing=0.1)
    )
    judged = evaluated(task, [(logits, labels)], data("classification"))
    assert judged.loss == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-5)


def test_the_loss_of_several_outputs_is_their_weighted_sum() -> None:
    torch.manual_seed(1)
    main, helper, labels = torch.randn(6, 4), torch.rand(6, 4).softmax(1), torch.arange(6) % 4
    task = Classification((Head(2.0), Head(0.3, from_probabilities=True)), label_smoothing=0.1)
    smoothed = [F.cross_entropy(x, labels, label_smoothing=0.1) for x in (main, helper.log())]
    assert task.loss((main, helper), labels).item() == pytest.approx(
        2 * smoothed[0].item() + 0.3 * smoothed[1].item()
    )
    assert torch.equal(task.answer((main, helper)), main)
    assert torch.equal(task.probabilities((main, helper)), main.softmax(1))
    of_another_shape = Classification((Head(), Head(0.0)))
    assert torch.equal(
        of_another_shape.loss((main, torch.randn(6, 5, 5)), labels), F.cross_entropy(main, labels)
    )


# segmentation ---------------------------------------------------------------------------------------------------


def segmented(seed: int, classes: int, unjudged: float = 0.2) -> tuple[Tensor, Tensor]:
    """Logits (3, K, 4, 5) and masks of which some pixels are not judged."""
    torch.manual_seed(seed)
    masks = torch.randint(classes, (3, 4, 5))
    logits = torch.randn(3, classes, 4, 5) + 1.5 * F.one_hot(masks, classes).movedim(-1, 1)
    return logits, masks.masked_fill(torch.rand(3, 4, 5) < unjudged, 255)


@given(seeds, st.integers(2, 9))
def test_the_figures_of_a_segmentation_are_scikit_learn_s_over_judged_pixels(seed: int, classes: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    logits, masks = segmented(seed, classes)
    found = evaluated(
        Segmentation(), [(logits[:1], masks[:1]), (logits[1:], masks[1:])], data("segmentation")
    )
    assert isinstance(found, SegmentationResult)
    judged = masks != 255
    there, said = masks[judged], logits.argmax(1)[judged]
    present = sorted(set(there.tolist()) | set(said.tolist()))
    assert found.loss == pytest.approx(F.cross_entropy(logits, masks, ignore_index=255).item(), rel=1e-5)
    assert found.metrics["pixel accuracy"] == pytest.approx(metrics.accuracy_score(there, said))
    iou = metrics.jaccard_score(there, said, average=None, labels=present)
    dice = metrics.f1_score(there, said, average=None, labels=present, zero_division=0)
    rows = found.per_class()
    assert [rows[k]["iou"] for k in present] == pytest.approx(list(iou))
    assert [rows[k]["dice"] for k in present] == pytest.approx(list(dice))
    assert all(rows[k]["iou"] is None for k in range(len(rows)) if k not in present)
    assert found.score == found.metrics["mean IoU"] == pytest.approx(np.mean(iou))
    assert found.metrics["Dice"] == pytest.approx(np.mean(dice))
    assert found.samples == 3


@given(seeds, st.integers(2, 6), st.booleans(), st.sampled_from([0.0, 0.1]))
def test_the_loss_of_a_mask_is_pytorch_s_mean_over_judged_pixels(
    seed: int, classes: int, weighted: bool, smoothing: float
) -> None:
    logits, masks = segmented(seed, classes)
    weights = tuple((torch.rand(classes) + 0.5).tolist()) if weighted else None
    task = Segmentation((Head(),), smoothing, weights)
    wanted = F.cross_entropy(
        logits, masks, weight=torch.tensor(weights) if weights else None, ignore_index=255,
        label_smoothing=smoothing,
    )  # fmt: skip
    torch.testing.assert_close(task.loss(logits, masks), wanted)


def test_a_batch_without_a_judged_pixel_teaches_nothing() -> None:
    logits = torch.randn(2, 3, 4, 4, requires_grad=True)
    masks = torch.full((2, 4, 4), 255)
    task = Segmentation()
    loss = task.loss(logits, masks)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()
    assert task.score(task.tally(logits, masks).tolist(), 2) == 0
    assert evaluated(task, [(logits.detach(), masks)], data("segmentation")).loss == 0


def test_what_is_seen_in_a_picture_is_its_mask_and_how_much_of_it_each_class_takes() -> None:
    masks = torch.tensor([[[0, 0, 2, 2], [0, 2, 2, 2]]])
    seen = Segmentation().prediction(F.one_hot(masks, 3).movedim(-1, 1).float())
    assert seen.mask is not None
    assert seen.mask.dtype == np.uint8
    assert np.array_equal(seen.mask, masks[0])
    assert seen.values == (3 / 8, 0, 5 / 8)
    assert Segmentation().prediction(torch.randn(1, 3)).values == ()


# regression -----------------------------------------------------------------------------------------------------


def told(seed: int, values: int, length: int | None) -> tuple[Tensor, Tensor, Regression]:
    """Standardised answers and values far from 0, as a network and data give them, and the task with their unit."""
    torch.manual_seed(seed)
    shape = (12, values) if length is None else (12, values, length)
    across = (1, values) if length is None else (1, values, 1)
    targets = torch.randn(shape) * torch.rand(across).add(0.1).mul(100) + torch.randn(across) * 1000
    rest = [axis for axis in range(len(shape)) if axis != 1]
    mean, std = targets.double().mean(rest), targets.double().std(rest, correction=0)
    task = Regression((Head(),), tuple(mean.tolist()), tuple(std.tolist()))
    return task.standardised(targets) + 0.3 * torch.randn(shape), targets, task


@given(seeds, st.integers(1, 4), st.none() | st.integers(2, 5))
def test_the_figures_of_a_regression_are_scikit_learn_s_in_the_unit_of_the_data(
    seed: int, values: int, length: int | None
) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    answer, targets, task = told(seed, values, length)
    found = evaluated(task, [(answer[:5], targets[:5]), (answer[5:], targets[5:])], data("regression"))
    assert isinstance(found, RegressionResult)
    wanted, said = (x.movedim(1, -1).reshape(-1, values).double() for x in (targets, task.values(answer)))
    assert found.score == pytest.approx(metrics.r2_score(wanted, said), abs=1e-3)
    assert found.r2 == pytest.approx(metrics.r2_score(wanted, said, multioutput="raw_values"), abs=1e-3)
    mae = metrics.mean_absolute_error(wanted, said, multioutput="raw_values")
    assert found.mae == pytest.approx(list(mae), rel=1e-2)
    assert found.metrics["RMSE"] == pytest.approx(
        metrics.root_mean_squared_error(wanted, said, multioutput="uniform_average")
        if values == 1
        else metrics.mean_squared_error(wanted, said) ** 0.5,
        rel=1e-2,
    )
    # The training split's own unit: the score of its batches is the score of it all.
    assert task.score(task.tally(answer, targets).tolist(), 12) == pytest.approx(found.score, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "wanted"), [("mse", F.mse_loss), ("mae", F.l1_loss), ("huber", F.huber_loss)]
)
def test_the_loss_of_values_is_pytorch_s_of_standardised_ones(name: str, wanted: Any) -> None:
    answer, targets, _ = told(3, 2, None)
    about = data("regression", target_mean=(10.0, -4.0), target_std=(2.0, 0.5))
    task = Regression.of((Head(),), about, Settings(regression_loss=name))
    standard = (targets - torch.tensor([10.0, -4.0])) / torch.tensor([2.0, 0.5])
    torch.testing.assert_close(task.loss(answer, targets), wanted(answer, standard))
    torch.testing.assert_close(task.values(task.standardised(targets)), targets)


def test_values_that_do_not_vary_are_right_or_wrong() -> None:
    task, constant = Regression(), torch.full((4, 1), 3.0)
    assert evaluated(task, [(constant, constant)], data("regression")).score == 1
    assert evaluated(task, [(constant + 1, constant)], data("regression")).score == 0


# all ------------------------------------------------------------------------------------------------------------


@given(seeds)
def test_the_tallies_of_batches_add_up_to_that_of_all(seed: int) -> None:
    logits, masks = segmented(seed, 4)
    answer, targets, regression = told(seed, 2, None)
    (first, a), (second, b) = classified(seed, 5, 9)
    for task, outputs, wanted in (
        (Segmentation(), logits, masks),
        (regression, answer, targets),
        (Classification(), torch.cat([first, second]), torch.cat([a, b])),
    ):
        parts = task.tally(outputs[:1], wanted[:1]) + task.tally(outputs[1:], wanted[1:])
        whole = task.tally(outputs, wanted)
        assert whole.ndim == 1
        torch.testing.assert_close(parts, whole)
        judged = evaluated(task, [(outputs, wanted)], data(task.kind))
        assert task.score(whole.tolist(), len(wanted)) == pytest.approx(judged.score, abs=1e-3)


@given(seeds, st.lists(st.tuples(st.sampled_from([1, 4, 5]), st.booleans()), min_size=1, max_size=6))
def test_what_is_tallied_of_several_batches_at_once_is_the_tally_of_each(
    seed: int, batches: list[tuple[int, bool]]
) -> None:
    logits, masks = segmented(seed, 6)
    answer, targets, regression = told(seed, 2, None)
    (outputs, labels), _ = classified(seed, 6, 9)
    for task, said, wanted in (
        (Segmentation(), logits, masks),
        (regression, answer, targets),
        (Classification(), outputs, labels),
    ):
        made = [task.tally(said[:n], wanted[:n]) for n, _ in batches]
        begun = [
            task.begin_tally(said[:n], wanted[:n]) if late else tally
            for (n, late), tally in zip(batches, made, strict=True)
        ]
        assert torch.equal(task.tallies(begun), torch.stack(made, 1))


def test_many_scores_are_tallied_at_once_rather_than_kept() -> None:
    task, few, many = Classification(), torch.zeros(8, 10), torch.zeros(64, 1000)
    assert isinstance(task.begin_tally(few, torch.zeros(8, dtype=torch.int64)), Answered)
    kept = task.begin_tally(many, torch.zeros(64, dtype=torch.int64))
    assert isinstance(kept, torch.Tensor)
    assert kept.tolist() == [64]


@given(seeds)
def test_what_is_said_of_each_sample_is_what_is_said_of_it_alone(seed: int) -> None:
    logits, masks = segmented(seed, 4)
    answer, targets, regression = told(seed, 2, 3)
    (first, labels), _ = classified(seed, 5, 9)
    for task, outputs, wanted in (
        (Segmentation(), logits, masks),
        (regression, answer, targets),
        (Classification(), first, labels),
    ):
        each = task.judgements(outputs, wanted)
        for k in range(len(wanted)):
            alone = evaluated(task, [(outputs[k : k + 1], wanted[k : k + 1])], data(task.kind))
            assert float(each.loss[k]) == pytest.approx(alone.loss, rel=1e-4, abs=1e-6)
            right = alone.metrics["pixel accuracy"] if task.kind == "segmentation" else float(each.score[k])
            assert float(each.score[k]) == pytest.approx(right)
        assert each.predicted.shape == each.targets.shape == wanted.shape


def test_how_sure_a_network_is_is_the_probability_of_what_it_says() -> None:
    (logits, labels), _ = classified(5, 4, 7)
    each = Classification().judgements(logits, labels)
    torch.testing.assert_close(each.confidence, logits.softmax(1).max(1).values)
    assert torch.equal(each.score, (logits.argmax(1) == labels).float())
    maps, masks = segmented(5, 3, unjudged=0)
    torch.testing.assert_close(
        Segmentation().judgements(maps, masks).confidence, maps.softmax(1).max(1).values.mean((1, 2))
    )


LABELS = {
    "classification": torch.zeros(5, dtype=torch.int64),
    "segmentation": torch.zeros((5, 8, 6), dtype=torch.uint8),
    "regression": torch.zeros(5, 2),
}


@pytest.mark.parametrize(
    ("kind", "shape", "says"),
    [
        ("classification", (3,), None),
        ("classification", (4,), "Set out_features of the last Linear to 3"),
        ("classification", (3, 8, 6), "End with Flatten and Linear(3)"),
        ("segmentation", (3, 8, 6), None),
        ("segmentation", (2, 8, 6), "Set out_channels of the last Conv to 3"),
        ("segmentation", (3, 4, 3), "Bring its map to that size"),
        ("segmentation", (3,), "End with a 1×1 Conv of 3 channels"),
        ("regression", (2,), None),
        ("regression", (1,), "Set out_features of the last Linear to 2"),
        ("regression", (2, 8, 6), "End with Flatten and Linear(2)"),
    ],
)
def test_an_output_that_does_not_say_what_the_data_asks_is_told(
    kind: str, shape: tuple[int, ...], says: str | None
) -> None:
    found = TASKS[kind].check_output(shape, data(kind, labels=LABELS[kind]), "fc")
    if says is None:
        assert found is None
    else:
        assert found is not None
        assert says in found.message
        assert "'made'" in found.message
        assert (found.path, found.is_error) == ("fc", True)


def test_values_along_a_sequence_ask_for_a_sequence() -> None:
    about = data("regression", labels=torch.zeros(5, 2, 30))
    assert Regression.check_output((2, 30), about) is None
    found = Regression.check_output((2,), about)
    assert found is not None
    assert "End with a Conv of 2 channels" in found.message


def draw() -> Document:
    sketch = Sketch()
    sketch.output(sketch.add("fc", "linear", sketch.input((4,)), out_features=2), loss_weight=0.5)
    return Document("small", sketch.graph)


def test_a_recorded_task_reads_answers_as_the_run_s_did() -> None:
    about = data("regression", target_mean=(10.0, -4.0), target_std=(2.0, 0.5))
    task = task_of(draw(), about)
    again = recorded_task(draw(), task.to_json())
    assert isinstance(again, Regression)
    assert (again.mean, again.std, again.heads) == (task.mean, task.std, (Head(0.5),))
    assert again.names == ("x", "y")
    assert again.prediction(torch.tensor([[1.0, 2.0]])).values == (12.0, -3.0)
    for kind in ("classification", "segmentation"):
        assert recorded_task(draw(), {"kind": kind}).kind == kind


@pytest.mark.parametrize(
    "recorded",
    [
        None,
        3,
        {},
        {"kind": ["regression"]},
        {"kind": "cooking"},
        {"kind": "regression"},
        {"kind": "regression", "mean": [1.0], "std": [0.0]},
        {"kind": "regression", "mean": [1.0], "std": [1.0, 2.0]},
        {"kind": "regression", "mean": [float("nan")], "std": [1.0]},
        {"kind": "regression", "mean": ["x"], "std": [1.0]},
        {"kind": "regression", "mean": 3, "std": 4},
        {"kind": "regression", "mean": [1.0], "std": [1.0], "values": [3]},
        {"kind": "regression", "mean": [1.0], "std": [1.0], "values": None},
    ],
)
def test_what_is_no_recorded_task_is_none(recorded: object) -> None:
    assert recorded_task(draw(), recorded) is None
