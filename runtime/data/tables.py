"""Tables (CSV): picture files with a label or values, or sequences with one row a sample or one row a step.

The first row names the columns. What they mean, in whatever order they stand:

- ``file`` (or ``image``, ``filename``, ``path``): a picture, by its path from the table's folder;
- ``label`` (or ``class``): the class, any text;
- ``target`` or ``target_…`` (or ``y``, ``y_…``): a number to be learnt;
- ``split``: ``train``, ``validation`` or ``test``;
- ``sample`` and ``step``: one row is one step of a sequence. Else one row is a sample.

All other columns are numbers. Beside ``file`` they are values to be learnt, where there is no label and no target.
In a table of steps each is a channel; targets that are alike within a sample are learnt once, others at each step.
In a table of samples they are the steps of one channel, or, where all are called ``x_0 … x_n``, ``z_0 … z_n``, those
of the channels ``x``, ``z``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder.errors import Problem
from builder.shapes import format_shape
from runtime.data.arrays import splits_by_name
from runtime.data.fitting import Fit
from runtime.data.folders import gather
from runtime.data.raw import MAX_CLASSES, Raw, check_finite

MAX_BYTES = 2**30
_MEANINGS = {
    "file": "file", "image": "file", "filename": "file", "path": "file",
    "label": "label", "class": "label", "split": "split", "sample": "sample", "step": "step",
}  # fmt: skip
#: What each row must say, and what else it would be.
_NEEDED = {"label": "class", "sample": "sample"}
_WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)
_TARGET = re.compile(r"(target|y)([_ ].+)?\Z")
_NUMBERED = re.compile(r"(.+)_(\d{1,9})\Z")


class _WrongError(Exception):
    """A table that means nothing here; the message says why."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns as text by what they mean, and numbers (rows, columns) with the names of theirs.

    ``lines`` are the rows' lines in the file.
    """

    texts: dict[str, list[str]]
    targets: NDArray[np.float64]
    target_names: tuple[str, ...]
    numbers: NDArray[np.float64]
    names: tuple[str, ...]
    lines: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.numbers)


def read_table(path: Path, fit: Fit | None) -> Raw | Problem:
    """The set in a table; ``fit`` is what pictures become, None where the network's input takes none."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _WrongError(f"it has {path.stat().st_size:,} bytes, at most {MAX_BYTES:,} are read")
        table = _parse(path)
        if "file" in table.texts:
            return _pictures(path, table, fit)
        return _steps(path, table) if "sample" in table.texts else _samples(path, table)
    except _WrongError as error:
        return _bad(path, str(error))
    except (OSError, UnicodeDecodeError, csv.Error, MemoryError) as error:
        return _bad(path, f"it can't be read ({str(error) or type(error).__name__})")


def _bad(path: Path, values: str) -> Problem:
    return Problem(
        "data-file",
        "A table (CSV) names its columns in the first row: 'label' or 'target' is learnt, 'file' is a picture, "
        "other columns are numbers",
        f"'{path.name}': {values}",
        "See docs/command-line.md, Tables",
    )


def _parse(path: Path) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        delimiter = max(",;\t", key=first.count)
        file.seek(0)
        rows = csv.reader(file, delimiter=delimiter, strict=True)
        header = [name.strip() for name in next(rows, [])]
        lowered = [name.lower() for name in header]
        if len(set(lowered)) != len(lowered) or "" in lowered:
            raise _WrongError("two columns have the same name, or one has none")
        kinds = [_MEANINGS.get(name) or ("target" if _TARGET.match(name) else "number") for name in lowered]
        texts: dict[str, list[str]] = {kind: [] for kind in kinds if kind not in ("target", "number")}
        if sum(kind in texts for kind in kinds) != len(texts):
            raise _WrongError("two columns mean the same")
        places = {kind: [k for k, each in enumerate(kinds) if each == kind] for kind in ("target", "number")}
        numbers: dict[str, list[list[float]]] = {kind: [] for kind in places}
        lines: list[int] = []
        for row in rows:
            if not row:
                continue
            lines.append(rows.line_num)
            if len(row) != len(header):
                raise _WrongError(f"line {rows.line_num} has {len(row)} entries, the first {len(header)}")
            for kind, name, text in zip(kinds, header, row, strict=True):
                if kind in texts:
                    texts[kind].append(text.strip())
                if kind in _NEEDED and not text.strip():
                    raise _WrongError(
                        f"line {rows.line_num} says '' in '{name}', which is no {_NEEDED[kind]}"
                    )
            for kind, columns in places.items():
                numbers[kind].append([_number(row[k], header[k], rows.line_num) for k in columns])
    count = len(numbers["number"])
    if not count:
        raise _WrongError("it has no rows below the names")
    return Table(
        texts,
        np.array(numbers["target"], np.float64).reshape(count, -1),
        tuple(header[k] for k in places["target"]),
        np.array(numbers["number"], np.float64).reshape(count, -1),
        tuple(header[k] for k in places["number"]),
        tuple(lines),
    )


