"""Nodes cut out of a graph: the ports that the cut wires make, and the module that is inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import NamedTuple

from builder.acts import shifted
from builder.document import Document, Module, ModuleParameter
from builder.expressions import INPUT_CHANNELS
from builder.frames import PADDING, Frame
from builder.geometry import node_height
from builder.graph import Edge, Graph, Node, numbered
from builder.links import ports_of
from builder.modular.rewriting import names_of, rewritten
from builder.names import check_name, identifier_from, natural_key
from builder.spacing import BRANCH, COLUMN, NODE_HEIGHT, NODE_WIDTH

#: What a module calls the channels that arrive at the module around it, where its nodes ask for them.
CHANNELS_AROUND = "channels_around"


def bounds_of(nodes: Iterable[Node]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of where nodes are."""
    xs, ys = zip(*(node.position for node in nodes), strict=True)
    return min(xs), min(ys), max(xs) + NODE_WIDTH, max(ys) + NODE_HEIGHT


class End(NamedTuple):
    """An output of a node, or an input."""

    node: str
    port: str


@dataclass(slots=True)
class Port:
    """A port of a module: what it is called, and what it is wired to inside and outside."""

    name: str
    inner: dict[End, None] = field(default_factory=dict)
    outer: dict[End, None] = field(default_factory=dict)


