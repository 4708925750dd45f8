"""Activations: what makes a network more than one matrix."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from builder.blocks.base import Block, Formula, Saved, register
from builder.blocks.lowering import Make, options
from builder.errors import Problem
from builder.shapes import TensorShape
from builder.windows import OF_CHANNELS, Sight


class Activation(Block):
    """Applied to each number by itself; the shape stays. Parameters have PyTorch's names and defaults."""

    category = "Activation"
    formula = ""
    #: Autograd needs the result ("output") or the argument ("input") to go back.
    keeps = "output"

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        return inputs[0]

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        return Saved(output=True) if self.keeps == "output" else Saved(inputs=(0,))

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        return [Formula("Each number", self.formula, self.settings())]

    def settings(self) -> str:
        """The parameters in the formula, with their values."""
        return ""

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        given = {name: (self.values[name], p.default) for name, p in self.parameters().items()}
        return Make(f"torch.nn.{type(self).__name__}", (), options(**given))

    def summary(self) -> str:
        return self.settings() or self.title


@register
class ReLU(Activation):
    """max(0, x)."""

    id = "relu"
    title = "ReLU"
    description = "Cuts negative numbers to zero. The usual choice: cheap, and its gradient does not fade."
    search = ("rectified linear", "activation")
    stem = "relu"
    formula = "y = max(0, x)"


@register
class ReLU6(Activation):
    """min(max(0, x), 6)."""

    id = "relu6"
    title = "ReLU6"
    description = "ReLU cut at 6, so that low-precision arithmetic on phones keeps its accuracy (MobileNet)."
    search = ("clipped relu", "mobilenet", "activation")
    stem = "relu"
    formula = "y = min(max(0, x), 6)"
    keeps = "input"


@register
class Tanh(Activation):
    """The hyperbolic tangent."""

    id = "tanh"
    title = "Tanh"
    description = "Squashes to −1 … 1. LeNet's activation; its gradient fades where it saturates."
    search = ("hyperbolic tangent", "activation", "sigmoid")
    stem = "tanh"
    formula = "y = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)"


@register
class Sigmoid(Activation):
    """1 / (1 + e⁻ˣ)."""

    id = "sigmoid"
    title = "Sigmoid"
    description = "Squashes to 0 … 1, like a probability. Used for gates and for yes/no outputs."
    search = ("logistic", "activation", "gate")
    stem = "sigmoid"
    formula = "y = 1 / (1 + e⁻ˣ)"


class _OverChannels(Activation):
    """What makes the channels of each position depend on each other."""

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return OF_CHANNELS

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        channels, *sizes = inputs[0]
        places = prod(sizes)
        numbers = f"j = 1 … {int(channels):,}"
        return [
            Formula("Each number", self.formula, numbers),
            Formula(
                "Sums to 1",
                "one sum for each position" if sizes else "one sum",
                " · ".join(map(str, sizes)) if len(sizes) > 1 else "",
                f"{int(places):,} sums of {int(channels):,} numbers"
                if sizes
                else f"of {int(channels):,} numbers",
            ),
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        return Make(f"torch.nn.{type(self).__name__}", (), {"dim": 1})

    def summary(self) -> str:
        return "over the channels"


@register
class Softmax(_OverChannels):
    """Probabilities over the channels."""

    id = "softmax"
    title = "Softmax"
    description = (
        "Turns the channels into probabilities that add up to 1, on a map at each position by itself. Training "
        "applies it inside the loss already: leave it out at the end of a network that is trained here."
    )
    search = ("probabilities", "classes", "activation")
    stem = "softmax"
    formula = "yᵢ = e^xᵢ / Σⱼ e^xⱼ over the channels"


@register
class LogSoftmax(_OverChannels):
    """Logarithms of probabilities over the channels."""

    id = "log_softmax"
    title = "Log-softmax"
    description = (
        "The logarithm of Softmax, computed without overflow: what a negative log-likelihood loss takes. Training "
        "applies it inside the loss already: leave it out at the end of a network that is trained here."
    )
    search = ("log softmax", "logsoftmax", "probabilities", "nll", "classes", "activation")
    stem = "log_softmax"
    formula = "yᵢ = xᵢ − ln Σⱼ e^xⱼ over the channels"
