"""How good a network is on a split: its loss and the figures of its task."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from runtime.training.batches import Batches, cut, in_order
from runtime.training.tasks import Evaluation, Task
from runtime.training.trouble import is_out_of_memory

#: Numbers of one input chunk, and samples at most: bounds the memory of a forward pass.
_CHUNK_NUMBERS = 2**22
_CHUNK_SAMPLES = 512


def evaluate(
    model: nn.Module,
    data: Batches,
    split: str,
    device: torch.device,
    task: Task,
    stop: Callable[[], bool] = lambda: False,
) -> Evaluation | None:
    """Run a split through the network in eval mode (its mode is restored); None if ``stop`` said so on the way.

    Everything is summed on the device and read once. Where memory runs out it begins again with smaller chunks.
    """
    samples = _CHUNK_SAMPLES
    while True:
        parts = chunks(data, data.splits[split], samples)
        try:
            return _evaluate(model, data, parts, device, task, stop)
        except Exception as error:
            samples = max(map(len, parts), default=0) // 2
            if samples < 2 or not is_out_of_memory(error):
                raise


def _evaluate(
    model: nn.Module,
    data: Batches,
    parts: list[Tensor],
    device: torch.device,
    task: Task,
    stop: Callable[[], bool],
) -> Evaluation | None:
    meter = task.meter(data, device)
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            for inputs, targets in in_order(data, parts, device):
                if stop():
                    return None
                meter.add(model(inputs), targets)
    finally:
        model.train(was_training)
    return meter.result()


def chunks(data: Batches, indices: Tensor, samples: int = _CHUNK_SAMPLES) -> list[Tensor]:
    """Indices in parts that pass through a network at once, of so many samples at most."""
    size = max(2, min(samples, _CHUNK_NUMBERS // math.prod(data.input_shape)))
    return [indices[first:last] for first, last in cut(len(indices), size)]
