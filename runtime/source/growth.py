"""Stages of a repeat whose sizes grow by equal steps, as the layers of a dense block do."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from itertools import pairwise

from builder.expressions import Symbol
from runtime.source.writing import literal


def common_step(rows: Sequence[Sequence[object]]) -> str | None:
    """How the step is written by which the sizes of every row grow; None where they do not, or not alike."""
    found = set()
    for row in rows:
        sizes = [value for value in row if isinstance(value, int) and not isinstance(value, bool)]
        if len(sizes) < len(row):
            return None
        steps = {int(after) - int(before) for before, after in pairwise(sizes)}
        if len(steps) > 1:
            return None
        if steps:
            found.add(_step_text(sizes[0], sizes[1]))
    return found.pop() if len(found) == 1 else None


def _step_text(before: int, after: int) -> str:
    """What is added to ``before``: as it is written in ``after``, else the number."""
    if isinstance(after, Symbol):
        whole, start = (ast.parse(literal(size), mode="eval").body for size in (after, before))
        if isinstance(whole, ast.BinOp) and isinstance(whole.op, ast.Add):
            if ast.dump(whole.left) == ast.dump(start):
                return _factor(whole.right)
            if ast.dump(whole.right) == ast.dump(start):
                return _factor(whole.left)
    return str(int(after) - int(before))


def _factor(tree: ast.expr) -> str:
    text = ast.unparse(tree)
    return text if isinstance(tree, ast.Name | ast.Constant) else f"({text})"
