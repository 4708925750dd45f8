"""Where data comes from: a name that is known, or what a path may be."""

from __future__ import annotations

from pathlib import Path

from builder.errors import Problem
from builder.shapes import TensorShape
from runtime.data import cifar
from runtime.data.archives import read_archive
from runtime.data.dataset import Data
from runtime.data.fitting import fit_input
from runtime.data.folders import read_folders
from runtime.data.idx import find_pairs, read_idx_folder
from runtime.data.known import BY_NAME
from runtime.data.raw import Files, Raw, check_classes, legibly
from runtime.data.segmented import has_masks, read_segmented
from runtime.data.tables import read_table

#: What picture files of any size become where no network says it.
_PLAIN = (3, 64, 64)


def _read_path(path: Path, input_shape: TensorShape, mask_size: tuple[int, int] | None) -> Raw | Problem:
    fit = fit_input(input_shape, None)
    if path.is_file():
        if path.suffix.lower() == ".npz":
            return read_archive(path)
        if path.suffix.lower() == ".csv":
            return read_table(path, None if isinstance(fit, Problem) else fit)
        if found := cifar.find(path):
            return cifar.read(found, str(path), path.name, f"CIFAR from {path.name}.")
        if any(path in pair for pair in find_pairs(path.parent).values()):
            path = path.parent
        else:
            return Problem(
                "data-source",
                "A data file is an .npz, a .csv, CIFAR's archive, or one of an IDX pair (…images-idx3-ubyte, "
                "…labels-idx1-ubyte)",
                f"'{path.name}' is neither, or its partner is missing",
                "Name the folder that holds the data",
            )
    if find_pairs(path):
        return read_idx_folder(str(path), path.name, f"IDX files from {path.name}.", path, None)
    if found := cifar.find(path):
        return cifar.read(found, str(path), path.name, f"CIFAR from {path.name}.")
    if isinstance(fit, Problem):
        return fit
    try:
        if has_masks(path):
            return read_segmented(path, fit, mask_size or fit.size)
        return read_folders(path, fit)
    except OSError as error:
        return Problem("data-file", f"'{path}' can't be read", str(error.strerror), "Check its permissions")


def load_data(
    source: str, input_shape: TensorShape | None, *, seed: int = 0, mask_size: tuple[int, int] | None = None
) -> Data | Problem:
    """The data of a known name or a path for a network's input (C, H, W), (C, L) or (N,).

    Without an input as it is stored, picture files at 3×64×64. Masks come at ``mask_size`` (H, W), that of the
    network's output; stock: that of its input.
    """
    raw = _read(source, input_shape or _PLAIN, mask_size)
    problem = raw if isinstance(raw, Problem) else check_classes(raw)
    if problem is not None:
        return legibly(problem)
    assert isinstance(raw, Raw)
    if input_shape is None:
        input_shape = _PLAIN if isinstance(raw.images, Files) else raw.images.shape[1:]
    data = Data.from_raw(raw, input_shape, seed, mask_size)
    return legibly(data) if isinstance(data, Problem) else data


def _read(source: str, input_shape: TensorShape, mask_size: tuple[int, int] | None) -> Raw | Problem:
    if not source.strip():
        return Problem(
            "data-source", "No data is chosen", "", f"Choose one of {', '.join(BY_NAME)}, or name a path"
        )
    if known := BY_NAME.get(source.lower()):
        return known.read(known)
    path = Path(source).expanduser()
    try:
        there = path.exists()
    except (OSError, ValueError):  # a name too long for the system, a null byte, a folder one may not enter
        there = False
    return _read_path(path, input_shape, mask_size) if there else _unknown(source)


def _unknown(source: str) -> Problem:
    return Problem(
        "data-source",
        "Data is a known name or a path that exists",
        f"'{source}' is neither",
        f"Known names are {', '.join(BY_NAME)}; paths may be an .npz with images and labels, a .csv, an IDX pair or "
        "its folder, CIFAR's, a folder with one folder of pictures per class, or one with images and masks",
    )
