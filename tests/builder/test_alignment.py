"""Branches of a merge that look at different places are told, with the numbers; all others are left in peace."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.analysis import analyze
from builder.architectures import ARCHITECTURES
from builder.document import Document
from builder.sketch import Sketch


def _two_branches(
    one: dict[str, Any],
    other: dict[str, Any],
    size: int,
    blocks: tuple[str, str] = ("conv", "conv"),
    dims: int = 1,
) -> Document:
    net = Sketch()
    x = net.input((4, *[size] * dims))
    a = net.add("left", blocks[0], x, **one)
    b = net.add("right", blocks[1], x, **other)
    net.output(net.add("meet", "concat", a, b))
    return Document("branches", net.graph)


def _advice(document: Document) -> str:
    found = [p for p in analyze(document).problems if p.code == "branches-misaligned"]
    assert len(found) <= 1
    assert all(problem.severity == "advice" for problem in found)
    return found[0].message if found else ""


def test_centres_that_differ_are_told_in_pixels() -> None:
    strided = {"kernel_size": 3, "stride": 2, "padding": 1}
    message = _advice(_two_branches(strided, {"kernel_size": 2, "stride": 2}, 16, ("conv", "max_pool")))
    assert "'left' is centred on pixel 0 at position 0, 'right' on pixel 0.5" in message
    assert "along width" in message or "along length" in message


def test_jumps_that_differ_are_told() -> None:
    message = _advice(_two_branches({"kernel_size": 1, "stride": 2}, {"kernel_size": 5}, 9))
    assert "'left' moves 2 px of the input from one position to the next, 'right' moves 1 px" in message


@given(st.integers(0, 3), st.integers(0, 3), st.integers(1, 3), st.integers(1, 3))
def test_odd_kernels_padded_to_the_same_size_are_aligned(a: int, b: int, stride: int, dilation: int) -> None:
    branches = [
        {"kernel_size": 2 * half + 1, "padding": half * dilation, "stride": stride, "dilation": dilation}
        for half in (a, b)
    ]
    assert not _advice(_two_branches(branches[0], branches[1], 24))


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 4), st.integers(0, 4))
def test_advice_is_given_where_the_middles_differ(k: int, m: int, before: int, more: int) -> None:
    # Two windows over the same map that give equally many outputs, each with its own border.
    one = {"kernel_size": k, "padding": [[before, before + k]]}
    size = 12 + 2 * before
    shortfall = size + m - 1 - 12 - more
    if shortfall < 0:
        return
    other = {"kernel_size": m, "padding": [[more, shortfall]]}
    document = _two_branches(one, other, 12)
    if analyze(document).ok:
        middles_differ = (k - 1) - 2 * before != (m - 1) - 2 * more
        causal = before == k - 1 and more == m - 1
        assert bool(_advice(document)) == (middles_differ and not causal)


def test_branches_that_look_back_from_the_same_moment_are_aligned() -> None:
    """Over time; in a picture a shift is a shift."""
    causal = {"kernel_size": 3, "dilation": 4, "padding": [[8, 0]]}
    assert not _advice(_two_branches(causal, {"kernel_size": 1}, 24))
    assert "'left' is centred on pixel −4" in _advice(
        _two_branches({**causal, "padding": [[8, 0], [8, 0]]}, {"kernel_size": 1}, 24, dims=2)
    )
    late = {"kernel_size": 3, "dilation": 4, "padding": [[7, 1]]}
    assert "'left' is centred on pixel −3" in _advice(_two_branches(late, {"kernel_size": 1}, 24))


def test_sums_along_an_axis_have_no_centre_there() -> None:
    along = {"over": "last", "out_features": 9}
    document = _two_branches(along, {"kernel_size": 3, "padding": 1}, 9, ("linear", "conv"), dims=2)
    assert analyze(document).ok
    assert not _advice(document)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_the_architectures_are_aligned(name: str) -> None:
    assert not _advice(ARCHITECTURES[name].build())
