"""IDX files, gzipped or not: big-endian header, then bytes. Everything in them is doubted.

Format: https://yann.lecun.com/exdb/mnist/ ("the IDX file format"); only unsigned bytes (type 0x08) are read.
"""

from __future__ import annotations

import gzip
import logging
import re
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from builder.errors import Problem
from builder.shapes import format_shape
from runtime.data.raw import Raw, check_labels, fetch_again, last, numbered

_log = logging.getLogger(__name__)

#: What a file may unpack to; the largest public IDX file (EMNIST by class) has half of it.
MAX_BYTES = 2**30
#: Deflate can't do better (zlib's technical details), so a header that promises more lies.
MAX_RATIO = 1032

_NAME = re.compile(r"(?P<stem>.*?)(?P<what>images|labels)[-.]idx(?P<rank>[13])-ubyte(\.gz)?\Z")


def _broken(path: Path, values: str) -> Problem:
    return Problem("data-file", f"'{path.name}' is no sound IDX file", values, fetch_again(path))


def _parse(stream: BinaryIO, path: Path, rank: int, most: int) -> NDArray[np.uint8] | Problem:
    magic = stream.read(4)
    if len(magic) < 4:
        return _broken(path, f"it ends after {len(magic)} of 4 bytes of its magic number")
    if magic[:3] != b"\0\0\x08" or magic[3] != rank:
        wanted = bytes((0, 0, 8, rank)).hex()
        return _broken(path, f"it starts with {magic.hex()}, {wanted} is bytes in {rank} dimensions")
    header = stream.read(4 * rank)
    if len(header) < 4 * rank:
        return _broken(path, "it ends within its header")
    shape = tuple(int.from_bytes(header[k : k + 4], "big") for k in range(0, 4 * rank, 4))
    count = 1
    for size in shape:
        count *= size
    said = "×".join(map(str, shape))
    if count == 0:
        return _broken(path, f"its header says {said}: nothing in it")
    if count > most:
        return _broken(path, f"its header says {said} = {count:,} bytes, it can't hold more than {most:,}")
    values = np.empty(count, np.uint8)
    view = values.data
    filled = 0
    while filled < count:
        got = stream.readinto(view[filled : filled + 2**22])  # type: ignore[attr-defined]  # typeshed's BinaryIO
        if not got:
            return _broken(path, f"its header says {said} = {count:,} bytes, {filled:,} are there")
        filled += got
    if stream.read(1):
        return _broken(path, f"more follows after the {count:,} bytes its header says")
    return values.reshape(shape)


def read_idx(path: Path, rank: int) -> NDArray[np.uint8] | Problem:
    """The bytes of an IDX file of 3 (pictures N×H×W) or 1 (labels N) dimensions, gzipped or not."""
    try:
        size = path.stat().st_size
        with path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if not zipped:
                return _parse(raw, path, rank, min(size, MAX_BYTES))
            with gzip.GzipFile(fileobj=raw) as stream:
                return _parse(stream, path, rank, min(size * MAX_RATIO, MAX_BYTES))  # type: ignore[arg-type]
    except EOFError:
        return _broken(path, "its gzip stream is cut off")
    except zlib.error as error:
        return _broken(path, f"its gzip stream is damaged ({error})")
    except gzip.BadGzipFile as error:
        return _broken(path, f"its gzip stream is damaged ({error})")
    except (OSError, MemoryError) as error:
        _log.warning("can't read %s", path, exc_info=True)
        why = getattr(error, "strerror", None) or type(error).__name__
        return Problem("data-file", f"'{path}' can't be read", str(why), "Check the file and its permissions")


def read_pair(images: Path, labels: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | Problem:
    """Pictures (N, H, W) and labels (N,), as many of the one as of the other."""
    y = read_idx(labels, 1)
    if isinstance(y, Problem):
        return y
    x = read_idx(images, 3)
    if isinstance(x, Problem):
        return x
    if len(x) != len(y):
        return Problem(
            "data-file",
            "Every picture needs a label",
            f"'{images}' has {len(x):,} pictures, '{labels.name}' {len(y):,} labels",
            "Put files of the same set beside each other, or remove both and fetch them again",
        )
    return x, y


def find_pairs(folder: Path) -> dict[str, tuple[Path, Path]]:
    """Pairs (images, labels) in a folder by what their names share (``train``, ``t10k``, …)."""
    found: dict[str, dict[str, Path]] = {}
    try:  # uncompressed files first: they are read faster
        paths = sorted(folder.iterdir(), key=lambda path: (path.suffix == ".gz", path.name))
    except OSError:
        return {}
    for path in paths:
        match = _NAME.match(path.name)
        if match and match["rank"] == ("3" if match["what"] == "images" else "1"):
            found.setdefault(match["stem"].rstrip("-._"), {}).setdefault(match["what"], path)
    return {stem: (pair["images"], pair["labels"]) for stem, pair in sorted(found.items()) if len(pair) == 2}


def read_idx_folder(
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
