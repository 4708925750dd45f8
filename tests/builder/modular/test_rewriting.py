"""Names in expressions replaced: what has a value is worked out, and what is left means the same as before."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from builder.expressions import ExpressionError, parse
from builder.modular.rewriting import Meaning, substituted


@pytest.mark.parametrize(
    ("text", "meanings", "wanted"),
    [
        ("=4*width", {"width": 16}, 64),
        ("=4*width", {"width": "=2 * size"}, "=4 * (2 * size)"),
        ("=4*width", {"width": "width"}, "=4*width"),
        ("=4*width", {"other": 3}, "=4*width"),
        ("=width - 1", {"width": "=size"}, "=size - 1"),
        ("=rate", {"rate": 0.25}, 0.25),
        ("=1 - rate", {"rate": 0.25}, 0.75),
        ("=-width", {"width": -3}, 3),
        ("=size * width", {"width": -3}, "=size * -3"),
        ("=width if deep else 0", {"deep": True}, "=width"),
        ("=width if deep else 0", {"deep": False}, 0),
        ("=width if deep and big else 0", {"deep": True}, "=width if big else 0"),
        ("=max(width, 8)", {"width": 16}, 16),
        ("=max(width, in_channels)", {"width": 16}, "=max(16, in_channels)"),
        ("=deep and big", {"deep": True}, "=big and 1"),  # 1 where big is 2
        ("=deep or big > 3", {"deep": False}, "=big > 3"),
        ("=deep or big", {"deep": True}, 1),
        ("=4 // width + other", {"width": 0}, "=4 // 0 + other"),
    ],
)
def test_values_are_put_in_and_worked_out(text: str, meanings: dict[str, Meaning], wanted: object) -> None:
    found = substituted(text, meanings)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("text", "meanings", "wanted"),
    [
        ("deep and big", {"deep": True}, "=big"),
        ("stride != 1 or in_channels != width", {"stride": 1, "width": 64}, "=in_channels != 64"),
        ("stride != 1 or in_channels != width", {"stride": 2}, 1),
        ("not (deep and big)", {"deep": True}, "=not big"),
        ("a if deep and b else c", {"deep": True}, "=a if b else c"),
    ],
)
def test_of_a_condition_it_matters_only_whether_it_is_met(
    text: str, meanings: dict[str, Meaning], wanted: object
) -> None:
    assert substituted(text, meanings, truth=True) == wanted


def test_what_has_no_place_in_an_expression_is_refused() -> None:
    with pytest.raises(ExpressionError, match=r"0\.5"):
        substituted("=rate if deep else 0", {"rate": 0.5})
    with pytest.raises(ExpressionError, match="at most 200 characters"):
        substituted("=a + a + a", {"a": "=" + " + ".join(["width"] * 20)})


_NAMES = ("a", "b", "c")


def _expressions() -> st.SearchStrategy[str]:
    def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pair = st.tuples(inner, inner)
        binary = st.tuples(pair, st.sampled_from(("+", "-", "*", "//", "%", "==", "<", "and", "or")))
        return (
            binary.map(lambda found: f"({found[0][0]} {found[1]} {found[0][1]})")
            | inner.map(lambda text: f"(not {text})")
            | inner.map(lambda text: f"(-{text})")
            | pair.map(lambda found: f"max({', '.join(found)})")
            | st.tuples(inner, inner, inner).map(lambda found: f"({found[0]} if {found[1]} else {found[2]})")
        )

    return st.recursive(st.sampled_from(_NAMES) | st.integers(0, 9).map(str), grow, max_leaves=8)


_VALUES = st.fixed_dictionaries({name: st.integers(-3, 9) for name in _NAMES})


@given(_expressions(), _expressions(), _VALUES, st.booleans())
def test_it_means_the_same_with_any_values(
    text: str, inner: str, values: dict[str, int], truth: bool
) -> None:
    assume(max(len(text) * len(inner), len(inner)) < 150)
    meanings: dict[str, Meaning] = {"a": f"={inner}", "b": values["b"]}
    try:
        wanted = parse(text).evaluate({**values, "a": parse(inner).evaluate(values)})
    except ExpressionError:
        return  # a part that fails may be worked out of it
    found = substituted(text, meanings, truth=truth)
    if isinstance(found, str):
        found = parse(found).evaluate(values)
    assert bool(found) == bool(wanted) if truth else found == wanted
