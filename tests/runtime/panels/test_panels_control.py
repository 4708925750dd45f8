"""Queue, resume and following in the window, as a person does it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from builder.claims import Claim
from builder.document import Document
from builder.edits import ReplaceNode, SetName, SetSettings
from runtime.data import Data, load_data
from runtime.panels.running.queueing import QueuePanel
from runtime.panels.running.status import RunStatus
from runtime.training.control import Control
from runtime.training.events import Epoch, Started, Steps
from runtime.training.loop import train
from runtime.training.records.following import Standing
from runtime.training.records.journal import RUNNING
from runtime.training.records.left import interrupted
from runtime.training.records.runs import Run, list_runs
from runtime.training.settings import Settings
from tests.runtime.panels.conftest import MakeWindow, Window

LONG = 60_000
#: One computation, whatever the machine measures.
SURE = {"epochs": 2, "batch": 128, "threads": 1, "calibration": "never", "device": "cpu"}


def click(qtbot: QtBot, button: QPushButton) -> None:
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def listed(panel: QueuePanel) -> list[str]:
    return [panel.list.topLevelItem(row).text(0) for row in range(panel.list.topLevelItemCount())]


def rename(window: Window, name: str) -> None:
    window.session.perform("Rename", [SetName(name)])


@pytest.fixture
def digits(make_window: MakeWindow) -> Data:
    found = load_data("digits", (1, 28, 28))
    assert isinstance(found, Data)
    return found


def make_run(window: Window, parent: Path, name: str = "there", **settings: object) -> Run:
    run = Run.create(parent, window.session.document, Settings(**{**SURE, **settings}), name=name)
    assert isinstance(run, Run)
    return run


def test_what_waits_is_put_in_order_and_trained_one_after_the_other(
    make_window: MakeWindow, qtbot: QtBot
) -> None:
    window = make_window()
    window.set_training(**{**SURE, "epochs": 1})
    window.shell.set_workspace("Train")
    window.show("Queue")
    panel, queue = window.panels.queue_panel, window.panels.queue
    assert not panel.start.isEnabled()
    for name in ("one", "two", "three"):
        rename(window, name)
        click(qtbot, panel.add)
    assert listed(panel) == ["one", "two", "three"]
    assert window.panels._queue.label == "Queue  3"
    panel.list.setCurrentItem(panel.list.topLevelItem(2))
    click(qtbot, panel.up)
    click(qtbot, panel.up)
    assert listed(panel) == ["three", "one", "two"]
    assert not panel.up.isEnabled()
    click(qtbot, panel.down)
    click(qtbot, panel.remove)
    assert listed(panel) == ["one", "two"]
    rename(window, "drawn on meanwhile")
    ended: list[str] = []
    window.panels.training.runFinished.connect(lambda finished: ended.append(finished.reason))
    click(qtbot, panel.start)
    qtbot.waitUntil(lambda: not queue.is_on and len(ended) == 2, timeout=LONG)
    assert ended == ["completed", "completed"]
    assert listed(panel) == []
    assert window.panels._queue.label == "Queue"
    runs = list_runs(window.panels.training.run_dir)
    assert [run.document.name for run in runs] == ["two", "one"]


def test_the_queue_and_the_status_name_what_trains_when_another_is_drawn(
    make_window: MakeWindow, qtbot: QtBot
) -> None:
    window = make_window()
    window.set_training(**{**SURE, "epochs": 100_000})
    training, panel = window.panels.training, window.panels.queue_panel
    (said,) = window.shell.status.findChildren(RunStatus)
    rename(window, "one that trains")
    assert not panel.now.text()
    training.start()
    qtbot.waitUntil(lambda: training.trace.steps > 0, timeout=LONG)
    assert "one that trains" not in said.text()
    assert panel.now.text().startswith("Trains now: one that trains")
    window.session.history.mark_saved()
    window.session.begin(Document("another"))
    assert said.text().startswith("one that trains  ·  ")
    training.stop()
    qtbot.waitUntil(lambda: not training.is_running, timeout=LONG)
    assert said.text().startswith("one that trains  ·  ")
    assert not panel.now.text()


def test_figures_of_what_waits_stand_under_their_heads(make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window()
    source = str(tmp_path / "pictures.npz")
    window.panels.queue.queue.add(window.session.document, Settings(**SURE), source)
    tree = window.panels.queue_panel.list
    window.panels.queue_panel.refresh()
    item = tree.topLevelItem(0)
    assert item is not None
    assert (item.text(1), item.toolTip(1)) == ("pictures.npz", source)
    for column in range(1, tree.columnCount()):
        is_figure = item.text(column).replace(",", "").replace(".", "").isdigit()
        assert bool(item.textAlignment(column) & Qt.AlignmentFlag.AlignRight) == is_figure
        assert bool(tree.headerItem().textAlignment(column) & Qt.AlignmentFlag.AlignRight) == is_figure


def test_every_column_of_runs_fits_a_small_window(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = make_window()
    source = str(tmp_path / "a folder with a long name" / "and-a-file-with-a-long-name-too.npz")
    window.session.perform("Data", [SetSettings("data", {"source": source})])
    make_run(window, tmp_path / "runs", "lenet5-and-more-of-its-name-20261121-200435").close()
    window.shell.set_workspace("Train")
    window.show("Runs")
    tree = window.panels.runs.list
    qtbot.waitUntil(lambda: tree.topLevelItemCount() == 1, timeout=LONG)
    qtbot.wait(20)
    assert tree.horizontalScrollBar().maximum() == 0
    item = tree.topLevelItem(0)
    assert item is not None
    assert item.toolTip(2) == source
    assert item.text(7) == "" or tree.columnWidth(7) >= tree.fontMetrics().horizontalAdvance(item.text(7))


def test_one_that_fails_leaves_the_others_their_turn_and_one_that_is_stopped_holds_them(
    make_window: MakeWindow, qtbot: QtBot
) -> None:
    window = make_window()
    window.set_training(**{**SURE, "epochs": 1})
    panels = window.panels
    broken = panels.queue.queue.add(window.session.document, Settings(**SURE), "/there/is/nothing")
    panels.queue.add()
    window.set_training(epochs=100_000)
    panels.queue.add()
    panels.queue.add()
    ended: list[str] = []
    panels.training.runFinished.connect(lambda finished: ended.append(finished.reason))
    panels.queue.start()
    qtbot.waitUntil(lambda: len(ended) == 2, timeout=LONG)
    assert ended == ["failed", "completed"]
    assert broken not in panels.queue.queue.waiting()
    qtbot.waitUntil(lambda: panels.training.trace.steps > 0, timeout=LONG)
    panels.training.stop()
    qtbot.waitUntil(lambda: len(ended) == 3, timeout=LONG)
    assert not panels.queue.is_on
    assert not panels.training.is_running
    assert len(panels.queue.queue.waiting()) == 1


def test_a_run_that_was_cut_off_is_offered_and_goes_on(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path, digits: Data
) -> None:
    first = make_window()
    through = make_run(first, tmp_path, "through")
    list(train(through.document, through.settings, digits, run=through))
    runs = tmp_path / "runs"
    cut = make_run(first, tmp_path, "cut")
    for event in train(cut.document, cut.settings, digits, run=cut):
        if isinstance(event, Epoch):
            shutil.copytree(cut.folder, runs / "cut")  # as a crash would have left it
            break
    (runs / "cut" / f"{RUNNING}.lock").touch()
    rename(first, "another")
    window = make_window()
    qtbot.waitUntil(lambda: bool(window.shell.messages.offers), timeout=LONG)
    (offer,) = window.shell.messages.offers
    assert "cut off" in offer.problem.message
    resume, _leave = offer.choices
    told: list[str] = []
    window.panels.training.troubled.connect(lambda problems: told.extend(p.code for p in problems))
    with qtbot.waitSignal(window.panels.training.runFinished, timeout=LONG):
        resume.do()
        window.panels.training.go_on(runs / "cut")
    assert told == ["training-busy"]
    assert window.shell.messages.offers == ()
    trace = window.panels.training.trace
    losses = [loss for event in through.events() if isinstance(event, Steps) for loss in event.loss]
    np.testing.assert_array_equal(trace.loss.values, np.float32(losses))
    assert len(trace.epochs) == 2
    assert window.panels.curves.trace is trace


def test_what_was_cut_off_may_be_left_and_is_not_offered_again(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    first = make_window()
    run = make_run(first, tmp_path / "runs")
    run.record(Started("cpu", "fp32", 10, 2, 4, 16, ("a", "b")))
    run.close()
    (run.folder / f"{RUNNING}.lock").touch()
    first.panels.queue.add()
    window = make_window()
    qtbot.waitUntil(lambda: len(window.shell.messages.offers) == 2, timeout=LONG)
    cut, waits = window.shell.messages.offers
    assert "0 of 2 epochs" in cut.problem.message
    assert "1 training waits" in waits.problem.message
    for offer in (cut, waits):
        offer.choices[1].do()
    assert window.shell.messages.offers == ()
    assert interrupted(tmp_path / "runs") == []
    assert isinstance(Run.open(run.folder), Run)
    assert len(window.panels.queue.queue.waiting()) == 1


def test_a_stopped_run_is_resumed_from_the_list(make_window: MakeWindow, qtbot: QtBot, digits: Data) -> None:
    window = make_window()
    control = Control()
    run = make_run(window, window.panels.training.run_dir)
    for event in train(run.document, run.settings, digits, run=run, control=control):
        if isinstance(event, Steps):
            control.stop(at_once=True)
    window.show("Runs")
    panel = window.panels.runs
    qtbot.waitUntil(lambda: panel.list.topLevelItemCount() == 1, timeout=LONG)
    assert not panel.resume.isEnabled()
    panel.list.setCurrentItem(panel.list.topLevelItem(0))
    with qtbot.waitSignal(window.panels.training.runFinished, timeout=LONG):
        click(qtbot, panel.resume)
    window.show("Runs")
    qtbot.waitUntil(lambda: panel.list.topLevelItem(0).text(6) == "completed", timeout=LONG)
    panel.list.setCurrentItem(panel.list.topLevelItem(0))
    assert not panel.resume.isEnabled()


def test_a_run_of_another_program_is_followed_live_and_through_a_resume(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path, digits: Data
) -> None:
    window = make_window()
    panels = window.panels
    run = make_run(window, tmp_path / "elsewhere", epochs=3)
    events = train(run.document, run.settings, digits, run=run)
    while not isinstance(next(events), Steps):
        pass
    panels.follow(run.folder)
    curves, following = panels.curves, panels.following
    assert curves.trace is following.trace
    assert "running elsewhere" in following.said
    while not isinstance(next(events), Epoch):
        pass
    qtbot.waitUntil(lambda: len(following.trace.epochs) == 1, timeout=LONG)
    assert curves._halves["loss"].aside.text().startswith("there: running elsewhere")
    list(events)
    qtbot.waitUntil(lambda: following.trace.finished is not None, timeout=LONG)
    assert following.said == "there: finished"
    steps = [loss for event in run.events() if isinstance(event, Steps) for loss in event.loss]
    np.testing.assert_array_equal(following.trace.loss.values, np.float32(steps))
    # Its writer forgets the end and tells it again: so does who follows.
    claim = Claim(run.folder, RUNNING)
    claim.note(run.folder)
    whole = (run.folder / "events.jsonl").read_bytes()
    lines = whole.splitlines(keepends=True)
    (run.folder / "events.jsonl").write_bytes(b"".join(lines[:4]))
    qtbot.waitUntil(lambda: following.trace.finished is None, timeout=LONG)
    assert following._follower is not None
    assert following._follower.standing is Standing.RUNNING
    (run.folder / "events.jsonl").write_bytes(whole)
    claim.release()
    qtbot.waitUntil(lambda: following.trace.finished is not None, timeout=LONG)
    np.testing.assert_array_equal(following.trace.loss.values, np.float32(steps))


def test_training_with_every_panel_open_is_training_without_a_window(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path, digits: Data
) -> None:
    window = make_window()
    window.set_training(**SURE, ema_decay=0.9, accumulate=2, checkpoint_every=0.0)
    settings = Settings.read(window.session.document.training)
    assert isinstance(settings, Settings)
    alone = Run.create(tmp_path, window.session.document, settings, name="alone")
    assert isinstance(alone, Run)
    list(train(window.session.document.copy(), settings, digits, run=alone))
    panels = window.panels
    window.shell.set_workspace("Train")
    for title in ("Curves", "Source", "Runs", "Queue", "Feature maps"):
        window.show(title)
    node = window.session.graph.by_name("conv1")
    assert node is not None
    window.session.select((node.id,))
    qtbot.waitUntil(lambda: panels.looking.values is not None, timeout=LONG)
    qtbot.mouseClick(panels.controls.main, Qt.MouseButton.LeftButton)
    # Asked before the first step: a run this short could end before the window first looks.
    panels.training.step()
    qtbot.waitUntil(lambda: panels.training.trace.steps == 1, timeout=LONG)
    panels.training.pause()
    panels.training.step()
    # What is drawn meanwhile is the next run's.
    window.session.perform("Wider", [ReplaceNode("", node.with_parameters(out_channels=9))])
    with qtbot.waitSignal(panels.training.runFinished, timeout=LONG):
        panels.training.resume()
    (beside,) = list_runs(panels.training.run_dir)

    def told(run: Run) -> list[object]:
        found: list[object] = []
        for event in run.events():
            if isinstance(event, Steps):
                found += zip(event.loss, event.learning_rate, strict=True)
            elif isinstance(event, Epoch):
                found.append((event.train_loss, event.validation_loss, event.best))
        return found

    assert told(beside) == told(alone)
