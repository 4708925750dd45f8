"""What a module of nodes gets from where they stand: ports, names, parameters, places; and what cannot be one."""

from __future__ import annotations

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from builder.analysis import analyze
from builder.document import Document, Module, ModuleParameter
from builder.errors import Problem
from builder.graph import Edge, Graph, Node
from builder.links import module_ports
from builder.modular import Outcome, group, proposed_name
from builder.sketch import Sketch
from builder.writing import write_document
from tests import strategies
from tests.builder.modular.support import chain, done, ids, wires


def paths(document: Document) -> list[str]:
    """The paths of all leaves, in the order of execution."""
    return [leaf.path for leaf in analyze(document).leaves()]


def test_a_stretch_of_a_chain_has_one_input_and_one_output() -> None:
    net = chain()
    document = Document("net", net.graph)
    outcome = group(document, "", ids(net.graph, "conv", "bn", "relu"), "Unit")
    assert isinstance(outcome, Outcome)
    done(document, outcome)
    assert wires(document) == {
        "input.y > unit.input",
        "unit.output > pool.x",
        "pool.y > conv2.x",
        "conv2.y > output.x",
    }
    assert wires(document, "Unit") == {
        "input.y > conv.x",
        "conv.y > bn.x",
        "bn.y > relu.x",
        "relu.y > output.x",
    }
    assert outcome.ids == tuple(ids(net.graph, "unit"))
    assert paths(document) == ["input", "unit.conv", "unit.bn", "unit.relu", "pool", "conv2", "output"]


def test_places_inside_are_as_they_were_to_each_other() -> None:
    net = chain()
    document = Document("net", net.graph)
    before = {node.name: node.position for node in net.graph}
    done(document, group(document, "", ids(net.graph, "conv", "bn", "relu"), "Unit"))
    inside = {node.name: node.position for node in document.graph("Unit")}
    dx, dy = (a - b for a, b in zip(inside["conv"], before["conv"], strict=True))
    assert {name: (x + dx, y + dy) for name, (x, y) in before.items() if name in ("conv", "bn", "relu")} == {
        name: place for name, place in inside.items() if name not in ("input", "output")
    }
    assert inside["input"] == (0, 0)
    assert inside["input"][0] < inside["conv"][0] < inside["relu"][0] < inside["output"][0]
    unit = net.graph.by_name("unit")
    assert unit is not None
    assert unit.position == before["bn"]


def _branching() -> Document:
    """One output feeds two nodes, a split's outputs are used apart, and what is between goes out twice."""
    net = Sketch()
    x = net.add("stem", "conv", net.input((4, 8, 8)), out_channels=4, kernel_size=1)
    part = net.add("split", "split", x, sections=2)
    a = net.add("a", "conv", part, row=0, out_channels=4, kernel_size=1)
    b = net.add("b", "conv", part._replace(port="1"), row=1, out_channels=4, kernel_size=1)
    both = net.add("both", "add", a, b)
    side = net.add("side", "conv", x, row=2, out_channels=4, kernel_size=1)
    net.output(net.add("join", "concat", both, a, side))
    return Document("net", net.graph)


def test_one_port_for_each_output_that_enters_or_leaves() -> None:
    document = _branching()
    graph = document.network
    done(document, group(document, "", ids(graph, "a", "b", "both", "side"), "Middle"))
    ports = module_ports(document.modules["Middle"])
    assert ports.inputs == ("split_0", "split_1", "stem")
    assert ports.outputs == ("a_out", "both_out", "side_out")
    assert {wire for wire in wires(document) if "join." in wire} == {
        "middle.both_out > join.0",
        "middle.a_out > join.1",
        "middle.side_out > join.2",
        "join.y > output.x",
    }
    assert analyze(document).ok


def test_an_output_that_feeds_several_is_one_port() -> None:
    document = _branching()
    done(document, group(document, "", ids(document.network, "stem"), "Stem"))
    assert module_ports(document.modules["Stem"]).outputs == ("output",)
    assert {"stem.output > split.x", "stem.output > side.x"} <= wires(document)


