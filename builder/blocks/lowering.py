"""What a block becomes in PyTorch, as data: builder stays free of torch, and no text of a document becomes code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from builder.expressions import SYMBOLS


@dataclass(frozen=True, slots=True)
class Make:
    """A module made in ``__init__`` and called on the inputs in ``forward``.

    ``target`` is a class of torch ("torch.nn.Conv2d") or a helper that is emitted with the source ("helper:…").
    """

    target: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Apply:
    """A function called in ``forward``: on a list of the inputs (``packed``) or on the inputs themselves.

    Numbers are numbers here: nothing of ``__init__`` is known there.
    """

    target: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    packed: bool = False
    #: Of two arguments: called on the first two inputs, on the result and the third, and so on.
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """Part of the input: (start, stop, step) of each axis behind the batch, as Python slices."""

    slices: tuple[tuple[int | None, int | None, int], ...]


@dataclass(frozen=True, slots=True)
class Operator:
    """The inputs joined by an arithmetic operator, and the result divided by ``over``.

    ``trailing``: for each input, how many axes of one are put behind its own first.
    """

    symbol: str
    over: int = 1
    trailing: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Bare:
    """A parameter without a module around it, which the input is multiplied by; its key is the node's own path.

    ``shape`` is the parameter's, ``value`` what it is filled with at first.
    """

    shape: tuple[Any, ...]
    value: float


@dataclass(frozen=True, slots=True)
class PassOn:
    """Nothing happens: the output is the input."""


Lowering: TypeAlias = Make | Apply | Index | Operator | Bare | PassOn


def options(**pairs: tuple[Any, Any]) -> dict[str, Any]:
    """Keyword arguments from ``name=(value, PyTorch's default)``: what differs, or is an expression, is written."""
    return {
        name: value
        for name, (value, default) in pairs.items()
        if value != default or isinstance(value, SYMBOLS)
    }


def compact(sizes: tuple[Any, ...]) -> Any:
    """(3, 3) as 3, (3, 5) as it is; Symbols must be written the same way to be one."""
    first = sizes[0]
    same = all(
        size == first and getattr(size, "text", None) == getattr(first, "text", None) for size in sizes
    )
    return first if same else sizes
