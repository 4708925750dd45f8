"""A network drawn, changed and saved without a mouse: every step is a key press to whatever has the focus."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLineEdit

from builder.document import Document
from builder.graph import Edge
from builder.reading import load
from tests.person import ALT, CONTROL, SHIFT, Person


def test_from_nothing_to_a_saved_network(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "drawn.convolab"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    press, session = person.press, person.session
    press(Qt.Key.Key_Escape)  # the start page
    press(Qt.Key.Key_N, CONTROL)
    assert len(session.document.network) == 0
    ids = {
        words: person.add(words)
        for words in ("input", "conv 3", "batch norm", "relu", "flatten", "linear", "output")
    }
    assert session.analysis.ok, session.analysis.problems
    press(Qt.Key.Key_Left)  # back along the wire
    press(Qt.Key.Key_F2)
    person.type("classifier")
    assert session.graph.node(ids["linear"]).name == "classifier"
    # a second branch: from the norm into an add behind relu
    press(Qt.Key.Key_F, CONTROL)
    person.type("relu")
    press(Qt.Key.Key_Escape)
    add = person.add("add")
    press(Qt.Key.Key_W)
    person.type("norm")
    assert session.graph.has_edge(Edge(ids["batch norm"], "y", add, "1"))
    # relu went straight into flatten; now the sum does
    press(Qt.Key.Key_F, CONTROL)
    person.type("flatten")
    press(Qt.Key.Key_Escape)
    press(Qt.Key.Key_W)
    person.type("relu away")
    press(Qt.Key.Key_W)
    person.type("add feeds the input x")
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


def test_a_parameter_is_changed_and_the_way_back_is_known(person: Person) -> None:
    press, session = person.press, person.session
    press(Qt.Key.Key_Escape)
    press(Qt.Key.Key_F, CONTROL)
    person.type("conv2")
    press(Qt.Key.Key_Escape)
    (conv,) = session.selection
    press(Qt.Key.Key_F6, CONTROL)  # the next part of the window: the inspector
    for _ in range(12):
        if isinstance(person.focus, QLineEdit) and person.focus.text() == "16":
            break
        press(Qt.Key.Key_Tab)
    press(Qt.Key.Key_A, CONTROL)
    person.type("24")
    assert session.graph.node(conv).parameters["out_channels"] == 24
    press(Qt.Key.Key_Z, CONTROL)
    assert session.graph.node(conv).parameters["out_channels"] == 16


def test_in_and_out_of_a_module_and_what_it_is_made_of(person: Person) -> None:
    press, session = person.press, person.session
    press(Qt.Key.Key_Escape)
    press(Qt.Key.Key_P, CONTROL | SHIFT)
    person.type("resnet-18")
    assert session.document.name == "resnet18"
    press(Qt.Key.Key_F, CONTROL)
    person.type("layer2.0.conv1")
    press(Qt.Key.Key_Escape)
    assert session.instance == ("layer2", "0")
    press(Qt.Key.Key_Up, ALT)
    assert session.instance == ("layer2",)
    press(Qt.Key.Key_Left, ALT)
    assert session.instance == ("layer2", "0")
    press(Qt.Key.Key_Left, ALT)
    assert session.instance == ()
