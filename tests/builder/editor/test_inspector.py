"""The inspector: typing changes the network at once and in one step, names are checked, repairs repair."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from builder.architectures import open_document
from builder.document import Document
from builder.editor.inspector import Inspector
from builder.editor.selection import REPEAT, WHEN
from builder.edits import Connect, Disconnect, ReplaceNode
from builder.graph import Edge, Node
from builder.widgets.fields import FlagField, LineField
from builder.widgets.inputs import LineEdit
from builder.widgets.session import Session


class Bench:
    """An inspector over a session, with its window."""

    def __init__(self, qtbot: QtBot, architecture: str) -> None:
        document = open_document(architecture)
        assert isinstance(document, Document)
        self.qtbot = qtbot
        self.session = Session(document)
        self.inspector = Inspector(self.session)
        qtbot.addWidget(self.inspector)
        self.inspector.resize(312, 900)
        self.inspector.show()
        with qtbot.waitActive(self.inspector):
            self.inspector.activateWindow()

    def node(self, name: str) -> Node:
        node = self.session.graph.by_name(name)
        assert node is not None, name
        return node

    def select(self, *names: str) -> None:
        self.session.select([self.node(name).id for name in names])

    def line(self, name: str) -> LineEdit:
        field = self.inspector.form.field(name)
        assert isinstance(field, LineField)
        return field.line

    def type(self, line: LineEdit, text: str) -> None:
        line.setFocus()
        line.selectAll()
        self.qtbot.keyClicks(line, text)
        self.session.flush()

    def explained(self) -> dict[str, str]:
        return {formula.title: formula.result for formula in self.inspector.explanation.formulas}

    def texts(self) -> str:
        QApplication.processEvents()
        labels = self.inspector.findChildren(QLabel)
        return "\n".join(label.text() for label in labels if label.isVisibleTo(self.inspector))


@pytest.fixture
def lenet(qtbot: QtBot) -> Bench:
    return Bench(qtbot, "lenet5")


@pytest.fixture
def resnet(qtbot: QtBot) -> Bench:
    return Bench(qtbot, "resnet18")


def test_a_node_is_shown_with_name_block_and_parameters(lenet: Bench) -> None:
    lenet.select("conv2")
    head = lenet.inspector.head
    assert head.name.text() == "conv2"
    assert head.title.text() == "Conv · 2-D"
    assert head.mark.category == "Convolution"
    assert lenet.line("out_channels").text() == "16"
    assert lenet.line("kernel_size").text() == "5 × 5"


def test_the_explanation_has_the_numbers_put_in(lenet: Bench) -> None:
    lenet.select("conv2")
    explained = lenet.explained()
    assert explained["Output"] == "10"
    assert explained["Parameters"].startswith("2,416")
    assert explained["Receptive field"] == "14 × 14 px"
    roles = {label.property("role") for label in lenet.inspector.explanation.findChildren(QLabel)}
    assert {"strong", "mono", "result"} <= roles
    assert "= 10" in lenet.texts()


def test_the_explanation_follows_what_is_typed(lenet: Bench) -> None:
    lenet.select("conv2")
    lenet.type(lenet.line("kernel_size"), "3")
    assert lenet.explained()["Output"] == "12"
    assert "kernel_size" not in lenet.node("conv2").parameters  # 3 is the default


def test_typing_is_one_step_of_undo_even_with_the_focus_in_the_field(lenet: Bench) -> None:
    lenet.select("conv1")
    before = lenet.node("conv1")
    line = lenet.line("out_channels")
    lenet.type(line, "128")
    assert lenet.node("conv1").parameters["out_channels"] == 128
    assert lenet.session.history.undo_label == "Kernels of conv1"
    lenet.session.undo()
    lenet.session.flush()
    assert lenet.node("conv1") == before
    assert line.text() == "6"
    assert line.hasFocus()
    assert not lenet.session.history.can_undo


def test_escape_takes_back_what_was_typed_or_stepped_and_then_leads_out(lenet: Bench) -> None:
    bot, line = lenet.qtbot, lambda: lenet.line("out_channels")
    lenet.select("conv1")
    for change in (lambda: lenet.type(line(), "128"), lambda: bot.keyClick(line(), Qt.Key.Key_Up)):
        line().setFocus()
        change()
        assert lenet.node("conv1").parameters["out_channels"] != 6
        with bot.assertNotEmitted(lenet.inspector.left):
            bot.keyClick(line(), Qt.Key.Key_Escape)
        assert lenet.node("conv1").parameters["out_channels"] == 6
        with bot.waitSignal(lenet.inspector.left):
            bot.keyClick(line(), Qt.Key.Key_Escape)


def test_escape_on_a_switch_leads_out(lenet: Bench) -> None:
    lenet.select("conv1")
    field = lenet.inspector.form.field("bias")
    assert isinstance(field, FlagField)
    lenet.qtbot.mouseClick(field.switch, Qt.MouseButton.LeftButton)
    with lenet.qtbot.waitSignal(lenet.inspector.left):
        lenet.qtbot.keyClick(field.switch, Qt.Key.Key_Escape)
    assert lenet.node("conv1").parameters["bias"] is False


def test_escape_brings_back_the_name_of_the_network(lenet: Bench) -> None:
    name = lenet.inspector.overview.name
    lenet.type(name, "other")
    lenet.qtbot.keyClick(name, Qt.Key.Key_Escape)
    assert name.text() == "lenet5"
    lenet.qtbot.keyClick(name, Qt.Key.Key_Return)
    assert lenet.session.document.name == "lenet5"
    assert not lenet.session.history.can_undo


def test_another_field_is_another_step(lenet: Bench) -> None:
    lenet.select("conv1")
    lenet.type(lenet.line("out_channels"), "7")
    lenet.qtbot.keyClick(lenet.line("out_channels"), Qt.Key.Key_Tab)
    lenet.type(lenet.line("out_channels"), "8")
    lenet.session.undo()
    assert lenet.node("conv1").parameters["out_channels"] == 7


def test_what_will_not_do_changes_nothing(lenet: Bench) -> None:
    lenet.select("conv1")
    before = lenet.session.document.revision
    lenet.type(lenet.line("stride"), "0")
    assert lenet.session.document.revision == before
    assert lenet.inspector.form.reason("stride") == "Needs at least 1, not 0."


def test_fast_typing_is_not_overtaken_by_the_analysis(lenet: Bench) -> None:
    lenet.select("conv1")
    line = lenet.line("out_channels")
    lenet.type(line, "12x")  # 12 is applied, and analysed only after the x
    assert line.text() == "12x"
    assert lenet.inspector.form.reason("out_channels")
    assert lenet.node("conv1").parameters["out_channels"] == 12


def test_what_was_typed_for_one_node_does_not_stay_for_another(lenet: Bench) -> None:
    lenet.select("conv1")
    lenet.type(lenet.line("kernel_size"), "5x")
    lenet.select("conv2")  # has the same value
    assert lenet.line("kernel_size").text() == "5 × 5"
    assert lenet.inspector.form.reason("kernel_size") == ""


def test_a_default_is_left_out_of_the_document(lenet: Bench) -> None:
    lenet.select("conv2")
    lenet.type(lenet.line("stride"), "2")
    assert "stride" in lenet.node("conv2").parameters
    lenet.qtbot.mouseClick(lenet.inspector.form.reset_button("stride"), Qt.MouseButton.LeftButton)
    lenet.session.flush()
    assert "stride" not in lenet.node("conv2").parameters
    assert lenet.line("stride").text() == "1 × 1"


def test_switches_reach_the_network(lenet: Bench) -> None:
    lenet.select("conv1")
    field = lenet.inspector.form.field("bias")
    assert isinstance(field, FlagField)
    lenet.qtbot.mouseClick(field.switch, Qt.MouseButton.LeftButton)
    lenet.session.flush()
    assert lenet.node("conv1").parameters["bias"] is False
    assert lenet.explained()["Parameters"].startswith("150")


def test_a_node_is_renamed_with_enter(lenet: Bench) -> None:
    lenet.select("conv1")
    name = lenet.inspector.head.name
    lenet.type(name, "first")
    assert lenet.session.graph.by_name("first") is None  # not before it is meant
    lenet.qtbot.keyClick(name, Qt.Key.Key_Return)
    assert lenet.session.graph.by_name("first") is not None
    lenet.session.undo()
    lenet.session.flush()
    assert name.text() == "conv1"


@pytest.mark.parametrize("wish", ["conv2", "forward", "for", "a b", ""])
def test_names_that_cannot_be_are_refused_with_the_reason(lenet: Bench, wish: str) -> None:
    lenet.select("conv1")
    name, reason = lenet.inspector.head.name, lenet.inspector.head.reason
    lenet.type(name, wish) if wish else name.clear()
    name.setModified(True)
    lenet.qtbot.keyClick(name, Qt.Key.Key_Return)
    assert lenet.node("conv1")
    assert reason.isVisible()
    assert reason.text()
    lenet.qtbot.keyClick(name, Qt.Key.Key_Escape)
    assert name.text() == "conv1"
    assert not reason.isVisible()


def test_several_nodes_show_what_they_share(lenet: Bench) -> None:
    lenet.select("conv1", "conv2")
    assert lenet.inspector.head.name.text() == "2 nodes"
    assert lenet.inspector.head.name.isReadOnly()
    assert lenet.line("kernel_size").text() == "5 × 5"
    assert lenet.line("out_channels").placeholderText() == "differ"
    lenet.type(lenet.line("out_channels"), "9")
    assert [lenet.node(name).parameters["out_channels"] for name in ("conv1", "conv2")] == [9, 9]
    lenet.session.undo()
    assert [lenet.node(name).parameters["out_channels"] for name in ("conv1", "conv2")] == [6, 16]


def test_different_blocks_share_only_what_both_have(lenet: Bench) -> None:
    lenet.select("conv1", "pool1")
    assert lenet.inspector.head.title.text() == "different blocks"
    assert lenet.line("kernel_size")
    with pytest.raises(KeyError):
        lenet.inspector.form.field("out_channels")


def test_nothing_selected_tells_about_the_network(lenet: Bench) -> None:
    lenet.session.select(())
    overview = lenet.inspector.overview
    assert overview.isVisible()
    assert overview.figures["Parameters"] == "61,706"
    assert overview.figures["One image"] == "0.83 MFLOPs"
    assert overview.figures["Output"] == "10"
    assert "Select a node" in overview.hint.text()


def test_the_input_shape_is_changed_where_nothing_is_selected(lenet: Bench) -> None:
    field = lenet.inspector.overview.form.field("shape")
    assert isinstance(field, LineField)
    lenet.type(field.line, "1x32x32")
    assert lenet.session.analysis.input_shapes == [(1, 32, 32)]
    assert lenet.inspector.overview.figures["Sees"] == "the whole input"


def test_the_network_is_renamed(lenet: Bench) -> None:
    name = lenet.inspector.overview.name
    lenet.type(name, "mine")
    lenet.qtbot.keyClick(name, Qt.Key.Key_Return)
    assert lenet.session.document.name == "mine"


def test_an_empty_network_says_how_to_begin(qtbot: QtBot) -> None:
    session = Session()
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    assert "Press Tab" in inspector.overview.hint.text()
    assert not inspector.overview.form.isVisibleTo(inspector)


def test_a_module_tells_where_one_is(resnet: Bench) -> None:
    resnet.session.enter("layer2")
    resnet.session.enter("0")
    overview = resnet.inspector.overview
    assert overview.title.text() == "BasicBlock"
    assert overview.figures["Seen from"] == "layer2.0"
    assert overview.figures["Parameters"] == "230,144"  # 64→128 with projection, as torchvision counts it
    assert "wherever" in overview.hint.text()


def test_expressions_are_allowed_in_a_module(resnet: Bench) -> None:
    resnet.session.enter("layer2")
    resnet.session.enter("0")
    resnet.select("conv1")
    names = resnet.session.view.parameters
    assert names
    name = next(iter(names))
    resnet.type(resnet.line("out_channels"), f"=2*{name}")
    assert resnet.node("conv1").parameters["out_channels"] == f"=2*{name}"
    resnet.type(resnet.line("out_channels"), "=2*nothing")
    assert name in resnet.inspector.form.reason("out_channels")


def test_a_module_node_has_its_modules_parameters_and_leads_inside(resnet: Bench) -> None:
    resnet.select("layer2")
    declared = resnet.session.document.modules[resnet.node("layer2").block.removeprefix("module:")].parameters
    for parameter in declared:
        assert resnet.inspector.form.field(parameter.name)
    resnet.qtbot.mouseClick(resnet.inspector._enter, Qt.MouseButton.LeftButton)
    assert resnet.session.instance == ("layer2",)


def test_repeat_and_when_are_the_nodes_own(resnet: Bench) -> None:
    resnet.session.enter("layer2")
    resnet.select("1")
    resnet.type(resnet.line(REPEAT), "2")
    assert resnet.node("1").repeat == 2
    resnet.session.undo()
    resnet.session.flush()
    resnet.type(resnet.line(WHEN), "1 == 2")
    assert resnet.node("1").when == "1 == 2"
    assert "bypassed" in resnet.texts()
    resnet.type(resnet.line(WHEN), "import os")
    assert resnet.inspector.form.reason(WHEN)
    assert resnet.node("1").when == "1 == 2"


def test_a_problem_stands_with_repairs_that_repair(lenet: Bench) -> None:
    node = lenet.node("conv2")
    lenet.session.perform("Grow", [ReplaceNode("", node.with_parameters(kernel_size=99))])
    lenet.session.flush()
    lenet.select("conv2")
    (card,) = lenet.inspector.cards
    assert "14×14" in lenet.texts()
    card.propose()
    assert card.buttons()
    button = card.buttons()[0]
    assert button.property("variant") == "primary"
    assert card.buttons()[0].effect in lenet.texts()
    lenet.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    lenet.session.flush()
    assert lenet.session.analysis.ok
    assert lenet.inspector.cards == ()
    lenet.session.undo()
    lenet.session.flush()
    assert lenet.inspector.cards


def test_problems_of_other_instances_are_told_where_the_node_is_drawn(resnet: Bench) -> None:
    node = resnet.session.document.modules["BasicBlock"].graph.by_name("conv2")
    assert node is not None
    resnet.session.perform("Break", [ReplaceNode("BasicBlock", node.with_parameters(groups=3))])
    resnet.session.leave_to(("layer2", "0"))
    resnet.select("conv2")
    (card,) = resnet.inspector.cards
    assert card.problem.path == "layer1.0.conv2"
    assert "At layer1.0.conv2." in resnet.texts()


def test_repairs_are_looked_for_when_typing_pauses(lenet: Bench) -> None:
    node = lenet.node("conv2")
    lenet.session.perform("Grow", [ReplaceNode("", node.with_parameters(kernel_size=99))])
    lenet.session.flush()
    lenet.select("conv2")
    (card,) = lenet.inspector.cards
    lenet.qtbot.waitUntil(lambda: bool(card.buttons()))


def test_what_is_not_connected_is_not_explained(lenet: Bench) -> None:
    conv = lenet.node("conv1")
    edge = next(iter(lenet.session.graph.incoming(conv.id).values()))
    lenet.session.perform("Cut", [Disconnect("", edge)])
    lenet.session.flush()
    lenet.select("conv1")
    assert not lenet.inspector.explanation.formulas
    assert "?" not in lenet.inspector._shapes.text()
    lenet.session.perform("Mend", [Connect("", Edge(*edge))])
    lenet.session.flush()
    assert lenet.inspector.explanation.formulas


def test_every_node_of_every_kind_can_be_shown(resnet: Bench) -> None:
    for place in ((), ("layer1",), ("layer2", "0")):
        resnet.session.leave_to(place)
        for node in list(resnet.session.graph):
            resnet.session.select([node.id])
            assert resnet.inspector.head.name.text() == node.name
        resnet.session.select([node.id for node in resnet.session.graph])
    QApplication.processEvents()


def test_the_theme_can_change_under_it(lenet: Bench) -> None:
    lenet.session.perform("Grow", [ReplaceNode("", lenet.node("conv2").with_parameters(kernel_size=99))])
    lenet.session.flush()
    lenet.select("conv2")
    for choice in ("light", "dark"):
        lenet.session.set_theme(choice)
        assert lenet.session.theme.error in lenet.inspector.cards[0].styleSheet()
        assert not lenet.inspector.grab().isNull()
