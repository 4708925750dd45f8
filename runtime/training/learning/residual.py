"""Residual branches, found in the network's own graph: whatever the nesting, and whoever drew it."""

from __future__ import annotations

import logging
import operator
from collections.abc import Iterator

import torch
from torch import Tensor, fx, nn

from runtime.training.learning.optimizers import is_norm

log = logging.getLogger(__name__)

_SUMS = (operator.add, operator.iadd, torch.add)


class _Leaves(fx.Tracer):
    """Traces down to modules that are made of no others, helper classes too."""

    def is_leaf_module(self, module: nn.Module, _name: str) -> bool:
        return not any(module.children())


def last_scales(model: nn.Module) -> Iterator[Tensor]:
    """The learnt scales (C,) of the norm layers that residual branches end in.

    A sum of branches from a common fork is residual if one of them, the shortcut, has at most one kernel on it (an
    identity, or a projection), and the branch has more. Between the norm and the sum nothing may stand but dropout,
    stochastic depth, or a gate that multiplies (squeeze-excite). None where the network's code cannot be traced.
    """
    tracer = _Leaves()
    try:
        graph = tracer.trace(model)
    except Exception as error:  # noqa: BLE001 -- tracing throws whatever the traced code throws
        log.warning("residual branches were not found: %s", error)
        return
    finally:
        tracer.root = None  # type: ignore[assignment] # it would keep the network for as long as the graph lives
    modules = dict(model.named_modules())
    places = {node: number for number, node in enumerate(graph.nodes)}
    behind: dict[fx.Node, int] = {}
    for node, place in places.items():  # a set of nodes as the bits of a number: fast for deep networks
        behind[node] = 1 << place
        for source in node.all_input_nodes:
            behind[node] |= behind[source]
    kernels = sum(1 << places[node] for node in graph.nodes if _has_kernel(node, modules))
    for node in graph.nodes:
        branches = node.all_input_nodes
        if node.target not in _SUMS or len(branches) != 2:
            continue
        first, second = (behind[branch] for branch in branches)
        counts = [(own & ~other & kernels).bit_count() for own, other in ((first, second), (second, first))]
        if not first & second or min(counts) > 1:
            continue
        for branch, count in zip(branches, counts, strict=True):
            scale = _scale_before(branch, modules)
            if scale is not None and count > min(counts):
                yield scale


def _has_kernel(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    if node.op != "call_module":
        return False
    weight = getattr(modules[str(node.target)], "weight", None)
    return weight is not None and weight.ndim > 1


def _scale_before(node: fx.Node, modules: dict[str, nn.Module]) -> Tensor | None:
    """The scale of the norm that scales what the node gives."""
    while True:
        if node.op == "call_module":
            module = modules[str(node.target)]
            if is_norm(module):
                scale = getattr(module, "weight", None)
                return scale if isinstance(scale, Tensor) else None
            if isinstance(module, nn.modules.dropout._DropoutNd | nn.Identity) or _drops_branches(module):
                node = node.all_input_nodes[0]
                continue
        if node.target in (operator.mul, operator.imul, torch.mul):
            gated = [source for source in node.all_input_nodes if _scale_before(source, modules) is not None]
            if len(gated) == 1:
                node = gated[0]
                continue
        return None


def _drops_branches(module: nn.Module) -> bool:
    return type(module).__name__ == "StochasticDepth"
