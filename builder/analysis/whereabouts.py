"""Every node of a network by its path through the modules, module nodes too: what one can go to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import Address
from builder.graph import Node

if TYPE_CHECKING:
    from builder.analysis.analysis import Analysis
    from builder.analysis.values import GraphAnalysis

#: Modules within modules may make more places than anybody can look through.
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A node as seen from one instance of its module; of a repeated node each stage by itself."""

    segments: tuple[str, ...]
    node: Node
    address: Address

    @property
    def path(self) -> str:
        """The segments with dots between, as keys of the state_dict begin."""
        return ".".join(self.segments)


def whereabouts(analysis: Analysis, most: int = MOST) -> list[Whereabouts]:
    """The nodes in the order of their graphs, outer ones before those inside them; ``most`` at most."""
    found: list[Whereabouts] = []
    waiting: list[tuple[GraphAnalysis, tuple[str, ...]]] = [(analysis.root, ())] if most > 0 else []
    for graph, prefix in waiting:  # it grows while it is walked
        for node_id, result in graph.results.items():
            address = Address(graph.graph.key, node_id)
            stages = [(stage.segment, stage.inner) for stage in result.stages] or [(result.node.name, None)]
            for segment, inner in stages:
                segments = (*prefix, segment)
                found.append(Whereabouts(segments, result.node, address))
                if len(found) == most:
                    return found
                if inner is not None:
                    waiting.append((inner, segments))
    return found
