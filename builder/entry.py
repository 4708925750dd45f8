"""What people type into a field or a command, as a value, and back: ``1,024``, ``3 × 3``, ``1×28×28``, ``=4*width``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from builder.blocks.parameters import (
    Flag,
    Integer,
    OptionalReal,
    Order,
    Padding,
    Parameter,
    PerAxis,
    Real,
    ShapeValue,
    Sizes,
    Table,
    Text,
)
from builder.expressions import ExpressionError, is_expression, resolve

_TIMES = re.compile(r"\s*[×x*,;]\s*|\s+")
_WHOLE = re.compile(r"[+-]?\d+")
_TRUTH = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


class EntryError(ValueError):
    """Why a text is no value for a field, in words."""


class Condition(Text):
    """An expression of the names that are known where it stands, with or without the leading ``=``; may be empty."""

    kind = "condition"


def parse(parameter: Parameter[Any], text: str, names: Mapping[str, float] | None = None) -> Any:
    """The value a text means, checked by its declaration; raises EntryError with what is wrong.

    ``names``: what an expression (``=…``) may use, with the values it has now; None where no expression is allowed.
    """
    text = text.strip()
    if isinstance(parameter, Condition):
        text = text.removeprefix("=").strip()
        if text:
            _resolved(text, names)
        return text
    if text.startswith("="):
        return _expression(parameter, text, names)
    value = _literal(parameter, text)
    if wrong := parameter.check(value):
        raise EntryError(sentence(wrong))
    return value


def show(parameter: Parameter[Any], value: Any, dims: int | None = None) -> str:
    """A value as a field shows it; one number for all of ``dims`` axes is written for each: ``3 × 3``."""
    if is_expression(value):
        return str(value)
    if isinstance(parameter, Integer) and isinstance(value, int):
        return f"{value:,}"
    if isinstance(parameter, Real | OptionalReal) and isinstance(value, int | float):
        return real(value)
    if isinstance(parameter, PerAxis | Padding) and isinstance(value, int) and dims:
        value = (value,) * dims
    if isinstance(parameter, Order | Sizes | Table | OptionalReal):
        return parameter.format(value)
    if isinstance(value, list | tuple):
        return " × ".join(_side(part) for part in value)
    return str(value)


def real(value: float) -> str:
    """A number as short as it can be written: ``0.001``, ``1e-05``, ``3``."""
    return repr(float(value)).removesuffix(".0")


def sentence(text: str) -> str:
    """A finding with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def unified(value: Any) -> Any:
    """``3`` for ``(3, 3)``: one number where all axes have the same."""
    if isinstance(value, list | tuple) and len(value) > 1 and all(part == value[0] for part in value):
        return value[0] if isinstance(value[0], int) else value
    return value


def _side(part: Any) -> str:
    return "+".join(str(side) for side in part) if isinstance(part, list | tuple) else str(part)


def _expression(parameter: Parameter[Any], text: str, names: Mapping[str, float] | None) -> str:
    value = _resolved(text, names)
    if wrong := parameter.check(value):
        raise EntryError(sentence(f"it is {value} here, and {wrong}"))
    return text


def _resolved(text: str, names: Mapping[str, float] | None) -> Any:
    if names is None:
        raise EntryError("An expression is not allowed here.")
    try:
        return resolve(f"={text.removeprefix('=')}", names)
    except ExpressionError as error:
        known = f" Known here: {', '.join(names)}." if names else ""
        raise EntryError(sentence(str(error)) + known) from None


def _literal(parameter: Parameter[Any], text: str) -> Any:
    if isinstance(parameter, Integer):
        return _whole(text, thousands=True)
    if isinstance(parameter, Real):
        return _real(text)
    if isinstance(parameter, Flag):
        return _TRUTH.get(text.lower(), text)
    if isinstance(parameter, OptionalReal):
        return None if text.lower() == "none" else _real(text, "a number such as 0.001, or none")
    if isinstance(parameter, Table):
        return [_list(row) for row in re.split(r"\s*;\s*", text.strip("; "))]
    if isinstance(parameter, Sizes) and not text:
        return []
    if isinstance(parameter, Order) and (word := text.lower().replace(" ", "_")) in parameter.words:
        return word
    if isinstance(parameter, ShapeValue):
        return _list(text)
    if isinstance(parameter, PerAxis):
        return _single(_list(text))
    if isinstance(parameter, Padding):
        return text.lower() if text.isalpha() else _single([_sides(part) for part in _TIMES.split(text)])
    return text


def _list(text: str) -> list[int]:
    return [_whole(part) for part in _TIMES.split(text)]


def _single(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 and not isinstance(values[0], list) else values


def _sides(text: str) -> Any:
    parts = [_whole(part.strip()) for part in text.split("+")]
    return parts if len(parts) > 1 else parts[0]


def _whole(text: str, *, thousands: bool = False) -> int:
    plain = re.sub(r"(?<=\d)[,_\u2009\u202f ](?=\d{3}(?!\d))", "", text) if thousands else text
    if not text:
        raise EntryError("A number belongs here.")
    if not _WHOLE.fullmatch(plain) or len(plain) > 18:
        raise EntryError(f"Needs a whole number, not “{text[:20]}”.")
    return int(plain)


def _real(text: str, wanted: str = "a number such as 0.001 or 1e-3") -> float:
    if not text:
        raise EntryError("A number belongs here.")
    try:
        return float(text.replace("−", "-").replace("_", "x"))
    except ValueError:
        raise EntryError(f"Needs {wanted}, not “{text[:20]}”.") from None
