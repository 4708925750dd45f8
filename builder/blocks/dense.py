"""Fully connected layers and what goes with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from builder.blocks.base import Block, Cost, Formula, Passing, Preset, Saved, register
from builder.blocks.lowering import Make, options
from builder.blocks.parameters import Choice, Flag, Integer, Real
from builder.errors import Problem
from builder.shapes import TensorShape, elements, format_shape
from builder.strides import Strides, reshaped
from builder.windows import ELEMENTWISE, AlongLast, Everything, Sight


@register
class Linear(Block):
    """Every output is a weighted sum of every input."""

    id = "linear"
    title = "Linear"
    category = "Dense"
    description = (
        "A fully connected layer: every output is a weighted sum of every input. Takes a flattened vector; or whatever "
        "arrives, whose last axis it goes along: the same weights at every position, as a 1×1 convolution has them."
    )
    search = ("fully connected", "dense", "fc", "classifier")
    stem = "fc"
    presets = (
        Preset(
            "Linear along the last axis",
            {"over": "last"},
            ("pointwise", "mlp", "tokens", "transformer", "convnext", "channels last"),
        ),
    )
    ranks = (1,)
    rank_way_out = "Insert a Flatten, or a global average pool."
    rank_fixes = ("insert-flatten", "insert-global-pool")

    out_features = Integer(
        10, label="Outputs", help="How many outputs; for the last layer, the number of classes."
    )
    bias = Flag(True, label="Bias", help="A learnt offset for each output.")
    over = Choice(
        "all",
        ("all", "last"),
        label="Over",
        help="What the sums are of: all numbers, which have to be a vector; or the last axis of whatever arrives, for "
        "channels that a Permute has put there.",
    )

    @classmethod
    def ranks_of(cls, parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return (1, 2, 3, 4) if parameters.get("over") == "last" else cls.ranks

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        return (*inputs[0][:-1], self.out_features)

    def cost(self, inputs: Sequence[TensorShape]) -> Cost:
        *positions, features = inputs[0]
        weights = features * self.out_features
        bias = self.out_features if self.bias else 0
        return Cost(weights + bias, 0, weights * elements(positions), tensors=2 if self.bias else 1)

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        return Saved(inputs=(0,)) if len(inputs[0]) == 1 else Saved(rows=True)

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        return Passing(rows=len(inputs[0]) > 1)

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return AlongLast() if len(inputs[0]) > 1 else Everything()

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        *positions, features = inputs[0]
        cost, outputs = self.cost(inputs), int(self.out_features)
        bias = (" + outputs", f" + {outputs}") if self.bias else ("", "")
        many = (" · positions", "".join(f" · {size}" for size in positions)) if positions else ("", "")
        return [
            Formula(
                "Parameters",
                f"inputs · outputs{bias[0]}",
                f"{features} · {outputs}{bias[1]}",
                f"{cost.parameters:,}",
            ),
            Formula(
                "FLOPs",
                f"2 · inputs · outputs{many[0]}",
                f"2 · {features} · {outputs}{many[1]}",
                f"{2 * cost.macs:,}",
            ),
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        return Make("torch.nn.Linear", (inputs[0][-1], self.out_features), options(bias=(self.bias, True)))

    def summary(self) -> str:
        return f"{int(self.out_features):,} outputs" + (" · last axis" if self.over == "last" else "")


@register
class Flatten(Block):
    """All numbers in one row."""

    id = "flatten"
    title = "Flatten"
    category = "Reshape"
    description = (
        "Lays all numbers of the tensor in one row, C×H×W → N, so that a Linear layer can take them; or only some "
        "axes that lie side by side, as C×H×W → C×N, a sequence of the pixels."
    )
    search = ("reshape", "vector", "view", "tokens", "patches")
    stem = "flatten"

    start_dim = Integer(
        1, maximum=4, label="First axis", help="1: the channels; 2, 3, 4: the axes of the map."
    )
    end_dim = Integer(
        -1,
        minimum=-4,
        maximum=4,
        label="Last axis",
        help="Counted in the same way; −1 is the last one there is.",
    )

    def _ends(self, shape: TensorShape) -> tuple[int, int]:
        """Where the axes that become one begin and end, without the batch."""
        end = self.end_dim if self.end_dim >= 0 else self.end_dim + len(shape) + 1
        return int(self.start_dim) - 1, int(end)

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        shape = inputs[0]
        start, end = self._ends(shape)
        if not 0 <= start < end <= len(shape):
            return Problem(
                "no-such-axis",
                "'start_dim' and 'end_dim' must be axes that the tensor has, in this order",
                f"{int(self.start_dim)} and {int(self.end_dim)}, and {format_shape(shape)} has 1 to {len(shape)}",
                "Choose others.",
                fixes=("reset-parameter",),
            )
        return (*shape[:start], elements(shape[start:end]), *shape[end:])

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        return Saved(view=True)

    def strides(self, inputs: Sequence[TensorShape], strides: Strides) -> Strides | None:
        shape = inputs[0]
        start, end = self._ends(shape)
        return reshaped(shape, strides, (*shape[:start], elements(shape[start:end]), *shape[end:]))

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        start, end = self._ends(inputs[0])
        return ELEMENTWISE if end - start == 1 else Everything()

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        shape = inputs[0]
        start, end = self._ends(shape)
        joined = shape[start:end]
        return [
            Formula("Output", format_shape(joined), " · ".join(map(str, joined)), f"{elements(joined):,}")
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        ends = options(start_dim=(self.start_dim, 1), end_dim=(self.end_dim, -1))
        return Make("torch.nn.Flatten", (), ends)

    def summary(self) -> str:
        if self.start_dim == 1 and self.end_dim == -1:
            return "to a vector"
        return f"axes {int(self.start_dim)} to {int(self.end_dim)}"


@register
class Dropout(Block):
    """Some activations set to zero while training."""

    id = "dropout"
    title = "Dropout"
    category = "Regularisation"
    description = (
        "While training, sets each number to zero with probability p and scales the rest by 1 / (1 − p), so that "
        "no feature can rely on another. When predicting it does nothing."
    )
    search = ("regularisation", "regularization", "overfitting")
    stem = "dropout"

    p = Real(
        0.5, minimum=0.0, maximum=1.0, label="Probability", help="Share of the numbers that are set to zero."
    )

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        return inputs[0]

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        # The mask, in fp32 on the CPU; with p = 0 the input itself comes back, with p = 1 it is times a lone zero.
        if self.p in (0, 1):
            return Saved(view=True) if self.p == 0 else Saved(fixed=4)
        return Saved(extra=4 * elements(inputs[0]))

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        return Passing(view=True)

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        share = 1 - self.p
        return [
            Formula(
                "While training",
                "y = x · mask / (1 − p)",
                f"keeps {share:.0%} of {elements(inputs[0]):,} numbers",
            )
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        return Make("torch.nn.Dropout", (), {"p": self.p})

    def summary(self) -> str:
        return f"p = {self.p:g}"