def test_loose_ends_are_ports_where_nothing_is_wired_yet() -> None:
    net = Sketch()
    x = net.add("conv", "conv", column=0, ports=(), out_channels=4)
    net.add("join", "add", x, net.add("other", "relu", column=0, row=1, ports=()))
    document = Document("net", net.graph)
    done(document, group(document, "", ids(net.graph, "conv", "other", "join"), "Loose"))
    assert module_ports(document.modules["Loose"]).inputs == ("conv_x", "other_x")
    assert module_ports(document.modules["Loose"]).outputs == ("output",)
    assert wires(document) == set()


def test_names_of_ports_differ_from_those_inside() -> None:
    net = Sketch()
    x = net.add("input", "conv", net.input((3, 8, 8), "image"), kernel_size=1)
    y = net.add("output", "relu", x)
    net.output(y, "result")
    document = Document("net", net.graph)
    done(document, group(document, "", ids(net.graph, "input", "output"), "Odd"))
    ports = module_ports(document.modules["Odd"])
    assert (ports.inputs, ports.outputs) == (("input2",), ("output2",))


# parameters --------------------------------------------------------------------------------------------------


def _in_module(**expressions: object) -> Document:
    block = Sketch(Graph("Block"))
    x = block.add("first", "conv", block.input(), out_channels="=2 * width", kernel_size=1)
    x = block.add("second", "conv", x, kernel_size=1, **{"out_channels": "=width", **expressions})
    block.output(block.add("third", "dropout", x, p="=rate", when="deep"))
    parameters = (
        ModuleParameter("width", 4, "Channels."),
        ModuleParameter("rate", 0.25),
        ModuleParameter("deep", True),
        ModuleParameter("depth", 1),
    )
    net = Sketch()
    x = net.add("one", "module:Block", net.input((3, 8, 8)))
    net.output(net.add("two", "module:Block", x, width=6, deep=False))
    return Document("net", net.graph, [Module("Block", parameters, block.graph)])


def test_parameters_that_are_used_are_handed_on() -> None:
    document = _in_module()
    before = analyze(document)
    graph = document.graph("Block")
    done(document, group(document, "Block", ids(graph, "second", "third"), "Inner"))
    inner, node = document.modules["Inner"], graph.by_name("inner")
    assert inner.parameters == (
        ModuleParameter("width", 4, "Channels."), ModuleParameter("rate", 0.25), ModuleParameter("deep", True),
    )  # fmt: skip
    assert [type(parameter.default) for parameter in inner.parameters] == [int, float, bool]
    assert node is not None
    assert node.parameters == {"width": "=width", "rate": "=rate", "deep": "=deep"}
    second = inner.graph.by_name("second")
    assert second is not None
    assert second.parameters["out_channels"] == "=width"
    assert analyze(document).totals == before.totals


def test_the_channels_that_arrive_at_the_module_around_are_handed_on() -> None:
    document = _in_module(out_channels="=input_channels + 1")
    before = analyze(document)
    done(document, group(document, "Block", ids(document.graph("Block"), "second"), "Inner"))
    node = document.graph("Block").by_name("inner")
    second = document.graph("Inner").by_name("second")
    assert node is not None
    assert second is not None
    assert node.parameters == {"channels_around": "=input_channels"}
    assert second.parameters["out_channels"] == "=channels_around + 1"
    after = analyze(document)
    assert after.ok
    assert (after.totals, after.output_shapes) == (before.totals, before.output_shapes)


def test_they_stay_what_they_are_called_where_the_same_arrives() -> None:
    document = _in_module(out_channels="=input_channels + 1")
    before = analyze(document)
    done(document, group(document, "Block", ids(document.graph("Block"), "first", "second"), "Inner"))
    assert [parameter.name for parameter in document.modules["Inner"].parameters] == ["width"]
    second = document.graph("Inner").by_name("second")
    assert second is not None
    assert second.parameters["out_channels"] == "=input_channels + 1"
    assert analyze(document).totals == before.totals


