"""``predict``: what a trained network takes pictures for, where in them it sees what, or which values it reads off."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.errors import Problem
from runtime.commands.answers import likeliest, predicted, task_for, write_masks
from runtime.commands.common import (
    OK,
    build_with_weights,
    failed,
    misuse,
    open_subject,
    say,
    say_json,
)
from runtime.commands.preparing import add_wishes, preparation_for, wishes_in
from runtime.commands.shown import Pictures, Shown

if TYPE_CHECKING:
    from torch import nn

    from runtime.training.tasks import Task


def add_parser(subparsers: Any) -> None:
    """Declare ``predict``."""
    parser = subparsers.add_parser("predict", help="say what pictures are of", description=__doc__)
    parser.add_argument("subject", metavar="RUN_OR_FILE", help="a run's folder, or a document with --weights")
    parser.add_argument("--weights", metavar="W", help="a file, or best or last of the run (stock: best)")
    parser.add_argument(
        "images",
        metavar="IMAGE",
        nargs="+",
        help="a picture, or SOURCE:N for sample N of a source (digits:17)",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        type=Path,
        help="where masks go, and the pictures with them laid over",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_wishes(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Answer for each picture; one that cannot be used is told, and the others are answered all the same."""
    subject = open_subject(arguments.subject)
    if isinstance(subject, list):
        return failed(subject)
    if subject.run is None and arguments.weights is None:
        return misuse("predict needs trained weights: name a run's folder, or a document and --weights FILE")
    built = build_with_weights(subject, arguments.weights, alone=True)
    if isinstance(built, list):
        return failed(built)
    task = task_for(subject)
    if isinstance(task, list):
        return failed(task)
    if arguments.output is not None and task.kind != "segmentation":
        return misuse("-o writes masks: this network tells no class of each pixel")
    preparation = preparation_for(subject, wishes_in(arguments))
    if isinstance(preparation, list):
        return failed(preparation)
    teller = _Teller(task, built.model, preparation.classes, arguments.output)
    pictures = Pictures(preparation)
    code, entries = OK, []
    for image in arguments.images:
        shown = pictures.show(image)
        said = shown if isinstance(shown, Problem) else teller.entry(shown)
        if isinstance(said, Problem):
            code = failed(said.at(image))
            entries.append({"image": image, "problem": said.to_json()})
            continue
        assert isinstance(shown, Shown)
        known = {} if shown.label is None else {"label": shown.label}
        entries.append({"image": image, **known, **said})
        if not arguments.json:
            say(image if shown.label is None else f"{image} (it is {shown.label})")
            teller.tell(said)
    if arguments.json:
        about = {"network": subject.document.name, "weights": built.file, "matched": built.matched}
        say_json({**about, "pictures": entries})
    return code


@dataclass(slots=True)
class _Teller:
    """Puts what a network says of pictures into words."""

    task: Task
    model: nn.Module
    classes: tuple[str, ...]
    folder: Path | None
    _stems: Counter[str] = field(default_factory=Counter)

    def entry(self, shown: Shown) -> dict[str, Any] | Problem:
        """As ``predict --json`` prints it: the likeliest classes, how much each class takes, or values."""
        said = predicted(self.task, self.model, shown.x)
        if isinstance(said, Problem):
            return said
        if self.task.kind == "regression":
            names = self._names(len(said.values))
            return {"values": dict(zip(names, said.values, strict=True))}
        if self.task.kind == "classification":
            return {"top": [answer.to_json() for answer in likeliest(said.values, self.classes)]}
        shares = likeliest(said.values, self.classes, len(said.values))
        entry: dict[str, Any] = {
            "classes": [{"class": a.name, "index": a.index, "share": a.probability} for a in shares]
        }
        if self.folder is not None and said.mask is not None:
            written = write_masks(
                shown.pixels, said.mask, len(said.values), self.folder, self._stem(shown.title)
            )
            return written if isinstance(written, Problem) else entry | written
        return entry

    def tell(self, entry: dict[str, Any]) -> None:
        """The same in lines."""
        for answer in entry.get("top", ()):
            say(f"  {answer['probability']:7.2%}  {answer['class']}")
        for found in entry.get("classes", ()):
            say(f"  {found['share']:7.2%}  {found['class']}")
        width = max(map(len, entry.get("values", ())), default=0)
        for name, value in entry.get("values", {}).items():
            say(f"  {name:>{width}}  {value:.6g}")
        for what in ("mask", "overlay"):
            if what in entry:
                say(f"  {what} in {entry[what]}")

    def _names(self, count: int) -> tuple[str, ...]:
        """Of so many values; along a sequence each has its step."""
        from runtime.training.tasks import Regression
        from runtime.training.tasks.classes import named

        assert isinstance(self.task, Regression)
        values = len(self.task.mean)
        names = named(self.task.names, values)
        steps = count // values
        return names if steps == 1 else tuple(f"{name}[{step}]" for name in names for step in range(steps))

    def _stem(self, title: str) -> str:
        """A file's name for a picture: no two are the same."""
        stem = re.sub(r"[^\w.-]+", "-", Path(title).stem).strip("-.") or "picture"
        self._stems[stem] += 1
        return stem if self._stems[stem] == 1 else f"{stem}-{self._stems[stem]}"
