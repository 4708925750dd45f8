"""What commands have in common: exit codes, kinds of arguments, and how findings and tables are written."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import nan
from typing import Any

from builder.errors import Problem
from builder.shapes import TensorShape

OK, FAILED, MISUSE = 0, 1, 2
#: More would be a network that nobody can draw, let alone train.
LARGEST_FACTOR = 100


def shape_argument(text: str) -> TensorShape:
    """An argparse type for ``C,H,W`` (or ``C,L``, ``C,D,H,W``, ``N``)."""
    parts = text.replace("×", ",").replace("x", ",").split(",")
    if not all(part.strip().isdecimal() and int(part) > 0 for part in parts) or len(parts) > 4:
        raise argparse.ArgumentTypeError(f"a shape is 1 to 4 sizes such as 3,224,224, not '{text}'")
    return tuple(int(part) for part in parts)


def count_argument(text: str) -> int:
    """An argparse type for a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"needs a whole number above 0, not '{text}'")
    return int(text)


def factor_argument(text: str) -> float:
    """An argparse type for what channels or blocks are multiplied by."""
    try:
        factor = float(text)
    except ValueError:
        factor = nan
    if not 0 < factor <= LARGEST_FACTOR:
        raise argparse.ArgumentTypeError(f"needs a number above 0 and at most {LARGEST_FACTOR}, not '{text}'")
    return factor


def say(text: str = "", end: str = "\n") -> None:
    """A line for whoever called the command; signs that the stream cannot take (of a file's name) are escaped.

    Where nobody reads any more (``… | head``) it is said to nobody: the work goes on. So it does where the output
    cannot be written (a full disk, a closed stream), which is told once.
    """
    stream = sys.stdout
    if stream is None:
        _lose("it is closed")
        return
    encoding = stream.encoding or "utf-8"
    try:
        stream.write((text + end).encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        _say_to_nobody()
    except OSError as error:
        _lose(error.strerror or str(error))
        _say_to_nobody()
    except ValueError:  # a stream that was closed
        _lose("it is closed")


def complain(text: str) -> None:
    """A line beside the result; where that cannot be written either, nobody is told."""
    with suppress(OSError, ValueError, AttributeError):  # the last: Python has no stream for what is closed
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


@dataclass(slots=True)
class _Output:
    """Whether some of what was said could not be written."""

    is_lost: bool = False


_OUTPUT = _Output()


def output_was_lost() -> bool:
    """Whether a line could not be written since this was asked last."""
    was_lost, _OUTPUT.is_lost = _OUTPUT.is_lost, False
    return was_lost


def _lose(reason: str) -> None:
    if not _OUTPUT.is_lost:
        complain(f"error: Output cannot be written: {reason}. What is told from here on is lost")
    _OUTPUT.is_lost = True


def _say_to_nobody() -> None:
    """Let the output go nowhere: what could not be written is still in the stream, which Python empties at its end."""
    with suppress(OSError, ValueError):  # a stream without a file
        nobody = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nobody, sys.stdout.fileno())
        finally:
            os.close(nobody)


def tell(problems: Iterable[Problem], write: Callable[[str], object] | None = None) -> int:
    """One line for each problem, beside the result where ``write`` does not say otherwise; the exit code."""
    for problem in problems:
        where = f"{problem.path}: " if problem.path else ""
        times = f" (in {problem.count} places)" if problem.count > 1 else ""
        line = f"{problem.severity}: {where}{problem.message}{times}".replace("\n", " ").rstrip()
        if write is None:
            complain(line)
        else:
            write(line)
    return FAILED


def print_json(data: Any) -> None:
    say(json.dumps(data, ensure_ascii=False, allow_nan=False))


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> None:
    """Columns as wide as what they hold; ``right`` are set to the right."""
    aligned = set(right)
    widths = [max(len(line[i]) for line in (heads, *rows)) for i in range(len(heads))]
    lines = []
    for line in (heads, *rows):
        cells = [
            text.rjust(width) if i in aligned else text.ljust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    say("\n".join(lines))
