"""How the positions of an output see those of an input, axis by axis: the arithmetic of receptive fields.

Each kind of map gives its exact bounds for the unclipped field, and the exact pre-image of a set of output
positions inside the input, which is what the structural gradient shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeAlias, TypeVar

from builder.stairs import MAX_PERIOD, Stair, floors

if TYPE_CHECKING:
    import numpy as np

#: The (first, last) input position that output i sees, as functions of i; padding counts.
Bounds: TypeAlias = tuple[Stair, Stair]

#: Bounds that are straight and equally steep: (step, first at 0, last at 0).
Line: TypeAlias = tuple[int, int, int]


def line_of(first: Stair, last: Stair) -> Line | None:
    """Two stairs as one line, if they are straight and equally steep."""
    (step, lows), (climb, highs) = first, last
    low, high = lows[0], highs[0]
    if step != climb or len(lows) > 1 or len(highs) > 1 or low is None or high is None:
        return None
    return step, low, high


class AxisMap(Protocol):
    """What output positions of one axis see of the input's axis."""

    #: What the field is made of, for people.
    words: ClassVar[str]

    def bounds(self) -> Bounds | None:
        """The first and the last of ``taps``; both repeat after equally many positions. None: after too many."""
        ...

    def taps(self, position: int) -> range:
        """The input positions that an output position sees, if the input went on for ever."""
        ...

    def preimage(self, outputs: np.ndarray, size: int) -> np.ndarray:
        """Which of ``size`` input positions the marked outputs see; both are boolean vectors."""
        ...


def _mark(seen: np.ndarray, taps: Iterable[range]) -> None:
    """Mark, in a boolean vector, all of these positions that lie in it."""
    for places in taps:
        if places and places[-1] >= 0:
            first = places[0] if places[0] >= 0 else places[0] % places.step
            seen[first : places[-1] + 1 : places.step] = True


