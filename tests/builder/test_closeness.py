"""What is found by a few letters, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.closeness import closeness, plain, ranked


def test_the_nearer_the_name_the_better() -> None:
    names = ["conv", "conv2", "my conv", "deconv", "c_o_n_v", "linear"]
    scores = [closeness("conv", name) for name in names]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(names)
    assert scores[-1] == 0


@pytest.mark.parametrize("text", ["layer1.0.conv1", "a-conv1", "a/conv1", "a_conv1"])
def test_every_step_of_a_path_begins_a_word(text: str) -> None:
    assert closeness("conv1", text) == closeness("conv1", "a conv1")
    assert closeness("c", text) > closeness("v1", text) > 0


@given(st.text(max_size=8), st.text(max_size=20))
def test_it_is_between_nothing_and_the_same(word: str, text: str) -> None:
    assert 0 <= closeness(plain(word), plain(text)) <= 1
    assert closeness(text, text) == (1 if text else 0.01)


def found(query: str, among: list[str]) -> list[str]:
    return ranked(query, among, lambda text: [(text, 1.0)])


def test_all_words_must_fit_in_any_order_and_equals_keep_theirs() -> None:
    among = ["Align left", "Align right", "Left panel", "Zoom in"]
    assert found("", among) == among
    assert found("left al", among) == ["Align left"]
    assert found("ALIGN", among) == ["Align left", "Align right"]
    assert found("xyz", among) == []


def test_a_text_that_counts_less_comes_later() -> None:
    texts = {"by title": [("conv", 1.0), ("x", 0.5)], "by the way": [("x", 1.0), ("conv", 0.5)]}
    assert ranked("conv", ["by the way", "by title"], texts.__getitem__) == ["by title", "by the way"]
