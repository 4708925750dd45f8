"""Noise while training: activations, whole channels or whole branches are dropped. When predicting it does nothing."""

from __future__ import annotations

from collections.abc import Sequence

from builder.blocks.base import Block, Formula, Passing, Preset, Saved, class_for, register, shape_dims
from builder.blocks.lowering import Make, options
from builder.blocks.parameters import Choice, Real
from builder.errors import Problem
from builder.shapes import TensorShape, elements


class _Noise(Block):
    """What all kinds of dropout share: a mask while training, the input itself when predicting."""

    category = "Regularisation"

    p = Real(0.5, minimum=0.0, maximum=1.0, label="Probability", help="Share that is dropped.")

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        return inputs[0]

    def masks(self, shape: TensorShape) -> int:
        """How many numbers of the mask one sample has."""
        raise NotImplementedError

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        # The mask; with p = 0 the input itself comes back, with p = 1 it is times a lone zero.
        if self.p in (0, 1):
            return Saved(view=True) if self.p == 0 else Saved(fixed=4)
        return Saved(extra=4 * self.masks(inputs[0]))

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        return Passing(view=True)

    def summary(self) -> str:
        return f"p = {self.p:g}"


@register
class SpatialDropout(_Noise):
    """Whole channels set to zero while training."""

    id = "spatial_dropout"
    title = "Spatial dropout"
    description = (
        "While training, sets whole channels to zero with probability p and scales the rest by 1 / (1 − p). On maps it "
        "does what dropout means to do: a neighbouring pixel cannot give away what one pixel has lost."
    )
    search = ("dropout2d", "channel dropout", "regularisation", "regularization", "overfitting")
    stem = "dropout"
    ranks = (2, 3, 4)
    rank_way_out = "On a vector use Dropout."
    dimensional = True

    def masks(self, shape: TensorShape) -> int:
        return shape[0]

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        channels, share = inputs[0][0], 1 - self.p
        return [
            Formula(
                "While training", "y = x · mask / (1 − p)", f"keeps {share:.0%} of {int(channels):,} channels"
            )
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        return Make(class_for("Dropout", shape_dims(inputs)), (), {"p": self.p})


@register
class AlphaDropout(_Noise):
    """Dropout that keeps mean and variance."""

    id = "alpha_dropout"
    title = "Alpha dropout"
    description = (
        "Dropout for networks of SELUs: dropped numbers get SELU's lowest value instead of zero, and the result is "
        "scaled and shifted so that mean 0 and variance 1 stay."
    )
    search = ("selu", "self-normalising", "regularisation", "regularization", "dropout")
    stem = "dropout"

    def masks(self, shape: TensorShape) -> int:
        return elements(shape)

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        share = 1 - self.p
        return [
            Formula(
                "While training",
                "y = a · (x, or −1.7581 where dropped) + b; a, b keep mean 0, variance 1",
                f"keeps {share:.0%} of {elements(inputs[0]):,} numbers",
            )
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        return Make("torch.nn.AlphaDropout", (), {"p": self.p})


@register
class StochasticDepth(_Noise):
    """A whole branch dropped while training."""

    id = "stochastic_depth"
    title = "Stochastic depth"
    description = (
        "While training, drops the whole branch for some samples (drop path), so that only its shortcut is left: "
        "put it at the end of a residual branch, before the Add. Lets very deep networks train better."
    )
    search = ("drop path", "droppath", "convnext", "efficientnet", "regularisation")
    stem = "stochastic_depth"
    presets = (Preset("Stochastic depth 0.1", {"p": 0.1}, ("drop path",)),)

    mode = Choice(
        "row",
        ("row", "batch"),
        label="Dropped for",
        help="row: each sample by itself; batch: all samples of a batch or none.",
    )

    def masks(self, shape: TensorShape) -> int:
        return 1

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        if self.p == 0:
            return Saved(view=True)
        return Saved(extra=4) if self.mode == "row" else Saved(fixed=4)

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        share = 1 - self.p
        who = "sample" if self.mode == "row" else "batch"
        return [
            Formula("While training", "y = x · b / (1 − p)", f"b = 1 for {share:.0%} of all {who}s, else 0")
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        return Make("helper:StochasticDepth", (), {"p": self.p, **options(mode=(self.mode, "row"))})

    def summary(self) -> str:
        return f"p = {self.p:g} · each {'sample' if self.mode == 'row' else 'batch'}"
