"""How pictures are prepared for a network: as its run recorded it, as its data says, or as the command line says."""

from __future__ import annotations

import argparse
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.analysis import analyze
from builder.errors import Problem
from builder.shapes import TensorShape
from runtime.commands.common import STOCK_DATA, Subject, complain, load_data_for
from runtime.data.pictures import INTERPOLATIONS
from runtime.data.preparation import LEAST_CROP, Preparation
from runtime.data.raw import by_number

if TYPE_CHECKING:
    from runtime.data import Data

#: What the command line may say of pictures, as fields of Preparation.
WISHES = ("crop", "interpolation", "mean", "std", "classes")
#: With these, nothing of the data is needed.
_ALL_OF_DATA = frozenset({"mean", "std", "classes"})
#: A file with names of classes is a few kilobytes.
_MAX_NAMES = 2**24


def add_wishes(parser: argparse.ArgumentParser) -> None:
    """Declare the options of a command that shows pictures to a network."""
    group = parser.add_argument_group(
        "pictures", "how they are prepared, where neither a run nor the document's data says it rightly"
    )
    group.add_argument(
        "--crop", metavar="F", type=_share, help="share of the shorter side that is looked at (stock: 1)"
    )
    group.add_argument(
        "--interpolation", choices=list(INTERPOLATIONS), help="how pictures are resized (stock: bilinear)"
    )
    group.add_argument(
        "--mean", metavar="M[,M,M]", type=_numbers, help="taken off each channel, whose pixels are 0 to 1"
    )
    group.add_argument("--std", metavar="S[,S,S]", type=_deviations, help="what each channel is divided by")
    group.add_argument(
        "--classes", metavar="FILE", type=Path, help="names of the outputs, one a line (stock: numbers)"
    )


def wishes_in(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was said of pictures, by name."""
    given = {name: getattr(arguments, name, None) for name in WISHES}
    return {name: value for name, value in given.items() if value is not None}


def preparation_for(subject: Subject, wishes: dict[str, Any] | None = None) -> Preparation | list[Problem]:
    """How pictures are prepared for a network without errors, and the names of its outputs.

    As its run recorded it, else as the data that its document names, else as the stock data where the network has as
    many outputs, else plainly; then as wished. Names that do not go with the outputs give way to numbers.
    """
    from runtime.training.loop import input_shape

    wishes = dict(wishes or {})
    shape = input_shape(subject.document)
    if isinstance(shape, Problem):
        return [shape]
    first = analyze(subject.document).output_shapes[0]
    outputs = int(first[0]) if first else 0
    found = _known(subject, shape, outputs, wishes)
    if isinstance(found, Preparation) and wishes:
        found = _wished(found, wishes, outputs)
    return [found] if isinstance(found, Problem) else found


def _known(
    subject: Subject, shape: TensorShape, outputs: int, wishes: dict[str, Any]
) -> Preparation | Problem | list[Problem]:
    """What is known of a network's pictures and classes before anything is wished."""
    if subject.run is not None:
        recorded = Preparation.read(subject.run.environment().get("preparation"))
        if recorded is not None and recorded.shape == shape:
            return _numbered(recorded, outputs, wishes)
    named = bool(subject.document.data.get("source"))
    if wishes.keys() >= _ALL_OF_DATA:
        return Preparation.plain(shape, outputs)
    if not named and outputs != _stock_classes():
        _tell_plain(wishes)
        return Preparation.plain(shape, outputs)
    data = load_data_for(subject, None)
    if isinstance(data, list):
        return data
    if not named:
        complain(f"the document names no data: pictures are prepared as those of {data.title}")
    return _numbered(Preparation.of(data), outputs, wishes)


def _tell_plain(wishes: dict[str, Any]) -> None:
    """Say what is taken for granted where nothing is known."""
    taken = []
    if not {"mean", "std"} <= wishes.keys():
        taken.append("pixels are brought to −1…1")
    if "classes" not in wishes:
        taken.append("classes are known by number")
    complain(f"the document names no data: {', '.join(taken)}")


def _stock_classes() -> int:
    """How many classes there are in what a document means that names no data."""
    from runtime.data import load_data

    data: Data | Problem = load_data(STOCK_DATA, (1, 1, 1))
    assert not isinstance(data, Problem)
    return len(data.classes)


def _numbered(found: Preparation, outputs: int, wishes: dict[str, Any]) -> Preparation:
    """With names of classes only where there is one for each output."""
    if len(found.classes) == outputs:
        return found
    if found.classes and "classes" not in wishes:  # values have none
        complain(
            f"the network has {outputs:,} outputs and {found.data} {len(found.classes):,} classes: they are numbered"
        )
    return replace(found, data="", classes=by_number(outputs))


def _wished(found: Preparation, wishes: dict[str, Any], outputs: int) -> Preparation | Problem:
    changes: dict[str, Any] = dict(wishes)
    for name in ("mean", "std"):
        values = changes.get(name, ())
        if len(values) not in (0, 1, found.channels):
            return Problem(
                "preparation",
                f"--{name} has one number, or one for each channel",
                f"{len(values)} are given, the channels are {found.channels}",
            )
        if values:
            changes[name] = tuple(values) * (found.channels // len(values))
    if "classes" in changes:
        names = read_names(changes["classes"], outputs)
        if isinstance(names, Problem):
            return names
        changes |= {"classes": names, "data": changes["classes"].name}
    return replace(found, **changes)


def read_names(path: Path, outputs: int) -> tuple[str, ...] | Problem:
    """A file's lines, one for each output; signs that a terminal would obey are left out."""
    rule = "Names of classes are lines of a text file, one for each output"
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_NAMES).decode("utf-8-sig")
    except OSError as error:
        return Problem("class-names", rule, f"'{path}': {error.strerror}", "Choose another file")
    except ValueError:
        return Problem("class-names", rule, f"'{path.name}' is no text in UTF-8", "Choose another file")
    names = tuple("".join(filter(str.isprintable, line)).strip() for line in text.rstrip().split("\n"))
    if len(names) == outputs:
        return names
    has = f"'{path.name}' has {len(names):,}, the network {outputs:,} outputs"
    return Problem("class-names", rule, has, "Give each output a line, in their order")


# arguments ------------------------------------------------------------------------------------------------------


def _numbers(text: str) -> tuple[float, ...]:
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if not values or not all(map(isfinite, values)):
        raise argparse.ArgumentTypeError(f"needs numbers such as 0.485,0.456,0.406, not '{text}'")
    return values


def _deviations(text: str) -> tuple[float, ...]:
    values = _numbers(text)
    if min(values) <= 0:
        raise argparse.ArgumentTypeError(f"needs numbers above 0, not '{text}'")
    return values


def _share(text: str) -> float:
    (value, *more) = _numbers(text)
    if more or not LEAST_CROP <= value <= 1:
        raise argparse.ArgumentTypeError(f"needs a number from {LEAST_CROP:g} to 1, not '{text}'")
    return value
