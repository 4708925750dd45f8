"""Smooth activations, gates of themselves, and the straight-line versions that phones use in their place."""

from __future__ import annotations

from builder.blocks.activation import Activation
from builder.blocks.base import Preset, register
from builder.blocks.parameters import Choice, Real


@register
class GELU(Activation):
    """x weighted by how large it is among normally distributed numbers."""

    id = "gelu"
    title = "GELU"
    description = (
        "Weights each number by the share of a normal distribution below it: a smooth ReLU. The activation of "
        "transformers and of ConvNeXt."
    )
    search = ("gaussian error linear unit", "convnext", "transformer", "activation")
    stem = "gelu"
    presets = (Preset("GELU (tanh)", {"approximate": "tanh"}, ("fast gelu", "approximate")),)
    keeps = "input"

    approximate = Choice(
        "none",
        ("none", "tanh"),
        label="Approximation",
        help="none: the exact normal distribution; tanh: the faster formula of the first GPT and BERT.",
    )

    @property
    def formula(self) -> str:  # type: ignore[override]
        """Exact, or as it is approximated."""
        if self.approximate == "none":
            return "y = x · Φ(x) = x · ½ · (1 + erf(x / √2))"
        return "y = x · ½ · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))"

    def summary(self) -> str:
        return "GELU" if self.approximate == "none" else "GELU · tanh"


@register
class SiLU(Activation):
    """x times its own sigmoid."""

    id = "silu"
    title = "SiLU"
    description = (
        "Each number times its own sigmoid: smooth, and dips a little below zero. Also known as Swish; "
        "the activation of EfficientNet and of the later YOLOs."
    )
    search = ("swish", "sigmoid linear unit", "efficientnet", "activation")
    stem = "silu"
    formula = "y = x · σ(x) = x / (1 + e⁻ˣ)"
    keeps = "input"


@register
class Mish(Activation):
    """x times the tanh of its softplus."""

    id = "mish"
    title = "Mish"
    description = "Much like SiLU, x · tanh(softplus(x)); known from YOLOv4. A little dearer."
    search = ("yolo", "self-gated", "activation")
    stem = "mish"
    formula = "y = x · tanh(ln(1 + eˣ))"
    keeps = "input"


@register
class Softplus(Activation):
    """ln(1 + eˣ)."""

    id = "softplus"
    title = "Softplus"
    description = (
        "A ReLU with a rounded corner, always above zero: for outputs that must be positive, such as a variance. "
        "As a hidden activation ReLU is cheaper and does no worse."
    )
    search = ("smooth relu", "positive", "activation")
    stem = "softplus"
    formula = "y = ln(1 + e^(β·x)) / β, and x where β·x > threshold"
    keeps = "input"

    beta = Real(1.0, minimum=1e-3, label="Beta", help="How sharp the corner is; large is nearly ReLU.")
    threshold = Real(
        20.0, minimum=0.0, label="Threshold", help="Beyond it the straight line is used, which is as exact."
    )

    def settings(self) -> str:
        return f"β = {self.beta:g}, threshold = {self.threshold:g}"

    def summary(self) -> str:
        return f"β = {self.beta:g}"


@register
class Hardswish(Activation):
    """SiLU from straight lines."""

    id = "hardswish"
    title = "Hardswish"
    description = "SiLU with its sigmoid replaced by straight lines: cheap on phones (MobileNetV3)."
    search = ("h-swish", "hard swish", "mobilenet", "activation")
    stem = "hardswish"
    formula = "y = x · min(max(0, x + 3), 6) / 6"
    keeps = "input"


@register
class Hardsigmoid(Activation):
    """A sigmoid from straight lines."""

    id = "hardsigmoid"
    title = "Hardsigmoid"
    description = "A sigmoid replaced by straight lines: the gate of MobileNetV3's squeeze-and-excitation."
    search = ("h-sigmoid", "hard sigmoid", "gate", "mobilenet", "activation")
    stem = "hardsigmoid"
    formula = "y = min(max(0, x + 3), 6) / 6"
    keeps = "input"
