"""Split: an output for each part, as many as its parameters say, all of them views of what arrives."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from builder.analysis import analyze
from builder.analysis.memory import Budget
from builder.document import Document
from builder.graph import Edge
from builder.links import ports_of
from builder.sketch import Sketch
from runtime.codegen import Source, generate
from runtime.compile import Tapped, build


def _shuffle_unit(**parameters: object) -> tuple[Document, str]:
    """Half of the channels go round a convolution."""
    sketch = Sketch()
    split = sketch.add("split", "split", sketch.input((8, 6, 6)), **parameters)
    conv = sketch.add("conv", "conv", split, out_channels=4, kernel_size=3, padding=1)
    sketch.output(sketch.add("concat", "concat", conv, split._replace(port="1")))
    return Document("unit", sketch.graph), split.node


@pytest.mark.parametrize("parameters", [{}, {"sizes": [4, 4]}, {"sections": 2}])
def test_half_of_the_channels_take_another_way(parameters: dict[str, object]) -> None:
    document, node = _shuffle_unit(**parameters)
    analysis = analyze(document)
    assert analysis.ok, analysis.problems
    assert analysis.view().reports[node].output_shapes == {"0": (4, 6, 6), "1": (4, 6, 6)}
    source = generate(document)
    assert isinstance(source, Source)
    call = "torch.split(x, (4, 4), dim=1)" if "sizes" in parameters else "torch.chunk(x, 2, dim=1)"
    assert f"split_0, split_1 = {call}" in source.text
    module = build(document)
    x = torch.randn(2, 8, 6, 6)
    seen = Tapped(document, module).run(x)
    assert torch.equal(seen["split"], x[:, :4])
    assert torch.equal(module(x)[:, 4:], x[:, 4:])
    assert Budget(analysis, batch=2).total().peak > 0


def test_outputs_follow_the_parameters_and_wires_to_those_that_went_are_told() -> None:
    document, node = _shuffle_unit()
    graph = document.network
    assert ports_of(document, graph.node(node), "").outputs == ("0", "1")
    before = analyze(document)
    graph.replace_node(graph.node(node).with_parameters(sizes=[1, 3, 4]))
    assert ports_of(document, graph.node(node), "").outputs == ("0", "1", "2")
    after = analyze(document, previous=before)
    assert list(after.view().reports[node].output_shapes.values()) == [(1, 6, 6), (3, 6, 6), (4, 6, 6)]
    (concat,) = (n.id for n in graph if n.block == "concat")
    graph.disconnect(Edge(node, "1", concat, "1"))
    graph.connect(Edge(node, "2", concat, "1"))
    assert analyze(document, previous=after).ok
    graph.replace_node(graph.node(node).with_parameters(sizes=[4, 4]))
    told = analyze(document, previous=after)
    assert "no-such-port" in {problem.code for problem in told.problems}


def test_the_number_of_outputs_is_no_expression() -> None:
    document, _ = _shuffle_unit(sections="=in_channels // 2")
    assert "outputs-not-counted" in {problem.code for problem in analyze(document).problems}


def test_a_split_is_not_repeated() -> None:
    document, node = _shuffle_unit()
    graph = document.network
    graph.replace_node(replace(graph.node(node), repeat=2))
    assert "bad-repeat" in {problem.code for problem in analyze(document).problems}
