"""The heat strip of gradients over depth: what is drawn, read and selected."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.look import contrast
from builder.widgets.theme import DARK, LIGHT
from runtime.panels.plotting.depth import DepthStrip, _figure
from runtime.panels.plotting.series import Trace
from runtime.training.events import Gradients, Started
from tests.runtime.panels.conftest import MakeWindow

LONG = 60_000
LEFT = Qt.MouseButton.LeftButton
PATHS = ("conv1", "conv2", "layer.0.fc", "head")


def told(rows: Sequence[Sequence[float]], every: int = 10) -> Trace:
    trace = Trace()
    for number, norms in enumerate(rows):
        trace.add(Gradients(number * every, PATHS, tuple(norms)))
    return trace


@pytest.fixture
def strip(qtbot: QtBot) -> DepthStrip:
    made = DepthStrip(DARK)
    qtbot.addWidget(made)
    made.resize(400, 200)
    made.show()
    return made


def test_strong_gradients_stand_out_from_the_ground_in_both_themes(strip: DepthStrip) -> None:
    strip.show_trace(told([[1e-4, 1e-3, 1e-2, 1e-1]] * 5))
    for theme in (DARK, LIGHT):
        strip.set_theme(theme)
        picture = strip.grab().toImage()
        at = [strip.node_rect(path).center().toPoint() for path in PATHS]
        colours = [picture.pixelColor(point).name() for point in at]
        against = [contrast(colour, theme.panel) for colour in colours]
        assert against == sorted(against)
        assert len(set(colours)) == 4


def test_a_node_is_read_and_picked_by_pointer_and_by_keys(strip: DepthStrip, qtbot: QtBot) -> None:
    strip.show_trace(told([[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]]))
    picked: list[str] = []
    strip.picked.connect(picked.append)
    column = strip.node_rect("conv2")
    qtbot.mouseClick(strip, LEFT, pos=QPoint(int(column.center().x()), int(column.top()) + 2))
    assert picked == ["conv2"]
    assert strip.reading() == "conv2 · step 1 · gradient norm 0.2"
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    qtbot.keyClick(strip, Qt.Key.Key_Down)
    assert strip.accessibleDescription() == "layer.0.fc · step 11 · gradient norm 0.7"
    qtbot.keyClick(strip, Qt.Key.Key_Return)
    assert picked[-1] == "layer.0.fc"
    qtbot.mouseClick(strip, LEFT, pos=QPoint(1, 1))
    assert len(picked) == 2


def test_keys_begin_at_the_last_step_and_stay_until_the_focus_goes(strip: DepthStrip, qtbot: QtBot) -> None:
    strip.show_trace(told([[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]]))
    strip.activateWindow()
    strip.setFocus()
    qtbot.waitUntil(strip.hasFocus)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Down):
        qtbot.keyClick(strip, key)
        assert strip.reading() == "conv1 · step 11 · gradient norm 0.5"
    QApplication.sendEvent(strip, QEvent(QEvent.Type.Leave))
    assert strip.reading()
    strip.clearFocus()
    assert strip.reading() == strip.accessibleDescription() == ""


def test_time_runs_by_steps_and_what_has_no_gradient_is_left_out(strip: DepthStrip) -> None:
    trace = Trace()
    for step, norm in ((0, 1.0), (10, 0.0), (1000, math.inf)):
        trace.add(Gradients(step, PATHS, (1.0, norm, 10.0, 1000.0)))
    strip.show_trace(trace)
    assert strip._rows_at(np.array([0, 0.005, 0.02, 0.9, 1])).tolist() == [0, 0, 1, 1, 2]
    picture, column = strip.grab().toImage(), strip.node_rect("conv2")
    middle = picture.pixelColor(column.center().toPoint()).name()
    assert middle == DARK.raised
    first = picture.pixelColor(int(column.center().x()), int(column.top())).name()
    assert first != DARK.raised


@pytest.mark.parametrize("count", [2, 5, 3000])
def test_the_newest_row_is_high_enough_to_be_seen(strip: DepthStrip, count: int) -> None:
    strip.show_trace(told([[1.0, 1.0, 1.0, 1.0]] * (count - 1) + [[1e-6, 1.0, 1.0, 1.0]]))
    picture, column = strip.grab().toImage(), strip.node_rect("conv1")
    colours = [
        picture.pixelColor(int(column.center().x()), y).name()
        for y in range(int(column.top()), int(column.bottom()))
    ]
    newest = colours.count(colours[-1])
    assert newest >= 6
    assert newest == pytest.approx(max(len(colours) / count, 6), abs=1.5)
    assert set(colours[-newest:]) == {colours[-1]}


def test_a_high_strip_has_room_for_whole_names(strip: DepthStrip) -> None:
    trace = Trace()
    paths = tuple(f"layer{k}.0.downsample.conv" for k in range(12))
    trace.add(Gradients(0, paths, (1.0,) * 12))
    strip.show_trace(trace)
    room = []
    for height in (120, 320):
        strip.resize(400, height)
        room.append(strip.height() - strip._area()[0].bottom() - 4)
    assert room[0] <= 64
    assert room[1] >= min(strip._widest() - 8, 100)


def test_figures_far_from_one_are_written_as_powers_of_ten() -> None:
    told = [_figure(number, 3) for number in (3.37e10, 0.0123, 15_300, 999.7, 55.2, 0.0)]
    assert told == ["3.4·10¹⁰", "0.0123", "15,300", "1,000", "55.2", "0"]
    assert [_figure(number, 1) for number in (2e-15, 9.6, 0.009, math.inf)] == [
        "2·10⁻¹⁵",
        "10",
        "0.009",
        "inf",
    ]


def test_another_run_and_what_a_resume_takes_back_are_drawn_anew(strip: DepthStrip) -> None:
    trace = told([[k + 1.0] * 4 for k in range(6)])
    strip.show_trace(trace)
    assert strip._steps == [0, 10, 20, 30, 40, 50]
    trace.add(Started("cpu", "fp32", 1, 1, 100, 8, (), first_step=25))
    assert len(trace.gradients) == 6  # the steps told decide, and none were
    trace.steps = 60
    trace.add(Started("cpu", "fp32", 1, 1, 100, 8, (), first_step=25))
    strip.show_trace(trace)
    assert strip._steps == [0, 10, 20]
    strip.show_trace(told([[1.0] * 4]))
    assert strip._steps == [0]
    strip.show_trace(Trace())
    assert strip.paths == ()


def test_training_is_followed_and_a_click_selects_the_node(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    window.shell.set_workspace("Train")
    window.show("Gradients")
    panel = window.panels.depth
    assert "residual shortcuts" in panel.hint.text()
    window.set_training(epochs=1, device="cpu")
    with qtbot.waitSignal(window.panels.training.runFinished, timeout=LONG):
        window.panels.training.start()
    window.show("Gradients")
    qtbot.waitUntil(lambda: bool(panel.strip.paths), timeout=LONG)
    QApplication.processEvents()
    assert panel.strip.paths == window.panels.training.trace.gradients[-1].paths
    assert {"conv1", "conv2"} <= set(panel.strip.paths)
    assert panel.caption.accessibleName().startswith("Gradient norm of each node, step ")
    qtbot.mouseClick(panel.strip, LEFT, pos=panel.strip.node_rect("conv2").center().toPoint())
    (chosen,) = window.session.selection
    assert window.session.graph.node(chosen).name == "conv2"
