"""The look as Qt has it: the themes' colours, fonts, and how they reach Qt. The colours stand in ``builder.look``."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from string import Template

from PySide6.QtCore import QDir, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from builder.look import (
    BODY,
    LOOKS,
    MEDIUM,
    MONOSPACED,
    NAME,
    REGULAR,
    SEMIBOLD,
    SMALL,
    TINY,
    TITLE,
    Look,
    contrast,
)

__all__ = [
    "BODY", "CHOICES", "DARK", "GRID", "LIGHT", "MEDIUM", "NAME", "REGULAR", "RESOURCES", "SEMIBOLD", "SMALL", "THEMES",
    "TINY", "TITLE", "Theme", "apply_theme", "contrast", "font", "mono_family", "palette", "set_state",
    "style_sheet", "theme_of", "ui_family",
]  # fmt: skip

RESOURCES = Path(__file__).resolve().parents[2] / "resources"

#: The grid every distance is a multiple of, in pixels.
GRID = 4


@dataclass(frozen=True)
class Theme(Look):
    """A look whose colours are Qt's."""

    def color(self, name: str, alpha: float = 1.0) -> QColor:
        """The colour of a field (``"accent"``) or of a ``#rrggbb`` value, with an opacity from 0 to 1."""
        return QColor(_color(name if name.startswith("#") else getattr(self, name), alpha))

    def values(self) -> dict[str, str]:
        """Every colour by name, as the style sheet's template wants them."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "is_dark"}


THEMES = {name: Theme(**asdict(look)) for name, look in LOOKS.items()}
DARK, LIGHT = THEMES["dark"], THEMES["light"]

#: What a user can choose: what the system says, or one of the two.
CHOICES = ("system", "dark", "light")


def theme_of(choice: str) -> Theme:
    """The theme of a choice; "system" follows the desktop, dark where it does not say."""
    if choice in THEMES:
        return THEMES[choice]
    app = QGuiApplication.instance()
    is_light = isinstance(app, QGuiApplication) and app.styleHints().colorScheme() == Qt.ColorScheme.Light
    return LIGHT if is_light else DARK


@cache
def _color(value: str, alpha: float) -> QColor:
    color = QColor(value)
    color.setAlphaF(alpha)
    return color


# fonts ---------------------------------------------------------------------------------------------------


@cache
def ui_family() -> str:
    """Inter where it is installed, else the platform's own."""
    if QFontDatabase.hasFamily("Inter"):
        return "Inter"
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()


@cache
def mono_family() -> str:
    """The first installed of the monospaced faces whose figures and brackets read well small."""
    for family in MONOSPACED:
        if QFontDatabase.hasFamily(family):  # to list them all takes several times as long
            return family
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()


def font(size: int = BODY, weight: int = REGULAR, *, mono: bool = False) -> QFont:
    """A font of the type scale, in pixels, with tabular figures."""
    made = QFont(mono_family() if mono else ui_family())
    made.setPixelSize(size)
    made.setWeight(QFont.Weight(weight))
    if mono:
        made.setStyleHint(QFont.StyleHint.Monospace)
    if hasattr(QFont, "Tag"):  # Qt 6.7
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


# what Qt is told -----------------------------------------------------------------------------------------


def palette(theme: Theme) -> QPalette:
    """Qt's palette, for whatever the style sheet leaves to the style."""
    role = QPalette.ColorRole
    made = QPalette()
    for which, name in {
        role.Window: "panel", role.WindowText: "text", role.Base: "raised", role.AlternateBase: "panel",
        role.Text: "text", role.PlaceholderText: "muted", role.Button: "raised", role.ButtonText: "text",
        role.BrightText: "error", role.ToolTipBase: "raised", role.ToolTipText: "text",
        role.Highlight: "accent", role.HighlightedText: "on_accent", role.Link: "accent",
        role.LinkVisited: "accent", role.Light: "hover", role.Midlight: "hairline", role.Mid: "hairline",
        role.Dark: "hairline", role.Shadow: "window", role.Accent: "accent",
    }.items():  # fmt: skip
        made.setColor(which, theme.color(name))
    for which in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, theme.color("muted", 0.6))
    return made


def style_sheet(theme: Theme) -> str:
    """The one style sheet of the program, in this theme's colours."""
    template = Template((RESOURCES / "theme.qss").read_text(encoding="utf-8"))
    return template.substitute(
        theme.values(), ui=ui_family(), mono=mono_family(), icons=f"themeicons:{theme.name}"
    )


def set_state(widget: QWidget, name: str, value: str) -> None:
    """Set a property that the style sheet looks at (``role``, ``invalid``, ``variant`` …) and show its effect."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Dress the whole program: style, palette, font and style sheet."""
    QDir.setSearchPaths("themeicons", [str(RESOURCES / "icons")])
    if app.style().objectName().lower() != "fusion" and not app.styleSheet():
        app.setStyle(QStyleFactory.create("Fusion"))
    sheet = style_sheet(theme)
    if sheet != app.styleSheet():  # to dress every widget anew takes a while
        app.setPalette(palette(theme))
        app.setFont(font())
        app.setStyleSheet(sheet)
