"""Python text from small pieces: literals typed by what they are, calls wrapped as ruff's formatter wraps them.

A piece may begin with a mark that says which node it is; marks are taken out at the end, giving line numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from builder.errors import Address
from builder.expressions import SYMBOLS

WIDTH = 88
INDENT = "    "
_MARK = re.compile("\x00([^\x00]*)\x01([^\x00]*)\x00")


@dataclass(frozen=True, slots=True)
class Call:
    """``head(arguments)``; arguments are texts or calls, each with what stands before it (``bias=``, ``*``).

    With no head and other brackets it is a list.
    """

    head: str
    arguments: tuple[tuple[str, Code], ...] = ()
    brackets: str = "()"


@dataclass(frozen=True, slots=True)
class Repeated:
    """``[element for _ in range(count)]``; ``variable``: what the element calls its number."""

    element: Code
    count: str
    variable: str = "_"


Code: TypeAlias = str | Call | Repeated


def literal(value: object) -> str:
    """A typed literal, or the text of a symbol; raises TypeError for anything else."""
    if isinstance(value, SYMBOLS):
        return value.text
    if isinstance(value, tuple):
        items = ", ".join(map(literal, value))
        return f"({items},)" if len(value) == 1 else f"({items})"
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return quoted(value)
    raise TypeError(f"no literal for {type(value).__name__}")


def quoted(text: str) -> str:
    """A string literal in double quotes."""
    body = repr(text)[1:-1].replace("\\'", "'")
    return '"' + body.replace('"', '\\"') + '"' if '"' not in text else repr(text)


def mark(address: Address) -> str:
    """An invisible note that what follows is this node."""
    return f"\x00{address.graph}\x01{address.node}\x00"


def visible(text: str) -> str:
    """Text without its marks."""
    return _MARK.sub("", text)


def flat(code: Code) -> str:
    """On one line."""
    if isinstance(code, str):
        return code
    if isinstance(code, Repeated):
        return f"[{flat(code.element)} for {code.variable} in range({code.count})]"
    inner = ", ".join(before + flat(argument) for before, argument in code.arguments)
    return f"{code.head}{code.brackets[0]}{inner}{code.brackets[1]}"


def statement(code: Code, indent: int, before: str = "", after: str = "") -> list[str]:
    """Lines of a statement: on one line if it fits, else arguments on the next line, else one on each."""
    margin = INDENT * indent
    line = f"{margin}{before}{flat(code)}{after}"
    if (
        len(visible(line)) <= WIDTH
        or isinstance(code, str)
        or (isinstance(code, Call) and not code.arguments)
    ):
        return [line]
    if isinstance(code, Repeated):
        element = statement(code.element, indent + 1)
        return [
            f"{margin}{before}[",
            *element,
            f"{margin}{INDENT}for {code.variable} in range({code.count})",
            f"{margin}]{after}",
        ]
    lines = [f"{margin}{before}{code.head}{code.brackets[0]}"]
    inner = ", ".join(start + flat(argument) for start, argument in code.arguments)
    body = f"{margin}{INDENT}{inner}"
    if len(visible(body)) <= WIDTH:
        # A single unpacked argument keeps no trailing comma; ruff leaves several on one line.
        lines.append(body)
    else:
        for start, argument in code.arguments:
            lines += statement(argument, indent + 1, start, ",")
    return [*lines, f"{margin}{code.brackets[1]}{after}"]


def take_marks(lines: Sequence[str]) -> tuple[str, dict[Address, int]]:
    """The finished text and, for each marked node, the line (from 1) it is on."""
    places: dict[Address, int] = {}
    for number, line in enumerate(lines, start=1):
        for graph, node in _MARK.findall(line):
            places.setdefault(Address(graph, node), number)
    return "\n".join(map(visible, lines)) + "\n", places
