"""An analysis after edits is the analysis from scratch, whatever the edits were."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.analysis import Analysis, analyze
from builder.architectures import ARCHITECTURES
from builder.document import Document, Module
from builder.edits import AddModule, Disconnect, Edit, MoveNodes, RemoveModule, ReplaceNode
from builder.errors import ConvolabError
from builder.graph import Edge, Graph, Node
from builder.shapes import TensorShape
from builder.sketch import Sketch
from runtime.codegen import generate
from tests.strategies import documents, edits


def _told(analysis: Analysis) -> tuple[Any, ...]:
    return (
        analysis.to_json(),
        analysis.root.sums,
        analysis.root.saved_bytes,
        {n: (r.outputs, r.problems, r.bypassed) for n, r in analysis.root.results.items()},
    )


@given(documents(), st.data())
@settings(max_examples=60)
def test_incremental_is_from_scratch(document: Document, data: st.DataObject) -> None:
    analysis = analyze(document)
    for _ in range(data.draw(st.integers(1, 12))):
        document.apply(edits(data.draw, document))
        analysis = analyze(document, previous=analysis)
        assert _told(analysis) == _told(analyze(document))


@given(st.data())
@settings(max_examples=25)
def test_incremental_is_from_scratch_on_a_real_network(data: st.DataObject) -> None:
    document = ARCHITECTURES[data.draw(st.sampled_from(["lenet5", "resnet18", "mobilenet_v1"]))].build(
        input_shape=(3, 64, 64)
    )
    analysis = analyze(document)
    undo = []
    for _ in range(data.draw(st.integers(1, 8))):
        graph = data.draw(st.sampled_from(list(document.graphs())))
        wires = list(graph.edges())
        node = data.draw(st.sampled_from(list(graph)))
        kind = data.draw(st.sampled_from(["stride", "width", "cut", "bypass", "move"]))
        match kind:
            case "cut" if wires:
                undo.append(document.apply(Disconnect(graph.key, data.draw(st.sampled_from(wires)))))
            case "bypass":
                changed = Node(node.id, node.name, node.block, node.parameters, node.position, "False")
                undo.append(document.apply(ReplaceNode(graph.key, changed)))
            case "move":
                undo.append(document.apply(MoveNodes(graph.key, {node.id: (1.0, 2.0)})))
            case _:
                name = "stride" if kind == "stride" else "out_channels"
                changed = node.with_parameters(**{name: data.draw(st.integers(1, 4))})
                undo.append(document.apply(ReplaceNode(graph.key, changed)))
        analysis = analyze(document, previous=analysis)
        assert _told(analysis) == _told(analyze(document))
    for edit in reversed(undo):
        document.apply(edit)
    assert _told(analyze(document, previous=analysis)) == _told(analyze(document))
    assert analyze(document).ok == analyze(document, previous=analysis).ok


def _fed_by(block: str, port: str) -> Document:
    """Just ``block``, whose output ``port`` feeds a ReLU."""
    graph = Graph()
    graph.add_node(Node("a", "source", block))
    graph.add_node(Node("b", "relu", "relu"))
    graph.connect(Edge("a", port, "b", "x"))
    return Document("fed", graph, [Module("Empty", (), Graph("Empty"))])


def test_ports_that_go_or_come_are_told_at_what_they_feed() -> None:
    edits: list[tuple[str, Edit]] = [
        ("module:Empty", RemoveModule("Empty")),
        ("acme.unknown", ReplaceNode("", Node("a", "source", "conv"))),
        ("conv", ReplaceNode("", Node("a", "source", "acme.unknown"))),
        ("module:Gone", AddModule(Module("Gone", (), Graph("Gone")))),
    ]
    for block, edit in edits:
        document = _fed_by(block, "signal")
        before = analyze(document)
        document.apply(edit)
        after = analyze(document, previous=before)
        assert _told(after) == _told(analyze(document))
        assert ("no-such-port" in {p.code for p in before.problems}) != (
            "no-such-port" in {p.code for p in after.problems}
        ), block


def test_an_edit_redoes_only_what_is_behind_it() -> None:
    document = ARCHITECTURES["lenet5"].build()
    before = analyze(document)
    node = document.network.by_name("pool2")
    assert node is not None
    document.apply(ReplaceNode("", node.with_parameters(ceil_mode=True)))
    after = analyze(document, previous=before)
    same = {r.node.name for n, r in after.root.results.items() if before.root.results[n] is r}
    assert same == {n.name for n in document.network} - {
        "pool2"
    }  # the pool gives what it gave: nothing follows


def test_moving_a_node_changes_nothing() -> None:
    document = ARCHITECTURES["lenet5"].build()
    before = analyze(document)
    document.apply(MoveNodes("", {node.id: (1.0, 1.0) for node in document.network}))
    assert analyze(document, previous=before).root.results is before.root.results


def _line(*blocks: tuple[str, dict[str, Any]], shape: TensorShape = (3, 16, 16)) -> Document:
    document = Document()
    graph = document.network
    graph.add_node(Node("i", "input", "input", {"shape": list(shape)}))
    last = "i"
    for number, (block, parameters) in enumerate(blocks):
        graph.add_node(Node(f"n{number}", f"b{number}", block, parameters))
        graph.connect(Edge(last, "y", f"n{number}", "x"))
        last = f"n{number}"
    graph.add_node(Node("o", "output", "output"))
    graph.connect(Edge(last, "y", "o", "x"))
    return document


def _codes(document: Document) -> dict[str, str]:
    return {problem.code: problem.message for problem in analyze(document).problems}


def test_what_is_behind_a_fault_is_unknown_and_what_is_before_it_is_known() -> None:
    document = _line(("conv", {"padding": 1}), ("conv", {"kernel_size": 99}), ("relu", {}))
    analysis = analyze(document)
    shapes = {r.path: r.output_shape for r in analysis.view().reports.values()}
    assert shapes == {"input": (3, 16, 16), "b0": (32, 16, 16), "b1": None, "b2": None, "output": None}
    assert analysis.totals.parameters == 3 * 32 * 9 + 32
    assert [p.code for p in analysis.problems] == ["kernel-too-large"]
    assert "the window spans 99×99, the map is 16×16" in analysis.problems[0].message


def test_a_cycle_is_told_by_names_and_the_rest_is_analysed() -> None:
    document = _line(("conv", {"padding": 1}), ("relu", {}))
    graph = document.network
    graph.add_node(Node("a", "loop", "add"))
    graph.add_node(Node("r", "back", "relu"))
    for edge in (Edge("n1", "y", "a", "0"), Edge("a", "y", "r", "x"), Edge("r", "y", "a", "1")):
        graph.connect(edge)
    analysis = analyze(document)
    assert "loop → back → loop" in _codes(document)["cycle"]
    assert analysis.view().reports["o"].output_shape == (32, 16, 16)


def test_each_fault_of_a_user_has_its_sentence() -> None:
    assert "'conv9' is not" in _codes(_line(("conv9", {})))["unknown-block"]
    assert "'Gone' is not" in _codes(_line(("module:Gone", {})))["missing-module"]
    assert "has no parameter 'widht'" in _codes(_line(("conv", {"widht": 3})))["unknown-parameter"]
    assert "needs at least 1, not 0" in _codes(_line(("conv", {"out_channels": 0})))["bad-parameter"]
    assert "Linear takes a vector (N): 3×16×16 arrives" in _codes(_line(("linear", {})))["wrong-rank"]
    assert (
        "no parameter 'width' here" in _codes(_line(("conv", {"out_channels": "=width"})))["bad-expression"]
    )
    lonely = Document()
    assert set(_codes(lonely)) == {"no-input", "no-output"}
    document = _line(("add", {}))
    assert "Add needs at least two inputs" in _codes(document)["unconnected"]


def test_an_add_names_who_brings_what() -> None:
    document = _line(("conv", {"out_channels": 8, "padding": 1}), ("relu", {}))
    graph = document.network
    graph.disconnect(Edge("n1", "y", "o", "x"))
    graph.add_node(Node("a", "add", "add"))
    for edge in (Edge("n1", "y", "a", "0"), Edge("i", "y", "a", "1"), Edge("a", "y", "o", "x")):
        graph.connect(edge)
    message = _codes(document)["add-shapes-differ"]
    assert message.startswith("Add needs equal shapes: 'b1' brings 8×16×16, 'input' brings 3×16×16")


def test_what_reaches_no_output_is_left_out_and_said() -> None:
    document = _line(("conv", {"padding": 1}))
    document.network.add_node(Node("z", "stray", "conv", {}))
    document.network.connect(Edge("n0", "y", "z", "x"))
    analysis = analyze(document)
    assert analysis.ok
    assert analysis.totals.parameters == 3 * 32 * 9 + 32
    assert "'stray' does not" in _codes(document)["goes-nowhere"]


def test_networks_that_grow_without_bound_are_refused_at_once() -> None:
    modules = []
    for level in range(40):
        graph = Graph(f"Level{level}")
        graph.add_node(Node("i", "input", "input"))
        block = f"module:Level{level - 1}" if level else "relu"
        port, out = ("input", "output") if level else ("x", "y")
        graph.add_node(Node("a", "a", block))
        graph.add_node(Node("b", "b", block, repeat=900))
        graph.add_node(Node("o", "output", "output"))
        for edge in (Edge("i", "y", "a", port), Edge("a", out, "b", port), Edge("b", out, "o", "x")):
            graph.connect(edge)
        modules.append(Module(f"Level{level}", (), graph))
    document = _line(("module:Level39", {}))
    network = document.network
    network.disconnect(Edge("i", "y", "n0", "x"))
    network.disconnect(Edge("n0", "y", "o", "x"))
    network.connect(Edge("i", "y", "n0", "input"))
    network.connect(Edge("n0", "output", "o", "x"))
    for module in modules:
        document.apply(AddModule(module))
    analysis = analyze(document)
    assert not analysis.ok
    assert "too-many-blocks" in {problem.code for problem in analysis.problems}
    assert len(analysis.leaves()) < 100_000
    assert isinstance(generate(document), list)


def test_tensors_no_machine_holds_are_refused() -> None:
    assert "too-large" in _codes(_line(("conv", {"out_channels": 2**31 - 1, "kernel_size": 16})))
    huge = _line(("max_pool", {"kernel_size": 2**30, "padding": 2**29, "stride": 2**30}))
    assert analyze(huge).field("b0", (0, 0)) == ((0, 15), (0, 15))


def test_what_only_waits_for_a_shape_is_no_problem_of_its_own() -> None:
    document = _line(("conv", {"kernel_size": 99}), ("conv", {"out_channels": "=2 * in_channels"}))
    assert set(_codes(document)) == {"kernel-too-large"}


def test_a_bypassed_module_is_seen_as_it_would_be_in_use() -> None:
    document = ARCHITECTURES["resnet18"].build()
    place = ("layer1", "0", "downsample")
    looked_into = analyze(document).view(place)
    shortcut = document.modules["BasicBlock"].graph.by_name("downsample")
    assert shortcut is not None
    document.apply(ReplaceNode("BasicBlock", replace(shortcut, when=None)))
    used = analyze(document).view(place)
    assert looked_into.parameters == used.parameters
    assert set(looked_into.reports) == set(used.reports)
    for node_id, report in used.reports.items():
        seen = looked_into.reports[node_id]
        assert (seen.path, seen.input_shapes, seen.output_shapes, seen.parameters, seen.macs) == (
            report.path, report.input_shapes, report.output_shapes, report.parameters, report.macs,
        )  # fmt: skip
        assert seen.receptive_field == report.receptive_field


def test_a_module_that_is_bypassed_in_itself_has_no_end_to_look_into() -> None:
    inner = Sketch(Graph("Block"))
    inner.output(inner.add("again", "module:Block", inner.input(), when="False"))
    net = Sketch()
    net.output(net.add("block", "module:Block", net.input((3, 8, 8))))
    document = Document("net", net.graph, [Module("Block", (), inner.graph)])
    with pytest.raises(ConvolabError):
        analyze(document).view(("block", "again"))


def test_a_merge_can_be_bypassed_and_an_input_cannot() -> None:
    document = _line(("conv", {"padding": 1}))
    graph = document.network
    graph.disconnect(Edge("n0", "y", "o", "x"))
    graph.add_node(Node("a", "add", "add", when="False"))
    for edge in (Edge("i", "y", "a", "0"), Edge("n0", "y", "a", "1"), Edge("a", "y", "o", "x")):
        graph.connect(edge)
    analysis = analyze(document)
    assert analysis.ok
    assert analysis.output_shapes == [(3, 16, 16)]
    document.apply(ReplaceNode("", Node("i", "input", "input", {"shape": [3, 16, 16]}, when="False")))
    assert "'input' has a condition" in _codes(document)["bad-condition"]
