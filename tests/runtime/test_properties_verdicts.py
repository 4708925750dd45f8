"""Any drawing at all, whether it can work or not: the verdict is PyTorch's, and so are the shapes of what works."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from builder.analysis import analyze
from builder.blocks import REGISTRY
from builder.document import Document, Module
from builder.edits import AddModule
from builder.graph import Node
from builder.sketch import Sketch, Wire
from builder.writing import write_document
from runtime.codegen import Source, generate
from tests.block_strategies import parameters_of
from tests.network_strategies import arguments, inputs_of, libraries
from tests.oracles.cases import examples
from tests.oracles.documents import Env, Interpreted, values_of
from tests.oracles.torch_blocks import REFUSALS, house_rule

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")

#: Expressions that may have no value, or one that no parameter takes.
_DARING = ("=width - 3", "=width // (stride - 1)", "=in_channels // 2", "=depth", "=2 * width", "=-width")


class HouseRefusalError(ValueError):
    """The program refuses here, by one of its own rules, what PyTorch would take."""


class Judged(Interpreted):
    """A reading that also knows the program's own rules."""

    def _leaf(self, node: Node, env: Env, sources: tuple[int, ...], path: Sequence[str]) -> int:
        values = values_of(node, env)
        if problems := REGISTRY[node.block].check(values):
            raise HouseRefusalError(
                problems[0].message
            )  # the declared ranges: PyTorch makes convs of no channels
        shapes = [tuple(self._metas[source].shape[1:]) for source in sources]
        rule = house_rule(node.block, values, shapes)
        if rule is not None and rule.refuses:
            raise HouseRefusalError(rule.name)
        return super()._leaf(node, env, sources, path)


@st.composite
def drafts(draw: st.DrawFn) -> Document:
    """A few blocks and modules with any parameters, each wired to anything before it; every loose end is an output."""
    modules: tuple[Module, ...] = draw(libraries())
    document = Document("draft")
    for module in modules:
        document.apply(AddModule(module))
    net = Sketch(document.network)
    axes = draw(st.sampled_from((2, 2, 1, 3)))
    shape = [draw(st.integers(1, 6)), *(draw(st.integers(1, 9)) for _ in range(axes))]
    wires: list[Wire] = [net.input(tuple(shape))]
    blocks = sorted(set(REGISTRY) - {"input", "output"})
    for number in range(draw(st.integers(1, 6))):
        name = f"n{number}"
        if modules and draw(st.integers(0, 3)) == 0:
            module = draw(st.sampled_from(modules))
            given_ = draw(arguments(symbolic=False, stride=True))
            if draw(st.booleans()):
                given_["width"] = draw(st.sampled_from((0, -1, 7, "=in_channels - 1")))
            ports = tuple(n.name for n in module.graph if n.block == "input")
            sources = [_source(draw, wires) for _ in range(inputs_of(module))]
            wire = net.add(name, module.block, *sources, ports=ports, **given_)
            wires.append(wire._replace(port=_output_of(module)))
            continue
        block = REGISTRY[draw(st.sampled_from(blocks))]
        parameters: dict[str, Any] = draw(parameters_of(block, axes))
        count = draw(st.integers(2, 3)) if block.variadic else len(block.inputs)
        sources = [_source(draw, wires) for _ in range(count)]
        wire = net.add(name, block.id, *sources, **parameters)
        wires += [wire._replace(port=port) for port in block.outputs]
    graph = document.network
    used = {(edge.source, edge.source_port) for edge in graph.edges()}
    for number, wire in enumerate(w for w in wires if (w.node, w.port) not in used):
        net.output(wire, f"output{number}")
    return document


def _source(draw: st.DrawFn, wires: list[Wire]) -> Wire:
    return wires[-1] if draw(st.booleans()) else draw(st.sampled_from(wires))


def _output_of(module: Module) -> str:
    return next(node.name for node in module.graph if node.block == "output")


def _judge(document: Document) -> Interpreted | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of initialising what has no elements
            return Judged(document)
    except (*REFUSALS, ArithmeticError, NameError) as refusal:
        note(f"PyTorch: {type(refusal).__name__}: {refusal}")
        return None


@given(drafts())
@examples(2)
def test_what_is_accepted_runs_and_what_is_refused_does_not(document: Document) -> None:
    note(write_document(document))
    analysis = analyze(document)
    for problem in analysis.problems:
        note(problem.message)
    plain = _judge(document)
    assert analysis.ok == (plain is not None)
    source = generate(document)
    assert isinstance(source, Source) == analysis.ok
    if plain is not None:
        leaves = {leaf.path: leaf for leaf in analysis.leaves()}
        for path, shape in plain.shapes().items():
            assert leaves[path].output_shape == shape, path


@given(drafts(), st.data())
@examples(0.5)
def test_refusals_within_modules_are_told_where_they_are(document: Document, data: st.DataObject) -> None:
    """Daring expressions: whatever is wrong leads to a node that is there."""
    modules = [module for module in document.modules.values() if any(n.block == "conv" for n in module.graph)]
    for module in modules:
        node = next(n for n in module.graph if n.block == "conv")
        module.graph.replace_node(node.with_parameters(out_channels=data.draw(st.sampled_from(_DARING))))
    note(write_document(document))
    analysis = analyze(document)
    assert analysis.ok == (_judge(document) is not None)
    for problem in analysis.problems:
        note(problem.message)
        if problem.is_error and problem.code not in ("no-input", "no-output"):
            assert problem.address is not None
            assert problem.address.node in document.graph(problem.address.graph)
