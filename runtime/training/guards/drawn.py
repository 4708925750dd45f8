"""The drawing of a network that trains: where its nodes are, and the twin that shows what they give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from torch import Tensor, nn

from builder.analysis import NodeReport
from builder.errors import Problem
from runtime.training.watching import Twin


class TellingTwin(Twin, Protocol):
    """The part of ``runtime.compile.Tapped`` that guards use."""

    module: nn.Module

    def tell(self, sink: Callable[[str, Any], None], *inputs: Tensor) -> Any:
        """Run in the module's mode, telling each node's path and what it gives, in the order of execution."""


class Drawn:
    """``leaves`` are those of the analysis, in the order of execution."""

    def __init__(self, twin: TellingTwin, leaves: Iterable[NodeReport]) -> None:
        self.twin = twin
        self.leaves: Mapping[str, NodeReport] = {leaf.path: leaf for leaf in leaves}

    def place(self, problem: Problem) -> Problem:
        """The same, with the address of the node that it names by its path."""
        leaf = self.leaves.get(problem.path)
        return problem if leaf is None else problem.at(leaf.path, leaf.address)

    def of_block(self, *blocks: str) -> tuple[str, ...]:
        """The paths of the leaves that are such blocks."""
        return tuple(path for path, leaf in self.leaves.items() if leaf.node.block in blocks)


def node_of(parameter: str, paths: Mapping[str, object]) -> str:
    """The path of the node that has a parameter: its name without what follows the longest path that begins it."""
    module = parameter.rpartition(".")[0]
    path = module
    while path and path not in paths:
        path = path.rpartition(".")[0]
    return path or module
