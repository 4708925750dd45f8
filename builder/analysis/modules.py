"""What each module takes as a whole: the sums of the leaves below its path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from builder.analysis.analysis import Analysis
from builder.analysis.memory import NodeMemory
from builder.analysis.values import GraphAnalysis


@dataclass(slots=True)
class ModuleSum:
    """A module by its path (the prefix of its keys in the state_dict) and the sums of what is in it.

    ``module`` is its name, "" for a chain of repeats. ``memory.alive`` is the most while something in it runs.
    """

    path: str
    module: str
    leaves: int = 0
    parameters: int = 0
    buffers: int = 0
    macs: int = 0
    memory: NodeMemory = field(default_factory=lambda: NodeMemory(0, 0, 0, 0, 0, 0))

    @property
    def flops(self) -> int:
        """Two for each multiply-accumulate."""
        return 2 * self.macs

    def to_json(self) -> dict[str, Any]:
        """As ``check --json`` prints it."""
        return {
            "path": self.path,
            "module": self.module,
            "leaves": self.leaves,
            "parameters": self.parameters,
            "buffers": self.buffers,
            "macs": self.macs,
            "flops": self.flops,
            "memory": self.memory.to_json(),
        }


def module_sums(analysis: Analysis, memory: dict[str, NodeMemory]) -> list[ModuleSum]:
    """Every module in the order of execution, outer ones before what is in them; ``memory`` is of the leaves."""
    names = dict(_names(analysis.root, ""))
    found: dict[str, ModuleSum] = {}
    for leaf in analysis.leaves():
        parts = leaf.path.split(".")
        for length in range(1, len(parts)):
            path = ".".join(parts[:length])
            total = found.setdefault(path, ModuleSum(path, names.get(path, "")))
            total.leaves += 1
            total.parameters += leaf.parameters
            total.buffers += leaf.buffers
            total.macs += leaf.macs
            total.memory = total.memory.plus(memory[leaf.path])
    return list(found.values())


def _names(analysis: GraphAnalysis, prefix: str) -> Iterator[tuple[str, str]]:
    for result in analysis.results.values():
        for stage in result.stages:
            if stage.inner is not None:
                path = f"{prefix}{stage.segment}"
                yield path, stage.inner.graph.key
                yield from _names(stage.inner, f"{path}.")
