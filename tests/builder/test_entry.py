"""Texts and values: what is shown can be typed, what is typed is checked, what is wrong is said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from builder.convention import Convention
from builder.entry import Condition, EntryError, parse, show, unified
from builder.figures import ago, count, short, size, thousands, work


def _plain(value: Any) -> Any:
    return tuple(_plain(part) for part in value) if isinstance(value, list | tuple) else value


sizes = st.integers(1, 10**6)
sides = st.one_of(st.integers(0, 99), st.tuples(st.integers(0, 99), st.integers(0, 99)))

kinds: list[tuple[Parameter[Any], st.SearchStrategy[Any]]] = [
    (Integer(1), st.integers(1, 2**31 - 1)),
    (Real(0.0), st.floats(allow_nan=False, allow_infinity=False)),
    (Flag(False), st.booleans()),
    (OptionalReal(0.0), st.none() | st.floats(allow_nan=False, allow_infinity=False)),
    (PerAxis(1), st.one_of(sizes, st.lists(sizes, min_size=2, max_size=3))),
    (ShapeValue((1,)), st.lists(sizes, min_size=1, max_size=4)),
    (ShapeValue((1,), rest=True), st.permutations([-1, 3, 64])),
    (Order((1,)), st.integers(1, 4).flatmap(lambda axes: st.permutations(range(1, axes + 1)))),
    (Order((1,)), st.sampled_from(Order.words)),
    (Sizes(()), st.just([]) | st.lists(sizes, min_size=2, max_size=9)),
    (Table(((0,),)), st.lists(st.lists(sizes, min_size=1, max_size=6, unique=True), min_size=1, max_size=9)),
    (Padding(0), st.sampled_from(["same", "valid"])),
    (Padding(0), st.one_of(st.integers(0, 99), st.lists(sides, min_size=2, max_size=3))),
]  # fmt: skip


@given(st.data())
def test_what_is_shown_means_the_value(data: st.DataObject) -> None:
    parameter, values = data.draw(st.sampled_from(kinds))
    value = data.draw(values)
    assert _plain(parse(parameter, show(parameter, value))) == _plain(value)


@given(st.integers(1, 3), sizes)
def test_one_number_is_shown_for_each_axis(dims: int, number: int) -> None:
    text = show(PerAxis(1), number, dims)
    assert text.count("×") == dims - 1
    assert unified(parse(PerAxis(1), text)) == number


@given(st.text(max_size=30))
def test_any_text_is_a_value_or_a_sentence(text: str) -> None:
    for parameter, _ in kinds:
        value, reason = None, ""
        try:
            value = parse(parameter, text, {"width": 4})
        except EntryError as error:
            reason = str(error)
        if reason:
            assert not reason[0].islower()
            assert reason.endswith((".", "'", "”"))
        else:
            assert str(value).startswith("=") or parameter.check(value) is None


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (Integer(1), " 1,024 ", 1024),
        (Integer(1, maximum=10**7), "1 000 000", 1_000_000),
        (Real(0.0), "1e-3", 0.001),
        (Real(0.0, minimum=-1), "−0.5", -0.5),
        (OptionalReal(0.1), "None", None),
        (OptionalReal(None), "1e-3", 0.001),
        (PerAxis(1), "3x5", [3, 5]),
        (PerAxis(1), "3, 5", [3, 5]),
        (PerAxis(1), "3 5", [3, 5]),
        (PerAxis(1), "3*5*7", [3, 5, 7]),
        (Padding(0), "Same", "same"),
        (Padding(0), "1+2 × 0", [[1, 2], 0]),
        (Padding(0), "1+2", [[1, 2]]),
        (ShapeValue((1,)), "1×28×28", [1, 28, 28]),
        (Order((1,)), "Channels last", "channels_last"),
        (Order((1,)), "1, 3, 2", [1, 3, 2]),
        (Text(""), "anything", "anything"),
    ],
)
def test_forms_people_type(parameter: Parameter[Any], text: str, value: Any) -> None:
    assert parse(parameter, text) == value


@pytest.mark.parametrize(
    ("parameter", "text", "reason"),
    [
        (Integer(1, minimum=1), "0", "Needs at least 1, not 0."),
        (Integer(1), "", "A number belongs here."),
        (Integer(1), "3.5", "Needs a whole number, not “3.5”."),
        (Integer(1), "1,0", "Needs a whole number, not “1,0”."),
        (Integer(1), "9" * 5000, f"Needs a whole number, not “{'9' * 20}”."),
        (Real(0.0), "fast", "Needs a number such as 0.001 or 1e-3, not “fast”."),
        (Real(0.0), "nan", "Needs a number, not nan."),
        (OptionalReal(0.1), "non", "Needs a number such as 0.001, or none, not “non”."),
        (OptionalReal(0.1), "nan", "Needs a number or none, not nan."),
        (OptionalReal(0.1, maximum=1), "2", "Needs at most 1, not 2."),
        (Real(0.0, maximum=1), "2", "Needs at most 1, not 2."),
        (PerAxis(1), "3×3×3×3", "Needs one number, or one for each of at most 3 axes, not 4."),
        (Padding(0), "full", "Needs same, valid or numbers, not 'full'."),
        (Padding(0, words=False), "same", "Needs numbers, not 'same'."),
        (Integer(1), "=width", "An expression is not allowed here."),
    ],
)
def test_reasons_name_the_rule_and_the_value(parameter: Parameter[Any], text: str, reason: str) -> None:
    with pytest.raises(EntryError) as caught:
        parse(parameter, text)
    assert str(caught.value) == reason


def test_expressions_are_kept_as_text_and_checked_by_their_value() -> None:
    assert parse(Integer(1), "=4*width", {"width": 16}) == "=4*width"
    with pytest.raises(EntryError, match="It is -16 here, and needs at least 1"):
        parse(Integer(1), "=-width", {"width": 16})
    with pytest.raises(EntryError, match="Known here: width"):
        parse(Integer(1), "=height", {"width": 16})
    assert show(Integer(1), "=4*width") == "=4*width"


def test_conditions_are_expressions_of_known_names_or_nothing() -> None:
    condition = Condition("")
    assert parse(condition, " = stride != 1 ", {"stride": 2}) == "stride != 1"
    assert parse(condition, "", {}) == ""
    with pytest.raises(EntryError, match="Known here: stride"):
        parse(condition, "strid", {"stride": 2})
    with pytest.raises(EntryError):
        parse(condition, "__import__('os')", {"stride": 2})


def test_figures_for_people() -> None:
    assert thousands(61706) == "61,706"
    assert [work(n, Convention.FLOPS) for n in (0, 416_000, 1_815_000_000)] == [
        "0",
        "0.83 MFLOPs",
        "3.63 GFLOPs",
    ]
    assert [work(n, Convention.MACS) for n in (0, 416_000, 5)] == ["0", "416 kMACs", "5 MACs"]
    assert [size(n) for n in (0, 512, 39 * 1024, 3 << 20)] == ["0", "512 B", "39.0 KB", "3.00 MB"]
    assert [short(n) for n in (12, 11_689_512)] == ["12", "11.7 M"]
    assert [count(n, "problem") for n in (0, 1, 2)] == ["0 problems", "1 problem", "2 problems"]
    assert [ago(s) for s in (3, 130, 7300)] == ["just now", "2 min ago", "2 h ago"]


@pytest.mark.parametrize("text", ["true", "Yes", "on", "1", "FALSE", "no", "off", "0"])
def test_yes_and_no_in_peoples_words(text: str) -> None:
    assert parse(Flag(False), text) is (text.lower() in ("true", "yes", "on", "1"))


@pytest.mark.parametrize("text", ["", "2", "maybe", "truee"])
def test_what_is_neither_yes_nor_no(text: str) -> None:
    with pytest.raises(EntryError, match="true or false"):
        parse(Flag(True), text)
