"""The curves' panel: which plots and lines, read and zoomed together, taken away as files."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from builder.errors import Problem
from builder.widgets.session import Session
from builder.widgets.worker import Worker
from runtime.panels.plotting.curvebar import PLOTS
from runtime.panels.plotting.curves import Curves
from runtime.panels.plotting.series import Trace
from runtime.training.events import Epoch, Finished, Gradients, Started, Steps

LEFT = Qt.MouseButton.LeftButton


def told() -> Trace:
    trace = Trace()
    trace.add(Started("cpu", "fp32", 10, 2, 10, 8, ("a", "b")))
    for k in range(4):
        loss = tuple(2 / (5 * k + i + 1) for i in range(5))
        trace.add(Steps(5 * k, loss, (0.5,) * 5, (0.1 / (k + 1),) * 5, 100.0 * (k + 1)))
        trace.add(Gradients(5 * k, ("conv", "fc"), (3.0, 4.0)))
    trace.add(Epoch(1, 10, 0.5, 0.5, 0.4, 0.6, 1.0, best=True))
    trace.add(Epoch(2, 20, 0.3, 0.5, 0.3, 0.5, 1.0, best=False))
    return trace


@pytest.fixture
def curves(qtbot: QtBot) -> Iterator[Curves]:
    session, worker = Session(), Worker("files")
    made = Curves(session, worker)
    qtbot.addWidget(made)
    made.resize(900, 420)
    made.show()
    made.show_trace(told())
    yield made
    worker.close()


def test_every_plot_can_be_chosen_and_is_of_its_figures(curves: Curves) -> None:
    assert [key for key in PLOTS if curves.plot(key) is not None] == ["loss", "score"]
    loss = curves.loss
    for action in curves.bar.plots.values():
        action.setChecked(True)
    assert curves.loss is loss
    rate, norm, speed = (curves.plot(key) for key in ("rate", "norm", "speed"))
    assert rate is not None
    assert norm is not None
    assert speed is not None
    assert rate.reading(20) == "step 20 · 0.025"
    assert norm.reading(1) == "step 1 · 5.000"
    assert speed.reading(11) == "step 11 · 300"
    curves.bar.plots["loss"].setChecked(False)
    assert curves.loss is None


def test_the_steps_of_all_plots_stand_under_one_another(curves: Curves) -> None:
    for action in curves.bar.plots.values():
        action.setChecked(True)
    trace = curves.trace
    for first, count in ((20, 5), (25, 1), (26, 30), (56, 7)):
        trace.add(Steps(first, (0.1,) * count, (0.5,) * count, (0.1,) * count, 100.0))
        curves.refresh()
        ranges = [plot.getPlotItem().getViewBox().viewRange()[0] for plot in curves._all()]
        assert ranges[0][1] >= first + count
        assert ranges == ranges[:1] * 5


def test_how_a_run_ended_is_said_in_the_room_there_is(curves: Curves) -> None:
    curves.trace.add(Finished("completed", 1, 0.6, 0.3, 0.75, 2.5))
    curves.refresh()
    half = curves._halves["score"]
    assert half.aside.accessibleName() == "test 75.0 % with the weights of epoch 1"
    (heading,) = (label for label in half.findChildren(QLabel) if label.text() == "Accuracy")
    assert half.aside.x() >= heading.geometry().right() + 8
    half.aside.setFixedWidth(150)
    QApplication.processEvents()
    assert half.aside.text() == "test 75.0 %, epoch 1"


def test_what_is_pointed_at_in_one_plot_is_read_in_all_and_a_zoom_is_of_all(
    curves: Curves, qtbot: QtBot
) -> None:
    loss, score = curves.loss, curves.accuracy
    assert loss is not None
    assert score is not None
    loss.setFocus()
    qtbot.keyClick(loss, Qt.Key.Key_Left)
    assert [half.aside.accessibleName().split(" · ")[0] for half in curves._halves.values()] == [
        "step 20"
    ] * 2
    qtbot.keyClick(loss, Qt.Key.Key_Plus)
    ranges = [plot.getPlotItem().getViewBox().viewRange()[0] for plot in (loss, score)]
    assert ranges[0] == ranges[1] == pytest.approx([2.1, 18.9])
    qtbot.mouseClick(curves.bar.everything, LEFT)
    assert score.getPlotItem().getViewBox().viewRange()[0] == [0, 20]


def test_the_bar_changes_lines_scale_and_smoothness(curves: Curves, qtbot: QtBot) -> None:
    loss = curves.loss
    assert loss is not None
    qtbot.mouseClick(curves.bar.lines["train"], LEFT)
    assert "train" not in loss.reading(5)
    qtbot.mouseClick(curves.bar.lines["train"], LEFT)
    curves.bar.log.setFocus()
    qtbot.keyClick(curves.bar.log, Qt.Key.Key_Space)
    assert loss.bottom < 0
    qtbot.keyClick(curves.bar.smoothing, Qt.Key.Key_Down)
    assert curves.bar.span == 1
    assert loss.reading(4).startswith("step 4 · train 0.500")


def test_files_hold_what_is_shown(curves: Curves, tmp_path: Path, qtbot: QtBot) -> None:
    said: list[Problem] = []
    curves.troubled.connect(said.append)
    curves.export("png", tmp_path / "curves.png")
    assert QImage(str(tmp_path / "curves.png")).width() == 2 * curves._plots.width()
    curves.export("svg", tmp_path / "curves.svg")
    assert QSvgRenderer(str(tmp_path / "curves.svg")).isValid()
    assert b"<path" in (tmp_path / "curves.svg").read_bytes()
    table = tmp_path / "curves.csv"
    curves.export("csv", table)
    qtbot.waitUntil(table.is_file)
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == pytest.approx([2 / (k + 1) for k in range(20)], rel=1e-5)
    assert [row["step"] for row in rows if row["validation loss"]] == ["10", "20"]
    assert float(rows[9]["validation accuracy"]) == 0.6
    assert said == []
    curves.export("png", tmp_path / "nowhere" / "curves.png")
    assert [problem.code for problem in said] == ["not-written"]
