"""The list of problems: what it says, where it leads, and what it says when there are none."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from builder.architectures import open_document
from builder.document import Document
from builder.editor.problems import EMPTY, NO_PROBLEMS, ProblemsPanel
from builder.edits import Disconnect, RemoveModule, ReplaceNode
from builder.errors import Problem
from builder.widgets.messages import MessageBar
from builder.widgets.session import Session


def _session(name: str) -> Session:
    document = open_document(name)
    assert isinstance(document, Document)
    return Session(document)


def _break(session: Session, name: str = "conv2") -> str:
    """Take a node's input away; returns its id."""
    node = session.graph.by_name(name)
    assert node is not None
    edge = next(iter(session.graph.incoming(node.id).values()))
    session.perform("Cut", [Disconnect(session.graph.key, edge)])
    session.flush()
    return node.id


@pytest.fixture
def lenet(qtbot: QtBot) -> tuple[Session, ProblemsPanel]:
    session = _session("lenet5")
    panel = ProblemsPanel(session)
    qtbot.addWidget(panel)
    panel.resize(800, 250)
    panel.show()
    return session, panel


def test_a_sentence_says_that_all_is_well(lenet: tuple[Session, ProblemsPanel]) -> None:
    session, panel = lenet
    assert panel.currentWidget() is panel.empty
    assert panel.empty.text() == NO_PROBLEMS
    session.new_document()
    if not session.analysis.problems:
        assert panel.empty.text() == EMPTY


def test_problems_are_listed_and_counted(qtbot: QtBot, lenet: tuple[Session, ProblemsPanel]) -> None:
    session, panel = lenet
    with qtbot.waitSignal(panel.counted) as counted:
        _break(session)
    assert panel.currentWidget() is panel.list
    assert panel.model.problems == tuple(session.analysis.problems)
    assert counted.args == [panel.number]
    assert panel.number >= 1
    first = panel.model.index(0)
    assert first.data().startswith("Error, conv2: ")
    assert panel.model.problems[0].rule in first.data()
    assert "conv2" in first.data(Qt.ItemDataRole.ToolTipRole)


def test_what_a_run_tells_is_listed_while_its_message_stands(
    qtbot: QtBot, lenet: tuple[Session, ProblemsPanel]
) -> None:
    session, panel = lenet
    bar = MessageBar(session)
    qtbot.addWidget(bar)
    _break(session)
    drawn = tuple(session.analysis.problems)
    told = Problem("data-unknown", "Data is a known name", "'x' is none")
    with qtbot.waitSignal(panel.counted) as counted:
        bar.show_problems([told, *drawn])
    assert set(panel.model.problems) == {told, *drawn}
    assert len(panel.model.problems) == len(drawn) + 1
    assert counted.args == [panel.number]
    row = panel.model.problems.index(told)
    assert panel.model.index(row).data() == f"Error: {told.message}"
    panel.list.viewport().grab()
    bar.put_away()
    assert panel.model.problems == drawn


def test_a_click_selects_the_node_and_brings_it_into_view(
    qtbot: QtBot, lenet: tuple[Session, ProblemsPanel]
) -> None:
    session, panel = lenet
    node_id = _break(session)
    session.select(())
    where = panel.list.visualRect(panel.model.index(0)).center()
    with qtbot.waitSignal(session.nodeRevealed) as revealed:
        qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert revealed.args == [node_id]
    assert session.selection == (node_id,)


def test_enter_leads_into_modules(qtbot: QtBot) -> None:
    session = _session("resnet18")
    module = session.document.modules["BasicBlock"].graph
    conv = module.by_name("conv2")
    assert conv is not None
    session.perform("Break", [ReplaceNode("BasicBlock", conv.with_parameters(groups=3))])
    session.flush()
    panel = ProblemsPanel(session)
    qtbot.addWidget(panel)
    row = next(i for i, p in enumerate(panel.model.problems) if p.address and p.address.node == conv.id)
    panel.list.setCurrentIndex(panel.model.index(row))
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert session.graph.key == "BasicBlock"
    assert session.selection == (conv.id,)


def test_the_chosen_row_stays_while_others_come_and_go(lenet: tuple[Session, ProblemsPanel]) -> None:
    session, panel = lenet
    _break(session, "conv2")
    panel.list.setCurrentIndex(panel.model.index(0))
    chosen = panel.model.problems[0]
    _break(session, "fc1" if session.graph.by_name("fc1") else "pool2")
    assert panel.model.problems[panel.list.currentIndex().row()] == chosen


def test_a_problem_is_copied_as_a_sentence(qtbot: QtBot, lenet: tuple[Session, ProblemsPanel]) -> None:
    session, panel = lenet
    _break(session)
    panel.list.setCurrentIndex(panel.model.index(0))
    qtbot.keyClick(panel.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert panel.model.problems[0].message in QGuiApplication.clipboard().text()


def test_problems_without_a_node_do_no_harm(qtbot: QtBot) -> None:
    session = _session("resnet18")
    session.perform("Remove", [RemoveModule("BasicBlock")])
    session.flush()
    panel = ProblemsPanel(session)
    qtbot.addWidget(panel)
    assert panel.number
    for row in range(panel.model.rowCount()):
        panel.list.activated.emit(panel.model.index(row))


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_rows_are_drawn_in_both_themes(lenet: tuple[Session, ProblemsPanel], theme: str) -> None:
    session, panel = lenet
    session.set_theme(theme)
    _break(session)
    image = panel.grab().toImage()
    rect = panel.list.visualRect(panel.model.index(0))
    corner = panel.list.viewport().mapTo(panel, QPoint(rect.left(), rect.top()))
    ratio = image.devicePixelRatio()
    strip = {
        image.pixelColor(round(x * ratio), round(y * ratio)).name()
        for x in range(corner.x(), corner.x() + 120)
        for y in range(corner.y(), corner.y() + 24)
    }
    assert session.theme.error in strip