class Cut:
    """Some nodes of a graph, and what it takes to make a module of them."""

    def __init__(
        self, document: Document, graph: Graph, nodes: Sequence[Node], frames: Sequence[Frame] = ()
    ) -> None:
        self.document = document
        self.graph = graph
        self.frames = frames
        self.nodes = {node.id: node for node in nodes}
        self._downwards = sorted(nodes, key=lambda node: (node.position[1], node.position[0]))
        self.entrances = self._cut_inputs() or self._loose_inputs()
        self.exits = self._cut_outputs() or self._loose_outputs()
        self._call(self.entrances, "input", "{}")
        self._call(self.exits, "output", "{}_out")

    # ports -------------------------------------------------------------------------------------------------

    def _cut_inputs(self) -> list[Port]:
        """One for each output outside that feeds a node, those of upper nodes first."""
        found: dict[End, Port] = {}
        for node in self._downwards:
            for wire in sorted(
                self.graph.incoming(node.id).values(), key=lambda w: natural_key(w.target_port)
            ):
                if wire.source not in self.nodes:
                    source = End(wire.source, wire.source_port)
                    port = found.setdefault(source, Port(self._word(source), outer={source: None}))
                    port.inner[End(wire.target, wire.target_port)] = None
        return list(found.values())

    def _cut_outputs(self) -> list[Port]:
        """One for each output of a node that feeds something outside."""
        found: dict[End, Port] = {}
        for node in self._downwards:
            for wire in sorted(self.graph.outgoing(node.id), key=lambda w: natural_key(w.source_port)):
                if wire.target not in self.nodes:
                    source = End(wire.source, wire.source_port)
                    port = found.setdefault(source, Port(self._word(source), {source: None}))
                    port.outer[End(wire.target, wire.target_port)] = None
        return list(found.values())

    def _loose_inputs(self) -> list[Port]:
        return [
            Port(f"{node.name}_{port}", {End(node.id, port): None})
            for node in self._downwards
            for port in ports_of(self.document, node, self.graph.key).inputs
            if port not in self.graph.incoming(node.id)
        ]

    def _loose_outputs(self) -> list[Port]:
        return [
            Port(self._word(End(node.id, port)), {End(node.id, port): None})
            for node in self._downwards
            if not self.graph.outgoing(node.id)
            for port in ports_of(self.document, node, self.graph.key).outputs
        ]

    def _word(self, end: End) -> str:
        """What an output is called: by its node, and where that has several, by itself too."""
        node = self.graph.node(end.node)
        several = len(ports_of(self.document, node, self.graph.key).outputs) > 1
        return f"{node.name}_{end.port}" if several else node.name

    def _call(self, ports: Sequence[Port], alone: str, several: str) -> None:
        """Give ports names that no node inside has; one that is ``alone`` needs no other word."""
        taken = {node.name for node in self.nodes.values()}
        taken.update(port.name for port in self.entrances if ports is not self.entrances)
        for port in ports:
            wish = alone if len(ports) == 1 else several.format(port.name)
            wish = wish if wish.isidentifier() and check_name(wish) is None else identifier_from(wish, alone)
            port.name = numbered(wish, taken.__contains__)
            taken.add(port.name)

    def wires(self, node_id: str) -> Iterator[Edge]:
        """The wires of the node that stands for all."""
        for port in self.entrances:
            yield from (Edge(*end, node_id, port.name) for end in port.outer)
        for port in self.exits:
            yield from (Edge(node_id, port.name, *end) for end in port.outer)

    def middle(self) -> tuple[float, float]:
        """Where the node that stands for all goes: its middle is that of where they are."""
        left, top, right, bottom = bounds_of(self.nodes.values())
        height = node_height(len(self.entrances), len(self.exits))
        return (left + right - NODE_WIDTH) / 2, (top + bottom - height) / 2

    # the module --------------------------------------------------------------------------------------------

    def module(self, name: str) -> tuple[Module, dict[str, str]]:
        """What is inside, and the arguments with which it does what the nodes did; raises ExpressionError."""
        parameters, given, meanings = self._handed_on()
        left, top, right = self._room()
        graph, ids = Graph(name), (f"n{number}" for number in count(1) if f"n{number}" not in self.nodes)
        wires = [wire for wire in self.graph.edges() if {wire.source, wire.target} <= self.nodes.keys()]
        for node, port in zip(
            self._port_nodes("input", self.entrances, ids, left), self.entrances, strict=True
        ):
            graph.add_node(node)
            wires += [Edge(node.id, "y", *end) for end in port.inner]
        for node in self.nodes.values():
            graph.add_node(rewritten(self.document, node, meanings))
        for node, port in zip(self._port_nodes("output", self.exits, ids, right), self.exits, strict=True):
            graph.add_node(node)
            wires += [Edge(*end, node.id, "x") for end in port.inner]
        for node in graph:
            graph.replace_node(replace(node, position=(node.position[0] - left, node.position[1] - top)))
        for wire in wires:
            graph.connect(wire, shifted(self.graph.bends(wire), -left, -top))
        graph.frames = [frame.moved(-left, -top).entry() for frame in self.frames]
        return Module(name, parameters, graph), given

    def _room(self) -> tuple[float, float, float]:
        """Where the inputs go, the upper edge, and where the outputs go: beside the nodes, outside of the frames."""
        left, top, right, _ = bounds_of(self.nodes.values())
        lefts = [left - COLUMN, *(frame.x - PADDING - NODE_WIDTH for frame in self.frames)]
        rights = [right - NODE_WIDTH + COLUMN, *(f.x + f.width + PADDING for f in self.frames)]
        return min(lefts), top, max(rights)

    def _port_nodes(self, block: str, ports: Sequence[Port], ids: Iterator[str], x: float) -> list[Node]:
        """The nodes that are a module's ports, in a column, each on the height of what it is wired to."""
        nodes: list[Node] = []
        for port in ports:
            y = self.nodes[next(iter(port.inner)).node].position[1]
            if nodes:
                y = max(y, nodes[-1].position[1] + BRANCH)
            nodes.append(Node(next(ids), port.name, block, {}, (x, y)))
        return nodes

    def _handed_on(self) -> tuple[tuple[ModuleParameter, ...], dict[str, str], dict[str, str]]:
        """Parameters of the module around that are used: declared again, given, and what names stand for inside."""
        around = self.document.modules.get(self.graph.key)
        if around is None:
            return (), {}, {}
        used = frozenset().union(*(names_of(node) for node in self.nodes.values()))
        parameters = [parameter for parameter in around.parameters if parameter.name in used]
        given = {parameter.name: f"={parameter.name}" for parameter in parameters}
        if INPUT_CHANNELS not in used or self._begins_where(around):
            return tuple(parameters), given, {}
        name = numbered(CHANNELS_AROUND, used.__contains__)
        parameters.append(ModuleParameter(name, 1, "Channels that arrive at the module around this one."))
        return tuple(parameters), {**given, name: f"={INPUT_CHANNELS}"}, {INPUT_CHANNELS: name}

    def _begins_where(self, around: Module) -> bool:
        """Whether the first input is that of the module around, so that the same channels arrive at both."""
        first = next((node for node in around.graph if node.block == "input"), None)
        source = next(iter(self.entrances[0].outer), None) if self.entrances else None
        return first is not None and source is not None and source.node == first.id
