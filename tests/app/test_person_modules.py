"""Modules in the whole window, with the mouse and the keys alone: made, gone into, changed for all, kept, opened up."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

from builder.library.own import own_modules
from builder.writing import write_document
from tests.person import CONTROL, LEFT, SHIFT, Person


@pytest.fixture
def drawn(person: Person) -> Person:
    """input → a module of conv and relu → another of it → output."""
    person.press(Qt.Key.Key_Escape)
    person.press(Qt.Key.Key_N, CONTROL)
    person.add("colour 32")
    person.add("conv 3x3")
    person.add("relu")
    person.box("conv", "relu")
    person.group("Unit")
    person.add("unit")
    person.add("output")
    assert person.session.analysis.ok, person.session.analysis.problems
    return person


def parameters(person: Person, name: str) -> int:
    report = person.session.report(person.id_of(name))
    assert report is not None
    return report.parameters


def test_what_is_changed_in_one_is_changed_in_all(drawn: Person) -> None:
    person = drawn
    first, second = parameters(person, "unit"), parameters(person, "unit2")
    person.enter("unit2")
    person.select("conv")
    person.switch("bias")
    person.leave()
    assert person.selected() == ["unit2"]
    assert parameters(person, "unit") == first - 32
    assert parameters(person, "unit2") == second - 32
    person.press(Qt.Key.Key_Z, CONTROL)
    assert person.session.graph.key == "Unit"  # where the change was
    person.leave()
    assert (parameters(person, "unit"), parameters(person, "unit2")) == (first, second)


def test_an_exposed_parameter_is_set_where_the_module_stands(drawn: Person) -> None:
    person = drawn
    person.enter("unit")
    person.select("conv")
    person.expose("out_channels", "width")
    person.leave()
    person.select("unit2")
    person.enter_value("width", "8")
    shapes = {
        name: report.output_shape
        for name in ("unit", "unit2")
        if (report := person.session.report(person.id_of(name))) is not None
    }
    assert shapes == {"unit": (32, 32, 32), "unit2": (8, 32, 32)}


def test_the_path_above_the_canvas_leads_out(drawn: Person) -> None:
    person = drawn
    person.enter("unit")
    person.box("conv", "relu")
    person.group("Inner")
    person.enter("inner")
    assert person.session.instance == ("unit", "inner")
    names = crumbs(person)
    assert list(names) == ["untitled", "unit"]
    person.bot.mouseClick(names["unit"], LEFT)
    assert person.session.instance == ("unit",)
    assert person.selected() == ["inner"]
    person.bot.mouseClick(crumbs(person)["untitled"], LEFT)
    assert person.session.instance == ()


def crumbs(person: Person) -> dict[str, QToolButton]:
    buttons = person.canvas.breadcrumb.findChildren(QToolButton)
    return {button.text(): button for button in buttons if button.isVisible()}


def test_a_module_is_kept_by_the_palette_of_commands_and_found_in_a_new_network(drawn: Person) -> None:
    person = drawn
    person.select("unit")
    person.press(Qt.Key.Key_P, CONTROL | SHIFT)
    person.type("save module")
    assert [module.name for module in own_modules().modules] == ["Unit"]
    person.session.history.mark_saved()
    person.press(Qt.Key.Key_N, CONTROL)
    assert not person.session.document.modules
    person.add("unit")
    assert list(person.session.document.modules) == ["Unit"]


def test_opened_up_and_repeated_by_keys(drawn: Person) -> None:
    person = drawn
    person.select("unit2")
    person.press(Qt.Key.Key_Delete)
    person.select("unit")
    one = write_document(person.session.document)
    person.press(Qt.Key.Key_G, CONTROL | SHIFT)
    assert sorted(person.selected()) == ["conv", "relu"]
    person.press(Qt.Key.Key_Z, CONTROL)
    assert write_document(person.session.document) == one
    person.select("unit")
    person.press(Qt.Key.Key_G, CONTROL | SHIFT)
    person.select("conv")
    person.enter_value("out_channels", "3")
    person.box("conv", "relu")
    person.press(Qt.Key.Key_R, CONTROL)
    person.type("4")
    (repeated,) = person.selected()
    assert person.session.graph.node(person.id_of(repeated)).repeat == 4
    assert parameters(person, repeated) == 4 * (3 * 3 * 3 * 3 + 3)
