"""Parameters out of values, in the inspector: a button, a name in place, and all instances follow; and back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu, QToolTip
from pytestqt.qtbot import QtBot

from builder.document import Document, Module, ModuleParameter
from builder.editor.inplace import InPlaceField
from builder.editor.inspector import Inspector
from builder.editor.selection import REPEAT, WHEN
from builder.edits import SetModuleParameters
from builder.errors import Problem
from builder.graph import Graph
from builder.sketch import Sketch
from builder.widgets.fields import FlagField, LineField
from builder.widgets.session import Session
from builder.writing import write_document
from tests.builder.modular.support import ids

LEFT = Qt.MouseButton.LeftButton


def _document() -> Document:
    """A module, placed twice."""
    block = Sketch(Graph("Block"))
    x = block.add("conv", "conv", block.input(), out_channels=8, kernel_size=3, padding="same", bias=False)
    block.output(block.add("last", "conv", x, out_channels="=width", kernel_size=1))
    net = Sketch()
    x = net.add("one", "module:Block", net.input((3, 16, 16)))
    net.output(net.add("two", "module:Block", x, width=6))
    return Document("net", net.graph, [Module("Block", (ModuleParameter("width", 4),), block.graph)])


class Bench:
    """An inspector inside the first of two instances of a module."""

    def __init__(self, bot: QtBot) -> None:
        self.bot = bot
        self.session = Session(_document())
        self.inspector = Inspector(self.session)
        self.form, self.parameters = self.inspector.form, self.inspector.overview.parameters.form
        self.problems: list[Problem] = []
        self.session.problemsFound.connect(self._found)
        bot.addWidget(self.inspector)
        self.inspector.resize(312, 900)
        self.inspector.show()
        with bot.waitActive(self.inspector):
            self.inspector.activateWindow()
        self.session.enter("one")

    def _found(self, problems: list[Problem]) -> None:
        self.problems = problems

    @property
    def module(self) -> Module:
        return self.session.document.modules["Block"]

    def select(self, name: str) -> None:
        self.session.select(ids(self.session.graph, name))

    def press(self, name: str) -> None:
        self.bot.mouseClick(self.form.side_button(name), LEFT)

    def field(self) -> InPlaceField:
        (found,) = [one for one in self.form.findChildren(InPlaceField) if not one.isHidden()]
        assert found.hasFocus()
        return found

    def type(self, text: str, end: Qt.Key = Qt.Key.Key_Return) -> None:
        field = self.field()
        if text:
            self.bot.keyClicks(field, text)
        self.bot.keyClick(field, end)
        self.session.flush()

    def choose(self, name: str, word: str) -> None:
        """Take something from the menu of one of the module's parameters."""
        self.bot.mouseClick(self.parameters.side_button(name), LEFT)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        (action,) = [action for action in menu.actions() if action.text() == word]
        self.bot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
        self.session.flush()

    def named(self) -> InPlaceField:
        (found,) = [one for one in self.parameters.findChildren(InPlaceField) if not one.isHidden()]
        assert found.hasFocus()
        return found

    def text(self, name: str) -> str:
        field = self.form.field(name)
        assert isinstance(field, LineField)
        return field.line.text()


@pytest.fixture
def bench(qtbot: QtBot) -> Bench:
    return Bench(qtbot)


def test_a_value_becomes_a_parameter_under_the_name_proposed(bench: Bench) -> None:
    before = write_document(bench.session.document)
    bench.select("conv")
    bench.press("out_channels")
    assert bench.field().text() == bench.field().selectedText() == "out_channels"
    bench.type("")
    assert bench.module.parameters[-1] == ModuleParameter("out_channels", 8, bench.module.parameters[-1].help)
    assert bench.text("out_channels") == "=out_channels"
    assert bench.session.analysis.ok
    assert bench.session.history.undo_label == "Parameter out_channels of Block"
    bench.session.undo()
    assert write_document(bench.session.document) == before


def test_or_under_another(bench: Bench) -> None:
    bench.select("conv")
    bench.press("bias")
    bench.type("with_bias")
    assert bench.module.parameters[-1].name == "with_bias"
    assert bench.module.parameters[-1].default is False
    assert bench.text("bias") == "=with_bias"


def test_by_keys_alone(bench: Bench) -> None:
    bench.select("conv")
    bench.form.focus_first()
    button = bench.form.side_button("out_channels")
    for _ in range(3):
        if button.hasFocus():
            break
        bench.bot.keyClick(bench.inspector.focusWidget(), Qt.Key.Key_Tab)
    assert button.hasFocus()
    bench.bot.keyClick(button, Qt.Key.Key_Space)
    bench.type("channels")
    assert bench.text("out_channels") == "=channels"
    assert button.hasFocus()


def test_a_name_that_will_not_do_is_told_in_place(bench: Bench) -> None:
    bench.select("conv")
    bench.press("out_channels")
    bench.type("width")
    assert "another is called 'width'" in bench.field().accessibleDescription()
    assert "=width" in QToolTip.text()
    bench.type("x", Qt.Key.Key_Escape)
    assert len(bench.module.parameters) == 1
    assert not bench.session.history.can_undo


def test_how_often_it_is_repeated_can_be_one(bench: Bench) -> None:
    bench.select("conv")
    bench.press(REPEAT)
    bench.type("depth")
    assert bench.module.parameters[-1] == ModuleParameter("depth", 1, bench.module.parameters[-1].help)
    assert bench.session.graph.node(bench.session.selection[0]).repeat == "=depth"


