"""An instance opened up: what its module is made of stands in its place, with its arguments put in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from builder.acts import placements, shifted
from builder.analysis import Analysis, analyze
from builder.analysis.values import GraphAnalysis
from builder.analysis.wiring import wiring_of
from builder.document import Document, Module
from builder.edits import AddNode, Connect, Disconnect, Edit, RemoveModule, RemoveNode, SetFrames
from builder.errors import Address, Problem
from builder.expressions import IN_CHANNELS, INPUT_CHANNELS, ExpressionError, is_expression, names_in
from builder.frames import frames_of
from builder.framing import boxes_of
from builder.geometry import Point, node_height
from builder.graph import Edge, Graph, Node
from builder.links import module_ports
from builder.modular.framed import Room, come_out, given_way
from builder.modular.joining import given_room, ids_for, named, placed
from builder.modular.outcome import Outcome
from builder.modular.rewriting import Meaning, names_of, rewritten, substituted

_PORTS = ("input", "output")


def ungroup(
    document: Document, graph_key: str, node_id: str, analysis: Analysis | None = None
) -> Outcome | Problem:
    """Put what a module is made of in the place of one instance; the module goes with its last instance.

    Its parameters become the arguments; where they hang on channels that nothing there has a name for, these become
    the number they are in ``analysis``, if that is one. Names stay where they are free.
    """
    graph = document.graph(graph_key)
    node = graph.node(node_id)
    module = document.module_of(node.block)
    if module is None:
        return _no_module(node).at(node.name, Address(graph_key, node_id))
    if (problem := _check_single(node)) is not None:
        return problem.at(node.name, Address(graph_key, node_id))
    opened = _Opened(document, graph, node, module, analysis)
    try:
        nodes = [opened.substituted(inner) for inner in opened.nodes]
    except ExpressionError as error:
        return _cannot_say(str(error)).at(node.name, Address(graph_key, node_id))
    nodes, room = placed(graph, node, opened.height, named(graph, node, module.graph, nodes))
    ids = ids_for(graph, nodes)
    shift = opened.shift(nodes)
    edits: list[Edit] = [Disconnect(graph_key, wire) for wire in opened.old_wires]
    edits += [RemoveNode(graph_key, node_id), *given_room(graph, node, room)]
    edits += [AddNode(graph_key, replace(inner, id=ids[inner.id])) for inner in nodes]
    edits += [*opened.connected(ids, shift), *opened.framed(shift, room)]
    if sum(1 for _ in placements(document, module.name)) == 1:
        edits.append(RemoveModule(module.name))
    return Outcome(tuple(edits), tuple(ids.values()))


def _no_module(node: Node) -> Problem:
    return Problem(
        "not-a-module",
        "Only a module can be opened up",
        f"'{node.name}' is a block",
        "Select a module.",
    )


def _check_single(node: Node) -> Problem | None:
    """What stands in the way of writing an instance out once."""
    if node.when is not None:
        return Problem(
            "conditional-instance",
            "Only a module that is always there can be opened up",
            f"'{node.name}' is there {'never' if node.when == 'False' else f'only when {node.when}'}",
            "Clear its condition first.",
        )
    if node.repeat != 1:
        return Problem(
            "repeated-instance",
            "Only a module that stands there once can be opened up",
            f"'{node.name}' is repeated {node.repeat} times",
            "Set 'repeat' to 1 first.",
        )
    return None


def _cannot_say(why: str) -> Problem:
    return Problem(
        "cannot-substitute",
        "What a module is given must have a meaning outside of it",
        why,
        "Give the module numbers first.",
    )


class _Opened:
    """A module and the instance of it that is opened up."""

    def __init__(
        self, document: Document, graph: Graph, node: Node, module: Module, analysis: Analysis | None
    ) -> None:
        self.document, self.graph, self.node, self.module = document, graph, node, module
        self.nodes = [inner for inner in module.graph if inner.block not in _PORTS]
        self.old_wires = list(dict.fromkeys((*graph.incoming(node.id).values(), *graph.outgoing(node.id))))
        self._analysis = analysis
        self._inside, self._around = wiring_of(module.graph), wiring_of(graph)
        entrances = {inner.name: inner.id for inner in module.graph if inner.block == "input"}
        arriving = graph.incoming(node.id)
        #: The outer end of the wire to each input, by the id of the module's Input.
        self._feeding = {entrances[port]: arriving[port] for port in entrances if port in arriving}

    # values ------------------------------------------------------------------------------------------------

    def substituted(self, inner: Node) -> Node:
        """A node with what it uses of the module put in; raises ExpressionError."""
        used = names_of(inner)
        meanings: dict[str, Meaning] = {}
        for parameter in self.module.parameters:
            if parameter.name in used:
                meanings[parameter.name] = self._argument(parameter.name, parameter.default, inner)
        if INPUT_CHANNELS in used:
            meanings[INPUT_CHANNELS] = self._channels(next(iter(self._feeding.values()), None), inner)
        return rewritten(self.document, inner, meanings)

    def _argument(self, name: str, default: float, inner: Node) -> Meaning:
        """What the instance gives a parameter, in words that mean the same at a node inside."""
        given: Meaning = self.node.parameters.get(name, default)
        if not is_expression(given) or IN_CHANNELS not in names_in(given):
            return given
        wires = self._around.incoming[self.node.id]
        channels = self._channels(wires[0] if wires else None, inner)
        return substituted(str(given), {IN_CHANNELS: channels})

    def _channels(self, wire: Edge | None, inner: Node) -> Meaning:
        """The channels of what a wire brings to the instance: how a node inside calls them, or their number."""
        if wire is None:
            raise ExpressionError(
                f"nothing arrives at '{self.node.name}', and '{inner.name}' asks for its channels"
            )
        source = (wire.source, wire.source_port)
        first = next(iter(self._inside.incoming[inner.id]), None)
        feeding = None if first is None else self._feeding.get(first.source)
        if feeding is not None and (feeding.source, feeding.source_port) == source:
            return IN_CHANNELS
        if self.graph.key and wire.source == next(iter(self._around.inputs), None):
            return INPUT_CHANNELS
        numbers = set(self._numbers(*source))
        if len(numbers) != 1:
            told = "differ from place to place" if numbers else "are not known"
            raise ExpressionError(
                f"'{inner.name}' asks for the channels that arrive at '{self.node.name}', which {told}"
            )
        return numbers.pop()

    def _numbers(self, source: str, port: str) -> Iterator[int]:
        """The channels of an output of the graph, in every place where it is used."""
        if self._analysis is None:
            self._analysis = analyze(self.document)
        for use in _uses(self._analysis.root, self.graph.key):
            value = use.results[source].outputs.get(port)  # none of a node that is wrong itself
            if value is not None and value.shape is not None:
                yield int(value.shape[0])

    # places ------------------------------------------------------------------------------------------------

    def shift(self, nodes: Sequence[Node]) -> Point:
        """How much farther to the right and down the nodes are than in the module."""
        if not nodes:  # frames around nothing
            return self.node.position
        after, before = nodes[0].position, self.nodes[0].position
        return after[0] - before[0], after[1] - before[1]

    def framed(self, shift: Point, room: Room) -> list[Edit]:
        """The frames of the graph as they are then, and behind them those of the module."""
        inner = self.module.graph
        boxes = boxes_of(self.document, inner, (node.id for node in self.nodes))
        boxes = [(x + shift[0], y + shift[1], width, height) for x, y, width, height in boxes]
        around = given_way(self.document, self.graph, self.node.id, boxes, room)
        came = [frame.moved(*shift) for frame in come_out(self.document, self.module)]
        if not came and around == frames_of(self.graph):
            return []
        return [SetFrames(self.graph.key, tuple(frame.entry() for frame in (*around, *came)))]

    # wires -------------------------------------------------------------------------------------------------

    @property
    def height(self) -> float:
        """Of the instance as it is drawn."""
        ports = module_ports(self.module)
        return node_height(len(ports.inputs), len(ports.outputs), collapsed=self.node.collapsed)

    def connected(self, ids: Mapping[str, str], shift: Point) -> list[Edit]:
        """The wires inside, and those that go on outside; the nodes are so much elsewhere, under new ``ids``."""
        edits: list[Edit] = []
        for wire in self.module.graph.edges():
            if wire.source in ids and wire.target in ids:
                new = wire._replace(source=ids[wire.source], target=ids[wire.target])
                bends = shifted(self.module.graph.bends(wire), *shift)
                edits.append(Connect(self.graph.key, new, bends))
            else:
                edits += [Connect(self.graph.key, new) for new in self._led_on(wire, ids)]
        return edits

    def _led_on(self, wire: Edge, ids: Mapping[str, str]) -> Iterator[Edge]:
        """A wire from or to a port of the module, and so to or from what is wired there outside."""
        source, port = ids.get(wire.source), wire.source_port
        if source is None:
            feeding = self._feeding.get(wire.source)
            if feeding is None:
                return
            source, port = feeding.source, feeding.source_port
        if wire.target in ids:
            yield Edge(source, port, ids[wire.target], wire.target_port)
            return
        name = self.module.graph.node(wire.target).name
        for end in self.graph.outgoing(self.node.id):
            if end.source_port == name:
                yield Edge(source, port, end.target, end.target_port)


def _uses(root: GraphAnalysis, key: str) -> Iterator[GraphAnalysis]:
    """Every distinct use of a graph that an analysis has met."""
    waiting, met = [root], {id(root)}
    for analysis in waiting:
        if analysis.graph.key == key:
            yield analysis
        for node_id in analysis.wiring.instances:
            for stage in analysis.results[node_id].stages:
                if stage.inner is not None and id(stage.inner) not in met:
                    met.add(id(stage.inner))
                    waiting.append(stage.inner)
