"""Shifts move pictures by whole pixels and nothing else."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtime.training.augmentation import draw_offsets, shifted


@given(st.data(), st.lists(st.integers(1, 6), min_size=1, max_size=3), st.integers(1, 3), st.integers(1, 4))
def test_each_sample_moves_by_its_own_offset_and_the_border_repeats(data, sizes, channels, samples):
    x = torch.arange(samples * channels * torch.Size(sizes).numel()).view(samples, channels, *sizes)
    offset = st.integers(-7, 7)
    rows = st.lists(st.tuples(*[offset] * len(sizes)), min_size=samples, max_size=samples)
    offsets = torch.tensor(data.draw(rows))
    moved = shifted(x, offsets)
    assert moved.shape == x.shape
    for n in range(samples):
        want = x[n]
        for axis, size in enumerate(sizes):
            places = [min(max(i - int(offsets[n, axis]), 0), size - 1) for i in range(size)]
            want = want.index_select(axis + 1, torch.tensor(places))
        assert torch.equal(moved[n], want)


def test_offsets_are_a_function_of_seed_and_epoch_and_reach_both_ends():
    first = draw_offsets(500, (28, 10), 0.07, 3, 1)
    assert torch.equal(first, draw_offsets(500, (28, 10), 0.07, 3, 1))
    assert not torch.equal(first, draw_offsets(500, (28, 10), 0.07, 3, 2))
    assert sorted(set(first[:, 0].tolist())) == [-2, -1, 0, 1, 2]
    assert sorted(set(first[:, 1].tolist())) == [-1, 0, 1]


@pytest.mark.parametrize(("sizes", "share"), [((28, 28), 0.0), ((4, 4), 0.07), ((), 0.5)])
def test_nothing_is_drawn_where_nothing_moves(sizes, share):
    assert draw_offsets(10, sizes, share, 0, 1) is None
