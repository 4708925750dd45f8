"""The edits there are: small values, each with a primitive inverse, performed by ``Document.apply``.

Acts made of several edits (deleting nodes with their wires, inserting on a wire …) are in ``builder.acts``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from builder.document import Document, Edit, Module, ModuleParameter, Section
from builder.errors import Address, ConvolabError
from builder.graph import Bends, Edge, Node

__all__ = [
    "AddModule",
    "AddNode",
    "Batch",
    "BendWire",
    "Connect",
    "Disconnect",
    "Edit",
    "MoveNodes",
    "RemoveModule",
    "RemoveNode",
    "ReplaceNode",
    "SetFrames",
    "SetModuleDescription",
    "SetModuleParameters",
    "SetName",
    "SetSettings",
    "apply_all",
]


@dataclass(frozen=True, slots=True)
class AddNode(Edit):
    """Place a node; its id and its name must be free."""

    graph: str
    node: Node

    def perform(self, document: Document) -> Edit:
        document.graph(self.graph).add_node(self.node)
        return RemoveNode(self.graph, self.node.id)

    def addresses(self) -> tuple[Address, ...]:
        return (Address(self.graph, self.node.id),)


@dataclass(frozen=True, slots=True)
class RemoveNode(Edit):
    """Take a node away; its wires must be gone already (``acts.delete_nodes`` does both)."""

    graph: str
    node_id: str

    def perform(self, document: Document) -> Edit:
        graph = document.graph(self.graph)
        node = graph.node(self.node_id)
        graph.remove_node(self.node_id)
        return AddNode(self.graph, node)

    def addresses(self) -> tuple[Address, ...]:
        return (Address(self.graph, self.node_id),)


@dataclass(frozen=True, slots=True)
class ReplaceNode(Edit):
    """Put ``node`` where the node of the same id is: another name, block, parameters, ``when`` …"""

    graph: str
    node: Node

    def perform(self, document: Document) -> Edit:
        return ReplaceNode(self.graph, document.graph(self.graph).replace_node(self.node))

    def addresses(self) -> tuple[Address, ...]:
        return (Address(self.graph, self.node.id),)

    def slot(self) -> Hashable:
        return ("node", self.graph, self.node.id)


@dataclass(frozen=True, slots=True)
class MoveNodes(Edit):
    """Put nodes elsewhere on the canvas: id → (x, y)."""

    graph: str
    positions: Mapping[str, tuple[float, float]]

    def perform(self, document: Document) -> Edit:
        graph = document.graph(self.graph)
        nodes = [graph.node(node_id) for node_id in self.positions]
        if not all(isfinite(x) and isfinite(y) for x, y in self.positions.values()):
            raise ConvolabError(f"positions must be finite: {dict(self.positions)}")
        for node in nodes:
            graph.replace_node(replace(node, position=self.positions[node.id]))
        return MoveNodes(self.graph, {node.id: node.position for node in nodes})

    def addresses(self) -> tuple[Address, ...]:
        return tuple(Address(self.graph, node_id) for node_id in self.positions)

    def slot(self) -> Hashable:
        return ("positions", self.graph, frozenset(self.positions))


@dataclass(frozen=True, slots=True)
class Connect(Edit):
    """Draw a wire into a free input; whether it makes sense is ``links.check_link``'s to say."""

    graph: str
    edge: Edge
    bends: Bends = ()

    def perform(self, document: Document) -> Edit:
        document.graph(self.graph).connect(self.edge, self.bends)
        return Disconnect(self.graph, self.edge)

    def addresses(self) -> tuple[Address, ...]:
        return (Address(self.graph, self.edge.source), Address(self.graph, self.edge.target))


@dataclass(frozen=True, slots=True)
class Disconnect(Edit):
    """Take a wire away."""

    graph: str
    edge: Edge

    def perform(self, document: Document) -> Edit:
        graph = document.graph(self.graph)
        bends = graph.bends(self.edge)
        graph.disconnect(self.edge)
        return Connect(self.graph, self.edge, bends)

    def addresses(self) -> tuple[Address, ...]:
        return (Address(self.graph, self.edge.source), Address(self.graph, self.edge.target))


