"""ReLU's relatives: straight or nearly so for positive numbers, gentler than zero for negative ones."""

from __future__ import annotations

from collections.abc import Sequence

from builder.blocks.activation import Activation
from builder.blocks.base import Cost, Formula, Preset, register
from builder.blocks.parameters import Integer, Real
from builder.errors import Problem
from builder.shapes import TensorShape


@register
class LeakyReLU(Activation):
    """x, or a little of it where it is negative."""

    id = "leaky_relu"
    title = "Leaky ReLU"
    description = (
        "ReLU that lets a little of the negative numbers through, so that no unit stops learning. Usual in "
        "detectors (YOLO) and in the discriminators of GANs."
    )
    search = ("lrelu", "leakyrelu", "rectified linear", "dying relu", "activation")
    stem = "leaky_relu"
    presets = (Preset("Leaky ReLU 0.2", {"negative_slope": 0.2}, ("gan", "dcgan")),)
    formula = "y = x for x > 0, slope · x for x ≤ 0"
    keeps = "input"

    negative_slope = Real(0.01, label="Negative slope", help="What negative numbers are multiplied by.")

    def settings(self) -> str:
        return f"slope = {self.negative_slope:g}"


@register
class PReLU(Activation):
    """Leaky ReLU whose slope is learnt."""

    id = "prelu"
    title = "PReLU"
    description = (
        "Leaky ReLU whose slope is learnt: one for all channels, or one for each. Leave weight decay off for it, "
        "which would pull the slopes to zero and make it a ReLU."
    )
    search = ("parametric relu", "leaky", "rectified linear", "learnt slope", "activation")
    stem = "prelu"
    presets = (Preset("PReLU per channel", {"num_parameters": "=in_channels"}, ("channelwise",)),)
    formula = "y = x for x > 0, a · x for x ≤ 0"
    keeps = "input"

    num_parameters = Integer(
        1, label="Slopes", help="1: one slope for all; or as many as there are channels."
    )
    init = Real(0.25, label="First value", help="What the slopes are before training.")

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        channels = inputs[0][0]
        if self.num_parameters not in (1, channels):
            return Problem(
                "slopes-differ",
                "'num_parameters' of a PReLU is 1, or the number of channels",
                f"{int(self.num_parameters):,} slopes, {int(channels):,} channels",
                "Learn one slope, or one for each channel (=in_channels).",
                fixes=("reset-parameter",),
            )
        return inputs[0]

    def cost(self, inputs: Sequence[TensorShape]) -> Cost:
        return Cost(self.num_parameters, tensors=1)

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        count = int(self.num_parameters)
        each = "one slope for all channels" if count == 1 else "one slope for each channel"
        return [*super().explain(inputs), Formula("Parameters", each, "", f"{count:,}")]

    def settings(self) -> str:
        return f"a = {self.init:g} at first"

    def summary(self) -> str:
        count = int(self.num_parameters)
        return "one slope" if count == 1 else f"{count:,} slopes"


@register
class ELU(Activation):
    """x, or a saturating exponential where it is negative."""

    id = "elu"
    title = "ELU"
    description = (
        "Negative numbers bend smoothly towards −α instead of being cut, which keeps the mean of the activations "
        "near zero. Dearer than ReLU."
    )
    search = ("exponential linear unit", "activation")
    stem = "elu"
    formula = "y = x for x > 0, α · (eˣ − 1) for x ≤ 0"
    keeps = "input"

    alpha = Real(1.0, minimum=0.0, label="Alpha", help="Negative numbers go down to −alpha.")

    def settings(self) -> str:
        return f"α = {self.alpha:g}"


@register
class SELU(Activation):
    """ELU with the two constants that keep mean 0 and variance 1."""

    id = "selu"
    title = "SELU"
    description = (
        "ELU with fixed constants under which the activations of a deep network drift to mean 0 and variance 1 by "
        "themselves, without batch norm. Goes with alpha dropout and LeCun initialisation."
    )
    search = ("self-normalising", "self-normalizing", "scaled exponential linear unit", "activation")
    stem = "selu"
    formula = "y = s · x for x > 0, s · α · (eˣ − 1) for x ≤ 0"
    keeps = "input"

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        return [Formula("Each number", self.formula, "s = 1.0507, α = 1.6733")]


@register
class CELU(Activation):
    """ELU whose slope is 1 at zero for every α."""

    id = "celu"
    title = "CELU"
    description = "ELU divided by α within the exponential, so that it has no kink at zero, whatever α is."
    search = ("continuously differentiable exponential linear unit", "activation")
    stem = "celu"
    formula = "y = x for x > 0, α · (e^(x/α) − 1) for x ≤ 0"
    keeps = "input"

    alpha = Real(1.0, minimum=1e-3, label="Alpha", help="Negative numbers go down to −alpha.")

    def settings(self) -> str:
        return f"α = {self.alpha:g}"


@register
class Hardtanh(Activation):
    """The nearest number of a range."""

    id = "hardtanh"
    title = "Hardtanh"
    description = "Cuts numbers at both ends of a range, −1 … 1 by default: tanh drawn with a ruler."
    search = ("clip", "clamp", "hard tanh", "activation")
    stem = "hardtanh"
    presets = (Preset("Clip to 0 … 1", {"min_val": 0.0, "max_val": 1.0}, ("clamp",)),)
    formula = "y = min(max(least, x), greatest)"
    keeps = "input"

    min_val = Real(-1.0, label="Least", help="Smaller numbers become this.")
    max_val = Real(1.0, label="Greatest", help="Larger numbers become this.")

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        if self.min_val >= self.max_val:
            return Problem(
                "empty-range",
                "'min_val' must be below 'max_val'",
                f"{self.min_val:g} is not below {self.max_val:g}",
                "Lower the least, or raise the greatest.",
                fixes=("reset-parameter",),
            )
        return inputs[0]

    def settings(self) -> str:
        return f"{self.min_val:g} … {self.max_val:g}".replace("-", "−")
