"""The look: colours of the dark and the light theme, fonts, and how they reach Qt.

Colours are plain hex values, so that their contrast can be computed without a window.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from string import Template

from PySide6.QtCore import QDir, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

RESOURCES = Path(__file__).resolve().parents[2] / "resources"

#: Type scale in pixels: the name of what is inspected, names, body, second lines, the smallest print.
TITLE, NAME, BODY, SMALL, TINY = 15, 13, 12, 11, 10

REGULAR, MEDIUM, SEMIBOLD = 400, 500, 600

#: The grid every distance is a multiple of, in pixels.
GRID = 4

_MONOSPACED = (
    "JetBrains Mono", "Cascadia Mono", "Cascadia Code", "SF Mono", "Menlo", "Consolas",
    "DejaVu Sans Mono", "Noto Sans Mono", "Liberation Mono",
)  # fmt: skip

_CATEGORY_FIELDS = {
    "Convolution": "convolution",
    "Pooling": "pooling",
    "Normalisation": "normalisation",
    "Activation": "activation",
    "Merge": "merge",
    "Dense": "dense",
    "Regularisation": "dense",
    "Reshape": "reshape",
    "Input and output": "neutral",
    "Modules": "neutral",
}


@dataclass(frozen=True)
class Theme:
    """One set of colours, each ``#rrggbb``.

    ``window``, ``panel``, ``raised``, ``hover`` and ``canvas`` are backgrounds, on any of which ``text`` and ``muted``
    are written; ``on_accent`` and ``on_ok`` are written on those two. Categories' colours are marks, never text.
    """

    name: str
    is_dark: bool
    window: str
    panel: str
    raised: str
    hover: str
    canvas: str
    grid: str
    hairline: str
    wire: str
    text: str
    muted: str
    accent: str
    ok: str
    warning: str
    error: str
    on_accent: str
    on_ok: str
    convolution: str
    pooling: str
    normalisation: str
    activation: str
    merge: str
    dense: str
    reshape: str
    neutral: str

    def color(self, name: str, alpha: float = 1.0) -> QColor:
        """The colour of a field (``"accent"``) or of a ``#rrggbb`` value, with an opacity from 0 to 1."""
        return QColor(_color(name if name.startswith("#") else getattr(self, name), alpha))

    def category(self, category: str) -> str:
        """The mark of a category of blocks; grey for one that is not known."""
        return str(getattr(self, _CATEGORY_FIELDS.get(category, "neutral")))

    def severity(self, severity: str) -> str:
        """What an error, a warning or advice is written in."""
        return {"error": self.error, "warning": self.warning}.get(str(severity), self.muted)

    @property
    def train(self) -> str:
        """The first line of a plot: training."""
        return self.convolution

    @property
    def validation(self) -> str:
        """The second line of a plot: validation."""
        return self.activation

    def values(self) -> dict[str, str]:
        """Every colour by name, as the style sheet's template wants them."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "is_dark"}


DARK = Theme(
    name="dark", is_dark=True,
    window="#15181d", panel="#1c2027", raised="#252a33", hover="#2c323d", canvas="#181b21", grid="#262b34",
    hairline="#323945", wire="#7d8796", text="#e8ebf0", muted="#9aa4b2",
    accent="#4aa3ff", ok="#3fb97f", warning="#f0b429", error="#ff6b6b", on_accent="#0d1117", on_ok="#0d1117",
    convolution="#4aa3ff", pooling="#b07cf7", normalisation="#35b8a6", activation="#f2a541",
    merge="#f26d85", dense="#8bc34a", reshape="#c0a080", neutral="#8a94a6",
)  # fmt: skip

LIGHT = Theme(
    name="light", is_dark=False,
    window="#eef0f3", panel="#ffffff", raised="#f4f6f8", hover="#edf0f4", canvas="#fafbfc", grid="#e3e7ec",
    hairline="#d5dae1", wire="#8a94a3", text="#1b2027", muted="#5a6472",
    accent="#1769d2", ok="#18794c", warning="#8a5600", error="#c92a2a", on_accent="#ffffff", on_ok="#ffffff",
    convolution="#1769d2", pooling="#7b46c9", normalisation="#0f8072", activation="#b36b00",
    merge="#c2334f", dense="#4d7c0f", reshape="#7a6040", neutral="#6b7585",
)  # fmt: skip

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}

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


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two ``#rrggbb`` colours, 1 to 21. Source: WCAG 2.2, "contrast ratio"."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(value: str) -> float:
    channels = (int(value[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


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
    for family in _MONOSPACED:
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
