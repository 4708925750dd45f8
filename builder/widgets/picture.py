"""Drawings as pictures: an SVG document painted by Qt."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QGuiApplication, QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgRenderer

from builder.drawing import Drawing, Style
from builder.errors import Problem
from builder.figures import short
from builder.widgets.theme import mono_family, ui_family

#: More pixels take more memory than a drawing is worth.
_MOST = 100_000_000
#: Inches of a picture at scale 1: that of a screen.
_DOTS_PER_METRE = 96 / 0.0254


#: Qt's program lives as long as ours.
_applications: list[QGuiApplication] = []


def in_qt(style: Style) -> Style:
    """The style with one family each that Qt has: of a list it takes none."""
    return replace(style, sans=ui_family(), mono=mono_family())


def paint(make: Callable[[Style], Drawing], style: Style) -> bytes | Problem:
    """What is drawn in a style, as a PNG file; where no program runs yet, one without a display is begun."""
    if QGuiApplication.instance() is None:
        if sys.platform.startswith("linux"):  # elsewhere there is always a display, and its fonts
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
        _applications.append(QGuiApplication(sys.argv[:1]))
    return png_of(make(in_qt(style)), style.scale)


def image_of(drawing: Drawing) -> QImage | Problem:
    """The picture of a drawing; a QGuiApplication must be there."""
    wide, high = max(1, round(drawing.width)), max(1, round(drawing.height))
    if wide * high > _MOST or max(wide, high) > 32_767:
        return Problem(
            "picture-too-large",
            f"A picture has at most {short(_MOST)} pixels and is at most 32,767 wide and high",
            f"this one would be {wide:,}×{high:,}",
            "Choose a smaller scale, a module or a part of the network, or write SVG, which has no pixels.",
        )
    renderer = QSvgRenderer(QByteArray(drawing.svg.encode()))
    image = QImage(wide, high, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    return image


def png_of(drawing: Drawing, scale: float) -> bytes | Problem:
    """The picture as a PNG file; ``scale`` says how fine it is to be shown."""
    image = image_of(drawing)
    if isinstance(image, Problem):
        return image
    for set_dots in (image.setDotsPerMeterX, image.setDotsPerMeterY):
        set_dots(round(_DOTS_PER_METRE * scale))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    buffer.close()
    return bytes(data.data())
