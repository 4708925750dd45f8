"""What all kinds of parameter have in common: declared on a class, a value on its instances."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


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


def declared(owner: type) -> Mapping[str, Parameter[Any]]:
    """The declarations of a class and its bases, in the order they were written."""
    found: dict[str, Parameter[Any]] = {}
    for cls in reversed(owner.__mro__):
        found.update({name: value for name, value in vars(cls).items() if isinstance(value, Parameter)})
    return found


def is_whole(value: Any) -> bool:
    """Whether it is a whole number; a switch is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def out_of_range(value: float, minimum: float, maximum: float) -> str | None:
    """What is wrong with a number that has to lie in a range, or None."""
    if value < minimum:
        return f"needs at least {_number(minimum)}, not {_number(value)}"
    if value > maximum:
        return f"needs at most {_number(maximum)}, not {_number(value)}"
    return None


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) and abs(value) < 10**12 else f"{float(value):g}"


def quoted(value: Any) -> str:
    """A value in a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "…"


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value
