"""``.npz`` archives with ``images`` and ``labels`` (and ``classes``), checked before anything is unpacked."""

from __future__ import annotations

import logging
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from builder.errors import Problem
from runtime.data.raw import Raw, check_labels, numbered

_log = logging.getLogger(__name__)

#: What an archive may unpack to.
MAX_BYTES = 2 * 2**30


def _broken(path: Path, values: str, way_out: str = "Write it with numpy.savez") -> Problem:
    return Problem(
        "data-file",
        "A data archive holds 'images' (N×H×W or N×H×W×C, bytes or 0…1) and 'labels' (N whole numbers)",
        f"'{path.name}': {values}",
        way_out,
    )


def _check_members(archive: zipfile.ZipFile, path: Path) -> Problem | None:
    """The arrays' own headers against what the archive says it holds: no allocation on a lie's word."""
    total = sum(info.file_size for info in archive.infolist())
    if total > MAX_BYTES:
        return _broken(
            path, f"it would unpack to {total:,} bytes, more than {MAX_BYTES:,}", "Use a smaller set"
        )
    for info in archive.infolist():
        with archive.open(info) as stream:
            version = npy.read_magic(stream)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = read(stream)
            count = 1
            for size in shape:
                count *= size
            if count * dtype.itemsize > info.file_size:
                return _broken(path, f"'{info.filename}' is shorter than its header says")
    return None


def _as_bytes(images: NDArray[Any], path: Path) -> NDArray[np.uint8] | Problem:
    """Pictures as uint8 (N, C, H, W), whatever way round they came."""
    if images.ndim == 3:
        images = images[:, None]
    elif images.ndim == 4 and images.shape[3] in (1, 3):
        images = np.moveaxis(images, 3, 1)
    elif images.ndim != 4 or images.shape[1] not in (1, 3):
        return _broken(path, f"'images' has the shape {images.shape}")
    if 0 in images.shape:
        return _broken(path, f"'images' has the shape {images.shape}: nothing in it")
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images.astype(np.uint8, copy=False))
    if np.issubdtype(images.dtype, np.floating):
        low, high = float(images.min()), float(images.max())
        if not (low >= 0 and high <= 1):  # NaN fails too
            return _broken(path, f"'images' has values from {low:g} to {high:g}")
        return np.ascontiguousarray(np.rint(images * np.float32(255)).astype(np.uint8))
    return _broken(path, f"'images' is of type {images.dtype}")


def _names(given: NDArray[Any] | None, labels: NDArray[np.int64], path: Path) -> tuple[str, ...] | Problem:
    if given is None:
        return check_labels(labels, None, path.name) or numbered(labels)
    if given.ndim != 1 or given.dtype.kind != "U" or not len(given):
        return _broken(path, f"'classes' is {given.dtype} of shape {given.shape}, not a list of names")
    return check_labels(labels, len(given), path.name) or tuple(str(name) for name in given)


def _interpret(path: Path, arrays: dict[str, NDArray[Any]]) -> Raw | Problem:
    labels = arrays["labels"]
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        return _broken(path, f"'labels' is {labels.dtype} of shape {labels.shape}")
    images = _as_bytes(arrays["images"], path)
    if isinstance(images, Problem):
        return images
    if len(labels) != len(images):
        return _broken(path, f"{len(images):,} images and {len(labels):,} labels")
    # uint64 beyond int64 would wrap round to negative numbers, which are refused as well.
    labels = labels.astype(np.int64)
    classes = _names(arrays.get("classes"), labels, path)
    if isinstance(classes, Problem):
        return classes
    _, channels, height, width = images.shape
    sizes = f"{channels}×{height}×{width}"
    text = f"{len(images):,} pictures of {sizes} in {len(classes)} classes, from {path.name}."
    return Raw(str(path), path.stem, text, images, labels, classes)


def read_archive(path: Path) -> Raw | Problem:
    """The set in an ``.npz``; pickled objects are refused."""
    try:
        with zipfile.ZipFile(path) as archive:
            problem = _check_members(archive, path)
        if problem:
            return problem
        with np.load(path, allow_pickle=False) as data:
            missing = [key for key in ("images", "labels") if key not in data.files]
            if missing:
                held = ", ".join(data.files[:8]) or "nothing"
                return _broken(path, f"{' and '.join(missing)} missing; it holds {held}")
            arrays = {key: data[key] for key in ("images", "labels", "classes") if key in data.files}
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
        return _broken(path, f"it can't be read ({str(error) or type(error).__name__})")
    return _interpret(path, arrays)
