"""The window as ``app.py`` puts it together: what is in front when it opens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QCheckBox, QWidget
from pytestqt.qtbot import QtBot

from app import make_window
from builder.architectures import ARCHITECTURES
from builder.edits import Disconnect, apply_all
from builder.widgets.actions import commands_of
from builder.widgets.commandpalette import CommandPalette
from builder.widgets.shell import Shell
from builder.widgets.shortcutsheet import ShortcutSheet, shortcuts_of
from builder.writing import save


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    document = ARCHITECTURES["lenet5"].build()
    conv = document.network.by_name("conv2")
    assert conv is not None
    apply_all(document, [Disconnect("", edge) for edge in document.network.incoming(conv.id).values()])
    path = tmp_path / "broken.convolab"
    assert save(document, path) is None
    return path


def _front(shell: Shell) -> str:
    panel = shell.areas["bottom"].current()
    assert panel is not None
    return panel.title


def _close(shell: Shell) -> None:
    shell.session.history.mark_saved()
    shell.close()


def test_a_first_start_shows_the_curves_to_come(qtbot: QtBot) -> None:
    shell = make_window()
    qtbot.addWidget(shell, before_close_func=_close)
    shell.show()
    assert _front(shell) == "Curves"


def _page(shell: Shell) -> QWidget | None:
    return shell.findChild(QWidget, "start-page")


def test_a_first_start_begins_at_the_gallery_and_escape_leads_to_lenet(qtbot: QtBot) -> None:
    shell = make_window()
    qtbot.addWidget(shell, before_close_func=_close)
    shell.show()
    with qtbot.waitActive(shell):
        shell.activateWindow()
    page, focus = _page(shell), QApplication.focusWidget()
    assert page is not None
    assert page.isVisible()
    assert focus is not None
    assert page.isAncestorOf(focus)
    qtbot.keyClick(focus, Qt.Key.Key_Escape)
    assert not page.isVisible()
    assert shell.session.document.name == "lenet5"
    assert shell.areas["center"].stack.currentWidget().hasFocus()


def test_training_from_the_start_page_shows_its_curves(qtbot: QtBot) -> None:
    shell = make_window()
    qtbot.addWidget(shell, before_close_func=_close)
    shell.show()
    page = _page(shell)
    assert page is not None
    shell.session.set_run_state("starting")
    assert not page.isVisible()
    assert _front(shell) == "Curves"


def test_the_start_page_stays_away_where_it_is_not_wanted(qtbot: QtBot, broken: Path) -> None:
    first = make_window()
    qtbot.addWidget(first, before_close_func=_close)
    first.show()
    page = _page(first)
    assert page is not None
    box = page.findChild(QCheckBox)
    assert box is not None
    assert box.isChecked()
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(16, box.height() // 2))
    assert not box.isChecked()
    second = make_window()
    qtbot.addWidget(second, before_close_func=_close)
    assert _page(second) is None
    second.session.galleryAsked.emit("")
    assert _page(second) is not None
    third = make_window([str(broken)])
    qtbot.addWidget(third, before_close_func=_close)
    assert _page(third) is None


def test_a_network_with_errors_opens_with_their_list(qtbot: QtBot, broken: Path) -> None:
    shell = make_window([str(broken)])
    qtbot.addWidget(shell, before_close_func=_close)
    shell.show()
    assert _front(shell) == "Problems"
    shell.show_panel("Layers")
    shell.session.open_document("vgg16")
    assert _front(shell) == "Layers"
    shell.session.open_document(broken)
    assert _front(shell) == "Problems"


def test_the_sheet_of_shortcuts_is_whole_and_fits_the_smallest_window(qtbot: QtBot) -> None:
    shell = make_window(["lenet5"])
    qtbot.addWidget(shell, before_close_func=_close)
    shell.resize(shell.minimumSize())
    shell.show()
    shell.menus.show_shortcuts()
    sheet = shell.findChild(ShortcutSheet)
    assert sheet is not None
    assert shell.rect().contains(sheet.geometry())
    listed = sheet.listed()
    assert listed == shortcuts_of(shell)
    assert "Train" in [what for what, _ in listed["View"]]  # the workspace
    assert "Train" in [what for what, _ in listed["Train"]]  # the button
    assert ("Rename", ("F2",)) in listed["Edit"]
    with_keys = {
        action.text() for action in shell.findChildren(QAction) if action.shortcuts() and action.text()
    }
    told = {what for rows in listed.values() for what, _ in rows}
    assert {text.replace("&", "").removesuffix("…") for text in with_keys} <= told


def test_whatever_has_keys_can_be_done_from_the_palette(qtbot: QtBot) -> None:
    shell = make_window(["lenet5"])
    qtbot.addWidget(shell, before_close_func=_close)
    shell.show()
    shell.menus.show_commands()
    palette = shell.findChild(CommandPalette)
    assert palette is not None
    known = {command.action for command in commands_of(shell)}
    assert {action for action in shell.findChildren(QAction) if action.shortcuts() and action.text()} <= known
    palette.field.setText("select all")
    assert palette.shown[0].title == "Select all"
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert len(shell.session.selection) == len(shell.session.graph)


def test_no_two_actions_of_one_part_share_keys(qtbot: QtBot) -> None:
    """What works everywhere must not be taken by what works on the canvas alone, either."""
    shell = make_window(["lenet5"])
    qtbot.addWidget(shell, before_close_func=_close)
    shell.show()
    for area in shell.areas.values():
        area.make_all()
    local = Qt.ShortcutContext.WidgetShortcut  # a table's own, while it has the focus
    bound = [
        key.toString()
        for action in shell.findChildren(QAction)
        for key in action.shortcuts()
        if action.shortcutContext() is not local
    ]
    assert sorted({key for key in bound if bound.count(key) > 1}) == []


def test_the_keys_in_the_readme_do_what_it_says(qtbot: QtBot) -> None:
    shell = make_window(["lenet5"])
    qtbot.addWidget(shell, before_close_func=_close)
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    told = re.findall(
        r"^\| `([^`]+)` \| (.+) \|$", readme.partition("## Keys")[2].partition("\n## ")[0], re.M
    )
    known = {(what, key) for rows in shortcuts_of(shell).values() for what, keys in rows for key in keys}
    assert len(told) > 10
    assert {(what, key) for key, what in told} <= known
