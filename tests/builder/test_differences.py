"""How much two states of a document differ, in words."""

from __future__ import annotations

import pytest

from builder.acts import delete_nodes
from builder.architectures import ARCHITECTURES
from builder.differences import Differences, differences
from builder.edits import AddNode, Disconnect, MoveNodes, ReplaceNode, SetName, SetSettings, apply_all
from builder.graph import Node


def test_the_same_differs_in_nothing() -> None:
    for name in ("lenet5", "resnet18"):
        assert differences(ARCHITECTURES[name].build(), ARCHITECTURES[name].build()) == Differences()


def test_every_kind_is_counted() -> None:
    before, after = ARCHITECTURES["resnet18"].build(), ARCHITECTURES["resnet18"].build()
    net = after.network
    conv, norm = net.by_name("conv1"), net.by_name("bn1")
    assert conv is not None
    assert norm is not None
    apply_all(after, [SetName("other"), SetSettings("training", {"epochs": 3})])
    apply_all(after, [ReplaceNode("", conv.with_parameters(out_channels=7))])
    apply_all(after, [MoveNodes("", {norm.id: (5.0, 5.0)})])
    apply_all(after, [AddNode("", Node("fresh", "fresh", "relu")), AddNode("", Node("more", "more", "relu"))])
    module = next(iter(after.modules))
    first = next(iter(after.modules[module].graph))
    wires = len(list(after.modules[module].graph.outgoing(first.id)))
    apply_all(after, delete_nodes(after, module, [first.id]))
    found = differences(before, after)
    placed = found.wires - wires  # wires of placed modules that ended at a port
    assert found == Differences(2, 1, 1, 1, wires + placed, 2)
    back = differences(after, before)
    assert (back.added, back.removed, back.changed, back.moved) == (1, 2, 1, 1)


def test_a_fraction_of_a_point_is_no_move() -> None:
    before, after = ARCHITECTURES["lenet5"].build(), ARCHITECTURES["lenet5"].build()
    node = next(iter(after.network))
    apply_all(after, [MoveNodes("", {node.id: (node.position[0] + 0.3, node.position[1])})])
    assert differences(before, after) == Differences()


def test_a_wire_that_is_gone() -> None:
    before, after = ARCHITECTURES["lenet5"].build(), ARCHITECTURES["lenet5"].build()
    apply_all(after, [Disconnect("", next(iter(after.network.edges())))])
    assert differences(before, after) == Differences(wires=1)


def test_a_wire_that_runs_elsewhere() -> None:
    before, after = ARCHITECTURES["lenet5"].build(), ARCHITECTURES["lenet5"].build()
    after.network.bend(next(iter(after.network.edges())), ((4.0, 400.0),))
    assert differences(before, after) == Differences(wires=1)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Differences(), ""),
        (Differences(added=1), "1 block added"),
        (Differences(added=3, changed=1), "3 blocks added and 1 changed"),
        (Differences(removed=2, moved=1, wires=1), "2 blocks removed, 1 moved and 1 wire"),
        (Differences(1, 2, 3, 4, 5, 1), "1 block added, 2 removed, 3 changed, 4 moved, 5 wires and settings"),
        (Differences(settings=2), "settings"),
    ],
)
def test_in_words(found: Differences, words: str) -> None:
    assert found.words() == words
