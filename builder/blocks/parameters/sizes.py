"""Several numbers that go together: padding, shapes, orders of axes, parts, and tables of connections."""

from __future__ import annotations

from typing import Any, ClassVar

from builder.blocks.parameters.base import Parameter, is_whole, out_of_range, quoted
from builder.blocks.parameters.ranged import MOST
from builder.shapes import TensorShape, format_shape

#: The most parts a tensor is split into.
MOST_PARTS = 64
#: The most kernels a connection table has a row for.
MOST_ROWS = 4096

PaddingValue = str | int | tuple[Any, ...]


class Padding(Parameter[PaddingValue]):
    """``valid``, ``same``, a number, a number for each axis, or [before, after] for each axis.

    ``words`` and ``sides`` say whether the words and the per-side form are accepted.
    """

    kind = "padding"

    def __init__(
        self,
        default: PaddingValue = 0,
        *,
        words: bool = True,
        sides: bool = True,
        label: str = "Padding",
        help: str = "",
    ) -> None:
        super().__init__(default, label=label, help=help, unit="px")
        self.words = words
        self.sides = sides
        self.minimum = 0

    def check(self, value: Any) -> str | None:
        if isinstance(value, str):
            if self.words and value in ("same", "valid"):
                return None
            return f"needs {'same, valid or ' if self.words else ''}numbers, not {quoted(value)}"
        axes = value if isinstance(value, list | tuple) else (value,)
        if not 1 <= len(axes) <= 3:
            return f"needs one number, or one for each of at most 3 axes, not {len(axes)}"
        for axis in axes:
            pair = isinstance(axis, list | tuple)
            if pair and (not self.sides or len(axis) != 2):
                return f"needs a number{' or [before, after]' if self.sides else ''} for each axis, not {quoted(axis)}"
            for side in axis if pair else (axis,):
                if not is_whole(side):
                    return f"needs whole numbers, not {quoted(side)}"
                if wrong := out_of_range(side, 0, MOST):
                    return wrong
        return None

    def format(self, value: Any) -> str:
        if isinstance(value, list | tuple):
            return "×".join(f"{v[0]}+{v[1]}" if isinstance(v, list | tuple) else str(v) for v in value)
        return str(value)


class ShapeValue(Parameter[TensorShape]):
    """A tensor's shape without the batch: [C, H, W], [C, L], [C, D, H, W] or [N].

    ``rest``: one of the sizes may be −1, which stands for what is left.
    """

    kind = "shape"

    def __init__(
        self, default: TensorShape, *, rest: bool = False, label: str = "", help: str = "", unit: str = ""
    ) -> None:
        super().__init__(default, label=label, help=help, unit=unit)
        self.rest = rest

    def check(self, value: Any) -> str | None:
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= 4:
            return f"needs 1 to 4 sizes such as 3×224×224, not {quoted(value)}"
        for size in value:
            if not is_whole(size):
                return f"needs whole numbers, not {quoted(size)}"
            if not (self.rest and size == -1) and (wrong := out_of_range(size, 1, MOST)):
                return wrong
        if list(value).count(-1) > 1:
            return f"can leave one size open, not {list(value).count(-1)}"
        return None

    def format(self, value: Any) -> str:
        return format_shape(tuple(value))


class Order(ShapeValue):
    """The axes 1, 2, … of a tensor, each once, in any order; or a word, for as many axes as there are."""

    kind = "order"
    #: The first axis behind all others, and the last before them.
    words: ClassVar[tuple[str, ...]] = ("channels_last", "channels_first")

    def check(self, value: Any) -> str | None:
        if isinstance(value, str) and value in self.words:
            return None
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= 4:
            wanted = f"{', '.join(self.words)} or the numbers of the axes such as 1, 3, 2"
            return f"needs {wanted}, not {quoted(value)}"
        for axis in value:
            if not is_whole(axis):
                return f"needs whole numbers, not {quoted(axis)}"
        if sorted(value) != list(range(1, len(value) + 1)):
            return f"needs each of the axes 1 to {len(value)} once, not {self.format(value)}"
        return None

    def format(self, value: Any) -> str:
        return value.replace("_", " ") if isinstance(value, str) else ", ".join(map(str, value))


class Sizes(ShapeValue):
    """At least two sizes, or none."""

    kind = "sizes"

    def check(self, value: Any) -> str | None:
        if not isinstance(value, list | tuple) or len(value) == 1 or len(value) > MOST_PARTS:
            return f"needs from two to {MOST_PARTS} sizes such as 16, 48, or none, not {quoted(value)}"
        for size in value:
            if not is_whole(size):
                return f"needs whole numbers, not {quoted(size)}"
            if wrong := out_of_range(size, 1, MOST):
                return wrong
        return None

    def format(self, value: Any) -> str:
        return ", ".join(map(str, value))


class Table(Parameter[tuple[tuple[int, ...], ...]]):
    """For each kernel the numbers of the maps it reads, the first map being 0."""

    kind = "table"

    def check(self, value: Any) -> str | None:
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= MOST_ROWS:
            return f"needs a row for each of 1 to {MOST_ROWS:,} kernels, not {quoted(value)}"
        for number, row in enumerate(value):
            if not isinstance(row, list | tuple) or not row:
                return f"needs at least one map in each row, and row {number} is {quoted(row)}"
            for place, index in enumerate(row):
                if not is_whole(index) or not 0 <= index <= MOST:
                    return f"needs numbers of maps, 0 or more, and entry {place} of row {number} is {quoted(index)}"
            if len(set(row)) < len(row):
                twice = next(index for index in row if list(row).count(index) > 1)
                return f"names each map once in a row, and row {number} names {twice} twice"
        return None

    def format(self, value: Any) -> str:
        return "; ".join(" ".join(map(str, row)) for row in value)

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "default": [list(row) for row in self.default]}
