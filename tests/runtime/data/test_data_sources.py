"""Sources: known names, IDX folders, archives, class folders, and what is said where there is none."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from builder.errors import Problem
from runtime.data import Data, load_data
from runtime.data import archives as archives_module
from runtime.data import known as known_module
from runtime.data.known import BY_NAME
from tests.runtime.data.test_data_idx import write_pair

CHANCE = np.random.default_rng(0)
IMAGES = CHANCE.integers(0, 256, (40, 6, 5), np.uint8)
LABELS = np.arange(40) % 4

needs_fashion = pytest.mark.skipif(
    not BY_NAME["fashion-mnist"].available,
    reason="Fashion-MNIST is not on this computer (dataset-fashion-mnist)",
)


def problem_of(source: str | Path, shape: tuple[int, ...] = (1, 6, 5)) -> Problem:
    found = load_data(str(source), shape)
    assert isinstance(found, Problem), found
    assert found.rule
    assert found.way_out
    return found


def data_of(source: str | Path, shape: tuple[int, ...] = (1, 6, 5)) -> Data:
    data = load_data(str(source), shape)
    assert isinstance(data, Data), data
    return data


@needs_fashion
def test_fashion_mnist_keeps_its_test_set() -> None:
    data = data_of("fashion-mnist", (1, 28, 28))
    assert {name: len(part) for name, part in data.splits.items()} == {
        "train": 55_000, "validation": 5_000, "test": 10_000,
    }  # fmt: skip
    assert torch.equal(data.splits["test"], torch.arange(60_000, 70_000))
    for count, part in ((5_500, "train"), (500, "validation"), (1_000, "test")):
        assert torch.bincount(data.labels[data.splits[part]]).tolist() == [count] * 10
    assert data.mean[0] == pytest.approx(0.2860, abs=2e-4), "what the literature gives for the 60,000"
    assert data.std[0] == pytest.approx(0.3530, abs=2e-4)
    assert data.classes[int(data.labels[0])] == "Ankle boot"


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The places where sets are looked for, all empty."""
    monkeypatch.setattr(known_module, "places", lambda name, _torchvision: (tmp_path / name,))
    return tmp_path


def test_a_set_that_is_not_there_says_where_to_put_it(nowhere: Path) -> None:
    problem = problem_of("mnist")
    assert problem.code == "data-missing"
    assert "train-images-idx3-ubyte" in problem.way_out
    assert str(nowhere / "mnist") in problem.way_out
    assert not BY_NAME["mnist"].available


def test_a_known_set_is_read_where_it_is_found(nowhere: Path) -> None:
    write_pair(nowhere / "mnist", "train", IMAGES, LABELS)
    write_pair(nowhere / "mnist", "t10k", IMAGES[:8], LABELS[:8])
    data = data_of("MNIST")
    assert BY_NAME["mnist"].available
    assert data.splits["test"].tolist() == list(range(40, 48))
    assert len(data.classes) == 10
    assert np.array_equal(data.picture(41), IMAGES[1])


def test_labels_out_of_range_are_named(nowhere: Path) -> None:
    labels = LABELS.copy()
    labels[17] = 12
    write_pair(nowhere / "mnist", "train", IMAGES, labels)
    problem = problem_of("mnist")
    assert problem.code == "data-labels"
    assert "label 17" in problem.values
    assert "is 12" in problem.values


def test_an_idx_pair_by_folder_or_by_file(tmp_path: Path) -> None:
    write_pair(tmp_path, "train", IMAGES, LABELS, zipped=False)
    for source in (tmp_path, tmp_path / "train-images-idx3-ubyte", tmp_path / "train-labels-idx1-ubyte"):
        data = data_of(source)
        assert {name: len(part) for name, part in data.splits.items()} == {
            "train": 24,
            "validation": 8,
            "test": 8,
        }
        assert np.array_equal(data.picture(3), IMAGES[3])
        assert data.classes == ("0", "1", "2", "3")


def test_idx_folders_that_are_ambiguous_or_mixed(tmp_path: Path) -> None:
    write_pair(tmp_path / "two", "train", IMAGES, LABELS)
    write_pair(tmp_path / "two", "other", IMAGES, LABELS)
    assert "'other', 'train'" in problem_of(tmp_path / "two").values
    write_pair(tmp_path / "sizes", "train", IMAGES, LABELS)
    write_pair(tmp_path / "sizes", "test", IMAGES[:, :4], LABELS)
    assert "6×5 and 4×5" in problem_of(tmp_path / "sizes").values
    write_pair(tmp_path / "broken", "train", IMAGES, LABELS[:7])
    assert "7 labels" in problem_of(tmp_path / "broken").values


@pytest.mark.parametrize("source", ["", " ", "nonsense", "a\0b", "x" * 5000, "/"])
def test_names_that_are_none(source: str) -> None:
    assert problem_of(source).code == "data-source"


@pytest.mark.parametrize(
    "images",
    [IMAGES, IMAGES[..., None], IMAGES[:, None], IMAGES / 255, (IMAGES / 255).astype(np.float32)],
    ids=["NHW", "NHWC", "NCHW", "float64", "float32"],
)
def test_archives_in_every_arrangement(tmp_path: Path, images: np.ndarray) -> None:
    np.savez(tmp_path / "set.npz", images=images, labels=LABELS, classes=np.array(["a", "b", "c", "d"]))
    data = data_of(tmp_path / "set.npz")
    assert np.array_equal(data.inputs.images[:, 0].numpy(), IMAGES)
    assert data.labels.tolist() == LABELS.tolist()
    assert data.classes == ("a", "b", "c", "d")


