"""Automatic layout: nothing overlaps, data flows to the right or to a lower row."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.architectures import ARCHITECTURES
from builder.graph import Edge, Graph, Node
from builder.layout import arrange
from builder.spacing import BRANCH, COLUMN, NODE_HEIGHT, NODE_WIDTH, ROW


def _graph(count: int, wires: set[tuple[int, int]]) -> Graph:
    graph = Graph()
    for index in range(count):
        graph.add_node(Node(f"n{index}", f"name{index}", "add"))
    for port, (source, target) in enumerate(sorted(wires)):
        graph.connect(Edge(f"n{source}", "y", f"n{target}", str(port)))
    return graph


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    count = draw(st.integers(1, 25))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(
        lambda pair: pair[0] < pair[1]
    )
    return _graph(count, draw(st.sets(pairs, max_size=40)) if count > 1 else set())


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_every_node_has_a_place_of_its_own_and_wires_run_on(graph: Graph) -> None:
    places = arrange(graph)
    assert set(places) == {node.id for node in graph}
    boxes = list(places.items())
    for index, (_, (x, y)) in enumerate(boxes):
        for _, (other_x, other_y) in boxes[index + 1 :]:
            assert abs(x - other_x) >= NODE_WIDTH or abs(y - other_y) >= NODE_HEIGHT
    for edge in graph.edges():
        (x0, y0), (x1, y1) = places[edge.source], places[edge.target]
        assert x1 > x0 or y1 > y0


def test_a_chain_is_folded_into_rows_of_one_length() -> None:
    places = arrange(_graph(12, {(i, i + 1) for i in range(11)}), columns=6)
    assert [places[f"n{i}"] for i in range(12)] == [(i % 6 * COLUMN, i // 6 * ROW) for i in range(12)]


def test_a_shortcut_does_not_bend_the_main_path() -> None:
    places = arrange(_graph(5, {(0, 1), (1, 2), (2, 3), (3, 4), (0, 3)}), columns=9)
    assert {y for _, y in places.values()} == {0.0}


def test_a_side_branch_hangs_below() -> None:
    places = arrange(_graph(6, {(0, 1), (1, 2), (2, 3), (3, 4), (0, 5), (5, 3)}), columns=9)
    assert places["n5"][1] == places["n1"][1] + BRANCH


def test_circles_are_drawn_too() -> None:
    assert len(arrange(_graph(3, {(0, 1), (1, 2)} | {(2, 0)}))) == 3


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_built_in_networks_and_their_modules_are_read_at_once(name: str) -> None:
    """No graph is a row that has to be followed: it is at most six columns wide, and nothing lies over another."""
    document = ARCHITECTURES[name].build()
    for graph in (document.network, *(module.graph for module in document.modules.values())):
        places = {node.id: node.position for node in graph}
        columns = [x for x, _ in places.values()]
        assert max(columns) - min(columns) <= 5 * COLUMN, graph.key
        for first, second in combinations(places.values(), 2):
            assert abs(first[0] - second[0]) >= NODE_WIDTH or abs(first[1] - second[1]) >= NODE_HEIGHT


ARRANGE = """
from builder.architectures import ARCHITECTURES
from builder.layout import arrange
for module in ARCHITECTURES["googlenet"].build().modules.values():
    print(sorted(arrange(module.graph).items()))
"""


def test_a_network_is_laid_out_alike_in_every_process() -> None:
    """Python orders sets of texts differently each time it is started."""
    found = {
        subprocess.run(
            [sys.executable, "-c", ARRANGE],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(found) == 1
    assert found.pop().strip()
