"""Sets that are drawn by the program itself, for what is not classification of pictures: shapes and waves.

Each is a function of a fixed seed alone, made of PCG64's raw stream, which numpy keeps stable.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from runtime.data.raw import Raw
from runtime.data.splits import stratified
from runtime.data.targets import PARTS

#: Pictures and their side; each of the seven sets of shapes that a picture may hold comes equally often.
PICTURES, SIDE = 630, 64
KINDS = ("disc", "square", "triangle")
#: Shapes in a picture at most, their radii in pixels, and the deviation of the noise in levels of 0…255.
_PLACES, _RADII, _GRAIN = 4, (7.0, 13.0), 16.0
#: Levels of the ground, and how far from there to white a shape's colour lies, in each channel.
_GROUND, _CONTRAST = (0.0, 90.0), (0.35, 1.0)

#: Series, their channels and steps.
SERIES, CHANNELS, STEPS = 800, 3, 128
WAVES = ("sine", "square", "sawtooth", "chirp")
#: Cycles in a series, and how many times as fast as at its start a chirp is at its end.
_CYCLES, _CHIRP = (2.0, 6.0), 3.0
#: Amplitudes, and the deviation of the noise.
_LOUDNESS, _HISS = (0.5, 1.5), 0.4

_SEED = 7


class _Chance:
    """Random numbers that only the seed decides."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def uniform(self, low: float, high: float, *shape: int) -> NDArray[np.float64]:
        """Between ``low`` and ``high``."""
        raw = self._bits.random_raw(int(np.prod(shape))) >> np.uint64(11)
        return low + (high - low) * np.ldexp(raw.astype(np.float64), -53).reshape(shape)

    def noise(self, deviation: float, *shape: int) -> NDArray[np.float32]:
        """As good as normal about 0: sums of four bytes, which are quick to have."""
        count = int(np.prod(shape))
        raw = self._bits.random_raw(-(-count // 2)).astype("<u8", copy=False)
        sums = raw.view(np.uint8).reshape(4, -1).sum(0, dtype=np.int16)[:count]
        middle, spread = 4 * 255 / 2, (4 * (256**2 - 1) / 12) ** 0.5
        return ((sums - np.float32(middle)) * np.float32(deviation / spread)).reshape(shape)


def _own(kinds: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """60/20/20, each kind with its share: the same test set whatever seed one trains with."""
    return dict(zip(("train", "validation", "test"), stratified(kinds, PARTS, _SEED), strict=True))


def _chosen(subsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """What is drawn at each place (N, places) of pictures with these sets of kinds (bits): 0…2, or −1 for nothing.

    Each kind of a set is drawn once, and one of them twice, each in its turn.
    """
    chosen = np.full((len(subsets), _PLACES), -1, np.int64)
    for number, subset in enumerate(subsets):
        kinds = [kind for kind in range(len(KINDS)) if subset >> kind & 1]
        again = kinds[number // (2 ** len(KINDS) - 1) % len(kinds)]
        chosen[number, : len(kinds) + 1] = [*kinds, again]
    return chosen


def _centres(chance: _Chance, count: int) -> NDArray[np.float64]:
    """A centre (N, places, 2) in each quarter of a picture, in any order, so that no shape hides much of another."""
    quarters = np.argsort(chance.uniform(0, 1, count, _PLACES), axis=1, kind="stable")
    corners = np.stack([quarters // 2, quarters % 2], axis=-1) * (SIDE / 2)
    return corners + chance.uniform(10.0, SIDE / 2 - 10.0, count, _PLACES, 2)


def _is_inside(kinds: NDArray[np.int64], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points (N, H, W) lie in the shape of its kind about the origin; all three cover about the same."""
    inside = np.empty(x.shape, np.bool_)
    disc, square, triangle = (kinds == number for number in range(len(KINDS)))
    inside[disc] = x[disc] ** 2 + y[disc] ** 2 <= 0.9**2
    inside[square] = np.maximum(np.abs(x[square]), np.abs(y[square])) <= 0.8
    # Of the three sides of a triangle two are each other's mirror image.
    slanted = np.abs(x[triangle]) * 0.75**0.5 - y[triangle] / 2
    inside[triangle] = np.maximum(slanted, y[triangle]) <= 0.7
    return inside


def _drawn(
    chance: _Chance, kinds: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """Place by place, the pictures with something there and the pixels (n, H, W) it covers, at any size and turn."""
    centres = _centres(chance, len(kinds))[..., None, None]
    radii = chance.uniform(*_RADII, *kinds.shape, 1, 1)
    turns = chance.uniform(0, 2 * np.pi, *kinds.shape, 1, 1)
    across, along = np.cos(turns) / radii, np.sin(turns) / radii
    pixels = np.arange(SIDE) + 0.5
    for place in range(_PLACES):
        rows = np.flatnonzero(kinds[:, place] >= 0)
        y, x = pixels[:, None] - centres[rows, place, 0], pixels - centres[rows, place, 1]
        cos, sin = across[rows, place], along[rows, place]
        yield rows, _is_inside(kinds[rows, place], cos * x + sin * y, cos * y - sin * x)


def read_shapes(name: str, title: str, sentence: str) -> Raw:
    """Bright discs, squares and triangles on dark grainy grounds, uint8 (N, 3, 64, 64), with masks (N, 64, 64).

    The colours say nothing of the kind: it takes the outline. In each picture is one of the seven sets of kinds.
    """
    chance = _Chance(_SEED)
    subsets = np.arange(PICTURES) % (2 ** len(KINDS) - 1) + 1
    kinds = _chosen(subsets)
    ground = chance.uniform(*_GROUND, PICTURES, 1, 3)
    colours = ground + (255 - ground) * chance.uniform(*_CONTRAST, PICTURES, _PLACES, 3)
    images = np.empty((PICTURES, 3, SIDE, SIDE), np.float32)
    images[:] = ground.reshape(PICTURES, 3, 1, 1)
    masks = np.zeros((PICTURES, SIDE, SIDE), np.uint8)
    for place, (rows, inside) in enumerate(_drawn(chance, kinds)):
        picture, row, column = np.nonzero(inside)
        masks[rows[picture], row, column] = kinds[rows[picture], place] + 1
        images[rows[picture], :, row, column] = colours[rows[picture], place]
    images += chance.noise(_GRAIN, *images.shape)
    pictures = np.rint(images).clip(0, 255).astype(np.uint8)
    return Raw(name, title, sentence, pictures, masks, ("background", *KINDS), _own(subsets))


def _wave(
    kinds: NDArray[np.int64], phase: NDArray[np.float64], bend: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Waves (N, C, L) of their kinds between −1 and 1, from phases in cycles; ``bend`` is what a chirp adds to its."""
    found = np.empty(phase.shape)
    sine, square, sawtooth, chirp = (kinds == number for number in range(len(WAVES)))
    found[sine] = np.sin(2 * np.pi * phase[sine])
    found[square] = np.where(phase[square] % 1 < 0.5, 1.0, -1.0)
    found[sawtooth] = 2 * (phase[sawtooth] % 1) - 1
    found[chirp] = np.sin(2 * np.pi * (phase + bend)[chirp])
    return found


def read_waves(name: str, title: str, sentence: str) -> Raw:
    """Waves of one kind in three channels, each at its own speed, phase and loudness in noise: float32 (N, 3, 128)."""
    chance = _Chance(_SEED)
    kinds = np.arange(SERIES) % len(WAVES)
    size = SERIES, CHANNELS, 1
    time = (np.arange(STEPS) + 0.5) / STEPS
    cycles, start = chance.uniform(*_CYCLES, *size), chance.uniform(0, 1, *size)
    # The speed of a chirp grows evenly, to ``_CHIRP`` times what it was.
    wave = _wave(kinds, cycles * time + start, cycles * (_CHIRP - 1) / 2 * time**2)
    x = wave * chance.uniform(*_LOUDNESS, *size) + chance.noise(_HISS, SERIES, CHANNELS, STEPS)
    return Raw(name, title, sentence, x.astype(np.float32), kinds, WAVES, _own(kinds))