def test_colour_archives(tmp_path: Path) -> None:
    images = CHANCE.integers(0, 256, (40, 6, 5, 3), np.uint8)
    np.savez_compressed(tmp_path / "set.npz", images=images, labels=LABELS.astype(np.uint8))
    data = data_of(tmp_path / "set.npz", (3, 6, 5))
    assert np.array_equal(data.picture(9), images[9])


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"images": IMAGES}, "labels missing"),
        ({}, "images and labels missing"),
        ({"images": IMAGES, "labels": LABELS[:3]}, "3 labels"),
        ({"images": IMAGES, "labels": LABELS - 1}, "label 0 of 'set.npz' is -1"),
        ({"images": IMAGES, "labels": LABELS + 10**7}, "is 10000000"),
        (
            {"images": IMAGES, "labels": LABELS.astype(np.uint64) + np.uint64(2**64 - 9)},
            "is 18446744073709551607",
        ),
        ({"images": IMAGES, "labels": LABELS, "classes": np.array(["a"])}, "label 1"),
        ({"images": IMAGES, "labels": LABELS, "classes": np.array([1, 2])}, "not a list of names"),
        ({"images": IMAGES, "labels": LABELS / 2}, "float64"),
        ({"images": IMAGES.astype(np.float32), "labels": LABELS}, "values from"),
        ({"images": IMAGES * np.nan, "labels": LABELS}, "nan"),
        ({"images": IMAGES.astype(np.int32), "labels": LABELS}, "int32"),
        ({"images": IMAGES.reshape(40, 30), "labels": LABELS}, "(40, 30)"),
        ({"images": IMAGES[:, :0], "labels": LABELS}, "nothing in it"),
        ({"images": np.array(["a"], object), "labels": LABELS}, "'images' holds pickled objects"),
    ],
)
def test_archives_that_hold_something_else(tmp_path: Path, arrays: dict[str, np.ndarray], said: str) -> None:
    np.savez(tmp_path / "set.npz", **arrays)
    assert said in problem_of(tmp_path / "set.npz").values


def test_damaged_archives_never_raise(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=IMAGES[:8], labels=LABELS[:8])
    whole = buffer.getvalue()
    path = tmp_path / "set.npz"
    chance = random.Random(0)
    for round_ in range(150):
        damaged = bytearray(whole)
        if round_ % 2:
            damaged = damaged[: chance.randrange(len(damaged))]
        else:
            damaged[chance.randrange(len(damaged))] ^= chance.randrange(1, 256)
        path.write_bytes(damaged)
        assert isinstance(load_data(str(path), (1, 6, 5)), Data | Problem)


def test_an_archive_that_lies_about_its_arrays(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (2**40,)})
    with zipfile.ZipFile(tmp_path / "set.npz", "w") as archive:
        archive.writestr("images.npy", header.getvalue())
        archive.writestr("labels.npy", header.getvalue())
    assert "shorter than its header" in problem_of(tmp_path / "set.npz").values


def test_an_archive_too_large_to_unpack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "set.npz", images=IMAGES, labels=LABELS)
    monkeypatch.setattr(archives_module, "MAX_BYTES", 1000)
    assert "unpack" in problem_of(tmp_path / "set.npz").values


def class_folders(root: Path, count: int = 5) -> Path:
    for name, colour in (("cat", (200, 10, 10)), ("dog", (10, 200, 10)), (".hidden", (0, 0, 0))):
        (root / name).mkdir(parents=True)
        for k in range(count):
            picture = Image.new("RGB", (30 + 7 * k, 20), colour)
            picture.save(root / name / f"{k}.png")
    return root


def test_class_folders(tmp_path: Path) -> None:
    data = data_of(class_folders(tmp_path), (3, 8, 8))
    assert data.classes == ("cat", "dog")
    assert data.labels.tolist() == [0] * 5 + [1] * 5
    assert data.picture(0).reshape(-1, 3).tolist() == [[200, 10, 10]] * 64
    assert data_of(tmp_path, (1, 8, 8)).inputs.images.shape == (10, 1, 8, 8)
    assert data_of(tmp_path, (192,)).batch([0])[0].shape == (1, 192)


def test_class_folders_with_files_that_are_no_pictures(tmp_path: Path) -> None:
    class_folders(tmp_path)
    (tmp_path / "dog" / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "dog" / "notes.txt").write_text("left alone")
    data = data_of(tmp_path, (3, 8, 8))
    assert len(data) == 10
    assert "can't be read: 1." in data.description
    assert [skipped.file for skipped in data.skipped] == ["dog/broken.jpg"]
    (warning,) = data.warnings
    assert (warning.code, warning.is_error) == ("data-skipped", False)
    assert "dog/broken.jpg: its contents are of no known picture format" in warning.values
    (tmp_path / "eel").mkdir()
    (tmp_path / "eel" / "1.png").write_bytes(b"")
    assert "'eel'" in problem_of(tmp_path, (3, 8, 8)).values


def test_folders_without_classes(tmp_path: Path) -> None:
    assert problem_of(tmp_path).code == "data-source"
    (tmp_path / "only").mkdir()
    Image.new("L", (4, 4)).save(tmp_path / "only" / "1.png")
    assert "('only')" in problem_of(tmp_path).values
    assert problem_of(tmp_path, (7, 4, 4)).code == "data-input"
