"""The look: contrast, resources that hold the theme's own colours, fonts, and Qt's view of it all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFrame,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
)

from builder.blocks import CATEGORIES
from builder.errors import Severity
from builder.widgets.theme import (
    BODY,
    DARK,
    LIGHT,
    RESOURCES,
    THEMES,
    Theme,
    apply_theme,
    contrast,
    font,
    mono_family,
    style_sheet,
    theme_of,
)

both = pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))


def test_contrast_of_known_pairs() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)
    assert contrast("#767676", "#ffffff") == pytest.approx(
        4.54, abs=0.01
    )  # the well-known lightest grey of AA


@both
@pytest.mark.parametrize("background", ["window", "panel", "raised", "hover", "canvas"])
@pytest.mark.parametrize("text", ["text", "muted", "accent", "ok", "warning", "error"])
def test_text_is_readable_on_every_background(theme: Theme, background: str, text: str) -> None:
    assert contrast(getattr(theme, background), getattr(theme, text)) >= 4.5


@both
def test_text_on_filled_buttons_is_readable(theme: Theme) -> None:
    assert contrast(theme.accent, theme.on_accent) >= 4.5
    assert contrast(theme.ok, theme.on_ok) >= 4.5


@both
@pytest.mark.parametrize("category", CATEGORIES)
def test_marks_of_categories_stand_out(theme: Theme, category: str) -> None:
    for background in (theme.panel, theme.raised, theme.canvas):
        assert contrast(theme.category(category), background) >= 3


@both
def test_a_category_nobody_knows_is_grey(theme: Theme) -> None:
    assert theme.category("Sorcery") == theme.neutral


@both
def test_every_colour_is_a_plain_hex_value(theme: Theme) -> None:
    values = theme.values()
    assert values.pop("name") == theme.name
    assert all(re.fullmatch("#[0-9a-f]{6}", value) for value in values.values())


@both
def test_the_style_sheets_icons_are_in_the_themes_colours(theme: Theme) -> None:
    for path in (RESOURCES / "icons" / theme.name).glob("*.svg"):
        colors = set(re.findall("#[0-9a-f]{6}", path.read_text(encoding="utf-8")))
        assert colors <= {theme.muted, theme.on_accent}, path.name


@both
def test_every_icon_the_style_sheet_names_is_there(qapp: QApplication, theme: Theme) -> None:
    named = re.findall(r"url\(themeicons:(\S+)\)", style_sheet(theme))
    assert named
    assert all((RESOURCES / "icons" / Path(name)).is_file() for name in named)


@both
def test_no_placeholder_is_left_in_the_style_sheet(qapp: QApplication, theme: Theme) -> None:
    rules = re.sub(r"/\*.*?\*/", "", style_sheet(theme), flags=re.DOTALL)
    assert "$" not in rules


def test_severities_have_their_colours() -> None:
    assert [DARK.severity(s) for s in Severity] == [DARK.error, DARK.warning, DARK.muted]


def test_colours_can_be_made_transparent() -> None:
    assert DARK.color("accent", 0.5).alphaF() == pytest.approx(0.5, abs=0.01)
    assert DARK.color("#ff0000").name() == "#ff0000"
    made = DARK.color("accent")
    made.setAlphaF(0.1)  # a copy: the shared one stays as it is
    assert DARK.color("accent").alphaF() == 1


def test_fonts_have_the_size_asked_for(qapp: QApplication) -> None:
    assert font(BODY).pixelSize() == BODY
    assert font(mono=True).family() == mono_family()
    assert font(weight=600).weight() == 600


def test_a_choice_is_a_theme(qapp: QApplication) -> None:
    assert theme_of("dark") is DARK
    assert theme_of("light") is LIGHT
    assert theme_of("system") in (DARK, LIGHT)


@both
def test_applying_dresses_the_program(qapp: QApplication, theme: Theme) -> None:
    apply_theme(qapp, theme)
    assert qapp.palette().color(QPalette.ColorRole.Highlight) == theme.color("accent")
    assert theme.accent in qapp.styleSheet()


@both
def test_standard_widgets_are_drawn_without_complaint(qtbot, qapp: QApplication, theme: Theme) -> None:
    apply_theme(qapp, theme)
    for kind in (QComboBox, QSpinBox):
        widget = kind()
        qtbot.addWidget(widget)
        widget.show()
        assert not widget.grab().isNull()


def test_no_state_in_the_style_sheet_is_a_property_that_widgets_have_anyway(qapp: QApplication) -> None:
    """``setProperty("size", "small")`` would be an attempt to resize the widget, and dress nothing."""
    kinds = {kind.__name__: kind for kind in (QFrame, QLabel, QLineEdit, QPushButton, QToolButton)}
    rules = re.findall(r"([\w*]+)((?:\[\w+=[^]]+\])+)", style_sheet(DARK))
    assert {"QPushButton", "QToolButton", "QLineEdit", "*"} <= {selector for selector, _ in rules}
    for selector, states in rules:
        asked = set(re.findall(r"\[(\w+)=", states))
        for kind in [kinds[selector]] if selector in kinds else kinds.values():
            meta = kind.staticMetaObject
            own = {meta.property(index).name() for index in range(meta.propertyCount())}
            assert not asked & own, selector
