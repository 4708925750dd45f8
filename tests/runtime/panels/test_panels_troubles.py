"""What a run tells in the window: all of it, where it is, and the setting that mends it at a press."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from builder.errors import Address, Problem, Severity
from runtime.training.remedies import CLIP, LOWER_RATE
from tests.runtime.panels.conftest import MakeWindow

LONG = 60_000


def test_an_error_of_a_run_leads_to_its_node_and_offers_the_setting(
    make_window: MakeWindow, qtbot: QtBot
) -> None:
    window = make_window()
    window.set_training(epochs=1, batch=64, learning_rate=100.0)
    node = window.session.graph.by_name("conv2")
    assert node is not None
    problem = Problem(
        "loss-not-finite",
        "The loss must stay a finite number",
        "at step 12, with sgd at a learning rate of 100, 'conv2' was the first to give one that is none",
        "Lower the learning rate, to 10 for a start",
        path="conv2",
        address=Address("", node.id),
        fixes=(LOWER_RATE,),
    )
    window.panels.training.troubled.emit([problem])
    messages = window.shell.messages
    (offer,) = messages.offers
    assert window.session.selection == (node.id,)
    window.session.select(())
    buttons = {button.text(): button for button in messages.findChildren(QPushButton)}
    qtbot.mouseClick(buttons["Show"], Qt.MouseButton.LeftButton)
    assert window.session.selection == (node.id,)
    qtbot.mouseClick(buttons["Set learning rate to 10"], Qt.MouseButton.LeftButton)
    assert window.session.document.training["learning_rate"] == 10.0
    assert offer not in messages.offers
    window.session.undo()
    assert window.session.document.training["learning_rate"] == 100.0


def test_warnings_of_a_run_gather_and_take_nobody_away(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    window.set_training(epochs=1000, batch=64)
    training = window.panels.training
    training.start()
    qtbot.waitUntil(lambda: training.trace.steps > 0, timeout=LONG)
    node = window.session.graph.by_name("conv2")
    assert node is not None
    place = Address("", node.id)
    first = Problem("dead-relu", "Dead", severity=Severity.WARNING, path="conv2", address=place)
    second = Problem("batch-split", "Split", severity=Severity.WARNING)
    third = Problem("exploding-gradients", "Exploding", severity=Severity.WARNING, fixes=(CLIP,))
    for problem in (first, second, third):
        training.troubled.emit([problem])
    messages = window.shell.messages
    assert {"dead-relu", "batch-split"} <= {problem.code for problem in messages.problems}
    assert [offer.problem.code for offer in messages.offers] == ["exploding-gradients"]
    assert window.session.selection == ()
    with qtbot.waitSignal(training.runFinished, timeout=LONG):
        training.stop()
    with qtbot.waitSignal(training.runStarted, timeout=LONG):
        training.start()
    assert messages.is_empty
    with qtbot.waitSignal(training.runFinished, timeout=LONG):
        training.stop()
