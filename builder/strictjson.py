"""JSON from anywhere: what is not strictly JSON, or is too large or too deep, becomes Problems with a path."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from builder.errors import Problem

#: A document of ten thousand nodes has about two million characters.
MAX_CHARACTERS = 16 * 2**20
MAX_DEPTH = 32
MAX_DIGITS = 18
MAX_VALUES = 1_000_000
#: More problems than this help nobody; the rest is counted.
MAX_PROBLEMS = 50
#: After so many the search for more ends.
ENOUGH = 1000

_PLAIN_KEY = re.compile(r"[^\W\d]\w{0,80}")


class _Odd(float):
    """Stands for a number that JSON or we do not allow; counts as 0.0 so that reading can go on."""

    text: str

    @classmethod
    def of(cls, text: str) -> _Odd:
        odd = cls(0.0)
        odd.text = text
        return odd


class _Repetitive(dict[str, Any]):
    """An object in which keys were given more than once."""

    repeated: tuple[str, ...] = ()


def parse(text: str) -> tuple[Any, list[Problem]]:
    """The value in ``text``, and what is wrong with it as JSON; with problems the value is for reading on only.

    Checks syntax, size, depth, duplicate keys, numbers that are not finite or too long, and lone surrogates.
    """
    if len(text) > MAX_CHARACTERS:
        return None, [too_large(len(text))]
    text = text.removeprefix("\ufeff")
    if not text.strip():
        return None, [
            Problem("empty-file", "A document is JSON text", "this is empty", "Open another file.", path="$")
        ]
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_Odd.of,
            parse_float=_float,
            parse_int=_int,
        )
    except json.JSONDecodeError as error:
        return None, [_syntax(text, error)]
    except RecursionError:
        return None, [_too_deep("$")]
    return value, check(value)


def check(value: Any, path: str = "$") -> list[Problem]:
    """What JSON does not allow in a parsed value, with paths: odd numbers, depth, surrogates, foreign types."""
    problems: list[Problem] = []
    # A place is (place of what it is in, key or index); paths are made only for problems.
    todo: list[tuple[Any, _Place | None, int]] = [(value, None, 1)]
    seen = 0
    while todo and len(problems) < ENOUGH:
        value, place, depth = todo.pop()
        seen += 1
        if isinstance(value, dict | list | tuple):
            if depth > MAX_DEPTH:
                problems.append(_too_deep(_path(path, place)))
                continue
            if seen + len(todo) + len(value) > MAX_VALUES:
                return [*problems, _too_many(_path(path, place))]
            if isinstance(value, dict):
                problems += _check_keys(value, lambda place=place: _path(path, place))  # type: ignore[misc]
            items = value.items() if isinstance(value, dict) else enumerate(value)
            todo += reversed([(item, (place, key), depth + 1) for key, item in items])
        elif (problem := _check_scalar(value)) is not None:
            problems.append(problem.at(_path(path, place)))
    return problems


_Place: TypeAlias = "tuple[_Place | None, str | int]"


def _path(path: str, place: _Place | None) -> str:
    keys = []
    while place is not None:
        place, key = place
        keys.append(key)
    for key in reversed(keys):
        path = f"{path}[{key}]" if isinstance(key, int) else child(path, key)
    return path


def child(path: str, key: str) -> str:
    """The JSON path of a key: ``$.network``, or ``$["a b"]`` where the key is no plain word."""
    key = str(key)
    if _PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}"
    return f"{path}[{shown(key, 80)}]"


def shown(value: Any, length: int = 40) -> str:
    """A value as JSON for a message, shortened."""
    if isinstance(value, dict | list | tuple) and len(value) > length:
        value = "an object" if isinstance(value, dict) else "a list"
        return str(value)
    try:
        text = value.text if isinstance(value, _Odd) else json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= length else text[: length - 1] + "…"


def shorten(problems: Sequence[Problem]) -> list[Problem]:
    """The first problems, and one that counts the rest where there are very many."""
    if len(problems) <= MAX_PROBLEMS:
        return list(problems)
    rest = len(problems) - MAX_PROBLEMS
    more = Problem(
        "more-problems",
        "Only the first problems are listed",
        f"{rest} more were found before the search ended"
        if len(problems) >= ENOUGH
        else f"{rest} more were found",
        path="$",
    )
    return [*problems[:MAX_PROBLEMS], more]


def too_large(size: int) -> Problem:
    """The problem of a file of ``size`` characters or bytes."""
    return Problem(
        "too-large",
        f"A document has at most {MAX_CHARACTERS // 2**20} million characters",
        f"this has {size / 2**20:.1f} million",
        "Make modules of what repeats.",
        path="$",
    )


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(pairs)
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    seen: set[str] = set()
    repetitive = _Repetitive(plain)
    repetitive.repeated = tuple(dict.fromkeys(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return repetitive


def _float(text: str) -> float:
    number = float(text)
    return number if abs(number) != float("inf") else _Odd.of(text)


def _int(text: str) -> float:
    return int(text) if len(text.lstrip("-")) <= MAX_DIGITS else _Odd.of(text)


def _check_keys(value: dict[Any, Any], path: Callable[[], str]) -> list[Problem]:
    problems = [
        Problem(
            "duplicate-key",
            "A key stands once in an object",
            f"{shown(key)} stands there more than once",
            "Keep one of them.",
            path=child(path(), key),
        )
        for key in getattr(value, "repeated", ())[:ENOUGH]
    ]
    for key in value:
        problem = _check_scalar(key) if isinstance(key, str) else _foreign(key)
        if problem is not None:
            problems.append(problem.at(path()))
    return problems


def _check_scalar(value: Any) -> Problem | None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return Problem(
                "not-unicode",
                "Text is Unicode",
                f"{shown(value)} has half of a surrogate pair",
                "Write the character itself.",
            )
        return None
    if isinstance(value, _Odd) or (isinstance(value, float) and not abs(value) < float("inf")):
        return Problem(
            "number-not-finite",
            f"A number is finite and has at most {MAX_DIGITS} digits before the point",
            shown(value),
            "Write an ordinary number.",
        )
    return None if value is None or isinstance(value, bool | int | float) else _foreign(value)


def _foreign(value: Any) -> Problem:
    return Problem(
        "not-json",
        "JSON knows objects with text as keys, lists, text, numbers, true, false and null",
        f"this is of type {type(value).__name__}",
        "Write one of those.",
    )


def _too_many(path: str) -> Problem:
    return Problem(
        "too-large",
        f"A document has at most {MAX_VALUES:,} values",
        "there are more from here on",
        "Make modules of what repeats.",
        path=path,
    )


def _too_deep(path: str) -> Problem:
    return Problem(
        "too-deep",
        f"Lists and objects are nested at most {MAX_DEPTH} deep",
        "here is more",
        "Flatten it.",
        path=path,
    )


def _syntax(text: str, error: json.JSONDecodeError) -> Problem:
    cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
    way_out = (
        "The file seems to be cut off: open a copy of it." if cut else "Correct it there, or open a copy."
    )
    if error.pos == 0:
        way_out = "Open a .convolab file."
    return Problem(
        "bad-json",
        "A document is JSON text",
        f"line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}",
        way_out,
        path="$",
    )
