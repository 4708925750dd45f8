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
from runtime.panels.plotting.depth import DepthStrip
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
    assert panel.caption.accessibleName().startswith("gradient norm of each node, step ")
    qtbot.mouseClick(panel.strip, LEFT, pos=panel.strip.node_rect("conv2").center().toPoint())
    (chosen,) = window.session.selection
    assert window.session.graph.node(chosen).name == "conv2"
