"""The connection table of LeNet-5: what is connected is counted, learnt and run."""

from __future__ import annotations

import ast

import pytest
import torch

from builder.analysis import analyze
from builder.blocks import REGISTRY
from builder.blocks.connected import LENET5, ConnectedConv
from builder.document import Document
from builder.entry import EntryError, parse, show
from builder.sketch import Sketch
from runtime.codegen import Source, generate
from runtime.compile import build

PRESET = {preset.title: dict(preset.parameters) for preset in ConnectedConv.presets}["LeNet-5 C3"]


def _network(**parameters: object) -> Document:
    sketch = Sketch()
    sketch.output(sketch.add("c3", "connected_conv", sketch.input((6, 14, 14)), **parameters))
    return Document("c3", sketch.graph)


def test_lenets_third_layer_has_the_parameters_and_connections_of_the_paper() -> None:
    analysis = analyze(_network(**PRESET))
    assert analysis.ok
    assert analysis.totals.parameters == 1516
    assert analysis.totals.macs + 16 * 10 * 10 == 151_600  # the paper counts the bias
    assert analysis.output_shapes == [(16, 10, 10)]
    formulas = {formula.title: formula for formula in analysis.leaves()[1].explain()}
    assert formulas["Connections"].result == "60"
    assert formulas["Parameters"].numbers == "60 · 5 · 5 + 16"


def test_it_computes_a_dense_convolution_with_zeros_where_nothing_is_connected() -> None:
    module = build(_network(**PRESET))
    layer = module.get_submodule("c3")
    assert set(module.state_dict()) == {"c3.weight", "c3.bias"}
    dense = torch.zeros(16, 6, 5, 5)
    for number, (kernel, index) in enumerate((k, i) for k, row in enumerate(LENET5) for i in row):
        dense[kernel, index] = layer.weight[number, 0]
    x = torch.randn(3, 6, 14, 14)
    assert torch.allclose(module(x), torch.conv2d(x, dense, layer.bias), atol=1e-5)


def test_its_weights_begin_as_wide_as_those_of_a_convolution_with_as_many_inputs() -> None:
    torch.manual_seed(0)
    layer = build(_network(**PRESET)).get_submodule("c3")
    first = 0
    for kernel, row in enumerate(LENET5):
        bound = (len(row) * 25) ** -0.5
        weights = layer.weight[first : first + len(row)].abs()
        assert 0.9 * bound < weights.max() <= bound
        assert layer.bias[kernel].abs() <= bound
        first += len(row)


def test_the_source_is_written_over_lines_that_fit() -> None:
    source = generate(_network(**PRESET))
    assert isinstance(source, Source)
    assert max(map(len, source.text.splitlines())) <= 100
    assert ast.parse(source.text)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ([], "row for each"),
        ([[0], []], "row 1 is []"),
        ([[0], [1, -1]], "entry 1 of row 1 is -1"),
        ([[0], [2, 1, 2]], "row 1 names 2 twice"),
        ([[0], 3], "row 1 is 3"),
        ([[0], ["=width"]], "entry 0 of row 1"),
    ],
)
def test_a_wrong_table_is_told_with_its_row_and_entry(table: object, told: str) -> None:
    (problem,) = REGISTRY["connected_conv"].check({"table": table})
    assert told in problem.message


def test_a_map_that_does_not_arrive_is_told_and_one_that_nobody_reads_is_advice() -> None:
    (outside,) = (p for p in analyze(_network(table=[[0], [3, 6]])).problems if p.is_error)
    assert "kernel 1 reads map 6, and 6 arrive (0 to 5)" in outside.message
    (unread,) = analyze(_network(table=[[0, 1], [3, 5]])).problems
    assert unread.code == "maps-unread"
    assert "2, 4 of 6" in unread.message


def test_a_table_is_typed_as_it_is_shown() -> None:
    table = ConnectedConv.table
    text = show(table, [list(row) for row in LENET5])
    assert text.startswith("0 1 2; 1 2 3; ")
    assert parse(table, text) == [list(row) for row in LENET5]
    assert parse(table, "0,1 ; 2;") == [[0, 1], [2]]
    with pytest.raises(EntryError, match="row 0 names 1 twice"):
        parse(table, "1 1")
