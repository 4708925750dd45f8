"""The sets that the program draws: always the same, in every class alike, and what they say of themselves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import app
from runtime.data import DATA_SOURCES, Data, load_data
from runtime.data.generated import CHANNELS, PICTURES, SERIES, SIDE, STEPS
from runtime.data.raw import Raw

SHAPES = {"shapes": (3, SIDE, SIDE), "waves": (CHANNELS, STEPS)}
NAMES = tuple(SHAPES)
SOURCES = {source.name: source for source in DATA_SOURCES}


def loaded(name: str, shape: tuple[int, ...], seed: int = 0, **how: tuple[int, int]) -> Data:
    data = load_data(name, shape, seed=seed, **how)
    assert isinstance(data, Data), data
    return data


def drawn(name: str) -> Raw:
    raw = SOURCES[name].read(SOURCES[name])
    assert isinstance(raw, Raw)
    return raw


@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_same_with_every_call(name: str) -> None:
    first, second = drawn(name), drawn(name)
    assert np.array_equal(first.images, second.images)
    assert np.array_equal(first.labels, second.labels)
    assert all(np.array_equal(first.own[part], second.own[part]) for part in ("train", "validation", "test"))


@pytest.mark.parametrize("name", NAMES)
def test_it_comes_with_the_program_and_the_seed_of_a_run_leaves_its_test_set_alone(name: str) -> None:
    assert SOURCES[name].available
    assert SOURCES[name].how_to_get == "It comes with the program"
    for part in ("train", "validation", "test"):
        assert torch.equal(
            loaded(name, SHAPES[name], 0).splits[part], loaded(name, SHAPES[name], 5).splits[part]
        )


def test_no_two_samples_are_alike() -> None:
    for name, count in (("shapes", PICTURES), ("waves", SERIES)):
        assert len({sample.tobytes() for sample in drawn(name).images}) == count


def test_each_split_of_the_shapes_holds_each_set_of_shapes_alike() -> None:
    raw = drawn("shapes")
    assert raw.task == "segmentation"
    assert (raw.images.shape, raw.images.dtype) == ((PICTURES, 3, SIDE, SIDE), np.uint8)
    assert raw.labels.shape == (PICTURES, SIDE, SIDE)
    held = [tuple(np.unique(mask)) for mask in raw.labels]
    assert len(set(held)) == 7, "some shapes beside the background, in every combination"
    for part, share in (("train", 54), ("validation", 18), ("test", 18)):
        of_part = [held[index] for index in raw.own[part]]
        assert {of_part.count(combination) for combination in set(held)} == {share}
    covered = np.bincount(raw.labels.ravel(), minlength=4)
    assert covered[0] < 0.9 * raw.labels.size
    assert covered[1:].max() < 1.1 * covered[1:].min(), "no shape is told by its size"


def test_the_masks_lie_on_the_shapes_and_colours_do_not_tell_them() -> None:
    raw = drawn("shapes")
    pixels = raw.images.astype(np.float64).transpose(0, 2, 3, 1)
    kinds: list[list[np.ndarray]] = [[], [], []]
    for picture, mask in zip(pixels, raw.labels, strict=True):
        ground = np.median(picture[mask == 0], axis=0)
        for kind in range(3):
            if (mask == kind + 1).any():
                shape = picture[mask == kind + 1]
                assert np.abs(shape - ground).mean() > 30, "it stands out where the mask says"
                kinds[kind].append(shape.mean(0))
        assert np.abs(picture[mask == 0] - ground).mean() < 20, "and nowhere else"
    middles = [np.mean(colours, axis=0) for colours in kinds]
    assert max(np.abs(a - b).max() for a in middles for b in middles) < 25


def test_shapes_come_at_the_size_of_input_and_output() -> None:
    data = loaded("shapes", (1, 32, 48), mask_size=(16, 24))
    x, y = data.batch([0, 1])
    assert (x.shape, y.shape) == ((2, 1, 32, 48), (2, 16, 24))
    assert data.classes == ("background", "disc", "square", "triangle")


def test_the_waves_are_what_they_are_called() -> None:
    raw = drawn("waves")
    assert raw.task == "classification"
    assert (raw.images.shape, raw.images.dtype) == ((SERIES, CHANNELS, STEPS), np.float32)
    assert [np.bincount(raw.labels[raw.own[part]]).tolist() for part in ("train", "validation", "test")] == [
        [120] * 4, [40] * 4, [40] * 4,
    ]  # fmt: skip
    share = {kind: raw.images[raw.labels == number] for number, kind in enumerate(raw.classes)}
    peak = {kind: _power_of_one_tone(x) for kind, x in share.items()}
    assert peak["sine"] > peak["square"] > peak["chirp"]
    assert peak["sine"] > peak["sawtooth"] > peak["chirp"], "a chirp runs through many tones"
    flat = {kind: np.abs(x).mean() / np.square(x).mean() ** 0.5 for kind, x in share.items()}
    assert flat["square"] == max(flat.values()), "a square stays at its heights"


def _power_of_one_tone(x_NCL: np.ndarray) -> float:
    """The share of the power that lies in the strongest tone and its two neighbours, on average."""
    power = np.abs(np.fft.rfft(x_NCL)[..., 1:]) ** 2
    three = power[..., :-2] + power[..., 1:-1] + power[..., 2:]
    return float((three.max(-1) / power.sum(-1)).mean())


@pytest.mark.parametrize(("name", "task"), [("shapes", "segmentation"), ("waves", "classification")])
def test_the_command_tells_of_it(name: str, task: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["data", name]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{SOURCES[name].title}: {SOURCES[name].sentence}")
    assert task in out
    assert all(kind in out for kind in loaded(name, SHAPES[name]).classes)
