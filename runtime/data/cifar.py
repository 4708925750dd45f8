"""CIFAR-10 and CIFAR-100, in the binary or the Python version, unpacked or in the archive they come in.

Formats: https://www.cs.toronto.edu/~kriz/cifar.html. Archives are read, never unpacked onto the disk, and of their
members nothing but the name is believed.
"""

from __future__ import annotations

import gzip
import logging
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from builder.errors import Problem
from runtime.data.raw import Raw, by_number, check_labels, fetch_again, last
from runtime.data.unpickling import Bytes, RefusedError, read_plain

_log = logging.getLogger(__name__)

_SIDE = 32
_PIXELS = 3 * _SIDE * _SIDE
#: What a member may have, and all of an archive; the real ones have 154 MB and 186 MB.
MAX_MEMBER = 2**28
MAX_ARCHIVE = 2**29


@dataclass(frozen=True, slots=True)
class Version:
    """One of the ways a set is published: its archive, its folder, and the files in it."""

    archive: str
    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    names: str

    @property
    def files(self) -> tuple[str, ...]:
        """Those that must be there."""
        return (*self.train, *self.test)


@dataclass(frozen=True, slots=True)
class Kind:
    """A set: its versions, the bytes before a binary picture (the class comes last), what a pickle calls things."""

    classes: int
    versions: tuple[Version, ...]
    header: int
    labels: bytes
    names: bytes


