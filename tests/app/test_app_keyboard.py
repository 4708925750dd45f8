"""A network drawn, changed and saved without a mouse: every step is a key press to whatever has the focus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app import make_window
from builder.document import Document
from builder.graph import Edge
from builder.reading import load
from builder.widgets.shell import Shell

ALT, CONTROL, SHIFT, NONE = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)


class Keyboard:
    """Somebody whose mouse is broken."""

    def __init__(self, bot: QtBot, shell: Shell) -> None:
        self.bot, self.shell, self.session = bot, shell, shell.session

    @property
    def focus(self) -> QWidget:
        found = QApplication.focusWidget()
        assert found is not None
        return found

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.bot.keyClick(self.focus, key, modifiers)
        QApplication.processEvents()

    def type(self, text: str) -> None:
        self.bot.keyClicks(self.focus, text)
        QApplication.processEvents()

    def add(self, words: str) -> str:
        """Tab, some letters, Enter: what was added."""
        self.press(Qt.Key.Key_Tab)
        self.type(words)
        self.press(Qt.Key.Key_Return)
        self.session.flush()
        (node_id,) = self.session.selection
        return node_id

    def name(self, node_id: str) -> str:
        return self.session.graph.node(node_id).name


@pytest.fixture
def keyboard(qtbot: QtBot) -> Iterator[Keyboard]:
    shell = make_window()
    qtbot.addWidget(shell)
    shell.resize(1400, 900)
    shell.show()
    with qtbot.waitActive(shell):
        shell.activateWindow()
    yield Keyboard(qtbot, shell)
    shell.session.history.mark_saved()
    shell.close()


def test_from_nothing_to_a_saved_network(
    keyboard: Keyboard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "drawn.convolab"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    press, session = keyboard.press, keyboard.session
    press(Qt.Key.Key_Escape)  # the start page
    press(Qt.Key.Key_N, CONTROL)
    assert len(session.document.network) == 0
    ids = {
        words: keyboard.add(words)
        for words in ("input", "conv 3", "batch norm", "relu", "flatten", "linear", "output")
    }
    assert session.analysis.ok, session.analysis.problems
    press(Qt.Key.Key_Left)  # back along the wire
    press(Qt.Key.Key_F2)
    keyboard.type("classifier")
    press(Qt.Key.Key_Return)
    assert keyboard.name(ids["linear"]) == "classifier"
    # a second branch: from the norm into an add behind relu
    press(Qt.Key.Key_F, CONTROL)
    keyboard.type("relu")
    press(Qt.Key.Key_Return)
    press(Qt.Key.Key_Escape)
    add = keyboard.add("add")
    press(Qt.Key.Key_W)
    keyboard.type("norm")
    press(Qt.Key.Key_Return)
    assert session.graph.has_edge(Edge(ids["batch norm"], "y", add, "1"))
    # relu went straight into flatten; now the sum does
    press(Qt.Key.Key_F, CONTROL)
    keyboard.type("flatten")
    press(Qt.Key.Key_Return)
    press(Qt.Key.Key_Escape)
    press(Qt.Key.Key_W)
    keyboard.type("relu away")
    press(Qt.Key.Key_Return)
    press(Qt.Key.Key_W)
    keyboard.type("add feeds the input x")
    press(Qt.Key.Key_Return)
    session.flush()
    assert session.graph.has_edge(Edge(add, "y", ids["flatten"], "x"))
    assert session.analysis.ok, session.analysis.problems
    press(Qt.Key.Key_A, CONTROL)
    press(Qt.Key.Key_Up, ALT | SHIFT)
    assert len({node.position[1] for node in session.graph}) == 1
    press(Qt.Key.Key_Z, CONTROL)
    press(Qt.Key.Key_L)
    press(Qt.Key.Key_S, CONTROL)
    saved = load(path)
    assert isinstance(saved, Document)
    assert len(saved.network) == 8
    assert session.is_saved


def test_a_parameter_is_changed_and_the_way_back_is_known(keyboard: Keyboard) -> None:
    press, session = keyboard.press, keyboard.session
    press(Qt.Key.Key_Escape)
    press(Qt.Key.Key_F, CONTROL)
    keyboard.type("conv2")
    press(Qt.Key.Key_Return)
    press(Qt.Key.Key_Escape)
    (conv,) = session.selection
    press(Qt.Key.Key_F6, CONTROL)  # the next part of the window: the inspector
    for _ in range(12):
        if isinstance(keyboard.focus, QLineEdit) and keyboard.focus.text() == "16":
            break
        press(Qt.Key.Key_Tab)
    press(Qt.Key.Key_A, CONTROL)
    keyboard.type("24")
    press(Qt.Key.Key_Return)
    assert session.graph.node(conv).parameters["out_channels"] == 24
    press(Qt.Key.Key_Z, CONTROL)
    assert session.graph.node(conv).parameters["out_channels"] == 16


def test_in_and_out_of_a_module_and_what_it_is_made_of(keyboard: Keyboard) -> None:
    press, session = keyboard.press, keyboard.session
    press(Qt.Key.Key_Escape)
    press(Qt.Key.Key_P, CONTROL | SHIFT)
    keyboard.type("resnet-18")
    press(Qt.Key.Key_Return)
    assert session.document.name == "resnet18"
    press(Qt.Key.Key_F, CONTROL)
    keyboard.type("layer2.0.conv1")
    press(Qt.Key.Key_Return)
    press(Qt.Key.Key_Escape)
    assert session.instance == ("layer2", "0")
    press(Qt.Key.Key_Up, ALT)
    assert session.instance == ("layer2",)
    press(Qt.Key.Key_Left, ALT)
    assert session.instance == ("layer2", "0")
    press(Qt.Key.Key_Left, ALT)
    assert session.instance == ()
