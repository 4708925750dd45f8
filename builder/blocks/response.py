"""The norm of AlexNet: neighbouring channels hold each other down."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from builder.blocks.base import Block, Formula, Passing, Preset, Saved, register
from builder.blocks.lowering import Make, options
from builder.blocks.parameters import Integer, Real
from builder.errors import Problem
from builder.shapes import TensorShape, elements


@register
class LocalResponseNorm(Block):
    """Each number divided by how strong its neighbours in the channels are."""

    id = "local_response_norm"
    title = "Local response norm"
    category = "Normalisation"
    description = (
        "Divides each number by the strength of the neighbouring channels at its position, so that strong responses "
        "stand out. AlexNet and GoogLeNet used it; batch norm has taken its place. No parameters."
    )
    search = ("lrn", "alexnet", "googlenet", "lateral inhibition", "normalisation", "normalization")
    stem = "lrn"
    ranks = (2, 3, 4)
    rank_way_out = "Normalise before the tensor is flattened."
    # The paper does not divide α by the window: 5e-4 / 5 is its 1e-4.
    presets = (Preset("LRN of AlexNet", {"size": 5, "alpha": 5e-4, "beta": 0.75, "k": 2.0}),)

    size = Integer(
        5, label="Window", unit="channels", help="How many neighbouring channels count, itself included."
    )
    alpha = Real(
        1e-4,
        minimum=0.0,
        label="Alpha",
        help="How much the neighbours count. PyTorch divides it by the window; AlexNet's paper does not.",
    )
    beta = Real(0.75, minimum=0.0, label="Beta", help="The power of what is divided by.")
    k = Real(1.0, minimum=1e-6, label="k", help="What the strengths are added to.")

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        return inputs[0]

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        # The squares with a border of channels, their means with k, and what is divided by.
        shape = inputs[0]
        padded = (shape[0] + self.size - 1) * prod(shape[1:])
        return Saved(inputs=(0,), extra=4 * (padded + 2 * elements(shape)))

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        shape = inputs[0]
        padded = (shape[0] + self.size - 1) * prod(shape[1:])
        # Squares and their copy with a border; or means, scaled and shifted means: the output is not there yet.
        return Passing(working=4 * max(padded, 2 * elements(shape)))

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        below, above = self.size // 2, (self.size - 1) // 2
        settings = f"k = {self.k:g}, α = {self.alpha:g}, n = {int(self.size)}, β = {self.beta:g}"
        return [
            Formula("Each number", "y_c = x_c / (k + α/n · Σ x_j²)^β", settings),
            Formula(
                "Sum over channels",
                "j = c − ⌊n/2⌋ … c + ⌊(n − 1)/2⌋",
                f"j = c − {int(below)} … c + {int(above)}",
                f"of {int(inputs[0][0]):,}, at the same position",
            ),
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        kwargs = options(alpha=(self.alpha, 1e-4), beta=(self.beta, 0.75), k=(self.k, 1.0))
        return Make("torch.nn.LocalResponseNorm", (self.size,), kwargs)

    def summary(self) -> str:
        return f"over {int(self.size)} channels"
