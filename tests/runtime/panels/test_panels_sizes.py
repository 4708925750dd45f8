"""The panel of sizes: what it shows is what the analysis says, under the conditions asked for, in slices."""

from __future__ import annotations

import csv
import io
import math

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from builder.analysis import analyze
from builder.analysis.memory import Budget
from builder.analysis.sizes import Minimum, Sizes, sweep
from builder.architectures import ARCHITECTURES
from builder.convention import Convention
from builder.document import Document
from builder.edits import ReplaceNode, SetSettings, apply_all
from builder.figures import size, work
from builder.shapes import format_shape
from builder.widgets.session import Session
from builder.widgets.theme import DARK
from runtime.panels.plotting.sizeplot import Line, SizePlot
from runtime.panels.sizes.sizes import SizesPanel
from runtime.panels.sizes.sizing import (
    Conditions,
    conditions_of,
    drawn_size,
    minimum_words,
    usual_sizes,
)


class Shown:
    """A panel over a network, with what it needs to be asked."""

    def __init__(self, qtbot: QtBot, document: Document) -> None:
        self.qtbot = qtbot
        self.session = Session(document)
        self.panel = SizesPanel(self.session)
        qtbot.addWidget(self.panel)
        self.panel.resize(1100, 300)
        self.panel.show()
        self.settle()

    def settle(self) -> None:
        self.session.flush()
        self.qtbot.waitUntil(lambda: not self.panel.is_busy, timeout=30_000)

    def cells(self) -> list[list[str]]:
        table = self.panel.table
        rows = (table.topLevelItem(number) for number in range(table.topLevelItemCount()))
        return [
            [row.text(column) for column in range(table.columnCount())] for row in rows if row is not None
        ]

    def type_sizes(self, text: str) -> None:
        self.panel.sizes.selectAll()
        self.qtbot.keyClicks(self.panel.sizes, text)
        self.settle()


@pytest.fixture
def vgg(qtbot: QtBot) -> Shown:
    return Shown(qtbot, ARCHITECTURES["vgg16"].build(input_shape=(3, 64, 64), classes=10))


def test_rows_lines_and_words_are_the_analysis(vgg: Shown) -> None:
    panel = vgg.panel
    assert panel.sizing is not None
    rows = list(sweep(Sizes(vgg.session.document, batch=32), range(8, 129, 8)))
    assert panel.sizing.rows == rows
    for cells, row in zip(vgg.cells(), rows, strict=True):
        assert cells[0] == format_shape(row.input_shape)
        if row.problem is not None:
            assert "window must fit" in cells[-1]
            continue
        memory = row.memory
        assert cells[1:4] == ["10", f"{row.parameters:,}", work(row.macs, Convention.FLOPS)]
        assert cells[4:8] == [
            size(b) for b in (memory.activations, memory.peak, memory.training, memory.inference)
        ]
    assert panel.work_plot is not None
    assert panel.memory_plot is not None
    values = panel.work_plot.lines[0].values
    assert [math.isnan(value) for value in values] == [row.problem is not None for row in rows]
    assert [v for v in values if not math.isnan(v)] == [2 * row.macs for row in rows if row.problem is None]
    training, prediction = panel.memory_plot.lines
    assert training.values[-1] == rows[-1].memory.training
    assert prediction.values[-1] == rows[-1].memory.inference
    drawn = Budget(analyze(vgg.session.document, batch=32)).total()
    assert panel.training.text().startswith(f"Training {size(drawn.training)}: weights")
    assert f"{size(drawn.peak)} alive at once, at {drawn.peak_path}" in panel.inference.text()
    assert panel.minimum.text() == "Smallest input 32×32; every larger one up to 64×64 works"


def test_conditions_and_sizes_are_as_one_says(vgg: Shown) -> None:
    panel = vgg.panel
    panel.batch.selectAll()
    vgg.qtbot.keyClicks(panel.batch, "4")
    panel.precision.setCurrentText("bf16")
    panel.precision.activated.emit(1)
    panel.optimizer.setCurrentText("SGD with momentum")
    panel.optimizer.activated.emit(1)
    vgg.type_sizes("96,48")
    expected = sweep(
        Sizes(vgg.session.document, batch=4), (48, 96), precision="bf16", optimizer="sgd-momentum"
    )
    assert panel.sizing is not None
    assert panel.sizing.conditions == Conditions(4, "bf16", "sgd-momentum")
    assert panel.sizing.rows == list(expected)
    vgg.qtbot.keyClick(panel.batch, Qt.Key.Key_Up)
    vgg.settle()
    assert panel.sizing.conditions.batch == 5
    vgg.session.replace(ARCHITECTURES["lenet5"].build())  # another document has conditions of its own
    vgg.settle()
    assert (panel.batch.text(), panel.sizes.text(), panel.precision.currentText()) == ("32", "4:56:4", "fp32")


