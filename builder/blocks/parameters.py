"""The kinds of parameter a block (or a training setting) declares; forms and checks are made from them.

A declaration is a descriptor: on the class it is the declaration itself, on an instance the value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

from builder.shapes import TensorShape, format_shape

#: The most parts a tensor is split into.
MOST_PARTS = 64
#: The most kernels a connection table has a row for.
MOST_ROWS = 4096

T = TypeVar("T")
PerAxisValue = int | tuple[int, ...]
PaddingValue = str | int | tuple[Any, ...]


class Parameter(Generic[T]):
    """A declared parameter: PyTorch's name, the lecture's word, default, unit, and what it is for.

    ``required`` parameters are written even where they equal the default (an Input's shape).
    """

    kind = "text"
    name: str
    #: Whether it has a say beside these values of all parameters; None: always.
    relevance: Callable[[Mapping[str, Any]], bool] | None = None

    def __init__(self, default: T, *, label: str = "", help: str = "", unit: str = "") -> None:
        self.default = default
        self.label = label
        self.help = help
        self.unit = unit

    def only_where(self, relevance: Callable[[Mapping[str, Any]], bool]) -> Self:
        """Declare that it has a say only beside such values of the other parameters: a form hides it elsewhere."""
        self.relevance = relevance
        return self

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.label = self.label or name.replace("_", " ").capitalize()

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: Any, owner: type) -> Self | T:
        if instance is None:
            return self
        value: T = instance.values[self.name]
        return value

    def check(self, value: Any) -> str | None:
        """What is wrong with ``value`` (rule and values, in words), or None; lists count as tuples."""
        raise NotImplementedError

    def convert(self, value: Any) -> T:
        """A value that passed ``check``, as blocks see it: JSON's lists become tuples."""
        converted: T = _tuples(value)
        return converted

    def format(self, value: Any) -> str:
        """How a person reads the value."""
        return str(value)

    def describe(self) -> dict[str, Any]:
        """What ``blocks --json`` says of it."""
        default = list(self.default) if isinstance(self.default, tuple) else self.default
        return {"name": self.name, "type": self.kind, "default": default}


class Integer(Parameter[int]):
    """A whole number in a range."""

    kind = "int"

    def __init__(
        self,
        default: int,
        *,
        minimum: int = 1,
        maximum: int = 2**31 - 1,
        label: str = "",
        help: str = "",
        unit: str = "",
    ) -> None:
        super().__init__(default, label=label, help=help, unit=unit)
        self.minimum = minimum
        self.maximum = maximum

    def check(self, value: Any) -> str | None:
        if not _is_int(value):
            return f"needs a whole number, not {_quoted(value)}"
        return _range(value, self.minimum, self.maximum)

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "minimum": self.minimum, "maximum": self.maximum}


class Real(Parameter[float]):
    """A number in a range; ``below`` excludes the maximum itself."""

    kind = "float"

    def __init__(
        self,
        default: float,
        *,
        minimum: float = -math.inf,
        maximum: float = math.inf,
        label: str = "",
        help: str = "",
        unit: str = "",
    ) -> None:
        super().__init__(default, label=label, help=help, unit=unit)
        self.minimum = minimum
        self.maximum = maximum

    def check(self, value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return f"needs a number, not {_quoted(value)}"
        return _range(value, self.minimum, self.maximum)

    def convert(self, value: Any) -> float:
        return (
            value if isinstance(value, float) else float(value)
        )  # one that knows how it is written stays so

    def format(self, value: Any) -> str:
        return f"{value:g}"

    def describe(self) -> dict[str, Any]:
        ends = {"minimum": self.minimum, "maximum": self.maximum}
        return {**super().describe(), **{name: end for name, end in ends.items() if math.isfinite(end)}}


class OptionalReal(Parameter[float | None]):
    """A number in a range, or none: PyTorch's None."""

    kind = "optional-float"

    def __init__(
        self,
        default: float | None,
        *,
        minimum: float = -math.inf,
        maximum: float = math.inf,
        label: str = "",
        help: str = "",
        unit: str = "",
    ) -> None:
        super().__init__(default, label=label, help=help, unit=unit)
        self.minimum = minimum
        self.maximum = maximum
        self._number = Real(0.0, minimum=minimum, maximum=maximum)

    def check(self, value: Any) -> str | None:
        if value is None:
            return None
        wrong = self._number.check(value)
        return wrong.replace("needs a number,", "needs a number or none,") if wrong else None

    def convert(self, value: Any) -> float | None:
        return None if value is None else float(value)

    def format(self, value: Any) -> str:
        return "none" if value is None else self._number.format(value)

    def describe(self) -> dict[str, Any]:
        ends = {"minimum": self.minimum, "maximum": self.maximum}
        return {**super().describe(), **{name: end for name, end in ends.items() if math.isfinite(end)}}


class Flag(Parameter[bool]):
    """On or off; an expression's 0 and 1 count as such."""

    kind = "bool"

    def check(self, value: Any) -> str | None:
        return (
            None
            if value in (0, 1) and isinstance(value, int)
            else f"needs true or false, not {_quoted(value)}"
        )

    def format(self, value: Any) -> str:
        return "on" if value else "off"


class Choice(Parameter[str]):
    """One of a few words."""

    kind = "choice"

    def __init__(
        self, default: str, options: Sequence[str], *, label: str = "", help: str = "", unit: str = ""
    ) -> None:
        super().__init__(default, label=label, help=help, unit=unit)
        self.options = tuple(options)

    def check(self, value: Any) -> str | None:
        if value in self.options and isinstance(value, str):
            return None
        return f"needs one of {', '.join(self.options)}, not {_quoted(value)}"

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "options": list(self.options)}


