"""Fields of tensors whose axes were put into another order: what is said is what the structural gradient shows."""

from __future__ import annotations

from itertools import product
from typing import Any

import torch
from hypothesis import given, note
from hypothesis import strategies as st

from builder.analysis import Analysis, analyze
from builder.document import Document, Module
from builder.graph import Graph
from builder.sketch import Sketch, Wire
from builder.writing import write_document
from runtime.compile import build
from tests.oracles.cases import examples
from tests.oracles.documents import Interpreted
from tests.oracles.support import impulse_support

#: Sizes that differ, and sizes that go together in any order.
SHAPES = ((2, 5, 4), (4, 4, 4), (3, 6), (4, 4), (2, 3, 4, 3), (3, 3, 3, 3))
BY_ITSELF = ("relu", "layer_norm", "linear", "identity")
OF_EQUALS = ("add", "maximum", "multiply")
#: What reads the first axis as channels and the others as positions.
ANY = ("conv", "softmax", "flatten", "slice", "channel_shuffle", "avg_pool")
GIVEN: dict[str, dict[str, Any]] = {
    "linear": {"over": "last"},
    "layer_norm": {"over": "last"},
    "conv": {"out_channels": 3, "kernel_size": 3, "padding": 1},
    "slice": {"start": 1},
    "channel_shuffle": {"groups": 1},
    "avg_pool": {"kernel_size": 1},
}


@st.composite
def _some(draw: st.DrawFn, net: Sketch, name: str, x: Wire, rank: int, size: int | None) -> Wire:
    """A few blocks: permutations, convolutions that keep the size, and what goes along the last axis."""
    for number in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(("permute", "permute", "conv", *BY_ITSELF)))
        given = dict(GIVEN.get(kind, {}))
        if kind == "permute":
            given["dims"] = draw(st.permutations(range(1, rank + 1)))
        elif size is not None and kind in ("conv", "linear"):
            given["out_channels" if kind == "conv" else "out_features"] = size
        x = net.add(f"{name}{number}", kind, x, **given)
    return x


def _check(document: Document) -> Analysis:
    """Of every leaf, at every position: what is seen, exactly; and what size, jump and start say."""
    analysis = analyze(document)
    assert analysis.ok, analysis.problems
    (shape,) = (found for found in analysis.input_shapes if found is not None)
    whole = tuple((0, size - 1) for size in shape[1:])
    for path, seen in impulse_support(Interpreted(document).double().eval().everything, shape).items():
        leaf = analysis.leaf(path)
        assert leaf is not None
        told = leaf.receptive_field
        assert told is not None
        assert (told.size is None) == (
            analysis.field(path, (0,) * len(seen.positions), clipped=False) is None
        )
        for position in product(*map(range, seen.positions)):
            support = seen.field(position)
            assert analysis.field(path, position) == support, (path, position)
            if told.is_global:  # what is local beside it is cut from it
                assert support == whole
            elif told.size is not None:
                field = analysis.field(path, position, clipped=False)
                assert field is not None
                inside = [
                    (max(first, 0), min(last, end))
                    for (first, last), (_, end) in zip(field, whole, strict=True)
                ]
                assert tuple(inside) == support, (path, position)
                widths = [last - first + 1 for first, last in field]
                assert all(width <= size for width, size in zip(widths, told.size, strict=True)), path
    return analysis


@given(st.sampled_from(SHAPES), st.data())
@examples(0.6)
def test_chains_with_permutations(shape: tuple[int, ...], data: st.DataObject) -> None:
    net = Sketch()
    x = data.draw(_some(net, "a", net.input(shape), len(shape), None))
    last = data.draw(st.sampled_from((*ANY, "relu")))
    if last != "slice" or analyze(Document("net", net.graph)).view().reports[x.node].output_shape[0] > 1:  # type: ignore[index]
        x = net.add("last", last, x, **GIVEN.get(last, {}))
    net.output(x)
    _noted(Document("net", net.graph))


@given(st.sampled_from([shape for shape in SHAPES if len(set(shape)) == 1]), st.data())
@examples(0.6)
def test_branches_whose_axes_lie_in_different_orders(shape: tuple[int, ...], data: st.DataObject) -> None:
    net = Sketch()
    x = net.input(shape)
    rank, size = len(shape), shape[0]
    branches = [data.draw(_some(net, name, x, rank, size)) for name in "ab"]
    y = net.add("meet", data.draw(st.sampled_from((*OF_EQUALS, "concat"))), *branches)
    net.output(data.draw(_some(net, "c", y, rank, None)))
    _noted(Document("net", net.graph))


