"""Keeps the weights of the last sound step: once a loss or a gradient is no number, no step is taken any more."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class Soundness:
    """Asked after each backward pass. Nothing waits for the device.

    What a gradient has that is no number (NaN, or infinite) goes on to the node where the gradient ends: so one small
    weight there tells of all. On CUDA the optimizer learns on the device that it is to leave the weights alone, which
    its fused kinds can; the others cannot.
    """

    def __init__(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, device: torch.device, *, late: bool
    ) -> None:
        """``late``: leave the judgement to the device, whose numbers are not here yet."""
        self._last = _last_reached(model)
        self._broken = False
        #: Zero, and no number from then on.
        self._doubt = torch.zeros((), device=device) if late else None
        self._found = torch.zeros_like(self._doubt) if self._doubt is not None else None
        if self._found is not None and optimizer.defaults.get("fused"):
            setattr(optimizer, "found_inf", self._found)  # noqa: B010 -- as torch.amp.GradScaler does

    def check(self, loss: Tensor) -> Tensor:
        """The loss (0-d, detached) of a step; no number where it is none, the gradient or what was before."""
        end = self._last.grad if self._last is not None else None
        if self._doubt is None:
            sound = math.isfinite(loss.item()) and (end is None or math.isfinite(end.sum().item()))
            self._broken = self._broken or not sound
            return torch.full_like(loss, math.nan) if self._broken else loss
        self._doubt.add_(loss, alpha=0)
        if end is not None:
            self._doubt.add_(end.sum(), alpha=0)
        torch.ne(self._doubt, 0, out=self._found)
        return loss + self._doubt

    @property
    def forbids(self) -> bool:
        """Whether no step may be taken; on CUDA the optimizer sees to it."""
        return self._broken


def _last_reached(model: nn.Module) -> Tensor | None:
    """The smallest weight of the first module that learns."""
    learning = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    first = next(iter(learning), "").rpartition(".")[0]
    there = [weight for name, weight in learning.items() if name.rpartition(".")[0] == first]
    return min(there, key=torch.Tensor.numel, default=None)
