"""Lining up and spacing evenly."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.aligning import Boxes, Line, align, distribute, snapped
from builder.geometry import Box, Point

places = st.integers(-2000, 2000).map(float)
sizes = st.sampled_from([148.0, 54.0, 76.0, 98.0])
boxes = st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(places, places, sizes, sizes), min_size=1)


def after(found: Boxes, positions: Mapping[str, Point]) -> dict[str, Box]:
    return {key: (*positions.get(key, box[:2]), *box[2:]) for key, box in found.items()}


def _line_of(box: Box, line: Line) -> float:
    x, y, width, height = box
    return {
        "left": x, "right": x + width, "top": y, "bottom": y + height, "centre": x + width / 2,
        "middle": y + height / 2,
    }[line]  # fmt: skip


@given(boxes, st.sampled_from(Line))
def test_all_lie_on_one_line_within_what_they_took_up(found: Boxes, line: Line) -> None:
    aligned = after(found, align(found, line))
    lines = [_line_of(box, line) for box in aligned.values()]
    slack = 1 if line in (Line.CENTRE, Line.MIDDLE) else 0  # half a point is none
    assert max(lines) - min(lines) <= slack
    stays = 1 if line in (Line.LEFT, Line.CENTRE, Line.RIGHT) else 0
    assert all(aligned[key][stays] == box[stays] for key, box in found.items())
    before = [_line_of(box, line) for box in found.values()]
    if line in (Line.LEFT, Line.TOP):
        assert lines[0] == min(before)
    elif line in (Line.RIGHT, Line.BOTTOM):
        assert lines[0] == max(before)
    again = align(aligned, line)
    assert all(abs(sum(place) - sum(aligned[key][:2])) <= slack for key, place in again.items())


@given(boxes, st.booleans())
def test_gaps_are_equal_and_the_outermost_stay(found: Boxes, across: bool) -> None:
    start, extent = (0, 2) if across else (1, 3)
    order = sorted(found, key=lambda key: (found[key][start] + found[key][extent] / 2, key))
    spread = after(found, distribute(found, across=across))
    gaps = [
        spread[right][start] - spread[left][start] - spread[left][extent] for left, right in pairwise(order)
    ]
    if len(order) > 2:
        assert max(gaps) - min(gaps) <= 1
    assert spread[order[0]] == found[order[0]]
    assert spread[order[-1]] == found[order[-1]]
    assert all(spread[key][1 - start] == box[1 - start] for key, box in found.items())
    assert all(value == round(value) for box in spread.values() for value in box[:2])


@given(boxes)
def test_the_grid_is_met(found: Boxes) -> None:
    once = after(found, snapped(found, 8.0))
    assert all(box[0] % 8 == 0 and box[1] % 8 == 0 for box in once.values())
    assert snapped(once, 8.0) == {}


@pytest.mark.parametrize("across", [True, False])
def test_two_have_one_gap_only(across: bool) -> None:
    two = {"a": (0.0, 0.0, 148.0, 54.0), "b": (500.0, 300.0, 148.0, 54.0)}
    assert distribute(two, across=across) == {}
