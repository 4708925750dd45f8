"""A strip of words under a picture, and the file both go into."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from builder.errors import Problem
from runtime.inspection.colours import DEFAULT, NOT_A_NUMBER, colour_map
from runtime.inspection.maps import BACKGROUND, MUTED
from runtime.weights import write_atomically

_STRIP = (28, 32, 39)
_HAIRLINE = (50, 57, 69)
_TEXT = (232, 235, 240)
_PADDING = 14
_TITLE, _BODY = 18, 14
_LINE = 21
_BAR = (160, 12)
_OTHERWISE = {"×": "x", "−": "-", "–": "-", "→": ">", "ß": "ss", "“": '"', "”": '"', "…": "..."}
#: A picture is never narrower than its words need.
_NARROWEST = 520


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _shortened(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> str:
    """The text, or as much of its beginning and end as ``width`` holds."""
    if font.getlength(text) <= width:
        return text
    kept = len(text)
    while kept > 2:
        kept -= 1
        short = f"{text[: (kept + 1) // 2]}...{text[len(text) - kept // 2 :]}"
        if font.getlength(short) <= width:
            return short
    return "..."


def _plain(text: str) -> str:
    """The text with the signs that Pillow's own font lacks written otherwise."""
    return "".join(map(_drawable, text))


@cache
def _drawable(sign: str) -> str:
    if _has(sign):
        return sign
    decomposed = unicodedata.normalize("NFKD", sign)[0]
    return _OTHERWISE.get(sign) or (decomposed if _has(decomposed) else "?")


@cache
def _has(sign: str) -> bool:
    font = ImageFont.load_default(_BODY)
    return sign.isspace() or bytes(font.getmask(sign)) != bytes(font.getmask("\uffff"))


def number(value: float) -> str:
    """A value as it is read off a scale."""
    return f"{value:.3g}".replace("-", "−")


def _draw_bar(image: Image.Image, left: int, top: int, ends: tuple[str, str], colours: str) -> None:
    width, height = _BAR
    table = Image.fromarray(np.array(colour_map(colours))[None]).resize(
        (width, height), Image.Resampling.NEAREST
    )
    image.paste(table, (left, top))
    draw = ImageDraw.Draw(image)
    draw.text((left, top + height + 3), _plain(ends[0]), MUTED, _font(_BODY), anchor="la")
    draw.text((left + width, top + height + 3), _plain(ends[1]), MUTED, _font(_BODY), anchor="ra")


def captioned(
    picture: NDArray[np.uint8],
    title: str,
    lines: Sequence[str] = (),
    *,
    bar: tuple[str, str] | None = None,
    colours: str = DEFAULT,
    not_finite: int = 0,
) -> NDArray[np.uint8]:
    """A picture (H, W, 3) in the middle over a strip with a title, lines and, for ``bar``, the scale and its ends.

    ``not_finite`` values are counted in a line of their own, in the colour they are painted with.
    """
    height, width = picture.shape[:2]
    whole = max(width + 2 * _PADDING, _NARROWEST)
    strip = 2 * _PADDING + _TITLE + 8 + _LINE * (len(lines) + (not_finite > 0))
    image = Image.new("RGB", (whole, height + 2 * _PADDING + strip), BACKGROUND)
    image.paste(Image.fromarray(np.ascontiguousarray(picture)), ((whole - width) // 2, _PADDING))
    draw = ImageDraw.Draw(image)
    top = height + 2 * _PADDING
    draw.rectangle((0, top, whole, image.height), fill=_STRIP)
    draw.line((0, top, whole, top), fill=_HAIRLINE)
    room = whole - 2 * _PADDING - (_BAR[0] + 2 * _PADDING if bar else 0)
    y = top + _PADDING
    draw.text((_PADDING, y), _shortened(_plain(title), _font(_TITLE), room), _TEXT, _font(_TITLE))
    y += _TITLE + 8
    for line in lines:
        draw.text((_PADDING, y), _shortened(_plain(line), _font(_BODY), room), MUTED, _font(_BODY))
        y += _LINE
    if not_finite:
        draw.rectangle((_PADDING, y + 3, _PADDING + 10, y + 13), fill=NOT_A_NUMBER)
        draw.text((_PADDING + 18, y), f"not finite: {not_finite:,}", _TEXT, _font(_BODY))
    if bar:
        _draw_bar(image, whole - _PADDING - _BAR[0], top + _PADDING + 4, bar, colours)
    return np.asarray(image)


def write_png(pixels: NDArray[np.uint8], path: Path) -> Problem | None:
    """Write uint8 (H, W, 3) as PNG, the whole file or none."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG", optimize=pixels.size < 2**22)
    return write_atomically(Path(path), buffer.getvalue())
