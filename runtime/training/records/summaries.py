"""What came of a run, in one line. Importing this imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from builder.claims import Holder, holder
from builder.document import Document
from runtime.training.events import Epoch, Finished, Started
from runtime.training.records.journal import EVENTS, RUNNING, read_ends, read_events


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in one line; ``state`` is that of Finished; without an end ``running`` while somebody writes it, else
    ``unfinished``.

    ``metric`` names the score that the figures called accuracy are; ``test_metrics`` are all figures of the test split.
    """

    name: str
    folder: Path
    network: str
    data: str
    state: str
    epochs: int
    parameters: int | None
    best_epoch: int | None
    validation_accuracy: float | None
    test_accuracy: float | None
    seconds: float | None
    metric: str = "accuracy"
    test_loss: float | None = None
    test_metrics: dict[str, float] = field(default_factory=dict)

    @property
    def tested(self) -> dict[str, float]:
        """The figures of the test split, the score first; empty where nothing was tested."""
        score = {} if self.test_accuracy is None else {self.metric: self.test_accuracy}
        return self.test_metrics or score  # runs of old tell the score alone

    def to_json(self) -> dict[str, Any]:
        """The object that ``runs --json`` prints for it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"folder": str(self.folder)}


def summarise(folder: Path, document: Document) -> Summary:
    """A run in one line, read from the beginning and the end of its events."""
    started: Started | None = None
    epoch: Epoch | None = None
    best: Epoch | None = None
    finished: Finished | None = None
    events = list(read_ends(folder / EVENTS))
    if not any(isinstance(event, Finished) for event in events):
        events = list(read_events(folder / EVENTS, steps=False))
    for event in events:
        if isinstance(event, Started):
            started, finished = event, None
        elif isinstance(event, Epoch):
            epoch, best = event, event if event.best else best
        elif isinstance(event, Finished):
            finished = event
    return Summary(
        name=folder.name,
        folder=folder,
        network=document.name,
        data=str(document.data.get("source", "")),
        state=finished.reason if finished else _unfinished(folder),
        epochs=epoch.epoch if epoch else 0,
        parameters=started.parameters if started else None,
        best_epoch=finished.best_epoch if finished else best.epoch if best else None,
        validation_accuracy=(
            finished.best_validation_accuracy if finished else best.validation_accuracy if best else None
        ),
        test_accuracy=finished.test_accuracy if finished else None,
        seconds=finished.seconds if finished else None,
        metric=started.metric if started else "accuracy",
        test_loss=finished.test_loss if finished else None,
        test_metrics=finished.test_metrics if finished else {},
    )


def _unfinished(folder: Path) -> str:
    return "running" if holder(folder, RUNNING) is Holder.ALIVE else "unfinished"
