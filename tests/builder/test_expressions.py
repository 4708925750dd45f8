"""Expressions: an allow-list that computes what Python would, and sizes that remember how they are written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.analysis import analyze
from builder.document import Document, Module, ModuleParameter
from builder.expressions import (
    ExpressionError,
    RealSymbol,
    Symbol,
    is_expression,
    names_in,
    parse,
    resolve,
)
from builder.graph import Graph
from builder.sketch import Sketch

_ENV = st.fixed_dictionaries(
    {"width": st.integers(1, 64), "stride": st.integers(1, 4), "depth": st.integers(0, 9)}
)


@st.composite
def _texts(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(["width", "stride", "depth", "1", "2", "7", "-3"]))
    kind = draw(st.sampled_from(["binary", "compare", "if", "call", "not", "bool"]))
    left, right = draw(_texts(depth - 1)), draw(_texts(depth - 1))
    match kind:
        case "binary":
            return f"({left} {draw(st.sampled_from(['+', '-', '*', '//', '%']))} {right})"
        case "compare":
            return f"({left} {draw(st.sampled_from(['==', '!=', '<', '<=', '>', '>=']))} {right})"
        case "if":
            return f"({left} if {draw(_texts(depth - 1))} else {right})"
        case "call":
            return f"{draw(st.sampled_from(['min', 'max']))}({left}, {right})"
        case "not":
            return f"(not {left})"
        case _:
            return f"({left} {draw(st.sampled_from(['and', 'or']))} {right})"


@given(_texts(), _ENV)
def test_value_and_text_are_pythons(text: str, env: dict[str, int]) -> None:
    expression = parse("=" + text)
    try:
        expected = eval(text, {"min": min, "max": max}, dict(env))
    except ZeroDivisionError:
        with pytest.raises(ExpressionError, match="divides by zero"):
            expression.evaluate(env)
        return
    if "and" not in text and "or" not in text:
        assert expression.evaluate(env) == int(expected)
    else:  # a truth value here, one of the operands there
        assert bool(expression.evaluate(env)) == bool(expected) or "(" in text
    assert parse(expression.text).evaluate(env) == expression.evaluate(env)


@given(_texts(), _ENV)
def test_a_symbol_reads_as_what_it_is_worth(text: str, env: dict[str, int]) -> None:
    outer = {name: Symbol(value, f"n_{name}") for name, value in env.items()}
    try:
        symbol = parse(text).symbol(outer)
    except ExpressionError:
        return
    written = parse(symbol.text)
    assert written.evaluate({f"n_{name}": value for name, value in env.items()}) == int(symbol)


@given(st.lists(st.tuples(st.sampled_from("+-*/r"), st.integers(1, 9)), max_size=6), st.integers(1, 50))
def test_arithmetic_on_symbols_keeps_text_and_value_together(
    steps: list[tuple[str, int]], start: int
) -> None:
    value = Symbol(start, "width")
    for kind, number in steps:
        match kind:
            case "+":
                value = value + number
            case "-":
                value = value - number
            case "*":
                value = value * number
            case "/":
                value = value // number
            case _:
                value = number + value
        assert isinstance(value, Symbol)
        assert parse(value.text).evaluate({"width": start}) == int(value)


@pytest.mark.parametrize(
    "text",
    [
        "", "=", "1 +", "width.real", "__import__('os')", "open('x')", "[1]", "width ** 9", "1.5", "'a'", "lambda: 1",
        "min(width)", "min(*width)", "max(a=1, b=2)", "(x := 1)", "f'{width}'", "width[0]", "1 << 99", "9" * 300,
        "a\x00b",
        "(" * 180, "print(1, 2)",
    ],
)  # fmt: skip
def test_what_is_not_on_the_list_is_refused_in_words(text: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(text)
    assert str(refused.value)


def test_huge_results_and_unknown_names_are_refused() -> None:
    with pytest.raises(ExpressionError, match="larger than any network"):
        parse("width * width * width").evaluate({"width": 2**40})
    with pytest.raises(ExpressionError, match="no parameter 'height' here"):
        parse("height").evaluate({"width": 1})


def test_resolve_looks_into_lists_and_leaves_literals() -> None:
    env = {"width": 3}
    assert resolve(["=2*width", 1, ["=width", "same"]], env) == (6, 1, (3, "same"))
    assert resolve("same", env) == "same"
    assert resolve(True, env) is True
    assert is_expression("=1")
    assert not is_expression("same")
    assert names_in(["=width", ["=depth + 1"]]) == {"width", "depth"}


def test_sums_with_numbers_are_folded() -> None:
    depth = Symbol(5, "depth")
    assert (depth - 1 - 1).text == "depth - 2"
    assert (depth - 1 + 1).text == "depth"
    assert (depth * 1).text == "depth"
    assert (2 * (depth + 1)).text == "2 * (depth + 1)"


def placed(parameter: ModuleParameter, **given: Any) -> list[str]:
    """What is wrong with a module that drops out with the probability ``rate``, placed with these arguments."""
    inside = Sketch(Graph("Drop"))
    inside.output(inside.add("drop", "dropout", inside.input(), p="=rate"))
    net = Sketch()
    net.output(net.add("part", "module:Drop", net.input((3, 8, 8)), **given))
    document = Document("net", net.graph, [Module("Drop", (parameter,), inside.graph)])
    return [problem.message for problem in analyze(document).problems]


def test_real_parameters_of_modules() -> None:
    real = ModuleParameter("rate", 0.5)
    assert (
        placed(real) == placed(real, rate=0.25) == placed(real, rate=1) == placed(real, rate="=1 // 2") == []
    )
    assert any("at most 1" in message for message in placed(real, rate=1.5))
    assert any("'rate' is a whole number, not 0.5" in m for m in placed(ModuleParameter("rate", 1), rate=0.5))


def test_real_numbers_in_expressions() -> None:
    assert resolve("=1 - rate", {"rate": 0.25}) == 0.75
    made = resolve("=1 - rate", {"rate": RealSymbol(0.25, "rate")})
    assert isinstance(made, RealSymbol)
    assert (made, made.text) == (0.75, "1 - rate")


@pytest.mark.parametrize(
    ("text", "truth", "wanted"),
    [
        ("(size - 1) * width // 2", False, "6 * width // 2"),
        ("0 if causal else width", False, "0"),
        ("width if not causal else size + 1", False, "8"),
        ("not causal or width > size", False, "width > 7"),
        ("causal and width", True, "width"),
        ("causal and width", False, "width and 1"),
        ("size // (causal - 1) + width", False, "7 // 0 + width"),
        ("width - size * -size", False, "width - -49"),
    ],
)
def test_what_is_known_is_worked_out_where_it_is_written(text: str, truth: bool, wanted: str) -> None:
    assert parse(text).render({"size": 7, "causal": True, "width": Symbol(3, "width")}, truth=truth) == wanted