@given(st.sampled_from(SHAPES), st.data())
@examples(0.4)
def test_modules_that_get_another_order(shape: tuple[int, ...], data: st.DataObject) -> None:
    rank = len(shape)
    inner = Sketch(Graph("Inner"))
    inner.output(data.draw(_some(inner, "i", inner.input(), rank, None)))
    net = Sketch()
    x = data.draw(_some(net, "a", net.input(shape), rank, None))
    x = net.add("inner", "module:Inner", x, repeat=data.draw(st.sampled_from((1, 2))))
    net.output(data.draw(_some(net, "b", x, rank, None)))
    _noted(Document("net", net.graph, [Module("Inner", (), inner.graph)]))


@given(st.permutations((1, 2, 3)), st.data())
@examples(0.3)
def test_gates_are_stretched_wherever_the_channels_are(order: list[int], data: st.DataObject) -> None:
    """A tensor of which some axes are one, both in the same order or not, or a vector."""
    net = Sketch()
    x = net.input((3, 3, 3))
    pooled = data.draw(st.sampled_from(((3, 1), (1, 3), (3, 3), (1, 1))))
    gate = net.add("gate", "max_pool", x, kernel_size=list(pooled), stride=list(pooled))
    if data.draw(st.booleans()):
        gate = net.add("one", "conv", gate, out_channels=1, kernel_size=1)
    if data.draw(st.booleans()):
        gate = net.add("vector", "global_avg_pool", gate)
    turned = net.add("turned", "permute", x, dims=order)
    if gate.node != next(n.id for n in net.graph if n.name == "gate") or data.draw(st.booleans()):
        shape = analyze(Document("net", net.graph)).view().reports[gate.node].output_shape
        if shape is not None and len(shape) == 3:
            gate = net.add("gate_turned", "permute", gate, dims=order)
    product_ = net.add("meet", "multiply", turned, gate)
    net.output(product_)
    document = Document("net", net.graph)
    if analyze(document).ok:
        note(write_document(document))
        _check_clipped(document)


def _noted(document: Document) -> None:
    note(write_document(document))
    _check(document)


def _check_clipped(document: Document) -> None:
    analysis = analyze(document)
    (shape,) = (found for found in analysis.input_shapes if found is not None)
    for path, seen in impulse_support(Interpreted(document).double().eval().everything, shape).items():
        for position in product(*map(range, seen.positions)):
            assert analysis.field(path, position) == seen.field(position), (path, position)


def test_padding_sees_nothing_of_a_product_of_unlike_tensors() -> None:
    net = Sketch()
    x = net.add("turned", "permute", net.input((1, 12)), dims="channels_last")
    y = net.add("gated", "multiply", x, net.add("gate", "global_avg_pool", x, keepdim=True))
    net.output(net.add("pad", "pad", y, padding=1))
    analysis = analyze(Document("net", net.graph))
    assert analysis.field("pad", (0,)) is None
    assert analysis.field("pad", (1,)) == ((0, 11),)


def test_a_table_looks_at_the_wrong_neighbours_as_a_convolution_does() -> None:
    for block, parameters in (("connected_conv", {"table": [[0]]}), ("conv", {"out_channels": 1})):
        net = Sketch()
        x = net.add("turned", "permute", net.input((2, 1)), dims=[2, 1])
        net.output(net.add("conv", block, x, kernel_size=1, padding=3, **parameters))
        _check_clipped(Document("net", net.graph))


def test_a_mixture_of_rows_and_columns_is_local_and_not_told() -> None:
    net = Sketch()
    x = net.input((2, 4, 4))
    net.output(net.add("meet", "add", x, net.add("turned", "permute", x, dims=[1, 3, 2])))
    analysis = _check(Document("net", net.graph))
    leaf = analysis.leaf("meet")
    assert leaf is not None
    assert leaf.receptive_field is not None
    assert (leaf.receptive_field.size, leaf.receptive_field.is_global) == (None, False)
    assert leaf.explain()[-1].result == "local"
    assert analysis.field("meet", (0, 3)) == ((0, 3), (0, 3))
    assert not any(problem.code == "branches-misaligned" for problem in analysis.problems)


def test_size_and_jump_are_told_along_the_axes_of_the_picture() -> None:
    net = Sketch()
    x = net.add("strip", "conv", net.input((3, 20, 9)), out_channels=4, kernel_size=[5, 1], stride=[2, 1])
    x = net.add("turned", "permute", x, dims=[3, 2, 1])
    net.output(net.add("sum", "linear", x, over="last"))
    document = Document("net", net.graph)
    analysis = analyze(document)
    leaf = analysis.leaf("sum")
    assert leaf is not None
    assert leaf.output_shape == (9, 8, 10)
    assert leaf.receptive_field is not None
    assert (leaf.receptive_field.size, leaf.receptive_field.jump) == ((5, 1), (2, 1))
    assert analysis.field("sum", (3, 2), clipped=False) == ((4, 8), (3, 3))
    assert build(document)(torch.zeros(1, 3, 20, 9)).shape == (1, 9, 8, 10)
