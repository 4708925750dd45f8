"""The panel of the data: how it is spread, and its samples as the network gets them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from builder.edits import SetSettings
from builder.widgets.theme import DARK
from runtime.panels.looking.backstage import Backstage, DataWish
from runtime.panels.samples.balance import Balance
from runtime.panels.samples.browsing import PAGE, Choice, Overview, Page, _figures, overview, page
from runtime.panels.samples.databrowser import DataBrowser
from tests.runtime.panels.conftest import MakeWindow, Window

LONG = 60_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(make_window: MakeWindow, qtbot: QtBot) -> Window:
    made = make_window()
    made.shell.set_workspace("Train")
    made.show("Data")
    qtbot.waitUntil(lambda: made.panels.data.page is not None, timeout=LONG)
    return made


def click_class(panel: DataBrowser, name: str, qtbot: QtBot) -> Page:
    """Go to a class with the mouse; its first page."""
    before = panel.page
    (item,) = panel.balance.findItems(name, Qt.MatchFlag.MatchExactly)
    panel.balance.scrollToItem(item)
    qtbot.mouseClick(panel.balance.viewport(), LEFT, pos=panel.balance.visualItemRect(item).center())
    qtbot.waitUntil(lambda: panel.page is not before, timeout=LONG)
    assert panel.page is not None
    return panel.page


def test_what_the_data_is_and_how_its_classes_are_spread(window: Window) -> None:
    panel = window.panels.data
    assert panel.headline.accessibleName() == "Digits · classification · 1,797 pictures · as 1×28×28"
    assert panel.about.text().startswith("Normalised by mean 0.305, deviation 0.3")
    assert not panel.skipped.isVisible()
    rows = [panel.balance.topLevelItem(row) for row in range(panel.balance.topLevelItemCount())]
    assert [row.text(0) for row in rows] == ["All", *map(str, range(10))]
    counts = [[int(row.text(column).replace(",", "")) for column in (1, 2, 3)] for row in rows]
    assert counts[0] == [sum(column) for column in zip(*counts[1:], strict=True)]
    assert sum(counts[0]) == 1797


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.2770, 0.2741, 0.27], "0.277, 0.274, 0.270"),
        ([0.5, 0.5], "0.500"),
        ([0.05, -0.004], "0.0500, −0.0040"),
        ([123.4, 7.0], "123, 7"),
        ([0.0], "0.000"),
        ([0.1, 0.2, 0.3, 0.4], "0.100, 0.200, 0.300, …"),
    ],
)
def test_figures_of_channels_have_the_same_decimals(values: list[float], said: str) -> None:
    assert _figures(values) == said


def test_samples_of_a_class_and_a_split_page_by_page(window: Window, qtbot: QtBot) -> None:
    panel = window.panels.data
    assert (panel.tiles.count(), panel.previous.isEnabled()) == (PAGE, False)
    found = click_class(panel, "3", qtbot)
    assert {sample.said for sample in found.samples} == {"3"}
    assert panel.place.accessibleName() == f"1–{PAGE} of {found.total}"
    qtbot.mouseClick(panel.next, LEFT)
    qtbot.waitUntil(lambda: panel.page is not found, timeout=LONG)
    assert panel.page is not None
    assert panel.page.choice == Choice("train", 3, PAGE)
    assert len(panel.page.samples) == found.total - PAGE
    assert panel.previous.isEnabled()
    assert not panel.next.isEnabled()
    qtbot.keyClick(panel.split, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: panel.page is not None and panel.page.choice == Choice("test", 3), timeout=LONG)
    assert {sample.said for sample in panel.page.samples} == {"3"}


def test_a_sample_is_looked_at_and_taken_to_where_one_looks_inside(window: Window, qtbot: QtBot) -> None:
    panel = window.panels.data
    click_class(panel, "7", qtbot)
    tile = panel.tiles.item(2)
    qtbot.mouseClick(panel.tiles.viewport(), LEFT, pos=panel.tiles.visualItemRect(tile).center())
    assert panel.inspect.isEnabled()
    with qtbot.waitSignal(panel.inspectAsked):
        qtbot.keyClick(panel.tiles, Qt.Key.Key_Return)
    assert window.panels.maps.isVisible()
    looking = window.panels.looking
    assert panel.page is not None
    wanted = panel.page.samples[2].index
    qtbot.waitUntil(lambda: looking.picture is not None and looking.picture.index == wanted, timeout=LONG)
    assert looking.picture is not None
    assert looking.picture.said == "7"
    assert np.array_equal(looking.picture.pixels, panel.page.samples[2].pixels)  # as the network gets it


def test_other_data_is_followed_and_what_is_wrong_with_it_is_said(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    panel = window.panels.data
    window.session.perform("Choose data", [SetSettings("data", {"source": str(tmp_path / "nowhere")})])
    qtbot.waitUntil(lambda: "nowhere" in panel.hint.text(), timeout=LONG)
    assert panel.hint.isVisible()
    window.session.perform("Choose data", [SetSettings("data", {"source": "digits"})])
    qtbot.waitUntil(panel.tiles.isVisible, timeout=LONG)


def test_files_that_were_left_out_are_told(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        folder = tmp_path / "pets" / name
        folder.mkdir(parents=True)
        for number in range(10):
            Image.fromarray(random.integers(0, 256, (12, 9, 3), np.uint8)).save(folder / f"{number}.png")
    (tmp_path / "pets" / "cat" / "bad.png").write_bytes(b"no picture")
    panel = window.panels.data
    window.session.perform("Choose data", [SetSettings("data", {"source": str(tmp_path / "pets")})])
    qtbot.waitUntil(lambda: panel.skipped.isVisible(), timeout=LONG)
    assert panel.skipped.text().startswith("1 file left out: ")
    assert "bad.png" in panel.skipped.toolTip()


def test_masks_lie_over_their_pictures_and_a_class_has_those_it_occurs_in() -> None:
    stage, wish = Backstage(), DataWish("shapes", (3, 32, 32))
    found = overview(stage, wish)
    assert isinstance(found, Overview)
    assert found.names[0] == "background"
    disc = found.names.index("disc")
    shown = page(stage, wish, Choice("test", disc))
    assert isinstance(shown, Page)
    assert 0 < shown.total < found.about["splits"]["test"]
    assert all("disc" in sample.said for sample in shown.samples)
    data = stage.data(wish)
    plain = data.picture(shown.samples[0].index)  # type: ignore[union-attr]
    differ = (plain != shown.samples[0].pixels).any(axis=2)
    mask = data.labels[shown.samples[0].index].numpy()  # type: ignore[union-attr]
    assert differ.any()
    assert not differ[mask == 0].any()


def test_series_are_drawn_with_rows_that_can_be_seen() -> None:
    stage, wish = Backstage(), DataWish("waves", (3, 128))
    shown = page(stage, wish, Choice("train"))
    assert isinstance(shown, Page)
    pixels = shown.samples[0].pixels
    assert pixels.shape == (63, 128)
    data = stage.data(wish)
    assert np.array_equal(pixels[::21], data.picture(shown.samples[0].index))  # type: ignore[union-attr]
    found = overview(stage, wish)
    assert isinstance(found, Overview)
    assert "in its own unit" in found.normalisation


def test_values_are_told_with_their_spread(qtbot: QtBot, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    images, values = random.integers(0, 256, (40, 8, 8), np.uint8), random.normal(5, 2, (40, 1))
    np.savez(tmp_path / "ages.npz", images=images, values=values)
    stage, wish = Backstage(), DataWish(str(tmp_path / "ages.npz"), (1, 8, 8))
    found = overview(stage, wish)
    assert isinstance(found, Overview)
    table = Balance(DARK)
    qtbot.addWidget(table)
    table.show_overview(found)
    assert table.label is None
    told = [float(table.topLevelItem(0).text(column)) for column in (1, 2)]
    assert told == pytest.approx([found.about["target_mean"][0], found.about["target_std"][0]], rel=1e-3)
    shown = page(stage, wish, Choice("test"))
    assert isinstance(shown, Page)
    number = shown.samples[0].index
    assert float(shown.samples[0].said.split()[-1]) == pytest.approx(values[number, 0], rel=1e-4)
