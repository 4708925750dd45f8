"""Expressions of a module's parameters, such as ``=4*width``: parsed against an allow-list, never ``eval``.

Numbers are whole, but for parameters that are real (a probability).

Besides the parameters an expression may use ``in_channels``, the channels (or features) that arrive at the node,
and ``input_channels``, those that arrive at the first input of the module it stands in.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import Any, Self

#: Longest text and largest magnitude accepted: no drawn network is near, and nothing can blow up.
MAX_LENGTH = 200
MAX_MAGNITUDE = 2**53

#: What an expression calls the channels that arrive at the node, and at the module around it.
IN_CHANNELS, INPUT_CHANNELS = "in_channels", "input_channels"

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.Not: operator.not_}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {"min": min, "max": max}
_ALLOWED = "numbers, parameter names, + - * // %, comparisons, and/or/not, min, max and 'a if b else c'"


class ExpressionError(ValueError):
    """What is wrong with an expression, in words for a user; ``missing`` is the name that has no value, if any."""

    def __init__(self, message: str, missing: str | None = None) -> None:
        super().__init__(message)
        self.missing = missing


class Symbol(int):
    """An int that remembers how it is written in terms of parameters: ``Symbol(256, "4 * width")``.

    Arithmetic with it gives Symbols again, so that code generation reads sizes as a person would write them.
    """

    text: str

    def __new__(cls, value: int, text: str) -> Self:
        symbol = super().__new__(cls, value)
        symbol.text = text
        return symbol

    def _combine(self, other: object, symbol: ast.operator, *, reverse: bool = False) -> Any:
        if not isinstance(other, int):
            return NotImplemented
        left, right = (other, self) if reverse else (self, other)
        value = _BINARY[type(symbol)](int(left), int(right))
        neutral = 0 if isinstance(symbol, ast.Add | ast.Sub) else 1
        if int(right) == neutral and not isinstance(right, Symbol) and not isinstance(symbol, ast.Mod):
            return left
        if isinstance(symbol, ast.Add | ast.Sub) and not isinstance(right, Symbol):
            step = int(right) if isinstance(symbol, ast.Add) else -int(right)
            if text := _shifted(_written(left), step):
                return Symbol(value, text)
        if int(left) == neutral and not isinstance(left, Symbol) and isinstance(symbol, ast.Add | ast.Mult):
            return right
        return Symbol(value, _joined(_written(left), type(symbol).__name__, _written(right)))

    def __add__(self, other: object) -> Any:
        return self._combine(other, ast.Add())

    def __radd__(self, other: object) -> Any:
        return self._combine(other, ast.Add(), reverse=True)

    def __sub__(self, other: object) -> Any:
        return self._combine(other, ast.Sub())

    def __rsub__(self, other: object) -> Any:
        return self._combine(other, ast.Sub(), reverse=True)

    def __mul__(self, other: object) -> Any:
        return self._combine(other, ast.Mult())

    def __rmul__(self, other: object) -> Any:
        return self._combine(other, ast.Mult(), reverse=True)

    def __floordiv__(self, other: object) -> Any:
        return self._combine(other, ast.FloorDiv())


class RealSymbol(float):
    """A float that remembers how it is written, as ``Symbol`` does; sums with it are plain floats."""

    text: str

    def __new__(cls, value: float, text: str) -> Self:
        symbol = super().__new__(cls, value)
        symbol.text = text
        return symbol


#: What remembers how it is written.
SYMBOLS = (Symbol, RealSymbol)


def symbol(value: int | float, text: str) -> Symbol | RealSymbol:
    """The number with its text."""
    return RealSymbol(value, text) if isinstance(value, float) else Symbol(value, text)


def _written(value: int | float) -> str:
    if isinstance(value, SYMBOLS):
        return value.text
    return repr(value) if isinstance(value, float) else str(int(value))


def _tree(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


# The same few texts come up for every layer of a large network.


@lru_cache(maxsize=4096)
def _joined(left: str, symbol: str, right: str) -> str:
    return ast.unparse(ast.BinOp(left=_tree(left), op=getattr(ast, symbol)(), right=_tree(right)))


@lru_cache(maxsize=4096)
def _shifted(text: str, step: int) -> str | None:
    """``width - 1`` moved by −1 is ``width - 2``; None for what is no sum with a number."""
    tree = _tree(text)
    match tree:
        case ast.BinOp(op=ast.Add() | ast.Sub(), right=ast.Constant(value=int(constant))):
            offset = (constant if isinstance(tree.op, ast.Add) else -constant) + step
            base = ast.unparse(tree.left)
            return base if not offset else f"{base} {'-' if offset < 0 else '+'} {abs(offset)}"
    return None


@lru_cache(maxsize=4096)
def _substituted(text: str, written: tuple[tuple[str, str], ...], truth: bool) -> str:
    """The text of an expression with each name replaced by how its value is written, and numbers worked out."""
    known = dict(written)

    class Substitute(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return node if node.id in _FUNCTIONS else _tree(known[node.id])

    return ast.unparse(folded(Substitute().visit(_tree(text)), truth=truth))


class Expression:
    """A checked expression; ``names`` are the parameters it uses."""

    def __init__(self, tree: ast.expr) -> None:
        self._tree = tree
        self.names = frozenset(
            node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id not in _FUNCTIONS
        )

    @cached_property
    def text(self) -> str:
        """How Python's own formatter writes it."""
        return ast.unparse(self._tree)

    def evaluate(self, env: Mapping[str, float]) -> int | float:
        """Its value; raises ExpressionError for unknown names, division by zero or a huge result."""
        value = _evaluate(self._tree, env)
        return value if isinstance(value, float) else int(value)

    def symbol(self, env: Mapping[str, float]) -> Symbol | RealSymbol:
        """Its value with its text, in which parameters that are Symbols appear as they are written outside."""
        return symbol(self.evaluate(env), self.render(env))

    def render(self, env: Mapping[str, float], *, truth: bool = False) -> str:
        """Its text with each name replaced by how its value in ``env`` is written, and numbers worked out.

        ``truth``: it matters only whether it is 0.
        """
        written = tuple((name, _written(env[name])) for name in sorted(self.names))
        return _substituted(self.text, written, truth)