def _number(text: str, column: str, line: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise _WrongError(f"line {line} says '{text[:40]}' in '{column}', which is no number") from None


def _labelled(labels: Sequence[str]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Classes of texts: in the order of numbers where all are whole numbers, else of the alphabet."""
    found = set(labels)
    if len(found) > MAX_CLASSES:
        raise _WrongError(f"'label' has {len(found):,} different entries")
    whole = all(_WHOLE.fullmatch(name) for name in found)
    names = sorted(found, key=int) if whole else sorted(found)
    number_of = {name: number for number, name in enumerate(names)}
    return np.array([number_of[name] for name in labels], np.int64), tuple(names)


def _own(path: Path, splits: Sequence[str] | None) -> dict[str, NDArray[np.int64]]:
    if splits is None:
        return {}
    found = splits_by_name(list(splits), path.name)
    if isinstance(found, Problem):
        raise _WrongError("'split' is not one of train, validation and test in each row")
    return found


def _pictures(path: Path, table: Table, fit: Fit | None) -> Raw | Problem:
    if fit is None:
        raise _WrongError("it lists pictures, and the network's input takes none")
    paths = []
    for name in table.texts["file"]:
        pure = PurePosixPath(name.replace("\\", "/"))
        if not name or pure.is_absolute() or ".." in pure.parts or ":" in name or "\0" in name:
            raise _WrongError(f"'{name[:80]}' is no path within the table's folder")
        paths.append(path.parent / pure)
    if "label" in table.texts:
        learnt, classes = _labelled(table.texts["label"])
        labels: NDArray[np.int64] | NDArray[np.float32] = learnt
        names: tuple[str, ...] = ()
    else:
        values, names = (
            (table.targets, table.target_names) if table.target_names else (table.numbers, table.names)
        )
        if not names:
            raise _WrongError("it has neither a label nor numbers to be learnt")
        if problem := check_finite(values, "row", path.name):
            return problem
        labels, classes = values.astype(np.float32), ()
    found = gather(paths, fit, path.parent)
    if not len(found.kept):
        return _bad(
            path, f"none of its {len(paths):,} pictures can be read; the first: {found.skipped[0].reason}"
        )
    splits = table.texts.get("split")
    own = _own(path, None if splits is None else [splits[number] for number in found.kept])
    text = f"{len(found.kept):,} pictures {_told(classes, names)}, from {path.name}."
    if found.skipped:
        text += f" Left out because they can't be read: {len(found.skipped):,}."
    return Raw(
        str(path),
        path.stem,
        text,
        found.images,
        labels[found.kept],
        classes,
        own,
        names,
        found.skipped,
        found.damaged,
    )


def _told(classes: tuple[str, ...], targets: tuple[str, ...]) -> str:
    return f"in {len(classes)} classes" if classes else f"with {', '.join(targets)}"


def _channels(table: Table) -> NDArray[np.float64]:
    """Rows as sequences (N, C, L)."""
    if not table.names:
        raise _WrongError("it has no columns of numbers to learn from")
    found = [_NUMBERED.match(name) for name in table.names]
    by_channel: dict[str, list[tuple[int, int]]] = {}
    for column, match in enumerate(found):
        if match is None:
            return table.numbers[:, None]
        by_channel.setdefault(match[1], []).append((int(match[2]), column))
    lengths = {len(steps) for steps in by_channel.values()}
    if len(lengths) != 1:
        return table.numbers[:, None]
    order = [[column for _, column in sorted(steps)] for steps in by_channel.values()]
    return table.numbers[:, np.array(order)]


def _samples(path: Path, table: Table) -> Raw | Problem:
    """One row a sample."""
    return _series(
        path, _channels(table), table.texts.get("label"), table, table.targets, table.texts.get("split")
    )


def _places(steps: Sequence[str], lines: Sequence[int]) -> NDArray[np.int64] | NDArray[np.float64]:
    """Where each row stands in its sequence: whole numbers as they are, for times may need all their digits."""
    if all(_WHOLE.fullmatch(text) and abs(int(text)) < 2**63 for text in steps):
        return np.array([int(text) for text in steps], np.int64)
    found = np.array([_number(text, "step", line) for text, line in zip(steps, lines, strict=True)])
    if len(wrong := np.flatnonzero(~np.isfinite(found))):
        first = int(wrong[0])
        raise _WrongError(
            f"line {lines[first]} says '{steps[first][:40]}' in 'step', which is no finite number"
        )
    return found


def _check_order(
    order: NDArray[np.intp], number: NDArray[np.intp], place: NDArray[Any], table: Table
) -> None:
    """Raises where two rows of a sample say the same step."""
    before, after = order[:-1], order[1:]
    same = (number[before] == number[after]) & (place[before] == place[after])
    if same.any():
        one, other = int(before[same][0]), int(after[same][0])
        raise _WrongError(
            f"line {table.lines[other]} says '{table.texts['step'][other][:40]}' in 'step', as line "
            f"{table.lines[one]} does of the same sample"
        )


def _steps(path: Path, table: Table) -> Raw | Problem:
    """One row a step: sequences of one length, in the order of ``step`` or else of the rows."""
    if not table.names:
        raise _WrongError("it has no columns of numbers to learn from")
    identities = table.texts["sample"]
    first: dict[str, int] = {}
    number = np.array([first.setdefault(name, len(first)) for name in identities])
    steps = table.texts.get("step")
    place = np.arange(len(table)) if steps is None else _places(steps, table.lines)
    order = np.lexsort((place, number))
    _check_order(order, number, place, table)
    lengths = np.bincount(number)
    if lengths.min() != lengths.max():
        raise _WrongError(
            f"sequences have one length: sample '{identities[0]}' has {lengths[0]} steps, "
            f"others {lengths.min()} to {lengths.max()}"
        )
    count, length = len(lengths), int(lengths[0])

    def alike(name: str) -> list[str] | None:
        if name not in table.texts:
            return None
        grouped = np.array(table.texts[name], object)[order].reshape(count, length)
        if (grouped != grouped[:, :1]).any():
            raise _WrongError(f"'{name}' changes within a sample")
        return [str(text) for text in grouped[:, 0]]

    x = table.numbers[order].reshape(count, length, -1).transpose(0, 2, 1)
    targets = table.targets[order].reshape(count, length, -1).transpose(0, 2, 1)
    if (targets == targets[:, :, :1]).all():
        targets = targets[:, :, 0]
    return _series(path, x, alike("label"), table, targets, alike("split"))


def _series(
    path: Path,
    x: NDArray[np.float64],
    labels: list[str] | None,
    table: Table,
    targets: NDArray[np.float64],
    splits: list[str] | None,
) -> Raw | Problem:
    """Sequences (N, C, L) with labels, or targets (N, K) or (N, K, L)."""
    if problem := check_finite(x, "sample", path.name):
        return problem
    classes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    if labels is not None:
        learnt: NDArray[np.int64] | NDArray[np.float32]
        learnt, classes = _labelled(labels)
    elif table.target_names:
        if problem := check_finite(targets, "target", path.name):
            return problem
        learnt, names = np.ascontiguousarray(targets, np.float32), table.target_names
    else:
        raise _WrongError("it has neither a column 'label' nor one 'target'")
    series = np.ascontiguousarray(x, np.float32)
    text = f"{len(x):,} sequences of {format_shape(x.shape[1:])} {_told(classes, names)}, from {path.name}."
    return Raw(str(path), path.stem, text, series, learnt, classes, _own(path, splits), names)
