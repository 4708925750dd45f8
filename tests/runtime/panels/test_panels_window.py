"""The runtime's half in a window: training, curves, maps, source, runs, export, as a person does it."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from builder.document import Document
from builder.edits import Disconnect, ReplaceNode, SetSettings
from builder.errors import Address
from builder.sketch import Sketch
from runtime.panels.installation import _Closer
from runtime.panels.plotting.series import Trace
from runtime.training.records.runs import Run
from tests.runtime.panels.conftest import MakeWindow, Window

LONG = 60_000


def _train(window: Window, qtbot: QtBot, **settings: object) -> Trace:
    window.set_training(**{"epochs": 2, "batch": 64, **settings})
    with qtbot.waitSignal(window.panels.training.runFinished, timeout=LONG):
        qtbot.mouseClick(window.panels.controls.main, Qt.MouseButton.LeftButton)
    return window.panels.training.trace


def _select(window: Window, name: str) -> str:
    node = window.session.graph.by_name(name)
    assert node is not None
    window.session.select((node.id,))
    return node.id


def test_training_from_the_window(make_window: MakeWindow, qtbot: QtBot) -> None:
    """Press Train: curves, maps and the test accuracy appear, and a run is kept."""
    window = make_window()
    panels = window.panels
    window.show("Curves")
    _select(window, "conv2")
    live: list[str] = []
    panels.training.mapsArrived.connect(lambda maps: live.append(maps.path))
    qtbot.waitUntil(lambda: panels.looking.values is not None, timeout=LONG)
    trace = _train(window, qtbot, epochs=3)
    assert trace.finished is not None
    assert trace.finished.reason == "completed"
    assert trace.finished.test_accuracy is not None
    assert 0.3 < trace.finished.test_accuracy <= 1
    assert len(trace.epochs) == 3
    assert set(live) == {"conv2"}
    assert panels.curves.loss is not None
    np.testing.assert_array_equal(
        panels.curves.loss.validation.y, np.float32([epoch.validation_loss for epoch in trace.epochs])
    )
    assert len(panels.curves.loss.train.x) == trace.steps
    assert f"test {100 * trace.finished.test_accuracy:.1f} %" in panels.curves._halves["score"].aside.text()
    # With the run over, the maps are those of its best weights.
    assert trace.best is not None
    qtbot.waitUntil(lambda: f"weights of epoch {trace.best.epoch}" in panels.looking.caption(), timeout=LONG)
    assert panels.looking.values is not None
    assert panels.looking.values.shape == (16, 10, 10)
    assert len(panels.looking.prediction) == 10
    assert panels.training.folder is not None
    assert isinstance(Run.open(panels.training.folder), Run)


def _losses(window: Window, qtbot: QtBot) -> np.ndarray:
    return _train(window, qtbot).loss.values.copy()


def test_looking_on_changes_nothing(make_window: MakeWindow, qtbot: QtBot) -> None:
    """The loss of every step is the same to the bit, with maps watched and with nobody looking."""
    window = make_window()
    panels = window.panels
    window.show("Source")
    panels.curves.hide()
    unwatched = _losses(window, qtbot)
    window.show("Feature maps")
    _select(window, "conv1")
    qtbot.waitUntil(lambda: panels.looking.values is not None, timeout=LONG)
    seen: list[int] = []
    panels.training.mapsArrived.connect(lambda maps: seen.append(maps.step))
    watched = _losses(window, qtbot)
    assert seen
    np.testing.assert_array_equal(watched, unwatched)


def test_errors_are_told_and_lead_to_the_node(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    conv = window.session.document.network.by_name("conv2")
    assert conv is not None
    window.session.perform("Too large", [ReplaceNode("", conv.with_parameters(kernel_size=[99, 99]))])
    qtbot.mouseClick(window.panels.controls.main, Qt.MouseButton.LeftButton)
    assert not window.panels.training.is_running
    assert window.shell.messages.problems
    assert window.session.selection == (conv.id,)


def test_data_that_does_not_fit_is_told(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    last = window.session.document.network.by_name("fc3")
    assert last is not None
    window.session.perform("Three classes", [ReplaceNode("", last.with_parameters(out_features=3))])
    trace = _train(window, qtbot)
    assert trace.finished is not None
    assert trace.finished.reason == "failed"
    assert [problem.code for problem in window.shell.messages.problems] == ["class-count"]
    assert "10 classes" in window.shell.messages.problems[0].message
    assert window.session.selection == (last.id,)
    window.session.select(())
    buttons = {button.text(): button for button in window.shell.messages.findChildren(QPushButton)}
    qtbot.mouseClick(buttons["Show"], Qt.MouseButton.LeftButton)
    assert window.session.selection == (last.id,)
    qtbot.mouseClick(buttons["fc3: 10 outputs"], Qt.MouseButton.LeftButton)
    assert window.session.document.network.node(last.id).parameters["out_features"] == 10
    assert not window.shell.messages.isVisible()
    window.session.undo()
    assert window.session.document.network.node(last.id).parameters["out_features"] == 3


def test_pause_resume_edit_and_stop(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    panels, session = window.panels, window.session
    window.set_training(epochs=500)
    panels.controls.main.click()
    qtbot.waitUntil(lambda: panels.training.trace.steps > 20, timeout=LONG)
    panels.controls.main.click()
    qtbot.waitUntil(lambda: session.run_state == "paused", timeout=LONG)
    assert panels.controls.main.text() == "Resume"
    panels.training.poll()
    steps = panels.training.trace.steps
    panels.training.step()
    qtbot.waitUntil(lambda: panels.training.trace.steps == steps + 1, timeout=LONG)
    conv = session.document.network.by_name("conv1")
    assert conv is not None
    session.perform("More kernels", [ReplaceNode("", conv.with_parameters(out_channels=8))])
    panels.controls.main.click()
    qtbot.waitUntil(lambda: panels.training.trace.steps > steps + 20, timeout=LONG)
    window.show("Feature maps")
    new = conv.with_parameters(out_channels=8)
    session.perform("Rename", [ReplaceNode("", replace(new, name="other"))])
    _select(window, "other")
    qtbot.waitUntil(lambda: "drawn since" in panels.looking.hint, timeout=LONG)
    session.undo()
    _select(window, "conv1")
    qtbot.waitUntil(lambda: panels.looking.values is not None, timeout=LONG)
    assert panels.looking.values.shape == (6, 28, 28)  # of the network that trains
    panels.looking.go(0, (3, 3))
    assert panels.looking.field() is None
    with qtbot.waitSignal(panels.training.runFinished, timeout=LONG):
        panels.controls.halt.click()
    assert panels.training.trace.finished is not None
    assert panels.training.trace.finished.reason == "stopped"
    assert session.run_state == "idle"
    assert panels.controls.main.text() == "Train"
    assert not panels.controls.halt.isVisible()


def test_closing_the_window_ends_the_training(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    panels = window.panels
    window.set_training(epochs=500)
    panels.controls.main.click()
    qtbot.waitUntil(lambda: panels.training.trace.steps > 10, timeout=LONG)
    window.session.history.mark_saved()
    window.shell.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "training"]
    trace = panels.training.trace
    assert trace.finished is not None
    assert trace.finished.reason == "stopped"
    folder = panels.training.folder
    assert folder is not None
    assert (folder / "last.safetensors").is_file()


def test_a_pixel_shows_what_it_sees(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    panels = window.panels
    window.shell.set_workspace("Inspect")
    window.show("Feature maps")
    _select(window, "conv2")
    qtbot.waitUntil(lambda: panels.looking.values is not None, timeout=LONG)
    assert "fresh weights" in panels.looking.caption()
    assert panels.maps.strip.count() == 60
    panels.maps.grid.picked.emit(3, 0, 9)
    # conv1 5×5 pad 2, pool 2, conv2 5×5: output i sees [2i − 2, 2i + 11].
    assert panels.looking.field() == ((-2, 11), (16, 29))
    assert panels.maps.single.cell == (0, 9)
    assert "sees 14×14: y −2…11, x 16…29" in panels.looking.seen_text()
    box, (frame, scale) = panels.maps.picture.box_rect(), panels.maps.picture.frame()
    assert box is not None
    assert round(frame.top() - box.top()) == round(2 * scale)
    assert round(box.right() - frame.right()) == round(2 * scale)
    qtbot.keyClick(panels.maps.single, Qt.Key.Key_Down)
    assert panels.looking.field() == ((0, 13), (16, 29))
    value = panels.looking.values[3, 1, 9]
    assert f"{value:.3g}".replace("-", "−") in panels.looking.place_text()


def test_maps_of_channels_that_lie_last(make_window: MakeWindow, qtbot: QtBot) -> None:
    net = Sketch()
    x = net.add("conv", "conv", net.input((1, 28, 28)), out_channels=40, kernel_size=[5, 3])
    x = net.add("turned", "permute", x, dims=[2, 3, 1])
    net.output(net.add("fc", "linear", net.add("pool", "global_avg_pool", x)))
    window = make_window(Document("net", net.graph, data={"source": "digits"}))
    looking = window.panels.looking
    window.shell.set_workspace("Inspect")
    window.show("Feature maps")
    _select(window, "turned")
    qtbot.waitUntil(lambda: looking.values is not None, timeout=LONG)
    assert looking.values.shape == (40, 24, 26)
    assert "40 maps of 24×26" in looking.caption()
    window.panels.maps.grid.picked.emit(39, 20, 25)
    assert looking.field() == ((20, 24), (25, 27))


def test_output_is_bars_with_names_and_pictures_can_be_chosen(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = make_window()
    panels = window.panels
    window.show("Feature maps")
    _select(window, "fc3")
    qtbot.waitUntil(lambda: panels.looking.values is not None, timeout=LONG)
    assert panels.looking.values.shape == (10,)
    assert panels.looking.classes == tuple("0123456789")
    assert sum(panels.looking.prediction) == pytest.approx(1)
    scores = panels.looking.values.copy()
    _select(window, "output")
    qtbot.waitUntil(
        lambda: panels.looking.path == "output" and panels.looking.values is not None, timeout=LONG
    )
    qtbot.waitUntil(lambda: "10 class probabilities" in panels.looking.caption(), timeout=LONG)
    softmax = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
    qtbot.waitUntil(lambda: np.allclose(panels.looking.values, softmax, atol=1e-5), timeout=LONG)
    _select(window, "fc3")
    qtbot.waitUntil(lambda: np.array_equal(panels.looking.values, scores), timeout=LONG)
    first = panels.looking.values.copy()
    item = panels.maps.strip.item(7)
    panels.maps.strip.setCurrentItem(item)
    qtbot.waitUntil(lambda: not np.array_equal(panels.looking.values, first), timeout=LONG)
    assert panels.looking.picture is not None
    assert panels.looking.picture.label == 7
    own = tmp_path / "own.png"
    image = QImage(40, 60, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    assert image.save(str(own))
    panels.looking.choose_file(own)
    qtbot.waitUntil(lambda: panels.looking.picture.name == "own.png", timeout=LONG)
    assert panels.looking.picture.pixels.shape == (28, 28)
    wrong = tmp_path / "wrong.png"
    wrong.write_text("no picture")
    with qtbot.waitSignal(panels.looking.troubled, timeout=LONG):
        panels.looking.choose_file(wrong)
    assert panels.looking.picture.name == "own.png"
    assert window.shell.messages.problems


def test_source_follows_and_leads(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    source, session = window.panels.source, window.session
    window.show("Source")
    assert "class LeNet5(nn.Module)" in source.text
    node_id = _select(window, "conv2")
    assert "self.conv2 = " in source.text.splitlines()[source.code.marked - 1]
    other = session.document.network.by_name("fc1")
    assert other is not None
    line = source._source.lines[Address("", other.id)]
    source.code.lineChosen.emit(line)
    assert session.selection == (other.id,)
    source.copy.click()
    assert QGuiApplication.clipboard().text() == source.text
    node = session.document.network.node(node_id)
    session.perform("Wider", [ReplaceNode("", node.with_parameters(out_channels=20))])
    qtbot.waitUntil(lambda: "nn.Conv2d(6, 20" in source.text)
    session.perform("Cut", [Disconnect("", next(iter(session.document.network.incoming(node_id).values())))])
    qtbot.waitUntil(lambda: source.pages.currentIndex() == 1)
    assert "no errors" in source.reason.text()
    source.show_problem.click()
    assert session.selection
    session.undo()
    qtbot.waitUntil(lambda: source.pages.currentIndex() == 0)


def test_runs_are_listed_and_replayed(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    runs = window.panels.runs
    window.show("Runs")
    assert runs.pages.currentIndex() == 0
    first = _train(window, qtbot, seed=1)
    _train(window, qtbot, seed=2)
    window.show("Runs")
    qtbot.waitUntil(lambda: runs.list.topLevelItemCount() == 2, timeout=LONG)
    runs.list.setCurrentItem(runs.list.topLevelItem(1))
    with qtbot.waitSignal(runs.runShown, timeout=LONG):
        runs.curves.click()
    shown = window.panels.curves.trace
    assert shown is not first
    np.testing.assert_array_equal(shown.loss.values, first.loss.values)
    np.testing.assert_array_equal(shown.smooth_loss.values, first.smooth_loss.values)
    assert shown.finished == first.finished
    assert shown.epochs == first.epochs


@pytest.mark.parametrize("number", [0, 1, 2])
def test_export(make_window: MakeWindow, qtbot: QtBot, tmp_path: Path, number: int) -> None:
    from runtime.panels.running.exports import FORMATS

    window = make_window()
    out = tmp_path / f"net{FORMATS[number].suffix}"
    with qtbot.waitSignal(window.session.statusMessage, timeout=LONG) as said:
        window.panels.exports.write(FORMATS[number], out)
    assert out.is_file()
    assert out.name in said.args[0]
    assert "nothing has been trained" in said.args[0]
    assert not window.panels.exports.progress.isVisible()


def test_export_where_nothing_can_be_written_is_told(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    from runtime.panels.running.exports import FORMATS

    window = make_window()
    with qtbot.waitSignal(window.session.problemsFound, timeout=LONG):
        window.panels.exports.write(FORMATS[1], tmp_path / "missing" / "net.safetensors")
    assert window.shell.messages.problems


def test_settings_are_edits_of_the_document(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    session, panels = window.session, window.panels
    window.shell.set_workspace("Train")
    before = dict(session.document.training)
    panels.settings.form("epochs").edited.emit("epochs", 7)
    assert session.document.training["epochs"] == 7
    panels.device_chip.choose("device", "cpu")
    assert panels.device_chip.text() == "CPU · auto"
    panels.device_chip.choose("precision", "bf16")
    assert panels.device_chip.text() == "CPU · bf16"
    panels.data_chip.choose("mnist")
    assert session.document.data["source"] == "mnist"
    assert panels.data_chip.text() == "mnist"
    for _ in range(4):
        session.undo()
    assert dict(session.document.training) == before
    session.perform("Nonsense", [SetSettings("training", {"epochs": -1})])
    panels.controls.main.click()
    assert not panels.training.is_running
    assert window.shell.messages.problems


def test_both_themes_and_the_smallest_window(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    _train(window, qtbot, epochs=1)
    for title in ("Curves", "Feature maps", "Source", "Runs"):
        window.show(title)
        window.session.set_theme("dark")
        dark = window.shell.grab().toImage()
        window.session.set_theme("light")
        assert window.shell.grab().toImage() != dark
    assert window.shell.width() <= 1280
    assert window.shell.height() <= 720


def test_a_window_taken_away_leaves_no_thread(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    panels = window.panels
    panels.looking.warm_up()
    window.set_training(epochs=500)
    panels.controls.main.click()
    qtbot.waitUntil(lambda: panels.training.trace.steps > 10, timeout=LONG)
    closer = _Closer(panels.training, panels.worker, panels.files)
    closer()
    names = {thread.name for thread in threading.enumerate()}
    assert not names & {"training", "pictures and maps", "runs and exports"}
    assert not panels.training.is_running


def test_pytorch_and_data_come_while_nobody_looks(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    window.show("Source")
    with qtbot.waitSignal(window.panels.looking.samplesChanged, timeout=LONG):
        window.panels.looking.warm_up()
    assert window.panels.data_chip.text() == "digits · 1,797"
    assert window.panels.looking.picture is None
    window.show("Feature maps")
    qtbot.waitUntil(lambda: window.panels.looking.values is not None, timeout=LONG)


def test_a_picture_for_another_input_is_not_put_through_the_network(
    make_window: MakeWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window()
    looking = window.panels.looking
    window.show("Feature maps")
    qtbot.waitUntil(lambda: looking.values is not None, timeout=LONG)
    late = looking.picture
    assert late is not None
    net = Sketch()
    net.output(net.add("conv", "conv", net.input((64, 8, 8))))
    window.session.replace(Document("another", net.graph))
    asked: list[str] = []
    monkeypatch.setattr(looking._worker, "submit", lambda name, *_: asked.append(name))
    looking._take_picture(late)
    assert "view" not in asked
