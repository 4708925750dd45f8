"""Line icons, our own, drawn on a 16 × 16 grid and tinted by the theme; the program's mark."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from builder.widgets.theme import DARK, Theme

_FRAME = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none" stroke="{color}" '
    'stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">{body}</svg>'
)


def _path(data: str) -> str:
    return f'<path d="{data}"/>'


def _solid(data: str) -> str:
    return f'<path d="{data}" fill="{{color}}"/>'


_CIRCLE = '<circle cx="8" cy="8" r="6"/>'

_BODIES = {
    "play": _solid("M5 3.2 12.5 8 5 12.8Z"),
    "pause": _solid("M4.5 3.5h2v9h-2ZM9.5 3.5h2v9h-2Z"),
    "stop": _solid("M4.5 4.5h7v7h-7Z"),
    "step": _solid("M4 3.5 9.5 8 4 12.5Z") + _path("M12 3.5v9"),
    "search": '<circle cx="7" cy="7" r="4.2"/>' + _path("M10.2 10.2 13.5 13.5"),
    "sun": '<circle cx="8" cy="8" r="2.8"/>'
    + _path(
        "M8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1"
    ),
    "moon": _path("M13 9.6A5.6 5.6 0 0 1 6.4 3 5.6 5.6 0 1 0 13 9.6Z"),
    "system": _path("M2.5 3h11v7.5h-11ZM5.5 13.5h5M8 10.5v3"),
    "undo": _path("M5.5 3 2.5 6l3 3M2.8 6H9.5a4 4 0 0 1 0 8H6.5"),
    "redo": _path("M10.5 3l3 3-3 3M13.2 6H6.5a4 4 0 0 0 0 8H9.5"),
    "zoom-fit": _path("M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10"),
    "zoom-in": '<circle cx="7" cy="7" r="4.2"/>' + _path("M10.2 10.2 13.5 13.5M5 7h4M7 5v4"),
    "zoom-out": '<circle cx="7" cy="7" r="4.2"/>' + _path("M10.2 10.2 13.5 13.5M5 7h4"),
    "error": _CIRCLE + _path("M5.9 5.9l4.2 4.2M10.1 5.9 5.9 10.1"),
    "warning": _path("M8 2.5 14 13.2H2ZM8 6.5v3M8 11.4v.1"),
    "advice": _path("M6 11.2h4M6.6 13.6h2.8M6 11.2c0-1.6-2-2.4-2-5a4 4 0 0 1 8 0c0 2.6-2 3.4-2 5"),
    "ok": _CIRCLE + _path("M5.4 8.2 7.3 10.1 10.7 6.2"),
    "info": _CIRCLE + _path("M8 7.4v3.4M8 5.1v.1"),
    "close": _path("M4.5 4.5l7 7M11.5 4.5l-7 7"),
    "chain": _path(
        "M6.8 9.2 9.2 6.8M7.5 4.6 9 3.1a2.8 2.8 0 0 1 4 4l-1.5 1.5M8.5 11.4 7 12.9a2.8 2.8 0 0 1-4-4l1.5-1.5"
    ),
    "unchain": _path(
        "M7.8 4.3 9 3.1a2.8 2.8 0 0 1 4 4l-1.2 1.2M8.2 11.7 7 12.9a2.8 2.8 0 0 1-4-4l1.2-1.2M3.2 3.2l9.6 9.6"
    ),
    "reset": _path("M3 3.2v3.3h3.3M3.3 6.5A5.2 5.2 0 1 1 3 9.6"),
    "plus": _path("M8 3v10M3 8h10"),
    "minus": _path("M3 8h10"),
    "copy": _path("M5.5 5.5h8v8h-8ZM3.5 10.5h-1v-8h8v1"),
    "open": _path("M2 12.5v-9h4l1.5 2H14v2M2 12.5l2-5h11l-2 5Z"),
    "save": _path("M2.5 2.5h8.5l2.5 2.5v8.5h-11ZM5 2.5v3.5h5V2.5M5 13.5V9.5h6v4"),
    "export": _path("M8 10V2.5M5 5.5l3-3 3 3M2.5 9.5v4h11v-4"),
    "import": _path("M8 2.5V10M5 7l3 3 3-3M2.5 9.5v4h11v-4"),
    "snowflake": _path("M8 2v12M2.8 5l10.4 6M13.2 5 2.8 11M6.5 3 8 4.3 9.5 3M6.5 13 8 11.7 9.5 13"),
    "eye": _path("M1.5 8C3 5 5.3 3.5 8 3.5S13 5 14.5 8C13 11 10.7 12.5 8 12.5S3 11 1.5 8Z")
    + '<circle cx="8" cy="8" r="2"/>',
    "image": _path("M2.5 3h11v10h-11ZM2.5 11l3.2-3.2 2.6 2.6 2-2 3.2 3.2M10.5 6v.1"),
    "panel-left": _path("M2.5 3h11v10h-11ZM6 3v10"),
    "panel-right": _path("M2.5 3h11v10h-11ZM10 3v10"),
    "panel-bottom": _path("M2.5 3h11v10h-11ZM2.5 9.5h11"),
    "chevron-right": _path("M6 4l4 4-4 4"),
    "chevron-down": _path("M4 6l4 4 4-4"),
    "more": _path("M3.5 8h.1M8 8h.1M12.5 8h.1"),
}

NAMES = tuple(sorted(_BODIES))

#: Three overlapping feature maps.
_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 26 18">'
    '<rect x="0.5" y="0.5" width="12" height="12" rx="3" fill="{convolution}"/>'
    '<rect x="6.5" y="2.5" width="12" height="12" rx="3" fill="{normalisation}" stroke="{panel}"/>'
    '<rect x="13" y="5" width="12.5" height="12.5" rx="3" fill="{merge}" stroke="{panel}"/></svg>'
)

#: The same on a dark tile, as the desktop shows it.
_APP = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
    '<rect width="64" height="64" rx="14" fill="{window}"/>'
    '<g transform="translate(9 16) scale(1.77)">'
    '<rect x="0.5" y="0.5" width="12" height="12" rx="3" fill="{convolution}"/>'
    '<rect x="6.5" y="2.5" width="12" height="12" rx="3" fill="{normalisation}" stroke="{window}"/>'
    '<rect x="13" y="5" width="12.5" height="12.5" rx="3" fill="{merge}" stroke="{window}"/></g></svg>'
)


def svg(name: str, color: str) -> str:
    """The drawing of an icon in one ``#rrggbb`` colour; raises KeyError for a name not in ``NAMES``."""
    return _FRAME.format(color=color, body=_BODIES[name].format(color=color))


