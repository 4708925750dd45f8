"""Growing columns of numbers that can be drawn at any length. No Qt in here."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

#: Values summarised by one entry of the next coarser level.
_FOLD = 16


class Column:
    """A growing column of numbers (float32) with the minima and maxima of ever longer stretches.

    ``envelope`` costs the same for ten thousand numbers and for ten million: it reads the level whose
    stretches are just short enough. NaN and infinities are kept and drawn as gaps.
    """

    def __init__(self) -> None:
        self._values = np.empty(1024, dtype=np.float32)
        self._length = 0
        self._levels: list[_Level] = []

    def __len__(self) -> int:
        return self._length

    @property
    def values(self) -> NDArray[np.float32]:
        """Everything, as a view."""
        return self._values[: self._length]

    def extend(self, values: tuple[float, ...] | NDArray[np.floating]) -> None:
        """Append ``values``."""
        new = np.asarray(values, dtype=np.float32)
        end = self._length + len(new)
        if end > len(self._values):
            grown = np.empty(max(end, 2 * len(self._values)), dtype=np.float32)
            grown[: self._length] = self.values
            self._values = grown
        self._values[self._length : end] = new
        self._length = end
        self._fold()

    def truncate(self, length: int) -> None:
        """Forget everything from ``length`` on: a resumed run tells those steps again."""
        self._length = min(self._length, max(length, 0))
        for depth, level in enumerate(self._levels, start=1):
            level.length = min(level.length, self._length // _FOLD**depth)

    def pad(self, length: int) -> None:
        """Fill a gap up to ``length``: steps that were never told."""
        if length > self._length:
            self.extend(np.full(length - self._length, np.nan, dtype=np.float32))

    def envelope(
        self, first: int, last: int, buckets: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Positions and values to draw [first, last): at most about 2·``buckets`` points.

        Each bucket gives its smallest and its largest value, so that no peak is lost; a stretch that is
        short enough comes as it is.
        """
        first, last = max(first, 0), min(last, self._length)
        if last - first <= 2 * buckets:
            return np.arange(first, max(last, first), dtype=np.float64), self._values[
                first : max(last, first)
            ]
        width = (last - first) / buckets
        depth = min(max(int(math.log(width, _FOLD)), 0), len(self._levels))
        lows, highs, unit = self._stretches(depth)
        start, stop = first // unit, -(-last // unit)
        edges = np.unique(np.linspace(start, stop, buckets + 1).astype(np.int64))
        low = np.fmin.reduceat(lows[:stop], edges[:-1])
        high = np.fmax.reduceat(highs[:stop], edges[:-1])
        middles = np.minimum((edges[:-1] + edges[1:]) * (unit / 2), self._length - 1)
        positions = np.repeat(np.maximum(middles, first), 2)
        values = np.empty(2 * len(low), dtype=np.float32)
        values[0::2], values[1::2] = low, high
        return positions, values

    def _stretches(self, depth: int) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
        """Minima and maxima of stretches of 16**depth values, the unfinished one at the end included."""
        if depth == 0:
            return self.values, self.values, 1
        level, unit = self._levels[depth - 1], _FOLD**depth
        rest = self._values[level.length * unit : self._length]
        if not len(rest):
            return level.low[: level.length], level.high[: level.length], unit
        low = np.append(level.low[: level.length], np.fmin.reduce(rest))
        high = np.append(level.high[: level.length], np.fmax.reduce(rest))
        return low, high, unit

    def _fold(self) -> None:
        lows = highs = self.values
        depth = 0
        while len(lows) >= _FOLD:
            if depth == len(self._levels):
                self._levels.append(_Level())
            level = self._levels[depth]
            level.take(lows, highs)
            lows, highs = level.low[: level.length], level.high[: level.length]
            depth += 1


def running_mean(values: NDArray[np.floating], span: int) -> NDArray[np.float64]:
    """The exponential mean over about ``span`` values, a plain mean while there are fewer; float64 of the same length.

    What is not finite is passed over. In closed form, stretch by stretch: m_k = q^k (m_0 + Σ x_i q^-i / span) with
    q = 1 - 1 / span, as long as the powers are floats.
    """
    values = np.asarray(values, dtype=np.float64)
    means = np.empty(len(values))
    mean = math.nan
    for at, value in enumerate(values[:span].tolist()):  # the weights are still changing
        if not math.isfinite(mean):
            mean = value
        elif math.isfinite(value):
            mean += (value - mean) / (at + 1)
        means[at] = mean
    rest = values[span:]
    known = np.flatnonzero(np.isfinite(rest))
    found = np.empty(len(known) + 1)
    keep = 1 - 1 / span
    length = int(-100 / math.log10(keep)) if keep else len(known) + 1
    found[0] = mean
    if not math.isfinite(mean) and len(known):
        mean = float(rest[known[0]])  # the first that is told is the first mean
    for first in range(0, len(known), length):
        part = rest[known[first : first + length]]
        if keep:
            powers = keep ** np.arange(1, len(part) + 1)
            part = powers * (mean + np.cumsum(part / powers) / span)
            mean = float(part[-1])
        found[first + 1 : first + 1 + len(part)] = part
    # Where nothing is told, the mean stays what it was.
    means[span:] = found[np.searchsorted(known, np.arange(len(rest)), side="right")]
    return means


@dataclass(slots=True)
class _Level:
    """Minima and maxima of complete stretches of 16 entries of the level below."""

    low: NDArray[np.float32] = field(default_factory=lambda: np.empty(64, dtype=np.float32))
    high: NDArray[np.float32] = field(default_factory=lambda: np.empty(64, dtype=np.float32))
    length: int = 0

    def take(self, lows: NDArray[np.float32], highs: NDArray[np.float32]) -> None:
        """Fold what is new and complete in the level below."""
        complete = len(lows) // _FOLD
        if complete <= self.length:
            return
        if complete > len(self.low):
            size = max(complete, 2 * len(self.low))
            self.low = np.resize(self.low, size)
            self.high = np.resize(self.high, size)
        new = slice(self.length * _FOLD, complete * _FOLD)
        self.low[self.length : complete] = np.fmin.reduce(lows[new].reshape(-1, _FOLD), axis=1)
        self.high[self.length : complete] = np.fmax.reduce(highs[new].reshape(-1, _FOLD), axis=1)
        self.length = complete
