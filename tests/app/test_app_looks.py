"""The window as people see it: every workspace with every panel, empty and with a network, small and large."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QModelIndex
from PySide6.QtWidgets import QAbstractItemView, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app import make_window
from builder.editor.gallery.page import StartPage
from builder.widgets.forms import Form
from builder.widgets.panels import WORKSPACES
from builder.widgets.shell import Shell
from builder.widgets.theme import THEMES
from runtime.panels import Panels
from runtime.panels.sizes.sizes import SizesPanel
from tests import looks

SIZES = ((1280, 720), (1600, 1000))
each_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
#: Loading what looks into a network takes a while.
LONG = 60_000


class Visitor:
    """Somebody who looks at everything there is."""

    def __init__(self, bot: QtBot, size: tuple[int, int]) -> None:
        self.bot, self.shell = bot, make_window(["lenet5"])
        bot.addWidget(self.shell, before_close_func=_close)
        found = self.shell.findChild(Panels)
        assert found is not None
        self.panels = found
        self.shell.resize(*size)
        self.shell.show()
        with bot.waitActive(self.shell):
            self.shell.activateWindow()
        self.shell.session.set_theme("dark")

    def draw(self, document: str) -> None:
        """Open a network and look at its conv2, or begin with nothing for ""."""
        session = self.shell.session
        if not document:
            session.new_document()
            return
        session.open_document(document)
        node = session.graph.by_name("conv2")
        assert node is not None
        session.select((node.id,))

    def walk(self) -> Iterator[str]:
        """Bring up every panel of every workspace; says where one is."""
        for workspace in WORKSPACES:
            self.shell.set_workspace(workspace)
            for panel in self.shell.panels():
                panel.show()
                self.settle()
                yield f"{workspace}, {panel.title}"

    def settle(self) -> None:
        """Wait until nothing more will come by itself."""
        self.bot.wait(20)
        for sizes in self.shell.findChildren(SizesPanel):
            self.bot.waitUntil(lambda sizes=sizes: not (sizes.isVisible() and sizes.is_busy), timeout=LONG)
        looking = self.panels.looking
        if len(self.shell.session.graph):
            self.bot.waitUntil(lambda: not looking._viewers or looking.values is not None, timeout=LONG)
        self.bot.wait(20)


def _close(shell: Shell) -> None:
    shell.session.history.mark_saved()
    shell.close()


def _faults(visitor: Visitor, find: Callable[[QWidget], list[str]]) -> dict[str, list[str]]:
    """What is found anywhere, by where it was found first."""
    faults: dict[str, list[str]] = {}
    known: set[str] = set()
    for document in ("lenet5", ""):
        visitor.draw(document)
        for where in visitor.walk():
            new = [fault for fault in find(visitor.shell) if fault not in known]
            if new:
                known.update(new)
                faults[f"{document or 'nothing'}: {where}"] = new
    return faults


@each_size
def test_no_text_is_cut_and_nothing_lies_out_of_reach(qtbot: QtBot, size: tuple[int, int]) -> None:
    visitor = Visitor(qtbot, size)
    assert visitor.shell.size().toTuple() == size
    assert _faults(visitor, lambda window: looks.cut(window) + looks.outside(window)) == {}


def test_whatever_tab_stops_at_has_a_name_and_comes_in_the_order_of_reading(qtbot: QtBot) -> None:
    visitor = Visitor(qtbot, SIZES[0])
    shell = visitor.shell
    parts = [*shell.areas.values(), shell.header, shell.messages, shell.status]
    assert _faults(visitor, lambda window: looks.nameless(window) + looks.disordered(window, parts)) == {}


@pytest.mark.parametrize("theme", THEMES)
def test_all_text_stands_out_from_what_it_is_on(qtbot: QtBot, theme: str) -> None:
    visitor = Visitor(qtbot, SIZES[0])
    visitor.shell.session.set_theme(theme)
    assert _faults(visitor, looks.pale) == {}


@each_size
def test_the_start_page_is_whole_and_in_order(qtbot: QtBot, size: tuple[int, int]) -> None:
    visitor = Visitor(qtbot, size)
    visitor.shell.session.galleryAsked.emit("lenet5")
    page = visitor.shell.findChild(StartPage)
    assert page is not None
    for theme in THEMES:
        visitor.shell.session.set_theme(theme)
        qtbot.wait(20)
        assert looks.cut(page) + looks.outside(page) + looks.pale(page) == []
    assert looks.nameless(page) + looks.disordered(page, list(page.parts())) == []


def test_a_panel_with_nothing_in_it_says_what_will_be_there(qtbot: QtBot) -> None:
    visitor = Visitor(qtbot, SIZES[0])
    visitor.draw("")
    for where in visitor.walk():
        for panel in visitor.shell.panels():
            if panel.is_made and panel.widget().isVisible() and not _has_something(panel.widget()):
                assert any(map(_is_sentence, _told(panel.widget()))), (where, panel.title)


def _has_something(panel: QWidget) -> bool:
    lists = (view for view in panel.findChildren(QAbstractItemView) if view.isVisible())
    return any(form.isVisible() for form in panel.findChildren(Form)) or any(
        view.model().rowCount(QModelIndex()) for view in lists
    )


def _told(panel: QWidget) -> Iterator[str]:
    for widget in (panel, *panel.findChildren(QWidget)):
        if widget.isVisible():
            yield widget.text() if isinstance(widget, QLabel) else widget.accessibleDescription()


def _is_sentence(text: str) -> bool:
    return len(text.split()) >= 5 and text.rstrip().endswith((".", ")"))


@pytest.mark.slow
@pytest.mark.skipif("QT_SCALE_FACTOR" in os.environ, reason="is scaled already")
def test_all_of_it_holds_at_twice_the_scale() -> None:
    """Qt scales a whole process."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", __file__]
    environment = {**os.environ, "QT_SCALE_FACTOR": "2"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
