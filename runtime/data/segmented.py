"""Pictures with masks of the same names: ``images/a.jpg``, ``masks/a.png``, whole or in folders of splits."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from builder.errors import Problem
from runtime.data.fitting import Fit
from runtime.data.folders import Gathered, gather, own_splits, pictures_in, shown, split_folders
from runtime.data.masks import MOST, nothing_judged, order_of, too_many
from runtime.data.pictures import centre, opened
from runtime.data.raw import NOT_JUDGED, Files, Raw, Skipped
from runtime.machine import usable_cores

#: What the two folders are called, as data sets have it.
IMAGES = ("images", "image", "imgs", "jpegimages")
MASKS = ("masks", "mask", "labels", "segmentationclass")
#: Names of the classes, one a line.
NAMES = "classes.txt"
#: Added to a colour's 24 bits, so that blue is not the grey level 255.
_COLOUR = 1 << 24
#: Pixels whose codes are looked through at once.
_BAND = 2**20


@dataclass(frozen=True, slots=True)
class _Pair:
    picture: Path
    mask: Path | None
    split: str | None


def _named(root: Path, names: tuple[str, ...]) -> Path | None:
    return next(
        (path for path in sorted(root.iterdir()) if path.name.lower() in names and path.is_dir()), None
    )


def has_masks(root: Path) -> bool:
    """Whether a folder holds pictures and masks, or splits that do."""
    return all(
        _named(folder, names) is not None
        for folder in list(split_folders(root).values()) or [root]
        for names in (IMAGES, MASKS)
    )


def _pairs(root: Path) -> list[_Pair]:
    found = []
    for split, folder in (split_folders(root) or {"": root}).items():
        images, masks = _named(folder, IMAGES), _named(folder, MASKS)
        assert images is not None
        assert masks is not None
        by_stem = {path.stem: path for path in pictures_in(masks)}
        found += [_Pair(path, by_stem.get(path.stem), split or None) for path in pictures_in(images)]
    return found


def codes_of(image: Image.Image) -> NDArray[np.int32]:
    """A whole number for each pixel (H, W): the palette's index, the grey level, or a colour of its own range."""
    if image.mode in ("RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "LA", "PA"):
        pixels = np.asarray(image.convert("RGB"), np.int32)
        red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
        grey = (red == green) & (green == blue)
        return np.where(grey, red, _COLOUR | red << 16 | green << 8 | blue)
    if image.mode == "F":
        return np.asarray(image, np.float64).clip(0, _COLOUR - 1).astype(np.int32)
    return np.asarray(image, np.int32) & (_COLOUR - 1)


def values_of(image: Image.Image) -> list[int]:
    """The codes that occur, lowest first; where they are more than a byte counts, one more than that at least.

    Taken in bands of rows, so that a large mask needs no more room than a small one.
    """
    found: set[int] = set()
    rows = max(1, _BAND // image.width)
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        codes = codes_of(band).ravel()
        # Areas are of one code: what is sorted is where it changes.
        found.update(np.unique(codes[np.flatnonzero(np.diff(codes, prepend=codes[0] ^ 1))]).tolist())
        if len(found) > MOST + 1:
            break
    return sorted(found)


@dataclass(frozen=True, slots=True)
class _Mask:
    """A mask's codes as it is stored, lowest first, and, at the network's size, which of them each pixel is."""

    codes: list[int]
    pixels: NDArray[np.uint8]


def _read(size: tuple[int, int], proportions: tuple[int, int], pair: _Pair) -> _Mask | Problem:
    """A mask at ``size``, of the part of the picture that the network gets; with too many codes its pixels are 0."""

    def cut(image: Image.Image) -> _Mask | tuple[int, int]:
        image.seek(0)
        if sizes not in (image.size, image.size[::-1]):
            return image.size
        codes = values_of(image)
        if len(codes) > MOST + 1:
            return _Mask(codes, np.zeros(size, np.uint8))
        box = centre(image.size, proportions)
        small = codes_of(image.resize((size[1], size[0]), Image.Resampling.NEAREST, box=box))
        return _Mask(codes, np.searchsorted(codes, small).astype(np.uint8))

    if pair.mask is None:
        return Problem("data-masks", "Every picture needs a mask of its name", "it has no mask")
    sizes = opened(pair.picture, lambda image: image.size)
    if isinstance(sizes, Problem):
        return sizes
    found = opened(pair.mask, cut)
    if isinstance(found, tuple):
        said = f"its mask has {found[0]}×{found[1]} pixels, it has {sizes[0]}×{sizes[1]}"
        return Problem("data-masks", "A mask is as large as its picture", said)
    return found


class _Codes:
    """Codes met so far, each with a number that fits a byte."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}

    def numbered(self, mask: _Mask) -> NDArray[np.uint8] | None:
        """The mask by numbers; None where there are more codes than a byte counts."""
        if len(self.numbers.keys() | set(mask.codes)) > MOST + 1:
            return None
        table = np.array([self.numbers.setdefault(code, len(self.numbers)) for code in mask.codes], np.uint8)
        return table[mask.pixels]


def _name_of(code: int) -> str:
    return f"#{code - _COLOUR:06x}" if code >= _COLOUR else str(code)


def _classes(root: Path, codes: Sequence[int]) -> tuple[dict[int, int], tuple[str, ...]] | Problem:
    """The class of each code, and the names: of ``classes.txt``, or what the codes are."""
    order = order_of(codes, NOT_JUDGED)
    if len(order) > MOST:
        return too_many(root.name)
    if not order:
        return nothing_judged(root.name)
    file = root / NAMES
    if not file.is_file():
        return {code: number for number, code in enumerate(order)}, tuple(map(_name_of, order))
    if file.stat().st_size > 2**20:
        return Problem(
            "data-masks", f"{NAMES} names the classes, one a line", f"it has {file.stat().st_size:,} bytes"
        )
    names = tuple(file.read_text(encoding="utf-8-sig", errors="replace").split("\n"))
    names = tuple(name.strip() for name in names if name.strip())
    if all(code < len(names) for code in codes if code != NOT_JUDGED) and len(names) <= MOST:
        return {code: code for code in codes if code < len(names)}, names
    if len(names) == len(order):
        return {code: number for number, code in enumerate(order)}, names
    return Problem(
        "data-masks",
        f"{NAMES} names the classes, one a line",
        f"it has {len(names)} names, the masks have {', '.join(map(_name_of, order[:8]))}",
        "Name all of them, in this order",
    )


def _keep(found: Gathered, places: list[int], skipped: list[Skipped]) -> Gathered:
    """Those of what was gathered that have a mask."""
    images = found.images
    chosen = (
        Files(tuple(images.paths[place] for place in places)) if isinstance(images, Files) else images[places]
    )
    return replace(found, images=chosen, kept=found.kept[places], skipped=(*found.skipped, *skipped))


def read_segmented(root: Path, fit: Fit, size: tuple[int, int]) -> Raw | Problem:
    """Pictures for ``fit`` and their masks at ``size`` (H, W), nearest pixel. What has no sound mask is left out.

    The classes are those of the masks as they are stored, so they are the same for every network.
    """
    pairs = _pairs(root)
    found = gather([pair.picture for pair in pairs], fit, root)
    masks = np.empty((len(found.kept), *size), np.uint8)
    codes = _Codes()
    places: list[int] = []
    skipped: list[Skipped] = []
    with ThreadPoolExecutor(usable_cores()) as threads:
        asked = [pairs[number] for number in found.kept]
        for place, mask in enumerate(threads.map(partial(_read, size, fit.size), asked)):
            if isinstance(mask, Problem):
                skipped.append(Skipped(shown(asked[place].picture, root), mask.values))
                continue
            numbers = codes.numbered(mask)
            if numbers is None:
                return too_many(shown(asked[place].mask or root, root))
            masks[len(places)] = numbers
            places.append(place)
    found = _keep(found, places, skipped)
    if not places:
        said = f"; {found.skipped[0].file}: {found.skipped[0].reason}" if found.skipped else ""
        return Problem(
            "data-source",
            "A folder of masks has pictures in 'images' and a mask of the same name for each in 'masks'",
            f"'{root}' has no such pair that can be read{said}",
            "Name each mask as its picture: images/a.jpg and masks/a.png",
        )
    known = _classes(root, list(codes.numbers))
    if isinstance(known, Problem):
        return known
    number_of, names = known
    table = np.array([number_of.get(code, NOT_JUDGED) for code in codes.numbers], np.uint8)
    text = f"{len(places):,} pictures with masks of {len(names)} classes, from {root.name}."
    if found.skipped:
        text += f" Left out because they can't be used: {len(found.skipped):,}."
    own = own_splits([pairs[number].split for number in found.kept])
    return Raw(
        str(root),
        root.name,
        text,
        found.images,
        table[masks[: len(places)]],
        names,
        own,
        skipped=found.skipped,
        damaged=found.damaged,
    )
