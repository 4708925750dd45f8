"""The plot of a run: what is drawn and what is read off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from builder.widgets.theme import DARK, LIGHT
from runtime.panels.plotting.columns import Column
from runtime.panels.plotting.plotparts import decades
from runtime.panels.plotting.plots import Plot
from runtime.panels.plotting.series import nice_ticks


def _column(values: np.ndarray) -> Column:
    made = Column()
    made.extend(values)
    return made


@pytest.fixture
def plot(qtbot: QtBot) -> Plot:
    made = Plot("Loss", DARK)
    qtbot.addWidget(made)
    made.resize(400, 200)
    made.show()
    return made


def _show(plot: Plot, losses: np.ndarray) -> None:
    epochs = (np.array([4.0, 8.0]), np.array([1.5, 0.9], dtype=np.float32))
    plot.show_run(_column(losses), _column(losses), epochs, 8)


def test_lines_are_the_numbers(plot: Plot) -> None:
    losses = np.linspace(2.3, 0.5, 8, dtype=np.float32)
    _show(plot, losses)
    np.testing.assert_allclose(plot.train.y, losses)
    np.testing.assert_array_equal(plot.train.x, np.arange(1, 9))
    np.testing.assert_array_equal(plot.validation.x, [4, 8])
    assert plot.top == pytest.approx(2.4)
    assert plot.reading(4) == f"step 4 · train {losses[3]:.3f} · validation 1.500"


def test_percent_goes_from_0_to_100(qtbot: QtBot) -> None:
    plot = Plot("Accuracy", DARK, percent=True)
    qtbot.addWidget(plot)
    _show(plot, np.array([0.1, 0.5, 0.975], dtype=np.float32))
    assert plot.top == 100
    assert plot.train.y[-1] == pytest.approx(97.5)
    assert "train 97.5 %" in plot.reading(3)


def test_a_score_below_0_is_on_the_axis(qtbot: QtBot) -> None:
    plot = Plot("R²", DARK)
    qtbot.addWidget(plot)
    _show(plot, np.array([-1.3, -0.2, 0.6, 0.9], dtype=np.float32))
    assert (plot.bottom, plot.top) == pytest.approx((-1.6, 1.6))  # validation reaches 1.5
    (_, _), (low, high) = plot.getPlotItem().getViewBox().viewRange()
    assert low < -1.5
    assert high > 1.5
    _show(plot, np.array([0.2, 0.6], dtype=np.float32))
    assert plot.bottom == 0


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_ticks_hold_all_values_and_0_at_equal_steps(least: float, span: float) -> None:
    largest = least + span
    assume(least == 0 or abs(least) > 1e-6)
    assume(largest == 0 or abs(largest) > 1e-6)
    ticks = nice_ticks(least, largest)
    step = ticks[1] - ticks[0]
    assert 2 <= len(ticks) <= 5
    assert np.diff(ticks) == pytest.approx(step)
    assert min(abs(tick) for tick in ticks) < 1e-9 * step
    assert ticks[0] <= least + 1e-5 * step
    assert ticks[-1] >= largest - 1e-5 * step


def test_infinities_are_gaps(plot: Plot) -> None:
    _show(plot, np.array([1.0, np.inf, np.nan, 2.0], dtype=np.float32))
    assert np.isnan(plot.train.y[1:3]).all()
    assert plot.top == pytest.approx(2.0)


def test_a_million_steps_are_few_points(plot: Plot) -> None:
    _show(plot, np.random.default_rng(0).random(1_000_000, dtype=np.float32))
    assert 200 <= len(plot.train.x) <= 2 * plot.width()


def test_keys_move_the_reading_and_the_view(plot: Plot, qtbot: QtBot) -> None:
    _show(plot, np.linspace(2, 1, 100, dtype=np.float32))
    said: list[str] = []
    plot.readingChanged.connect(said.append)
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert said[-1].startswith("step 98")
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert said[-1] == ""
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    (left, right), _ = plot.getPlotItem().getViewBox().viewRange()
    assert right - left == pytest.approx(80)
    _show(plot, np.linspace(2, 1, 200, dtype=np.float32))
    assert plot.getPlotItem().getViewBox().viewRange()[0][1] < 100  # one's own view stays
    qtbot.keyClick(plot, Qt.Key.Key_A)
    assert plot.getPlotItem().getViewBox().viewRange()[0] == [0, 200]


def test_a_run_that_grows_keeps_some_room_and_moves_seldom(plot: Plot) -> None:
    box, column = plot.getPlotItem().getViewBox(), _column(np.linspace(2, 1, 100, dtype=np.float32))
    points = (np.array([]), np.array([], dtype=np.float32))
    moved: list[object] = []
    box.sigXRangeChanged.connect(lambda *_: moved.append(None))
    for _ in range(200):
        plot.show_run(column, column, points, None)
        (left, right), _ = box.viewRange()
        assert left == 0
        assert len(column) <= right <= 1.07 * len(column)
        assert len(plot.train.x) > 0
        assert plot.train.x[-1] == len(column)
        column.extend(np.ones(1, dtype=np.float32))
    assert 5 < len(moved) < 40
    column.truncate(50)
    plot.show_run(column, column, points, None)
    assert box.viewRange()[0][1] <= 53
    plot.show_all()
    assert box.viewRange()[0] == [0, 50]


def test_both_themes_paint_and_the_best_epoch_is_marked(plot: Plot) -> None:
    _show(plot, np.linspace(2, 1, 10, dtype=np.float32))
    dark = plot.grab().toImage()
    plot.set_theme(LIGHT)
    assert plot.grab().toImage() != dark
    assert plot._best.isVisible()
    assert plot._best.value() == 8


def test_a_logarithmic_scale_draws_the_logarithms_and_reads_the_values(plot: Plot) -> None:
    losses = np.array([20.0, 2.0, 0.2, 0.0, 0.05], dtype=np.float32)
    _show(plot, losses)
    plot.set_log(True)
    np.testing.assert_allclose(plot.train.y[[0, 1, 2, 4]], np.log10(losses[[0, 1, 2, 4]]), rtol=1e-5)
    assert np.isnan(plot.train.y[3])
    assert (plot.bottom, plot.top) == (-2, 2)
    assert plot.reading(1).startswith("step 1 · train 20.000")
    plot.set_log(False)
    np.testing.assert_array_equal(plot.train.y, losses)
    assert plot.bottom == 0


@pytest.mark.parametrize(
    ("values", "low", "high", "ticks"),
    [
        ([0.002, 0.004], -3, -2, 4),
        ([1e-6, 1.0], -6, 0, 4),
        ([5.0], 0, 1, 4),
        ([], 0, 1, 2),
        ([0.01, 900], -2, 3, 3),
    ],
)
def test_decades_hold_what_is_drawn(values: list[float], low: int, high: int, ticks: int) -> None:
    bottom, top, found = decades([np.log10(np.array(values, dtype=np.float32))])
    assert (bottom, top, len(found)) == (low, high, ticks)


def test_lines_that_are_not_wanted_are_neither_drawn_nor_read(plot: Plot) -> None:
    _show(plot, np.linspace(9, 5, 8, dtype=np.float32))
    plot.want(True, False, True)
    assert not plot.train.item.isVisible()
    assert not plot.train.label.isVisible()
    assert plot.reading(4) == "step 4 · validation 1.500"
    assert plot.top == pytest.approx(1.6)
    plot.want(True, True, True)
    assert "train" in plot.reading(4)
