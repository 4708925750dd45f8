"""The session: one analysis for a burst of edits, places that survive them, files, undo that goes to the change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.acts import delete_nodes
from builder.architectures import open_document
from builder.document import Document
from builder.edits import AddNode, RemoveModule, ReplaceNode, SetName
from builder.errors import Address, Problem
from builder.graph import Node
from builder.widgets import preferences
from builder.widgets.session import RECENT_LENGTH, Session
from builder.widgets.theme import DARK, LIGHT


def _open(name: str) -> Document:
    document = open_document(name)
    assert isinstance(document, Document)
    return document


class Heard:
    """How often each signal came."""

    def __init__(self, session: Session) -> None:
        self.counts: dict[str, int] = {}
        self.last: dict[str, Any] = {}
        for name in (
            "documentReplaced", "analysisChanged", "historyChanged", "instanceChanged", "selectionChanged",
            "savedChanged", "themeChanged", "recentChanged", "statusMessage", "problemsFound", "nodeRevealed",
            "runStateChanged",
        ):  # fmt: skip
            getattr(session, name).connect(self._listener(name))

    def _listener(self, name: str) -> Callable[..., None]:
        def hear(*what: Any) -> None:
            self.counts[name] = self.counts.get(name, 0) + 1
            self.last[name] = what[0] if what else None

        return hear

    def __getitem__(self, name: str) -> int:
        return self.counts.get(name, 0)


@pytest.fixture
def lenet(qtbot: QtBot) -> Session:
    return Session(_open("lenet5"))


@pytest.fixture
def resnet(qtbot: QtBot) -> Session:
    return Session(_open("resnet18"))


def _named(session: Session, name: str) -> Node:
    node = session.graph.by_name(name)
    assert node is not None
    return node


def test_a_burst_of_edits_is_analysed_once(qtbot: QtBot, lenet: Session) -> None:
    heard = Heard(lenet)
    node = _named(lenet, "conv1")
    before = lenet.analysis.totals.parameters
    for kernels in (7, 8, 9):
        lenet.perform("Kernels", [ReplaceNode("", node.with_parameters(out_channels=kernels))])
    assert heard["analysisChanged"] == 0
    assert lenet.analysis.totals.parameters == before
    with qtbot.waitSignal(lenet.analysisChanged):
        pass
    assert heard["analysisChanged"] == 1
    assert heard["historyChanged"] == 3
    report = lenet.report(node.id)
    assert report is not None
    assert report.parameters == 9 * (1 * 5 * 5) + 9


def test_flush_analyses_at_once_and_only_once(qtbot: QtBot, lenet: Session) -> None:
    heard = Heard(lenet)
    lenet.perform("Name", [SetName("mine")])
    lenet.flush()
    lenet.flush()
    QApplication.processEvents()
    assert heard["analysisChanged"] == 1


def test_saving_alone_is_no_reason_to_analyse(qtbot: QtBot, lenet: Session, tmp_path: Path) -> None:
    heard = Heard(lenet)
    assert lenet.save_as(tmp_path / "a.convolab")
    QApplication.processEvents()
    assert heard["analysisChanged"] == 0


def test_typing_is_one_step(lenet: Session) -> None:
    node = _named(lenet, "conv1")
    for kernels in (1, 12, 128):
        lenet.perform(
            "Kernels", [ReplaceNode("", node.with_parameters(out_channels=kernels))], merge="typing"
        )
    lenet.undo()
    assert _named(lenet, "conv1") == node
    assert not lenet.history.can_undo


def test_selection_is_told_once_and_loses_what_is_gone(lenet: Session) -> None:
    heard = Heard(lenet)
    first, second = _named(lenet, "conv1").id, _named(lenet, "conv2").id
    lenet.select([first, second, first])
    lenet.select((first, second))
    assert lenet.selection == (first, second)
    assert heard["selectionChanged"] == 1
    lenet.perform("Delete", delete_nodes(lenet.document, "", [first]))
    lenet.flush()
    assert lenet.selection == (second,)
    assert heard["selectionChanged"] == 2


def test_going_in_and_out(resnet: Session) -> None:
    resnet.enter("layer2")
    assert resnet.instance == ("layer2",)
    resnet.enter("0")
    assert resnet.graph.key == "BasicBlock"
    report = resnet.report(_named(resnet, "conv1").id)
    assert report is not None
    assert report.path == "layer2.0.conv1"
    resnet.leave()
    assert resnet.instance == ("layer2",)
    resnet.enter("0")
    resnet.leave(0)
    assert resnet.instance == ()
    assert resnet.graph is resnet.document.network


def test_what_one_comes_out_of_is_selected(resnet: Session) -> None:
    resnet.enter("layer2")
    resnet.enter("1")
    resnet.leave()
    assert resnet.selection == (_named(resnet, "1").id,)
    resnet.leave()
    assert resnet.selection == (_named(resnet, "layer2").id,)
    resnet.enter("layer3")
    resnet.enter("0")
    resnet.enter("downsample")
    resnet.leave(0)
    assert resnet.selection == (_named(resnet, "layer3").id,)


def test_a_bypassed_module_can_be_gone_into(resnet: Session) -> None:
    resnet.enter("layer1")
    resnet.enter("0")
    report = resnet.report(_named(resnet, "downsample").id)
    assert report is not None
    assert report.bypassed
    resnet.enter("downsample")
    assert resnet.graph.key == "Projection"
    inside = resnet.report(_named(resnet, "0").id)
    assert inside is not None
    assert inside.output_shape == (64, 56, 56)


def test_there_is_no_way_into_what_is_no_module(resnet: Session) -> None:
    heard = Heard(resnet)
    resnet.enter("conv1")
    resnet.enter("nowhere")
    assert resnet.instance == ()
    assert heard["instanceChanged"] == 0


def test_entering_forgets_the_selection(resnet: Session) -> None:
    resnet.select([_named(resnet, "conv1").id])
    resnet.enter("layer1")
    assert resnet.selection == ()


def test_one_is_led_out_of_a_module_that_goes(resnet: Session) -> None:
    resnet.enter("layer2")
    resnet.enter("0")
    heard = Heard(resnet)
    resnet.perform("Remove", [RemoveModule("BasicBlock")])
    assert resnet.graph is resnet.document.network  # before the analysis, too
    resnet.flush()
    assert resnet.instance == ("layer2",)
    assert resnet.graph.key == resnet.view.graph.key
    assert heard["instanceChanged"] == 1
    resnet.undo()
    resnet.flush()
    assert "BasicBlock" in resnet.document.modules


def test_undo_goes_to_where_the_change_is(resnet: Session) -> None:
    resnet.enter("layer3")
    resnet.enter("1")
    node = _named(resnet, "conv2")
    resnet.perform("Kernels", [ReplaceNode("BasicBlock", node.with_parameters(out_channels=7))])
    resnet.leave(0)
    heard = Heard(resnet)
    resnet.undo()
    assert resnet.graph.key == "BasicBlock"
    assert heard.last["nodeRevealed"] == node.id
    resnet.leave(0)
    resnet.redo()
    assert resnet.graph.key == "BasicBlock"


def test_undo_stays_where_the_change_is_seen(resnet: Session) -> None:
    resnet.enter("layer3")
    resnet.enter("1")
    node = _named(resnet, "conv2")
    resnet.perform("Kernels", [ReplaceNode("BasicBlock", node.with_parameters(out_channels=7))])
    resnet.undo()
    assert resnet.instance == ("layer3", "1")


def test_every_leaf_can_be_revealed(resnet: Session) -> None:
    for report in resnet.analysis.leaves():
        assert resnet.reveal(report.path, report.address), report.path
        assert resnet.graph.key == report.address.graph
        assert resnet.selection == (report.address.node,)


def test_stages_of_a_repeated_node_lead_to_it(qtbot: QtBot) -> None:
    document = _open("resnet18")
    session = Session(document)
    node = _named(session, "layer1")
    session.perform(
        "Repeat", [ReplaceNode("", Node(node.id, node.name, node.block, node.parameters, repeat=2))]
    )
    session.flush()
    paths = [report.path for report in session.analysis.leaves() if report.path.startswith("layer1.1")]
    assert paths
    for path in paths:
        assert session.reveal(path)


def test_an_address_helps_where_the_path_does_not(resnet: Session) -> None:
    module = resnet.document.modules["BasicBlock"].graph
    node = module.by_name("conv1")
    assert node is not None
    assert resnet.reveal("no.such.path", Address("BasicBlock", node.id))
    assert resnet.graph.key == "BasicBlock"
    assert not resnet.reveal("no.such.path")
    assert not resnet.reveal("")


def test_what_cannot_be_opened_leaves_the_document(lenet: Session, tmp_path: Path) -> None:
    heard = Heard(lenet)
    document = lenet.document
    path = tmp_path / "broken.convolab"
    path.write_text("{", encoding="utf-8")
    lenet.open_document(path)
    lenet.open_document(tmp_path / "missing.convolab")
    lenet.open_document("no-such-architecture")
    assert lenet.document is document
    assert heard["documentReplaced"] == 0
    assert heard["problemsFound"] == 3
    assert all(problem.path for problem in heard.last["problemsFound"])
    assert all(isinstance(problem, Problem) for problem in heard.last["problemsFound"])


def test_a_file_survives_the_way_out_and_in(lenet: Session, tmp_path: Path) -> None:
    path = tmp_path / "mine.convolab"
    lenet.perform("Name", [SetName("mine")])
    assert not lenet.is_saved
    assert not lenet.save()  # no file yet
    assert lenet.save_as(path)
    assert lenet.is_saved
    assert lenet.title == "mine.convolab"
    other = Session()
    other.open_document(path)
    assert other.document.name == "mine"
    assert other.path == path.resolve()
    assert other.analysis.totals == lenet.analysis.totals


def test_a_name_without_an_ending_gets_ours(lenet: Session, tmp_path: Path) -> None:
    assert lenet.save_as(tmp_path / "mine")
    assert (tmp_path / "mine.convolab").is_file()


def test_what_cannot_be_saved_is_told(lenet: Session, tmp_path: Path) -> None:
    heard = Heard(lenet)
    lenet.perform("Name", [SetName("mine")])
    assert not lenet.save_as(tmp_path / "no" / "such" / "folder" / "a.convolab")
    assert heard["problemsFound"] == 1
    assert not lenet.is_saved
    assert lenet.path is None


def test_an_architecture_is_opened_by_name(qtbot: QtBot) -> None:
    session = Session()
    session.open_document("lenet5")
    assert session.document.name == "lenet5"
    assert session.path is None
    assert session.is_saved
    assert session.analysis.totals.parameters == 61706


def test_only_unsaved_changes_are_asked_about(lenet: Session) -> None:
    asked: list[Callable[[], None]] = []
    lenet.guard = asked.append
    lenet.new_document()
    assert not asked
    lenet.perform("Add", [AddNode("", Node("n1", "input", "input"))])
    document = lenet.document
    lenet.open_document("lenet5")
    assert lenet.document is document
    asked[0]()
    assert lenet.document is not document


def test_replacing_forgets_the_old_document(resnet: Session) -> None:
    resnet.enter("layer1")
    old = resnet.document
    resnet.new_document()
    heard = Heard(resnet)
    assert resnet.instance == ()
    assert not resnet.history.can_undo
    old.apply(SetName("ghost"))
    QApplication.processEvents()
    assert heard["analysisChanged"] == 0
    assert resnet.title == "untitled"


def test_recent_files_are_few_and_the_last_comes_first(lenet: Session, tmp_path: Path) -> None:
    for number in range(RECENT_LENGTH + 2):
        lenet.save_as(tmp_path / f"{number}.convolab")
    lenet.save_as(tmp_path / "5.convolab")
    recent = [path.stem for path in lenet.recent]
    assert recent[:2] == ["5", str(RECENT_LENGTH + 1)]
    assert len(recent) == len(set(recent)) == RECENT_LENGTH
    assert Session().recent == lenet.recent
    lenet.clear_recent()
    assert lenet.recent == []


def test_the_theme_is_remembered(lenet: Session) -> None:
    heard = Heard(lenet)
    lenet.set_theme("light")
    assert lenet.theme is LIGHT
    assert Session().theme is LIGHT
    lenet.set_theme("dark")
    assert lenet.theme is DARK
    assert heard["themeChanged"] == 2
    lenet.set_theme("mauve")
    assert lenet.theme_choice == "system"


def test_a_damaged_preference_is_a_missing_one(qtbot: QtBot) -> None:
    preferences.remember("theme", "pink")
    preferences.remember("recent", "one.convolab")
    session = Session()
    assert session.theme in (DARK, LIGHT)
    assert session.recent == [Path("one.convolab")]
    assert preferences.recall_bytes("theme") is None


def test_run_state_is_told_when_it_changes(lenet: Session) -> None:
    heard = Heard(lenet)
    lenet.set_run_state("running")
    lenet.set_run_state("running")
    assert heard["runStateChanged"] == 1
    assert lenet.run_state == "running"
