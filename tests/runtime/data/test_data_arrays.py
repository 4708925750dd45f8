"""Archives of masks, values and series, with splits of their own, and what is said of those that hold otherwise."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as any_array
from numpy.lib import format as npy

from builder.errors import Problem
from runtime.data import Data, load_data
from runtime.data.arrays import interpret
from runtime.data.masks import order_of
from runtime.data.raw import Raw

CHANCE = np.random.default_rng(0)
IMAGES = CHANCE.integers(0, 256, (40, 6, 5), np.uint8)
LABELS = np.arange(40) % 4
SERIES = CHANCE.normal(size=(40, 2, 7))


def saved(folder: Path, **arrays: Any) -> str:
    np.savez(folder / "set.npz", **arrays)
    return str(folder / "set.npz")


def data_of(source: str, shape: tuple[int, ...]) -> Data:
    data = load_data(source, shape)
    assert isinstance(data, Data), data
    return data


def problem_of(source: str, shape: tuple[int, ...] = (1, 6, 5)) -> Problem:
    problem = load_data(source, shape)
    assert isinstance(problem, Problem), problem
    assert problem.way_out
    return problem


def test_masks_beside_pictures(tmp_path: Path) -> None:
    masks = CHANCE.integers(0, 3, IMAGES.shape)
    masks[:, 0] = 255
    data = data_of(saved(tmp_path, images=IMAGES, masks=masks), (1, 6, 5))
    assert (data.task, data.classes) == ("segmentation", ("0", "1", "2"))
    assert np.array_equal(data.batch([4])[1][0].numpy(), masks[4])


def test_masks_of_two_values_have_two_classes(tmp_path: Path) -> None:
    masks = CHANCE.integers(0, 2, IMAGES.shape) * 255
    data = data_of(saved(tmp_path, images=IMAGES, masks=masks), (1, 6, 5))
    assert data.classes == ("0", "255")
    assert np.array_equal(data.labels.numpy(), masks // 255)


def test_masks_with_named_classes_keep_their_numbers(tmp_path: Path) -> None:
    masks = CHANCE.integers(1, 3, IMAGES.shape)
    names = np.array(["none", "cat", "dog", "eel"])
    data = data_of(saved(tmp_path, images=IMAGES, y=masks, classes=names), (1, 6, 5))
    assert data.classes == tuple(names)
    assert np.array_equal(data.labels.numpy(), masks)
    masks[3, 2, 1] = 4
    assert "value 4" in problem_of(saved(tmp_path, images=IMAGES, y=masks, classes=names)).values


@given(st.sets(st.integers(0, 300), min_size=1), st.just(255))
def test_the_values_of_masks_in_order(values: set[int], ignored: int) -> None:
    found = order_of(list(values), ignored)
    assert found == sorted(found)
    assert set(found) in (values, values - {ignored})
    assert ignored not in found or len(values) <= 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
@pytest.mark.parametrize("one", [False, True])
def test_series_of_numbers(tmp_path: Path, dtype: type, one: bool) -> None:
    x = (SERIES * 100).astype(dtype)
    x = x[:, 0] if one else x
    data = data_of(saved(tmp_path, x=x, y=LABELS), (1, 7) if one else (2, 7))
    assert (data.task, data.is_series, data.classes) == ("classification", True, ("0", "1", "2", "3"))
    wanted = torch.from_numpy(x.astype(np.float32)).view(40, -1, 7)[[5]]
    mean, std = (torch.tensor(values).view(1, -1, 1) for values in (data.mean, data.std))
    torch.testing.assert_close(data.batch([5])[0], (wanted - mean) / std, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("axes", [(), (1,), (3,), (2, 7)])
def test_values_of_series_and_pictures(tmp_path: Path, axes: tuple[int, ...]) -> None:
    y = CHANCE.normal(size=(40, *axes))
    data = data_of(saved(tmp_path, x=SERIES, y=y), (2, 7))
    assert data.task == "regression"
    assert data.labels.shape == (40, *(axes or (1,)))
    assert len(data.targets) == (axes or (1,))[0]
    pictures = data_of(saved(tmp_path, images=IMAGES, values=y), (1, 6, 5))
    assert torch.equal(pictures.labels, data.labels)


def test_values_have_names(tmp_path: Path) -> None:
    y = CHANCE.normal(size=(40, 2))
    names = np.array(["east", "north"])
    assert data_of(saved(tmp_path, x=SERIES, y=y, targets=names), (2, 7)).targets == ("east", "north")
    assert "2 values" in problem_of(saved(tmp_path, x=SERIES, y=y, targets=names[:1])).values


def test_parts_are_splits_as_keras_and_medmnist_write_them(tmp_path: Path) -> None:
    keras = data_of(
        saved(tmp_path, x_train=IMAGES[:30], y_train=LABELS[:30], x_test=IMAGES[30:], y_test=LABELS[30:]),
        (1, 6, 5),
    )
    assert keras.splits["test"].tolist() == list(range(30, 40))
    assert not keras.is_series
    parts = {"train": slice(0, 24), "val": slice(24, 31), "test": slice(31, 40)}
    arrays = {f"{name}_images": IMAGES[part] for name, part in parts.items()}
    arrays |= {f"{name}_labels": LABELS[part][:, None] for name, part in parts.items()}
    medmnist = data_of(saved(tmp_path, **arrays), (1, 6, 5))
    assert [len(medmnist.splits[name]) for name in ("train", "validation", "test")] == [24, 7, 9]
    assert torch.equal(medmnist.labels, keras.labels)


def test_a_split_is_named_for_each_sample(tmp_path: Path) -> None:
    split = np.array(["train", "val", "test", "train"] * 10)
    data = data_of(saved(tmp_path, x=SERIES, y=LABELS, split=split), (2, 7))
    assert data.splits["validation"].tolist() == list(range(1, 40, 4))
    split[3] = "exam"
    assert "'split'" in problem_of(saved(tmp_path, x=SERIES, y=LABELS, split=split)).values


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (
            {"x": SERIES, "y": np.where(LABELS == 3, np.nan, 1.0)},
            "target 3 of 'set.npz' holds nan, and 9 more",
        ),
        ({"x": np.where(SERIES > 2, np.inf, SERIES), "y": LABELS}, "holds inf"),
        ({"x": SERIES * 1e300, "y": LABELS}, "sample 0"),
        ({"x": SERIES, "y": LABELS - 1}, "label 0"),
        ({"x": SERIES.astype(complex), "y": LABELS}, "complex"),
        ({"x": SERIES[:, :, :0], "y": LABELS}, "(40, 2, 0)"),
        ({"x": SERIES, "y": SERIES[:, :, :1].astype(int)}, "of shape (40, 2, 1)"),
        ({"x": SERIES[0, 0, 0], "y": LABELS}, "nothing in it"),
        ({"x": SERIES, "y": np.array(["a"] * 40)}, "'y' is <U1"),
        ({"images": IMAGES, "masks": IMAGES.astype(np.int64) - 300}, "values from"),
        ({"images": IMAGES, "masks": IMAGES.astype(np.int64) * 70_000}, "values from"),
        ({"images": IMAGES, "masks": np.arange(1200).reshape(40, 6, 5)}, "has more"),
        ({"images": IMAGES, "values": LABELS}, "'values' is int64"),
        (
            {"x_train": IMAGES, "x_test": IMAGES[:, :3], "y_train": LABELS, "y_test": LABELS},
            "can't be joined",
        ),
        ({"x_train": IMAGES, "x_test": IMAGES, "y_train": LABELS[:30], "y_test": LABELS}, "70 y"),
        ({"x_train": IMAGES, "y": LABELS, "other": LABELS, "x": np.array([object()])}, "'x' holds pickled"),
        ({"other": LABELS}, "it holds other"),
        ({"images": IMAGES, "labels": LABELS * 0 + 3}, "has 1 ('3')"),
        ({"images": IMAGES, "labels": LABELS * 0, "classes": np.array(["up", "down"])}, "has 1 ('up')"),
        ({"images": IMAGES, "masks": np.full_like(IMAGES, 255)}, "every pixel"),
        ({"images": IMAGES, "y": np.full_like(IMAGES, 255), "classes": np.array(["a", "b"])}, "every pixel"),
        ({"images": IMAGES, "masks": np.zeros_like(IMAGES)}, "has 1 ('0')"),
    ],
)
def test_archives_that_cannot_be_learnt_from(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    assert said in problem_of(saved(tmp_path, **arrays), (2, 7)).values


@given(
    x=any_array(
        st.sampled_from([np.uint8, np.int32, np.float32]), st.lists(st.integers(0, 3), max_size=4).map(tuple)
    ),
    y=any_array(
        st.sampled_from([np.uint8, np.int64, np.uint64, np.float16, np.float64, np.bool_, np.dtype("<U2")]),
        st.lists(st.integers(0, 3), max_size=4).map(tuple),
    ),
    names=st.tuples(
        st.sampled_from(["images", "x", "x_train"]),
        st.sampled_from(["labels", "masks", "values", "y", "y_train"]),
    ),
)
def test_any_arrays_are_a_set_or_a_problem(x: np.ndarray, y: np.ndarray, names: tuple[str, str]) -> None:
    found = interpret(dict(zip(names, (x, y), strict=True)), Path("any.npz"), names)
    assert isinstance(found, Raw | Problem)
    if isinstance(found, Raw):
        assert len(found.images) == len(found.labels) > 0
        assert found.task == "regression" or found.labels.min() >= 0


def test_what_takes_no_bytes_is_not_many_things(tmp_path: Path) -> None:
    header = io.BytesIO()
    npy.write_array_header_1_0(header, {"descr": "<U0", "fortran_order": False, "shape": (2**27,)})
    with zipfile.ZipFile(tmp_path / "set.npz", "w") as archive:
        archive.writestr("classes.npy", header.getvalue())
    found = load_data(str(tmp_path / "set.npz"), (1, 8, 8))
    assert isinstance(found, Problem)
    assert "shorter than its header says" in found.message


@pytest.mark.parametrize(
    ("arrays", "way_out"),
    [
        ({"images": IMAGES, "labels": np.array([{}] * 40)}, "array of numbers"),
        ({"images": IMAGES, "labels": LABELS.astype(str)}, "whole numbers from 0"),
        ({"images": IMAGES, "labels": LABELS > 1}, "whole numbers from 0"),
        ({"images": IMAGES, "labels": LABELS.astype(float)}, "'values'"),
        ({"images": IMAGES, "y": LABELS.astype(str)}, "values as float32"),
        ({"images": IMAGES, "values": LABELS}, "float32"),
        ({"images": IMAGES, "masks": IMAGES > 1}, "uint8"),
        ({"images": IMAGES.astype(np.int64), "labels": LABELS}, "uint8 (0…255) or as float32 from 0 to 1"),
        ({"images": IMAGES.astype(np.float32), "labels": LABELS}, "Divide them by 255"),
        ({"images": IMAGES - 300.0, "labels": LABELS}, "from 0 to 1"),
        ({"x": SERIES > 0, "y": LABELS}, "float32"),
        ({"images": IMAGES, "labels": LABELS, "classes": np.arange(4)}, "array of text"),
    ],
)
def test_the_way_out_says_what_is_expected(tmp_path: Path, arrays: dict[str, Any], way_out: str) -> None:
    assert way_out in problem_of(saved(tmp_path, **arrays)).way_out


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_picture_that_is_not_finite_is_named(tmp_path: Path, bad: float) -> None:
    images = IMAGES / 255
    images[[7, 9], 2, 3] = bad
    said = problem_of(saved(tmp_path, images=images, labels=LABELS)).values
    assert said == f"picture 7 of 'set.npz' holds {bad:g}, and 1 more hold such"


def test_objects_that_nobody_asks_for_are_left_alone(tmp_path: Path) -> None:
    source = saved(tmp_path, images=IMAGES, labels=LABELS, notes=np.array([{"by": "me"}] * 2))
    assert len(data_of(source, (1, 6, 5))) == 40
