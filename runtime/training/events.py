"""What a training run tells: frozen events, durable (recorded, replayable) or ephemeral (for the eye).

Panels read nothing else, so a live run, a finished run and a run on another machine are one code path.
Neither torch nor Qt is imported here.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, cast

from builder.errors import Problem, Severity

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Started:
    """The run begins (or goes on after a resume at ``first_step``).

    ``task`` is ``classification``, ``segmentation`` or ``regression``; ``metric`` names the score by which the run is
    judged ("accuracy", "mean IoU", "R²"), of which more is better. The fields called ``accuracy``, here and in run
    folders, hold that score. ``why`` says in a line how the network is computed, and what chose that.
    """

    kind: ClassVar[str] = "started"
    device: str
    precision: str
    parameters: int
    epochs: int
    steps_per_epoch: int
    batch: int
    classes: tuple[str, ...]
    first_step: int = 0
    task: str = "classification"
    metric: str = "accuracy"
    memory_format: str = "contiguous"
    threads: int = 0
    compiled: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Steps:
    """Training steps in columns, read late from the device: step ``first + i`` had ``loss[i]``, …

    ``accuracy`` is the score of the batch (``Started.metric``); ``images_per_second`` is over this stretch. Of a
    network with several outputs the loss, here and as an epoch's train loss, is the weighted sum; all other figures
    are the first output's. ``data_wait`` is the share of the time spent waiting for batches, ``memory`` (bytes) and
    ``utilisation`` (0…1) are those of the device, None where it does not tell (``runtime.training.computing.usage``).
    """

    kind: ClassVar[str] = "steps"
    first: int
    loss: tuple[float, ...]
    accuracy: tuple[float, ...]
    learning_rate: tuple[float, ...]
    images_per_second: float
    data_wait: float = 0.0
    memory: int | None = None
    utilisation: float | None = None


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch is over and validated; ``step`` steps are done in all; ``epoch`` counts from 1.

    ``metrics`` are the figures of the validation split by name, the score first.
    """

    kind: ClassVar[str] = "epoch"
    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float
    best: bool
    metrics: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gradients:
    """How long the gradient of each node's weights was in step ``step`` (from 0), before clipping.

    ``norms[i]`` is the L2 norm over all weights of node ``paths[i]``, in the order of the network; frozen nodes are
    left out. ``dead`` is the share (0…1) of each ReLU's units (channels, of a vector its values) that no image of the
    last few looks made active, where that is known by now. Told a few times a second at first, then ever more rarely,
    so that a run of days tells some thousands.
    """

    kind: ClassVar[str] = "gradients"
    step: int
    paths: tuple[str, ...]
    norms: tuple[float, ...]
    dead: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights were written: ``file`` is relative to the run folder, ``which`` is ``best`` or ``last``."""

    kind: ClassVar[str] = "checkpoint"
    which: str
    epoch: int
    file: str


@dataclass(frozen=True, slots=True)
class State:
    """The trainer went to ``running`` or ``paused`` at ``step``."""

    kind: ClassVar[str] = "state"
    state: str
    step: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A person changed a setting of the running training: from step ``step`` (from 0) on it was ``value``."""

    kind: ClassVar[str] = "changed"
    setting: str
    value: float
    step: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something went wrong that a person can act on."""

    kind: ClassVar[str] = "trouble"
    problem: Problem


@dataclass(frozen=True, slots=True)
class Finished:
    """The run is over: ``reason`` is ``completed``, ``stopped`` or ``failed``.

    The test figures are of the best weights by validation; None where nothing was trained. ``test_metrics`` are
    those of the test split by name, the score first.
    """

    kind: ClassVar[str] = "finished"
    reason: str
    best_epoch: int | None
    best_validation_accuracy: float | None
    test_loss: float | None
    test_accuracy: float | None
    seconds: float
    test_metrics: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Maps:
    """Ephemeral: what one node makes of the watched picture, float32 (C, H, W), (C, L) or (N,).

    ``prediction`` is what the network says of it: the classes' probabilities, the share of the picture that each
    class takes (then ``mask`` is the class of each pixel, uint8 (H, W)), or values in the unit of the data.
    """

    kind: ClassVar[str] = "maps"
    path: str
    step: int
    values: np.ndarray
    prediction: tuple[float, ...] = ()
    mask: np.ndarray | None = None
    #: What they answer: ``Watch.number``.
    asked: int = 0


Durable: TypeAlias = Started | Steps | Epoch | Gradients | Checkpoint | State | Changed | Trouble | Finished
Event: TypeAlias = Durable | Maps

_DURABLE: dict[str, Any] = {
    event.kind: event
    for event in (Started, Steps, Epoch, Gradients, Checkpoint, State, Changed, Trouble, Finished)
}


def to_json(event: Durable) -> dict[str, Any]:
    """A durable event as a JSON object: ``{"event": kind, …}``."""
    if isinstance(event, Trouble):
        return {"event": event.kind, "problem": event.problem.to_json()}
    return {"event": event.kind, **asdict(event)}


def from_json(data: dict[str, Any]) -> Durable:
    """The inverse of ``to_json``; raises ValueError for what is no event."""
    try:
        rest = dict(data)
        cls = _DURABLE[rest.pop("event")]
        if cls is Trouble:
            return Trouble(_read_problem(rest["problem"]))
        wanted = {entry.name: str(entry.type) for entry in fields(cls)}
        if not set(rest) <= set(wanted):
            raise ValueError(f"unknown fields {sorted(set(rest) - set(wanted))}")
        event: Durable = cls(**{name: _typed(name, value, wanted[name]) for name, value in rest.items()})
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"not a training event: {error}") from error
    return event


def _read_problem(said: dict[str, Any]) -> Problem:
    texts = {name: said[name] for name in ("code", "message", "path")}
    port, fix = said.get("port"), said.get("fix")
    if not all(isinstance(text, str) for text in [*texts.values(), port or "", fix or ""]):
        raise ValueError("a problem is made of texts")
    return Problem(
        texts["code"],
        texts["message"],
        severity=Severity(said["severity"]),
        path=texts["path"],
        port=port,
        fixes=(fix,) if fix else (),
    )


def _typed(name: str, value: Any, wanted: str) -> Any:
    """``value`` as the annotation ``wanted`` says; a file's numbers are not to be trusted to be numbers."""
    if wanted.startswith("tuple["):
        if not isinstance(value, list):
            raise ValueError(f"{name} is no list")
        inside = wanted.removeprefix("tuple[").removesuffix(", ...]")
        return tuple(_typed(name, item, inside) for item in value)
    if wanted.startswith("dict[str, "):
        if not isinstance(value, dict):
            raise ValueError(f"{name} is no object")
        inside = wanted.removeprefix("dict[str, ").removesuffix("]")
        return {str(key): _typed(name, item, inside) for key, item in value.items()}
    if value is None and wanted.endswith("| None"):
        return None
    if not isinstance(value, _KINDS[wanted.removesuffix(" | None")]) or isinstance(value, bool) != (
        wanted == "bool"
    ):
        raise ValueError(f"{name} is not of type {wanted}")
    if not wanted.startswith("float"):
        return value
    number = float(cast("float", value))
    if not math.isfinite(number):
        raise ValueError(f"{name} is not finite")
    return number


#: What JSON gives for each annotation: a float may come as a whole number.
_KINDS: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (float, int), "bool": (bool,)}
