"""A value inside a module becomes its parameter, nothing changes by that, and back again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st

from builder.analysis import analyze
from builder.document import Document, Module, ModuleParameter
from builder.edits import Batch, ReplaceNode
from builder.errors import Problem
from builder.graph import Graph
from builder.modular import REPEAT, can_expose, expose, proposed_parameter, unexpose
from builder.sketch import Sketch
from builder.writing import write_document
from tests.builder.modular.support import done, ids
from tests.network_strategies import documents
from tests.oracles.cases import examples


def _document() -> Document:
    """Two instances of a module with values of every kind."""
    block = Sketch(Graph("Block"))
    x = block.add(
        "conv", "conv", block.input(), out_channels=8, kernel_size=[3, 3], padding="same", bias=False
    )
    x = block.add("pad", "conv", x, out_channels=8, kernel_size=1, padding=[[1, 1], [1, 1]])
    x = block.add("drop", "dropout", x, p=0.25)
    x = block.add("split", "split", x, sections=2)
    x = block.add("inner", "module:Inner", x)
    block.output(block.add("last", "conv", x, out_channels="=width", kernel_size=[1, 3]))
    inner = Sketch(Graph("Inner"))
    inner.output(inner.add("relu", "relu", inner.input()))
    declared = (ModuleParameter("rate", 0.5, "How much."), ModuleParameter("on", True))
    net = Sketch()
    x = net.add("one", "module:Block", net.input((3, 16, 16)))
    net.output(net.add("two", "module:Block", x, width=6))
    modules = [
        Module("Block", (ModuleParameter("width", 4),), block.graph),
        Module("Inner", declared, inner.graph),
    ]
    return Document("net", net.graph, modules)


def _id(document: Document, name: str) -> str:
    return ids(document.graph("Block"), name)[0]


def _value(document: Document, name: str, parameter: str) -> Any:
    node = document.graph("Block").by_name(name)
    assert node is not None
    return node.parameters[parameter]


@pytest.mark.parametrize(
    ("node", "parameter", "default", "value"),
    [
        ("conv", "out_channels", 8, "=new"),
        ("conv", "kernel_size", 3, ["=new", "=new"]),
        ("conv", "bias", False, "=new"),
        ("conv", "stride", 1, "=new"),  # not given: the block's default
        ("pad", "padding", 1, [["=new", "=new"], ["=new", "=new"]]),
        ("drop", "p", 0.25, "=new"),
        ("inner", "rate", 0.5, "=new"),
        ("inner", "on", True, "=new"),
    ],
)
def test_a_value_becomes_a_parameter(node: str, parameter: str, default: float, value: Any) -> None:
    document = _document()
    before = analyze(document)
    done(document, expose(document, "Block", _id(document, node), parameter, "new"))
    declared = document.modules["Block"].parameters[-1]
    assert (declared.name, declared.default) == ("new", default)
    assert type(declared.default) is type(default)
    assert _value(document, node, parameter) == value
    after = analyze(document)
    assert after.ok
    assert (after.totals, after.output_shapes) == (before.totals, before.output_shapes)


def test_an_instance_may_set_it() -> None:
    document = _document()
    done(document, expose(document, "Block", _id(document, "conv"), "out_channels", "new"))
    two = document.network.by_name("two")
    assert two is not None
    document.apply(ReplaceNode("", two.with_parameters(new=32)))
    shapes = {leaf.path: leaf.output_shape for leaf in analyze(document).leaves()}
    assert (shapes["one.conv"] or ())[0] == 8
    assert (shapes["two.conv"] or ())[0] == 32


def test_how_often_a_node_is_repeated_becomes_a_parameter() -> None:
    document = _document()
    done(document, expose(document, "Block", _id(document, "inner"), REPEAT, "depth"))
    assert document.modules["Block"].parameters[-1].default == 1
    inner = document.graph("Block").by_name("inner")
    assert inner is not None
    assert inner.repeat == "=depth"
    two = document.network.by_name("two")
    assert two is not None
    document.apply(ReplaceNode("", two.with_parameters(depth=3)))
    assert {"two.inner.2.relu"} <= {leaf.path for leaf in analyze(document).leaves()}


def test_what_it_is_for_comes_along() -> None:
    document = _document()
    done(document, expose(document, "Block", _id(document, "inner"), "rate"))
    assert document.modules["Block"].parameters[-1] == ModuleParameter("rate", 0.5, "How much.")


def test_a_name_is_proposed_that_is_free() -> None:
    document = _document()
    module = document.modules["Block"]
    conv, last, inner = (module.graph.node(_id(document, name)) for name in ("conv", "last", "inner"))
    assert proposed_parameter(module, conv, "out_channels") == "out_channels"
    done(document, expose(document, "Block", conv.id, "out_channels"))
    module = document.modules["Block"]
    assert proposed_parameter(module, last, "out_channels") == "last_out_channels"
    assert proposed_parameter(module, inner, REPEAT) == "repeat"
    assert proposed_parameter(module, conv, "width") == "conv_width"


@pytest.mark.parametrize(
    ("node", "parameter", "name", "code", "words"),
    [
        ("last", "out_channels", "new", "follows-already", "follows width already"),
        ("last", "kernel_size", "new", "axes-differ", "has 1, 3"),
        ("conv", "padding", "new", "no-number", "'same'"),
        ("conv", "nothing", "new", "no-number", "'nothing' of 'conv'"),
        ("inner", "nothing", "new", "no-number", "'nothing' of 'inner'"),
        ("conv", "bias", "width", "duplicate-name", "=width"),
        ("conv", "bias", "in_channels", "name-reserved", "'in_channels'"),
        ("conv", "bias", "2x", "name-not-identifier", "'2x'"),
        ("split", "sections", "new", "outputs-not-counted", "those of 'split' follow from 'sections'"),
    ],
)
def test_what_cannot_be_one_is_said(node: str, parameter: str, name: str, code: str, words: str) -> None:
    document = _document()
    problem = expose(document, "Block", _id(document, node), parameter, name)
    assert isinstance(problem, Problem)
    assert problem.code == code
    assert words in problem.message


def test_it_is_known_beforehand() -> None:
    document = _document()
    graph = document.graph("Block")
    conv, last = graph.node(_id(document, "conv")), graph.node(_id(document, "last"))
    assert can_expose(document, conv, "out_channels")
    assert can_expose(document, conv, REPEAT)
    assert not can_expose(document, last, "out_channels")
    assert not can_expose(document, conv, "padding")


# back again --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "parameter"),
    [("conv", "out_channels"), ("conv", "stride"), ("conv", "bias"), ("drop", "p"), ("inner", "rate")],
)
def test_there_and_back(node: str, parameter: str) -> None:
    document = _document()
    before = write_document(document)
    done(document, expose(document, "Block", _id(document, node), parameter, "new"))
    done(document, unexpose(document, "Block", "new"))
    assert write_document(document) == before


def test_instances_that_agree_leave_their_number() -> None:
    document = _document()
    for name in ("one", "two"):
        node = document.network.by_name(name)
        assert node is not None
        document.apply(ReplaceNode("", node.with_parameters(width=7)))
    before = analyze(document)
    done(document, unexpose(document, "Block", "width"))
    assert _value(document, "last", "out_channels") == 7
    assert document.modules["Block"].parameters == ()
    assert all("width" not in node.parameters for node in document.network)
    assert analyze(document).totals == before.totals


def test_instances_that_differ_keep_the_parameter() -> None:
    problem = unexpose(_document(), "Block", "width")
    assert isinstance(problem, Problem)
    assert "4 in 'one', 6 in 'two'" in problem.message


def test_instances_that_follow_something_keep_it_too() -> None:
    document = _document()
    for name in ("one", "two"):
        node = document.network.by_name(name)
        assert node is not None
        document.apply(ReplaceNode("", node.with_parameters(width="=in_channels")))
    problem = unexpose(document, "Block", "width")
    assert isinstance(problem, Problem)
    assert "in_channels in 'one'" in problem.message


def test_a_module_that_is_placed_nowhere_gets_the_default() -> None:
    document = _document()
    document = Document("net", Graph(), list(document.modules.values()))
    done(document, unexpose(document, "Block", "width"))
    assert _value(document, "last", "out_channels") == 4


def test_a_real_number_that_cannot_be_written_keeps_the_parameter() -> None:
    block = Sketch(Graph("Block"))
    block.output(block.add("drop", "dropout", block.input(), p="=rate if deep else 0"))
    declared = (ModuleParameter("rate", 0.25), ModuleParameter("deep", True))
    document = Document("net", Graph(), [Module("Block", declared, block.graph)])
    problem = unexpose(document, "Block", "rate")
    assert isinstance(problem, Problem)
    assert problem.code == "cannot-substitute"
    done(document, unexpose(document, "Block", "deep"))
    done(document, unexpose(document, "Block", "rate"))
    assert _value(document, "drop", "p") == 0.25


@given(documents(), st.data())
@examples(0.5)
def test_in_any_network_nothing_changes(document: Document, data: st.DataObject) -> None:
    choices = [
        (module.name, node.id, parameter)
        for module in document.modules.values()
        for node in module.graph
        for parameter in (*node.parameters, REPEAT)
        if can_expose(document, node, parameter)
    ]
    assume(choices)
    module, node_id, parameter = data.draw(st.sampled_from(choices))
    note(f"{parameter} of {node_id} in {module}: {write_document(document)}")
    text, before = write_document(document), analyze(document)
    edits = expose(document, module, node_id, parameter)
    if isinstance(edits, Problem):
        assert edits.code in ("outputs-not-counted", "bad-repeat")
        return
    document.apply(Batch(tuple(edits)))
    after = analyze(document)
    assert after.problems == before.problems
    assert (after.totals, after.output_shapes) == (before.totals, before.output_shapes)
    back = unexpose(document, module, document.modules[module].parameters[-1].name)
    assert not isinstance(back, Problem), back
    document.apply(Batch(tuple(back)))
    assert analyze(document).totals == before.totals
    if parameter == REPEAT:
        assert write_document(document) == text