@pytest.mark.parametrize("text", ["", "0", "a", "9:3", "1:4096", "99999"])
def test_sizes_that_are_none_are_told_and_what_was_there_stays(vgg: Shown, text: str) -> None:
    before = vgg.cells()
    vgg.panel.sizes.selectAll()
    vgg.qtbot.keyClick(vgg.panel.sizes, Qt.Key.Key_Delete)
    vgg.type_sizes(text)
    assert vgg.panel.reason.isVisible()
    assert vgg.panel.reason.accessibleName()
    assert vgg.cells() == before
    vgg.type_sizes("64")
    assert not vgg.panel.reason.isVisible()
    assert len(vgg.cells()) == 1


def test_a_batch_that_is_none_is_told(vgg: Shown) -> None:
    vgg.panel.batch.selectAll()
    vgg.qtbot.keyClicks(vgg.panel.batch, "0")
    vgg.settle()
    assert vgg.panel.reason.accessibleName() == "A batch is a whole number above 0"
    assert vgg.panel.conditions is None


def test_work_is_counted_as_everywhere(vgg: Shown) -> None:
    vgg.session.set_convention(Convention.MACS)
    assert vgg.panel.table.headerItem().text(3) == "MACs"
    assert vgg.cells()[-1][3].endswith("GMACs")
    assert vgg.panel.work_plot is not None
    assert vgg.panel.work_plot.write(2e9) == "2.00 GMACs"
    vgg.panel.copy_csv()
    rows = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert vgg.panel.sizing is not None
    assert [row["macs"] for row in rows] == [
        "" if row.problem is not None else str(row.macs) for row in vgg.panel.sizing.rows
    ]
    assert [bool(row["problem"]) for row in rows] == [
        row.problem is not None for row in vgg.panel.sizing.rows
    ]


def test_an_edit_is_reckoned_when_it_can_be_seen(vgg: Shown) -> None:
    session, panel = vgg.session, vgg.panel
    source = next(node for node in session.document.network if node.block == "input")
    larger = source.with_parameters(shape=[3, 96, 96])
    session.perform("larger", [ReplaceNode("", larger)])
    vgg.settle()
    assert panel.sizes.text() == "12:192:12"
    assert panel.minimum.text().endswith("96×96 works")
    panel.hide()
    session.undo()
    vgg.settle()
    assert panel.sizes.text() == "12:192:12"
    panel.show()
    vgg.settle()
    assert panel.sizes.text() == "8:128:8"
    assert panel.minimum.text().endswith("64×64 works")


def test_work_comes_in_slices(vgg: Shown) -> None:
    vgg.panel.sizes.setText("32:232")
    vgg.panel.sizes.textEdited.emit("32:232")
    vgg.panel.refresh()
    assert vgg.panel.is_busy
    assert vgg.panel.sizing is not None
    assert vgg.panel.sizing.rows == []  # nothing is reckoned before the window has had its turn
    vgg.settle()
    assert len(vgg.panel.sizing.rows) == 201


def test_without_an_image_there_is_a_hint(qtbot: QtBot) -> None:
    shown = Shown(qtbot, Document())
    assert shown.panel.currentWidget() is shown.panel.hint
    assert shown.panel.work_plot is None
    shown.session.replace(ARCHITECTURES["lenet5"].build())
    shown.settle()
    assert shown.panel.currentWidget() is not shown.panel.hint
    assert shown.cells()


def test_values_are_read_off_with_the_keys(vgg: Shown) -> None:
    plot = vgg.panel.memory_plot
    assert plot is not None
    said: list[str] = []
    plot.readingChanged.connect(said.append)
    vgg.qtbot.keyClick(plot, Qt.Key.Key_Left)
    rows = vgg.panel.sizing.rows if vgg.panel.sizing is not None else []
    last = rows[-1].memory
    assert said == [f"128 · training {size(last.training)} · prediction {size(last.inference)}"]
    for _ in range(20):  # beyond the first there is none
        vgg.qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert said[-1].startswith("8 · ")
    assert "does not work" in said[-1]
    vgg.qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert said[-1] == ""


