"""Folders of pictures with masks: the values found are the classes, the mask follows its picture's cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from builder.errors import Problem
from runtime.data import Data, load_data
from runtime.data import inputs as inputs_module
from runtime.data import segmented as segmented_module
from runtime.data.segmented import codes_of, values_of

SIZE = (8, 10)
SHAPE = (3, *SIZE)
CHANCE = np.random.default_rng(0)


def data_of(root: Path, shape: tuple[int, ...] = SHAPE, **options: object) -> Data:
    data = load_data(str(root), shape, **options)
    assert isinstance(data, Data), data
    return data


def problem_of(root: Path) -> Problem:
    problem = load_data(str(root), SHAPE)
    assert isinstance(problem, Problem), problem
    return problem


def draw(root: Path, mask_of: object, count: int = 12, size: tuple[int, int] = SIZE) -> list[np.ndarray]:
    """Pictures and masks of classes 0, 1, 2; returns the classes."""
    (root / "images").mkdir(parents=True)
    (root / "masks").mkdir()
    classes = []
    for k in range(count):
        Image.fromarray(CHANCE.integers(0, 256, (*size, 3), np.uint8)).save(root / "images" / f"{k:02}.png")
        classes.append(CHANCE.integers(0, 3, size, np.uint8))
        mask_of(classes[-1]).save(root / "masks" / f"{k:02}.png")
    return classes


def levels(*values: int):
    return lambda classes: Image.fromarray(np.array(values, np.uint8)[classes])


def palette(classes: np.ndarray) -> Image.Image:
    image = Image.fromarray(classes, mode=None).convert("P")
    image.putdata(classes.ravel().tolist())
    image.putpalette([10, 20, 30, 200, 0, 0, 0, 0, 255])
    return image


def colours(*values: tuple[int, int, int]):
    return lambda classes: Image.fromarray(np.array(values, np.uint8)[classes])


@pytest.mark.parametrize(
    ("mask_of", "names"),
    [
        (levels(0, 1, 2), ("0", "1", "2")),
        (levels(0, 128, 200), ("0", "128", "200")),
        (palette, ("0", "1", "2")),
        (colours((0, 0, 0), (0, 0, 255), (255, 0, 0)), ("0", "#0000ff", "#ff0000")),
        (lambda classes: Image.fromarray(classes.astype(np.uint16) * 1000), ("0", "1000", "2000")),
    ],
    ids=["numbers", "grey", "palette", "colours", "16 bits"],
)
def test_what_masks_hold_are_the_classes(tmp_path: Path, mask_of: object, names: tuple[str, ...]) -> None:
    wanted = draw(tmp_path, mask_of)
    data = data_of(tmp_path)
    assert (data.task, data.classes) == ("segmentation", names)
    assert np.array_equal(data.labels.numpy(), np.stack(wanted))
    x, y = data.batch([3])
    assert x.shape == (1, *SHAPE)
    assert np.array_equal(y[0].numpy(), wanted[3])


def test_255_is_not_judged_and_of_two_values_it_is_one(tmp_path: Path) -> None:
    wanted = draw(tmp_path / "three", levels(0, 7, 255))
    data = data_of(tmp_path / "three")
    assert data.classes == ("0", "7")
    assert np.array_equal(data.labels.numpy() == 255, np.stack(wanted) == 2)
    draw(tmp_path / "two", levels(0, 255, 255))
    assert data_of(tmp_path / "two").classes == ("0", "255")
    assert int(data_of(tmp_path / "two").labels.max()) == 1


def test_classes_have_names(tmp_path: Path) -> None:
    draw(tmp_path, levels(0, 3, 255))
    (tmp_path / "classes.txt").write_text("sky\nsea\nsand\ncrab\n")
    data = data_of(tmp_path)
    assert data.classes == ("sky", "sea", "sand", "crab")
    assert set(data.labels.unique().tolist()) == {0, 3, 255}
    (tmp_path / "classes.txt").write_text("sky\nsea\n")
    assert data_of(tmp_path).classes == ("sky", "sea"), "as many as were found, in order"
    (tmp_path / "classes.txt").write_text("sky\n")
    assert "1 names" in problem_of(tmp_path).values


@pytest.mark.parametrize("mask_size", [None, (4, 5), (16, 20)])
def test_masks_are_cut_as_their_pictures(tmp_path: Path, mask_size: tuple[int, int] | None) -> None:
    """A picture twice as wide as the input loses its sides, and so does its mask."""
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    classes = np.zeros((16, 40), np.uint8)
    classes[:, 10:30] = 1  # what is looked at
    classes[8:, 10:30] = 2
    for k in range(8):
        Image.fromarray(np.stack([classes * 100] * 3, 2)).save(tmp_path / "images" / f"{k}.png")
        Image.fromarray(classes).save(tmp_path / "masks" / f"{k}.png")
    data = data_of(tmp_path, mask_size=mask_size)
    height, width = mask_size or SIZE
    assert data.labels.shape == (8, height, width)
    wanted = np.repeat([1, 2], height // 2)[:, None].repeat(width, 1)
    # The outermost class lies outside the cut and is one all the same: another network's cut may show it.
    assert data.classes == ("0", "1", "2")
    assert np.array_equal(data.labels[0].numpy(), wanted)
    if mask_size is None:
        assert np.array_equal(data.picture(0)[[0, -1], 1:-1, 0], wanted[[0, -1], 1:-1] * 100)


def test_splits_and_what_has_no_mask(tmp_path: Path) -> None:
    for name, count in (("train", 6), ("val", 3), ("test", 4)):
        draw(tmp_path / name, levels(0, 1, 2), count)
    (tmp_path / "train" / "masks" / "00.png").unlink()
    (tmp_path / "test" / "masks" / "01.png").write_bytes(b"none")
    Image.new("L", (3, 3)).save(tmp_path / "test" / "masks" / "02.png")
    data = data_of(tmp_path)
    assert {name: len(part) for name, part in data.splits.items()} == {"train": 5, "validation": 3, "test": 2}
    assert {skipped.file: skipped.reason[:20] for skipped in data.skipped} == {
        "train/images/00.png": "it has no mask",
        "test/images/01.png": "its contents are of ",
        "test/images/02.png": "its mask has 3×3 pix",
    }
    assert data.balance()["test"] == tuple(
        torch.bincount(data.labels[data.splits["test"]].flatten()).tolist()
    )


def test_streamed_pictures_keep_their_masks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = draw(tmp_path, levels(0, 1, 2))
    (tmp_path / "masks" / "05.png").unlink()
    held = data_of(tmp_path)
    monkeypatch.setattr(inputs_module, "HELD_BYTES", 0)
    data = data_of(tmp_path)
    assert not data.inputs.ready
    assert torch.equal(data.batch([5, 6])[0], held.batch([5, 6])[0])
    assert np.array_equal(data.batch([5])[1][0].numpy(), wanted[6])
    data.inputs.close()


def test_photographs_are_no_masks(tmp_path: Path) -> None:
    draw(tmp_path, lambda classes: Image.fromarray(CHANCE.integers(0, 256, (*SIZE, 3), np.uint8)))
    problem = problem_of(tmp_path)
    assert problem.code == "data-masks"
    assert "PNG" in problem.way_out


def test_folders_without_a_pair(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    assert "no such pair" in problem_of(tmp_path).values
    Image.new("L", (3, 3)).save(tmp_path / "images" / "a.png")
    assert "images/a.png: it has no mask" in problem_of(tmp_path).values


def test_grey_levels_and_colours_never_meet() -> None:
    blue = codes_of(Image.new("RGB", (1, 1), (0, 0, 255)))
    white = codes_of(Image.new("RGB", (1, 1), (255, 255, 255)))
    grey = codes_of(Image.new("L", (1, 1), 255))
    assert white == grey == 255
    assert blue != grey


def test_classes_are_those_of_the_masks_as_stored(tmp_path: Path) -> None:
    """A class of single pixels, which a small network does not see, keeps its number."""

    def rare(classes: np.ndarray) -> Image.Image:
        mask = np.where(classes == 1, 1, 3).astype(np.uint8)
        mask[0, 0] = 2
        return Image.fromarray(mask)

    draw(tmp_path, rare, size=(32, 40))
    for size in ((32, 40), (8, 10), (3, 3)):
        data = data_of(tmp_path, (3, *size))
        assert data.classes == ("1", "2", "3")
        assert {0, 2} <= set(data.labels.unique().tolist())


@pytest.mark.parametrize("mode", ["1", "L", "P", "I;16", "I", "F", "RGB", "RGBA"])
def test_values_are_counted_in_bands(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segmented_module, "_BAND", 20)
    grey = CHANCE.integers(0, 2 if mode == "1" else 9, (13, 7), np.uint8)
    grey[6:, :] = 0
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) * 1000)
    else:
        image = Image.fromarray(grey * 255 if mode == "1" else grey).convert(mode)
    assert values_of(image) == np.unique(codes_of(image)).tolist()


def test_masks_in_which_nothing_is_judged(tmp_path: Path) -> None:
    draw(tmp_path, levels(255, 255, 255))
    assert "every pixel" in problem_of(tmp_path).values
    (tmp_path / "classes.txt").write_text("sky\nsea\n")
    assert "every pixel" in problem_of(tmp_path).values
    draw(tmp_path / "one", levels(4, 4, 4))
    assert "has 1 ('4')" in problem_of(tmp_path / "one").values


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    draw(tmp_path, levels(0, 1, 2))
    (tmp_path / "classes.txt").write_text("sky\nsea\nsand\n", encoding="utf-8-sig")
    assert data_of(tmp_path).classes == ("sky", "sea", "sand")