def _evaluate(tree: ast.expr, env: Mapping[str, float]) -> Any:
    value: Any
    match tree:
        case ast.Constant():
            value = tree.value
        case ast.Name():
            if tree.id not in env:
                known = ", ".join(sorted(env)) or "none"
                raise ExpressionError(f"there is no parameter '{tree.id}' here (known: {known})", tree.id)
            value = env[tree.id]
            value = float(value) if isinstance(value, float) else int(value)
        case ast.BinOp():
            left, right = _evaluate(tree.left, env), _evaluate(tree.right, env)
            if right == 0 and isinstance(tree.op, ast.FloorDiv | ast.Mod):
                raise ExpressionError(f"'{ast.unparse(tree)}' divides by zero")
            value = _BINARY[type(tree.op)](left, right)
        case ast.UnaryOp():
            value = _UNARY[type(tree.op)](_evaluate(tree.operand, env))
        case ast.BoolOp():
            values = (_evaluate(part, env) for part in tree.values)
            value = all(values) if isinstance(tree.op, ast.And) else any(values)
        case ast.Compare():
            terms = [_evaluate(term, env) for term in (tree.left, *tree.comparators)]
            value = all(
                _COMPARE[type(op)](a, b) for op, a, b in zip(tree.ops, terms[:-1], terms[1:], strict=True)
            )
        case ast.IfExp():
            value = _evaluate(tree.body if _evaluate(tree.test, env) else tree.orelse, env)
        case ast.Call():
            assert isinstance(tree.func, ast.Name)
            value = _FUNCTIONS[tree.func.id](*(_evaluate(argument, env) for argument in tree.args))
        case _:  # pragma: no cover - parse() lets nothing else through
            raise ExpressionError(f"'{ast.unparse(tree)}' is not allowed")
    if abs(value) > MAX_MAGNITUDE:
        raise ExpressionError(f"'{ast.unparse(tree)}' is larger than any network")
    return value


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """The expression in ``text`` (with or without the leading ``=``); raises ExpressionError."""
    body = text.removeprefix("=").strip()
    if not body:
        raise ExpressionError("an expression needs something after the '='")
    if len(body) > MAX_LENGTH:
        raise ExpressionError(f"an expression has at most {MAX_LENGTH} characters, this one has {len(body)}")
    try:
        tree = ast.parse(body, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"'{body}' is no expression; it may use {_ALLOWED}") from None
    for node in ast.walk(tree):
        if not _allowed(node):
            raise ExpressionError(
                f"'{ast.unparse(node)}' is not allowed in an expression; it may use {_ALLOWED}"
            )
    return Expression(tree)


