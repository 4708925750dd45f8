"""Data: batches equal a hand computation, statistics are of the training split, classes are checked."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_digits

from builder.errors import Problem, Severity
from runtime.data import DATA_SOURCES, Data, fit_input, load_data
from runtime.data import inputs as inputs_module
from runtime.data.raw import Raw, Skipped, legible


def loaded(source: str, shape: tuple[int, ...], seed: int = 0) -> Data:
    data = load_data(source, shape, seed=seed)
    assert isinstance(data, Data), data
    return data


def made(channels: int, size: tuple[int, int], count: int = 40, classes: int = 4) -> Raw:
    chance = np.random.default_rng(1)
    images = chance.integers(0, 256, (count, channels, *size), np.uint8)
    return Raw("made", "Made", "", images, np.arange(count) % classes, tuple("abcdefgh"[:classes]))


def from_raw(raw: Raw, shape: tuple[int, ...]) -> Data:
    data = Data.from_raw(raw, shape)
    assert isinstance(data, Data), data
    return data


@pytest.fixture(scope="module")
def digits() -> Data:
    return loaded("digits", (1, 28, 28))


def test_the_digits_are_scikit_learns(digits: Data) -> None:
    theirs = load_digits()
    ours = digits.inputs.images[:, 0].double() * 16 / 255
    assert torch.equal(ours.round(), torch.from_numpy(theirs.images))
    assert torch.equal(digits.labels, torch.from_numpy(theirs.target).long())
    assert digits.classes == tuple(map(str, theirs.target_names))


def test_importing_and_listing_needs_no_torch() -> None:
    code = (
        "import sys, runtime.data as d; [(s.available, s.how_to_get) for s in d.DATA_SOURCES]; "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


def test_sources_say_what_they_are() -> None:
    assert DATA_SOURCES[0].name == "digits"
    assert DATA_SOURCES[0].available
    for source in DATA_SOURCES:
        assert source.sentence.endswith(".")
        assert source.how_to_get


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 20, 24), (1, 8, 8), (1, 5, 7)])
@settings(max_examples=10, deadline=None)
@given(indices=st.lists(st.integers(0, 1796), min_size=1, max_size=5))
def test_a_batch_equals_the_hand_computation(shape: tuple[int, int, int], indices: list[int]) -> None:
    data = loaded("digits", shape)
    x, y = data.batch(indices)
    stored = torch.from_numpy(load_digits().images[indices]).float()[:, None]
    # Within half a grey level where the digits' 17 levels became bytes, and another half where they were resized.
    wanted = torch.nn.functional.interpolate(stored / 16, shape[1:], mode="bilinear", antialias=True)
    wanted = (wanted - torch.tensor(data.mean).view(-1, 1, 1)) / torch.tensor(data.std).view(-1, 1, 1)
    assert x.dtype == torch.float32
    assert x.shape == (len(indices), *shape)
    torch.testing.assert_close(x, wanted.expand_as(x), rtol=0, atol=1.01 / 255 / min(data.std))
    assert y.tolist() == load_digits().target[indices].tolist()


def test_the_training_split_as_the_network_sees_it_is_normal() -> None:
    data = from_raw(made(3, (9, 7)), (3, 12, 12))
    x, _ = data.batch(data.splits["train"])
    torch.testing.assert_close(x.mean((0, 2, 3)), torch.zeros(3), rtol=0, atol=1e-5)
    torch.testing.assert_close(x.std((0, 2, 3), correction=0), torch.ones(3), rtol=0, atol=1e-5)


def test_statistics_look_at_the_training_split_only() -> None:
    raw = made(1, (8, 8))
    before = from_raw(raw, (1, 8, 8))
    raw.images[before.splits["test"].numpy()] = 255
    raw.images[before.splits["validation"].numpy()] = 0
    after = from_raw(raw, (1, 8, 8))
    assert (after.mean, after.std) == (before.mean, before.std)


def test_a_constant_channel_divides_by_one() -> None:
    raw = made(3, (4, 4))
    raw.images[:, 1] = 7
    data = from_raw(raw, (3, 4, 4))
    assert data.std[1] == 1.0
    assert torch.isfinite(data.batch([0])[0]).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(1, 6, 6), (3, 6, 6), (3, 11, 4), (36,), (1, 36), (6, 6)])
def test_resized_as_it_is_cut_equals_resized_beforehand(
    channels: int, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = made(channels, (8, 8))
    held = from_raw(raw, shape)
    monkeypatch.setattr(inputs_module, "HELD_BYTES", 0)
    monkeypatch.setattr(inputs_module, "_CHUNK", 500)
    cut = from_raw(raw, shape)
    assert held.inputs.ready
    assert not cut.inputs.ready
    assert (cut.mean, cut.std) == (held.mean, held.std)
    assert torch.equal(cut.batch([3, 1, 39])[0], held.batch([3, 1, 39])[0])
    assert np.array_equal(cut.picture(5), held.picture(5))
    assert torch.equal(cut.to("cpu").batch([2])[0], held.batch([2])[0])


def test_chunks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = made(3, (8, 8))
    whole = from_raw(raw, (1, 13, 5))
    monkeypatch.setattr(inputs_module, "_CHUNK", 300)
    pieces = from_raw(raw, (1, 13, 5))
    assert torch.equal(whole.inputs.held, pieces.inputs.held)
    assert (whole.mean, whole.std) == (pieces.mean, pieces.std)


def test_grey_is_pillows_luma() -> None:
    raw = made(3, (16, 16))
    data = from_raw(raw, (1, 16, 16))
    for index in (0, 7):
        theirs = Image.fromarray(raw.images[index].transpose(1, 2, 0)).convert("L")
        assert np.array_equal(data.picture(index), np.asarray(theirs))


def test_colour_inputs_get_grey_thrice(digits: Data) -> None:
    x, _ = loaded("digits", (3, 28, 28)).batch([0, 1])
    assert torch.equal(x, digits.batch([0, 1])[0].expand(2, 3, 28, 28))


def test_vectors_and_sequences_are_the_picture_row_by_row(digits: Data) -> None:
    picture = digits.batch([3])[0]
    assert torch.equal(loaded("digits", (784,)).batch([3])[0], picture.view(1, 784))
    assert torch.equal(loaded("digits", (1, 784)).batch([3])[0], picture.view(1, 1, 784))
    assert torch.equal(loaded("digits", (28, 28)).batch([3])[0], picture.view(1, 28, 28))
    stored = loaded("digits", (64,))
    assert np.array_equal(stored.picture(3), stored.picture(3, original=True))


@pytest.mark.parametrize(
    "shape", [(), (0, 3, 3), (2, 28, 28), (1, 2, 3, 4), (65,), (1, 65), (3, 99999, 99999)]
)
def test_inputs_that_fit_no_picture(shape: tuple[int, ...]) -> None:
    problem = load_data("digits", shape)
    assert isinstance(problem, Problem)
    assert problem.code == "data-input"
    assert problem.way_out


@given(st.lists(st.integers(1, 80), min_size=1, max_size=4), st.booleans())
def test_a_fit_fills_the_input(shape: list[int], known: bool) -> None:
    fit = fit_input(tuple(shape), (3, 8, 9) if known else None)
    if not isinstance(fit, Problem):
        assert fit.channels * fit.height * fit.width == np.prod(shape)
        assert fit.shape == tuple(shape)


def test_splits_are_of_the_seed_alone(digits: Data) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    again = loaded("digits", (3, 9, 9))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(digits.splits[name], again.splits[name]) for name in digits.splits)
    other = loaded("digits", (1, 28, 28), seed=1)
    assert not torch.equal(digits.splits["train"], other.splits["train"])
    assert {name: len(part) for name, part in digits.splits.items()} == {
        "train": 1078,
        "validation": 360,
        "test": 359,
    }


def test_pictures_come_back(digits: Data) -> None:
    assert np.array_equal(digits.to_picture(digits.batch([4])[0]), digits.picture(4))
    assert digits.picture(4).shape == (28, 28)
    assert digits.picture(4, original=True).shape == (8, 8)
    colour = loaded("digits", (3, 28, 28))
    assert colour.to_picture(colour.batch([4])[0]).shape == (28, 28, 3)


def test_an_index_that_is_not_there(digits: Data) -> None:
    with pytest.raises(IndexError):
        digits.batch([1797])


def test_too_few_pictures_to_split() -> None:
    problem = Data.from_raw(made(1, (4, 4), count=2, classes=2), (1, 4, 4))
    assert isinstance(problem, Problem)
    assert "validation" in problem.values


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_batches_are_cut_on_the_device(digits: Data) -> None:
    there = digits.to("cuda")
    x, y = there.batch([0, 5])
    assert x.device.type == y.device.type == "cuda"
    torch.testing.assert_close(x.cpu(), digits.batch([0, 5])[0])


def test_a_sample_stands_for_all_where_pictures_are_resized_as_they_are_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = made(1, (8, 8))
    monkeypatch.setattr(inputs_module, "HELD_BYTES", 0)
    monkeypatch.setattr(inputs_module, "_MEASURED", 5)
    data = from_raw(raw, (1, 6, 6))
    sample = data.splits["train"][::5]  # 24 pictures: every fifth, five in all
    assert len(sample) == 5
    x, _ = data.batch(sample)
    assert float(x.mean()) == pytest.approx(0, abs=1e-5)
    assert float(x.std(correction=0)) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("masks", [False, True])
def test_a_class_that_is_judged_and_never_learnt_is_told(masks: bool) -> None:
    raw = made(1, (4, 4))
    splits = {"train": raw.labels < 2, "validation": raw.labels == 2, "test": raw.labels == 3}
    splits["test"][:4] = splits["validation"][:4] = False
    own = {name: np.flatnonzero(inside) for name, inside in splits.items()}
    labels = np.full((40, 4, 4), 255, np.uint8)
    labels[:, 0] = raw.labels[:, None]
    raw = replace(raw, own=own, labels=labels if masks else raw.labels)
    (warning,) = from_raw(raw, (1, 4, 4)).warnings
    assert warning.severity is Severity.WARNING
    assert warning.values == "'c', 'd' of 'Made' are in validation and test alone"
    own = {"train": np.arange(30), "test": np.arange(30, 40)}
    assert from_raw(replace(raw, own=own), (1, 4, 4)).warnings == []
    values = np.zeros((40, 1), np.float32)
    assert from_raw(replace(raw, labels=values, classes=(), targets=("a",)), (1, 4, 4)).warnings == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("new\nline", "new\\nline"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("half\udcff", "half\\udcff"),
        ("\u202egnp", "\\u202egnp"),
        ("ü 猫 🐱\u200d.png", "ü 猫 🐱\u200d.png"),
    ],
)
def test_names_do_nothing_to_a_terminal(text: str, shown: str) -> None:
    assert legible(text) == shown
    assert Skipped(text, text) == Skipped(shown, shown)
