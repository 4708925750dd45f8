"""Where branches meet."""

from __future__ import annotations

from collections.abc import Sequence

from builder.blocks.base import Block, Formula, Passing, register
from builder.blocks.lowering import Apply, Lowering, Operator
from builder.errors import Problem
from builder.shapes import TensorShape, elements, format_shape


def _brings(inputs: Sequence[TensorShape]) -> str:
    """``{0} brings 64×28×28, {1} brings …``; the analysis puts in the names of who brings it."""
    return ", ".join(f"{{{i}}} brings {format_shape(shape)}" for i, shape in enumerate(inputs))


@register
class Add(Block):
    """The sum of equally shaped tensors."""

    id = "add"
    title = "Add"
    category = "Merge"
    description = (
        "Adds tensors of equal shape, number by number. With a shortcut around a few layers it makes a residual "
        "block: the layers need only learn the difference, and gradients get through."
    )
    search = ("residual", "sum", "shortcut", "skip", "plus")
    stem = "add"
    inputs = ("0", "1")
    variadic = True

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        if any(shape != inputs[0] for shape in inputs):
            return Problem(
                "add-shapes-differ",
                "Add needs equal shapes",
                _brings(inputs),
                "Bring the shortcut to the same channels and size.",
                fixes=("insert-projection", "subsample"),
            )
        return inputs[0]

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        # Of three and more, the sum so far stands beside the next one.
        return Passing(working=4 * elements(inputs[0]) if len(inputs) > 2 else 0)

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        return [
            Formula(
                "Output",
                "y = " + " + ".join(f"x{i}" for i in range(len(inputs))),
                "",
                format_shape(inputs[0]),
            )
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        return Operator("+")

    def summary(self) -> str:
        return "sum"


@register
class Concat(Block):
    """Tensors stacked along the channels."""

    id = "concat"
    title = "Concat"
    category = "Merge"
    description = "Stacks tensors of equal size along the channels (Inception, DenseNet, U-Net)."
    search = ("concatenate", "cat", "stack", "inception", "dense")
    stem = "concat"
    inputs = ("0", "1")
    variadic = True

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        if any(shape[1:] != inputs[0][1:] or len(shape) != len(inputs[0]) for shape in inputs):
            return Problem(
                "concat-sizes-differ",
                "Concat needs equal sizes in everything but the channels",
                _brings(inputs),
                "Use the same stride and padding in every branch.",
            )
        channels = inputs[0][0]
        for shape in inputs[1:]:
            channels = channels + shape[0]
        return (channels, *inputs[0][1:])

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        total = sum(int(shape[0]) for shape in inputs)
        return [
            Formula(
                "Output channels", "sum of the channels", " + ".join(str(s[0]) for s in inputs), f"{total:,}"
            )
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        return Apply("torch.cat", kwargs={"dim": 1}, packed=True)

    def summary(self) -> str:
        return "along the channels"
