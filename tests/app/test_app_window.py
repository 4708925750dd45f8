"""The window as ``app.py`` puts it together: what is in front when it opens."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app import make_window
from builder.architectures import ARCHITECTURES
from builder.edits import Disconnect, apply_all
from builder.widgets.menus import shortcuts_of
from builder.widgets.shell import Shell
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


def test_the_list_of_shortcuts_is_whole_and_fits_the_smallest_window(qtbot: QtBot) -> None:
    shell = make_window()
    qtbot.addWidget(shell, before_close_func=_close)
    shell.show()
    shell.show_shortcuts()
    box = shell.findChild(QMessageBox)
    assert isinstance(box, QMessageBox)
    assert box.width() <= shell.minimumWidth()
    assert box.height() <= shell.minimumHeight()
    rows = shortcuts_of(shell)
    assert sum(text == "Train" for text, _ in rows) == 2  # the workspace, and the button
    assert all(f"<b>{escape(keys)}</b>" in box.text() for _, keys in rows)
    box.close()
