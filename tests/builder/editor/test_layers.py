"""The layer table: figures are the analysis', sorting and filtering lose nothing, selection goes both ways."""

from __future__ import annotations

import csv
import io

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication
from pytestqt.qtbot import QtBot

from builder.architectures import open_document
from builder.convention import Convention
from builder.document import Document
from builder.editor.layers import BAR_ROLE, COLUMNS, SORT_ROLE, LayersModel, as_csv, as_markdown, totals_row
from builder.editor.layers_panel import LayersPanel
from builder.edits import ReplaceNode
from builder.figures import size, work
from builder.widgets.session import Session
from builder.widgets.theme import BODY, SEMIBOLD, font


def _session(name: str) -> Session:
    document = open_document(name)
    assert isinstance(document, Document)
    return Session(document)


@pytest.fixture
def resnet(qtbot: QtBot) -> tuple[Session, LayersPanel]:
    session = _session("resnet18")
    panel = LayersPanel(session)
    qtbot.addWidget(panel)
    panel.resize(1100, 400)
    panel.show()
    return session, panel


def _paths(panel: LayersPanel) -> list[str]:
    return [report.path for report in panel.reports()]


def _click_title(qtbot: QtBot, panel: LayersPanel, title: str) -> None:
    header = panel.table.horizontalHeader()
    column = [c.title for c in COLUMNS].index(title)
    x = header.sectionViewportPosition(column) + 20
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=header.rect().topLeft() + _point(x))


def _point(x: int):  # type: ignore[no-untyped-def]
    from PySide6.QtCore import QPoint

    return QPoint(x, 8)


def test_rows_are_the_leaves_in_order(resnet: tuple[Session, LayersPanel]) -> None:
    session, panel = resnet
    assert _paths(panel) == [report.path for report in session.analysis.leaves()]


def test_figures_are_written_for_people(resnet: tuple[Session, LayersPanel]) -> None:
    _, panel = resnet
    row = _paths(panel).index("layer1.0.conv1")
    cells = [panel.sorted.index(row, column).data() for column in range(len(COLUMNS))]
    assert cells[0] == "layer1.0.conv1"
    assert cells[1].startswith("Conv · 2-D  3×3")
    assert cells[2] == "64×56×56"
    assert cells[3] == "36,864"
    assert cells[4] == "231 MFLOPs"
    assert cells[6] == "19×19"


def test_numbers_stand_at_the_right(resnet: tuple[Session, LayersPanel]) -> None:
    _, panel = resnet
    for column, declared in enumerate(COLUMNS):
        role = Qt.ItemDataRole.TextAlignmentRole
        title = panel.sorted.headerData(column, Qt.Orientation.Horizontal, role)
        for where in (panel.sorted.index(0, column).data(role), title):
            side = Qt.AlignmentFlag.AlignRight if declared.number else Qt.AlignmentFlag.AlignLeft
            assert Qt.AlignmentFlag(where) & side


def test_the_totals_are_the_networks(resnet: tuple[Session, LayersPanel]) -> None:
    session, panel = resnet
    assert panel.totals.texts[3:5] == ["11,689,512", "3.63 GFLOPs"]
    assert sum(r.parameters for r in panel.reports()) == session.analysis.totals.parameters
    assert "Parameters 11,689,512" in panel.totals.accessibleName()


def test_no_figure_is_cut_in_a_small_window(resnet: tuple[Session, LayersPanel], qtbot: QtBot) -> None:
    _, panel = resnet
    panel.resize(700, 250)
    qtbot.wait(1)
    header, bold = panel.table.horizontalHeader(), QFontMetrics(font(BODY, SEMIBOLD))
    for column, text in enumerate(panel.totals.texts[3:], 3):
        assert header.sectionSize(column) >= bold.horizontalAdvance(text) + 16
    plain = QFontMetrics(font(11, mono=True))
    shapes = [panel.sorted.index(row, 2).data() for row in range(4)]
    assert shapes[1] == "64×112×112"
    assert header.sectionSize(2) >= max(map(plain.horizontalAdvance, shapes))