# names in chains ---------------------------------------------------------------------------------------------


def _numbered(*names: str, **changes: dict[str, object]) -> Document:
    """A module that is a chain of convolutions with these names."""
    block = Sketch(Graph("Chain"))
    x = block.input()
    for name in names:
        x = block.add(name, "conv", x, kernel_size=1, **changes.get(f"_{name.strip('{}')}", {}))  # type: ignore[arg-type]
    block.output(x)
    net = Sketch()
    net.output(net.add("chain", "module:Chain", net.input((3, 8, 8)), column=1))
    parameters = (ModuleParameter("deep", True), ModuleParameter("depth", 2))
    return Document("net", net.graph, [Module("Chain", parameters, block.graph)])


@pytest.mark.parametrize(
    ("names", "chosen", "wanted"),
    [
        (("0", "1", "2", "3"), ("1", "2"), ["0", "unit.1", "unit.2", "3"]),
        (("{0}", "{1}", "{2}", "{3}"), ("{1}", "{2}"), ["0", "unit.1", "unit.2", "3"]),
        (("{0}", "{1}", "{2}"), ("{0}", "{1}"), ["unit.0", "unit.1", "2"]),
        (("layer{1}", "layer{2}", "layer{3}"), ("layer{1}",), ["unit.layer1", "layer2", "layer3"]),
        (("layer{1}", "layer{2}", "layer{3}"), ("layer{2}", "layer{3}"), ["layer1", "unit.layer2", "unit.layer3"]),
        (("{4}", "{9}", "{7}"), ("{9}",), ["4", "unit.5", "6"]),
        (("a{1}", "b{1}", "a{2}", "b{2}"), ("b{1}", "a{2}"), ["a1", "unit.b1", "unit.a2", "b2"]),
    ],
)  # fmt: skip
def test_names_that_count_keep_their_numbers(
    names: tuple[str, ...], chosen: tuple[str, ...], wanted: list[str]
) -> None:
    document = _numbered(*names)
    done(document, group(document, "Chain", ids(document.graph("Chain"), *chosen), "Unit"))
    assert paths(document)[1:-1] == [f"chain.{path}" for path in wanted]
    assert analyze(document).ok


@pytest.mark.parametrize(
    ("changes", "chosen"),
    [
        ({"_0": {"when": "deep"}}, ("{1}",)),
        ({"_1": {"repeat": "=depth"}}, ("{1}",)),
        ({"_0": {"when": "in_channels > 3"}}, ("{1}", "{2}")),
    ],
)
def test_names_whose_numbers_hang_on_parameters_are_not_torn_apart(
    changes: dict[str, dict[str, object]], chosen: tuple[str, ...]
) -> None:
    document = _numbered("{0}", "{1}", "{2}", **changes)
    problem = group(document, "Chain", ids(document.graph("Chain"), *chosen), "Unit")
    assert isinstance(problem, Problem)
    assert problem.code == "name-counts"
    assert "counts on" in problem.message
    done(document, group(document, "Chain", ids(document.graph("Chain"), "{0}", "{1}", "{2}"), "Unit"))
    assert analyze(document).ok


def test_a_stem_with_numbers_on_both_sides_is_not_torn_apart() -> None:
    document = _numbered("layer{1}", "layer{2}", "layer{3}")
    problem = group(document, "Chain", ids(document.graph("Chain"), "layer{2}"), "Unit")
    assert isinstance(problem, Problem)
    assert problem.code == "name-counts"


