"""Products of tensors: gates that weigh channels or positions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from builder.blocks.base import Block, Formula, KeptFor, Passing, Saved, register
from builder.blocks.lowering import Lowering, Operator
from builder.blocks.merge import brings
from builder.errors import Problem
from builder.shapes import TensorShape, elements, format_shape
from builder.windows import ELEMENTWISE, Everything, PerInput, Sight, Stretched


@register
class Multiply(Block):
    """The product of tensors; axes of one are stretched."""

    id = "multiply"
    title = "Multiply"
    category = "Merge"
    description = (
        "Multiplies tensors number by number. A gate of C, C×1×1 or 1×H×W numbers between 0 and 1 weighs whole "
        "channels or whole positions: squeeze-and-excitation, attention."
    )
    search = ("gate", "product", "squeeze", "excitation", "attention", "scale", "times", "mask")
    stem = "multiply"
    inputs = ("0", "1")
    variadic = True

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        rank = max(len(shape) for shape in inputs)
        if any(len(shape) not in (1, rank) for shape in inputs):
            return Problem(
                "multiply-ranks-differ",
                "Multiply takes tensors with as many axes as each other, and vectors of one number for each channel",
                brings(inputs),
                "Bring them to the same number of axes.",
            )
        stretched = _stretched(inputs)
        output = stretched[0]
        for shape in stretched[1:]:
            output = tuple([b if a == 1 else a for a, b in zip(output, shape, strict=True)])
        if any(
            size not in (1, whole) for shape in stretched for size, whole in zip(shape, output, strict=True)
        ):
            return Problem(
                "multiply-sizes-differ",
                "Multiply needs equal sizes along every axis, or one, which is stretched",
                brings(inputs),
                "Give the gate as many channels as what it weighs, and one position or all.",
                fixes=("insert-projection", "pad-and-subsample", "subsample"),
            )
        return output

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        # Each factor is kept for those that need a gradient: the product so far for the next, the next for it.
        kept = []
        for last in range(1, len(inputs)):
            before = tuple(range(last))
            so_far = 0 if last == 1 else 4 * elements(self._output(inputs[:last]))
            kept += [KeptFor((last,), 0 if last == 1 else None, so_far), KeptFor(before, last)]
        return Saved(for_others=tuple(kept))

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        between = [4 * elements(self._output(inputs[:last])) for last in range(2, len(inputs))]
        most = [one + other for one, other in pairwise(between)]
        whole = 4 * elements(self._output(inputs))
        return Passing(working=max([0, *between[-1:], *(pair - whole for pair in most)]))

    def _output(self, inputs: Sequence[TensorShape]) -> TensorShape:
        return tuple([max(sizes) for sizes in zip(*_stretched(inputs), strict=True)])

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        if len(set(inputs)) == 1:
            return ELEMENTWISE
        output = self._output(inputs)
        return PerInput(tuple([_seen(shape, output) for shape in inputs]))

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        names = [f"x{i}" for i in range(len(inputs))]
        output = self._output(inputs)
        formulas = [Formula("Output", f"y = {' · '.join(names)}", "", format_shape(output))]
        for name, shape, stretched in zip(names, inputs, _stretched(inputs), strict=True):
            if stretched != output:
                times = elements(output) // elements(shape)
                formulas.append(
                    Formula(
                        f"{name} is stretched",
                        f"numbers of the output / numbers of {name}",
                        f"{elements(output):,} / {elements(shape):,}",
                        f"each weighs {times:,}",
                    )
                )
        return formulas

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        rank = max(len(shape) for shape in inputs)
        trailing = tuple([rank - len(shape) for shape in inputs])
        return Operator("*", trailing=trailing if any(trailing) else ())

    def summary(self) -> str:
        return "product"


def _stretched(inputs: Sequence[TensorShape]) -> list[TensorShape]:
    """Shapes with as many axes as the longest; a vector has one number for each channel."""
    rank = max(len(shape) for shape in inputs)
    return [(*shape, *(1,) * (rank - len(shape))) for shape in inputs]


def _seen(shape: TensorShape, output: TensorShape) -> Stretched | Everything:
    """How an input is seen from the output."""
    if len(shape) < len(output):
        return Everything()
    return Stretched(tuple([size != whole for size, whole in zip(shape, output, strict=True)]))
