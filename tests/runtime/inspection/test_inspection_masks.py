"""Masks over pictures: each class a colour of its own, boundaries exactly between pixels, files with the classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from runtime.inspection.masks import (
    boundaries,
    class_colours,
    fitted,
    overlay,
    rims,
    tinted,
    write_mask,
)

masks = arrays(np.uint8, st.tuples(st.integers(1, 7), st.integers(1, 7)), elements=st.integers(0, 4))


@given(masks)
def test_boundaries_lie_between_pixels_of_different_classes_and_nowhere_else(mask: NDArray[np.uint8]) -> None:
    height, width = mask.shape
    wanted = set()
    for y in range(height):
        for x in range(width):
            if x + 1 < width and mask[y, x] != mask[y, x + 1]:
                wanted.add((y, x + 1, y + 1, x + 1))
            if y + 1 < height and mask[y, x] != mask[y + 1, x]:
                wanted.add((y + 1, x, y + 1, x + 1))
    found = boundaries(mask)
    assert {tuple(edge) for edge in found.tolist()} == wanted
    assert len(found) == len(wanted)
    at_rim = {(y, x) for y, x, _, _ in wanted} | {
        (y - (x != right), x - (x == right)) for y, x, _, right in wanted
    }
    assert {tuple(place) for place in np.argwhere(rims(mask)).tolist()} == at_rim


@given(masks, st.integers(1, 4))
def test_a_mask_that_is_enlarged_keeps_its_pixels(mask: NDArray[np.uint8], zoom: int) -> None:
    height, width = mask.shape
    large = fitted(mask, (height * zoom, width * zoom))
    assert np.array_equal(large, mask.repeat(zoom, 0).repeat(zoom, 1))
    assert np.array_equal(fitted(large, mask.shape), mask)


@pytest.mark.parametrize("count", [1, 2, 8, 21, 255])
def test_every_class_has_a_colour_of_its_own(count: int) -> None:
    colours = class_colours(count)
    assert colours.shape == (count, 3)
    assert len({tuple(colour) for colour in colours.tolist()}) == count


def test_what_is_ground_or_not_judged_is_seen_as_it_is() -> None:
    picture = np.full((2, 3), 100, np.uint8)
    mask = np.array([[0, 1, 2], [255, 2, 0]], np.uint8)
    seen = tinted(picture, mask, 3)
    assert (seen[mask == 0] == 100).all()
    assert (seen[mask == 255] == 100).all()
    assert (seen[mask == 2] == np.rint(60 + 0.4 * class_colours(3)[2])).all()


def test_an_overlay_is_large_and_has_rims_in_the_colours_of_the_classes() -> None:
    mask = np.zeros((8, 8), np.uint8)
    mask[2:6, 2:6] = 1
    seen = overlay(np.zeros((8, 8, 3), np.uint8), mask, 2)
    assert seen.shape == (384, 384, 3)
    assert (seen[2 * 48, 2 * 48] == class_colours(2)[1]).all()
    assert (seen[2 * 48 - 1, 3 * 48] == class_colours(2)[0]).all()
    assert (seen[0, 0] == 0).all()


def test_a_mask_s_file_holds_the_classes(tmp_path: Path) -> None:
    mask = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert write_mask(mask, tmp_path / "mask.png", 12) is None
    with Image.open(tmp_path / "mask.png") as image:
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image), mask)
        assert np.array_equal(np.asarray(image.convert("RGB"))[2, 3], class_colours(12)[11])
    problem = write_mask(mask, tmp_path / "missing" / "mask.png", 12)
    assert problem is not None