@cache
def pixmap(name: str, color: str, size: int = 16, ratio: float = 1.0) -> QPixmap:
    """An icon as pixels: ``size`` is in device-independent pixels, ``ratio`` the screen's scaling."""
    made = _rendered(svg(name, color), QSize(round(size * ratio), round(size * ratio)))
    made.setDevicePixelRatio(ratio)
    return made


class _Drawn(QIconEngine):
    """Draws an icon when it is shown, at the size it is shown at; most of a program's never are."""

    def __init__(self, name: str, color: str, disabled: str) -> None:
        super().__init__()
        self._name, self._color, self._disabled = name, color, disabled

    def _tint(self, mode: QIcon.Mode) -> str:
        return self._disabled if mode == QIcon.Mode.Disabled else self._color

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """As pixels; Qt says of which screen they are."""
        return QPixmap(pixmap(self._name, self._tint(mode), min(size.width(), size.height())))

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Into a rectangle of the painter's."""
        draw(painter, self._name, self._tint(mode), QRectF(rect))

    def clone(self) -> QIconEngine:
        """Another that draws the same."""
        return _Drawn(self._name, self._color, self._disabled)


@cache
def icon(name: str, color: str, disabled: str) -> QIcon:
    """An icon in one colour, and in another where it cannot be clicked."""
    return QIcon(_Drawn(name, color, disabled))


def themed(name: str, theme: Theme, role: str = "muted") -> QIcon:
    """An icon in one of the theme's colours (``"muted"``, ``"accent"``, ``"on_ok"`` …)."""
    return icon(name, getattr(theme, role), theme.wire)


@cache
def logo(theme: Theme, size: int = 24, ratio: float = 1.0) -> QPixmap:
    """The mark beside the program's name, ``size`` wide."""
    made = _rendered(
        _LOGO.format(**theme.values()), QSize(round(size * ratio), round(size * ratio * 18 / 26))
    )
    made.setDevicePixelRatio(ratio)
    return made


@cache
def app_icon() -> QIcon:
    """The program's icon, for windows and task bars."""
    made = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        made.addPixmap(_rendered(_APP.format(**DARK.values()), QSize(size, size)))
    return made


def draw(painter: QPainter, name: str, color: str, rect: QRectF) -> None:
    """Draw an icon into ``rect`` at whatever scale the painter has (nodes' badges)."""
    _renderer(name, color).render(painter, rect)


@cache
def _renderer(name: str, color: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(svg(name, color).encode()))


def _rendered(source: str, size: QSize) -> QPixmap:
    made = QPixmap(size)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(source.encode())).render(painter)
    painter.end()
    return made
