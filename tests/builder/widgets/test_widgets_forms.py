"""Forms as people use them: typing, stepping, Esc, chains, switches, reasons, the way back to the default."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.blocks.parameters import (
    Choice,
    Flag,
    Integer,
    OptionalReal,
    Padding,
    PerAxis,
    Real,
    ShapeValue,
    declared,
)
from builder.widgets.fields import (
    MIXED,
    ChoiceField,
    FlagField,
    LineField,
    PaddingField,
    PerAxisField,
    stepped,
)
from builder.widgets.forms import Form
from builder.widgets.theme import DARK, LIGHT


class Declared:
    out_channels = Integer(32, maximum=4096, label="Kernels", help="How many kernels.")
    kernel_size = PerAxis(3, label="Kernel size", unit="px")
    padding = Padding(0)
    rate = Real(1e-3, minimum=0.0, label="Learning rate")
    bias = Flag(True)
    mode = Choice("zeros", ("zeros", "reflect"))
    shape = ShapeValue((1, 28, 28))
    momentum = OptionalReal(0.1, minimum=0.0, maximum=1.0)


DECLARED = declared(Declared)


class Told:
    """A form with what it told, fed back as the inspector does."""

    def __init__(self, qtbot: QtBot, values: dict[str, Any] | None = None, **options: Any) -> None:
        self.values = dict(values or {})
        self.options = {"dims": 2, **options}
        self.edits: list[tuple[str, Any]] = []
        self.resets: list[str] = []
        self.finished = 0
        self.form = Form(DARK)
        qtbot.addWidget(self.form)
        self.form.edited.connect(self._edited)
        self.form.reset.connect(self._reset)
        self.form.finished.connect(self._finish)
        self.show()
        self.form.show()
        with qtbot.waitActive(self.form):
            self.form.activateWindow()

    def show(self) -> None:
        self.form.show_parameters(DECLARED, self.values, **self.options)

    def line(self, name: str) -> Any:
        field = self.form.field(name)
        assert isinstance(field, LineField)
        return field.line

    def type(self, qtbot: QtBot, name: str, text: str) -> None:
        line = self.line(name)
        line.setFocus()
        line.selectAll()
        qtbot.keyClicks(line, text)

    def _edited(self, name: str, value: Any) -> None:
        self.edits.append((name, value))
        self.values[name] = value
        self.show()

    def _reset(self, name: str) -> None:
        self.resets.append(name)
        self.values.pop(name)
        self.show()

    def _finish(self) -> None:
        self.finished += 1


def test_each_kind_has_its_editor(qtbot: QtBot) -> None:
    form = Told(qtbot).form
    kinds = {name: type(form.field(name)) for name in DECLARED}
    assert kinds == {
        "out_channels": LineField,
        "kernel_size": PerAxisField,
        "padding": PaddingField,
        "rate": LineField,
        "bias": FlagField,
        "mode": ChoiceField,
        "shape": LineField,
        "momentum": LineField,
    }


def test_values_are_shown_as_people_write_them(qtbot: QtBot) -> None:
    told = Told(qtbot, {"out_channels": 1024, "padding": [[0, 1], [2, 3]], "rate": 1e-05})
    texts = {
        name: told.line(name).text() for name in ("out_channels", "kernel_size", "padding", "rate", "shape")
    }
    assert texts == {
        "out_channels": "1,024",
        "kernel_size": "3 × 3",
        "padding": "0+1 × 2+3",
        "rate": "1e-05",
        "shape": "1 × 28 × 28",
    }


def test_what_is_typed_is_told_at_once(qtbot: QtBot) -> None:
    told = Told(qtbot)
    told.type(qtbot, "out_channels", "128")
    assert told.edits == [("out_channels", 1), ("out_channels", 12), ("out_channels", 128)]
    assert told.line("out_channels").text() == "128"


def test_what_will_not_do_is_said_and_not_told(qtbot: QtBot) -> None:
    told = Told(qtbot)
    told.type(qtbot, "out_channels", "0")
    assert told.edits == []
    assert told.form.reason("out_channels") == "Needs at least 1, not 0."
    assert told.line("out_channels").property("invalid") == "true"
    assert told.line("out_channels").accessibleDescription() == "Needs at least 1, not 0."
    told.type(qtbot, "out_channels", "7")
    assert told.form.reason("out_channels") == ""
    assert told.line("out_channels").property("invalid") == "false"


def test_escape_brings_back_what_was_there(qtbot: QtBot) -> None:
    told = Told(qtbot, {"out_channels": 64})
    told.type(qtbot, "out_channels", "5x")
    qtbot.keyClick(told.line("out_channels"), Qt.Key.Key_Escape)
    assert told.values["out_channels"] == 64
    assert told.line("out_channels").text() == "64"
    assert told.form.reason("out_channels") == ""


def test_arrows_step_within_the_range(qtbot: QtBot) -> None:
    told = Told(qtbot, {"out_channels": 2, "kernel_size": [3, 5]})
    line = told.line("out_channels")
    qtbot.keyClick(line, Qt.Key.Key_Down)
    qtbot.keyClick(line, Qt.Key.Key_Down)
    assert told.values["out_channels"] == 1
    qtbot.keyClick(line, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert told.values["out_channels"] == 11
    qtbot.keyClick(told.line("kernel_size"), Qt.Key.Key_Up)
    assert told.values["kernel_size"] == [4, 6]


@pytest.mark.parametrize(("value", "up"), [(1e-3, 2e-3), (0.0, 0.1), (0.9, 1.0), (64.0, 65.0), (3e-5, 4e-5)])
def test_a_number_steps_by_its_first_figure(value: float, up: float) -> None:
    assert stepped(DECLARED["rate"], value, 1) == pytest.approx(up)


def test_words_do_not_step() -> None:
    assert stepped(DECLARED["padding"], "same", 1) is None
    assert stepped(DECLARED["momentum"], None, 1) is None
    assert stepped(DECLARED["momentum"], 0.1, 1) == pytest.approx(0.2)
    assert stepped(DECLARED["shape"], [1, 28, 28], 1) is None


def test_the_wheel_steps_only_a_field_that_has_the_focus(qtbot: QtBot) -> None:
    told = Told(qtbot, {"out_channels": 8})

    def turn() -> None:
        where = QPointF(5, 5)
        event = QWheelEvent(
            where, where, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(told.line("out_channels"), event)

    told.line("rate").setFocus()
    turn()
    assert told.edits == []
    told.line("out_channels").setFocus()
    turn()
    assert told.values["out_channels"] == 9


def test_one_number_sets_all_axes(qtbot: QtBot) -> None:
    told = Told(qtbot)
    told.type(qtbot, "kernel_size", "5")
    assert told.values["kernel_size"] == 5
    qtbot.keyClick(told.line("kernel_size"), Qt.Key.Key_Return)
    assert told.line("kernel_size").text() == "5 × 5"


def test_the_chain_lets_axes_go_their_own_ways(qtbot: QtBot) -> None:
    told = Told(qtbot)
    field = told.form.field("kernel_size")
    assert isinstance(field, PerAxisField)
    assert field.chain.isChecked()
    qtbot.mouseClick(field.chain, Qt.MouseButton.LeftButton)
    assert told.values["kernel_size"] == [3, 3]
    told.type(qtbot, "kernel_size", "3 x 7")
    assert told.values["kernel_size"] == [3, 7]
    qtbot.mouseClick(field.chain, Qt.MouseButton.LeftButton)
    assert told.values["kernel_size"] == 3
    assert field.line.text() == "3 × 3"


def test_typing_two_numbers_breaks_the_chain(qtbot: QtBot) -> None:
    told = Told(qtbot)
    field = told.form.field("kernel_size")
    assert isinstance(field, PerAxisField)
    told.type(qtbot, "kernel_size", "3x5")
    assert told.values["kernel_size"] == [3, 5]
    assert not field.chain.isChecked()


def test_as_many_numbers_as_axes(qtbot: QtBot) -> None:
    told = Told(qtbot, dims=2)
    told.type(qtbot, "kernel_size", "3x5x7")
    assert told.values["kernel_size"] == [3, 5]
    assert told.form.reason("kernel_size") == "Needs one number, or one for each of 2 axes, not 3."


def test_padding_takes_words_and_sides(qtbot: QtBot) -> None:
    told = Told(qtbot)
    told.type(qtbot, "padding", "same")
    assert told.values["padding"] == "same"
    field = told.form.field("padding")
    assert isinstance(field, PaddingField)
    titles = {action.text().split(" –")[0]: action for action in field.more.menu().actions()}
    assert {"same", "valid"} < set(titles)
    titles["before + after for each axis"].trigger()
    assert told.values["padding"] == [[0, 0], [0, 0]]
    assert field.line.text() == "0+0 × 0+0"


def test_a_switch_switches_with_mouse_and_space(qtbot: QtBot) -> None:
    told = Told(qtbot)
    field = told.form.field("bias")
    assert isinstance(field, FlagField)
    qtbot.mouseClick(field.switch, Qt.MouseButton.LeftButton)
    assert told.values["bias"] is False
    assert field.word.text() == "off"
    qtbot.keyClick(field.switch, Qt.Key.Key_Space)
    assert told.values["bias"] is True


def test_a_choice_is_made_with_the_keyboard(qtbot: QtBot) -> None:
    told = Told(qtbot)
    field = told.form.field("mode")
    assert isinstance(field, ChoiceField)
    qtbot.keyClick(field.combo, Qt.Key.Key_Down)
    assert told.values["mode"] == "reflect"


def test_the_default_is_a_click_away(qtbot: QtBot) -> None:
    told = Told(qtbot, {"out_channels": 64, "kernel_size": 3})
    assert told.form.reset_button("out_channels").isVisible()
    assert not told.form.reset_button("kernel_size").isVisible()  # given, but the default
    assert "32" in told.form.reset_button("out_channels").toolTip()
    qtbot.mouseClick(told.form.reset_button("out_channels"), Qt.MouseButton.LeftButton)
    assert told.resets == ["out_channels"]
    assert told.line("out_channels").text() == "32"
    assert not told.form.reset_button("out_channels").isVisible()


def test_differing_values_are_shown_as_such_and_typed_over(qtbot: QtBot) -> None:
    told = Told(qtbot, {"out_channels": MIXED, "mode": MIXED, "bias": MIXED, "kernel_size": MIXED})
    assert told.line("out_channels").text() == ""
    assert told.line("out_channels").placeholderText() == "differ"
    assert not told.form.reset_button("out_channels").isVisible()
    told.type(qtbot, "out_channels", "9")
    assert told.values["out_channels"] == 9


def test_expressions_where_there_are_names(qtbot: QtBot) -> None:
    told = Told(qtbot, {"out_channels": "=4*width"}, names={"width": 16})
    assert told.line("out_channels").text() == "=4*width"
    told.type(qtbot, "out_channels", "=2*width")
    assert told.values["out_channels"] == "=2*width"
    told.type(qtbot, "out_channels", "=2*depth")
    assert "width" in told.form.reason("out_channels")
    assert told.values["out_channels"] != "=2*depth"


def test_a_switch_can_depend_on_a_modules_parameter(qtbot: QtBot) -> None:
    told = Told(qtbot, names={"wide": 1})
    told.form.use_expression("bias")
    line = told.line("bias")
    qtbot.keyClicks(line, "wide")
    assert told.values["bias"] == "=wide"
    told.values["bias"] = False
    told.form.setFocus()
    line.clearFocus()
    told.show()
    assert isinstance(told.form.field("bias"), FlagField)


def test_labels_are_the_lectures_words_and_tooltips_pytorchs(qtbot: QtBot) -> None:
    form = Told(qtbot).form
    field = form.field("out_channels")
    assert "out_channels" in field.toolTip()
    assert "How many kernels." in field.toolTip()
    assert field.accessibleName() == "Kernels"
    proxy = field.focusProxy()
    assert proxy is not None
    assert proxy.accessibleName() == "Kernels"


def test_leaving_a_field_ends_the_step(qtbot: QtBot) -> None:
    told = Told(qtbot)
    told.type(qtbot, "out_channels", "5")
    assert told.finished == 0
    qtbot.keyClick(told.line("out_channels"), Qt.Key.Key_Tab)
    assert told.finished >= 1


def test_tab_goes_from_field_to_field(qtbot: QtBot) -> None:
    told = Told(qtbot)
    told.form.focus_first()
    met = []
    for _ in range(len(DECLARED) + 4):
        focus = QApplication.focusWidget()
        assert focus is not None
        met.append(focus.accessibleName())
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    labels = [parameter.label for parameter in DECLARED.values()]
    assert [name for name in dict.fromkeys(met) if name in labels] == labels


def test_what_is_being_typed_survives_a_refresh(qtbot: QtBot) -> None:
    told = Told(qtbot)
    told.type(qtbot, "kernel_size", "5")
    told.show()
    assert told.line("kernel_size").text() == "5"
    told.values["kernel_size"] = 7  # undo, say
    told.show()
    assert told.line("kernel_size").text() == "7 × 7"


def test_fields_stay_while_the_declarations_do(qtbot: QtBot) -> None:
    told = Told(qtbot)
    before = told.form.field("out_channels")
    told.values["out_channels"] = 3
    told.show()
    assert told.form.field("out_channels") is before
    told.form.show_parameters({"rate": DECLARED["rate"]}, {})
    with pytest.raises(KeyError):
        told.form.field("out_channels")


def test_a_shorter_form_leaves_no_gap(qtbot: QtBot) -> None:
    told = Told(qtbot)
    tall = told.form.sizeHint().height()
    told.form.show_parameters({"rate": DECLARED["rate"]}, {})
    QApplication.processEvents()
    assert told.form.sizeHint().height() < tall / 4


def test_another_rule_can_be_said_below_a_field(qtbot: QtBot) -> None:
    form = Told(qtbot).form
    form.set_reason("out_channels", "groups must divide it")
    assert form.reason("out_channels") == "Groups must divide it."


def test_the_theme_reaches_every_field(qtbot: QtBot) -> None:
    form = Told(qtbot).form
    form.set_theme(LIGHT)
    assert all(form.field(name).theme is LIGHT for name in DECLARED)


def test_a_number_that_may_be_none_is_typed_as_such(qtbot: QtBot) -> None:
    told = Told(qtbot)
    told.type(qtbot, "momentum", "none")
    assert told.edits == [("momentum", None)]
    told.values["momentum"] = None
    told.show()
    assert told.line("momentum").text() == "none"
    told.type(qtbot, "momentum", "0.5")
    assert told.edits[-1] == ("momentum", 0.5)


def test_of_a_long_text_the_beginning_is_seen(qtbot: QtBot) -> None:
    told = Told(qtbot, {"out_channels": "=max(in_channels // 2, 1)"}, names={"in_channels": 128})
    field = told.form.field("out_channels")
    assert isinstance(field, LineField)
    assert field.line.cursorPosition() == 0
    field.line.setFocus()
    qtbot.waitUntil(field.line.hasFocus)
    qtbot.keyClicks(field.line, "+1")
    assert field.line.cursorPosition() > 0  # but what is typed goes on where one is
