"""Small pictures under the settings of augmentation follow what one types."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.widgets.fields import LineField
from runtime.panels.looking.backstage import Backstage, DataWish, Picture
from runtime.panels.tuning.variants import VariantsView
from runtime.panels.tuning.varying import Variants, variants, varies
from runtime.training.settings import Settings
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


def view_of(window: Window) -> VariantsView:
    view = window.panels.settings.variants
    assert isinstance(view, VariantsView)
    return view


def test_a_sample_is_shown_as_it_is_and_as_training_sees_it(window: Window, qtbot: QtBot) -> None:
    view = view_of(window)
    qtbot.waitUntil(lambda: len(view.mosaic.images) == 8, timeout=LONG)
    first, *others = view.mosaic.images
    assert any(image != first for image in others)  # a random shift is stock
    assert "as training sees it" in view.said.text()
    before = view.mosaic.images
    qtbot.mouseClick(view.again, LEFT)
    qtbot.waitUntil(lambda: view.mosaic.images != before, timeout=LONG)
    assert view.mosaic.images[0] == first


def test_the_pictures_follow_what_is_typed_and_go_where_nothing_varies(window: Window, qtbot: QtBot) -> None:
    view, panel = view_of(window), window.panels.settings
    qtbot.waitUntil(lambda: bool(view.mosaic.images), timeout=LONG)
    shift = panel.field("shift")
    assert isinstance(shift, LineField)
    shift.line.setFocus()
    shift.line.selectAll()
    qtbot.keyClicks(shift.line, "0")
    qtbot.waitUntil(lambda: not view.mosaic.isVisible())
    assert "Nothing varies" in view.said.text()
    assert not view.again.isVisible()
    window.set_training(shift=0.0, flip="horizontal")
    qtbot.waitUntil(lambda: len(view.mosaic.images) == 8, timeout=LONG)
    original = view.mosaic.images[0]
    both = {True, False}
    assert {image == original for image in view.mosaic.images[1:]} == both
    mirrored = original.flipped(Qt.Orientation.Horizontal)
    assert all(image in (original, mirrored) for image in view.mosaic.images)


def test_tab_leads_from_the_title_over_the_button_into_the_form(window: Window, qtbot: QtBot) -> None:
    view, panel = view_of(window), window.panels.settings
    qtbot.waitUntil(lambda: bool(view.mosaic.images), timeout=LONG)
    title = panel.folds["Augmentation"].title
    title.setFocus()
    qtbot.keyClick(title, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is view.again
    qtbot.keyClick(view.again, Qt.Key.Key_Tab)
    shift = panel.field("shift")
    assert isinstance(shift, LineField)
    assert QApplication.focusWidget() is shift.line


def test_what_cannot_be_done_to_the_data_is_said(window: Window, qtbot: QtBot) -> None:
    view = view_of(window)
    window.set_training(hue=0.3)
    qtbot.waitUntil(lambda: "grey pictures" in view.said.text(), timeout=LONG)
    assert len(view.mosaic.images) == 8


@pytest.mark.parametrize("settings", [{"mixup": 1.0}, {"cutmix": 1.0}, {"noise": 0.2}, {"erase": 1.0}])
def test_every_variant_is_its_own(settings: dict[str, float]) -> None:
    stage, wish = Backstage(), DataWish("digits", (1, 28, 28))
    picture = stage.picture(wish, 3)
    assert isinstance(picture, Picture)
    chosen = Settings(shift=0.0, **settings)
    assert varies(chosen)
    assert not varies(Settings(shift=0.0, border="black", crop_ratio=2.0))
    found = variants(stage, picture, chosen, 5, 1)
    again = variants(stage, picture, chosen, 5, 1)
    assert isinstance(found, Variants)
    assert isinstance(again, Variants)
    assert (found.original == picture.pixels).all()
    assert len({pixels.tobytes() for pixels in found.varied}) == 5
    assert [pixels.tobytes() for pixels in found.varied] == [pixels.tobytes() for pixels in again.varied]
