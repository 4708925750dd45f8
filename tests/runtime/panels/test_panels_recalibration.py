"""Recalibrating a run's batch norms from the list of runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.architectures import open_document
from builder.document import Document
from builder.sketch import Sketch
from runtime.data import load_data
from runtime.panels.records.runs import RunsPanel
from runtime.training.loop import input_shape, train
from runtime.training.recalibration import RECALIBRATED
from runtime.training.records.runs import Run
from runtime.training.settings import Settings
from runtime.weights import read_weights
from tests.runtime.panels.conftest import MakeWindow, Window

LONG = 60_000
LEFT = Qt.MouseButton.LeftButton


def draw() -> Document:
    sketch = Sketch()
    wire = sketch.add("conv", "conv", sketch.input((1, 8, 8)), out_channels=4, kernel_size=3)
    wire = sketch.add("flatten", "flatten", sketch.add("bn", "batch_norm", wire))
    sketch.output(sketch.add("fc", "linear", wire, out_features=10))
    return Document("small", sketch.graph, data={"source": "digits"})


def record(folder: Path, document: Document, name: str) -> None:
    settings = Settings(epochs=1, batch=256)
    run = Run.create(folder, document, settings, name=name)
    assert isinstance(run, Run)
    shape = input_shape(document)
    assert isinstance(shape, tuple)
    assert [*train(document, settings, load_data("digits", shape), run=run)][-1].reason == "completed"


def choose(window: Window, name: str, qtbot: QtBot) -> RunsPanel:
    window.show("Runs")
    panel = window.panels.runs
    qtbot.waitUntil(lambda: panel.list.topLevelItemCount() > 0, timeout=LONG)
    rows = [panel.list.topLevelItem(row) for row in range(panel.list.topLevelItemCount())]
    (item,) = [row for row in rows if row.text(0) == name]
    qtbot.mouseClick(panel.list.viewport(), LEFT, pos=panel.list.visualItemRect(item).center())
    QApplication.processEvents()
    return panel


@pytest.fixture
def window(make_window: MakeWindow, tmp_path: Path) -> Window:
    record(tmp_path / "runs", draw(), "with")
    plain = open_document("lenet5")
    assert isinstance(plain, Document)
    plain.put_settings("data", {"source": "digits"})
    record(tmp_path / "runs", plain, "without")
    return make_window()


def test_the_test_before_and_after_is_told_and_the_weights_are_kept(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    panel = choose(window, "with", qtbot)
    strip = panel.recalibration
    assert strip.isHidden()
    assert "no batch norm" not in panel.recalibrate.toolTip()
    qtbot.mouseClick(panel.recalibrate, LEFT)
    assert strip.isVisible()
    qtbot.waitUntil(strip.keep.isVisible, timeout=LONG)
    found = strip.found
    assert found is not None
    assert "test accuracy" in strip.said.text()
    assert "1 batch norm averaged anew" in strip.said.text()
    assert found.before.loss != found.after.loss
    qtbot.mouseClick(strip.keep, LEFT)
    kept = read_weights(tmp_path / "runs" / "with" / RECALIBRATED)
    assert isinstance(kept, dict)
    own = read_weights(tmp_path / "runs" / "with" / "best.safetensors")
    assert isinstance(own, dict)
    assert {name for name, value in own.items() if not value.equal(kept[name])} >= {
        "bn.running_mean",
        "bn.running_var",
    }
    assert all(
        value.equal(kept[name]) for name, value in own.items() if "running" not in name and "num" not in name
    )
    assert RECALIBRATED in strip.said.text()
    qtbot.mouseClick(strip.close_, LEFT)
    assert strip.isHidden()


def test_a_run_without_batch_norm_offers_none_and_says_why(window: Window, qtbot: QtBot) -> None:
    panel = choose(window, "without", qtbot)
    assert not panel.recalibrate.isEnabled()
    assert "no batch norm" in panel.recalibrate.toolTip()
    panel.recalibration.begin(panel.chosen)
    qtbot.waitUntil(lambda: "has no batch norm" in panel.recalibration.said.text(), timeout=LONG)
    assert panel.recalibration.said.text().endswith("Test it as it is.")
    assert panel.recalibration.keep.isHidden()


def test_a_stopped_pass_says_nothing(window: Window, qtbot: QtBot) -> None:
    panel = choose(window, "with", qtbot)
    qtbot.mouseClick(panel.recalibrate, LEFT)
    qtbot.mouseClick(panel.recalibration.close_, LEFT)
    assert panel.recalibration.isHidden()
