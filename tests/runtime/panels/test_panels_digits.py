"""What a first user does: the window opens, a seed is typed, ▶ is pressed; LeNet-5 learns the digits."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from builder.widgets.fields import LineField
from runtime.training.records.runs import Run
from tests.runtime.panels.conftest import MakeWindow

LONG = 240_000


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_lenet_learns_the_digits_from_the_window(
    make_window: MakeWindow, qtbot: QtBot, request: pytest.FixtureRequest, seed: int
) -> None:
    """At least 97 % on the test split, whatever the seed, with curves and maps live and nothing else set."""
    window = make_window()
    panels = window.panels
    window.shell.set_workspace("Train")
    field = panels.settings.field("seed")
    assert isinstance(field, LineField)
    field.line.setFocus()
    field.line.selectAll()
    qtbot.keyClicks(field.line, str(seed))
    qtbot.keyClick(field.line, Qt.Key.Key_Return)
    window.show("Curves")
    with qtbot.waitSignal(panels.training.runFinished, timeout=LONG):
        qtbot.mouseClick(panels.controls.main, Qt.MouseButton.LeftButton)
    finished = panels.training.trace.finished
    assert finished is not None
    assert finished.test_accuracy is not None
    request.node.user_properties += [("accuracy", finished.test_accuracy), ("seconds", finished.seconds)]
    assert finished.reason == "completed"
    assert finished.test_accuracy >= 0.97
    assert panels.training.folder is not None
    run = Run.open(panels.training.folder)
    assert isinstance(run, Run)
    assert run.settings.seed == seed
    assert run.summary().test_accuracy == finished.test_accuracy
