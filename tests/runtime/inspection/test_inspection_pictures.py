"""Pictures of maps and fields: every pixel where and what it should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageFont

from builder.errors import ConvolabError, Problem
from runtime.inspection import (
    COLOUR_MAPS,
    arrange,
    captioned,
    colour_map,
    enlarge,
    feature_maps,
    field_picture,
    limits,
    paint,
    planes,
    tile,
    write_png,
)
from runtime.inspection import captions as captions_module
from runtime.inspection.colours import NOT_A_NUMBER
from runtime.inspection.fields import FRAME, view_of
from runtime.inspection.maps import BACKGROUND

NUMBERS = st.floats(width=32, allow_nan=True, allow_infinity=True)


def lightness(table: np.ndarray) -> np.ndarray:
    """CIE L* of sRGB colours (IEC 61966-2-1, CIE 15)."""
    encoded = table / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    return 116 * np.where(luminance > 0.008856, np.cbrt(luminance), 7.787 * luminance + 16 / 116) - 16


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_colour_maps_grow_lighter_evenly(name: str) -> None:
    steps = np.diff(lightness(colour_map(name)))
    assert steps.min() > -0.3, "what is greater is never darker, to the eye"
    assert lightness(colour_map(name))[-1] - lightness(colour_map(name))[0] > 60
    assert steps.std() < 0.2


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_what_is_no_number_is_unlike_every_colour(name: str) -> None:
    distance = np.abs(colour_map(name).astype(int) - np.array(NOT_A_NUMBER)).sum(1)
    assert distance.min() > 100


def test_an_unknown_colour_map() -> None:
    with pytest.raises(ConvolabError, match="jet"):
        colour_map("jet")


@given(hnp.arrays(np.float32, hnp.array_shapes(max_dims=3, max_side=6), elements=NUMBERS))
def test_any_numbers_can_be_painted(values: np.ndarray) -> None:
    low, high = limits(values)
    colours = paint(values, low, high)
    assert colours.shape == (*values.shape, 3)
    assert np.array_equal(np.all(colours == NOT_A_NUMBER, axis=-1), ~np.isfinite(values))
    if low < high:
        assert np.all(colours[values == low] == colour_map("plasma")[0])
        assert np.all(colours[values == high] == colour_map("plasma")[255])


def test_a_constant_map_takes_the_first_colour() -> None:
    assert np.all(paint(np.full((2, 2), 7.0), 7.0, 7.0) == colour_map("plasma")[0])


@given(
    count=st.integers(1, 300), height=st.integers(1, 60), width=st.integers(1, 60),
)  # fmt: skip
def test_tiles_do_not_touch_and_lie_inside(count: int, height: int, width: int) -> None:
    grid = arrange(count, height, width)
    assert grid.count == count
    covered = np.zeros(grid.size, np.int8)
    for index in range(count):
        y, x = grid.corner(index)
        covered[y - 1 : y + height * grid.zoom + 1, x - 1 : x + width * grid.zoom + 1] += 1
    assert covered.max() == 1
    assert np.sum(covered) == count * (height * grid.zoom + 2) * (width * grid.zoom + 2), "none is cut off"


def test_more_maps_than_a_picture_holds() -> None:
    assert 1 <= arrange(4096, 1000, 1000).count < 4096


@pytest.mark.parametrize("scale", ["map", "common"])
def test_every_pixel_of_a_map_is_a_square_of_its_colour(scale: str) -> None:
    maps = np.random.default_rng(0).normal(size=(5, 4, 3)) * np.arange(1, 6)[:, None, None]
    picture = tile(maps, scale=scale)  # type: ignore[arg-type]
    grid = arrange(5, 4, 3)
    for index, values in enumerate(maps):
        low, high = (maps.min(), maps.max()) if scale == "common" else (values.min(), values.max())
        wanted = enlarge(paint(values, low, high), grid.zoom)
        y, x = grid.corner(index)
        assert np.array_equal(picture[y : y + wanted.shape[0], x : x + wanted.shape[1]], wanted)


def test_planes_of_every_rank() -> None:
    assert planes(np.zeros((4, 5, 6))).shape == (4, 5, 6)
    assert planes(np.zeros((4, 5))).shape == (1, 4, 5)
    assert planes(np.zeros(7)).shape == (7, 1, 1)
    volume = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    assert np.array_equal(planes(volume), volume[:, 1])


def test_feature_maps_are_arrays_of_their_own() -> None:
    values = torch.arange(24.0).view(2, 3, 2, 2).requires_grad_()
    found = feature_maps({"a.b": values}, sample=1)
    assert np.array_equal(found["a.b"], np.arange(12, 24).reshape(3, 2, 2))
    with torch.no_grad():
        values.zero_()
    assert found["a.b"].max() == 23


BOXES = st.tuples(st.integers(-25, 25), st.integers(0, 30)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@settings(max_examples=40)
@given(y=BOXES, x=BOXES, height=st.integers(1, 12), width=st.integers(1, 12))
def test_the_frame_lies_exactly_around_the_fields_pixels(
    y: tuple[int, int], x: tuple[int, int], height: int, width: int
) -> None:
    line = 2
    picture = np.arange(height * width, dtype=np.uint8).reshape(height, width)
    drawn = field_picture(picture, (y, x), line)
    view = view_of((height, width), (y, x))
    framed = np.all(drawn == FRAME, axis=-1)
    rows, columns = np.flatnonzero(framed.any(1)), np.flatnonzero(framed.any(0))
    (ya, yb), (xa, xb) = view.box
    assert rows[-1] - rows[0] + 1 == (yb - ya + 1) * view.zoom + 2 * line
    assert columns[-1] - columns[0] + 1 == (xb - xa + 1) * view.zoom + 2 * line
    assert not framed[rows[0] + line : rows[-1] - line + 1, columns[0] + line : columns[-1] - line + 1].any()
    for row in range(max(ya, 0), min(yb, height - 1) + 1):
        for column in range(max(xa, 0), min(xb, width - 1) + 1):
            top = line + (row + view.top) * view.zoom
            left = line + (column + view.left) * view.zoom
            square = drawn[top : top + view.zoom, left : left + view.zoom]
            assert np.all(square == picture[row, column]), "inside the field the picture is itself"


def test_padding_is_hatched_and_the_rest_dimmed() -> None:
    picture = np.full((4, 4, 3), 200, np.uint8)
    drawn = field_picture(picture, ((-2, 1), (0, 1)))
    view = view_of((4, 4), ((-2, 1), (0, 1)))
    assert (view.top, view.left, view.bottom, view.right) == (2, 0, 0, 0)
    padding = drawn[4 : 2 * view.zoom, 4 + 2 * view.zoom :]
    assert len(np.unique(padding.reshape(-1, 3), axis=0)) == 2, "lines on the background"
    corner = drawn[-5, -5].astype(int)
    assert np.all(corner < 200)
    assert np.all(corner > BACKGROUND)


def test_a_window_far_larger_than_the_picture_is_still_a_picture() -> None:
    drawn = field_picture(np.zeros((8, 8), np.uint8), ((-300, 300), (-200, 200)))
    assert max(drawn.shape) <= 800


def test_a_caption_changes_nothing_of_the_picture() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (90, 700, 3), np.uint8)
    whole = captioned(picture, "features.0 · 6×28×28", ["one", "two"], bar=("−1", "1"), not_finite=3)
    left = (whole.shape[1] - 700) // 2
    assert np.array_equal(whole[14 : 14 + 90, left : left + 700], picture)
    strip = whole[90 + 30 :]
    assert np.any(np.all(strip == colour_map("plasma")[128], axis=-1)), "the scale is there"
    assert np.any(np.all(strip == NOT_A_NUMBER, axis=-1))
    assert captioned(picture[:, :20], "x" * 500).shape[1] == 520, "long names are shortened"


@pytest.mark.parametrize("text", ["6×28×28 · 0–27 (−3) “…” →", "layer1.0.conv1", "é ß ñ"])
def test_every_sign_of_a_caption_is_in_the_font(text: str) -> None:
    font = ImageFont.load_default(14)
    missing = bytes(font.getmask("\uffff"))
    drawn = captions_module._plain(text)
    assert "?" not in drawn
    assert all(bytes(font.getmask(sign)) != missing for sign in drawn if sign != " ")


def test_signs_that_no_letter_stands_for() -> None:
    assert captions_module._plain("層 é×2") == "? ex2"


def test_png_files(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (9, 7, 3), np.uint8)
    assert write_png(picture, tmp_path / "it.png") is None
    with Image.open(tmp_path / "it.png") as image:
        assert np.array_equal(np.asarray(image), picture)
    problem = write_png(picture, tmp_path / "none" / "it.png")
    assert isinstance(problem, Problem)
    assert list(tmp_path.iterdir()) == [tmp_path / "it.png"]
