"""The window: workspaces, panels, menus, what is remembered, and questions that block nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, Qt, QUrl
from PySide6.QtGui import QAction, QDropEvent, QFont
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from builder.architectures import ARCHITECTURES
from builder.architectures.base import by_family
from builder.document import Document
from builder.edits import AddNode, SetName
from builder.errors import Problem, Severity
from builder.graph import Node
from builder.sketch import Sketch
from builder.widgets.messages import Choice, MessageBar, Offer
from builder.widgets.panels import WORKSPACES, Panel
from builder.widgets.session import Session
from builder.widgets.shell import LEFT_WIDTH, RIGHT_WIDTH, Shell
from builder.widgets.shortcutsheet import shortcuts_of
from builder.widgets.status import SOUND, totals_line


class Window:
    """A window with panels as the two halves would put them in."""

    def __init__(self, qtbot: QtBot) -> None:
        self.session = Session()
        self.session.open_document("lenet5")
        self.shell = Shell(self.session)
        qtbot.addWidget(self.shell)
        self.canvas = QLineEdit()
        add = self.shell.add_panel
        add("center", "Canvas", self.canvas)
        add("left", "Palette", QLabel(), workspaces=("Design",))
        add("right", "Inspector", QLabel(), workspaces=("Design", "Inspect"))
        self.problems = add("bottom", "Problems", QLabel(), leads=("Design",))
        self.layers = add("bottom", "Layers", QLabel())
        self.curves = add("bottom", "Curves", QLabel(), leads=("Train",))
        add("bottom", "Feature maps", QLabel(), leads=("Inspect",))

    def show(self, qtbot: QtBot, width: int = 1400, height: int = 900) -> Window:
        self.shell.resize(width, height)
        self.shell.show()
        with qtbot.waitActive(self.shell):
            self.shell.activateWindow()
        return self

    def action(self, text: str) -> QAction:
        found = [a for a in self.shell.findChildren(QAction) if a.text().replace("&", "").startswith(text)]
        assert found, text
        return found[0]

    def question(self) -> QMessageBox:
        box = self.shell._question
        assert box is not None
        return box

    def answer(self, qtbot: QtBot, button: QMessageBox.StandardButton) -> None:
        qtbot.mouseClick(self.question().button(button), Qt.MouseButton.LeftButton)


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[Window]:
    made = Window(qtbot)
    yield made
    made.session.history.mark_saved()  # closing asks nothing


def _chosen(window: Window) -> str:
    panel = window.shell.areas["bottom"].current()
    assert isinstance(panel, Panel)
    return panel.title


def test_the_first_layout_is_that_of_the_look(qtbot: QtBot, window: Window) -> None:
    shell = window.show(qtbot).shell
    assert shell.dock("left").width() == LEFT_WIDTH
    assert shell.dock("right").width() == RIGHT_WIDTH
    assert shell.dock("bottom").isVisible()
    assert _chosen(window) == "Problems"
    assert window.canvas.hasFocus()


def test_it_fits_a_small_screen(qtbot: QtBot, window: Window) -> None:
    for text in ("fashion-mnist · 70,000", "CUDA:0 · bf16", "Train"):
        window.shell.header_slot(QPushButton(text))
    shell = window.show(qtbot, 1280, 720).shell
    assert (shell.width(), shell.height()) == (1280, 720)
    assert window.canvas.isVisible()
    assert shell.areas["center"].height() > 200


def test_workspaces_have_their_own_panels(qtbot: QtBot, window: Window) -> None:
    shell = window.show(qtbot).shell
    heights = {}
    for workspace in WORKSPACES:
        shell.set_workspace(workspace)
        QApplication.processEvents()
        heights[workspace] = shell.dock("bottom").height()
        assert shell.header.workspaces.word == workspace
    assert heights["Train"] > 1.5 * heights["Design"]
    assert _chosen(window) == "Feature maps"
    assert not shell.dock("left").isVisible()
    assert shell.dock("right").isVisible()
    shell.set_workspace("Train")
    assert _chosen(window) == "Curves"
    assert not shell.dock("right").isVisible()


def test_the_switch_is_reached_by_mouse_and_keyboard(qtbot: QtBot, window: Window) -> None:
    shell = window.show(qtbot).shell
    switch = shell.header.workspaces
    qtbot.mouseClick(switch.button("Train"), Qt.MouseButton.LeftButton)
    assert shell.workspace == "Train"
    switch.button("Train").setFocus()
    qtbot.keyClick(switch.button("Train"), Qt.Key.Key_Right)
    assert shell.workspace == "Inspect"
    qtbot.keyClick(shell, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert shell.workspace == "Design"
    assert window.action("Design").isChecked()


def test_a_workspace_is_left_as_it_was(qtbot: QtBot, window: Window) -> None:
    shell = window.show(qtbot).shell
    window.layers.show()
    shell.resizeDocks([shell.dock("left")], [300], Qt.Orientation.Horizontal)
    QApplication.processEvents()
    width = shell.dock("left").width()
    assert width > LEFT_WIDTH
    shell.set_workspace("Train")
    shell.set_workspace("Design")
    QApplication.processEvents()
    assert _chosen(window) == "Layers"
    assert shell.dock("left").width() == width


def test_the_window_is_remembered(qtbot: QtBot, window: Window) -> None:
    shell = window.show(qtbot).shell
    shell.set_workspace("Inspect")
    window.layers.show()
    shell.close()
    again = Window(qtbot).show(qtbot)
    assert again.shell.workspace == "Inspect"
    assert _chosen(again) == "Layers"
    again.shell.reset_layout()
    assert again.shell.dock("right").width() == RIGHT_WIDTH


def test_docks_that_were_empty_when_the_layout_was_kept_come_back(qtbot: QtBot, window: Window) -> None:
    session = Session()
    bare = Shell(session)
    qtbot.addWidget(bare)
    bare.add_panel("center", "Canvas", QLineEdit())
    bare.show()
    bare.close()  # keeps a layout in which no dock has anything to show
    shell = window.show(qtbot).shell
    assert all(shell.dock(side).isVisible() for side in ("left", "right", "bottom"))
    assert (shell.dock("left").width(), shell.dock("right").width()) == (LEFT_WIDTH, RIGHT_WIDTH)


def test_a_dock_that_was_closed_stays_closed(qtbot: QtBot, window: Window) -> None:
    shell = window.show(qtbot).shell
    window.action("Right panel").trigger()
    shell.set_workspace("Train")
    shell.set_workspace("Design")
    assert not shell.dock("right").isVisible()
    shell.close()
    again = Window(qtbot).show(qtbot)
    assert not again.shell.dock("right").isVisible()
    assert again.shell.dock("left").isVisible()
    again.shell.reset_layout()
    assert again.shell.dock("right").isVisible()


def test_tabs_say_how_much_is_in_them(qtbot: QtBot, window: Window) -> None:
    window.problems.set_count(3)
    tabs = window.shell.areas["bottom"].tabs
    assert tabs.tabText(0) == "Problems  3"
    window.problems.set_count(0)
    assert tabs.tabText(0) == "Problems"


def test_panels_are_stepped_through_and_shown_by_name(qtbot: QtBot, window: Window) -> None:
    shell = window.show(qtbot).shell
    qtbot.keyClick(shell, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    assert _chosen(window) == "Layers"
    shell.dock("bottom").hide()
    assert shell.show_panel("Curves")
    assert shell.dock("bottom").isVisible()
    assert _chosen(window) == "Curves"
    assert not shell.show_panel("Nothing of the kind")


class Makers:
    """Panels that are made when they are seen first; ``made`` says which were, in their order."""

    def __init__(self, qtbot: QtBot) -> None:
        self.made: list[str] = []
        self.shell = Shell(Session())
        qtbot.addWidget(self.shell)
        self.panels = {
            title: self.shell.add_panel("bottom", title, self._maker(title), leads=leads)
            for title, leads in (("First", ("Design",)), ("Second", ()), ("Third", ("Train",)))
        }

    def _maker(self, title: str) -> Callable[[], QWidget]:
        def make() -> QWidget:
            self.made.append(title)
            field = QLineEdit(title)
            keys = QAction(f"Do {title}", field)
            keys.setShortcut(f"Ctrl+Alt+{title[0]}")
            field.addAction(keys)
            return field

        return make

    def seen(self) -> list[str]:
        return [title for title, panel in self.panels.items() if panel.widget().isVisible()]


def test_a_panel_is_made_when_it_is_seen_first(qtbot: QtBot) -> None:
    window = Makers(qtbot)
    assert window.made == []
    window.shell.show()
    assert window.made == ["First"]
    window.shell.set_workspace("Train")
    window.shell.show_panel("Second")
    window.shell.set_workspace("Design")
    assert window.made == ["First", "Third", "Second"]
    assert window.seen() == ["First"]
    assert window.panels["Second"].widget().accessibleName() == "Second"
    assert window.made == ["First", "Third", "Second"]


def test_a_remembered_panel_is_the_only_one_made(qtbot: QtBot) -> None:
    before = Makers(qtbot)
    before.shell.show()
    before.shell.show_panel("Second")
    before.shell.close()
    after = Makers(qtbot)
    after.shell.show()
    assert after.made == ["Second"]
    assert after.seen() == ["Second"]


def test_panels_nobody_has_seen_list_their_keys(qtbot: QtBot) -> None:
    window = Makers(qtbot)
    window.shell.show()
    window.shell.menus.show_shortcuts()
    assert any(
        "Do Third" in heading for heading, _ in chain.from_iterable(shortcuts_of(window.shell).values())
    )
    assert window.seen() == ["First"]


def test_the_focus_goes_round_the_window(qtbot: QtBot, window: Window) -> None:
    field = QLineEdit()
    window.shell.add_panel("right", "Form", field, leads=("Design",))
    shell = window.show(qtbot).shell
    shell.areas["right"].choose_titled("Form")
    window.canvas.setFocus()
    met = []
    for _ in range(4):
        qtbot.keyClick(shell, Qt.Key.Key_F6, Qt.KeyboardModifier.ControlModifier)
        focus = QApplication.focusWidget()
        met.append([name for name, area in shell.areas.items() if focus and area.isAncestorOf(focus)])
    assert met == [["right"], ["bottom"], [], ["center"]]
    backwards = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(shell, Qt.Key.Key_F6, backwards)
    assert shell.header.isAncestorOf(QApplication.focusWidget())


def test_docks_are_toggled_by_keyboard(qtbot: QtBot, window: Window) -> None:
    shell = window.show(qtbot).shell
    window.action("Left panel").trigger()
    assert not shell.dock("left").isVisible()
    window.action("Left panel").trigger()
    assert shell.dock("left").isVisible()


def test_menus_stand_in_order_and_empty_ones_are_not_seen(window: Window) -> None:
    def titles() -> list[str]:
        return [a.text().replace("&", "") for a in window.shell.menuBar().actions() if a.isVisible()]

    assert titles() == ["File", "Edit", "View", "Network", "Help"]
    for title in ("Export", "Train"):
        window.shell.menu(title)
    assert titles() == ["File", "Edit", "View", "Network", "Train", "Export", "Help"]
    window.shell.menu("Run")
    assert titles()[-2:] == ["Run", "Help"]


def test_no_two_actions_share_keys(window: Window) -> None:
    keys = [k.toString() for a in window.shell.findChildren(QAction) for k in a.shortcuts() if k.toString()]
    assert len(keys) == len(set(keys))


def test_networks_that_come_with_the_program_are_in_the_menu_by_family(window: Window) -> None:
    menu = window.action("New from").menu()
    assert isinstance(menu, QMenu)
    menu.aboutToShow.emit()
    menu.aboutToShow.emit()
    listed = {action.text(): action.menu() for action in menu.actions()}
    grouped = by_family(ARCHITECTURES.values())
    assert list(listed) == list(grouped)
    for family, members in grouped.items():
        submenu = listed[family]
        assert isinstance(submenu, QMenu)
        assert [action.text() for action in submenu.actions()] == [entry.title for entry in members]
    residual = listed["Residual"]
    assert isinstance(residual, QMenu)
    next(action for action in residual.actions() if action.text() == "ResNet-18").trigger()
    assert window.session.document.name == "resnet18"


def test_the_gallery_is_asked_for_by_a_key(qtbot: QtBot, window: Window) -> None:
    window.show(qtbot)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    with qtbot.waitSignal(window.session.galleryAsked) as asked:
        qtbot.keyClick(window.shell, Qt.Key.Key_N, both)
    assert asked.args == [""]


def test_problems_are_reached_from_any_workspace(qtbot: QtBot, window: Window) -> None:
    shell = window.show(qtbot).shell
    window.problems.workspaces = frozenset({"Design"})
    shell.set_workspace("Inspect")
    window.action("Problems").trigger()
    assert shell.workspace == "Design"
    assert _chosen(window) == "Problems"


def test_undo_says_what_it_takes_back(qtbot: QtBot, window: Window) -> None:
    window.show(qtbot)
    assert not window.shell.menus.undo.isEnabled()
    window.session.perform("Rename the network", [SetName("mine")])
    assert window.shell.menus.undo.text() == "&Undo Rename the network"
    qtbot.keyClick(window.shell, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.document.name == "lenet5"
    assert window.shell.menus.redo.text() == "&Redo Rename the network"
    qtbot.keyClick(
        window.shell, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert window.session.document.name == "mine"


def test_the_header_says_what_is_open_and_unsaved(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    header = window.show(qtbot).shell.header
    assert not header._dot.isVisible()
    window.session.perform("Rename", [SetName("mine")])
    assert header._dot.isVisible()
    assert window.shell.isWindowModified()
    window.session.save_as(tmp_path / "mine.convolab")
    assert not header._dot.isVisible()
    assert header._document.text() == "mine.convolab"


def test_the_status_bar_tells_the_totals(window: Window) -> None:
    line = totals_line(window.session.analysis, window.session.convention)
    assert line.startswith("61,706 parameters  ·  0.83 MFLOPs  ·  field global  ·  activations ")
    assert window.shell.status._totals.text() == line
    assert "the whole input of 28×28" in window.shell.status._totals.toolTip()


def test_an_empty_network_has_no_figures(window: Window) -> None:
    window.session.new_document()
    assert window.shell.status._totals.text() == "An empty network"


def test_a_local_field_is_told_in_pixels(window: Window) -> None:
    net = Sketch()
    net.output(net.add("conv", "conv", net.input((3, 32, 32)), kernel_size=5))
    window.session.replace(Document("local", net.graph))
    assert "field 5×5  ·" in window.shell.status._totals.text()
    assert "what one output sees" in window.shell.status._totals.toolTip()


def test_the_status_bar_counts_problems(qtbot: QtBot, window: Window) -> None:
    status = window.show(qtbot).shell.status
    assert status._problems.text() == SOUND
    window.session.perform("Add", [AddNode("", Node("n99", "lonely", "conv"))])
    window.session.flush()
    assert status._problems.text().startswith("1 problem")
    assert status._problems.property("state") == "error"
    window.layers.show()
    qtbot.mouseClick(status._problems, Qt.MouseButton.LeftButton)
    assert _chosen(window) == "Problems"


def test_slots_stand_where_they_were_asked_for(qtbot: QtBot, window: Window) -> None:
    first, second, left = QLabel("epoch 7 / 30"), QLabel("5,288 images/s"), QLabel("left")
    window.shell.status_slot(first)
    window.shell.status_slot(second)
    window.shell.status_slot(left, "left")
    window.show(qtbot)
    status = window.shell.status
    xs = [
        widget.mapTo(status, widget.rect().topLeft()).x()
        for widget in (left, status._problems, first, second)
    ]
    assert xs == sorted(xs)


def test_a_sentence_replaces_the_figures_for_a_while(qtbot: QtBot, window: Window) -> None:
    status = window.show(qtbot).shell.status
    status.say("")
    window.session.statusMessage.emit("Saved")
    assert status._message.isVisible()
    assert not status._totals.isVisible()
    status._hush.timeout.emit()
    assert status._totals.isVisible()


def test_what_opening_finds_is_said_without_stopping_anyone(
    qtbot: QtBot, window: Window, tmp_path: Path
) -> None:
    window.show(qtbot)
    path = tmp_path / "broken.convolab"
    path.write_text("[]", encoding="utf-8")
    document = window.session.document
    window.session.open_document(path)
    bar = window.shell.messages
    assert bar.isVisible()
    assert bar.problems
    assert window.session.document is document
    assert QApplication.activeModalWidget() is None
    bar.setFocus()
    qtbot.keyClick(bar, Qt.Key.Key_Escape)
    assert not bar.isVisible()


def test_many_messages_are_shown_on_demand(qtbot: QtBot) -> None:
    bar = MessageBar(Session())
    qtbot.addWidget(bar)
    problems = [
        Problem(str(n), f"Rule {n}", "values", "Do this", severity=Severity.WARNING) for n in range(5)
    ]
    bar.show_problems(problems)
    bar.show()
    assert bar._more.text() == "3 more problems"
    qtbot.mouseClick(bar._more, Qt.MouseButton.LeftButton)
    QApplication.processEvents()
    shown = [label.accessibleName() for label in bar.findChildren(QLabel) if label.isVisible()]
    assert all(problem.message in shown for problem in problems)


def _wordy(code: str, words: int, severity: Severity = Severity.ERROR) -> Problem:
    return Problem(code, "A rule", "word " * words, "Do this", severity=severity)


@pytest.mark.parametrize("width", [640, 1280])
def test_the_message_line_is_as_high_as_its_text_until_it_scrolls(qtbot: QtBot, width: int) -> None:
    bar = MessageBar(Session())
    qtbot.addWidget(bar)
    bar.resize(width, 40)
    bar.show()
    scroll = bar.findChild(QScrollArea)
    assert scroll is not None
    heights = []
    for words in (0, 10, 30, 2000):
        bar.show_problems([_wordy("x", words)])
        qtbot.wait(20)
        heights.append(scroll.height())
        assert scroll.verticalScrollBar().maximum() == 0 or words == 2000
        text = next(
            label for label in bar.findChildren(QLabel) if label.accessibleName().startswith("A rule")
        )
        assert words == 2000 or text.height() >= text.heightForWidth(text.width())
    assert heights[0] <= heights[1] <= heights[2] < heights[3]
    assert heights[3] <= 4 * bar.fontMetrics().lineSpacing()
    assert scroll.verticalScrollBar().maximum() > 0


def test_what_is_in_the_message_line_stands_on_one_centre_line(qtbot: QtBot) -> None:
    bar = MessageBar(Session())
    qtbot.addWidget(bar)
    bar.resize(900, 40)
    bar.offer(Offer(_wordy("x", 40), (Choice("Mend", "why", lambda: None),)))
    bar.show()
    qtbot.wait(20)
    parts = [*bar.findChildren(QPushButton), *bar.findChildren(QToolButton), *bar.findChildren(QLabel)]
    centres = [
        part.mapTo(bar, QPoint(0, 0)).y() + part.height() / 2
        for part in parts
        if part.isVisible() and part.parent() is not None
    ]
    assert len(centres) == 4
    assert max(centres) - min(centres) <= 1


def test_a_message_in_the_window_is_seen_whole(qtbot: QtBot, window: Window) -> None:
    window.show(qtbot, 1280, 720)
    bar = window.shell.messages
    for words in (2, 60, 5, 40):
        bar.show_problems([_wordy("x", words)])
        qtbot.wait(50)
        text = next(
            label for label in bar.findChildren(QLabel) if label.accessibleName().startswith("A rule")
        )
        assert text.visibleRegion().boundingRect() == text.rect()
        above = text.mapTo(bar, QPoint(0, 0)).y()
        assert abs(above - (bar.height() - above - text.height())) <= 1
        bar.put_away()


def test_each_of_two_errors_shows_its_own_button(qtbot: QtBot) -> None:
    bar = MessageBar(Session())
    qtbot.addWidget(bar)
    bar.resize(900, 40)
    for word in ("First", "Second"):
        bar.offer(Offer(_wordy(word, 40), (Choice(word, "why", lambda: None),)))
    bar.show()
    qtbot.wait(20)
    for word in ("First", "Second"):
        button = next(button for button in bar.findChildren(QPushButton) if button.text() == word)
        assert button.visibleRegion().boundingRect().size() == button.size()


def test_what_is_told_counts_as_long_as_it_stands(qtbot: QtBot, window: Window) -> None:
    window.show(qtbot)
    status, messages = window.shell.status, window.shell.messages
    assert status._problems.text() == SOUND
    messages.show_problems(
        [_wordy("x", 3), _wordy("y", 3, Severity.WARNING), _wordy("z", 3, Severity.ADVICE)]
    )
    assert status._problems.text() == "1 problem · 1 warning"
    assert status._problems.property("state") == "error"
    messages.put_away()
    assert status._problems.text() == SOUND


def test_what_the_drawing_has_is_counted_once(qtbot: QtBot, window: Window) -> None:
    window.show(qtbot)
    window.session.begin(Document())
    errors = window.session.analysis.problems
    before = window.shell.status._problems.text()
    window.shell.messages.show_problems(errors)
    assert window.shell.status._problems.text() == before


def test_a_start_that_fails_is_not_said_to_go_on(qtbot: QtBot, window: Window) -> None:
    window.show(qtbot)
    status, session = window.shell.status, window.session
    session.set_run_state("starting")
    session.statusMessage.emit("Starting PyTorch…")
    assert status._message.isVisible()
    session.set_run_state("idle")
    assert not status._message.isVisible()
    session.statusMessage.emit("Saved it")
    session.set_run_state("running")
    assert status._message.isVisible()


def test_hostile_texts_stay_texts(qtbot: QtBot) -> None:
    bar = MessageBar(Session())
    qtbot.addWidget(bar)
    bar.show_problems([Problem("x", "<img src='file:///etc/passwd'>", path="<b>a</b>")])
    texts = [label.text() for label in bar.findChildren(QLabel)]
    assert not any("<img" in text for text in texts)


def test_closing_asks_about_unsaved_changes(qtbot: QtBot, window: Window) -> None:
    shell = window.show(qtbot).shell
    window.session.perform("Rename", [SetName("mine")])
    shell.close()
    assert shell.isVisible()
    window.answer(qtbot, QMessageBox.StandardButton.Cancel)
    assert shell.isVisible()
    shell.close()
    with qtbot.waitSignal(shell.closing):
        window.answer(qtbot, QMessageBox.StandardButton.Discard)
    assert not shell.isVisible()


def test_saving_on_the_way_out(
    qtbot: QtBot, window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = window.show(qtbot).shell
    window.session.perform("Rename", [SetName("mine")])
    path = tmp_path / "mine.convolab"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    shell.close()
    window.answer(qtbot, QMessageBox.StandardButton.Save)
    assert path.is_file()
    assert not shell.isVisible()


def test_not_choosing_a_file_keeps_the_window(
    qtbot: QtBot, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = window.show(qtbot).shell
    window.session.perform("Rename", [SetName("mine")])
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    shell.close()
    window.answer(qtbot, QMessageBox.StandardButton.Save)
    assert shell.isVisible()
    assert not window.session.is_saved


def test_opening_asks_first_and_only_once(qtbot: QtBot, window: Window) -> None:
    window.show(qtbot)
    window.session.perform("Rename", [SetName("mine")])
    window.session.open_document("resnet18")
    first = window.question()
    window.session.new_document()
    assert window.question() is first
    window.answer(qtbot, QMessageBox.StandardButton.Discard)
    assert window.session.document.name == "resnet18"


def test_files_are_opened_and_saved_by_keyboard(
    qtbot: QtBot, window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.show(qtbot)
    path = tmp_path / "kept.convolab"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(window.shell, Qt.Key.Key_S, control)
    assert path.is_file()
    qtbot.keyClick(window.shell, Qt.Key.Key_N, control)
    assert len(window.session.document.network) == 0
    qtbot.keyClick(window.shell, Qt.Key.Key_O, control)
    assert window.session.path == path.resolve()
    assert next(a.text() for a in window.shell.menus._recent.actions()).endswith("kept.convolab")


def test_a_file_can_be_dropped(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    window.show(qtbot)
    path = tmp_path / "dropped.convolab"
    window.session.save_as(path)
    window.session.new_document()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(9, 9),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.shell.dropEvent(event)
    assert window.session.path == path.resolve()


def test_the_theme_is_changed_in_the_menu(window: Window) -> None:
    window.action("Light").trigger()
    assert window.session.theme.name == "light"
    window.action("Dark").trigger()
    assert window.session.theme.name == "dark"
    assert window.action("Dark").isChecked()


def test_everything_one_can_focus_has_a_name(qtbot: QtBot, window: Window) -> None:
    shell = window.show(qtbot).shell
    ours = [shell.header, shell.messages, shell.status, *shell.areas.values()]
    nameless = [
        widget
        for part in ours
        for widget in part.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not widget.accessibleName()
        and not getattr(widget, "text", str)()
        and not widget.objectName().startswith("qt_")
        and not widget.inherits("QScrollArea")
    ]
    assert nameless == []


def test_the_window_is_dressed_and_the_switch_keeps_its_height(qtbot: QtBot, window: Window) -> None:
    shell = window.show(qtbot).shell
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    assert window.session.theme.accent in app.styleSheet()
    assert shell.header.workspaces.height() < 40


def test_the_network_keeps_half_of_a_large_window(qtbot: QtBot, window: Window) -> None:
    window.shell.set_workspace("Train")
    window.show(qtbot, 1600, 1000)
    QApplication.processEvents()
    assert 400 <= window.shell.dock("bottom").height() <= 500


def test_words_of_the_status_stand_on_one_line(qtbot: QtBot, window: Window) -> None:
    status = window.show(qtbot).shell.status
    status._problems.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    rows = []
    for widget in (status._totals, status._problems):
        widget.setText("xx")
        QApplication.processEvents()
        picture = status.grab(QRect(widget.pos(), widget.size())).toImage()
        paper = picture.pixelColor(0, 0)
        inked = [
            y
            for y in range(picture.height())
            if any(picture.pixelColor(x, y) != paper for x in range(picture.width()))
        ]
        rows.append((widget.y() + inked[0], widget.y() + inked[-1]))
        assert widget.font().weight() == QFont.Weight.Normal
    assert rows[0] == rows[1]
