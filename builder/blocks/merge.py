"""Where branches meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from builder.blocks.base import Block, Formula, KeptFor, Passing, Saved, register
from builder.blocks.lowering import Apply, Lowering, Operator
from builder.errors import Problem
from builder.shapes import TensorShape, elements, format_shape
from builder.windows import OF_CHANNELS, Sight


def brings(inputs: Sequence[TensorShape]) -> str:
    """``{0} brings 64×28×28, {1} brings …``; the analysis puts in the names of who brings it."""
    return ", ".join(f"{{{i}}} brings {format_shape(shape)}" for i, shape in enumerate(inputs))


class _OfEquals(Block):
    """What merges of equally shaped tensors share. PyTorch would stretch axes of one; here that is a slip."""

    category = "Merge"
    inputs = ("0", "1")
    #: The code of the problem where shapes differ.
    code: ClassVar[str] = "shapes-differ"

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        if any(shape != inputs[0] for shape in inputs):
            return Problem(
                self.code,
                f"{self.title} needs equal shapes",
                brings(inputs),
                "Bring the shortcut to the same channels and size.",
                fixes=("insert-projection", "pad-and-subsample", "subsample"),
            )
        return inputs[0]

    def formula(self, names: Sequence[str]) -> str:
        """The output in terms of the inputs."""
        raise NotImplementedError

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        names = [f"x{i}" for i in range(len(inputs))]
        return [Formula("Output", f"y = {self.formula(names)}", "", format_shape(inputs[0]))]


@register
class Add(_OfEquals):
    """The sum of equally shaped tensors."""

    id = "add"
    title = "Add"
    description = (
        "Adds tensors of equal shape, number by number. With a shortcut around a few layers it makes a residual "
        "block: the layers need only learn the difference, and gradients get through."
    )
    search = ("residual", "sum", "shortcut", "skip", "plus")
    stem = "add"
    variadic = True
    code = "add-shapes-differ"

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        # Of three and more, the sum so far stands beside the next one.
        return Passing(working=4 * elements(inputs[0]) if len(inputs) > 2 else 0)

    def formula(self, names: Sequence[str]) -> str:
        return " + ".join(names)

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        return Operator("+")

    def summary(self) -> str:
        return "sum"


@register
class Subtract(_OfEquals):
    """The first input less the second."""

    id = "subtract"
    title = "Subtract"
    description = (
        "The first input less the second, number by number, both of equal shape: what changed between two pictures, or "
        "what a smoothed map has lost."
    )
    search = ("difference", "minus", "change", "siamese")
    stem = "difference"

    def formula(self, names: Sequence[str]) -> str:
        return " − ".join(names)

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        return Operator("-")

    def summary(self) -> str:
        return "first − second"


@register
class Average(_OfEquals):
    """The mean of equally shaped tensors."""

    id = "average"
    title = "Elementwise average"
    description = (
        "The mean of tensors of equal shape, number by number: branches, or the scores of an ensemble."
    )
    search = ("mean", "ensemble", "merge")
    stem = "average"
    variadic = True

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        return Passing(working=4 * elements(inputs[0]))  # the sum

    def formula(self, names: Sequence[str]) -> str:
        return f"({' + '.join(names)}) / {len(names)}"

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        return Operator("+", over=len(inputs))

    def summary(self) -> str:
        return "mean"


@register
class Maximum(_OfEquals):
    """The largest of equally shaped tensors."""

    id = "maximum"
    title = "Elementwise maximum"
    description = (
        "The largest number at each place, of tensors of equal shape: the strongest branch counts (maxout)."
    )
    search = ("max", "maxout", "strongest", "merge")
    stem = "maximum"
    variadic = True

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        # Each comparison keeps both sides, if either needs a gradient; one side may be a result so far.
        kept = []
        for last in range(1, len(inputs)):
            needing = tuple(range(last + 1))
            first = KeptFor(needing, 0) if last == 1 else KeptFor(needing, None, 4 * elements(inputs[0]))
            kept += [first, KeptFor(needing, last)]
        return Saved(for_others=tuple(kept))

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        return Passing(working=4 * elements(inputs[0]) if len(inputs) > 2 else 0)

    def formula(self, names: Sequence[str]) -> str:
        return f"max({', '.join(names)})"

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        return Apply("torch.maximum", folded=True)

    def summary(self) -> str:
        return "largest"


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
                brings(inputs),
                "Use the same stride and padding in every branch.",
            )
        channels = inputs[0][0]
        for shape in inputs[1:]:
            channels = channels + shape[0]
        return (channels, *inputs[0][1:])

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return OF_CHANNELS

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