@dataclass(frozen=True, slots=True)
class Sliding:
    """A sliding window: output i sees ``i·stride − before + k·dilation`` for k < kernel.

    ``border``: what stands outside of the map, as torch names it: zeros see nothing, all else is a pixel again.
    """

    kernel: int
    stride: int = 1
    before: int = 0
    dilation: int = 1
    border: str = "zeros"
    words: ClassVar[str] = "all that its window reaches"

    def bounds(self) -> Bounds:
        last = self.dilation * (self.kernel - 1) - self.before
        return (self.stride, (-self.before,)), (self.stride, (last,))

    def taps(self, position: int) -> range:
        start = position * self.stride - self.before
        return range(start, start + self.dilation * (self.kernel - 1) + 1, self.dilation)

    def preimage(self, outputs: np.ndarray, size: int) -> np.ndarray:
        import numpy as np

        seen = np.zeros(size, dtype=bool)
        starts = np.flatnonzero(outputs) * self.stride - self.before
        if not len(starts):
            return seen
        if self.border in ("reflect", "circular"):  # at most as wide as the map
            positions = (starts[:, None] + self.dilation * np.arange(self.kernel)).ravel()
            if self.border == "reflect":
                positions = np.abs(positions)
                positions = np.where(positions < size, positions, 2 * (size - 1) - positions)
            seen[positions % size] = True
            return seen
        # Only taps that can land inside: a window may be far larger than the map.
        nearest = max(0, -(int(starts[-1]) // self.dilation))
        furthest = min(self.kernel - 1, (size - 1 - int(starts[0])) // self.dilation)
        if len(starts) <= furthest - nearest:
            _mark(seen, map(self.taps, np.flatnonzero(outputs).tolist()))
        else:
            for tap in range(nearest, furthest + 1):
                positions = starts + tap * self.dilation
                seen[positions[(positions >= 0) & (positions < size)]] = True
        if self.border == "replicate":
            seen[0] |= bool(starts[0] < 0)
            seen[-1] |= bool(starts[-1] + self.dilation * (self.kernel - 1) >= size)
        return seen


@dataclass(frozen=True, slots=True)
class Bins:
    """Adaptive pooling: output i of n sees ⌊i·W/n⌋ … ⌈(i+1)·W/n⌉ − 1 (PyTorch's AdaptiveAvgPool)."""

    size: int
    outputs: int
    words: ClassVar[str] = "the pixels its bin covers"

    def bounds(self) -> Bounds | None:
        if self.outputs // gcd(self.size, self.outputs) > MAX_PERIOD:
            return None
        # ⌈x/n⌉ − 1 = ⌊(x − 1)/n⌋
        last = Fraction(self.size - 1, self.outputs)
        return floors(self.size, self.outputs), floors(self.size, self.outputs, last)

    def taps(self, position: int) -> range:
        end = -(-(position + 1) * self.size // self.outputs)
        return range(position * self.size // self.outputs, end)

    def preimage(self, outputs: np.ndarray, size: int) -> np.ndarray:
        import numpy as np

        seen = np.zeros(size, dtype=bool)
        for i in np.flatnonzero(outputs):
            seen[i * self.size // self.outputs : -(-(i + 1) * self.size // self.outputs)] = True
        return seen


@dataclass(frozen=True, slots=True)
class Spread:
    """A transposed window: output i sees input j where ``i = j·stride − before + k·dilation`` for a k < kernel.

    A kernel smaller than the stride, or a dilation that shares a factor with it, leaves outputs that see nothing.
    """

    kernel: int
    stride: int = 1
    before: int = 0
    dilation: int = 1
    words: ClassVar[str] = "all whose kernels reach it"

    def bounds(self) -> Bounds | None:
        if self.stride > MAX_PERIOD:
            return None
        found = [self.taps(i) for i in range(self.stride)]
        first = tuple([taps[0] if taps else None for taps in found])
        last = tuple([taps[-1] if taps else None for taps in found])
        return (1, first), (1, last)

    def taps(self, position: int) -> range:
        # The taps k with k·dilation ≡ position + before (mod stride): every ``turn``-th from the first one on.
        shared = gcd(self.dilation, self.stride)
        turn, step = self.stride // shared, self.dilation // shared
        reach = position + self.before
        if reach % shared:
            return range(0)
        nearest = reach // shared * pow(step, -1, turn) % turn if turn > 1 else 0
        if nearest >= self.kernel:
            return range(0)
        furthest = nearest + (self.kernel - 1 - nearest) // turn * turn
        last = (reach - nearest * self.dilation) // self.stride
        first = (reach - furthest * self.dilation) // self.stride
        return range(first, last + 1, step)

    def preimage(self, outputs: np.ndarray, size: int) -> np.ndarray:
        import numpy as np

        seen = np.zeros(size, dtype=bool)
        starts = np.arange(size) * self.stride - self.before
        # Only taps that can land inside: a kernel may be far larger than the map.
        nearest = max(0, -(int(starts[-1]) // self.dilation))
        furthest = min(self.kernel - 1, (len(outputs) - 1 - int(starts[0])) // self.dilation)
        marked = np.flatnonzero(outputs)
        if len(marked) <= furthest - nearest:
            _mark(seen, map(self.taps, marked.tolist()))
            return seen
        for tap in range(nearest, furthest + 1):
            places = starts + tap * self.dilation
            inside = (places >= 0) & (places < len(outputs))
            seen[inside] |= outputs[places[inside]]
        return seen


@dataclass(frozen=True, slots=True)
class Held:
    """One position for all: an axis of one that is stretched to the size of another tensor's (broadcasting)."""

    words: ClassVar[str] = "what its only position sees"

    def bounds(self) -> Bounds:
        return (0, (0,)), (0, (0,))

    def taps(self, position: int) -> range:
        return range(1)

    def preimage(self, outputs: np.ndarray, size: int) -> np.ndarray:
        import numpy as np

        return np.full(size, bool(outputs.any()))


@dataclass(frozen=True, slots=True)
class Whole:
    """Every output sees all positions of the axis, of which there are ``size``."""

    size: int
    words: ClassVar[str] = "all that lies along an axis"

    def bounds(self) -> Bounds:
        return (0, (0,)), (0, (self.size - 1,))

    def taps(self, position: int) -> range:
        return range(self.size)

    def preimage(self, outputs: np.ndarray, size: int) -> np.ndarray:
        import numpy as np

        return np.full(size, bool(outputs.any()))


@dataclass(frozen=True, slots=True)
class Window:
    """What an output sees of each input: one map for each spatial axis, the same for all inputs."""

    axes: tuple[AxisMap, ...]
    #: Of each axis; a field is composed of nothing else.
    bounds: tuple[Bounds | None, ...] = field(init=False, repr=False, compare=False)
    #: Of each axis its stride, and the first and last position that output 0 sees, where bounds are straight lines.
    lines: tuple[Line | None, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        bounds = tuple([axis.bounds() for axis in self.axes])
        object.__setattr__(self, "bounds", bounds)
        object.__setattr__(self, "lines", tuple([None if b is None else line_of(*b) for b in bounds]))


@dataclass(frozen=True, slots=True)
class Elementwise:
    """Every position sees itself alone; ``mixes``: any of the channels there, which are taken to be the first axis."""

    mixes: bool = False


#: Every number is by itself, wherever the channels are.
ELEMENTWISE = Elementwise()
#: What is done along the first axis: a softmax, a part of the channels.
OF_CHANNELS = Elementwise(mixes=True)


@dataclass(frozen=True, slots=True)
class Everything:
    """Every position sees all positions of the input; nothing local is left."""


@dataclass(frozen=True, slots=True)
class Permuted:
    """Output axis k is the input's axis ``order[k]``; 0 are the channels."""

    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AlongLast:
    """Every number sees all along the last axis: the channels of its position, if that is where they are."""


@dataclass(frozen=True, slots=True)
class Stretched:
    """Every number sees the one at its place, along ``axes`` that are stretched the only one there is."""

    axes: tuple[bool, ...]


#: What is seen of positions, wherever the channels are.
Local: TypeAlias = Window | Elementwise | Everything
#: What a block with one input sees, its axes counted where they stand.
Single: TypeAlias = Window | Elementwise | Everything | Permuted | AlongLast | Stretched

S_co = TypeVar("S_co", covariant=True)


@dataclass(frozen=True, slots=True)
class PerInput(Generic[S_co]):
    """Each input is seen in its own way; None: not at all, only its shape counts."""

    sights: tuple[S_co | None, ...]


Sight: TypeAlias = Single | PerInput[Single]