def _allowed(node: ast.AST) -> bool:
    match node:
        case ast.Constant():
            return isinstance(node.value, int) and abs(node.value) <= MAX_MAGNITUDE
        case ast.BinOp():
            return type(node.op) in _BINARY
        case ast.UnaryOp():
            return type(node.op) in _UNARY
        case ast.Compare():
            return all(type(op) in _COMPARE for op in node.ops)
        case ast.Call():
            name = node.func.id if isinstance(node.func, ast.Name) else None
            return name in _FUNCTIONS and len(node.args) > 1 and not node.keywords
        case ast.Name() | ast.BoolOp() | ast.IfExp():
            return True
        case _:
            return isinstance(node, ast.operator | ast.unaryop | ast.cmpop | ast.boolop | ast.expr_context)


def renamed(text: str, old: str, new: str) -> str:
    """An expression (with or without the leading ``=``) that says ``new`` for ``old``, else as it was typed.

    What is no expression stays as it is. Raises ExpressionError where it would be too long.
    """
    try:
        if old not in parse(text).names:
            return text
    except ExpressionError:
        return text
    sign = "=" if text.startswith("=") else ""
    body = text.removeprefix("=").strip()
    if len(body.splitlines()) > 1:
        body = parse(text).text
    places = [node for node in ast.walk(_tree(body)) if isinstance(node, ast.Name) and node.id == old]
    typed = body.encode()  # the tree counts in bytes
    for node in sorted(places, key=lambda node: -node.col_offset):
        typed = typed[: node.col_offset] + new.encode() + typed[node.end_col_offset :]
    parse(typed.decode())
    return sign + typed.decode()


def folded(tree: ast.expr, *, truth: bool = False) -> ast.expr:
    """The same expression, or one that is true where it is, with values in place of the parts that have one."""
    match tree:
        case ast.BinOp():
            tree = ast.BinOp(folded(tree.left), tree.op, folded(tree.right))
        case ast.UnaryOp():
            tree = ast.UnaryOp(tree.op, folded(tree.operand, truth=isinstance(tree.op, ast.Not)))
        case ast.Compare():
            terms = [folded(term) for term in (tree.left, *tree.comparators)]
            tree = ast.Compare(terms[0], tree.ops, terms[1:])
        case ast.Call():
            tree = ast.Call(tree.func, [folded(argument) for argument in tree.args], [])
        case ast.BoolOp():
            tree = _decided(tree.op, [folded(part, truth=True) for part in tree.values], truth=truth)
        case ast.IfExp():
            test = folded(tree.test, truth=True)
            if isinstance(test, ast.Constant):
                return folded(tree.body if test.value else tree.orelse, truth=truth)
            tree = ast.IfExp(test, folded(tree.body, truth=truth), folded(tree.orelse, truth=truth))
    if Expression(tree).names:
        return tree
    try:
        return ast.Constant(Expression(tree).evaluate({}))
    except ExpressionError:  # such as a division by zero, which may not matter where it stands
        return tree


def _decided(op: ast.boolop, parts: list[ast.expr], *, truth: bool) -> ast.expr:
    """``and`` or ``or`` without the parts that decide nothing, or what a part decides by itself."""
    decides = isinstance(op, ast.Or)
    known = [bool(part.value) for part in parts if isinstance(part, ast.Constant)]
    unknown = [part for part in parts if not isinstance(part, ast.Constant)]
    if decides in known or not unknown:
        return ast.Constant(int(decides in known) if decides else int(decides not in known))
    if len(unknown) == 1 and not truth and not isinstance(unknown[0], ast.Compare | ast.BoolOp):
        unknown.append(ast.Constant(int(not decides)))  # so that it stays 0 or 1
    return unknown[0] if len(unknown) == 1 else ast.BoolOp(op, unknown)


def is_expression(value: object) -> bool:
    """Whether a parameter's value is an expression rather than a literal."""
    return isinstance(value, str) and value.startswith("=")


def resolve(value: Any, env: Mapping[str, float]) -> Any:
    """``value`` with every expression in it (also inside lists) evaluated; raises ExpressionError."""
    if is_expression(value):
        expression = parse(value)
        symbolic = any(isinstance(env.get(name), SYMBOLS) for name in expression.names)
        return expression.symbol(env) if symbolic else expression.evaluate(env)
    if isinstance(value, list | tuple):
        return tuple(resolve(item, env) for item in value)
    return value


def names_in(value: Any) -> frozenset[str]:
    """The names that the expressions in ``value`` use; unparsable ones use none."""
    if is_expression(value):
        try:
            return parse(value).names
        except ExpressionError:
            return frozenset()
    if isinstance(value, list | tuple):
        return frozenset().union(*map(names_in, value))
    return frozenset()
