"""Icons: every one draws something, in the colour asked for, at any scale."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from builder.errors import Severity
from builder.widgets import icons
from builder.widgets.theme import DARK, LIGHT


def _inked(image: QImage) -> list[QColor]:
    pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return [color for color in pixels if color.alpha() > 200]


@pytest.mark.parametrize("name", icons.NAMES)
def test_every_icon_draws_in_its_colour(qapp: QApplication, name: str) -> None:
    inked = _inked(icons.pixmap(name, "#ff8000", 32).toImage())
    assert inked
    assert {color.name() for color in inked if color.alpha() == 255} <= {"#ff8000"}


def test_severities_have_icons() -> None:
    assert {str(severity) for severity in Severity} <= set(icons.NAMES)


def test_pixmaps_follow_the_screens_scaling(qapp: QApplication) -> None:
    made = icons.pixmap("search", "#000000", 16, 2.0)
    assert made.width() == 32
    assert made.deviceIndependentSize().width() == 16


def test_the_logo_has_three_colours(qapp: QApplication) -> None:
    colors = {color.name() for color in _inked(icons.logo(DARK, 52).toImage())}
    assert {DARK.convolution, DARK.normalisation, DARK.merge} <= colors
    assert icons.logo(LIGHT, 52).toImage() != icons.logo(DARK, 52).toImage()


def test_the_app_icon_has_the_sizes_desktops_ask_for(qapp: QApplication) -> None:
    assert {16, 32, 48, 256} <= {size.width() for size in icons.app_icon().availableSizes()}


def test_drawing_fills_the_rectangle_given(qapp: QApplication) -> None:
    target = QPixmap(40, 40)
    target.fill("#ffffff")
    painter = QPainter(target)
    icons.draw(painter, "error", "#000000", QRectF(20, 20, 16, 16))
    painter.end()
    image = target.toImage()
    dark = [(x, y) for x in range(40) for y in range(40) if image.pixelColor(x, y).lightness() < 128]
    assert dark
    assert all(20 <= x < 36 and 20 <= y < 36 for x, y in dark)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(KeyError):
        icons.svg("unicorn", "#000000")


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_an_icon_is_drawn_at_the_size_and_scaling_it_is_shown_at(qapp: QApplication, scale: float) -> None:
    shown = icons.icon("play", "#ff8000", "#0080ff").pixmap(QSize(30, 30), scale)
    assert shown.width() == round(30 * scale)
    assert {color.name() for color in _inked(shown.toImage()) if color.alpha() == 255} == {"#ff8000"}
    assert shown.toImage() == icons.pixmap("play", "#ff8000", 30, scale).toImage()


def test_an_icon_that_cannot_be_clicked_has_its_own_colour(qapp: QApplication) -> None:
    faint = icons.icon("play", "#ff8000", "#0000ff").pixmap(QSize(16, 16), QIcon.Mode.Disabled)
    assert {color.name() for color in _inked(faint.toImage()) if color.alpha() == 255} == {"#0000ff"}


def test_an_icon_draws_itself_into_a_rectangle_of_a_painter(qapp: QApplication) -> None:
    target = QPixmap(40, 40)
    target.fill("#ffffff")
    painter = QPainter(target)
    icons.icon("play", "#ff0000", "#0000ff").paint(painter, 20, 20, 16, 16)
    painter.end()
    image = target.toImage()
    red = [(x, y) for x in range(40) for y in range(40) if image.pixelColor(x, y).name() == "#ff0000"]
    assert red
    assert all(20 <= x < 36 and 20 <= y < 36 for x, y in red)