@dataclass(frozen=True, slots=True)
class BendWire(Edit):
    """Lead a wire through other places on its way."""

    graph: str
    edge: Edge
    bends: Bends

    def perform(self, document: Document) -> Edit:
        if not all(isfinite(x) and isfinite(y) for x, y in self.bends):
            raise ConvolabError(f"places must be finite: {self.bends}")
        return BendWire(self.graph, self.edge, document.graph(self.graph).bend(self.edge, self.bends))

    def addresses(self) -> tuple[Address, ...]:
        return (Address(self.graph, self.edge.source), Address(self.graph, self.edge.target))

    def slot(self) -> Hashable:
        return ("bends", self.graph, self.edge)


@dataclass(frozen=True, slots=True)
class AddModule(Edit):
    """Add a module under an unused name. The document takes a copy, so one edit serves several documents."""

    module: Module

    def perform(self, document: Document) -> Edit:
        if self.module.name in document.modules:
            raise ConvolabError(f"there is a module {self.module.name!r} already")
        document.put_module(self.module.copy())
        return RemoveModule(self.module.name)


@dataclass(frozen=True, slots=True)
class RemoveModule(Edit):
    """Take a module away; nodes that place it stay, and are a problem of the analysis until they go too."""

    name: str

    def perform(self, document: Document) -> Edit:
        return AddModule(document.drop_module(self.name))


@dataclass(frozen=True, slots=True)
class SetModuleParameters(Edit):
    """Declare other parameters for a module."""

    name: str
    parameters: tuple[ModuleParameter, ...]

    def perform(self, document: Document) -> Edit:
        before = _module(document, self.name)
        document.put_module(replace(before, parameters=tuple(self.parameters)))
        return SetModuleParameters(self.name, before.parameters)

    def addresses(self) -> tuple[Address, ...]:
        return (Address(self.name, ""),)  # no node, but the graph that undo has to show

    def slot(self) -> Hashable:
        return ("module-parameters", self.name)


@dataclass(frozen=True, slots=True)
class SetModuleDescription(Edit):
    """Describe a module in other words."""

    name: str
    description: str

    def perform(self, document: Document) -> Edit:
        before = _module(document, self.name)
        document.put_module(replace(before, description=self.description))
        return SetModuleDescription(self.name, before.description)

    def slot(self) -> Hashable:
        return ("module-description", self.name)


@dataclass(frozen=True, slots=True)
class SetSettings(Edit):
    """Replace a section of settings as a whole."""

    section: Section
    values: Mapping[str, Any]

    def perform(self, document: Document) -> Edit:
        return SetSettings(self.section, document.put_settings(self.section, self.values))

    def slot(self) -> Hashable:
        return ("settings", self.section)


@dataclass(frozen=True, slots=True)
class SetName(Edit):
    """Call the document something else."""

    name: str

    def perform(self, document: Document) -> Edit:
        return SetName(document.put_name(self.name))

    def slot(self) -> Hashable:
        return ("name",)


@dataclass(frozen=True, slots=True)
class SetFrames(Edit):
    """Replace the frames and notes of a graph as a whole."""

    graph: str
    frames: tuple[Mapping[str, Any], ...]

    def perform(self, document: Document) -> Edit:
        return SetFrames(self.graph, document.put_frames(self.graph, self.frames))

    def addresses(self) -> tuple[Address, ...]:
        return (Address(self.graph, ""),)  # no node, but the graph that undo has to show

    def slot(self) -> Hashable:
        return ("frames", self.graph)


@dataclass(frozen=True, slots=True)
class Batch(Edit):
    """Several edits as one: all of them, or none where one does not fit."""

    edits: tuple[Edit, ...]

    def perform(self, document: Document) -> Edit:
        return Batch(tuple(reversed(apply_all(document, self.edits))))

    def addresses(self) -> tuple[Address, ...]:
        return tuple(dict.fromkeys(address for edit in self.edits for address in edit.addresses()))


def apply_all(document: Document, edits: Iterable[Edit]) -> list[Edit]:
    """Perform edits in order and return their inverses, in that order (undo goes backwards).

    Where one raises, those before it are taken back and the exception goes on.
    """
    inverses: list[Edit] = []
    try:
        for edit in edits:
            inverses.append(document.apply(edit))
    except BaseException:
        for inverse in reversed(inverses):
            document.apply(inverse)
        raise
    return inverses


def _module(document: Document, name: str) -> Module:
    module = document.modules.get(name)
    if module is None:
        raise ConvolabError(f"no module {name!r} in document {document.name!r}")
    return module
