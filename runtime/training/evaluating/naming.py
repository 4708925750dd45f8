"""What a run calls its classes, and what other data calls them: the number of an output means what the run says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from builder.errors import Problem, Severity
from runtime.data.preparation import Preparation
from runtime.data.raw import NOT_JUDGED, by_number

if TYPE_CHECKING:
    from runtime.data import Data
    from runtime.training.records.runs import Run

#: Names that are listed; there may be a thousand.
_LISTED = 12


def as_called_before(data: Data, run: Run) -> tuple[Data, Problem | None] | Problem:
    """The data with its classes in the order of the run's, by their names, and what there is to remark.

    A Problem where the names are others. Where one of both has but numbers, or the run kept no names, they are taken
    in order, the former of which is remarked.
    """
    known = Preparation.read(run.environment().get("preparation"))
    names = () if known is None else known.classes
    if data.task == "regression" or names == data.classes or len(names) != len(data.classes):
        return data, None
    if sorted(names) == sorted(data.classes) and len(set(names)) == len(names):
        return in_order(data, names), None
    numbers = by_number(len(names))
    if numbers in (names, data.classes):
        return data, _differing(run, names, data, "They are taken in their order", Severity.WARNING)
    way_out = "Name data with these classes, or call its folders as the run does"
    return _differing(run, names, data, way_out, Severity.ERROR)


def in_order(data: Data, names: Sequence[str]) -> Data:
    """The same data, its classes in the order of ``names``, which are the same ones."""
    place = torch.arange(max(len(names), NOT_JUDGED + 1), device=data.labels.device)
    for number, name in enumerate(data.classes):
        place[number] = names.index(name)
    labels = data.labels
    judged = (labels >= 0) & (labels < len(names))
    moved = torch.where(judged, place[labels.long().clamp(0, len(names) - 1)], labels.long())
    return replace(data, labels=moved.to(labels.dtype), classes=tuple(names))


def _differing(run: Run, names: Sequence[str], data: Data, way_out: str, severity: Severity) -> Problem:
    return Problem(
        "other-classes",
        "A network is tested on the classes that it learnt, known by their names",
        f"'{run.name}' learnt {_listed(names)}, {data.title} has {_listed(data.classes)}",
        way_out,
        severity=severity,
        path="data.source",
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_LISTED]) + (f", … ({len(names):,})" if len(names) > _LISTED else "")