def test_a_selected_module_is_summed(resnet: tuple[Session, LayersPanel]) -> None:
    session, panel = resnet
    node = session.graph.by_name("layer1")
    assert node is not None
    session.select([node.id])
    report = session.report(node.id)
    assert report is not None
    inside = [path for path in _paths(panel) if path.startswith("layer1.")]
    expected = [f"{report.parameters:,}", work(report.macs, Convention.FLOPS), size(report.activation_bytes)]
    assert panel.totals.texts[0] == f"{len(inside)} selected"
    assert panel.totals.texts[3:6] == expected
    panel.table.selectRow(0)
    assert panel.totals.texts[0] == "Total"
    panel.table.selectAll()
    assert panel.totals.texts[0] == f"{len(panel.reports())} selected"
    session.select(())
    assert panel.totals.texts[0] == "Total"


def test_a_filter_leaves_what_has_every_word_and_sums_it(
    qtbot: QtBot, resnet: tuple[Session, LayersPanel]
) -> None:
    _, panel = resnet
    qtbot.keyClicks(panel.filter, "CONV layer4")
    shown = panel.reports()
    assert shown
    assert all("layer4" in r.path and r.node.block == "conv" for r in shown)
    assert panel.totals.texts[0] == f"{len(shown)} shown"
    assert panel.totals.texts[3] == f"{sum(r.parameters for r in shown):,}"
    panel.filter.setText("(*[")  # no pattern, just letters
    assert panel.reports() == []
    panel.filter.clear()
    assert panel.totals.texts[0] == "Total"


def test_titles_sort_by_number_and_a_third_click_by_order(
    qtbot: QtBot, resnet: tuple[Session, LayersPanel]
) -> None:
    _, panel = resnet
    before = _paths(panel)
    _click_title(qtbot, panel, "Parameters")
    numbers = [report.parameters for report in panel.reports()]
    assert numbers == sorted(numbers)
    _click_title(qtbot, panel, "Parameters")
    numbers = [report.parameters for report in panel.reports()]
    assert numbers == sorted(numbers, reverse=True)
    _click_title(qtbot, panel, "Parameters")
    assert _paths(panel) == before


def test_bars_are_shares_of_the_largest(resnet: tuple[Session, LayersPanel]) -> None:
    session, panel = resnet
    leaves = session.analysis.leaves()
    largest = max(report.parameters for report in leaves)
    for row, report in enumerate(leaves):
        assert panel.model.index(row, 3).data(BAR_ROLE) == pytest.approx(report.parameters / largest)
        assert panel.model.index(row, 0).data(BAR_ROLE) is None
        assert panel.model.index(row, 3).data(SORT_ROLE) == report.parameters


def test_a_row_selects_its_node_inside_its_module(qtbot: QtBot, resnet: tuple[Session, LayersPanel]) -> None:
    session, panel = resnet
    row = _paths(panel).index("layer3.1.conv2")
    index = panel.sorted.index(row, 0)
    panel.table.scrollTo(index)
    with qtbot.waitSignal(session.nodeRevealed):
        qtbot.mouseClick(
            panel.table.viewport(), Qt.MouseButton.LeftButton, pos=panel.table.visualRect(index).center()
        )
    assert session.instance == ("layer3", "1")
    assert session.graph.node(session.selection[0]).name == "conv2"
    assert [i.row() for i in panel.table.selectionModel().selectedRows()] == [row]


def test_several_rows_of_one_graph_select_several_nodes(resnet: tuple[Session, LayersPanel]) -> None:
    session, panel = resnet
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    selection = panel.table.selectionModel()
    for name in ("layer2.0.conv1", "layer2.0.conv2"):
        index = panel.sorted.index(_paths(panel).index(name), 0)
        selection.setCurrentIndex(index, flags)
    assert {session.graph.node(i).name for i in session.selection} == {"conv1", "conv2"}


