"""What is to be learnt: masks, values and series, their splits, counts and units."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import Problem
from runtime.data import Data
from runtime.data.raw import Raw, last
from runtime.data.targets import nearest, split

CHANCE = np.random.default_rng(3)


def prepared(raw: Raw, shape: tuple[int, ...], **options: object) -> Data:
    data = Data.from_raw(raw, shape, **options)
    assert isinstance(data, Data), data
    return data


def pictures(count: int = 20, size: tuple[int, int] = (6, 8)) -> np.ndarray:
    return CHANCE.integers(0, 256, (count, 3, *size), np.uint8)


def masked(size: tuple[int, int] = (6, 8)) -> Raw:
    masks = CHANCE.integers(0, 3, (20, *size), np.uint8)
    masks[:, 0] = 255
    return Raw("masked", "Masked", "", pictures(20, size), masks, ("sky", "sea", "sand"))


def valued(*axes: int) -> Raw:
    values = CHANCE.normal(5, 3, (20, *axes)).astype(np.float32)
    return Raw("valued", "Valued", "", pictures(), values, targets=tuple("abc"[: axes[0]]))


def series(channels: int = 4, steps: int = 9) -> Raw:
    x = CHANCE.normal(100, np.arange(1, channels + 1)[:, None], (40, channels, steps)).astype(np.float32)
    return Raw("series", "Series", "", x, np.arange(40) % 2, ("up", "down"))


def test_masks_come_as_whole_numbers_with_what_is_not_judged() -> None:
    raw = masked()
    data = prepared(raw, (3, 6, 8))
    assert data.task == "segmentation"
    assert data.labels.dtype == torch.uint8
    x, y = data.batch([3, 7])
    assert x.shape == (2, 3, 6, 8)
    assert y.dtype == torch.int64
    assert np.array_equal(y.numpy(), raw.labels[[3, 7]])
    loss = torch.nn.functional.cross_entropy(torch.zeros(2, 3, 6, 8), y, ignore_index=255)
    assert float(loss) == pytest.approx(np.log(3))


def test_masks_are_as_large_as_what_answers_them() -> None:
    raw = masked((6, 8))
    assert prepared(raw, (3, 12, 16)).labels.shape == (20, 12, 16)
    small = prepared(raw, (3, 12, 16), mask_size=(3, 4))
    assert small.labels.shape == (20, 3, 4)
    assert np.array_equal(small.labels.numpy(), raw.labels[:, 1::2, 1::2])


@given(old=st.tuples(*[st.integers(1, 9)] * 2), new=st.tuples(*[st.integers(1, 20)] * 2))
def test_masks_are_resized_as_pytorch_does(old: tuple[int, int], new: tuple[int, int]) -> None:
    masks = np.arange(2 * old[0] * old[1], dtype=np.uint8).reshape(2, *old)
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(masks)[:, None].double(), size=new, mode="nearest-exact"
    )
    # PyTorch reckons in floating point: where a centre lies on an edge the two may part by one pixel.
    ours = nearest(masks, new)
    exact = all((2 * k + 1) * a % (2 * b) for a, b in zip(old, new, strict=True) for k in range(b))
    assert ours.shape == (2, *new)
    if exact or old == new:
        assert np.array_equal(ours, theirs[:, 0].numpy())


@pytest.mark.parametrize("axes", [(1,), (3,), (2, 7)])
def test_values_keep_their_unit_and_say_its_mean(axes: tuple[int, ...]) -> None:
    raw = valued(*axes)
    data = prepared(raw, (3, 6, 8))
    assert data.task == "regression"
    assert data.targets == tuple("abc"[: axes[0]])
    _, y = data.batch(data.splits["train"])
    assert y.dtype == torch.float32
    flat = y.double().transpose(0, 1).flatten(1)
    assert data.target_mean == pytest.approx(flat.mean(1).tolist())
    assert data.target_std == pytest.approx(flat.std(1, correction=0).tolist())
    assert data.balance() == {}


def test_a_constant_value_is_divided_by_one() -> None:
    raw = valued(2)
    raw.labels[:, 1] = 0.1
    assert prepared(raw, (3, 6, 8)).target_std[1] == 1.0


def test_series_are_normalised_per_channel_over_the_training_split() -> None:
    raw = series()
    data = prepared(raw, (4, 9))
    x, y = data.batch(data.splits["train"])
    assert x.shape == (24, 4, 9)
    torch.testing.assert_close(x.mean((0, 2)), torch.zeros(4), rtol=0, atol=1e-5)
    torch.testing.assert_close(x.std((0, 2), correction=0), torch.ones(4), rtol=0, atol=1e-4)
    assert y.tolist() == (data.splits["train"] % 2).tolist()
    again = data.batch(data.splits["train"])[0]
    assert torch.equal(x, again), "normalising leaves what is stored alone"
    assert data.picture(5).shape == (4, 9)
    assert isinstance(data.prepare_picture(np.zeros((4, 9), np.uint8)), Problem)


@pytest.mark.parametrize("shape", [(36,), (4, 9), (1, 4, 9), (4, 1, 9)])
def test_series_fit_inputs_of_as_many_numbers(shape: tuple[int, ...]) -> None:
    assert prepared(series(), shape).batch([0])[0].shape == (1, *shape)


@pytest.mark.parametrize("shape", [(9, 4), (4, 10), (3, 9), (), (4, 9, 2)])
def test_series_are_never_resized(shape: tuple[int, ...]) -> None:
    problem = Data.from_raw(series(), shape)
    assert isinstance(problem, Problem)
    assert "4×9" in problem.way_out


@pytest.mark.parametrize("raw", [masked(), valued(2), series()], ids=["masks", "values", "series"])
def test_batches_in_order_are_the_batches(raw: Raw) -> None:
    data = prepared(raw, raw.images.shape[1:])
    parts = list(torch.randperm(20).split(6))
    for (x, y), part in zip(data.batches(parts), parts, strict=True):
        alone_x, alone_y = data.batch(part)
        assert torch.equal(x, alone_x)
        assert torch.equal(y, alone_y)


def test_balance_counts_samples_or_judged_pixels() -> None:
    data = prepared(series(), (4, 9))
    assert data.balance() == {"train": (12, 12), "validation": (4, 4), "test": (4, 4)}
    raw = masked()
    data = prepared(raw, (3, 6, 8))
    for name, counts in data.balance().items():
        chosen = raw.labels[data.splits[name].numpy()]
        assert counts == tuple(int((chosen == k).sum()) for k in range(3))


def test_samples_of_a_class() -> None:
    data = prepared(series(), (4, 9))
    assert data.of_class(1).tolist() == list(range(1, 40, 2))
    test = data.of_class(0, "test")
    assert set(test.tolist()) <= set(data.splits["test"].tolist())
    assert len(test) == 4
    raw = masked()
    raw.labels[:] = 0
    raw.labels[6, 3, 3] = 2
    assert prepared(raw, (3, 6, 8)).of_class(2).tolist() == [6]


@given(
    own=st.sets(st.sampled_from(["train", "validation", "test"])),
    seed=st.integers(0, 5),
)
def test_own_splits_are_kept_and_the_rest_is_cut(own: set[str], seed: int) -> None:
    where = {"train": np.arange(24), "validation": np.arange(24, 32), "test": np.arange(32, 40)}
    raw = series()
    raw = Raw("", "", "", raw.images, raw.labels, raw.classes, {name: where[name] for name in sorted(own)})
    parts = split(raw, seed)
    assert list(parts) == ["train", "validation", "test"]
    everything = np.concatenate(list(parts.values()))
    assert len(np.unique(everything)) == len(everything)
    assert all(len(part) for part in parts.values())
    if {"test", "validation"} <= own:
        assert all(np.array_equal(parts[name], where[name]) for name in ("validation", "test"))
    elif "test" in own:
        assert np.array_equal(parts["test"], where["test"])
    elif "validation" in own:
        assert np.array_equal(parts["test"], where["validation"]), "chosen by other samples than tested on"
    if own == {"train", "validation", "test"}:
        assert np.array_equal(parts["train"], where["train"])


def test_an_official_test_set_is_the_last() -> None:
    assert last(3, 10)["test"].tolist() == [7, 8, 9]
    assert last(0, 10) == {}
