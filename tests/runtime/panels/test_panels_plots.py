"""The plot of a run: what is drawn and what is read off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.widgets.theme import DARK, LIGHT
from runtime.panels.plotting.columns import Column
from runtime.panels.plotting.plotparts import Curve, decades
from runtime.panels.plotting.plots import Plot
from runtime.panels.plotting.series import figure, nice_ticks, stepped


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
    assert (plot.bottom, plot.top) == pytest.approx((np.log10(0.05), np.log10(20)))
    assert plot.reading(1).startswith("step 1 · train 20.000")
    plot.set_log(False)
    np.testing.assert_array_equal(plot.train.y, losses)
    assert plot.bottom == 0


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([0.002, 0.004], [0.002, 0.005]),
        ([0.0019, 0.0019], [0.001, 0.002]),
        ([0.002, 0.002], [0.001, 0.002, 0.005]),
        ([0.06, 1.9], [0.05, 0.1, 1, 2]),
        ([0.6, 1.9], [0.5, 1, 2]),
        ([1e-6, 1.0], [1e-6, 1e-4, 1e-2, 1]),
        ([0.003, 0.4], [0.002, 0.01, 0.1, 0.5]),
        ([], [1, 10]),
    ],
)
def test_decades_end_close_to_what_is_drawn(values: list[float], told: list[float]) -> None:
    bottom, top, found = decades([np.log10(np.array(values, dtype=np.float32))])
    assert (bottom, top) == (found[0], found[-1])
    assert [10**tick for tick in found] == pytest.approx(told)


@given(st.floats(-12, 12), st.floats(0, 12))
def test_decades_hold_all_waste_little_and_are_few(low: float, span: float) -> None:
    bottom, top, ticks = decades([np.array([low, low + span], dtype=np.float32)])
    assert bottom <= low + 2e-4
    assert top >= low + span - 2e-4
    assert top - bottom <= span + 0.81
    assert 2 <= len(ticks) <= 5
    assert (np.diff(ticks) > 0).all()


def test_lines_that_are_not_wanted_are_neither_drawn_nor_read(plot: Plot) -> None:
    _show(plot, np.linspace(9, 5, 8, dtype=np.float32))
    plot.want(True, False, True)
    assert not plot.train.item.isVisible()
    assert not plot.train.label.isVisible()
    assert plot.reading(4) == "step 4 · validation 1.500"
    assert plot.top == 10  # the batches are seen and stay in the plot
    plot.want(False, False, True)
    assert plot.top == pytest.approx(1.6)
    plot.want(True, False, False)
    assert plot.top == 10
    assert not plot._nothing.isVisible()
    plot.want(False, False, False)
    assert plot._nothing.isVisible()
    plot.want(True, True, True)
    assert "train" in plot.reading(4)


def _painted(plot: Plot) -> list[str]:
    """The figures at the left that are painted: what does not fit is left out."""
    plot.grab()
    axis = plot.getPlotItem().getAxis("left")
    pixels = QPixmap(10, 10)
    painter = QPainter(pixels)
    texts = [text for _, _, text in axis.generateDrawSpecs(painter)[2]]
    painter.end()
    return texts


@pytest.mark.parametrize("largest", [3.0, 9_500.0, 38_000.0, 950_000.0, 4e6, 3e30])
@pytest.mark.parametrize("log", [False, True])
def test_every_figure_at_the_axis_is_painted(plot: Plot, largest: float, log: bool) -> None:
    _show(plot, np.array([1.0, largest], dtype=np.float32))
    plot.set_log(log)
    QApplication.processEvents()
    assert _painted(plot) == [text for _, text in plot.getPlotItem().getAxis("left")._tickLevels[0]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.05, "0.05"),
        (12_000, "12,000"),
        (2.5e6, "2.5M"),
        (4e9, "4G"),
        (3e30, "3e30"),
        (5e-6, "5e−6"),
    ],
)
def test_figures_at_an_axis_are_short(value: float, text: str) -> None:
    assert figure(value) == text


def _boxes(plot: Plot) -> list[QRectF]:
    """Where the words in a plot are, in pixels."""
    words = (plot.train.label, plot.validation.label, plot._best_label)
    return [word.mapRectToScene(word.boundingRect()) for word in words if word.isVisible()]


def _heights(plot: Plot, curve: Curve, box: QRectF) -> np.ndarray:
    """Where a line runs along a word, in pixels."""
    view = plot.getPlotItem().getViewBox()
    left, right = (view.mapSceneToView(point).x() for point in (box.topLeft(), box.topRight()))
    seen = curve.between(left, right)
    return np.array([view.mapViewToScene(QPointF(left, value)).y() for value in seen])


@pytest.mark.parametrize("percent", [False, True])
@pytest.mark.parametrize(
    ("train", "validation"),
    [
        ((1.0, 0.05), (0.9, 0.04)),
        ((1.0, 0.6), (0.7, 0.2)),
        ((0.1, 0.9), (0.8, 0.96)),
        ((0.5, 0.5), (0.5, 0.5)),
    ],
)
@pytest.mark.parametrize("best", [100, 94, 30])
def test_names_are_beside_their_lines_and_struck_by_nothing(
    qtbot: QtBot, train: tuple[float, float], validation: tuple[float, float], best: int, percent: bool
) -> None:
    plot = Plot("Loss", DARK, percent=percent)
    qtbot.addWidget(plot)
    plot.resize(260, 150)
    plot.show()
    losses = np.linspace(*train, 100, dtype=np.float32)
    epochs = (np.linspace(10, 100, 10), np.linspace(*validation, 10, dtype=np.float32))
    plot.show_run(_column(losses), _column(losses), epochs, best)
    QApplication.processEvents()
    boxes = _boxes(plot)
    frame = plot.getPlotItem().getViewBox().sceneBoundingRect().adjusted(-1, -1, 1, 1)
    upright = plot.getPlotItem().getViewBox().mapViewToScene(QPointF(best, 0)).x()
    assert len(boxes) == 3
    for number, box in enumerate(boxes):
        assert frame.contains(box)
        assert not box.left() < upright < box.right()
        assert not any(box.intersects(other) for other in boxes[:number])
    for box, curve in zip(boxes, (plot.train, plot.validation), strict=False):
        for other in (plot.train, plot.validation):
            heights = _heights(plot, other, box)
            assert not ((box.top() < heights) & (heights < box.bottom())).any()
        assert np.abs(_heights(plot, curve, box) - box.center().y()).min() < 36


def test_one_epoch_is_a_dot_with_a_name(plot: Plot) -> None:
    losses = np.linspace(2, 1, 8, dtype=np.float32)
    plot.show_run(_column(losses), _column(losses), (np.array([8.0]), np.array([1.2], np.float32)), 8)
    QApplication.processEvents()
    assert plot.validation.label.isVisible()
    assert plot.validation.dots.xData == pytest.approx([8, 8], abs=0.1)
    assert not len(plot.train.dots.xData if plot.train.dots.xData is not None else ())
    image = plot.grab().toImage()
    color = DARK.color(DARK.validation)
    found = sum(image.pixelColor(x, y) == color for x in range(image.width()) for y in range(image.height()))
    plot.want(True, True, False)
    assert found > sum(
        plot.grab().toImage().pixelColor(x, y) == color
        for x in range(image.width() - 40, image.width())
        for y in range(image.height())
    )
    _show(plot, losses)
    assert len(plot.validation.dots.xData) == 0


def test_a_part_of_the_steps_has_an_axis_that_holds_it(qtbot: QtBot) -> None:
    plot = Plot("Accuracy", DARK, percent=True)
    qtbot.addWidget(plot)
    scores = np.linspace(0.1, 0.98, 100, dtype=np.float32)
    plot.show_run(_column(scores), _column(scores), (np.array([50.0, 100]), np.array([0.5, 0.97])), None)
    plot.show_range((80, 100))
    assert (plot.bottom, plot.top) == (70, 100)
    plot.show_range((95, 100))
    assert 90 <= plot.bottom < plot.top <= 100
    axis = plot.getPlotItem().getAxis("left")
    assert [text.endswith(" %") for _, text in axis._tickLevels[0]][:2] == [True, False]
    plot.show_all()
    assert (plot.bottom, plot.top) == (0, 100)


def test_a_plot_with_one_line_has_the_first_colour_and_goes_on_to_the_last_step(qtbot: QtBot) -> None:
    plot = Plot("Gradient norm", DARK, names=("", ""))
    qtbot.addWidget(plot)
    points = (np.array([1.0, 50.0]), np.array([2.0, 1.0], dtype=np.float32))
    plot.show_run(Column(), Column(), points, None, last=80)
    assert plot.getPlotItem().getViewBox().viewRange()[0] == [0, 80]
    assert plot.validation.item.opts["pen"].color() == DARK.color(DARK.train)
    plot.show_run(Column(), Column(), points, None, last=81, grows=True)
    assert plot.getPlotItem().getViewBox().viewRange()[0] == [0, 84]


@given(st.integers(1, 10**9))
def test_an_axis_of_a_run_that_goes_on_ends_close_behind_it(end: int) -> None:
    assert end < stepped(end) <= 1.0625 * end


@pytest.mark.parametrize(("ratio", "smooth"), [(1, [False, True, True]), (2, [False, False, True])])
def test_lines_are_as_wide_on_a_fine_screen_and_smooth_where_that_is_seen_and_quick(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, ratio: int, smooth: list[bool]
) -> None:
    monkeypatch.setattr(Plot, "devicePixelRatioF", lambda _: float(ratio))
    plot = Plot("Learning rate", DARK, names=("", ""))
    qtbot.addWidget(plot)
    curves = (plot.batch, plot.train, plot.validation)
    assert {curve.item.opts["pen"].width() for curve in curves} == {ratio}
    assert [line.pen.width() for line in (plot._best, plot._cross)] == [ratio] * 2
    assert plot._rules._pen.width() == ratio
    assert [curve.item.opts["antialias"] for curve in curves] == smooth
