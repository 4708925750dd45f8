"""Boxes found by place: the loop over a few rows and numpy over many say the same."""

from __future__ import annotations

import random

import numpy as np
import pytest
from PySide6.QtCore import QRectF

from builder.editor.table import FEW, Table

Box = tuple[float, float, float, float]


def filled(count: int) -> tuple[Table[int, str], dict[int, Box]]:
    """A table of so many rows, after as many more were put and taken away, and what is in it."""
    draw = random.Random(count)

    def box() -> Box:
        return (draw.uniform(-500, 500), draw.uniform(-500, 500), draw.uniform(0, 200), draw.uniform(0, 90))

    boxes = {key: box() for key in range(2 * count)}
    table: Table[int, str] = Table()
    for key, placed in boxes.items():
        table.put(key, str(key), placed)
    for key in draw.sample(range(2 * count), count):
        table.remove(key)
        del boxes[key]
    for key in draw.sample(sorted(boxes), count // 3):
        boxes[key] = box()
        table.put(key, str(key), boxes[key])
    return table, boxes


@pytest.mark.parametrize("count", [1, FEW - 1, FEW, FEW + 1, 3 * FEW])
def test_rows_are_found_by_place(count: int) -> None:
    table, boxes = filled(count)
    assert {key: tuple(table.boxes[row]) for key, row in table.rows.items()} == boxes
    view, margin = QRectF(-120, -80, 300, 200), 12
    seen = {
        key
        for key, (x, y, width, height) in boxes.items()
        if QRectF(x, y, width, height).intersects(view.adjusted(-margin, -margin, margin, margin))
    }
    assert {table.keys[row] for row in table.within(view, margin)} == seen
    assert all(table.values[row] == str(table.keys[row]) for row in range(count))


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 3 * FEW])
def test_the_bounds_are_round_everything(count: int) -> None:
    table, boxes = filled(count)
    placed = np.array(list(boxes.values()))
    left, top = placed[:, :2].min(axis=0)
    right, bottom = (placed[:, :2] + placed[:, 2:]).max(axis=0)
    assert table.bounds() == QRectF(left, top, right - left, bottom - top)


def test_an_empty_table_has_no_bounds_and_nothing_in_it() -> None:
    table: Table[str, str] = Table()
    assert table.bounds() == QRectF()
    assert table.within(QRectF(-1e9, -1e9, 2e9, 2e9)) == []
    assert table.boxes.shape == (0, 4)


@pytest.mark.parametrize("count", [FEW, FEW + 1])
def test_boxes_can_be_moved_all_at_once(count: int) -> None:
    table, _ = filled(count)
    before = table.bounds()
    table.boxes[:, :2] += (1000, -2000)
    assert table.bounds().center().x() == pytest.approx(before.center().x() + 1000)
    assert table.bounds().center().y() == pytest.approx(before.center().y() - 2000)


def test_a_table_grows_while_its_boxes_are_looked_at() -> None:
    table, _ = filled(FEW)
    held = table.boxes
    for key in range(1000, 1000 + 2 * FEW):
        table.put(key, "", (0, 0, 1, 1))
    assert held.shape == (FEW, 4)
    assert len(table.boxes) == 3 * FEW
