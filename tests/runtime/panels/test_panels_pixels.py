"""Pictures and maps: what is drawn is what the numbers say, to the pixel."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from builder.widgets.theme import DARK, LIGHT
from runtime.inspection.colours import NOT_A_NUMBER
from runtime.panels.imagery import map_image, picture_image, planes, plasma
from runtime.panels.looking.grid import MapGrid
from runtime.panels.looking.pixels import PixelView
from runtime.panels.looking.seen import position


def _rgb(image: QImage, y: int, x: int) -> tuple[int, int, int]:
    color = image.pixelColor(x, y)
    return color.red(), color.green(), color.blue()


def _plasma(index: int) -> tuple[int, int, int]:
    word = int(plasma()[index])
    return word >> 16 & 255, word >> 8 & 255, word & 255


def test_map_image_puts_each_number_in_its_place() -> None:
    plane = np.array([[0.0, 1.0, 2.0], [np.nan, np.inf, 1.0]], dtype=np.float32)
    image = map_image(plane, 0.0, 2.0)
    assert (image.width(), image.height()) == (3, 2)
    assert _rgb(image, 0, 0) == _plasma(0)
    assert _rgb(image, 0, 2) == _plasma(255)
    assert _rgb(image, 1, 0) == _rgb(image, 1, 1) == NOT_A_NUMBER
    assert _rgb(image, 0, 1) == _rgb(image, 1, 2)


def test_a_constant_map_is_dark() -> None:
    image = map_image(np.full((2, 2), 7.0, dtype=np.float32), 7.0, 7.0)
    assert _rgb(image, 1, 1) == _plasma(0)


def test_picture_image_keeps_grey_and_colours() -> None:
    grey = picture_image(np.array([[0, 200]], dtype=np.uint8))
    assert _rgb(grey, 0, 1) == (200, 200, 200)
    colours = picture_image(np.array([[[1, 2, 3], [250, 128, 9]]], dtype=np.uint8))
    assert _rgb(colours, 0, 0) == (1, 2, 3)
    assert _rgb(colours, 0, 1) == (250, 128, 9)


@pytest.mark.parametrize(
    ("shape", "plane", "place"),
    [((4, 6, 5), (4, 6, 5), (2, 3)), ((4, 5), (4, 1, 5), (3,)), ((4, 7, 6, 5), (4, 6, 5), (3, 2, 3))],
)
def test_any_rank_is_shown_and_found_again(
    shape: tuple[int, ...], plane: tuple[int, ...], place: tuple[int, ...]
) -> None:
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    assert planes(values).shape == plane
    y = 0 if len(shape) == 2 else 2
    assert position(shape, y, 3) == place
    assert planes(values)[1, y, 3] == values[(1, *place)]


@pytest.fixture
def view(qtbot: QtBot) -> PixelView:
    made = PixelView(DARK, "Picture", "Nothing yet")
    qtbot.addWidget(made)
    made.resize(300, 260)
    made.show_image(picture_image(np.zeros((28, 24), dtype=np.uint8)))
    return made


def test_box_lies_exactly_on_pixels(view: PixelView) -> None:
    view.show_box(((-2, 11), (3, 16)), (6, 6, 6, 6))
    frame, scale = view.frame()
    box = view.box_rect()
    assert box is not None
    assert scale == int(scale) >= 1
    assert box.left() - frame.left() == 3 * scale
    assert frame.top() - box.top() == 2 * scale
    assert (box.width(), box.height()) == (14 * scale, 14 * scale)
    # The padding that any box can reach is in view.
    assert frame.top() - 6 * scale >= 0
    assert frame.bottom() + 6 * scale <= view.height()


def test_clicking_a_pixel_tells_it(view: PixelView, qtbot: QtBot) -> None:
    frame, scale = view.frame()
    at = QPointF(frame.left() + 7.5 * scale, frame.top() + 20.5 * scale)
    with qtbot.waitSignal(view.picked) as told:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert told.args == [20, 7]
    assert view.cell == (20, 7)


def test_arrow_keys_walk_and_stop_at_the_edge(view: PixelView, qtbot: QtBot) -> None:
    told: list[tuple[int, int]] = []
    view.picked.connect(lambda y, x: told.append((y, x)))
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert told == [(14, 12)]
    for _ in range(30):
        qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert view.cell == (27, 11)
    view.show_image(picture_image(np.zeros((8, 8), dtype=np.uint8)))
    assert view.cell is None


@pytest.fixture
def grid(qtbot: QtBot) -> MapGrid:
    made = MapGrid(DARK)
    qtbot.addWidget(made)
    made.resize(400, 200)
    made.show()
    return made


def test_grid_click_finds_map_and_pixel(grid: MapGrid, qtbot: QtBot) -> None:
    grid.show_values(np.random.default_rng(0).normal(size=(6, 10, 10)).astype(np.float32))
    tile = grid._tile(4)
    at = QPointF(tile.left() + tile.width() * 0.35, tile.top() + tile.height() * 0.75)
    with qtbot.waitSignal(grid.picked) as told:
        qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert told.args == [4, 7, 3]
    assert grid.channel == 4


def test_grid_uses_its_room_and_scrolls_the_rest(grid: MapGrid, qtbot: QtBot) -> None:
    grid.show_values(np.zeros((6, 10, 10), dtype=np.float32))
    assert grid.verticalScrollBar().maximum() == 0
    assert grid._tile(0).width() > 90
    grid.show_values(np.zeros((512, 7, 7), dtype=np.float32))
    assert grid.verticalScrollBar().maximum() > 0
    assert grid._tile(0).width() >= 36
    qtbot.keyClick(grid, Qt.Key.Key_End)
    assert grid.channel == 511
    assert grid.viewport().rect().contains(grid._tile(511).toRect())


def test_scale_of_its_own_or_shared(grid: MapGrid) -> None:
    values = np.zeros((2, 1, 2), dtype=np.float32)
    values[0, 0, 1], values[1, 0, 1] = 1.0, 10.0
    grid.show_values(values)
    assert _rgb(grid.image(0), 0, 1) == _rgb(grid.image(1), 0, 1) == _plasma(255)
    grid.share_scale(True)
    assert _rgb(grid.image(0), 0, 1) == _plasma(25)
    assert _rgb(grid.image(1), 0, 1) == _plasma(255)


def test_a_vector_is_bars_with_names_and_both_themes_paint(grid: MapGrid) -> None:
    grid.show_values(np.array([0.5, -1.0, np.nan], dtype=np.float32), ("a", "b", "c"))
    dark = grid.grab().toImage()
    grid.set_theme(LIGHT)
    assert grid.grab().toImage() != dark
    assert grid.value(1) == -1.0
    grid.show_values(None)
    grid.say("Select a node")
    grid.grab()
    assert grid.place(QPointF(5, 5)) is None
