"""What the arrays of an archive mean: pictures or series, with classes, masks or values, and perhaps own splits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from builder.errors import Problem
from builder.shapes import format_shape
from runtime.data.masks import as_classes
from runtime.data.raw import Raw, check_finite, check_labels, numbered

Array: TypeAlias = NDArray[Any]

#: What inputs and targets are called, the plainest first.
INPUTS = ("images", "x")
TARGETS = ("labels", "masks", "values", "y")
#: What a part is called, and its split: before the array's name (``train_images``) or behind it (``x_train``).
PARTS = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
}
_SPLITS = ("train", "validation", "test")
_NAMES = ("classes", "targets", "split")


def wanted(names: Collection[str]) -> list[str]:
    """The arrays of these that mean something here."""
    stems = {*INPUTS, *TARGETS}
    known = {*stems, *_NAMES, *(spelt for stem in stems for spelt in _spelt(stem))}
    return [name for name in names if name in known]


def _spelt(stem: str) -> dict[str, str]:
    """The names of an array's parts, and their splits."""
    return {name: split for part, split in PARTS.items() for name in (f"{part}_{stem}", f"{stem}_{part}")}


def broken(where: str, values: str, way_out: str = "Write it with numpy.savez") -> Problem:
    """What is said of an archive that holds something else."""
    return Problem(
        "data-file",
        "A data archive holds 'images' (N×H×W or N×H×W×C, bytes or 0…1) or 'x' (N×C×L numbers), and 'labels' "
        "(N whole numbers), 'masks' (N×H×W whole numbers) or 'y' (N classes, or N×K values with a point)",
        f"'{where}': {values}",
        way_out,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """Inputs and targets under the names they had, and the split of each sample where the archive says it."""

    inputs: Array
    targets: Array
    input_name: str
    target_name: str
    own: dict[str, NDArray[np.int64]]


def _joined(arrays: Mapping[str, Array], stems: tuple[str, ...]) -> tuple[str, Array, list[tuple[str, int]]]:
    """An array by one of these names, or joined of its parts, with the length of each; raises KeyError for none."""
    for stem in stems:
        if stem in arrays:
            return stem, arrays[stem], []
        parts = [
            (split, arrays[name])
            for wanted_split in _SPLITS
            for name, split in _spelt(stem).items()
            if split == wanted_split and name in arrays and arrays[name].ndim
        ]
        if parts:
            joined = np.concatenate([array for _, array in parts])
            return stem, joined, [(split, len(array)) for split, array in parts]
    raise KeyError(stems[0])


def _find(arrays: Mapping[str, Array], held: Sequence[str], where: str) -> _Found | Problem:
    missing = []
    for stems in (INPUTS, TARGETS):
        try:
            _joined(arrays, stems)
        except KeyError as error:
            missing.append(error.args[0])
        except ValueError as error:  # parts of unlike shapes
            return broken(where, f"parts of '{stems[0]}' can't be joined: {error}")
    if missing:
        return broken(where, f"{' and '.join(missing)} missing; it holds {', '.join(held[:8]) or 'nothing'}")
    input_name, inputs, lengths = _joined(arrays, INPUTS)
    target_name, targets, others = _joined(arrays, TARGETS)
    if inputs.ndim == 0 or targets.ndim == 0 or not len(inputs):
        return broken(
            where,
            f"'{input_name}' has the shape {inputs.shape}, '{target_name}' {targets.shape}: nothing in it",
        )
    if len(inputs) != len(targets) or lengths != others:
        return broken(where, f"{len(inputs):,} {input_name} and {len(targets):,} {target_name}")
    own = _parted(lengths) if lengths else _said(arrays, len(inputs), where)
    if isinstance(own, Problem):
        return own
    return _Found(inputs, targets, input_name, target_name, own)


def _parted(lengths: list[tuple[str, int]]) -> dict[str, NDArray[np.int64]]:
    """The splits that the parts are, in the order they were joined in."""
    own, first = {}, 0
    for split, count in lengths:
        own[split] = np.arange(first, first + count)
        first += count
    return own


def _said(arrays: Mapping[str, Array], count: int, where: str) -> dict[str, NDArray[np.int64]] | Problem:
    """The splits by the array ``split``: a name for each sample."""
    if "split" not in arrays:
        return {}
    given = arrays["split"]
    return splits_by_name(given.tolist(), where) if given.shape == (count,) else _no_split(where)


def _no_split(where: str) -> Problem:
    return broken(where, "'split' is not one of train, validation and test for each sample")


def splits_by_name(names: list[Any], where: str) -> dict[str, NDArray[np.int64]] | Problem:
    """Indices by the split named for each sample."""
    found = [PARTS.get(str(name).strip().lower()) for name in names]
    if None in found:
        return _no_split(where)
    return {
        split: np.array([index for index, name in enumerate(found) if name == split], np.int64)
        for split in _SPLITS
        if split in found
    }


#: What is to be written where a type is another one.
_PICTURES = "Write pictures as uint8 (0…255) or as float32 from 0 to 1"
_NUMBERS = "Write it as an array of whole numbers or of float32"
_CLASSES = "Write classes as whole numbers from 0 (astype('int64')), their names as the array 'classes'"
_MASKS = "Write masks as uint8: the number of each pixel's class, 255 where nothing is judged"
_VALUES = "Write values as float32"


def _expected(name: str, pictures: bool) -> str:
    """What targets of a name are to be written as."""
    if name == "y":
        return f"{_CLASSES}; values as float32" + ("; masks as uint8 (N×H×W)" if pictures else "")
    if name == "labels":
        return f"{_CLASSES}. Numbers to be learnt are called 'values'"
    return _MASKS if name == "masks" else f"{_VALUES}. Classes are called 'labels'"


def as_bytes(images: Array, name: str, where: str) -> NDArray[np.uint8] | Problem:
    """Pictures as uint8 (N, C, H, W), whatever way round they came."""
    shape = f"'{name}' has the shape {images.shape}"
    if images.ndim == 3:
        images = images[:, None]
    elif images.ndim == 4 and images.shape[3] in (1, 3):
        images = np.moveaxis(images, 3, 1)
    elif images.ndim != 4 or images.shape[1] not in (1, 3):
        return broken(where, shape)
    if 0 in images.shape:
        return broken(where, f"{shape}: nothing in it")
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images.astype(np.uint8, copy=False))
    if np.issubdtype(images.dtype, np.floating):
        low, high = float(images.min()), float(images.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            return check_finite(images, "picture", where) or broken(where, f"'{name}' is not finite")
        if not (low >= 0 and high <= 1):
            way_out = "Divide them by 255, or write them as uint8" if low >= 0 and high <= 255 else _PICTURES
            return broken(where, f"'{name}' has values from {low:g} to {high:g}", way_out)
        return np.ascontiguousarray(np.rint(images * np.float32(255)).astype(np.uint8))
    return broken(where, f"'{name}' is of type {images.dtype}", _PICTURES)


def as_series(x: Array, name: str, where: str) -> NDArray[np.float32] | Problem:
    """Numbers as float32 (N, C, L); (N, L) is one channel."""
    if x.ndim not in (2, 3) or 0 in x.shape:
        return broken(where, f"'{name}' has the shape {x.shape}")
    if x.dtype.kind not in "iuf":
        return broken(where, f"'{name}' is of type {x.dtype}", _NUMBERS)
    if problem := check_finite(x, "sample", where):
        return problem
    return np.ascontiguousarray(x[:, None] if x.ndim == 2 else x, np.float32)


def as_values(y: Array, name: str, where: str) -> NDArray[np.float32] | Problem:
    """Values as float32 (N, K) or (N, K, L); (N,) is one value."""
    if y.ndim not in (1, 2, 3) or 0 in y.shape:
        return broken(where, f"'{name}' has the shape {y.shape}")
    if problem := check_finite(y, "target", where):
        return problem
    return np.ascontiguousarray(y[:, None] if y.ndim == 1 else y, np.float32)


def _names(arrays: Mapping[str, Array], key: str, where: str) -> tuple[str, ...] | Problem | None:
    given = arrays.get(key)
    if given is None:
        return None
    if given.ndim != 1 or given.dtype.kind != "U" or not len(given):
        return broken(
            where,
            f"'{key}' is {given.dtype} of shape {given.shape}, not a list of names",
            f"Write '{key}' as an array of text: numpy.array(['cat', 'dog'])",
        )
    return tuple(str(name) for name in given)


def _classified(found: _Found, names: tuple[str, ...] | None, where: str) -> tuple[Array, Any] | Problem:
    """Labels int64 (N,) and their classes."""
    labels = found.targets
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        return broken(
            where,
            f"'{found.target_name}' is {labels.dtype} of shape {labels.shape}",
            "Write one class for each sample (N), or values as float32",
        )
    # Looked at as they are: uint64 beyond int64 would wrap round to negative numbers.
    if wrong := check_labels(labels, len(names) if names is not None else None, where):
        return wrong
    labels = labels.astype(np.int64)
    return labels, names if names is not None else numbered(labels)


def _learnt(
    found: _Found, arrays: Mapping[str, Array], pictures: bool, where: str
) -> tuple[Array, tuple[str, ...], tuple[str, ...]] | Problem:
    """Labels, classes and the names of values."""
    targets, name = found.targets, found.target_name
    classes, named = _names(arrays, "classes", where), _names(arrays, "targets", where)
    for given in (classes, named):
        if isinstance(given, Problem):
            return given
    assert not isinstance(classes, Problem)
    assert not isinstance(named, Problem)
    if targets.dtype.kind == "f" and name in ("values", "y"):
        values = as_values(targets, name, where)
        if isinstance(values, Problem):
            return values
        if named is not None and len(named) != values.shape[1]:
            return broken(where, f"{len(named)} names in 'targets' for {values.shape[1]} values")
        return values, (), named or tuple(f"{name} {k}" if k else name for k in range(values.shape[1]))
    if targets.dtype.kind not in "iu" or name == "values":
        said = f"'{name}' is {targets.dtype} of shape {targets.shape}"
        return broken(where, said, _expected(name, pictures))
    if targets.ndim == 3 and pictures and name != "labels":
        if 0 in targets.shape:
            return broken(where, f"'{name}' has the shape {targets.shape}")
        masks = as_classes(targets, classes, where)
        return masks if isinstance(masks, Problem) else (*masks, ())
    known = _classified(found, classes, where)
    return known if isinstance(known, Problem) else (*known, ())


def interpret(arrays: Mapping[str, Array], path: Path, held: Sequence[str]) -> Raw | Problem:
    """The set that an archive's arrays are; ``held`` names all that were in it.

    ``x`` of bytes in three or four dimensions are pictures.
    """
    where = path.name
    found = _find(arrays, held, where)
    if isinstance(found, Problem):
        return found
    x, name = found.inputs, found.input_name
    pictures = name == "images" or x.ndim == 4 or (x.ndim == 3 and x.dtype == np.uint8)
    inputs = as_bytes(x, name, where) if pictures else as_series(x, name, where)
    if isinstance(inputs, Problem):
        return inputs
    learnt = _learnt(found, arrays, pictures, where)
    if isinstance(learnt, Problem):
        return learnt
    labels, classes, targets = learnt
    what = f"{len(inputs):,} {'pictures' if pictures else 'series'} of {format_shape(inputs.shape[1:])}"
    told = f"in {len(classes)} classes" if classes else f"with {', '.join(targets)}"
    if labels.ndim == 3 and classes:
        told = f"with masks of {len(classes)} classes"
    text = f"{what} {told}, from {where}."
    return Raw(str(path), path.stem, text, inputs, labels, classes, found.own, targets)
