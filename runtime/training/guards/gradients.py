"""How long the gradient of each node is: computed on the device, read late, and what it says of the depth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, sqrt

import torch
from torch import Tensor, nn

from builder.errors import Problem, Severity
from runtime.training.guards.drawn import node_of
from runtime.training.ledger import Travelling
from runtime.training.remedies import CLIP

#: The first nodes' gradient, by that of the last: less or more than this is called vanishing or exploding.
_VANISHING, _EXPLODING = 1e-4, 1e4
#: In so many probes one after the other.
_PROBES = 3
#: Networks of fewer nodes that learn are not deep.
_DEEP = 6


@dataclass(frozen=True, slots=True)
class Norms:
    """The L2 norm of the gradient of each node's weights in a step, and of how many numbers it is."""

    step: int
    paths: tuple[str, ...]
    norms: tuple[float, ...]
    sizes: tuple[int, ...]


class GradientProbe:
    """Takes the norms of the gradients as they are after the backward pass; the gradients stay as they are."""

    def __init__(self, model: nn.Module, nodes: Mapping[str, object]) -> None:
        """``nodes``: the paths of the network's nodes, in its order; without any, the modules that have weights."""
        weights: dict[str, list[Tensor]] = {}
        for name, weight in model.named_parameters():
            if weight.requires_grad:
                weights.setdefault(node_of(name, nodes), []).append(weight)
        order = {path: index for index, path in enumerate(nodes)}
        self._weights = dict(sorted(weights.items(), key=lambda item: order.get(item[0], len(order))))
        self._taken: tuple[int, tuple[str, ...], tuple[int, ...], Travelling] | None = None

    def take(self, step: int) -> None:
        """The norms of step ``step`` begin to travel from the device; nothing waits."""
        there = {
            path: [weight.grad for weight in weights if weight.grad is not None]
            for path, weights in self._weights.items()
        }
        there = {path: gradients for path, gradients in there.items() if gradients}
        if not there:
            return
        gradients = [gradient for several in there.values() for gradient in several]
        squares = torch.stack(torch._foreach_norm(gradients)).double().square()
        parts = squares.split([len(several) for several in there.values()])
        norms = torch.stack([part.sum() for part in parts]).sqrt()
        sizes = tuple(sum(gradient.numel() for gradient in several) for several in there.values())
        self._taken = step, tuple(there), sizes, Travelling(norms)

    def read(self, *, wait: bool = False) -> Norms | None:
        """What was taken last, once it is here; None before, and where a number is none (see ``Origin``)."""
        if self._taken is None or not (wait or self._taken[3].arrived):
            return None
        step, paths, sizes, travelling = self._taken
        self._taken = None
        norms = tuple(float(f"{norm:.4g}") for norm in travelling.read())
        return Norms(step, paths, norms, sizes) if all(map(isfinite, norms)) else None


class Depth:
    """Notices gradients that vanish or explode from the last nodes to the first: in several probes on end."""

    def __init__(self) -> None:
        self._vanishing = self._exploding = 0

    def check(self, found: Norms) -> Problem | None:
        """What is to be said after these norms."""
        if len(found.paths) < _DEEP:
            return None
        # Of a number of the gradient: nodes of all sizes are compared.
        rms = [norm / sqrt(size) for norm, size in zip(found.norms, found.sizes, strict=True)]
        third = len(rms) // 3
        first, last = sorted(rms[:third])[third // 2], sorted(rms[-third:])[third // 2]
        where = found.paths[0]
        self._vanishing = self._vanishing + 1 if last > 0 and first < _VANISHING * last else 0
        self._exploding = self._exploding + 1 if last > 0 and first > _EXPLODING * last else 0
        if self._vanishing == _PROBES:
            return Problem(
                "vanishing-gradients",
                "Nodes learn from the gradient that reaches them from the loss",
                f"at step {found.step + 1:,} that of the first third of the nodes, from '{where}' on, is "
                f"{_ratio(first, last)} of that of the last third",
                "Put batch norm after the first layers or shortcuts around them, take ReLU where it is sigmoid or "
                "tanh, or begin with Kaiming's or LSUV's weights",
                severity=Severity.WARNING,
                path=where,
            )
        if self._exploding == _PROBES:
            return Problem(
                "exploding-gradients",
                "A gradient should stay of about one size on its way from the last nodes to the first",
                f"at step {found.step + 1:,} that of the first third of the nodes, from '{where}' on, is "
                f"{first / last:.0e} times that of the last third",
                "Clip the gradient to 1, put norm layers in, or begin with Kaiming's or LSUV's weights",
                severity=Severity.WARNING,
                fixes=(CLIP,),
                path=where,
            )
        return None


def _ratio(first: float, last: float) -> str:
    return f"{first / last:.0e}" if first else "nothing"
