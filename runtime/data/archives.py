"""``.npz`` archives, checked before anything is unpacked; what their arrays mean says ``arrays``."""

from __future__ import annotations

import logging
import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from builder.errors import Problem
from runtime.data.arrays import broken, interpret, wanted
from runtime.data.raw import Raw
from runtime.machine import free_memory

_log = logging.getLogger(__name__)

#: What an archive may unpack to; less where less memory is free.
MAX_BYTES = 16 * 2**30


def _check_members(archive: zipfile.ZipFile, path: Path) -> Problem | None:
    """The arrays' own headers against what the archive says it holds: no allocation on a lie's word."""
    total = sum(info.file_size for info in archive.infolist())
    free = free_memory()
    most = MAX_BYTES if free is None else min(MAX_BYTES, free // 2)
    if total > most:
        return broken(
            path.name, f"it would unpack to {total:,} bytes, more than {most:,}", "Use a smaller set"
        )
    for info in archive.infolist():
        with archive.open(info) as stream:
            version = npy.read_magic(stream)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = read(stream)
            count = 1
            for size in shape:
                count *= size
            if dtype.hasobject:
                if not wanted([name := info.filename.removesuffix(".npy")]):
                    continue  # it is never looked at
                return broken(
                    path.name,
                    f"'{name}' holds pickled objects, which are not read: they could run anything",
                    "Write it as an array of numbers (names: of text), all of one shape",
                )
            # What takes no bytes can be any number of things.
            if count * max(dtype.itemsize, 1) > info.file_size:
                return broken(path.name, f"'{info.filename}' is shorter than its header says")
    return None


def read_archive(path: Path) -> Raw | Problem:
    """The set in an ``.npz``; pickled objects are refused."""
    try:
        with zipfile.ZipFile(path) as archive:
            problem = _check_members(archive, path)
        if problem:
            return problem
        with np.load(path, allow_pickle=False) as data:
            held = data.files
            arrays = {key: data[key] for key in wanted(held)}
    except (
        OSError,
        ValueError,
        EOFError,
        KeyError,
        TypeError,
        MemoryError,
        RuntimeError,
        NotImplementedError,
        OverflowError,
        zipfile.BadZipFile,
        zlib.error,
        SyntaxError,
    ) as error:  # what zipfile and numpy raise on damaged files
        _log.warning("can't read %s", path, exc_info=True)
        return broken(path.name, f"it can't be read ({str(error) or type(error).__name__})")
    return interpret(arrays, path, held)
