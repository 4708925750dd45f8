"""Wires that turn back to a lower row run between the rows, where no node is in their way."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from builder.drawing import Boxes
from builder.geometry import PILL_HEIGHT, Box, sampled, wire_middle, wire_points
from builder.spacing import NODE_HEIGHT, NODE_WIDTH

START, END = (900.0, 27.0), (0.0, 327.0)


def boxes() -> st.SearchStrategy[list[Box]]:
    """Nodes between two rows that are not wholly filled by them."""
    places = st.tuples(st.integers(0, 750), st.integers(54, 246))
    return st.lists(
        places.map(lambda p: (float(p[0]), float(p[1]), float(NODE_WIDTH), float(NODE_HEIGHT))), max_size=4
    )


def _meets(box: Box, height: float, room: float) -> bool:
    """Whether a level run at this height, with so much room on both sides, lies over a node."""
    return box[1] - room < height < box[1] + NODE_HEIGHT + room


@given(boxes())
@example(
    [
        (248.0, 96.0, float(NODE_WIDTH), float(NODE_HEIGHT)),
        (496.0, 150.0, float(NODE_WIDTH), float(NODE_HEIGHT)),
    ]
)
def test_the_run_back_meets_no_node_where_there_is_room(found: list[Box]) -> None:
    points = wire_points(START, END, Boxes(found))
    y = wire_middle(points)[1]
    is_free = not any(_meets(box, y, PILL_HEIGHT / 2) for box in found)
    some_is = any(not any(_meets(box, height, PILL_HEIGHT) for box in found) for height in range(28, 327))
    assert is_free or not some_is
    assert 27 < y < 327


def test_where_nothing_is_in_the_way_it_runs_in_the_middle() -> None:
    points = wire_points(START, END, Boxes([(2000.0, 150.0, 148.0, 54.0)]))
    assert wire_middle(points)[1] == (START[1] + END[1]) / 2
    assert points == wire_points(START, END)


def test_it_is_one_smooth_line() -> None:
    points = wire_points(START, END, Boxes([(248.0, 150.0, 148.0, 54.0)]))
    places = sampled(points)
    assert (places[0] == START).all()
    assert (places[-1] == END).all()
    assert max(np.hypot(*(after - before)) for before, after in pairwise(places)) < 20
