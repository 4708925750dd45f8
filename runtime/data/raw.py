"""What every reader hands over: inputs and targets as they were found, before they meet a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

from builder.errors import Problem, Severity

#: More classes than any labelled set of pictures has; beyond it, labels are something else.
MAX_CLASSES = 100_000
#: The value of a mask's pixels that are not judged, as in PASCAL VOC.
NOT_JUDGED = 255
#: The code of what is told of files that were left out.
SKIPPED = "data-skipped"
#: Names that a Problem lists before it counts the rest.
_NAMED = 5

#: What a network is to learn: a class for each sample, for each pixel, or numbers.
Task: TypeAlias = Literal["classification", "segmentation", "regression"]


#: Kinds of characters that do something rather than show something: control, halves, ends of lines.
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
#: Those that turn the direction of what follows them.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def legible(text: str) -> str:
    """Text of others (a file's name) with what would steer a terminal escaped."""
    if text.isprintable():
        return text
    return "".join(
        letter.encode("unicode_escape").decode()
        if letter in _TURNING or category(letter) in _UNSEEN
        else letter
        for letter in text
    )


def legibly(problem: Problem) -> Problem:
    """The same finding, legible."""
    return replace(
        problem,
        rule=legible(problem.rule),
        values=legible(problem.values),
        way_out=legible(problem.way_out),
    )


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was left out, and why; legible both."""

    file: str
    reason: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "file", legible(self.file))
        object.__setattr__(self, "reason", legible(self.reason))


@dataclass(frozen=True, slots=True)
class Files:
    """Picture files of any size, too many to be held in memory: they are read as batches ask for them."""

    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths)


@dataclass(frozen=True, slots=True)
class Raw:
    """Samples as they were found.

    ``images`` are pictures uint8 (N, C, H, W), series float32 (N, C, L) or files; ``labels`` say the task: classes
    int64 (N,) below ``len(classes)``, masks uint8 (N, H, W) of classes or 255 where nothing is judged, or values
    float32 (N, K) or (N, K, L) of the names ``targets``. ``own`` are the splits (int64 indices) that the set brings
    itself, of ``train``, ``validation`` and ``test``; what is missing there is cut from the rest. For the samples
    ``damaged`` others stand in.
    """

    name: str
    title: str
    description: str
    images: NDArray[Any] | Files
    labels: NDArray[Any]
    classes: tuple[str, ...] = ()
    own: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    damaged: tuple[int, ...] = ()

    @property
    def task(self) -> Task:
        """What is to be learnt, by the kind of the labels."""
        if self.labels.dtype == np.float32:
            return "regression"
        return "segmentation" if self.labels.ndim == 3 else "classification"


def fetch_again(path: Path) -> str:
    """The way out of a damaged file; while it is there nothing is fetched in its place."""
    return f"Remove '{path.absolute()}' and fetch it again"


def last(count: int, of: int) -> Mapping[str, NDArray[np.int64]]:
    """The splits of a set whose last ``count`` of ``of`` samples are its official test set; none where 0 are."""
    return {"test": np.arange(of - count, of)} if count else {}


def check_labels(labels: NDArray[np.integer], classes: int | None, where: str) -> Problem | None:
    """Labels count from 0 and stay below ``classes``; the first that does not is named."""
    bound = MAX_CLASSES if classes is None else classes
    wrong = np.flatnonzero((labels < 0) | (labels >= bound))
    if not len(wrong):
        return None
    first = int(wrong[0])
    return Problem(
        "data-labels",
        f"Labels are whole numbers from 0 to {bound - 1:,}",
        f"label {first:,} of '{where}' is {int(labels[first])}"
        + (f", and {len(wrong) - 1:,} more" * (len(wrong) > 1)),
        "Correct the labels or count the classes from 0",
    )


def check_classes(raw: Raw) -> Problem | None:
    """There are two classes to tell apart; of samples' classes two that occur."""
    if raw.task == "regression":
        return None
    masks = raw.task == "segmentation"
    found = range(len(raw.classes)) if masks else np.unique(raw.labels).tolist()
    if len(found) > 1:
        return None
    return Problem(
        "data-labels",
        f"{'Segmentation' if masks else 'Classification'} needs two classes at least",
        f"'{raw.title}' has {len(found)}" + "".join(f" ('{raw.classes[number]}')" for number in found),
        "Add samples of another class, or learn values instead",
    )


def check_finite(values: NDArray[np.floating], what: str, where: str) -> Problem | None:
    """Numbers are finite in float32; the first sample (along axis 0) that has another is named."""
    bound = np.finfo(np.float32).max
    flat = values.reshape(len(values), -1)
    wrong = np.flatnonzero(~(np.abs(flat) <= bound).all(1))  # NaN compares false
    if not len(wrong):
        return None
    first = int(wrong[0])
    bad = flat[first][~(np.abs(flat[first]) <= bound)]
    return Problem(
        "data-values",
        "Numbers to learn from are finite",
        f"{what} {first:,} of '{where}' holds {bad[0]:g}"
        + (f", and {len(wrong) - 1:,} more hold such" * (len(wrong) > 1)),
        "Correct or leave out these samples",
    )


def tell_skipped(skipped: tuple[Skipped, ...], title: str) -> Problem | None:
    """A warning that counts the files left out and names some; None where all were read."""
    if not skipped:
        return None
    named = "; ".join(f"{found.file}: {found.reason}" for found in skipped[:_NAMED])
    rest = len(skipped) - _NAMED
    return Problem(
        SKIPPED,
        "Files that can't be used are left out",
        f"{len(skipped):,} of '{legible(title)}': {named}" + (f"; and {rest:,} more" if rest > 0 else ""),
        "Replace or remove them",
        severity=Severity.WARNING,
    )


def tell_unlearnt(balance: Mapping[str, Sequence[int]], classes: Sequence[str], title: str) -> Problem | None:
    """A warning that names the classes that are judged and never learnt; None where there are none."""
    seen = balance.get("train", ())
    splits = {
        name: [number for number, count in enumerate(counts) if count and not seen[number]]
        for name, counts in balance.items()
    }
    missing = sorted({number for found in splits.values() for number in found})
    if not missing:
        return None
    named = ", ".join(f"'{legible(classes[number])}'" for number in missing[:_NAMED])
    rest = len(missing) - _NAMED
    return Problem(
        "data-unlearnt",
        "A class that the training split does not have is not learnt",
        f"{named}" + (f" and {rest:,} more" if rest > 0 else "")
        + f" of '{legible(title)}' {'is' if len(missing) == 1 else 'are'} in "
        + " and ".join(name for name, found in splits.items() if found) + " alone",
        "Put samples of every class into the training split",
        severity=Severity.WARNING,
    )  # fmt: skip


def by_number(count: int) -> tuple[str, ...]:
    """Names of classes that are known by their number only."""
    return tuple(map(str, range(count)))


def numbered(labels: NDArray[np.integer]) -> tuple[str, ...]:
    """Classes of labels without names."""
    return by_number(int(labels.max()) + 1)
