"""What stands several times in a chain: where it fits, and what is said where it does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from builder.analysis import analyze
from builder.document import Document, Module
from builder.errors import Problem
from builder.graph import Graph
from builder.modular import repeat_in_chain
from builder.sketch import Sketch
from builder.writing import write_document
from tests import strategies
from tests.builder.modular.support import chain, done, ids


def paths(document: Document) -> list[str]:
    return [leaf.path for leaf in analyze(document).leaves()]


def repeated(document: Document, names: tuple[str, ...], times: int, key: str = "") -> Document:
    return done(document, repeat_in_chain(document, key, ids(document.graph(key), *names), times))


def test_a_block_is_repeated() -> None:
    document = repeated(Document("net", chain().graph), ("relu",), 3)
    relu = document.network.by_name("relu")
    assert relu is not None
    assert relu.repeat == 3
    assert not document.modules


def test_a_stretch_becomes_a_module_that_is_repeated() -> None:
    document = repeated(Document("net", chain().graph), ("conv", "bn", "relu"), 3)
    node = document.network.by_name("conv_bn_relu")
    assert node is not None
    assert (node.repeat, node.block) == (3, "module:ConvBnRelu")
    inside = [f"conv_bn_relu.{number}.{name}" for number in range(3) for name in ("conv", "bn", "relu")]
    assert paths(document) == ["input", *inside, "pool", "conv2", "output"]
    assert analyze(document).ok


def test_branches_within_are_no_hindrance() -> None:
    net = Sketch()
    x = net.input((8, 8, 8))
    y = net.add("conv", "conv", net.add("relu", "relu", x), out_channels=8, kernel_size=1)
    stem = net.add("stem", "identity", x)
    net.output(net.add("sum", "add", y, stem))
    document = Document("net", net.graph)
    problem = repeat_in_chain(document, "", ids(net.graph, "conv", "stem", "sum"), 2)
    assert isinstance(problem, Problem)
    assert "2 inputs and 1 output" in problem.message
    repeated(document, ("conv", "relu", "stem", "sum"), 2)
    assert analyze(document).ok


def test_how_often_can_be_changed() -> None:
    document = repeated(Document("net", chain().graph), ("relu",), 3)
    repeated(document, ("relu",), 5)
    repeated(document, ("relu",), 1)
    assert paths(document)[3] == "relu"


def _narrowing(**options: Any) -> Document:
    net = Sketch()
    x = net.add("fold", "module:Fold", net.input((8, 12, 12)))
    net.output(net.add("end", "relu", x))
    fold = Sketch(Graph("Fold"))
    fold.output(fold.add("shuffle", "pixel_shuffle", fold.input(), upscale_factor=2))
    return Document("net", net.graph, [Module("Fold", (), fold.graph)])


def test_what_comes_out_must_fit_what_goes_in() -> None:
    document = _narrowing()  # 8 channels become 2, of which no four can be taken
    problem = repeat_in_chain(document, "", ids(document.network, "fold"), 2)
    assert isinstance(problem, Problem)
    assert problem.code == "cannot-repeat"
    assert problem.message.startswith("What comes out must fit what goes in: at 'fold.1.shuffle'")


def test_a_map_that_becomes_too_small_is_said() -> None:
    document = Document("net", chain().graph)
    repeated(document, ("pool",), 5)
    problem = repeat_in_chain(document, "", ids(document.network, "pool"), 6)
    assert isinstance(problem, Problem)
    assert "at 'pool'" in problem.message


def test_errors_that_are_there_already_are_no_hindrance() -> None:
    net = chain()
    net.add("lost", "add", column=9, ports=())
    document = Document("net", net.graph)
    assert not analyze(document).ok
    repeated(document, ("relu",), 2)


@pytest.mark.parametrize("block", ["add", "split", "layer_scale"])
def test_what_cannot_stand_in_a_row_is_said(block: str) -> None:
    net = Sketch()
    x = net.input((4, 8, 8))
    y = net.add("it", block, *([x, net.add("side", "relu", x)] if block == "add" else [x]))
    net.output(y)
    problem = repeat_in_chain(Document("net", net.graph), "", ids(net.graph, "it"), 2)
    assert isinstance(problem, Problem)
    assert problem.code == "bad-repeat"


@pytest.mark.parametrize(("times", "words"), [(0, "0"), (-1, "-1"), (5000, "from 0 to 1000")])
def test_how_often_is_within_reason(times: int, words: str) -> None:
    document = Document("net", chain().graph)
    problem = repeat_in_chain(document, "", ids(document.network, "relu"), times)
    assert isinstance(problem, Problem)
    assert words in problem.message


@pytest.mark.parametrize(("names", "code"), [((), "nothing-chosen"), (("input", "conv"), "ports-chosen")])
def test_what_cannot_be_grouped_is_not_repeated(names: tuple[str, ...], code: str) -> None:
    document = Document("net", chain().graph)
    problem = repeat_in_chain(document, "", ids(document.network, *names), 2)
    assert isinstance(problem, Problem)
    assert problem.code == code


def _numbered(*names: str) -> Document:
    net, block = Sketch(), Sketch(Graph("Chain"))
    x = block.input()
    for name in names:
        x = block.add(name, "relu", x)
    block.output(x)
    net.output(net.add("chain", "module:Chain", net.input((3, 8, 8))))
    return Document("net", net.graph, [Module("Chain", (), block.graph)])


def test_numbers_that_run_into_others_give_way() -> None:
    document = repeated(_numbered("0", "1", "2"), ("1",), 3, "Chain")
    assert analyze(document).ok
    assert paths(document)[1:-1] == [f"chain.{name}" for name in ("0", "relu.0", "relu.1", "relu.2", "2")]


def test_numbers_go_on_where_there_is_room() -> None:
    document = repeated(_numbered("0", "1"), ("1",), 3, "Chain")
    assert paths(document)[1:-1] == ["chain.0", "chain.1", "chain.2", "chain.3"]


@given(strategies.documents(), st.data())
@strategies.few
def test_any_part_of_any_document_is_repeated_or_refused(document: Document, data: st.DataObject) -> None:
    note(write_document(document))
    graph = data.draw(st.sampled_from(list(document.graphs())))
    nodes = [node.id for node in graph]
    chosen = data.draw(st.lists(st.sampled_from(nodes), unique=True)) if nodes else []
    outcome = repeat_in_chain(document, graph.key, chosen, data.draw(st.integers(1, 4)))
    if isinstance(outcome, Problem):
        assert outcome.message
    else:
        done(document, outcome)