def test_rows_have_a_button_where_it_makes_sense(bench: Bench) -> None:
    bench.select("conv")
    shown = {name: bench.form.side_button(name) for name in ("out_channels", "bias", "padding", REPEAT, WHEN)}
    assert {name for name, button in shown.items() if button.isVisible()} == {"out_channels", "bias", REPEAT}
    assert "every instance may set" in shown["bias"].toolTip()
    bench.select("last")
    assert "plain value again" in bench.form.side_button("out_channels").toolTip()
    bench.session.leave()
    bench.select("two")
    assert not bench.form.side_button("width").isVisible()


# back again --------------------------------------------------------------------------------------------------


def test_a_parameter_is_a_plain_value_again(bench: Bench) -> None:
    before = write_document(bench.session.document)
    bench.select("conv")
    bench.press("out_channels")
    bench.type("")
    bench.press("out_channels")
    bench.session.flush()
    assert bench.text("out_channels") == "8"
    assert write_document(bench.session.document) == before


def test_one_that_instances_set_differently_stays_and_says_so(bench: Bench) -> None:
    bench.select("last")
    bench.press("out_channels")
    assert [problem.code for problem in bench.problems] == ["parameter-differs"]
    assert "4 in 'one', 6 in 'two'" in bench.problems[0].message
    assert [parameter.name for parameter in bench.module.parameters] == ["width"]


# the module itself -------------------------------------------------------------------------------------------


def test_the_module_shows_its_parameters_and_what_they_are_unless_set(bench: Bench) -> None:
    field = bench.parameters.field("width")
    assert isinstance(field, LineField)
    assert field.line.text() == "4"
    field.line.setFocus()
    field.line.selectAll()
    bench.bot.keyClicks(field.line, "12")
    bench.session.flush()
    assert field.line.text() == "12"
    assert field.line.hasFocus()
    assert bench.module.parameters[0].default == 12
    shapes = {leaf.path: leaf.output_shape for leaf in bench.session.analysis.leaves()}
    assert (shapes["one.last"] or ())[0] == 12
    assert (shapes["two.last"] or ())[0] == 6
    bench.session.undo()
    assert bench.module.parameters[0].default == 4
    assert field.line.text() == "4"
    assert not bench.session.history.can_undo


def test_it_tells_where_this_instance_differs(bench: Bench) -> None:
    figures = bench.inspector.overview.figures
    assert "width here" not in figures
    bench.session.leave()
    bench.session.enter("two")
    assert bench.inspector.overview.figures["width here"] == "6"


def test_switches_and_real_numbers_stay_what_they_are(bench: Bench) -> None:
    bench.select("conv")
    bench.press("bias")
    bench.type("with_bias")
    bench.session.select(())
    field = bench.parameters.field("with_bias")
    assert isinstance(field, FlagField)
    bench.bot.mouseClick(field.switch, LEFT)
    assert bench.module.parameters[-1].default is True


def test_without_parameters_there_is_nothing_to_show(bench: Bench) -> None:
    two = bench.session.document.network.by_name("two")
    assert two is not None
    bench.session.leave()
    bench.select("two")
    bench.bot.mouseClick(bench.form.reset_button("width"), LEFT)
    bench.session.enter("one")
    bench.choose("width", "Make it a plain value")
    assert bench.module.parameters == ()
    assert not bench.inspector.overview.parameters.isVisible()
    last = bench.session.graph.by_name("last")
    assert last is not None
    assert last.parameters["out_channels"] == 4


def test_a_parameter_gets_another_name_everywhere(bench: Bench) -> None:
    before = write_document(bench.session.document)
    bench.choose("width", "Rename…")
    assert bench.named().text() == bench.named().selectedText() == "width"
    bench.bot.keyClicks(bench.named(), "size")
    bench.bot.keyClick(bench.named(), Qt.Key.Key_Return)
    assert bench.module.parameters == (ModuleParameter("size", 4),)
    assert bench.parameters.side_button("size").hasFocus()
    two, last = bench.session.document.network.by_name("two"), bench.session.graph.by_name("last")
    assert two is not None
    assert last is not None
    assert (two.parameters, last.parameters["out_channels"]) == ({"size": 6}, "=size")
    assert bench.session.history.undo_label == "Rename width of Block"
    bench.session.undo()
    assert write_document(bench.session.document) == before
    assert bench.session.instance == ("one",)


def test_another_name_that_will_not_do_is_told_where_it_is_typed(bench: Bench) -> None:
    bench.choose("width", "Rename…")
    bench.bot.keyClicks(bench.named(), "2x")
    bench.bot.keyClick(bench.named(), Qt.Key.Key_Return)
    assert "'2x'" in bench.named().accessibleDescription()
    bench.bot.keyClick(bench.named(), Qt.Key.Key_Escape)
    assert bench.parameters.side_button("width").hasFocus()
    assert not bench.session.history.can_undo


def test_parameters_are_put_in_another_order_and_one_that_nothing_uses_goes(bench: Bench) -> None:
    declared = (*bench.module.parameters, ModuleParameter("spare", 1))
    bench.session.perform("More", [SetModuleParameters("Block", declared)])
    bench.session.flush()
    bench.choose("spare", "Move up")
    assert [parameter.name for parameter in bench.module.parameters] == ["spare", "width"]
    assert bench.parameters.side_button("spare").hasFocus()
    assert bench.parameters.side_button("spare").y() < bench.parameters.side_button("width").y()
    bench.choose("spare", "Move up")  # it cannot
    assert [parameter.name for parameter in bench.module.parameters] == ["spare", "width"]
    menu = QApplication.activePopupWidget()
    assert menu is not None
    menu.close()
    bench.choose("spare", "Remove, nothing uses it")
    assert [parameter.name for parameter in bench.module.parameters] == ["width"]
