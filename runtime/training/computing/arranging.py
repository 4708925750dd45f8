"""How a run is computed, settled before its first step: as before where it goes on, else by calibration."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import nn

from builder.errors import Problem, Severity
from runtime.training.batches import Batches, cut
from runtime.training.computing.calibration import calibrate, leaving_no_trace
from runtime.training.computing.computation import Computation, Computed, in_force, keep_freed_memory
from runtime.training.feeding import Batch
from runtime.training.randomness import DRAWING
from runtime.training.settings import Settings
from runtime.training.tasks import Task

log = logging.getLogger(__name__)


def arrange(
    model: nn.Module,
    data: Batches,
    task: Task,
    settings: Settings,
    device: torch.device,
    *,
    recorded: object = None,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[Computation, list[Problem]]:
    """How to compute ``model`` (on ``device``) in a run, and what about it a person should know.

    ``recorded`` is what the run's environment file says of it: a run that goes on is computed as it began.
    """
    if settings.allocator == "auto":
        keep_freed_memory()
    batch, steps = _a_batch(data, settings, device)
    computation = Computation.from_json(recorded)
    if computation is None:
        computation = calibrate(model, batch, task.loss, settings, steps, stop)
    problems = []
    if settings.compile and device.type != "cuda":
        problems.append(_not_on("the CPU"))
    if computation.compile:
        problem = _trouble_compiling(model, batch, task, computation, device)
        if problem is not None:
            computation = replace(computation, compile=False)
            problems.append(problem)
    return computation, problems


def _a_batch(data: Batches, settings: Settings, device: torch.device) -> tuple[Batch, int]:
    """What one pass of the run is made of, and how many such passes there are in all."""
    train = data.splits["train"]
    inputs, targets = data.batch(train[: settings.batch], device)
    part = Batch(inputs, targets).parts(settings.accumulate)[0]
    passes = len(cut(len(train), settings.batch)) * max(1, round(len(inputs) / max(1, len(part))))
    return part, passes * settings.epochs


def _not_on(where: str) -> Problem:
    return Problem(
        "not-compiled",
        "torch.compile pays on NVIDIA GPUs",
        f"on {where} it makes training slower",
        "The network is trained without it; switch Compile off",
        severity=Severity.ADVICE,
        path="training.compile",
    )


def _trouble_compiling(
    model: nn.Module, batch: Batch, task: Task, computation: Computation, device: torch.device
) -> Problem | None:
    """Compile by a pass that leaves no trace; a Problem where that fails, and training does without."""
    try:
        with DRAWING, in_force(computation, device), leaving_no_trace(model, device):
            outputs = Computed(model, computation, device)(batch.inputs)
            task.loss(outputs, batch.targets).backward()
    except Exception as error:
        log.warning("torch.compile failed", exc_info=error)
        first = (str(error).strip().splitlines() or [""])[0][:200]
        return Problem(
            "not-compiled",
            "torch.compile makes kernels for a network",
            f"here it failed with {type(error).__name__}: {first}",
            "The network is trained without it; switch Compile off, or see the run's log",
            severity=Severity.WARNING,
            path="training.compile",
        )
    return None
