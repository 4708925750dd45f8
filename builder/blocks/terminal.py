"""Where tensors come from and where they go: of the network, or the ports of a module."""

from __future__ import annotations

from collections.abc import Sequence

from builder.blocks.base import Block, Preset, register
from builder.blocks.lowering import Lowering, PassOn
from builder.blocks.parameters import Real, ShapeValue
from builder.errors import Problem
from builder.shapes import TensorShape, format_shape


@register
class Input(Block):
    """Where the picture comes in; inside a module, one of its inputs."""

    id = "input"
    title = "Input"
    category = "Input and output"
    description = "Where the picture, sequence or volume comes in. Its shape is that of one sample, C×H×W."
    search = ("image", "start", "data", "placeholder")
    stem = "input"
    inputs = ()
    presets = (
        Preset("Grey 28×28", {"shape": [1, 28, 28]}, ("mnist", "digits")),
        Preset("Colour 32×32", {"shape": [3, 32, 32]}, ("cifar",)),
        Preset("Colour 224×224", {"shape": [3, 224, 224]}, ("imagenet",)),
    )

    shape = ShapeValue((1, 28, 28), label="Shape", help="Of one sample: channels, height, width.")

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        return self.shape

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        return PassOn()

    def summary(self) -> str:
        return format_shape(self.shape)


@register
class Output(Block):
    """What the network answers; inside a module, one of its outputs."""

    id = "output"
    title = "Output"
    category = "Input and output"
    description = (
        "What the network answers. For classification: one number for each class, before the softmax."
    )
    search = ("result", "end", "prediction", "logits")
    stem = "output"
    outputs = ()

    loss_weight = Real(
        1.0,
        minimum=0.0,
        label="Loss weight",
        help="How much this output's loss counts in training; a network with auxiliary classifiers gives them less. "
        "Predictions are the first output's. A module's output has no loss.",
    )

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        return inputs[0]

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        return PassOn()

    def summary(self) -> str:
        return "result" if self.loss_weight == 1 else f"loss × {self.loss_weight:g}"
