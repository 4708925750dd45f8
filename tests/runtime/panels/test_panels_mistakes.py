"""What the network gets wrong, in the window: judged, opened, looked into."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.architectures import open_document
from builder.document import Document
from builder.widgets.theme import DARK, LIGHT
from runtime.inspection.confusion import by_mistakes, confusion, shares
from runtime.inspection.judging import Judged
from runtime.panels.judging.classtable import ClassTable
from runtime.panels.judging.matrix import ConfusionMatrix
from runtime.panels.judging.mistakes import MistakesPanel
from tests.looks import cut, pale
from tests.runtime.panels.conftest import MakeWindow, Window

LONG = 60_000
LEFT = Qt.MouseButton.LeftButton
COUNTS = np.array([[50, 0, 0, 1], [0, 40, 9, 0], [0, 12, 30, 0], [2, 0, 0, 45]])
NAMES = ("boot", "pullover", "coat", "bag")


def classified(matrix: np.ndarray) -> Judged:
    """Samples that were confused like this, in any order."""
    pairs = np.repeat(np.argwhere(matrix >= 0), matrix.ravel(), axis=0)
    pairs = np.random.default_rng(0).permutation(pairs)
    ones = np.ones(len(pairs), np.float32)
    score = (pairs[:, 0] == pairs[:, 1]).astype(np.float32)
    return Judged("classification", np.arange(len(pairs)), ones, score, ones, pairs[:, 0], pairs[:, 1])


def test_counts_shares_and_the_order_of_confusion() -> None:
    assert np.array_equal(confusion(classified(COUNTS), 4), COUNTS)
    assert confusion(classified(COUNTS), 6).shape == (6, 6)
    assert np.allclose(shares(COUNTS).sum(1), 1)
    assert shares(np.zeros((2, 2), np.int64)).tolist() == [[0, 0], [0, 0]]
    assert by_mistakes(COUNTS).tolist() == [1, 2, 0, 3]
    before = COUNTS.copy()
    by_mistakes(COUNTS)
    assert np.array_equal(COUNTS, before)


def test_the_confusion_of_masks_counts_pixels() -> None:
    pairs = np.array([[0, 0, 0, 90], [0, 1, 0, 10], [1, 0, 0, 80], [1, 1, 1, 20]])
    empty = np.zeros((2, 0))
    found = Judged("segmentation", np.arange(2), *(np.zeros(2, np.float32),) * 3, empty, empty, pairs)
    assert confusion(found, 2).tolist() == [[170, 0], [10, 20]]


@pytest.fixture
def matrix(qtbot: QtBot) -> ConfusionMatrix:
    made = ConfusionMatrix(DARK)
    qtbot.addWidget(made)
    made.resize(420, 190)
    made.show_matrix(COUNTS, NAMES, "sample")
    made.show()
    return made


def test_a_cell_is_read_and_picked_by_pointer_and_by_keys(matrix: ConfusionMatrix, qtbot: QtBot) -> None:
    picked: list[tuple[int, int]] = []
    matrix.picked.connect(lambda *cell: picked.append(cell))
    at = matrix.cell_rect(2, 1).center().toPoint()
    qtbot.mouseClick(matrix, LEFT, pos=at)
    assert picked == [(2, 1)]
    assert matrix.reading() == "12 samples (28.6 %) of coat are taken for pullover"
    qtbot.keyClick(matrix, Qt.Key.Key_Right)
    qtbot.keyClick(matrix, Qt.Key.Key_Return)
    assert picked[-1] == (2, 2)
    assert matrix.accessibleDescription() == "30 samples (71.4 %) of coat are taken for coat"
    matrix.sort_by_mistakes(True)
    qtbot.mouseClick(matrix, LEFT, pos=matrix.cell_rect(1, 2).center().toPoint())
    assert picked[-1] == (1, 2)
    assert matrix.cell_rect(1, 1).top() < matrix.cell_rect(0, 0).top()
    qtbot.mouseClick(matrix, LEFT, pos=QPoint(1, 1))
    assert len(picked) == 3


def test_what_is_counted_is_painted_in_both_themes(matrix: ConfusionMatrix) -> None:
    counts = matrix.grab().toImage()
    matrix.show_shares(True)
    as_shares = matrix.grab().toImage()
    assert as_shares != counts
    matrix.set_theme(LIGHT)
    assert matrix.grab().toImage() != as_shares
    large = np.random.default_rng(1).integers(0, 9, (1000, 1000))
    matrix.show_matrix(large, tuple(map(str, range(1000))), "sample")
    assert not matrix.grab().isNull()


def test_the_table_sorts_by_numbers(qtbot: QtBot) -> None:
    table = ClassTable()
    qtbot.addWidget(table)
    rows = [
        {"class": name, "iou": iou, "pixels": pixels}
        for name, iou, pixels in (("sky", 0.5, 900), ("sea", None, 0), ("ship", 0.091, 1000))
    ]
    table.show_rows(rows)
    told: list[int] = []
    table.chosen.connect(told.append)
    table.sortItems(2, Qt.SortOrder.DescendingOrder)
    assert [table.topLevelItem(k).text(0) for k in range(3)] == ["ship", "sky", "sea"]
    table.sortItems(1, Qt.SortOrder.AscendingOrder)
    assert [table.topLevelItem(k).text(1) for k in range(3)] == ["–", "9.1 %", "50.0 %"]
    table.setCurrentItem(table.topLevelItem(1))
    assert told == [2]


@pytest.fixture
def window(make_window: MakeWindow) -> Window:
    document = open_document("lenet5")
    assert isinstance(document, Document)
    document.put_settings("data", {"source": "digits"})
    document.put_settings("training", {"epochs": 2, "batch": 64, "device": "cpu", "shift": 0.0})
    return make_window(document)


def judged(window: Window, qtbot: QtBot) -> MistakesPanel:
    window.shell.set_workspace("Train")
    with qtbot.waitSignal(window.panels.training.runFinished, timeout=LONG):
        window.panels.training.start()
    window.show("Mistakes")
    panel = window.panels.mistakes
    qtbot.waitUntil(lambda: panel.verdict is not None and panel.tiles.count() > 0, timeout=LONG)
    return panel


def test_after_a_run_its_mistakes_are_there_and_lead_to_the_samples(window: Window, qtbot: QtBot) -> None:
    window.shell.set_workspace("Train")
    window.show("Mistakes")
    panel = window.panels.mistakes
    assert "Press Train (F5)" in panel.hint.text()
    assert not panel.again.isEnabled()
    panel = judged(window, qtbot)
    verdict = panel.verdict
    assert verdict is not None
    finished = window.panels.training.trace.finished
    assert finished is not None
    assert finished.test_accuracy is not None
    accuracy = verdict.confusion.trace() / verdict.confusion.sum()
    assert accuracy == pytest.approx(finished.test_accuracy, abs=0.01)
    assert panel.figures.accessibleName().startswith("accuracy ")
    assert panel.surest.isChecked()
    wrong = verdict.confusion.sum() - verdict.confusion.trace()
    assert panel.tiles.count() == min(wrong, 120)

    row, column = np.argwhere(np.triu(verdict.confusion, 1))[0]
    panel.matrix.grab()
    qtbot.mouseClick(panel.matrix, LEFT, pos=panel.matrix.cell_rect(row, column).center().toPoint())
    qtbot.waitUntil(lambda: panel.tiles.count() == verdict.confusion[row, column], timeout=LONG)
    assert f"{verdict.names[row]}, taken for {verdict.names[column]}" in panel.shown.accessibleName()
    assert not panel.surest.isChecked()

    qtbot.mouseClick(
        panel.tiles.viewport(), LEFT, pos=panel.tiles.visualItemRect(panel.tiles.item(0)).center()
    )
    expected = int(verdict.judged.indices[verdict.judged.cell(row, column)[0]])
    qtbot.mouseClick(panel.inspect, LEFT)
    looking = window.panels.looking
    qtbot.waitUntil(lambda: looking.picture is not None and looking.picture.index == expected, timeout=LONG)
    assert looking.picture is not None
    assert looking.picture.said == verdict.names[row]
    assert window.panels.maps.isVisible()
    qtbot.waitUntil(lambda: looking.verdict().startswith(f"taken for {verdict.names[column]}"), timeout=LONG)


def test_other_samples_are_judged_when_chosen_and_a_class_shows_its_own(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    panel = judged(window, qtbot)
    first = panel.verdict
    panel.split.setFocus()
    qtbot.keyClick(panel.split, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: panel.verdict is not first, timeout=LONG)
    verdict = panel.verdict
    assert verdict is not None
    assert verdict.subject.split == "validation"
    qtbot.mouseClick(panel.worst, LEFT)
    assert panel.worst.isChecked()
    table = panel.table
    worst = min(range(10), key=lambda k: verdict.rows[k]["recall"])
    qtbot.mouseClick(table.viewport(), LEFT, pos=table.visualItemRect(table.topLevelItem(worst)).center())
    missed = int(verdict.confusion[worst].sum() - verdict.confusion[worst, worst])
    qtbot.waitUntil(lambda: panel.tiles.count() == missed, timeout=LONG)
    assert f"{missed} mistake" in panel.shown.accessibleName()
    QApplication.processEvents()
    for theme in ("dark", "light"):
        window.session.set_theme(theme)
        QApplication.processEvents()
        assert cut(panel) == []
        assert pale(panel) == []