def test_a_selected_node_selects_its_row(resnet: tuple[Session, LayersPanel]) -> None:
    session, panel = resnet
    node = session.graph.by_name("conv1")
    assert node is not None
    session.select([node.id])
    rows = panel.table.selectionModel().selectedRows()
    assert [_paths(panel)[index.row()] for index in rows] == ["conv1"]
    assert session.selection == (node.id,)
    session.select(())
    assert panel.table.selectionModel().selectedRows() == []


def test_a_selected_module_selects_everything_in_it(resnet: tuple[Session, LayersPanel]) -> None:
    session, panel = resnet
    node = session.graph.by_name("layer1")
    assert node is not None
    session.select([node.id])
    rows = panel.table.selectionModel().selectedRows()
    inside = [path for path in _paths(panel) if path.startswith("layer1.")]
    assert [_paths(panel)[index.row()] for index in rows] == inside
    assert session.selection == (node.id,)


def test_edits_are_seen_without_losing_the_selection(resnet: tuple[Session, LayersPanel]) -> None:
    session, panel = resnet
    node = session.graph.by_name("conv1")
    assert node is not None
    session.select([node.id])
    session.perform("Bias", [ReplaceNode("", node.with_parameters(bias=True))])
    session.flush()
    row = _paths(panel).index("conv1")
    assert panel.sorted.index(row, 3).data() == "9,472"
    assert session.selection == (node.id,)
    assert [index.row() for index in panel.table.selectionModel().selectedRows()] == [row]


def test_a_hidden_table_waits_until_it_is_seen(qtbot: QtBot, resnet: tuple[Session, LayersPanel]) -> None:
    session, panel = resnet
    panel.hide()
    before = panel.model.reports
    session.open_document("lenet5")
    assert panel.model.reports is before
    panel.show()
    assert _paths(panel) == [report.path for report in session.analysis.leaves()]


def test_csv_has_plain_numbers_in_the_order_shown(qtbot: QtBot, resnet: tuple[Session, LayersPanel]) -> None:
    session, panel = resnet
    panel.copy_csv()
    rows = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert [row["layer"] for row in rows] == _paths(panel)
    assert sum(int(row["parameters"]) for row in rows) == session.analysis.totals.parameters
    assert sum(int(row["flops"]) for row in rows) == session.analysis.totals.flops


def test_markdown_is_a_table_with_totals(resnet: tuple[Session, LayersPanel]) -> None:
    session, panel = resnet
    panel.copy_markdown()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == len(panel.reports()) + 3
    assert {line.count(" | ") for line in lines} == {len(COLUMNS) - 1}
    assert "**11,689,512**" in lines[-1]
    assert (
        as_markdown([], totals_row([], session.analysis, is_all=False))
        .splitlines()[-1]
        .startswith("| **0 shown**")
    )


def test_no_path_becomes_a_formula_of_a_spreadsheet(resnet: tuple[Session, LayersPanel]) -> None:
    from dataclasses import replace

    report = replace(resnet[1].reports()[0], path="=cmd()")
    assert as_csv([report]).splitlines()[1].startswith("'=cmd()")


def test_an_empty_network_says_what_will_be_here(qtbot: QtBot) -> None:
    panel = LayersPanel(Session())
    qtbot.addWidget(panel)
    assert panel.currentWidget() is panel.empty
    assert "will be listed" in panel.empty.text()


def test_unknown_figures_are_told_as_such(qtbot: QtBot) -> None:
    session = _session("lenet5")
    node = session.graph.by_name("conv2")
    assert node is not None
    session.perform("Break", [ReplaceNode("", node.with_parameters(kernel_size=99))])
    session.flush()
    model = LayersModel()
    model.set_analysis(session.analysis)
    row = [report.path for report in model.reports].index("conv2")
    assert model.index(row, 2).data() == "?"
    assert model.index(row, 2).data(SORT_ROLE) is None
    assert model.index(row, 6).data() == ""
