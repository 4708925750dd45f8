"""Parameters of modules under other names and in another order: what uses them follows, and nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st

from builder.analysis import analyze
from builder.document import Document, Module, ModuleParameter
from builder.edits import Batch
from builder.errors import Problem
from builder.expressions import MAX_LENGTH, ExpressionError, parse, renamed
from builder.graph import Graph
from builder.modular import move_parameter, rename_parameter, unexpose
from builder.sketch import Sketch
from builder.writing import write_document
from tests.builder.modular.support import done
from tests.network_strategies import documents
from tests.oracles.cases import examples

# expressions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("=width", "=size"),
        ("width", "size"),
        ("= 4*width  +  width_2", "=4*size  +  width_2"),
        ("=max(width, 2) if width>3 else -width", "=max(size, 2) if size>3 else -size"),
        ("=größe * width", "=größe * size"),
        ("=(width\n + 1)", "=size + 1"),
        ("=w", "=w"),
        ("=width +", "=width +"),
        ("3", "3"),
    ],
)
def test_a_name_is_replaced_and_all_else_stays_as_typed(text: str, wanted: str) -> None:
    assert renamed(text, "width", "size") == wanted


def test_a_name_that_makes_it_too_long_is_refused() -> None:
    text = "=" + " + ".join(["w"] * 40)
    assert len(text) < MAX_LENGTH
    with pytest.raises(ExpressionError, match="at most"):
        renamed(text, "w", "a_long_name")


_LEAVES = st.sampled_from(["w", "width", "w2", "7", "in_channels"])
_TEXTS = st.recursive(
    _LEAVES,
    lambda part: (
        st.tuples(part, st.sampled_from(["+", " * ", "-", " >= "]), part).map(lambda t: f"({''.join(t)})")
        | st.tuples(part, part).map(lambda t: f"min({t[0]}, {t[1]})")
    ),
    max_leaves=8,
)


@given(_TEXTS, st.integers(1, 9))
def test_it_has_the_same_value(text: str, value: int) -> None:
    env = {"width": 3, "w2": 5, "in_channels": 8}
    after = renamed(f"={text}", "w", "other")
    assert parse(after).names == {"other" if name == "w" else name for name in parse(text).names}
    assert parse(after).evaluate({**env, "other": value}) == parse(text).evaluate({**env, "w": value})
    assert renamed(after, "other", "w") == f"={text}"


# in documents ------------------------------------------------------------------------------------------------


def _document() -> Document:
    """A module within a module, both with parameters called alike, and one that nothing uses."""
    inner = Sketch(Graph("Inner"))
    inner.output(inner.add("conv", "conv", inner.input(), out_channels="=width", kernel_size=1))
    block = Sketch(Graph("Block"))
    x = block.add("conv", "conv", block.input(), out_channels="=4*width", kernel_size=["=width", "=width"])
    x = block.add("more", "module:Inner", x, width="=width + 1", repeat="=depth", when="width>2 and deep")
    block.output(block.add("drop", "dropout", x, p="=rate"))
    declared = (
        ModuleParameter("width", 3, "How wide."),
        ModuleParameter("depth", 2),
        ModuleParameter("deep", True),
        ModuleParameter("rate", 0.5),
        ModuleParameter("spare", 1),
    )
    net = Sketch()
    x = net.add("one", "module:Block", net.input((3, 16, 16)), spare=7)
    net.output(net.add("two", "module:Block", x, depth=3, width=5))
    modules = [
        Module("Block", declared, block.graph),
        Module("Inner", (ModuleParameter("width", 4),), inner.graph),
    ]
    return Document("net", net.graph, modules)


def _parameters(document: Document, key: str, name: str) -> dict[str, Any]:
    node = document.graph(key).by_name(name)
    assert node is not None
    return dict(node.parameters)


def test_what_uses_a_parameter_and_what_sets_it_follow() -> None:
    document = _document()
    before = analyze(document)
    done(document, rename_parameter(document, "Block", "width", "size"))
    assert document.modules["Block"].parameters[0] == ModuleParameter("size", 3, "How wide.")
    assert _parameters(document, "Block", "conv") == {
        "out_channels": "=4*size",
        "kernel_size": ["=size", "=size"],
    }
    more = document.graph("Block").by_name("more")
    assert more is not None
    assert (more.parameters, more.when) == ({"width": "=size + 1"}, "size>2 and deep")
    assert list(_parameters(document, "", "two").items()) == [("depth", 3), ("size", 5)]
    assert _parameters(document, "Inner", "conv")["out_channels"] == "=width"
    after = analyze(document)
    assert after.ok
    assert (after.totals, after.problems) == (before.totals, before.problems)


def test_an_inner_one_is_set_by_what_is_around() -> None:
    document = _document()
    before = analyze(document)
    done(document, rename_parameter(document, "Inner", "width", "size"))
    assert _parameters(document, "Block", "more") == {"size": "=width + 1"}
    after = analyze(document)
    assert after.ok
    figures = [[(leaf.path, leaf.output_shape) for leaf in one.leaves()] for one in (before, after)]
    assert figures[0] == figures[1]


def test_repeats_follow_too() -> None:
    document = _document()
    done(document, rename_parameter(document, "Block", "depth", "times"))
    more = document.graph("Block").by_name("more")
    assert more is not None
    assert more.repeat == "=times"


def test_the_same_name_changes_nothing() -> None:
    assert rename_parameter(_document(), "Block", "width", "width") == []


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("depth", "duplicate-name", "another is called 'depth'"),
        ("2x", "name-not-identifier", "'2x'"),
        ("", "name-empty", "needs a name"),
        ("in_channels", "name-reserved", "'in_channels'"),
    ],
)
def test_what_cannot_be_a_name_is_said(name: str, code: str, words: str) -> None:
    problem = rename_parameter(_document(), "Block", "width", name)
    assert isinstance(problem, Problem)
    assert (problem.code, words in problem.message) == (code, True), problem.message


def test_a_name_that_does_not_fit_into_an_expression_is_refused() -> None:
    document = _document()
    block = document.graph("Block")
    conv = block.by_name("conv")
    assert conv is not None
    block.replace_node(conv.with_parameters(out_channels="=" + " + ".join(["width"] * 24)))
    problem = rename_parameter(document, "Block", "width", "width_of_the_block")
    assert isinstance(problem, Problem)
    assert (problem.code, problem.path) == ("bad-expression", "conv")
    assert "at most 200 characters" in problem.message


@pytest.mark.parametrize(
    ("name", "places", "wanted"),
    [
        ("width", 1, ["depth", "width", "deep", "rate", "spare"]),
        ("rate", -2, ["width", "rate", "depth", "deep", "spare"]),
        ("deep", 99, ["width", "depth", "rate", "spare", "deep"]),
    ],
)
def test_parameters_stand_in_another_order(name: str, places: int, wanted: list[str]) -> None:
    document = _document()
    before = analyze(document)
    done(document, move_parameter(document, "Block", name, places))
    assert [parameter.name for parameter in document.modules["Block"].parameters] == wanted
    assert analyze(document).totals == before.totals


def test_at_an_end_nothing_moves() -> None:
    assert move_parameter(_document(), "Block", "width", -1) == []
    assert move_parameter(_document(), "Block", "spare", 1) == []


def test_one_that_nothing_uses_goes_whatever_instances_set() -> None:
    document = _document()
    before = analyze(document)
    done(document, unexpose(document, "Block", "spare"))
    assert [p.name for p in document.modules["Block"].parameters] == ["width", "depth", "deep", "rate"]
    assert _parameters(document, "", "one") == {}
    assert analyze(document).totals == before.totals


@given(documents(), st.data())
@examples(0.5)
def test_in_any_network_a_name_is_but_a_name(document: Document, data: st.DataObject) -> None:
    choices = [(module.name, p.name) for module in document.modules.values() for p in module.parameters]
    assume(choices)
    module, name = data.draw(st.sampled_from(choices))
    note(f"{name} of {module}: {write_document(document)}")
    text, before = write_document(document), analyze(document)
    edits = rename_parameter(document, module, name, "freshly_called")
    assert not isinstance(edits, Problem), edits
    document.apply(Batch(tuple(edits)))
    after = analyze(document)
    assert (after.totals, after.output_shapes) == (before.totals, before.output_shapes)
    assert [problem.code for problem in after.problems] == [problem.code for problem in before.problems]
    back = rename_parameter(document, module, "freshly_called", name)
    assert not isinstance(back, Problem)
    document.apply(Batch(tuple(back)))
    assert write_document(document) == text
