"""Where Tab stops: by where things are, whatever they were made after."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QButtonGroup, QLineEdit, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from builder.widgets.stops import in_reading_order, step


class Window(QWidget):
    """A window whose Tab goes by what is read."""

    def focusNextPrevChild(self, next: bool) -> bool:
        return step(self, [self], forward=next)


def put(parent: QWidget, left: int, top: int, width: int = 60, height: int = 20) -> QLineEdit:
    made = QLineEdit(parent)
    made.setGeometry(left, top, width, height)
    return made


@given(st.permutations(range(12)), st.integers(1, 4))
def test_a_grid_is_read_line_by_line_in_whatever_order_it_was_made(
    qapp: QApplication, order: list[int], across: int
) -> None:
    parent = QWidget()
    made = {n: put(parent, n % across * 80, n // across * 30 + n % across) for n in order}
    assert in_reading_order(list(made.values()), parent) == [made[n] for n in range(12)]


def test_columns_are_read_one_after_the_other(qapp: QApplication) -> None:
    parent = QWidget()
    right = [put(parent, 200, 0, height=70), put(parent, 200, 75, height=45)]
    left = [put(parent, 0, top) for top in (0, 30, 60, 90)]
    assert in_reading_order([*right, *left], parent) == left + right


def test_what_holds_others_comes_before_them(qapp: QApplication) -> None:
    parent = QWidget()
    holder = QScrollArea(parent)
    holder.setGeometry(0, 0, 300, 300)
    inside = [put(holder, 100, 40), put(holder, 10, 44)]
    assert in_reading_order([*inside, holder], parent) == [holder, inside[1], inside[0]]


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Backtab])
def test_tab_goes_round_and_leaves_out_what_cannot_be_used(qtbot: QtBot, key: Qt.Key) -> None:
    window = Window()
    qtbot.addWidget(window)
    last, dead, hidden, first = (put(window, 0, top) for top in (90, 60, 30, 0))
    dead.setEnabled(False)
    hidden.hide()
    window.resize(300, 300)
    window.show()
    with qtbot.waitActive(window):
        window.activateWindow()
    first.setFocus()
    qtbot.keyClick(first, key)
    assert QApplication.focusWidget() is last
    qtbot.keyClick(last, key)
    assert QApplication.focusWidget() is first


def test_of_buttons_of_which_one_is_chosen_tab_stops_at_that_one(qtbot: QtBot) -> None:
    window = Window()
    qtbot.addWidget(window)
    group, buttons = QButtonGroup(window), []
    for left in (0, 80, 160):
        button = QPushButton("word", window)
        button.setCheckable(True)
        button.setGeometry(left, 0, 60, 20)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        group.addButton(button)
        buttons.append(button)
    buttons[1].setChecked(True)
    field = put(window, 0, 40)
    window.show()
    with qtbot.waitActive(window):
        window.activateWindow()
    field.setFocus()
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
        qtbot.keyClick(field, key)
        assert QApplication.focusWidget() is buttons[1]
        field.setFocus()


def test_what_is_scrolled_away_comes_into_view(qtbot: QtBot) -> None:
    window = Window()
    qtbot.addWidget(window)
    first = put(window, 0, 0)
    area = QScrollArea(window)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setGeometry(0, 30, 200, 100)
    page = QWidget()
    page.resize(150, 900)
    far = put(page, 0, 800)
    area.setWidget(page)
    window.resize(300, 200)
    window.show()
    with qtbot.waitActive(window):
        window.activateWindow()
    first.setFocus()
    assert far.visibleRegion().isEmpty()
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is far
    assert not far.visibleRegion().isEmpty()


def test_what_is_scrolled_away_is_not_read_before_what_stands_above_it(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    tabs = put(window, 0, 0)
    area = QScrollArea(window)
    area.setGeometry(0, 30, 200, 100)
    page = QWidget()
    page.resize(150, 900)
    fields = [put(page, 0, top) for top in (0, 400, 800)]
    area.setWidget(page)
    window.show()
    area.verticalScrollBar().setValue(700)
    assert fields[1].mapTo(window, fields[1].rect().topLeft()).y() < 0
    assert in_reading_order([*fields, tabs], window) == [tabs, *fields]