def test_a_size_that_works_alone_is_seen(qtbot: QtBot) -> None:
    plot = SizePlot("Memory", DARK, size, 1024)
    qtbot.addWidget(plot)
    plot.resize(400, 200)
    plot.show()
    gap = math.nan
    plot.show_lines((10, 20, 30, 40), (Line("training", "accent", (gap, 5.0, gap, 7.0)),), 20)
    x, y = plot._curves[0][0].getData()
    assert [value for value in y if not math.isnan(value)] == [5.0, 5.0, 7.0, 7.0]
    assert x[1] < 20 < x[2]
    assert plot.reading(0) == "10 · training does not work"
    plot.show_lines((), (), 0)
    assert plot.top == 1.0


def test_themes_change_the_plots(vgg: Shown) -> None:
    plot = vgg.panel.memory_plot
    assert plot is not None
    grounds = set()
    for choice in ("dark", "light"):
        vgg.session.set_theme(choice)
        grounds.add(plot.backgroundBrush().color().name())
        assert grounds <= {"#1c2027", "#ffffff"}
    assert len(grounds) == 2


@pytest.mark.parametrize("drawn", [1, 2, 7, 28, 32, 97, 224, 299, 3000])
def test_usual_sizes_hold_the_drawn_one(drawn: int) -> None:
    first, last, step = map(int, usual_sizes(drawn).split(":"))
    assert drawn in range(first, last + 1, step)
    assert 1 <= first <= step
    assert len(range(first, last + 1, step)) <= 24


def test_conditions_are_those_of_training() -> None:
    document = ARCHITECTURES["lenet5"].build()
    assert conditions_of(document) == Conditions(32, "fp32", "adam")
    apply_all(document, [SetSettings("training", {"batch": 128, "optimizer": "sgd"})])
    assert conditions_of(document) == Conditions(128, "fp32", "sgd-momentum")
    apply_all(document, [SetSettings("training", {"optimizer": "sgd", "momentum": 0.0})])
    assert conditions_of(document).optimizer == "sgd"
    apply_all(document, [SetSettings("training", {"optimizer": "magic"})])
    assert conditions_of(document) == Conditions(32, "fp32", "adam")
    assert (drawn_size(document), drawn_size(Document())) == (28, 0)


def test_the_smallest_input_in_words() -> None:
    assert minimum_words(None) == ""
    assert minimum_words(Minimum(None, None, (9, 9), None)) == "No input near this size works"
    assert minimum_words(Minimum((8, 8), (6, 8), (8, 8), None)) == "Smallest input 8×8, or 6×8"
    assert minimum_words(Minimum((2,), (2,), (9,), (3,))).endswith("not every larger one works: 3 does not")


@pytest.mark.parametrize("by", ["button", "enter", "double click"])
def test_a_row_becomes_the_drawn_input(vgg: Shown, by: str) -> None:
    panel, session = vgg.panel, vgg.session
    assert not panel.use.isVisible()
    table = panel.table
    item = next(item for item in table.findItems("3×96×96", Qt.MatchFlag.MatchExactly))
    table.scrollToItem(item)
    place = table.visualItemRect(item).center()
    vgg.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert (panel.use.isVisible(), panel.use.text()) == (True, "Set input to 3×96×96")
    assert drawn_size(session.document) == 64
    sizes = panel.sizes.text()
    if by == "button":
        vgg.qtbot.mouseClick(panel.use, Qt.MouseButton.LeftButton)
    elif by == "enter":
        vgg.qtbot.keyClick(table, Qt.Key.Key_Return)
    else:
        vgg.qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    vgg.settle()
    assert drawn_size(session.document) == 96
    assert panel.sizing is not None
    assert panel.sizing.drawn == 96
    assert panel.sizes.text() == sizes
    assert not panel.use.isVisible()  # it is drawn
    session.undo()
    vgg.settle()
    assert drawn_size(session.document) == 64


def test_several_rows_are_not_one_size(vgg: Shown) -> None:
    vgg.panel.table.selectAll()
    assert not vgg.panel.use.isVisible()
    before = vgg.session.document.network
    vgg.qtbot.keyClick(vgg.panel.table, Qt.Key.Key_Return)
    assert vgg.session.document.network is before
    assert drawn_size(vgg.session.document) == 64
