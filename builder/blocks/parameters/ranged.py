"""Numbers in a range: whole or real, one or none, one for each axis."""

from __future__ import annotations

import math
from typing import Any, Generic, TypeVar

from builder.blocks.parameters.base import Parameter, T, is_whole, out_of_range, quoted
from builder.shapes import format_shape

PerAxisValue = int | tuple[int, ...]
N = TypeVar("N", int, float)

#: The largest whole number that a parameter can be.
MOST = 2**31 - 1


class Ranged(Parameter[T], Generic[T, N]):
    """Numbers in a range, both ends included; ``stock``: the ends where a declaration says nothing else."""

    stock: tuple[N, N]

    def __init__(
        self,
        default: T,
        *,
        minimum: N | None = None,
        maximum: N | None = None,
        label: str = "",
        help: str = "",
        unit: str = "",
    ) -> None:
        super().__init__(default, label=label, help=help, unit=unit)
        lowest, highest = self.stock
        self.minimum: N = lowest if minimum is None else minimum
        self.maximum: N = highest if maximum is None else maximum

    def describe(self) -> dict[str, Any]:
        ends = {"minimum": self.minimum, "maximum": self.maximum}
        return {**super().describe(), **{name: end for name, end in ends.items() if math.isfinite(end)}}


class Integer(Ranged[int, int]):
    """A whole number in a range."""

    kind = "int"
    stock = (1, MOST)

    def check(self, value: Any) -> str | None:
        if not is_whole(value):
            return f"needs a whole number, not {quoted(value)}"
        return out_of_range(value, self.minimum, self.maximum)


class Real(Ranged[float, float]):
    """A number in a range."""

    kind = "float"
    stock = (-math.inf, math.inf)

    def check(self, value: Any) -> str | None:
        return _check_number(value, self.minimum, self.maximum)

    def convert(self, value: Any) -> float:
        # one that knows how it is written stays so
        return value if isinstance(value, float) else float(value)

    def format(self, value: Any) -> str:
        return f"{value:g}"


class OptionalReal(Ranged[float | None, float]):
    """A number in a range, or none: PyTorch's None."""

    kind = "optional-float"
    stock = (-math.inf, math.inf)

    def check(self, value: Any) -> str | None:
        return None if value is None else _check_number(value, self.minimum, self.maximum, "a number or none")

    def convert(self, value: Any) -> float | None:
        return None if value is None else float(value)

    def format(self, value: Any) -> str:
        return "none" if value is None else f"{value:g}"


class PerAxis(Ranged[PerAxisValue, int]):
    """A whole number for all spatial axes, or one for each: 3 or [3, 5]."""

    kind = "int-per-axis"
    stock = (1, MOST)

    def check(self, value: Any) -> str | None:
        sizes = value if isinstance(value, list | tuple) else (value,)
        if not 1 <= len(sizes) <= 3:
            return f"needs one number, or one for each of at most 3 axes, not {len(sizes)}"
        for size in sizes:
            if not is_whole(size):
                return f"needs whole numbers, not {quoted(size)}"
            if wrong := out_of_range(size, self.minimum, self.maximum):
                return wrong
        return None

    def format(self, value: Any) -> str:
        return format_shape(tuple(value)) if isinstance(value, list | tuple) else str(int(value))


def _check_number(value: Any, minimum: float, maximum: float, wanted: str = "a number") -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return f"needs {wanted}, not {quoted(value)}"
    return out_of_range(value, minimum, maximum)
