"""What changes a tensor's size as a whole, learnt or fixed, or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from builder.blocks.base import Block, Cost, Formula, Passing, Preset, Saved, register
from builder.blocks.lowering import Apply, Bare, Lowering, Make
from builder.blocks.parameters import Real
from builder.errors import Problem
from builder.shapes import TensorShape


@register
class Identity(Block):
    """The input."""

    id = "identity"
    title = "Identity"
    category = "Reshape"
    description = "Gives back what it gets: a shortcut that can be seen, or a place kept for a layer to come."
    search = ("nothing", "pass", "shortcut", "skip", "placeholder", "no-op")
    stem = "identity"

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        return inputs[0]

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        return Saved(view=True)

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        return [Formula("Each number", "y = x")]

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        return Make("torch.nn.Identity")

    def summary(self) -> str:
        return "y = x"


@register
class Scale(Block):
    """A constant multiple."""

    id = "scale"
    title = "Scale"
    category = "Normalisation"
    description = (
        "Multiplies every number by a constant. Residual branches are scaled down so that very wide networks stay "
        "stable (Inception-ResNet), scores to make a softmax softer or sharper."
    )
    search = ("constant", "multiply", "factor", "temperature")
    stem = "scale"
    presets = (Preset("Scale ×0.1", {"factor": 0.1}, ("inception-resnet",)),)

    factor = Real(1.0, label="Factor", help="What every number is multiplied by.")

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        return inputs[0]

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        return [Formula("Each number", "y = factor · x", f"factor = {self.factor:g}")]

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        return Apply("torch.mul", (float(self.factor),))

    def summary(self) -> str:
        return f"× {self.factor:g}".replace("-", "−")


@register
class LayerScale(Block):
    """A learnt multiple for each channel."""

    id = "layer_scale"
    title = "Layer scale"
    category = "Normalisation"
    description = (
        "Multiplies each channel by a learnt number that starts near zero, so that a residual block begins as nearly "
        "nothing and finds its strength: at the end of the branches of ConvNeXt and of deep vision transformers."
    )
    search = ("layerscale", "gamma", "convnext", "learnt scale", "vision transformer")
    stem = "layer_scale"
    repeatable = False

    init_value = Real(1e-6, label="First value", help="What all the scales are before training.")

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        return inputs[0]

    def cost(self, inputs: Sequence[TensorShape]) -> Cost:
        return Cost(inputs[0][0], tensors=1)

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        return Saved(inputs=(0,))

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        return Passing()

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        channels = inputs[0][0]
        return [
            Formula("Each number", "y = γ_c · x", f"γ = {self.init_value:g} at first"),
            Formula("Parameters", "one γ for each channel", "", f"{int(channels):,}"),
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        shape = inputs[0]
        return Bare((shape[0], *(1,) * (len(shape) - 1)), self.init_value)

    def summary(self) -> str:
        return f"γ = {self.init_value:g} at first".replace("-", "−")
