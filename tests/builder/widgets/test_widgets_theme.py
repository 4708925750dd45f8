"""The look: contrast, resources that hold the theme's own colours, fonts, and Qt's view of it all."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QTabBar,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)
from pytestqt.qtbot import QtBot

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


def _shown(qtbot: QtBot, theme: Theme, widget: QWidget, width: int, height: int) -> QImage:
    """A picture of a widget, as the theme has it."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, theme)
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    QApplication.processEvents()
    return widget.grab().toImage()


def _colours(picture: QImage) -> set[str]:
    return {picture.pixelColor(x, y).name() for x in range(picture.width()) for y in range(picture.height())}


@both
def test_a_row_is_one_band_and_the_chosen_one_stands_out(qtbot: QtBot, theme: Theme) -> None:
    tree = QTreeWidget()
    tree.setRootIsDecorated(False)
    tree.setColumnCount(3)
    tree.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
    tree.setHeaderHidden(True)
    tree.addTopLevelItems([QTreeWidgetItem([".", ".", "."]) for _ in range(3)])
    tree.selectAll()
    picture = _shown(qtbot, theme, tree, 400, 120)
    rect = tree.visualItemRect(tree.topLevelItem(1))
    inner = picture.copy(20, rect.top(), 300, rect.height())
    assert theme.panel not in _colours(inner)
    assert theme.hairline in _colours(inner)
    assert contrast(theme.hairline, theme.text) >= 4.5
    assert contrast(theme.hairline, theme.panel) > 1.15 * contrast(theme.raised, theme.panel)


@both
@pytest.mark.parametrize("made", [QCheckBox, QRadioButton, QLineEdit, QComboBox, QPlainTextEdit, QPushButton])
def test_what_is_disabled_looks_so(qtbot: QtBot, theme: Theme, made: Callable[[], QWidget]) -> None:
    pictures = []
    for enabled in (True, False):
        widget = made()
        if isinstance(widget, QAbstractButton):
            widget.setText("Text")
        elif isinstance(widget, QComboBox):
            widget.addItem("Text")
        elif isinstance(widget, QPlainTextEdit):
            widget.setPlainText("Text")
        elif isinstance(widget, QLineEdit):
            widget.setText("Text")
        widget.setEnabled(enabled)
        pictures.append(_colours(_shown(qtbot, theme, widget, 120, 40)))
    assert theme.text in pictures[0]
    assert theme.text not in pictures[1]


@both
def test_tabs_that_do_not_fit_have_arrows(qtbot: QtBot, theme: Theme) -> None:
    tabs = QTabBar()
    tabs.setUsesScrollButtons(True)
    tabs.setElideMode(Qt.TextElideMode.ElideNone)
    for _ in range(12):
        tabs.addTab("A panel")
    _shown(qtbot, theme, tabs, 300, 34)
    tabs.setCurrentIndex(5)
    QApplication.processEvents()
    arrows = [button for button in tabs.findChildren(QToolButton) if button.isVisible()]
    assert len(arrows) == 2
    for arrow in arrows:
        assert arrow.isEnabled()
        assert max(contrast(theme.panel, colour) for colour in _colours(arrow.grab().toImage())) > 3


@both
def test_small_boxes_are_as_high_as_small_buttons(qtbot: QtBot, theme: Theme) -> None:
    host = QWidget()
    row = QHBoxLayout(host)
    parts = (QComboBox(), QPushButton("Text"))
    for part in parts:
        part.setProperty("scale", "small")
        row.addWidget(part)
    _shown(qtbot, theme, host, 300, 60)
    assert len({part.height() for part in parts}) == 1
