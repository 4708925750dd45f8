"""Other input sizes: the smallest that works is what trying all finds, a sweep is what analysing each says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from builder.analysis import analyze
from builder.analysis.memory import Budget
from builder.analysis.sizes import Minimum, Sizes, minimum_input, sweep
from builder.analysis.smallest import TOO_SMALL
from builder.architectures import ARCHITECTURES
from builder.blocks import REGISTRY
from builder.document import Document
from builder.edits import apply_all
from builder.errors import Problem
from builder.fixes import proposals
from builder.sketch import Sketch
from builder.writing import write_document
from tests.block_strategies import TAKING, parameters_of
from tests.network_strategies import documents
from tests.oracles.cases import examples

MAPPED = [block_id for block_id in TAKING if max(REGISTRY[block_id].ranks) > 1]


@pytest.mark.parametrize("block_id", MAPPED)
def test_no_block_makes_a_larger_map_of_a_smaller_one(block_id: str) -> None:
    """What the search for the smallest input relies on when it leaves sizes out."""
    cls = REGISTRY[block_id]
    sizes = st.integers(1, 24)

    @given(st.data())
    @examples(0.5)
    def check(data: st.DataObject) -> None:
        dims = data.draw(st.sampled_from([rank - 1 for rank in cls.ranks if rank > 1]))
        block = cls.create(data.draw(parameters_of(cls, dims)))
        pairs = [sorted((data.draw(sizes), data.draw(sizes))) for _ in range(dims)]
        channels = data.draw(st.integers(1, 6))
        number = 2 if cls.variadic else len(cls.inputs)
        small, large = (
            block.infer([(channels, *(pair[which] for pair in pairs))] * number) for which in (0, 1)
        )
        if isinstance(large, Problem):
            assert large.code not in TOO_SMALL or isinstance(small, Problem)
        elif not isinstance(small, Problem) and len(small) > 1:
            assert all(a <= b for a, b in zip(small[1:], large[1:], strict=True))

    check()


@given(documents(largest=40))
@examples(0.3)
def test_the_smallest_input_is_what_trying_every_size_finds(document: Document) -> None:
    note(write_document(document))
    found = minimum_input(document)
    drawn = analyze(document).input_shapes[0]
    assert drawn is not None
    if len(drawn) == 1:
        assert found is None
        return
    assert found is not None
    channels, *spatial = drawn
    dims, top = len(spatial), max(spatial)

    def works(*sizes: int) -> bool:
        return analyze(document, input_shape=(channels, *sizes)).ok

    equal = {n: works(*[n] * dims) for n in range(1, top + 1)}
    assert any(equal.values()) or found.square is None or found.square[0] > top
    if found.square is None or found.square[0] > top:
        assert not any(equal.values())
        return
    first = found.square[0]
    assert equal[first]
    assert not any(equal[n] for n in range(1, first))
    invalid = [n for n in range(first, top + 1) if not equal[n]]
    assert found.gap == ((invalid[0],) * dims if invalid else None)
    if found.axes is not None:
        assert works(*found.axes)
        for axis, size in enumerate(found.axes):
            if size > 1:
                assert not works(*spatial[:axis], size - 1, *spatial[axis + 1 :])


def _two_paths(stride: int) -> Document:
    """Halved on one way, untouched on the other: they meet only where rounding agrees."""
    net = Sketch()
    x = net.input((3, 64, 64))
    a = net.add("up", "conv", x, out_channels=4, kernel_size=stride, stride=stride)
    b = net.add("down", "conv", x, out_channels=4, kernel_size=3, padding=1, stride=stride)
    net.output(net.add("meet", "concat", a, b))
    return Document("paths", net.graph)


def test_sizes_in_between_that_do_not_work_are_told() -> None:
    """2·⌊n/2⌋ against 2·⌈n/2⌉: only even sizes."""
    found = minimum_input(_two_paths(2))
    assert found == Minimum((2, 2), (2, 2), (64, 64), (3, 3))
    assert found.to_json() == {
        "square": [2, 2], "axes": [2, 2], "all_larger_valid": False, "first_invalid": [3, 3], "up_to": [64, 64],
    }  # fmt: skip


def test_axes_have_their_own_smallest_sizes() -> None:
    net = Sketch()
    x = net.add("conv", "conv", net.input((1, 40, 30)), kernel_size=[3, 7])
    net.output(net.add("pool", "max_pool", x, kernel_size=[4, 2], stride=1))
    found = minimum_input(Document("tall", net.graph))
    assert found == Minimum((8, 8), (6, 8), (40, 40), None)


@pytest.mark.parametrize(("name", "size"), [("lenet5", 12), ("vgg16", 32), ("resnet18", 1)])
def test_smallest_inputs_of_architectures(name: str, size: int) -> None:
    found = minimum_input(ARCHITECTURES[name].build())
    assert found is not None
    assert (found.square, found.axes, found.gap) == ((size, size), (size, size), None)


def test_without_an_input_that_has_axes_there_is_no_smallest() -> None:
    assert minimum_input(Document()) is None
    net = Sketch()
    net.output(net.add("fc", "linear", net.input((12,)), out_features=3))
    assert minimum_input(Document("vector", net.graph)) is None


def test_what_no_size_mends_has_no_smallest_input() -> None:
    net = Sketch()
    net.add("conv", "conv", net.input((1, 4, 4)))
    found = minimum_input(Document("open", net.graph))
    assert found is not None
    assert found.square is None
    assert found.to_json()["all_larger_valid"] is None


def test_a_map_that_is_too_small_says_which_input_is_large_enough_and_offers_it() -> None:
    document = ARCHITECTURES["vgg16"].build(input_shape=(3, 20, 20))
    analysis = analyze(document)
    (problem,) = (problem for problem in analysis.problems if problem.is_error)
    assert problem.message.endswith("The smallest input is 32×32.")
    inside = analysis.leaf(problem.path)
    assert inside is not None
    assert inside.problems[0].message == problem.message
    repair = next(p for p in proposals(document, analysis, problem) if p.id == "enlarge-input")
    assert repair.label == "Input 3×32×32"
    apply_all(document, repair.edits)
    after = analyze(document)
    assert after.ok
    assert after.input_shapes == [(3, 32, 32)]


def test_what_is_wrong_elsewhere_too_does_not_promise_that_size_helps() -> None:
    net = Sketch()
    x = net.input((3, 4, 4))
    net.output(net.add("small", "conv", x, kernel_size=5))
    net.output(net.add("odd", "conv", x, kernel_size=1, groups=2), name="other")
    problems = analyze(Document("two", net.graph)).problems
    assert {problem.code for problem in problems} == {"kernel-too-large", "groups-do-not-divide"}
    assert all("smallest" not in problem.message for problem in problems)


def test_a_sweep_is_the_analysis_of_each_size() -> None:
    document = ARCHITECTURES["lenet5"].build()
    rows = list(sweep(Sizes(document, batch=4), range(8, 33, 8), precision="bf16", optimizer="adamw"))
    assert [row.size for row in rows] == [8, 16, 24, 32]
    for row in rows:
        analysis = analyze(document, batch=4, input_shape=(1, row.size, row.size))
        totals = analysis.totals
        assert (row.parameters, row.macs) == (totals.parameters, totals.macs)
        assert row.output_shapes == tuple(analysis.output_shapes)
        assert row.memory == Budget(analysis, precision="bf16", optimizer="adamw").total()
        assert (row.problem is None) == analysis.ok == row.to_json()["ok"]
    problem: Any = rows[0].to_json()["problem"]
    assert problem["code"] == "kernel-too-large"
    assert rows[1].parameters < rows[2].parameters  # the first linear layer grows with the map


def test_a_sweep_leaves_the_document_and_its_analysis_alone() -> None:
    document = ARCHITECTURES["resnet18"].build()
    analysis = analyze(document)
    revision, totals = document.revision, analysis.totals
    assert len(list(sweep(Sizes(document), (32, 64)))) == 2
    assert document.revision == revision
    assert analyze(document, previous=analysis).totals == totals == analyze(document).totals
