"""Networks side by side: what differs, and nothing else."""

from __future__ import annotations

import pytest

from builder.architectures import ARCHITECTURES
from builder.comparing import ABSENT, compare_networks, differing, written
from builder.document import Document
from builder.edits import MoveNodes
from builder.sketch import Sketch


def draw(drop: bool = False, **conv: object) -> Document:
    sketch = Sketch()
    wire = sketch.add(
        "conv1", "conv", sketch.input((1, 8, 8)), **{"out_channels": 4, "kernel_size": 3, **conv}
    )
    wire = sketch.add("relu1", "relu", wire)
    if drop:
        wire = sketch.add("drop", "dropout", wire, p=0.25)
    wire = sketch.add("flatten", "flatten", wire)
    sketch.output(sketch.add("fc", "linear", wire, out_features=10))
    return Document("small", sketch.graph)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_an_architecture_does_not_differ_from_itself(name: str) -> None:
    built = ARCHITECTURES[name].build()
    assert compare_networks([built, built.copy(), ARCHITECTURES[name].build()]) == ()


def test_a_parameter_that_differs_is_a_row_and_a_stock_value_written_out_is_none() -> None:
    (found,) = compare_networks([draw(), draw(out_channels=6), draw(stride=1)])
    assert (found.key, found.label) == ("conv1.out_channels", "conv1 · out_channels")
    assert found.values == (4, 6, 4)
    assert found.texts == ("4", "6", "4")


def test_a_node_that_is_not_everywhere_is_told_with_what_it_is_and_where_it_was_put() -> None:
    found = {row.key: row for row in compare_networks([draw(), draw(drop=True)])}
    assert set(found) == {"drop", "flatten.from"}
    assert found["drop"].values[0] is None
    assert found["drop"].texts[0] == ABSENT
    assert "Dropout" in found["drop"].texts[1]
    assert "0.25" in found["drop"].texts[1]
    assert found["flatten.from"].texts == ("relu1", "drop")


def test_where_things_are_drawn_makes_no_difference() -> None:
    one, other = draw(), draw()
    node = other.network.by_name("conv1")
    assert node is not None
    other.apply(MoveNodes("", {node.id: (400.0, 7.0)}))
    assert compare_networks([one, other]) == ()


def test_modules_are_compared_once_each() -> None:
    small, large = ARCHITECTURES["resnet18"].build(), ARCHITECTURES["resnet34"].build()
    found = compare_networks([small, large])
    assert {row.key: row.values for row in found if row.key.startswith("layer")}
    assert not [row for row in found if "BasicBlock" in row.key]
    bottleneck = compare_networks([small, ARCHITECTURES["resnet50"].build()])
    assert {"module:BasicBlock", "module:Bottleneck"} <= {row.key for row in bottleneck}


def test_values_are_written_as_people_read_them() -> None:
    said = [written(value) for value in (True, 1, 0.001, [3, 5], "same", [1, None], 10**400 + 1)]
    assert said[:6] == ["on", "1", "0.001", "3×5", "same", "[1, null]"]
    assert differing([{"a": 1, "b": 1}, {"a": 1.0, "b": True}])[0].key == "b"
