"""The form of the settings: groups that fold, rows with a say, the picture of the schedule, a rate that is found."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from builder.errors import Problem
from builder.widgets.fields import ChoiceField, LineField
from runtime.panels.tuning.ratefinder import _read
from runtime.panels.tuning.settings import SettingsPanel
from runtime.training.searching.finding import RateCurve
from runtime.training.settings import DECLARATIONS, GROUPS, relevant
from tests.runtime.panels.conftest import MakeWindow, Window

LONG = 60_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(make_window: MakeWindow) -> Window:
    made = make_window()
    made.shell.set_workspace("Train")
    made.show("Training")
    QApplication.processEvents()
    return made


def settings_of(window: Window) -> SettingsPanel:
    return window.panels.settings


def there(panel: SettingsPanel) -> set[str]:
    """The settings whose row can be seen once its group is open."""
    return {name for name in DECLARATIONS if not panel.field(name).isHidden()}


def test_only_what_has_a_say_is_there_and_follows_what_is_chosen(window: Window, qtbot: QtBot) -> None:
    panel = settings_of(window)
    assert there(panel) == relevant(window.session.document.training)
    assert "momentum" not in there(panel)
    optimizer = panel.field("optimizer")
    assert isinstance(optimizer, ChoiceField)
    optimizer.combo.setFocus()
    qtbot.keyClick(optimizer.combo, Qt.Key.Key_S)
    assert window.session.document.training["optimizer"] == "sgd"
    assert {"momentum", "nesterov"} <= there(panel)
    assert not {"beta1", "eps"} & there(panel)
    assert QApplication.focusWidget() is optimizer.combo
    window.session.undo()
    assert "beta1" in there(panel)
    assert panel.forms["Optimisation"].height() < 36 * len(GROUPS["Optimisation"])


def test_a_group_folds_up_under_its_title_and_says_what_is_changed(window: Window, qtbot: QtBot) -> None:
    panel = settings_of(window)
    fold = panel.folds["Course"]
    assert panel.field("epochs").isVisible()
    qtbot.mouseClick(fold.title, LEFT)
    assert not fold.is_open
    assert not panel.field("epochs").isVisible()
    window.set_training(epochs=7, seed=3, momentum=0.5)
    assert fold.remark.text() == "2 settings changed"
    assert panel.folds["Optimisation"].remark.text() == ""  # momentum has no say beside Adam
    again = SettingsPanel(window.session, window.panels.training, window.panels.searches)
    qtbot.addWidget(again)
    assert not again.folds["Course"].is_open
    assert again.folds["Optimisation"].is_open
    fold.title.setFocus()
    qtbot.keyClick(fold.title, Qt.Key.Key_Space)
    assert panel.field("epochs").isVisible()


def test_the_picture_of_the_schedule_follows_as_one_types(window: Window, qtbot: QtBot) -> None:
    panel = settings_of(window)
    picture = panel.picture
    heights = [y for _, y in picture.points]
    assert heights == sorted(heights, reverse=True)
    assert (picture.top, picture.right) == ("learning rate 0.002", "30 epochs")
    warmup = panel.field("warmup")
    assert isinstance(warmup, LineField)
    warmup.line.setFocus()
    warmup.line.selectAll()
    qtbot.keyClicks(warmup.line, "15")
    heights = [y for _, y in picture.points]
    assert heights[0] < 0.01
    assert heights.index(max(heights)) == pytest.approx(100, abs=2)
    window.set_training(schedule="constant", warmup=0.0)
    assert {y for _, y in picture.points} == {1.0}
    window.set_training(schedule="plateau")
    assert "plateau" in picture.top
    window.set_training(epochs=-1)  # of what cannot be, the stock value is drawn
    assert picture.right == "30 epochs"


def test_a_rate_is_looked_for_shown_and_used(window: Window, qtbot: QtBot) -> None:
    panel = settings_of(window)
    finder = panel.finder
    assert finder.isHidden()
    qtbot.mouseClick(panel.form("learning_rate").side_button("learning_rate"), LEFT)
    assert finder.isVisible()
    assert finder.close_.text() == "Stop"
    qtbot.waitUntil(lambda: finder.curve is not None, timeout=LONG)
    suggestion = finder.curve.suggestion
    assert finder.use.text() == f"Use {suggestion:g}"
    assert finder.picture.mark is not None
    qtbot.mouseClick(finder.use, LEFT)
    assert window.session.document.training["learning_rate"] == suggestion
    assert finder.isHidden()
    window.session.undo()
    assert "learning_rate" not in window.session.document.training


def test_a_search_can_be_stopped_and_ends_where_a_run_begins(window: Window, qtbot: QtBot) -> None:
    panel = settings_of(window)
    finder = panel.finder
    finder.search()
    qtbot.mouseClick(finder.close_, LEFT)
    assert finder.isHidden()
    finder.search()
    window.set_training(epochs=100)
    window.panels.training.start()
    assert "ended" in finder.said.text()
    assert finder.curve is None
    finder.search()
    assert "stop the run first" in finder.said.text()
    window.panels.training.stop()
    qtbot.waitUntil(lambda: not window.panels.training.is_running, timeout=LONG)


def test_a_network_that_cannot_be_trained_is_told_in_place_of_a_curve(window: Window, qtbot: QtBot) -> None:
    finder = settings_of(window).finder
    window.set_training(batch=60_000)
    finder.search()
    qtbot.waitUntil(lambda: "whole training split" in finder.said.text(), timeout=LONG)
    assert finder.use.isHidden()
    assert finder.picture.isHidden()


def test_the_rate_of_a_run_is_read_and_changed(window: Window, qtbot: QtBot) -> None:
    live, training = settings_of(window).live, window.panels.training
    assert live.isHidden()
    window.set_training(epochs=1000, schedule="constant", learning_rate=0.004)
    training.start()
    qtbot.waitUntil(live.isVisible, timeout=LONG)
    assert live.said.text() == "This run learns at 0.004"
    qtbot.mouseClick(live.half, LEFT)
    qtbot.waitUntil(lambda: training.trace.learning_rate == pytest.approx(0.002), timeout=LONG)
    live.field.line.setFocus()
    qtbot.keyClicks(live.field.line, "0.01")
    qtbot.keyClick(live.field.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: training.trace.learning_rate == pytest.approx(0.01), timeout=LONG)
    assert live.field.line.text() == ""
    qtbot.keyClicks(live.field.line, "-3")
    qtbot.keyClick(live.field.line, Qt.Key.Key_Return)
    assert window.session.document.training["learning_rate"] == 0.004  # the next run's stays
    training.stop()
    qtbot.waitUntil(lambda: not training.is_running, timeout=LONG)
    assert training.trace.learning_rate == pytest.approx(0.01)
    assert live.isHidden()


def test_both_themes_dress_all_of_it(window: Window, qtbot: QtBot) -> None:
    panel = settings_of(window)
    for theme in ("light", "dark"):
        window.session.set_theme(theme)
        assert panel.picture.theme is window.session.theme
        assert not panel.grab().isNull()


def test_what_is_refused_in_the_form_is_not_trained_without(window: Window, qtbot: QtBot) -> None:
    panel = window.panels.settings
    field = panel.field("learning_rate")
    line = field.focusProxy()
    assert isinstance(line, QLineEdit)
    line.selectAll()
    qtbot.keyClicks(line, "-3")
    told: list[Problem] = []
    window.panels.training.troubled.connect(told.extend)
    window.panels.training.start()
    assert not window.panels.training.is_running
    (problem,) = told
    assert (problem.code, problem.path) == ("setting-refused", "training.learning_rate")
    assert "-3" in problem.message
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert panel.refusals() == []


@pytest.mark.parametrize(
    ("steepest", "valley", "lowest", "end"),
    [
        (0.001, 0.01, 0.1, "too high."),
        (0.0071, 0.02, 0.045, "A tenth of the lowest, 0.0045, is safer than either."),
        (0.05, 0.002, 0.045, "The middle of the fall, 0.002, is safer than either."),
    ],
)
def test_why_a_rate_is_suggested_that_is_not_where_the_loss_falls_fastest(
    steepest: float, valley: float, lowest: float, end: str
) -> None:
    assert _read(RateCurve((1e-7,), (1.0,), steepest, valley, lowest)).endswith(end)


def test_device_and_precision_are_chosen_in_the_header(window: Window) -> None:
    chip = window.panels.device_chip
    chip.menu().aboutToShow.emit()
    offered = {action.text(): action for action in chip.menu().actions() if action.isCheckable()}
    assert {"auto", "cpu", "cuda", "fp32", "bf16"} <= offered.keys()
    checked = [action.text() for action in chip.menu().actions() if action.isChecked()]
    assert checked == ["auto", "auto"]
    offered["bf16"].trigger()
    assert window.session.document.training["precision"] == "bf16"
    assert "bf16" in chip.text()
