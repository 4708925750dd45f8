"""Views as PyTorch makes them: where a slice, a permutation or a reshape lies, and when it has to be copied."""

from __future__ import annotations

from math import prod

import torch
from hypothesis import given
from hypothesis import strategies as st

from builder.strides import contiguous, in_rows, is_contiguous, permuted, reshaped, sliced

Shape = tuple[int, ...]


@st.composite
def laid_out(draw: st.DrawFn) -> tuple[torch.Tensor, tuple[int, ...]]:
    """A tensor of two samples, sliced and perhaps permuted, with the strides that are said of it."""
    shape = tuple(draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)))
    x, strides = torch.zeros(2, *shape), contiguous(shape)
    for _ in range(draw(st.integers(0, 2))):
        axis = draw(st.integers(1, len(shape)))
        start, step = draw(st.integers(0, x.shape[axis] - 1)), draw(st.integers(1, 2))
        stop = draw(st.integers(start + 1, x.shape[axis]))
        x = x[(slice(None),) * axis + (slice(start, stop, step),)]
        strides = sliced(strides, axis, step)
    if draw(st.booleans()):
        order = (0, *draw(st.permutations(range(1, len(shape) + 1))))
        x, strides = x.permute(order), permuted(strides, order)
    return x, strides


def _tell_the_same(shape: Shape, ours: tuple[int, ...], theirs: tuple[int, ...]) -> bool:
    """The step of an axis with one position says nothing."""
    return all(size == 1 or a == b for size, a, b in zip(shape, ours, theirs, strict=True))


@given(laid_out())
def test_parts_and_permutations_lie_where_pytorch_puts_them(
    found: tuple[torch.Tensor, tuple[int, ...]],
) -> None:
    x, strides = found
    assert _tell_the_same(tuple(x.shape), strides, x.stride())
    assert is_contiguous(tuple(x.shape[1:]), strides) == x.is_contiguous()


@given(laid_out())
def test_a_batch_lies_in_rows_where_it_is_a_matrix_without_a_copy(
    found: tuple[torch.Tensor, tuple[int, ...]],
) -> None:
    x, strides = found
    matrix = x.reshape(-1, x.shape[-1])
    assert in_rows(tuple(x.shape[1:]), strides) == (matrix.data_ptr() == x.data_ptr())


@given(laid_out(), st.data())
def test_a_reshape_is_a_view_where_pytorch_needs_no_copy(
    found: tuple[torch.Tensor, tuple[int, ...]], data: st.DataObject
) -> None:
    x, strides = found
    shape = tuple(x.shape[1:])
    wanted = [1] * data.draw(st.integers(1, 4))
    rest = prod(shape)
    for prime in (2, 3, 5):
        while rest % prime == 0:
            wanted[data.draw(st.integers(0, len(wanted) - 1))] *= prime
            rest //= prime
    y = x.reshape(2, *wanted)
    steps = reshaped(shape, strides, tuple(wanted))
    assert (steps is not None) == (y.data_ptr() == x.data_ptr())
    if steps is not None:
        assert _tell_the_same(tuple(y.shape), steps, y.stride())