def test_what_is_bypassed_takes_no_number() -> None:
    document = _numbered("{0}", "{1}", "{2}", "{3}", _1={"when": "False"}, _2={"repeat": 2})
    before = paths(document)
    done(document, group(document, "Chain", ids(document.graph("Chain"), "{1}", "{2}"), "Unit"))
    assert before[1:-1] == ["chain.0", "chain.1", "chain.2", "chain.3"]
    assert paths(document)[1:-1] == ["chain.0", "chain.unit.1", "chain.unit.2", "chain.3"]


# what cannot be grouped --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "name", "code", "words"),
    [
        ((), "Unit", "nothing-chosen", "none is selected"),
        (("input", "conv"), "Unit", "ports-chosen", "'input' belongs to the network"),
        (("conv2", "output"), "Unit", "ports-chosen", "'output' belongs to the network"),
        (("conv", "relu"), "Unit", "group-left", "conv → bn → relu"),
        (("conv", "conv2"), "Unit", "group-left", "conv → bn → relu → pool → conv2"),
        (("conv",), "unit", "name-not-capitalised", "'unit'"),
        (("conv",), "", "name-empty", "needs a name"),
        (("conv",), "There", "duplicate-name", "another is called 'There'"),
    ],
)
def test_what_cannot_be_a_module_is_said(names: tuple[str, ...], name: str, code: str, words: str) -> None:
    net = chain()
    document = Document("net", net.graph, [Module("There", (), Graph("There"))])
    problem = group(document, "", ids(net.graph, *names), name)
    assert isinstance(problem, Problem)
    assert problem.code == code
    assert words in problem.message


def test_the_way_out_names_what_is_missing() -> None:
    net = chain()
    document = Document("net", net.graph)
    problem = group(document, "", ids(net.graph, "conv", "relu"), "Unit")
    assert isinstance(problem, Problem)
    assert "Select 'bn' too" in problem.way_out
    done(document, group(document, "", ids(net.graph, "conv", "bn", "relu"), "Unit"))


def test_a_cycle_within_is_no_way_out() -> None:
    graph = Graph()
    for number, name in enumerate(("a", "b", "c"), 1):
        graph.add_node(Node(f"n{number}", name, "add"))
    for source, target, port in (("n1", "n2", "0"), ("n2", "n1", "0"), ("n2", "n3", "0")):
        graph.connect(Edge(source, "y", target, port))
    document = Document("net", graph)
    done(document, group(document, "", ["n1", "n2"], "Round"))
    assert {"a.y > b.0", "b.y > a.0", "b.y > output.x"} < wires(document, "Round")


# names of modules --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (("conv", "bn", "relu"), "ConvBnRelu"),
        (("bn", "conv"), "ConvBn"),
        (("conv",), "ConvBlock"),
        (("conv", "bn", "relu", "pool"), "Block"),
    ],
)
def test_a_name_is_proposed_after_what_is_inside(names: tuple[str, ...], wanted: str) -> None:
    net = chain()
    document = Document("net", net.graph)
    chosen = ids(net.graph, *names)
    assert proposed_name(document, "", chosen) == wanted
    done(document, group(document, "", chosen, wanted))
    assert proposed_name(document, wanted, chosen) == f"{wanted}2"


def test_a_sum_is_called_residual() -> None:
    document = _branching()
    assert proposed_name(document, "", ids(document.network, "a", "b", "both")) == "ResidualBlock"


# anything ----------------------------------------------------------------------------------------------------


@given(strategies.documents(), st.data())
@strategies.few
def test_any_part_of_any_document_is_grouped_or_refused(document: Document, data: st.DataObject) -> None:
    note(write_document(document))
    graph = data.draw(st.sampled_from(list(document.graphs())))
    chosen = (
        data.draw(st.lists(st.sampled_from([node.id for node in graph]), unique=True)) if len(graph) else []
    )
    outcome = group(document, graph.key, chosen, data.draw(strategies.module_names()))
    if isinstance(outcome, Problem):
        assert outcome.message
        return
    around = len(graph)
    done(document, outcome)
    assert len(graph) == around - len(chosen) + 1
