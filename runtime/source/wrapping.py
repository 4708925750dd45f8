"""Lines of ``forward`` that are too long, broken where ruff's formatter breaks them."""

from __future__ import annotations

import ast

from runtime.source.writing import INDENT, WIDTH, Call, Code, statement

_SYMBOLS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def wrapped(line: str) -> list[str]:
    """The lines of an assignment or a return; the line itself where it fits."""
    if len(line) <= WIDTH:
        return [line]
    parsed = ast.parse(line.strip()).body[0]
    indent = (len(line) - len(line.lstrip())) // len(INDENT)
    if isinstance(parsed, ast.Return) and parsed.value is not None:
        start, value = "return ", parsed.value
    elif isinstance(parsed, ast.Assign):
        start, value = f"{_text(line, parsed.targets[0])} = ", parsed.value
    else:
        return [line]
    if isinstance(value, ast.Tuple):
        return _bracketed(start, [f"{_text(line, part)}," for part in value.elts], indent)
    if isinstance(value, ast.IfExp):
        parts = [_text(line, part) for part in (value.body, value.test, value.orelse)]
        return _parenthesised(start, [parts[0], f"if {parts[1]}", f"else {parts[2]}"], indent)
    if isinstance(value, ast.BinOp):
        if isinstance(value.left, ast.BinOp) and type(value.left.op) is not type(value.op):  # (a + b) / 2
            *lines, last = _parenthesised(start, _operands(line, value.left), indent)
            return [*lines, f"{last} {_SYMBOLS[type(value.op)]} {_text(line, value.right)}"]
        return _parenthesised(start, _operands(line, value), indent)
    return statement(_code(line, value), indent, start)


def _text(line: str, tree: ast.expr) -> str:
    return ast.get_source_segment(line.strip(), tree) or ast.unparse(tree)


def _code(line: str, tree: ast.expr) -> Code:
    """Calls and lists of whatever there is in them."""
    if isinstance(tree, ast.Call):
        arguments = [("", _code(line, part)) for part in tree.args]
        arguments += [(f"{part.arg}=", _code(line, part.value)) for part in tree.keywords]
        return Call(_text(line, tree.func), tuple(arguments))
    if isinstance(tree, ast.List):
        return Call("", tuple([("", _code(line, part)) for part in tree.elts]), "[]")
    return _text(line, tree)


def _operands(line: str, tree: ast.BinOp) -> list[str]:
    """``a``, ``+ b``, ``+ c`` of a sum (or another row of one operator)."""
    left = tree.left
    before = _operands(line, left) if isinstance(left, ast.BinOp) else [_text(line, left)]
    return [*before, f"{_SYMBOLS[type(tree.op)]} {_text(line, tree.right)}"]


def _parenthesised(start: str, parts: list[str], indent: int) -> list[str]:
    """On one line between the parentheses if that fits, else part by part."""
    joined = " ".join(parts)
    fits = len(INDENT) * (indent + 1) + len(joined) <= WIDTH
    return _bracketed(start, [joined] if fits else parts, indent)


def _bracketed(start: str, parts: list[str], indent: int) -> list[str]:
    margin = INDENT * indent
    return [f"{margin}{start}(", *(f"{margin}{INDENT}{part}" for part in parts), f"{margin})"]
