"""Where data comes from: what is known by name, where it is looked for, and what a path may be."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from io import BytesIO
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

from builder.errors import Problem
from builder.shapes import TensorShape, format_shape
from runtime.data.archives import read_archive
from runtime.data.dataset import Data
from runtime.data.fitting import fit_input
from runtime.data.folders import read_folders
from runtime.data.idx import find_pairs, read_pair
from runtime.data.raw import Raw, check_labels, last, numbered

FASHION_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
DIGITS = tuple("0123456789")

#: Names of the command line's contract that this version can't read by name.
_LATER = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}


@dataclass(frozen=True, slots=True)
class Source:
    """A set that is known by name; ``how_to_get`` says what to do where it is not ``available``."""

    name: str
    title: str
    sentence: str
    read: Callable[[], Raw | Problem]
    folders: Callable[[], tuple[Path, ...]] = tuple
    package: str = ""

    @property
    def folder(self) -> Path | None:
        """Where its files were found; None where they were not, or where none are needed."""
        return next((folder for folder in self.folders() if find_pairs(folder)), None)

    @property
    def available(self) -> bool:
        """Whether it can be loaded now; looks at folders, reads nothing."""
        return not self.folders() or self.folder is not None

    @property
    def how_to_get(self) -> str:
        """What to do to have it."""
        where = self.folders()
        if not where:
            return "It comes with the program"
        files = ", ".join(
            f"{stem}-{what}-ubyte.gz" for stem in ("train", "t10k") for what in ("images-idx3", "labels-idx1")
        )
        by_package = f"Install the package {self.package} (Debian, Ubuntu), or put" if self.package else "Put"
        return f"{by_package} {files} (or the same without .gz) into {where[-1]}"


def _user_folder(name: str) -> Path:
    return Path(platformdirs.user_data_dir("convolab", appauthor=False)) / "datasets" / name


def _shared_folders(name: str) -> tuple[Path, ...]:
    prefixes = dict.fromkeys((sys.prefix, sys.base_prefix, "/usr", "/usr/local"))
    return (*(Path(prefix) / "share" / "datasets" / name for prefix in prefixes), _user_folder(name))


def _read_digits() -> Raw | Problem:
    stored = (resources.files("resources") / "data" / "digits.npz").read_bytes()
    with np.load(BytesIO(stored), allow_pickle=False) as data:
        counts, labels = data["images"], data["labels"].astype(np.int64)
    # The 17 grey levels are counts of black pixels, 0…16.
    images = ((counts.astype(np.uint16) * 255 + 8) // 16).astype(np.uint8)[:, None]
    return Raw("digits", "Digits", BY_NAME["digits"].sentence, images, labels, DIGITS)


def _read_idx_folder(
    name: str, title: str, text: str, folder: Path, classes: tuple[str, ...] | None
) -> Raw | Problem:
    """The one set in a folder of IDX files; a test pair, where there is one, is its official test set."""
    pairs = find_pairs(folder)
    tests = [stem for stem in pairs if stem.lower().endswith(("t10k", "test"))]
    if len(tests) == len(pairs):
        tests = []
    if len(pairs) - len(tests) != 1 or len(tests) > 1:
        return Problem(
            "data-source",
            "A folder of IDX files holds one set: a training pair and perhaps a test pair (t10k-… or test-…)",
            f"'{folder}' has the pairs {', '.join(repr(stem) for stem in pairs)}",
            "Move each set into a folder of its own",
        )
    images: list[NDArray[np.uint8]] = []
    labels: list[NDArray[np.uint8]] = []
    for stem in sorted(pairs, key=lambda stem: stem in tests):
        read = read_pair(*pairs[stem])
        if isinstance(read, Problem):
            return read
        bad = check_labels(read[1], len(classes) if classes else None, pairs[stem][1].name)
        if bad:
            return bad
        if images and images[0].shape[1:] != read[0].shape[1:]:
            return Problem(
                "data-file",
                "Training and test pictures have one size",
                f"{format_shape(images[0].shape[1:])} and {format_shape(read[0].shape[1:])} in '{folder}'",
                "Put files of the same set beside each other",
            )
        images.append(read[0])
        labels.append(read[1])
    joined = np.concatenate(labels).astype(np.int64)
    pictures = np.concatenate(images)[:, None] if len(images) > 1 else images[0][:, None]
    own = last(len(labels[1]) if tests else 0, len(joined))
    return Raw(name, title, text, pictures, joined, classes or numbered(joined), own)


def _read_known(name: str, classes: tuple[str, ...]) -> Raw | Problem:
    source = BY_NAME[name]
    folder = source.folder
    if folder is None:
        looked = ", ".join(str(path) for path in source.folders())
        return Problem(
            "data-missing",
            f"{source.title} is not on this computer",
            f"looked in {looked}",
            source.how_to_get,
        )
    return _read_idx_folder(name, source.title, source.sentence, folder, classes)


DATA_SOURCES: tuple[Source, ...] = (
    Source(
        "digits",
        "Digits",
        "1,797 real scans of handwritten digits, 8×8 grey pixels, 10 classes.",
        _read_digits,
    ),
    Source(
        "fashion-mnist",
        "Fashion-MNIST",
        "70,000 pictures of clothes, 28×28 grey pixels, 10 classes; the last 10,000 are its test set.",
        lambda: _read_known("fashion-mnist", FASHION_CLASSES),
        lambda: _shared_folders("fashion-mnist"),
        "dataset-fashion-mnist",
    ),
    Source(
        "mnist",
        "MNIST",
        "70,000 handwritten digits, 28×28 grey pixels, 10 classes; the last 10,000 are its test set.",
        lambda: _read_known("mnist", DIGITS),
        lambda: _shared_folders("mnist"),
    ),
)
BY_NAME = {source.name: source for source in DATA_SOURCES}


def _read_path(path: Path, input_shape: TensorShape) -> Raw | Problem:
    if path.is_file():
        if path.suffix.lower() == ".npz":
            return read_archive(path)
        if any(path in pair for pair in find_pairs(path.parent).values()):
            path = path.parent
        else:
            return Problem(
                "data-source",
                "A data file is an .npz or one of an IDX pair (…images-idx3-ubyte, …labels-idx1-ubyte)",
                f"'{path.name}' is neither, or its partner is missing",
                "Name the folder that holds the data",
            )
    if find_pairs(path):
        return _read_idx_folder(str(path), path.name, f"IDX files from {path.name}.", path, None)
    fit = fit_input(input_shape, None)
    return fit if isinstance(fit, Problem) else read_folders(path, fit)


def load_data(source: str, input_shape: TensorShape, *, seed: int = 0) -> Data | Problem:
    """The data of a known name or a path for a network's input (C, H, W), (C, L) or (N,)."""
    if not source.strip():
        return Problem(
            "data-source", "No data is chosen", "", f"Choose one of {', '.join(BY_NAME)}, or name a path"
        )
    if known := BY_NAME.get(source.lower()):
        raw = known.read()
    else:
        path = Path(source).expanduser()
        try:
            there = path.exists()
        except (
            OSError,
            ValueError,
        ):  # a name too long for the system, a null byte, a folder one may not enter
            there = False
        if not there:
            return _unknown(source)
        raw = _read_path(path, input_shape)
    return raw if isinstance(raw, Problem) else Data.from_raw(raw, input_shape, seed)


def _unknown(source: str) -> Problem:
    title = _LATER.get(source.lower())
    return Problem(
        "data-source",
        f"{title} can't be read by name yet" if title else "Data is a known name or a path that exists",
        "" if title else f"'{source}' is neither",
        f"Known names are {', '.join(BY_NAME)}; paths may be an .npz with images and labels, an IDX pair or "
        "its folder, or a folder with one folder of pictures per class",
    )
