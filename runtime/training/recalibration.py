"""Batch norm at prediction time: running statistics computed anew by a pass over the training split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from builder.errors import Problem
from runtime.compile import build
from runtime.data import load_data
from runtime.training.batches import Batches, in_order
from runtime.training.evaluating.evaluation import chunks, evaluate
from runtime.training.evaluating.naming import as_called_before
from runtime.training.loop import check, input_shape, mask_size
from runtime.training.randomness import seeded
from runtime.training.records.runs import Run
from runtime.training.resuming import as_before
from runtime.training.tasks import Evaluation, task_of
from runtime.training.trouble import resolve_device
from runtime.weights import load_into, write_weights

#: Beside a run's best and last weights.
RECALIBRATED = "recalibrated.safetensors"
#: The least variance that is divided by.
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class NormChange:
    """How far the statistics of one batch-norm layer moved.

    ``mean`` is the largest difference of a channel's mean, in standard deviations of before; ``variance`` the largest
    factor between a channel's variances, 1 where nothing changed.
    """

    path: str
    mean: float
    variance: float


def norms_of(model: nn.Module) -> dict[str, _BatchNorm]:
    """The batch-norm layers with running statistics, by path."""
    return {
        path: module
        for path, module in model.named_modules()
        if isinstance(module, _BatchNorm) and module.running_mean is not None
    }


def recalibrate(
    model: nn.Module,
    data: Batches,
    device: torch.device,
    stop: Callable[[], bool] = lambda: False,
) -> list[NormChange] | None:
    """Compute the running statistics of every batch norm anew from the training split, as it is without augmentation.

    They become the plain mean over the batches, as ``torch.optim.swa_utils.update_bn`` makes it; but all other layers
    work as when predicting (no dropout), since that is what the statistics are for. Returns what moved, in the order of
    the layers; None, with the statistics as they were, where ``stop`` said so on the way.
    """
    norms = norms_of(model)
    if not norms:
        return []
    before = {path: _statistics(norm) for path, norm in norms.items()}
    with torch.no_grad(), _gathering(model, list(norms.values())):
        for inputs, _ in in_order(data, chunks(data, data.splits["train"]), device):
            if stop():
                for path, norm in norms.items():
                    for buffer, value in zip(_buffers(norm), before[path], strict=True):
                        buffer.copy_(value)
                return None
            model(inputs)
    return [_change(path, before[path], norm) for path, norm in norms.items()]


def check_norms(model: nn.Module, name: str) -> Problem | None:
    """Whether the network called ``name`` has anything to recalibrate."""
    if norms_of(model):
        return None
    return Problem(
        "nothing-to-recalibrate",
        "Recalibration computes the running averages of batch norms anew",
        f"'{name}' has no batch norm with running averages",
        "Test it as it is",
    )


@dataclass(frozen=True, slots=True, eq=False)
class Recalibrated:
    """A run's best weights with statistics computed anew (on the CPU), and the test before and after."""

    run: Run
    before: Evaluation
    after: Evaluation
    changes: list[NormChange]
    weights: dict[str, Tensor]

    def keep(self) -> Path | Problem:
        """Write the weights into the run's folder, beside its own; the file."""
        file = self.run.folder / RECALIBRATED
        about = {"format": "pt", "network": self.run.document.name, "recalibrated": "true"}
        return write_weights(self.weights, file, about) or file


def recalibrate_run(folder: Path, stop: Callable[[], bool] = lambda: False) -> Recalibrated | Problem | None:
    """Test a run's best weights, recalibrate them on the data it was trained on, test again; None if stopped."""
    run = Run.open(folder)
    if isinstance(run, Problem):
        return run
    shape = input_shape(run.document)
    if isinstance(shape, Problem):
        return shape
    source, masks = str(run.document.data.get("source", "")), mask_size(run.document)
    data = load_data(source, shape, mask_size=masks)
    weights = run.weights("best")
    if isinstance(data, Problem) or isinstance(weights, Problem):
        return data if isinstance(data, Problem) else weights  # type: ignore[return-value]
    if problems := check(run.document, None, data):
        return problems[0]
    called = as_called_before(data, run)
    if isinstance(called, Problem):
        return called
    data, _ = called
    with seeded(0):
        model = build(run.document)
    if problem := load_into(model, weights) or check_norms(model, run.document.name):
        return problem
    device = resolve_device("auto")
    assert not isinstance(device, Problem)
    model.to(device)
    data = as_before(data, run).to(device)
    task = task_of(run.document, data, recorded=run.environment().get("task"))
    before = evaluate(model, data, "test", device, task, stop)
    changes = None if before is None else recalibrate(model, data, device, stop)
    after = None if changes is None else evaluate(model, data, "test", device, task, stop)
    if before is None or changes is None or after is None:
        return None
    state = {name: value.detach().to("cpu", copy=True) for name, value in model.state_dict().items()}
    return Recalibrated(run, before, after, changes, state)


@contextmanager
def _gathering(model: nn.Module, norms: list[_BatchNorm]) -> Iterator[None]:
    """Norms average over all that passes, from nothing on; modes and momenta are afterwards as before."""
    modes = [(module, module.training) for module in model.modules()]
    momenta = [norm.momentum for norm in norms]
    model.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.training = True
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for module, training in modes:
            module.training = training


def _buffers(norm: _BatchNorm) -> tuple[Tensor, Tensor, Tensor]:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    return norm.running_mean, norm.running_var, norm.num_batches_tracked


def _statistics(norm: _BatchNorm) -> tuple[Tensor, ...]:
    return tuple(buffer.clone() for buffer in _buffers(norm))


def _change(path: str, before: tuple[Tensor, ...], norm: _BatchNorm) -> NormChange:
    mean, variance, _ = (buffer.double() for buffer in _buffers(norm))
    old_mean, old_variance = before[0].double(), before[1].double().clamp_min(_TINY)
    moved = ((mean - old_mean).abs() / old_variance.sqrt()).max()
    ratio = variance.clamp_min(_TINY) / old_variance
    return NormChange(path, float(moved), float(torch.maximum(ratio, 1 / ratio).max()))
