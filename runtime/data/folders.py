"""A folder of class folders: ``root/cat/1.png``, ``root/dog/2.jpg``, …, whole or in ``train``, ``val`` and ``test``."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder.errors import Problem
from runtime.data.arrays import PARTS
from runtime.data.fitting import Fit
from runtime.data.inputs import room
from runtime.data.pictures import SUFFIXES, check_picture
from runtime.data.raw import Files, Raw, Skipped, legible
from runtime.data.reading import read_one
from runtime.machine import usable_cores

#: A list of files is text; more of it is something else.
MAX_LIST_BYTES = 2**28


@dataclass(frozen=True, slots=True)
class Listed:
    """A picture file, the class it is of, and the split that its place says, if any."""

    path: Path
    label: str
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """Pictures that could be read, ``kept`` of those asked for, in memory or as files; and the rest.

    ``broken`` are the numbers of those kept that say they are pictures and proved to be damaged: where files are read
    as they are needed nobody knows that beforehand, and a set has the same samples however much memory is free.
    """

    images: NDArray[np.uint8] | Files
    kept: NDArray[np.int64]
    skipped: tuple[Skipped, ...]
    broken: frozenset[int] = frozenset()

    @property
    def damaged(self) -> tuple[int, ...]:
        """The places of the damaged ones among those kept."""
        return tuple(place for place, number in enumerate(self.kept.tolist()) if number in self.broken)


def gather(paths: Sequence[Path], fit: Fit, root: Path) -> Gathered:
    """Picture files at the network's size, or, where they need more than there is room for, looked into and listed."""
    fits = len(paths) * fit.channels * fit.height * fit.width <= room()
    images = np.empty((len(paths) if fits else 0, fit.channels, *fit.size), np.uint8)
    kept: list[int] = []
    skipped: list[Skipped] = []
    broken: set[int] = set()
    # Pillow reads without holding Python's lock.
    with ThreadPoolExecutor(usable_cores()) as threads:
        work = (lambda path: read_one(path, fit)) if fits else check_picture
        for number, found in enumerate(threads.map(work, paths)):
            if isinstance(found, Problem):
                skipped.append(Skipped(shown(paths[number], root), found.values))
                if not fits or check_picture(paths[number]) is not None:
                    continue
                broken.add(number)
                images[len(kept)] = 0
            if isinstance(found, np.ndarray):
                images[len(kept)] = found
            kept.append(number)
    if fits:
        kept_numbers = np.array(kept, np.int64)
        return Gathered(images[: len(kept)], kept_numbers, tuple(skipped), frozenset(broken))
    return Gathered(Files(tuple(paths[number] for number in kept)), np.array(kept, np.int64), tuple(skipped))


def shown(path: Path, root: Path) -> str:
    """A file's name for the eye: its path in the folder."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def pictures_in(folder: Path) -> list[Path]:
    """The picture files of a folder, in order; hidden ones left out."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def _folders_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def class_folders(root: Path) -> dict[str, list[Path]]:
    """Class names and their picture files, both in order; hidden and empty folders left out."""
    found = {folder.name: pictures_in(folder) for folder in _folders_in(root)}
    return {name: pictures for name, pictures in found.items() if pictures}


def split_folders(root: Path) -> dict[str, Path]:
    """The folders that hold a split each, where there are such: ``train`` beside others that are splits too."""
    folders = _folders_in(root)
    splits = {PARTS[folder.name.lower()]: folder for folder in folders if folder.name.lower() in PARTS}
    whole = len(splits) == len(folders) and "train" in splits
    return splits if whole and any(_folders_in(splits["train"])) else {}


def list_files(root: Path) -> list[Listed] | Problem:
    """The pictures under ``root`` with their classes, those of a split's folder or list with their split."""
    parted = split_folders(root)
    listed = [
        Listed(path, name, split or None)
        for split, folder in (parted or {"": root}).items()
        for name, paths in class_folders(folder).items()
        for path in paths
    ]
    return listed if parted else _by_lists(root, listed)


def _by_lists(root: Path, listed: list[Listed]) -> list[Listed] | Problem:
    """With the splits that ``train.txt``, ``val.txt`` and ``test.txt`` say, one file a line; others are left out."""
    found: dict[str, str] = {}
    known = {shown(entry.path, root) for entry in listed}
    for file in sorted(root.glob("*.txt")):
        split = PARTS.get(file.stem.lower())
        if split is None:
            continue
        if file.stat().st_size > MAX_LIST_BYTES:
            return _bad_list(
                file, f"it has {file.stat().st_size:,} bytes, at most {MAX_LIST_BYTES:,} are read"
            )
        for number, line in enumerate(file.read_text(encoding="utf-8-sig", errors="replace").splitlines(), 1):
            name = line.strip().replace("\\", "/").removeprefix("./")
            if not name:
                continue
            if name not in known:
                return _bad_list(file, f"line {number} says '{name[:80]}', which is no picture here")
            if found.setdefault(name, split) != split:
                return _bad_list(file, f"'{name}' is listed in {found[name]} as well")
    if not found:
        return listed
    wanted = ((entry, found.get(shown(entry.path, root))) for entry in listed)
    return [Listed(entry.path, entry.label, split) for entry, split in wanted if split is not None]


def _bad_list(file: Path, values: str) -> Problem:
    return Problem(
        "data-file",
        "A list of a split names pictures, one a line, by their path in the folder ('cat/1.png')",
        f"'{file.name}': {values}",
        "Correct or remove the list",
    )


def own_splits(splits: Sequence[str | None]) -> dict[str, NDArray[np.int64]]:
    """Indices by the split of each sample; nothing of those that have none."""
    names: NDArray[Any] = np.array([split or "" for split in splits])
    return {str(name): np.flatnonzero(names == name) for name in np.unique(names) if name}


def read_folders(root: Path, fit: Fit) -> Raw | Problem:
    """All pictures under ``root``. Files that can't be read are left out; a class left empty is a Problem."""
    listed = list_files(root)
    if isinstance(listed, Problem):
        return listed
    classes = sorted({entry.label for entry in listed})
    if len(classes) < 2:
        return Problem(
            "data-source",
            "A folder of pictures has one folder per class, two at least",
            f"'{root}' has {len(classes)} with pictures" + "".join(f" ('{name}')" for name in classes),
            "Sort the pictures into folders named after their classes, or name an IDX pair or an .npz",
        )
    found = gather([entry.path for entry in listed], fit, root)
    kept = [listed[number] for number in found.kept]
    number_of = {name: number for number, name in enumerate(classes)}
    labels = np.array([number_of[entry.label] for entry in kept], np.int64)
    for number, count in enumerate(np.bincount(labels, minlength=len(classes))):
        if not count:
            return _empty_class(classes[number], listed, found, root)
    text = f"{len(kept):,} pictures in {len(classes)} classes, from {root.name}."
    if found.skipped:
        text += f" Left out because they can't be read: {len(found.skipped):,}."
    own = own_splits([entry.split for entry in kept])
    return Raw(
        str(root),
        root.name,
        text,
        found.images,
        labels,
        tuple(classes),
        own,
        (),
        found.skipped,
        found.damaged,
    )


def _empty_class(name: str, listed: list[Listed], found: Gathered, root: Path) -> Problem:
    files = {legible(shown(entry.path, root)) for entry in listed if entry.label == name}
    first = next(skipped for skipped in found.skipped if skipped.file in files)
    return Problem(
        "data-file",
        "Every class needs pictures that can be read",
        f"none of the {len(files):,} in '{name}' can; {first.file}: {first.reason}",
        "Replace the files or take the folder away",
    )
