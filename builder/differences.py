"""How much one state of a document differs from another, in a few words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from builder.document import SECTIONS, Document
from builder.graph import Bends, Edge, Node


@dataclass(frozen=True, slots=True)
class Differences:
    """Counts over the network and all modules; a node is the same if its graph and its id are."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    moved: int = 0
    wires: int = 0
    settings: int = 0

    def words(self) -> str:
        """``3 blocks added, 1 changed and 2 wires``; "" where nothing differs."""
        parts = [
            f"{number} {what}"
            for number, what in (
                (self.added, "added"), (self.removed, "removed"), (self.changed, "changed"), (self.moved, "moved")
            )
            if number
        ]  # fmt: skip
        if parts:
            number, _, what = parts[0].partition(" ")
            parts[0] = f"{number} {'block' if number == '1' else 'blocks'} {what}"
        if self.wires:
            parts.append(f"{self.wires} {'wire' if self.wires == 1 else 'wires'}")
        if self.settings:
            parts.append("settings")
        return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def differences(before: Document, after: Document) -> Differences:
    """What differs from ``before`` to ``after``."""
    old, new = _nodes(before), _nodes(after)
    both = old.keys() & new.keys()
    moved = {key for key in both if _is_moved(old[key], new[key])}
    changed = {key for key in both - moved if old[key] != new[key]}
    return Differences(
        len(new.keys() - old.keys()),
        len(old.keys() - new.keys()),
        len(changed),
        len(moved),
        len({wire[:2] for wire in _wires(before) ^ _wires(after)}),
        sum(_rest(before)[name] != _rest(after)[name] for name in _rest(before)),
    )


def _nodes(document: Document) -> dict[tuple[str, str], Node]:
    """Every node by its place, with its position as a file has it."""
    return {
        (graph.key, node.id): replace(node, position=(round(node.position[0]), round(node.position[1])))
        for graph in document.graphs()
        for node in graph
    }


def _is_moved(before: Node, after: Node) -> bool:
    """Whether only the position differs."""
    return before != after and replace(before, position=after.position) == after


def _wires(document: Document) -> set[tuple[str, Edge, Bends]]:
    """Every wire with the places through which it runs."""
    return {(graph.key, edge, graph.bends(edge)) for graph in document.graphs() for edge in graph.edges()}


def _rest(document: Document) -> dict[str, object]:
    """What is neither node nor wire."""
    rest: dict[str, object] = {section: dict(getattr(document, section)) for section in SECTIONS}
    rest["name"] = document.name
    rest["modules"] = {
        module.name: (module.parameters, module.description) for module in document.modules.values()
    }
    rest["frames"] = {graph.key: list(graph.frames) for graph in document.graphs() if graph.frames}
    return rest