_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
CIFAR10 = Kind(
    10,
    (
        Version(
            "cifar-10-binary.tar.gz", "cifar-10-batches-bin", tuple(f"{name}.bin" for name in _BATCHES),
            ("test_batch.bin",), "batches.meta.txt",
        ),
        Version("cifar-10-python.tar.gz", "cifar-10-batches-py", _BATCHES, ("test_batch",), "batches.meta"),
    ),
    1, b"labels", b"label_names",
)  # fmt: skip
CIFAR100 = Kind(
    100,
    (
        Version(
            "cifar-100-binary.tar.gz", "cifar-100-binary", ("train.bin",), ("test.bin",), "fine_label_names.txt"
        ),
        Version("cifar-100-python.tar.gz", "cifar-100-python", ("train",), ("test",), "meta"),
    ),
    2, b"fine_labels", b"fine_label_names",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """Where a version of a set was found: its folder, or its archive."""

    path: Path
    kind: Kind
    version: Version


def find(root: Path, kind: Kind | None = None) -> Found | None:
    """A set in a folder, in the folder of its name below, or in its archive there; or what ``root`` itself is."""
    for each in (CIFAR10, CIFAR100) if kind is None else (kind,):
        for version in each.versions:
            for folder in (root, root / version.folder):
                if all((folder / name).is_file() for name in version.files):
                    return Found(folder, each, version)
        for version in each.versions:
            archive = root if root.name == version.archive else root / version.archive
            if archive.is_file():
                return Found(archive, each, version)
    return None


def _broken(path: Path, values: str) -> Problem:
    return Problem("data-file", f"'{path.name}' is no sound part of CIFAR", values, fetch_again(path))


class _Bounded:
    """A stream that ends with an error where more comes out than there should be: a bomb is not unpacked."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream, self._left = stream, MAX_ARCHIVE

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise OSError(f"it unpacks to more than {MAX_ARCHIVE:,} bytes")
        return data


def _load(found: Found) -> dict[str, bytes] | Problem:
    """The files of a version by name."""
    wanted = {*found.version.files, found.version.names}
    held: dict[str, bytes] = {}
    path = found.path
    try:
        if path.is_dir():
            for name in wanted:
                path = found.path / name
                if not path.is_file():
                    continue
                if path.stat().st_size > MAX_MEMBER:
                    return _broken(
                        path, f"it has {path.stat().st_size:,} bytes, at most {MAX_MEMBER:,} are read"
                    )
                held[name] = path.read_bytes()
            return held
        with (
            gzip.open(path) as stream,
            tarfile.open(fileobj=cast(Any, _Bounded(stream)), mode="r|") as archive,
        ):
            for member in archive:
                name = member.name.rpartition("/")[2]
                if name in wanted and name not in held and member.isreg():
                    if member.size > MAX_MEMBER:
                        return _broken(path, f"'{name}' has {member.size:,} bytes")
                    content = archive.extractfile(member)
                    held[name] = content.read() if content is not None else b""
    except (OSError, EOFError, tarfile.TarError, zlib.error, MemoryError, ValueError) as error:
        _log.warning("can't read %s", path, exc_info=True)
        return _broken(path, f"it can't be read ({str(error) or type(error).__name__})")
    if missing := [name for name in found.version.files if name not in held]:
        return _broken(path, f"it holds no {', '.join(missing)}")
    return held


def _from_binary(
    path: Path, name: str, data: bytes, kind: Kind
) -> tuple[NDArray[np.uint8], NDArray[np.int64]] | Problem:
    size = kind.header + _PIXELS
    if not data or len(data) % size:
        return _broken(path, f"'{name}' has {len(data):,} bytes, which is no multiple of {size:,}")
    rows = np.frombuffer(data, np.uint8).reshape(-1, size)
    return rows[:, kind.header :].reshape(-1, 3, _SIDE, _SIDE), rows[:, kind.header - 1].astype(np.int64)


def _from_pickle(
    path: Path, name: str, data: bytes, kind: Kind
) -> tuple[NDArray[np.uint8], NDArray[np.int64]] | Problem:
    try:
        held = read_plain(data)
    except RefusedError as error:
        return Problem(
            "data-file",
            "Of CIFAR's pickles plain values and arrays of bytes are read, nothing else",
            f"'{name}' holds {error}",
            f"{fetch_again(path)}, or use the binary version",
        )
    pixels, labels = (
        (_entry(held, b"data"), _entry(held, kind.labels)) if isinstance(held, Mapping) else (None, None)
    )
    if not isinstance(pixels, Bytes) or not hasattr(pixels, "array") or not isinstance(labels, list):
        return _broken(path, f"'{name}' holds no 'data' and '{kind.labels.decode()}'")
    images = pixels.array
    if images.ndim != 2 or images.shape[1] != _PIXELS or len(images) != len(labels) or not len(images):
        return _broken(path, f"the data of '{name}' is of shape {images.shape} for {len(labels):,} labels")
    if not all(type(label) is int and abs(label) < 2**31 for label in labels):
        return _broken(path, f"the labels of '{name}' are not all whole numbers")
    return images.reshape(-1, 3, _SIDE, _SIDE), np.array(labels, np.int64)


def _entry(held: Mapping[Any, Any], key: bytes) -> Any:
    return held.get(key, held.get(key.decode()))


def _class_names(path: Path, data: bytes, kind: Kind, pickled: bool) -> tuple[str, ...] | Problem | None:
    """The names of the classes; None where there are none, or not as many."""
    if not pickled:
        names = data.decode("utf-8-sig", "replace").split()
    else:
        try:
            held = read_plain(data)
        except RefusedError:
            return None
        found = _entry(held, kind.names) if isinstance(held, Mapping) else None
        if found is None:
            return None
        if not isinstance(found, list | tuple) or not all(isinstance(name, str | bytes) for name in found):
            return _broken(path, f"its '{kind.names.decode()}' are no list of names")
        names = [name.decode("utf-8", "replace") if isinstance(name, bytes) else name for name in found]
    return tuple(names) if len(names) == kind.classes else None


def read(found: Found, name: str, title: str, text: str) -> Raw | Problem:
    """The set, its test part last."""
    held = _load(found)
    if isinstance(held, Problem):
        return held
    kind, version = found.kind, found.version
    pickled = not version.files[0].endswith(".bin")
    images: list[NDArray[np.uint8]] = []
    labels: list[NDArray[np.int64]] = []
    packed = not found.path.is_dir()
    for file in version.files:
        path = found.path if packed else found.path / file
        part = (_from_pickle if pickled else _from_binary)(path, file, held[file], kind)
        if isinstance(part, Problem):
            return part
        if wrong := check_labels(part[1], kind.classes, file):
            return replace(wrong, way_out=fetch_again(path))
        images.append(part[0])
        labels.append(part[1])
    joined = np.concatenate(labels)
    path = found.path if packed else found.path / version.names
    named = _class_names(path, held.get(version.names, b""), kind, pickled)
    if isinstance(named, Problem):
        return named
    classes = named or by_number(kind.classes)
    test = sum(map(len, labels[len(version.train) :]))
    return Raw(name, title, text, np.concatenate(images), joined, classes, last(test, len(joined)))
