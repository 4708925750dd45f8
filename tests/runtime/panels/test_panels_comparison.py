"""Runs of the list side by side."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QTreeWidget
from pytestqt.qtbot import QtBot

from builder.architectures import open_document
from builder.document import Document
from runtime.panels.plotting.overlay import Overlay
from runtime.panels.records.comparison import ComparisonView
from runtime.panels.records.runs import RunsPanel
from runtime.training.events import Epoch, Finished, Started
from runtime.training.records.runs import Run
from runtime.training.settings import Settings
from tests.runtime.panels.conftest import MakeWindow

LONG = 60_000
LEFT = Qt.MouseButton.LeftButton


def record(folder: Path, name: str, epochs: int, rate: float) -> None:
    document = open_document("lenet5")
    assert isinstance(document, Document)
    run = Run.create(folder, document, Settings(learning_rate=rate), name=name)
    assert isinstance(run, Run)
    run.record(Started("cpu", "fp32", 61_706, epochs, 4, 32, ("0", "1")))
    for number in range(1, epochs + 1):
        run.record(Epoch(number, 4 * number, 1 / number, 0.5, 2 / number, 1 - 0.5**number, 0.1, best=True))
    run.record(Finished("completed", epochs, 0.5, 0.7, 0.75, 2.5))
    run.close()


@pytest.fixture
def runs(make_window: MakeWindow, qtbot: QtBot, tmp_path: Path) -> RunsPanel:
    for name, epochs, rate in (("one", 3, 0.01), ("two", 2, 0.02), ("three", 1, 0.01)):
        record(tmp_path / "runs", name, epochs, rate)
    window = make_window()
    window.show("Runs")
    panel = window.panels.runs
    qtbot.waitUntil(lambda: panel.list.topLevelItemCount() == 3, timeout=LONG)
    return panel


def place(panel: RunsPanel, name: str) -> QPoint:
    (item,) = panel.list.findItems(name, Qt.MatchFlag.MatchExactly)
    return panel.list.visualItemRect(item).center()


def compare(panel: RunsPanel, qtbot: QtBot, *names: str) -> ComparisonView:
    """Choose runs as a hand does, and press Compare."""
    qtbot.mouseClick(panel.list.viewport(), LEFT, pos=place(panel, names[0]))
    assert not panel.compare.isEnabled()
    assert panel.curves.isEnabled()
    for name in names[1:]:
        control = Qt.KeyboardModifier.ControlModifier
        qtbot.mouseClick(panel.list.viewport(), LEFT, control, place(panel, name))
    assert not panel.curves.isEnabled()
    qtbot.mouseClick(panel.compare, LEFT)
    qtbot.waitUntil(lambda: panel.comparison is not None and panel.comparison.isVisible(), timeout=LONG)
    assert panel.comparison is not None
    return panel.comparison


def cells(table: QTreeWidget) -> dict[str, list[str]]:
    """What stands in the rows of the table."""
    found = {}
    for number in range(table.topLevelItemCount()):
        section = table.topLevelItem(number)
        for row in (section.child(k) for k in range(section.childCount())):
            found[row.text(0)] = [row.text(column) for column in range(1, table.columnCount())]
    return found


def test_what_came_of_runs_and_what_differs(runs: RunsPanel, qtbot: QtBot) -> None:
    view = compare(runs, qtbot, "one", "two")
    heads = [view.table.headerItem().text(column) for column in (1, 2)]
    assert sorted(heads) == ["one", "two"]
    told = cells(view.table)
    first = heads.index("one")
    assert told["Learning rate"][first] == "0.01"
    assert told["Learning rate"][1 - first] == "0.02"
    assert told["Test accuracy"] == ["75.00%", "75.00%"]
    assert "Batch" not in told
    assert not view.table.headerItem().icon(1).isNull()


def test_lines_are_of_what_is_chosen_and_can_be_read_off(runs: RunsPanel, qtbot: QtBot) -> None:
    view = compare(runs, qtbot, "one", "two", "three")
    plot = view.plot
    assert plot is not None
    assert {len(line.values) for line in plot.lines} == {3}
    assert len({line.color for line in plot.lines}) == 3
    assert "loss" not in plot.accessibleName()
    qtbot.keyClick(view.figure, Qt.Key.Key_Down)
    assert view.figure.currentText() == "Validation loss"
    assert max(line.values[0] for line in plot.lines) == 2.0
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    said = view.reading.accessibleName()
    assert said.startswith("epoch 3")
    assert view.reading.text() == "epoch 3"
    assert "one 0.6667" in said
    assert "three –" in said
    heads = [view.table.headerItem().text(column) for column in (1, 2, 3)]
    row = view.table.topLevelItem(0)
    assert row.text(0) == "At epoch 3"
    assert {name: row.text(heads.index(name) + 1) for name in heads} == {
        "one": "0.6667", "two": "–", "three": "–",
    }  # fmt: skip
    qtbot.keyClick(view.figure, Qt.Key.Key_Down)  # the training score of the same epoch
    assert row.text(heads.index("one") + 1) == "50.0 %"
    assert "one 50.0 %" in view.reading.accessibleName()
    qtbot.keyClick(view.figure, Qt.Key.Key_Up)
    plot._cursor = None
    plot._read()
    assert row.text(0) == "At the last epoch"
    assert [row.text(heads.index(name) + 1) for name in ("one", "two", "three")] == ["0.6667", "1", "2"]


def ticks(plot: Overlay) -> list[str]:
    return [text for _, text in plot.getPlotItem().getAxis("left")._tickLevels[0]]


def test_the_axis_holds_what_is_seen_and_no_more(runs: RunsPanel, qtbot: QtBot) -> None:
    view = compare(runs, qtbot, "one", "two")  # scores of 50, 75 and 87.5 %
    plot = view.plot
    assert plot is not None
    assert (ticks(plot)[0], ticks(plot)[-1]) == ("50.0 %", "90.0 %")
    assert not view.log.isEnabled()
    plot.setFocus()
    for _ in range(3):
        qtbot.keyClick(plot, Qt.Key.Key_Plus)
    (left, right), _ = plot.getPlotItem().getViewBox().viewRange()
    assert 0.7 < left < 1 < 2 < right < 3
    assert view.everything.isEnabled()
    assert (ticks(plot)[0], ticks(plot)[-1]) == ("50.0 %", "80.0 %")
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert view.reading.accessibleName().startswith("epoch 2")  # the last one in view
    qtbot.keyClick(view.figure, Qt.Key.Key_Down)  # what is zoomed to stays
    assert plot.getPlotItem().getViewBox().viewRange()[0] == pytest.approx([left, right])
    qtbot.mouseClick(view.everything, LEFT)
    assert not view.everything.isEnabled()
    assert plot.getPlotItem().getViewBox().viewRange()[0][0] == 0


def test_losses_on_a_logarithmic_scale(runs: RunsPanel, qtbot: QtBot) -> None:
    view = compare(runs, qtbot, "one", "two")
    plot = view.plot
    assert plot is not None
    qtbot.keyClick(view.figure, Qt.Key.Key_Down)
    assert view.figure.currentText() == "Validation loss"
    qtbot.mouseClick(view.log, LEFT, pos=QPoint(8, view.log.height() // 2))
    assert view.log.isChecked()
    assert ticks(plot) == ["0.5", "1", "2"]  # 2, 1 and 0.67
    drawn = [10 ** curve.getData()[1] for curve, _ in plot._curves]
    assert any(y == pytest.approx([2, 1, 2 / 3]) for y in drawn)
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert "0.6667" in view.reading.accessibleName()
    qtbot.keyClick(view.figure, Qt.Key.Key_Up)
    assert ticks(plot)[-1] == "90.0 %"


def test_figures_of_all_epochs_are_a_table(runs: RunsPanel, qtbot: QtBot, tmp_path: Path) -> None:
    view = compare(runs, qtbot, "one", "two")
    name, write = view._exports()["Figures (CSV)…"]
    view.export(tmp_path / name, write)
    rows = list(csv.DictReader((tmp_path / name).read_text(encoding="utf-8").splitlines()))
    assert sorted((row["run"], row["epoch"]) for row in rows) == [
        ("one", "1"), ("one", "2"), ("one", "3"), ("two", "1"), ("two", "2"),
    ]  # fmt: skip
    assert {float(row["validation_loss"]) for row in rows if row["epoch"] == "2"} == {1.0}


def test_a_picture_of_the_lines(runs: RunsPanel, qtbot: QtBot, tmp_path: Path) -> None:
    view = compare(runs, qtbot, "one", "two")
    name, write = view._exports()["Picture (PNG)…"]
    view.export(tmp_path / name, write)
    assert view.plot is not None
    image = QImage(str(tmp_path / name))
    assert image.width() == 2 * view.plot.width()
    assert image.height() > 2 * view.plot.height()
    name, write = view._exports()["Drawing (SVG)…"]
    view.export(tmp_path / name, write)
    drawn = (tmp_path / name).read_text(encoding="utf-8")
    for text in ("Validation score", "epoch", "one", "two"):
        assert re.search(rf">\s*{text}\s*</text>", drawn), text


def test_columns_share_the_room_and_figures_stand_under_one_another(runs: RunsPanel, qtbot: QtBot) -> None:
    view = compare(runs, qtbot, "one", "two")
    header = view.table.header()
    assert header.length() == view.table.viewport().width()
    assert header.sectionSize(1) == pytest.approx(header.sectionSize(2), abs=1)
    row = view.table.topLevelItem(1).child(0)
    assert row.textAlignment(1) == Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    view._parts.setSizes([5000, 100])
    QApplication.processEvents()
    assert header.sectionSize(1) == pytest.approx(128, abs=2)  # and no less: the rest is scrolled to


def test_a_table_is_copied_and_saved_and_escape_goes_back(
    runs: RunsPanel, qtbot: QtBot, tmp_path: Path
) -> None:
    view = compare(runs, qtbot, "one", "two")
    qtbot.mouseClick(view.copy, LEFT)
    assert "| Learning rate |" in QGuiApplication.clipboard().text()
    for title, begin in (
        ("Table (CSV)…", "section,name,"),
        ("Table (Markdown)…", "| Results |"),
        ("Figures (CSV)…", "run,epoch,step,"),
        ("Drawing (SVG)…", "<?xml"),
    ):
        name, write = view._exports()[title]
        view.export(tmp_path / name, write)
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(begin)
    with qtbot.waitSignal(runs.troubled):
        view.export(tmp_path / "nowhere" / "table.csv", write)
    qtbot.keyClick(view.table, Qt.Key.Key_Escape)
    assert runs.list.isVisible()
    assert len(runs.several) == 2
    qtbot.keyClick(runs.list, Qt.Key.Key_Return)
    qtbot.waitUntil(view.isVisible, timeout=LONG)
