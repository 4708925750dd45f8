"""What the network gets wrong, in the window: judged, opened, looked into."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from builder.architectures import open_document
from builder.document import Document
from builder.errors import Problem
from builder.widgets.theme import DARK, LIGHT, TINY, font
from runtime.inspection.confusion import by_mistakes, confusion, shares
from runtime.inspection.judging import Judged
from runtime.panels.captions import fitted_pair
from runtime.panels.judging.arrangement import Arrangement
from runtime.panels.judging.classtable import ClassTable
from runtime.panels.judging.matrix import ConfusionMatrix
from runtime.panels.judging.mistakes import MistakesPanel
from runtime.panels.judging.verdicts import Subject, Verdict, judge
from runtime.panels.looking.backstage import Backstage, DataWish, Weights
from runtime.panels.samples.tiles import Tiles
from runtime.training.records.runs import Run
from runtime.training.settings import Settings
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


def test_what_is_in_a_cell_is_said_at_the_pointer_too_and_in_less_room(matrix: ConfusionMatrix) -> None:
    at = matrix.cell_rect(3, 0).center().toPoint()
    QApplication.sendEvent(matrix, QHelpEvent(QEvent.Type.ToolTip, at, matrix.mapToGlobal(at)))
    assert QToolTip.text() == matrix.reading() == "2 samples (4.3 %) of bag are taken for boot"
    QToolTip.hideText()
    at = matrix.cell_rect(0, 1).center().toPoint()
    QApplication.sendEvent(matrix, QHelpEvent(QEvent.Type.ToolTip, at, matrix.mapToGlobal(at)))
    assert matrix.reading() == "No sample of boot is taken for pullover"
    QToolTip.hideText()
    matrix.show_matrix(COUNTS, tuple(f"a garment that people call {name} here" for name in NAMES), "sample")
    matrix._point((1, 2))
    whole, *fewer = matrix.readings()
    assert "call pullover here are taken for a garment that people call coat here" in whole
    assert len(fewer[-1]) < 60
    assert "a ga…here" in fewer[-1]
    assert [len(text) for text in fewer] == sorted(map(len, fewer), reverse=True)
    empty = np.diag([4, 0, 1, 2])
    matrix.show_matrix(empty, NAMES, "pixel")
    matrix._point((1, 2))
    assert matrix.reading() == "There is no pixel of pullover"


def test_a_large_count_is_written_in_short_before_it_is_left_out(matrix: ConfusionMatrix) -> None:
    counts = np.full((5, 5), 7)
    counts[:2, :2] = (426_473, 18_496), (1_204_000, 130)
    matrix.show_matrix(counts, ("sky", "sea", "ship", "sand", "sun"), "pixel")
    written = {cell: matrix._figures(*cell) for cell in np.ndindex(5, 5)}
    assert written[0, 0] == ("426,473", "426k", "426k")
    assert written[0, 1] == ("18,496", "18.5k", "18k")
    assert written[1, 0] == ("1,204,000", "1.2M", "1M")
    assert written[1, 1][0] == "130"
    matrix.resize(190, 190)
    narrow = matrix.grab().toImage()
    matrix._figures = lambda row, column: written[row, column][:1]  # type: ignore[method-assign]
    assert matrix.grab().toImage() != narrow  # there is no room for the whole ones


def test_a_name_is_whole_where_there_is_room(matrix: ConfusionMatrix) -> None:
    names = ("background", "disc", "square", "triangle")
    matrix.show_matrix(COUNTS, names, "pixel")
    for height in (260, 214):
        matrix.resize(224, height)
        area, *_, turned = matrix._layout()
        assert turned
        assert area.top() - 14 >= matrix._widest()
        assert area.left() >= matrix._widest()


def test_a_matrix_of_many_classes_says_what_its_axes_are(matrix: ConfusionMatrix) -> None:
    many = np.diag(np.arange(1, 101))
    for names in (NAMES, tuple(map(str, range(100)))):
        matrix.show_matrix(COUNTS if len(names) == 4 else many, names, "sample")
        area = matrix._layout()[0].toRect()
        picture = matrix.grab(QRect(area.left(), 0, 80, 14)).toImage()
        colours = {picture.pixel(x, y) for x in range(picture.width()) for y in range(picture.height())}
        assert len(colours) > 3


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
    assert [table.topLevelItem(k).text(1) for k in range(3)] == ["9.1 %", "50.0 %", "–"]
    table.sortItems(1, Qt.SortOrder.DescendingOrder)
    assert [table.topLevelItem(k).text(1) for k in range(3)] == ["50.0 %", "9.1 %", "–"]
    table.setCurrentItem(table.topLevelItem(1))
    assert told == [2]


def test_the_table_begins_with_what_is_worst_and_cuts_long_names(qtbot: QtBot) -> None:
    table = ClassTable()
    qtbot.addWidget(table)
    name = "pattern 9-9 of the kind that has a long name"
    rows = [{"class": f"{name} {k}", "recall": 1.0, "f1": f1} for k, f1 in enumerate((1.0, 0.4, None, 0.9))]
    table.show_rows(rows)
    assert [table.topLevelItem(k).text(0)[-1] for k in range(4)] == ["1", "3", "0", "2"]
    assert table.header().sectionSize(0) < 200
    assert table.topLevelItem(0).toolTip(0) == f"{name} 1"


@pytest.mark.parametrize(("width", "height", "least"), [(1240, 470, 380), (908, 262, 190)])
def test_the_matrix_gets_the_height_that_is_free(width: int, height: int, least: int, qtbot: QtBot) -> None:
    matrix, table, tiles = ConfusionMatrix(DARK), ClassTable(), Tiles(DARK, "Samples")
    whole = Arrangement(matrix, (), table, tiles, ())
    qtbot.addWidget(whole)
    names = tuple(f"pattern {k} of the long-named kind" for k in range(100))
    matrix.show_matrix(np.eye(100, dtype=np.int64), names, "sample")
    figures = {"precision": 1.0, "recall": 1.0, "f1": 1.0, "samples": 3}
    table.show_rows([{"class": name, **figures} for name in names])
    whole.resize(width, height)
    whole.show()
    QApplication.processEvents()
    assert matrix._layout()[0].height() >= least
    assert tiles.width() >= 2 * 92
    assert table.width() >= table.header().length()


def test_each_of_two_names_is_cut_by_itself(qapp: QApplication) -> None:
    metrics = QFontMetrics(font(TINY))
    long = "pattern 9-9 of the long-named kind"
    said = fitted_pair(f"{long} → coat", metrics, 88)
    assert said.startswith("pat")
    assert said.endswith(" → coat")
    said = fitted_pair(f"{long} → {long}", metrics, 88)
    one, other = said.split(" → ")
    assert "…" in one
    assert one == other
    assert metrics.horizontalAdvance(said) <= 88
    for short in ("3 → 5", "cat → dog", "dog → cat"):
        assert fitted_pair(short, metrics, 88) == short
    assert fitted_pair(long, metrics, 88).endswith("…")


def masks(pairs: list[tuple[int, int, int, int]], samples: int) -> Verdict:
    """A verdict of masks of two classes with these pixels."""
    found = np.array(pairs)
    right = found[found[:, 1] == found[:, 2]]
    score = np.bincount(right[:, 0], right[:, 3], samples) / np.bincount(found[:, 0], found[:, 3], samples)
    figures = np.zeros(samples, np.float32), score.astype(np.float32), np.ones(samples, np.float32)
    none = np.zeros((samples, 0))
    judged = Judged("segmentation", np.arange(samples), *figures, none, none, found)
    subject = Subject(DataWish("shapes", (3, 8, 8)), Weights(None, "made"), "test")
    return Verdict(subject, judged, ("sky", "sea"), confusion(judged, 2), (), "")


def test_what_is_said_of_masks_is_true() -> None:
    verdict = masks([(0, 0, 0, 99), (0, 0, 1, 1), (1, 0, 0, 83), (1, 1, 0, 17), (2, 1, 1, 100)], 3)
    worst = verdict.judged.worst(9)
    assert worst.tolist() == [1, 0]
    assert verdict.worst_words(worst)[0] == "the worst: 83 % of its pixels right"
    assert [verdict.words(k)[0] for k in range(3)] == ["99 % right", "83 % right", "100 % right"]
    verdict = masks([(0, 0, 0, 9_999), (0, 0, 1, 1)], 1)
    assert verdict.words(0)[0] == "over 99 % right"


def test_why_weights_cannot_be_judged_is_said_as_it_is(tmp_path: Path) -> None:
    lenet, mlp = (open_document(name) for name in ("lenet5", "mlp"))
    assert isinstance(lenet, Document)
    assert isinstance(mlp, Document)
    run = Run.create(tmp_path, mlp, Settings())
    assert isinstance(run, Run)
    run.close()
    stage, subject = (
        Backstage(),
        Subject(DataWish("digits", (1, 28, 28)), Weights(run.folder / "x", "x"), "test"),
    )

    def said(document: Document) -> str:
        answer = judge(stage, document, subject)
        assert isinstance(answer, Problem)
        return answer.message

    assert "the weights of this run are gone" in said(lenet)
    (run.folder / "x").write_bytes(b"")
    assert "of another network, 'mlp'; drawn is 'lenet5'" in said(lenet)
    assert "'mlp' has changed since these weights were learned" in said(mlp)


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

    panel.matrix.grab()
    row, column = np.argwhere(verdict.confusion == 0)[0]
    qtbot.mouseClick(panel.matrix, LEFT, pos=panel.matrix.cell_rect(row, column).center().toPoint())
    assert panel.arrangement.nothing.isVisible()
    assert panel.arrangement.nothing.text() == f"No sample of {row} was taken for {column}."
    assert panel.said.text() == f"No sample of {row} is taken for {column}"  # not cut
    row, column = np.argwhere(np.triu(verdict.confusion, 1))[0]
    qtbot.mouseClick(panel.matrix, LEFT, pos=panel.matrix.cell_rect(row, column).center().toPoint())
    qtbot.waitUntil(lambda: panel.tiles.count() == verdict.confusion[row, column], timeout=LONG)
    assert f"{verdict.names[row]}, taken for {verdict.names[column]}" in panel.shown.accessibleName()
    assert not panel.surest.isChecked()
    assert panel.tiles.isVisible()
    assert panel.said.text() == panel.matrix.reading()

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


def test_while_a_run_goes_on_one_is_told_to_press_judge(window: Window, qtbot: QtBot) -> None:
    window.set_training(epochs=500)
    window.shell.set_workspace("Train")
    window.panels.training.start()
    window.show("Mistakes")
    panel = window.panels.mistakes
    qtbot.waitUntil(panel.again.isEnabled, timeout=LONG)
    assert "Press Judge" in panel.hint.text()
    assert "Train (F5)" not in panel.hint.text()
    assert panel.hint.width() <= 560
    assert panel.verdict is None
    window.panels.training.pause()
    qtbot.mouseClick(panel.again, LEFT)
    qtbot.waitUntil(lambda: panel.verdict is not None, timeout=LONG)
    with qtbot.waitSignal(window.panels.training.runFinished, timeout=LONG):
        window.panels.training.stop()


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
    shown = [table.topLevelItem(k) for k in range(10)]
    f1 = [verdict.rows[int(item.text(0))]["f1"] for item in shown]
    assert f1 == sorted(f1)
    worst = int(shown[0].text(0))
    qtbot.mouseClick(table.viewport(), LEFT, pos=table.visualItemRect(shown[0]).center())
    missed = int(verdict.confusion[worst].sum() - verdict.confusion[worst, worst])
    qtbot.waitUntil(lambda: panel.tiles.count() == missed, timeout=LONG)
    assert f"{missed} mistake" in panel.shown.accessibleName()
    QApplication.processEvents()
    for theme in ("dark", "light"):
        window.session.set_theme(theme)
        QApplication.processEvents()
        assert cut(panel) == []
        assert pale(panel) == []
