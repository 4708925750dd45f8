"""Hypothesis strategies: parameters drawn from what blocks declare, tensors' shapes, and whole random documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from builder.blocks import REGISTRY, Block
from builder.blocks.parameters import (
    Choice,
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

Shape = tuple[int, ...]

#: Blocks that take tensors: every block but Input (which takes none).
TAKING = sorted(block_id for block_id, cls in REGISTRY.items() if cls.inputs and block_id != "output")


def shapes(rank: int | None = None, *, channels: int = 6, size: int = 9) -> st.SearchStrategy[Shape]:
    """A tensor's shape: ``rank`` spatial axes (0: a vector), or any number of them."""
    ranks = st.just(rank) if rank is not None else st.sampled_from((2, 2, 2, 1, 3, 0))
    several = st.integers(1, channels) | st.sampled_from((4, 4, 8, 9))  # what groups and squares divide
    return ranks.flatmap(lambda axes: st.tuples(several, *[st.integers(1, size)] * axes))


def value_of(parameter: Parameter[Any], axes: int) -> st.SearchStrategy[Any]:
    """A value that ``parameter`` accepts, small where it may be large; lists now and then of the wrong length."""
    match parameter:
        case Integer():
            low = max(parameter.minimum, -4)
            return st.integers(low, min(parameter.maximum, low + 7))
        case Real() | OptionalReal():
            low = parameter.minimum if parameter.minimum > -1e6 else -1.0
            high = parameter.maximum if parameter.maximum < 1e6 else low + 1.0
            numbers = st.floats(low, high) | st.sampled_from((low, high))
            return numbers | st.none() if isinstance(parameter, OptionalReal) else numbers
        case Flag():
            return st.booleans()
        case Choice():
            return st.sampled_from(parameter.options)
        case PerAxis():
            number = st.integers(parameter.minimum, min(parameter.maximum, parameter.minimum + 4))
            return number | _list(number, axes)
        case Padding():
            side = st.integers(0, 4)
            forms = [side, _list(side, axes)]
            if parameter.words:
                forms += [st.sampled_from(("same", "valid"))] * 2
            if parameter.sides:
                pair = st.lists(side, min_size=2, max_size=2)
                forms.append(_list(pair | side, axes))
            return st.one_of(forms)
        case Order():
            named = st.sampled_from(parameter.words)
            return st.permutations(range(1, max(axes, 0) + 2)) | st.just([1, 2]) | named
        case Table():
            row = st.lists(st.integers(0, 4), min_size=1, max_size=3, unique=True)
            return st.lists(row, min_size=1, max_size=4)
        case Sizes():
            return st.just([]) | st.lists(st.integers(1, 4), min_size=2, max_size=4)
        case ShapeValue(rest=True):
            sizes = st.sampled_from((1, 2, 2, 3, 4, 6))
            rest = st.lists(sizes, max_size=3).flatmap(lambda some: st.permutations([-1, *some]))
            return rest | st.lists(sizes, min_size=1, max_size=4)
        case ShapeValue():
            return shapes().map(list)
        case Text():
            return st.text(max_size=20)
    raise AssertionError(f"draw values of {type(parameter).__name__} here")


def _list(item: st.SearchStrategy[Any], axes: int) -> st.SearchStrategy[list[Any]]:
    lengths = st.sampled_from([max(axes, 1)] * 8 + [1, 2, 3])
    return lengths.flatmap(lambda length: st.lists(item, min_size=length, max_size=length))


@st.composite
def parameters_of(draw: st.DrawFn, cls: type[Block], axes: int) -> dict[str, Any]:
    """Some of a block's parameters, as a document would hold them."""
    names = list(cls.parameters())
    chosen = draw(st.lists(st.sampled_from(names), unique=True)) if names else []
    return {name: draw(value_of(cls.parameters()[name], axes)) for name in names if name in chosen}


@st.composite
def arriving(draw: st.DrawFn, cls: type[Block]) -> list[Shape]:
    """Shapes at a block's inputs, mostly of a rank it takes; at a merge mostly alike, and now and then not."""
    first = draw(shapes(draw(st.sampled_from([rank - 1 for rank in cls.ranks] * 4 + [0, 1, 2, 3]))))
    others: list[Shape] = []
    for _ in range(draw(st.integers(1, 3)) if cls.variadic else len(cls.inputs) - 1):
        kind = draw(st.sampled_from(("same", "same", "channels", "gate", "any")))
        if kind == "same":
            others.append(first)
        elif kind == "gate":  # a vector, or axes of one here and there
            gates = st.tuples(*[st.sampled_from((1, size)) for size in first])
            others.append(draw(st.just(first[:1]) | gates))
        elif kind == "channels":
            others.append((draw(st.integers(1, 6)), *first[1:]))
        else:
            others.append(draw(shapes()))
    return [first, *others]


@st.composite
def placed_block(draw: st.DrawFn, ids: Sequence[str] = TAKING) -> tuple[str, dict[str, Any], list[Shape]]:
    """(block id, parameters, arriving shapes): valid or not."""
    block_id = draw(st.sampled_from(list(ids)))
    cls = REGISTRY[block_id]
    inputs = draw(arriving(cls))
    return block_id, draw(parameters_of(cls, len(inputs[0]) - 1)), inputs
