"""One place decides which wires and placements make sense, and says why not."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.blocks import REGISTRY
from builder.document import Document, Module
from builder.edits import AddNode, Connect, apply_all
from builder.errors import Address
from builder.graph import Edge, Graph, Node
from builder.links import MAX_INPUTS, check_instance, check_link, free_input, is_chain, module_ports, ports_of
from tests.strategies import documents, few


def module(name: str, *blocks: str) -> Module:
    graph = Graph(name)
    for index, block in enumerate(blocks, 1):
        graph.add_node(Node(f"n{index}", f"{block.split(':')[-1].lower()}{index}", block))
    return Module(name, (), graph)


@pytest.fixture
def document() -> Document:
    document = Document(
        "d",
        modules=[
            module("Two", "input", "output", "input", "output"),
            module("Outer", "input", "module:Middle", "output"),
            module("Middle", "module:Inner"),
            module("Inner", "conv"),
        ],
    )
    nodes = [
        Node("in", "image", "input"),
        Node("c1", "conv1", "conv"),
        Node("c2", "conv2", "conv"),
        Node("add", "add", "add"),
        Node("two", "two", "module:Two"),
        Node("odd", "odd", "acme.unknown"),
        Node("out", "logits", "output"),
    ]
    apply_all(document, (AddNode("", node) for node in nodes))
    apply_all(document, [Connect("", Edge("in", "y", "c1", "x")), Connect("", Edge("c1", "y", "c2", "x"))])
    return document


def code(document: Document, *edge: str) -> str | None:
    problem = check_link(document, "", Edge(*edge))
    if problem is None:
        return None
    assert problem.way_out
    return problem.code


@pytest.mark.parametrize(
    ("edge", "expected"),
    [
        (("c2", "y", "add", "0"), None),
        (("c2", "y", "add", "7"), None),
        (("c2", "y", "two", "input1"), None),
        (("two", "output4", "add", "0"), None),
        (("c2", "y", "odd", "anything"), None),
        (("odd", "whatever", "out", "x"), None),
        (("ghost", "y", "add", "0"), "unknown-node"),
        (("c2", "y", "ghost", "0"), "unknown-node"),
        (("c2", "z", "add", "0"), "unknown-port"),
        (("c2", "x", "add", "0"), "unknown-port"),
        (("c2", "y", "out", "y"), "unknown-port"),
        (("c2", "y", "two", "x"), "unknown-port"),
        (("two", "y", "add", "0"), "unknown-port"),
        (("c2", "y", "add", "x"), "unknown-port"),
        (("c2", "y", "add", "00"), "unknown-port"),
        (("c2", "y", "add", "-1"), "unknown-port"),
        (("c2", "y", "add", "²"), "unknown-port"),
        (("c2", "y", "add", "9" * 5000), "unknown-port"),
        (("c2", "y", "add", str(MAX_INPUTS)), "unknown-port"),
        (("c2", "y", "in", "x"), "no-inputs"),
        (("out", "y", "add", "0"), "no-outputs"),
        (("add", "y", "c2", "x"), "input-taken"),
        (("add", "y", "add", "0"), "self-loop"),
    ],
)
def test_a_wire_is_judged(document: Document, edge: tuple[str, str, str, str], expected: str | None) -> None:
    assert code(document, *edge) == expected


def test_a_cycle_is_told_by_its_names(document: Document) -> None:
    document.apply(Connect("", Edge("c2", "y", "add", "0")))
    document.apply(Connect("", Edge("add", "y", "odd", "p")))
    problem = check_link(document, "", Edge("odd", "q", "add", "1"))
    assert problem is not None
    assert problem.code == "cycle"
    assert problem.values == "odd → add → odd"
    assert problem.address == Address("", "add")
    assert problem.path == "add"


@few
@given(documents(), st.data())
def test_wires_that_are_accepted_never_close_a_cycle(document: Document, data: st.DataObject) -> None:
    graph = Graph()
    for node in document.network:
        graph.add_node(node)
    fresh = Document("d", graph, [m.copy() for m in document.modules.values()])
    ids = [node.id for node in graph]
    ports = st.sampled_from(["x", "y", "0", "1", "signal"])
    for _ in range(data.draw(st.integers(0, 10)) if ids else 0):
        edge = Edge(
            data.draw(st.sampled_from(ids)),
            data.draw(ports),
            data.draw(st.sampled_from(ids)),
            data.draw(ports),
        )
        if check_link(fresh, "", edge) is None:
            fresh.apply(Connect("", edge))  # raises where the input is taken
    assert nx.is_directed_acyclic_graph(graph.networkx)


@pytest.mark.parametrize("block", sorted(REGISTRY))
def test_known_blocks_have_their_declared_ports(block: str) -> None:
    document = Document("d")
    node = Node("n1", "node", block)
    document.apply(AddNode("", node))
    ports = ports_of(document, node, "")
    assert ports.known
    assert ports.outputs == REGISTRY[block].outputs
    assert ports.variadic == REGISTRY[block].variadic
    assert ports.inputs == (("0", "1") if ports.variadic else REGISTRY[block].inputs)


def test_ports_follow_the_wires_where_there_may_be_any(document: Document) -> None:
    add, odd = document.network.node("add"), document.network.node("odd")
    assert free_input(document, "", "add") == "0"
    for port in ("0", "1", "2"):
        document.apply(Connect("", Edge("in", "y", "add", port)))
    assert ports_of(document, add, "").inputs == ("0", "1", "2")
    assert ports_of(document, add).inputs == ("0", "1")
    assert free_input(document, "", "add") == "3"
    assert ports_of(document, odd, "").inputs == ()
    document.apply(Connect("", Edge("in", "y", "odd", "b")))
    document.apply(Connect("", Edge("in", "y", "odd", "a")))
    document.apply(Connect("", Edge("odd", "q", "out", "x")))
    ports = ports_of(document, odd, "")
    assert (ports.inputs, ports.outputs, ports.known) == (("a", "b"), ("q",), False)


def test_a_gap_among_numbered_inputs_is_filled_first(document: Document) -> None:
    document.apply(Connect("", Edge("in", "y", "add", "0")))
    document.apply(Connect("", Edge("in", "y", "add", "2")))
    assert ports_of(document, document.network.node("add"), "").inputs == ("0", "1", "2")
    assert free_input(document, "", "add") == "1"


def test_free_inputs_of_others(document: Document) -> None:
    assert free_input(document, "", "c1") is None
    assert free_input(document, "", "in") is None
    assert free_input(document, "", "out") == "x"
    assert free_input(document, "", "two") == "input1"
    assert free_input(document, "", "odd") is None


def test_a_modules_ports_are_its_input_and_output_nodes(document: Document) -> None:
    ports = module_ports(document.modules["Two"])
    assert (ports.inputs, ports.outputs) == (("input1", "input3"), ("output2", "output4"))
    lost = Node("lost", "lost", "module:Ghost")
    assert not ports_of(document, lost).known


@pytest.mark.parametrize(
    ("graph_key", "block", "values"),
    [
        ("", "module:Outer", None),
        ("Inner", "conv", None),
        ("Inner", "module:Two", None),
        ("Inner", "module:Ghost", None),
        ("Outer", "module:Inner", None),
        ("Two", "module:Two", "'Two' contains 'Two'"),
        ("Inner", "module:Outer", "'Inner' contains 'Outer' contains 'Middle' contains 'Inner'"),
    ],
)
def test_a_module_never_contains_itself(
    document: Document, graph_key: str, block: str, values: str | None
) -> None:
    problem = check_instance(document, graph_key, block)
    assert (problem.values if problem else None) == values
    if problem:
        assert problem.code == "recursive-module"


def test_chains_are_recognised(document: Document) -> None:
    graph = Graph()
    for index, block in enumerate(["input", "conv", "relu", "output"]):
        graph.add_node(Node(f"n{index}", f"{index}", block))
    assert not is_chain(graph)
    for index in range(3):
        graph.connect(Edge(f"n{index}", "y", f"n{index + 1}", "x"))
    assert is_chain(graph)
    graph.add_node(Node("loop", "loop", "relu"))
    assert not is_chain(graph)
    graph.connect(Edge("loop", "y", "loop", "x"))
    assert not is_chain(graph)
    assert not is_chain(Graph())
    assert not is_chain(document.network)
