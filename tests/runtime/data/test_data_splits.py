"""Splits: disjoint, covering, stratified, and a function of labels and seed alone."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from runtime.data.splits import permutation, stratified

LABELS = hnp.arrays(np.int64, st.integers(0, 200), elements=st.integers(0, 7))
WEIGHTS = st.sampled_from([(3, 1, 1), (11, 1), (1, 1), (1,), (8, 1, 1)])
SEEDS = st.integers(0, 2**40)


@given(LABELS, WEIGHTS, SEEDS)
def test_parts_are_disjoint_and_cover_everything(
    labels: np.ndarray, weights: tuple[int, ...], seed: int
) -> None:
    parts = stratified(labels, weights, seed)
    assert len(parts) == len(weights)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    assert all(np.all(np.diff(part) > 0) for part in parts)


@given(LABELS, WEIGHTS, SEEDS)
def test_every_class_is_within_one_sample_of_its_share(
    labels: np.ndarray, weights: tuple[int, ...], seed: int
) -> None:
    for weight, part in zip(weights, stratified(labels, weights, seed), strict=True):
        for label in range(8):
            share = np.sum(labels == label) * weight / sum(weights)
            assert abs(np.sum(labels[part] == label) - share) < 1


@given(LABELS, WEIGHTS, SEEDS)
def test_every_class_is_in_the_training_part(labels: np.ndarray, weights: tuple[int, ...], seed: int) -> None:
    assert set(labels[stratified(labels, weights, seed)[0]].tolist()) == set(labels.tolist())


def test_totals_stay_near_the_wanted_shares() -> None:
    labels = np.repeat(np.arange(100), 4)  # 2.4 / 0.8 / 0.8 of each
    sizes = [len(part) for part in stratified(labels, (3, 1, 1), 0)]
    assert sizes == [240, 80, 80]


@given(LABELS, SEEDS)
def test_only_the_seed_decides(labels: np.ndarray, seed: int) -> None:
    first = stratified(labels, (3, 1, 1), seed)
    np.random.default_rng().random(3)
    random.random()
    again = stratified(labels, (3, 1, 1), seed)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_another_seed_gives_another_split() -> None:
    labels = np.zeros(100, np.int64)
    assert not np.array_equal(stratified(labels, (3, 1, 1), 0)[0], stratified(labels, (3, 1, 1), 1)[0])


@pytest.mark.parametrize(("seed", "order"), [(0, [3, 2, 1, 6, 0, 7, 4, 5]), (1, [2, 4, 7, 5, 0, 6, 3, 1])])
def test_the_permutation_never_changes(seed: int, order: list[int]) -> None:
    """A later numpy, or another machine, must not change what a seed means: PCG64's raw stream is promised."""
    assert permutation(8, seed).tolist() == order
