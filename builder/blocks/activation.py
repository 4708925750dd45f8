"""Activations: what makes a network more than one matrix."""

from __future__ import annotations

from collections.abc import Sequence

from builder.blocks.base import Block, Formula, Saved, register
from builder.blocks.lowering import Make
from builder.errors import Problem
from builder.shapes import TensorShape


class _Activation(Block):
    """Applied to each number by itself; the shape stays."""

    category = "Activation"
    formula = ""
    #: Autograd needs the result ("output") or the argument ("input") to go back.
    keeps = "output"

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        return inputs[0]

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        return Saved(output=True) if self.keeps == "output" else Saved(inputs=(0,))

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        return [Formula("Each number", self.formula)]

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        return Make(f"torch.nn.{type(self).__name__}")


@register
class ReLU(_Activation):
    """max(0, x)."""

    id = "relu"
    title = "ReLU"
    description = "Cuts negative numbers to zero. The usual choice: cheap, and its gradient does not fade."
    search = ("rectified linear", "activation")
    stem = "relu"
    formula = "y = max(0, x)"


@register
class ReLU6(_Activation):
    """min(max(0, x), 6)."""

    id = "relu6"
    title = "ReLU6"
    description = "ReLU cut at 6, so that low-precision arithmetic on phones keeps its accuracy (MobileNet)."
    search = ("clipped relu", "mobilenet", "activation")
    stem = "relu"
    formula = "y = min(max(0, x), 6)"
    keeps = "input"


@register
class Tanh(_Activation):
    """The hyperbolic tangent."""

    id = "tanh"
    title = "Tanh"
    description = "Squashes to −1 … 1. LeNet's activation; its gradient fades where it saturates."
    search = ("hyperbolic tangent", "activation", "sigmoid")
    stem = "tanh"
    formula = "y = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)"


@register
class Sigmoid(_Activation):
    """1 / (1 + e⁻ˣ)."""

    id = "sigmoid"
    title = "Sigmoid"
    description = "Squashes to 0 … 1, like a probability. Used for gates and for yes/no outputs."
    search = ("logistic", "activation", "gate")
    stem = "sigmoid"
    formula = "y = 1 / (1 + e⁻ˣ)"


@register
class Softmax(_Activation):
    """Probabilities over the channels."""

    id = "softmax"
    title = "Softmax"
    description = (
        "Turns the channels into probabilities that add up to 1. Training applies it inside the loss already: "
        "leave it out at the end of a network that is trained here."
    )
    search = ("probabilities", "classes", "activation")
    stem = "softmax"
    formula = "yᵢ = e^xᵢ / Σⱼ e^xⱼ over the channels"

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        return Make("torch.nn.Softmax", (), {"dim": 1})
