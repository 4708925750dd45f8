"""An instance opened up: its arguments are put in, names stay or are made free, and what has no meaning is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from builder.acts import stem_of
from builder.analysis import analyze
from builder.document import Document, Module, ModuleParameter
from builder.edits import Batch
from builder.errors import Problem
from builder.graph import Graph, Node
from builder.library import LIBRARY
from builder.modular import Outcome, group, ungroup
from builder.sketch import Sketch
from builder.writing import write_document
from tests import strategies
from tests.builder.modular.support import chain, done, ids, wires


def opened(document: Document, key: str = "", name: str = "block") -> Document:
    """The document with an instance opened up."""
    node = document.graph(key).by_name(name)
    assert node is not None
    return done(document, ungroup(document, key, node.id))


def parameters(document: Document, key: str = "") -> dict[str, Any]:
    return {node.name: dict(node.parameters) for node in document.graph(key)}


def _placed(block: Sketch, *declared: ModuleParameter, **given: Any) -> Document:
    """A network that places a module once, with these arguments."""
    net = Sketch()
    net.output(net.add("block", "module:Block", net.input((3, 8, 8)), **given))
    return Document("net", net.graph, [Module("Block", declared, block.graph)])


def _block() -> Sketch:
    block = Sketch(Graph("Block"))
    x = block.add("conv", "conv", block.input(), out_channels="=4 * width", bias="=deep", kernel_size=1)
    x = block.add("drop", "dropout", x, p="=rate", when="deep")
    block.output(block.add("more", "conv", x, out_channels="=width", kernel_size=1, repeat="=depth"))
    return block


_DECLARED = (
    ModuleParameter("width", 8),
    ModuleParameter("deep", True),
    ModuleParameter("rate", 0.5),
    ModuleParameter("depth", 2),
)


def test_arguments_and_defaults_are_put_in() -> None:
    document = opened(_placed(_block(), *_DECLARED, width=16, rate=0.25))
    found = parameters(document)
    assert found["conv"] == {"out_channels": 64, "bias": True, "kernel_size": 1}
    assert type(found["conv"]["bias"]) is bool
    assert found["drop"] == {"p": 0.25}
    more, drop = document.network.by_name("more"), document.network.by_name("drop")
    assert more is not None
    assert drop is not None
    assert more.repeat == 2
    assert drop.when is None
    assert wires(document) == {"input.y > conv.x", "conv.y > drop.x", "drop.y > more.x", "more.y > output.x"}
    assert "Block" not in document.modules


def test_a_condition_that_is_never_met_bypasses_and_no_repeat_is_none() -> None:
    document = opened(_placed(_block(), *_DECLARED, deep=False, depth=0))
    drop, more = document.network.by_name("drop"), document.network.by_name("more")
    assert drop is not None
    assert more is not None
    assert drop.when == more.when == "False"
    assert more.repeat == 1
    assert parameters(document)["conv"]["bias"] is False


def test_expressions_of_the_module_around_are_put_in() -> None:
    outer = Sketch(Graph("Outer"))
    given = {"width": "=2 * size", "deep": "=size > 3", "depth": "=depth"}
    outer.output(outer.add("block", "module:Block", outer.input(), **given))
    net = Sketch()
    net.output(net.add("outer", "module:Outer", net.input((3, 8, 8)), size=5))
    modules = [
        Module("Outer", (ModuleParameter("size", 4), ModuleParameter("depth", 1)), outer.graph),
        Module("Block", _DECLARED, _block().graph),
    ]
    document = Document("net", net.graph, modules)
    before = analyze(document)
    opened(document, "Outer")
    found = parameters(document, "Outer")
    assert found["conv"] == {"out_channels": "=4 * (2 * size)", "bias": "=size > 3", "kernel_size": 1}
    assert found["drop"] == {"p": 0.5}
    more, drop = document.graph("Outer").by_name("more"), document.graph("Outer").by_name("drop")
    assert more is not None
    assert drop is not None
    assert (more.repeat, drop.when) == ("=depth", "size > 3")
    assert analyze(document).totals == before.totals


# channels ----------------------------------------------------------------------------------------------------


def _of_channels(**given: Any) -> Document:
    block = Sketch(Graph("Block"))
    x = block.add("first", "conv", block.input(), out_channels="=width", kernel_size=1)
    block.output(block.add("second", "conv", x, out_channels="=2 * width + input_channels", kernel_size=1))
    return _placed(block, ModuleParameter("width", 8), **given)


def test_channels_that_arrive_are_what_a_node_calls_them_or_a_number() -> None:
    document = _of_channels(width="=in_channels")
    before = analyze(document)
    opened(document)
    found = parameters(document)
    assert found["first"]["out_channels"] == "=in_channels"
    assert found["second"]["out_channels"] == 9  # two times three, and three
    assert analyze(document).totals == before.totals


def _twice(first: int, second: int) -> Document:
    """A module in a module that is used where different channels arrive."""
    inner = _of_channels().modules["Block"]
    outer = Sketch(Graph("Outer"))
    x = outer.add("before", "conv", outer.input(), out_channels="=in_channels + 1", kernel_size=1)
    outer.output(outer.add("block", "module:Block", x, width="=in_channels"))
    net = Sketch()
    x = net.add("a", "module:Outer", net.input((first, 8, 8)))
    x = net.add("between", "conv", x, out_channels=second, kernel_size=1)
    net.output(net.add("b", "module:Outer", x))
    return Document("net", net.graph, [Module("Outer", (), outer.graph), inner])


def test_channels_that_differ_from_place_to_place_have_no_number() -> None:
    document = _twice(3, 5)
    node = document.graph("Outer").by_name("block")
    assert node is not None
    problem = ungroup(document, "Outer", node.id)
    assert isinstance(problem, Problem)
    assert problem.code == "cannot-substitute"
    assert "differ from place to place" in problem.message


def test_channels_that_are_the_same_everywhere_are_that_number() -> None:
    document = _twice(3, 3)
    before = analyze(document)
    opened(document, "Outer")
    assert parameters(document, "Outer")["second"]["out_channels"] == 12
    assert analyze(document).totals == before.totals


def test_channels_of_an_output_that_is_not_there_are_not_known() -> None:
    block = _of_channels().modules["Block"]
    net = Sketch()
    parts = net.add(
        "split", "split", column=1, ports=()
    )  # nothing arrives, and so nothing is known of its parts
    half = net.add("lost", "acme.unknown", column=1, row=1, ports=())._replace(port="0")
    net.output(net.add("block", "module:Block", half, width="=in_channels"))
    net.output(net.add("other", "module:Block", parts, width="=in_channels"), "output2")
    document = Document("net", net.graph, [block])
    for name in ("block", "other"):
        problem = ungroup(document, "", ids(net.graph, name)[0])
        assert isinstance(problem, Problem)
        assert "are not known" in problem.message


def test_a_real_number_within_an_expression_cannot_be_written() -> None:
    block = Sketch(Graph("Block"))
    block.output(block.add("drop", "dropout", block.input(), p="=rate if deep else 0"))
    outer = Sketch(Graph("Outer"))
    outer.output(outer.add("block", "module:Block", outer.input(), deep="=deep", rate=0.25))
    modules = [
        Module("Outer", (ModuleParameter("deep", True),), outer.graph),
        Module("Block", (ModuleParameter("rate", 0.5), ModuleParameter("deep", True)), block.graph),
    ]
    document = Document("net", Graph(), modules)
    problem = ungroup(document, "Outer", ids(outer.graph, "block")[0])
    assert isinstance(problem, Problem)
    assert "0.25" in problem.message


# names -------------------------------------------------------------------------------------------------------


def test_names_that_are_taken_get_a_number() -> None:
    net = Sketch()
    x = net.add("conv", "conv", net.input((3, 8, 8)), kernel_size=1, out_channels=4)
    net.output(net.add("block", "module:Block", x))
    document = Document("net", net.graph, [Module("Block", _DECLARED, _block().graph)])
    opened(document)
    assert wires(document) == {
        "input.y > conv.x", "conv.y > conv2.x", "conv2.y > drop.x", "drop.y > more.x", "more.y > output.x",
    }  # fmt: skip


def _numbers(*names: str) -> Sketch:
    block = Sketch(Graph("Block"))
    x = block.input()
    for name in names:
        x = block.add(name, "relu", x)
    block.output(x)
    return block


def _in_chain(before: tuple[str, ...], inside: tuple[str, ...], after: tuple[str, ...]) -> Document:
    """A chain in the middle of a chain."""
    outer = Sketch(Graph("Outer"))
    x = outer.input()
    for name in before:
        x = outer.add(name, "relu", x)
    x = outer.add("block", "module:Block", x)
    for name in after:
        x = outer.add(name, "relu", x)
    outer.output(x)
    net = Sketch()
    net.output(net.add("outer", "module:Outer", net.input((3, 8, 8))))
    return Document(
        "net", net.graph, [Module("Outer", (), outer.graph), Module("Block", (), _numbers(*inside).graph)]
    )


@pytest.mark.parametrize(
    ("before", "inside", "after", "wanted"),
    [
        (("0",), ("1", "2"), ("3",), ["0", "1", "2", "3"]),
        (("{0}",), ("{0}", "{1}"), (), ["0", "1", "2"]),
        (("0",), ("0", "1"), ("1",), ["0", "block_0", "block_1", "1"]),
        (("0",), ("{1}", "{2}"), ("2",), ["0", "block_1", "block_2", "2"]),
        (("{0}",), ("{1}",), ("{1}",), ["0", "block_1", "1"]),
        (("layer{1}",), ("layer{1}",), (), ["layer1", "layer2"]),
        ((), ("block1-0",), (), ["block1-0"]),
    ],
)
def test_numbers_go_on_where_they_meet_no_others(
    before: tuple[str, ...], inside: tuple[str, ...], after: tuple[str, ...], wanted: list[str]
) -> None:
    document = opened(_in_chain(before, inside, after), "Outer")
    analysis = analyze(document)
    assert analysis.ok, analysis.problems
    assert [leaf.path for leaf in analysis.leaves()][1:-1] == [f"outer.{name}" for name in wanted]


def test_numbers_become_names_outside_of_a_chain() -> None:
    document = _placed(_numbers("0", "block1-0", "layer{2}"))
    side = document.network.by_name("input")
    assert side is not None
    document.network.add_node(Node("n9", "side", "relu"))
    opened(document)
    names = {node.name for node in document.network}
    assert names == {"input", "output", "side", "block_0", "block_block1_0", "block_layer2"}


# where it goes -----------------------------------------------------------------------------------------------


def test_what_follows_makes_room() -> None:
    net = Sketch()
    x = net.add("block", "module:Block", net.input((3, 8, 8)))
    x = net.add("behind", "relu", x)
    net.output(net.add("under", "relu", x, row=1, column=1), column=2)
    document = Document("net", net.graph, [Module("Block", _DECLARED, _block().graph)])
    opened(document)
    places = {node.name: node.position for node in document.network}
    assert len(set(places.values())) == len(places)
    assert places["conv"] < places["drop"] < places["more"] < places["behind"]
    assert places["under"][1] > places["more"][1]


def test_there_and_back_is_where_it_was() -> None:
    document = Document("net", chain().graph)
    before = write_document(document)
    outcome = group(document, "", ids(document.network, "conv", "bn", "relu"), "Unit")
    assert isinstance(outcome, Outcome)
    document.apply(Batch(outcome.edits))
    opened(document, name="unit")
    assert write_document(document) == before


def test_bends_come_along() -> None:
    document = Document("net", chain().graph)
    wire = next(edge for edge in document.network.edges() if edge.target == ids(document.network, "relu")[0])
    document.network.bend(wire, ((600.0, 50.0), (700.0, 80.0)))
    outcome = group(document, "", ids(document.network, "conv", "bn", "relu"), "Unit")
    assert isinstance(outcome, Outcome)
    document.apply(Batch(outcome.edits))
    conv = document.graph("Unit").by_name("conv")
    assert conv is not None
    (bends,) = (
        found for edge in document.graph("Unit").edges() if (found := document.graph("Unit").bends(edge))
    )
    dx = conv.position[0] - 248
    assert bends == ((600.0 + dx, 50.0), (700.0 + dx, 80.0))
    opened(document, name="unit")
    assert document.network.bends(wire) == ((600.0, 50.0), (700.0, 80.0))


# several instances, and what cannot be opened ----------------------------------------------------------------


def test_the_module_stays_while_it_is_placed_elsewhere() -> None:
    net = Sketch()
    x = net.add("one", "module:Block", net.input((3, 8, 8)))
    net.output(net.add("two", "module:Block", x, width=4))
    document = Document("net", net.graph, [Module("Block", _DECLARED, _block().graph)])
    before = analyze(document)
    opened(document, name="one")
    assert "Block" in document.modules
    opened(document, name="two")
    assert not document.modules
    assert analyze(document).totals == before.totals


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"repeat": 3}, "repeated-instance", "repeated 3 times"),
        ({"when": "False"}, "conditional-instance", "is there never"),
        ({"when": "in_channels > 3"}, "conditional-instance", "only when in_channels > 3"),
    ],
)
def test_an_instance_that_is_not_there_once_is_not_opened(
    options: dict[str, Any], code: str, words: str
) -> None:
    document = _placed(_block(), *_DECLARED, **options)
    problem = ungroup(document, "", ids(document.network, "block")[0])
    assert isinstance(problem, Problem)
    assert problem.code == code
    assert words in problem.message


def test_a_block_is_not_opened() -> None:
    document = Document("net", chain().graph)
    problem = ungroup(document, "", ids(document.network, "conv")[0])
    assert isinstance(problem, Problem)
    assert problem.code == "not-a-module"


@pytest.mark.parametrize("name", list(LIBRARY))
def test_every_ready_module_can_be_opened(name: str) -> None:
    ready = LIBRARY[name]
    modules = ready.build()
    net = Sketch()
    shape = (3, 32) if name == "TemporalBlock" else (3, 32, 32)
    x = net.add("stem", "conv", net.input(shape), out_channels=16, kernel_size=3, padding=1)
    wanted = [node.name for node in modules[0].graph if node.block == "input"]
    made = {port: net.add(f"before_{port}", "relu", x) for port in wanted}
    if len(wanted) > 1:  # a step up takes the smaller map first
        made[wanted[0]] = net.add("smaller", "max_pool", made[wanted[0]], kernel_size=2)
    net.output(net.add(stem_of(ready.block), ready.block, *made.values(), ports=tuple(made), **ready.placed))
    document = Document("net", net.graph, modules)
    before = analyze(document)
    assert before.ok, before.problems
    opened(document, name=stem_of(ready.block))
    after = analyze(document)
    assert after.ok, after.problems
    assert (after.totals, after.output_shapes) == (before.totals, before.output_shapes)


# anything ----------------------------------------------------------------------------------------------------


@given(strategies.documents(), st.data())
@strategies.few
def test_any_node_of_any_document_is_opened_or_refused(document: Document, data: st.DataObject) -> None:
    note(write_document(document))
    graph = data.draw(st.sampled_from([graph for graph in document.graphs() if len(graph)] or [None]))
    if graph is None:
        return
    node = data.draw(st.sampled_from(list(graph)))
    outcome = ungroup(document, graph.key, node.id)
    if isinstance(outcome, Problem):
        assert outcome.message
    else:
        done(document, outcome)
        assert node.id not in graph