class PerAxis(Parameter[PerAxisValue]):
    """A whole number for all spatial axes, or one for each: 3 or [3, 5]."""

    kind = "int-per-axis"

    def __init__(
        self,
        default: PerAxisValue,
        *,
        minimum: int = 1,
        maximum: int = 2**31 - 1,
        label: str = "",
        help: str = "",
        unit: str = "",
    ) -> None:
        super().__init__(default, label=label, help=help, unit=unit)
        self.minimum = minimum
        self.maximum = maximum

    def check(self, value: Any) -> str | None:
        sizes = value if isinstance(value, list | tuple) else (value,)
        if not 1 <= len(sizes) <= 3:
            return f"needs one number, or one for each of at most 3 axes, not {len(sizes)}"
        for size in sizes:
            if not _is_int(size):
                return f"needs whole numbers, not {_quoted(size)}"
            if wrong := _range(size, self.minimum, self.maximum):
                return wrong
        return None

    def format(self, value: Any) -> str:
        return format_shape(tuple(value)) if isinstance(value, list | tuple) else str(int(value))

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "minimum": self.minimum, "maximum": self.maximum}


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
            return f"needs {'same, valid or ' if self.words else ''}numbers, not {_quoted(value)}"
        axes = value if isinstance(value, list | tuple) else (value,)
        if not 1 <= len(axes) <= 3:
            return f"needs one number, or one for each of at most 3 axes, not {len(axes)}"
        for axis in axes:
            pair = isinstance(axis, list | tuple)
            if pair and (not self.sides or len(axis) != 2):
                return f"needs a number{' or [before, after]' if self.sides else ''} for each axis, not {_quoted(axis)}"
            for side in axis if pair else (axis,):
                if not _is_int(side):
                    return f"needs whole numbers, not {_quoted(side)}"
                if wrong := _range(side, 0, 2**31 - 1):
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
            return f"needs 1 to 4 sizes such as 3×224×224, not {_quoted(value)}"
        for size in value:
            if not _is_int(size):
                return f"needs whole numbers, not {_quoted(size)}"
            if not (self.rest and size == -1) and (wrong := _range(size, 1, 2**31 - 1)):
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
            return f"needs {wanted}, not {_quoted(value)}"
        for axis in value:
            if not _is_int(axis):
                return f"needs whole numbers, not {_quoted(axis)}"
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
            return f"needs from two to {MOST_PARTS} sizes such as 16, 48, or none, not {_quoted(value)}"
        for size in value:
            if not _is_int(size):
                return f"needs whole numbers, not {_quoted(size)}"
            if wrong := _range(size, 1, 2**31 - 1):
                return wrong
        return None

    def format(self, value: Any) -> str:
        return ", ".join(map(str, value))


class Table(Parameter[tuple[tuple[int, ...], ...]]):
    """For each kernel the numbers of the maps it reads, the first map being 0."""

    kind = "table"

    def check(self, value: Any) -> str | None:
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= MOST_ROWS:
            return f"needs a row for each of 1 to {MOST_ROWS:,} kernels, not {_quoted(value)}"
        for number, row in enumerate(value):
            if not isinstance(row, list | tuple) or not row:
                return f"needs at least one map in each row, and row {number} is {_quoted(row)}"
            for place, index in enumerate(row):
                if not _is_int(index) or not 0 <= index < 2**31:
                    return f"needs numbers of maps, 0 or more, and entry {place} of row {number} is {_quoted(index)}"
            if len(set(row)) < len(row):
                twice = next(index for index in row if list(row).count(index) > 1)
                return f"names each map once in a row, and row {number} names {twice} twice"
        return None

    def format(self, value: Any) -> str:
        return "; ".join(" ".join(map(str, row)) for row in value)

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "default": [list(row) for row in self.default]}


class Text(Parameter[str]):
    """A short text."""

    kind = "text"

    def check(self, value: Any) -> str | None:
        return (
            None if isinstance(value, str) and len(value) <= 1000 else f"needs a text, not {_quoted(value)}"
        )


def declared(owner: type) -> Mapping[str, Parameter[Any]]:
    """The declarations of a class and its bases, in the order they were written."""
    found: dict[str, Parameter[Any]] = {}
    for cls in reversed(owner.__mro__):
        found.update({name: value for name, value in vars(cls).items() if isinstance(value, Parameter)})
    return found


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _range(value: float, minimum: float, maximum: float) -> str | None:
    if value < minimum:
        return f"needs at least {_number(minimum)}, not {_number(value)}"
    if value > maximum:
        return f"needs at most {_number(maximum)}, not {_number(value)}"
    return None


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) and abs(value) < 10**12 else f"{float(value):g}"


def _quoted(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "…"


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value
