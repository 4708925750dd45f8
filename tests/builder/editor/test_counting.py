"""Work in FLOPs or in MACs: the whole window counts in one of them, says in which, and remembers it."""

from __future__ import annotations

import csv
import io

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from builder.architectures import ARCHITECTURES
from builder.convention import Convention
from builder.editor.inspector import Inspector
from builder.editor.layers_panel import LayersPanel
from builder.figures import size, work
from builder.fixes import proposals
from builder.widgets import preferences
from builder.widgets.counting import ConventionSwitch
from builder.widgets.repairs import repair_buttons
from builder.widgets.session import Session
from builder.widgets.shell import Shell
from builder.widgets.status import totals_line


@pytest.fixture
def session() -> Session:
    return Session(ARCHITECTURES["lenet5"].build())


def test_the_menu_switches_all_figures_and_the_next_start_knows(qtbot: QtBot, session: Session) -> None:
    shell = Shell(session)
    qtbot.addWidget(shell)
    view = shell.menu("View")
    (counting,) = (action.menu() for action in view.actions() if action.text() == "&Count work in")
    flops, macs = counting.actions()
    assert (flops.isChecked(), macs.isChecked()) == (True, False)
    macs.trigger()
    assert (flops.isChecked(), macs.isChecked()) == (False, True)
    assert session.convention is Convention.MACS
    assert "417 kMACs" in totals_line(session.analysis, session.convention)
    assert "MACs for one image (one for each multiply-add)" in shell.status._totals.toolTip()
    assert Session().convention is Convention.MACS
    session.set_convention(Convention.FLOPS)
    assert flops.isChecked()
    assert Session().convention is Convention.FLOPS


def test_a_convention_that_nobody_knows_is_the_usual_one() -> None:
    preferences.remember("convention", "horsepower")
    assert Session().convention is Convention.FLOPS


def test_the_table_of_layers(qtbot: QtBot, session: Session) -> None:
    panel = LayersPanel(session)
    qtbot.addWidget(panel)
    panel.resize(1100, 400)
    panel.show()
    (switch,) = panel.findChildren(ConventionSwitch)
    assert switch.text() == "Work in FLOPs"
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert switch.text() == "Work in MACs"
    titles = [
        panel.model.headerData(column, Qt.Orientation.Horizontal)
        for column in range(panel.model.columnCount())
    ]
    assert "MACs" in titles
    assert "FLOPs" not in titles
    column = titles.index("MACs")
    assert panel.model.index(1, column).data() == "118 kMACs"
    assert panel.totals.texts[column] == "417 kMACs"
    panel.copy_markdown()
    said = QGuiApplication.clipboard().text()
    assert "| MACs |" in said
    assert "FLOPs" not in said
    panel.copy_csv()
    rows = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert sum(int(row["macs"]) for row in rows) == session.analysis.totals.macs == 416_520


def test_the_inspector_explains_in_it(qtbot: QtBot, session: Session) -> None:
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    inspector.show()
    assert inspector.overview.figures["One image"] == "0.83 MFLOPs"
    session.set_convention(Convention.MACS)
    assert inspector.overview.figures["One image"] == "417 kMACs"
    session.select([node.id for node in session.graph if node.name == "conv1"])
    titles = {formula.title: formula for formula in inspector.explanation.formulas}
    assert "FLOPs" not in titles
    assert titles["MACs"].result == "117,600"
    session.set_convention(Convention.FLOPS)
    titles = {formula.title: formula for formula in inspector.explanation.formulas}
    assert titles["FLOPs"].result == "235,200"


def test_the_effect_of_a_repair_is_told_in_it(qtbot: QtBot) -> None:
    session = Session(ARCHITECTURES["lenet5"].build(input_shape=(1, 8, 8)))
    problem = next(problem for problem in session.analysis.problems if problem.is_error)
    session.set_convention(Convention.MACS)
    for button in repair_buttons(session, problem):
        qtbot.addWidget(button)
        assert "FLOPs" not in button.effect
    both = [
        proposals(session.document, session.analysis, problem, convention=convention)[0].effect
        for convention in Convention
    ]
    assert [("FLOPs" in effect, "MACs" in effect) for effect in both] == [(True, False), (False, True)]


def test_a_module_tells_its_sums(qtbot: QtBot) -> None:
    session = Session(ARCHITECTURES["resnet18"].build())
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    inspector.show()
    layer1 = next(node for node in session.graph if node.name == "layer1")
    session.select([layer1.id])
    inside = [leaf for leaf in session.analysis.leaves() if leaf.path.startswith("layer1.")]
    kept = size(sum(leaf.activation_bytes for leaf in inside))
    macs = sum(leaf.macs for leaf in inside)
    for convention in Convention:
        session.set_convention(convention)
        said = inspector._shapes.text()
        assert f"147,968 parameters, {work(macs, convention)} and {kept} of activations" in said
