"""A folder of class folders: ``root/cat/1.png``, ``root/dog/2.jpg``, …"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from builder.errors import Problem
from runtime.data.fitting import Fit
from runtime.data.pictures import SUFFIXES, fill, open_picture
from runtime.data.raw import Raw

_log = logging.getLogger(__name__)

#: What the pictures of a folder may take in memory at the network's size.
MAX_BYTES = 4 * 2**30


def class_folders(root: Path) -> dict[str, list[Path]]:
    """Class names and their picture files, both in order; hidden and empty folders left out."""
    found: dict[str, list[Path]] = {}
    for folder in sorted(root.iterdir(), key=lambda path: path.name):
        if folder.is_dir() and not folder.name.startswith("."):
            pictures = sorted(
                path
                for path in folder.iterdir()
                if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
            )
            if pictures:
                found[folder.name] = pictures
    return found


def read_folders(root: Path, fit: Fit) -> Raw | Problem:
    """All pictures under ``root`` at the size and channels of ``fit``.

    A file that can't be read is left out and counted in the description; a class left empty is a Problem.
    """
    try:
        found = class_folders(root)
    except OSError as error:
        return Problem("data-file", f"'{root}' can't be read", str(error.strerror), "Check its permissions")
    if len(found) < 2:
        return Problem(
            "data-source",
            "A folder of pictures has one folder per class, two at least",
            f"'{root}' has {len(found)} with pictures" + "".join(f" ('{name}')" for name in found),
            "Sort the pictures into folders named after their classes, or name an IDX pair or an .npz",
        )
    count = sum(len(paths) for paths in found.values())
    need = count * fit.channels * fit.height * fit.width
    if need > MAX_BYTES:
        return Problem(
            "data-file",
            f"The pictures are held in memory, up to {MAX_BYTES:,} bytes",
            f"{count:,} pictures of {fit.channels}×{fit.height}×{fit.width} need {need:,}",
            "Use a smaller input or fewer pictures",
        )
    images = np.empty((count, fit.channels, fit.height, fit.width), np.uint8)
    labels = np.empty(count, np.int64)
    filled = 0
    first_bad: Problem | None = None
    for label, (name, paths) in enumerate(found.items()):
        before = filled
        for path in paths:
            picture = open_picture(path)
            if isinstance(picture, Problem):
                first_bad = first_bad or picture
                continue
            images[filled] = fill(picture, fit.channels, fit.size)
            labels[filled] = label
            filled += 1
        if filled == before:
            assert first_bad is not None
            return Problem(
                "data-file",
                "Every class needs pictures that can be read",
                f"none of the {len(paths):,} in '{name}' can; {first_bad.message}",
                "Replace the files or take the folder away",
            )
    text = f"{filled:,} pictures in {len(found)} classes, from {root.name}."
    if filled < count:
        assert first_bad is not None
        _log.warning("%d of %d pictures left out; the first: %s", count - filled, count, first_bad.message)
        text += f" Left out because they can't be read: {count - filled:,}; the first: {first_bad.message}"
    return Raw(str(root), root.name, text, images[:filled], labels[:filled], tuple(found))
