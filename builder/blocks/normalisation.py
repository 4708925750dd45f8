"""Normalisation of activations."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from builder.blocks.base import Block, Cost, Formula, Passing, Saved, class_for, register, shape_dims
from builder.blocks.lowering import Make, options
from builder.blocks.parameters import Flag, OptionalReal, Real
from builder.errors import Problem, Severity
from builder.shapes import TensorShape, format_shape

EPS_HELP = "Added to the variance so that nothing divides by zero."


@register
class BatchNorm(Block):
    """Each channel to mean 0 and variance 1 over the batch, then a learnt scale and shift."""

    id = "batch_norm"
    title = "Batch norm"
    category = "Normalisation"
    description = (
        "Brings each channel to mean 0 and variance 1 over the batch, then scales and shifts it by learnt "
        "numbers. Allows higher learning rates. When predicting it uses running averages."
    )
    search = ("batchnorm", "bn", "normalisation", "normalization", "batch normalization")
    stem = "bn"
    dimensional = True

    eps = Real(1e-5, minimum=1e-12, label="Epsilon", help=EPS_HELP)
    momentum = OptionalReal(
        0.1,
        minimum=0.0,
        maximum=1.0,
        label="Momentum",
        help="Share of the new batch in the running averages; none: all batches so far count alike.",
    )
    affine = Flag(True, label="Scale and shift", help="A learnt scale and shift for each channel.")
    track_running_stats = Flag(
        True, label="Running averages", help="Keep averages for prediction; off: always the batch's own."
    )

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        return inputs[0]

    def cost(self, inputs: Sequence[TensorShape]) -> Cost:
        return cost_of_channels(inputs[0][0], affine=self.affine, tracked=self.track_running_stats)

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        # The input, and the batch's mean and inverse deviation of each channel.
        return Saved(inputs=(0,), fixed=8 * inputs[0][0])

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        return Passing(fixed=0 if self.track_running_stats else 8 * inputs[0][0])

    def advise(self, inputs: Sequence[TensorShape]) -> list[Problem]:
        if self.track_running_stats or prod(inputs[0][1:]) > 1:
            return []
        return [
            Problem(
                "batch-norm-alone",
                "Without running averages, a batch norm needs more than one value per channel",
                f"a picture alone brings one, as {format_shape(inputs[0])} arrives",
                "Turn running averages on, or only whole batches can be predicted.",
                severity=Severity.WARNING,
            )
        ]

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        channels, *sizes = inputs[0]
        formulas = [
            Formula("Each channel", "y = γ · (x − mean) / √(variance + ε) + β", f"ε = {self.eps:g}"),
            Formula(
                "Mean and variance",
                f"of {_AXES[len(sizes)]} values for each channel",
                " · ".join(["batch", *(str(int(size)) for size in sizes)]),
                f"batch · {prod(sizes):,} values, {int(channels):,} means for the whole batch",
            ),
        ]
        if self.affine:
            formulas.append(scale_and_shift(channels))
        if self.track_running_stats:
            formulas += [self._running(), running_averages(channels)]
        return formulas

    def _running(self) -> Formula:
        """How a batch changes the running mean and variance."""
        if self.momentum is None:
            return Formula(
                "Running averages", "running += (batch − running) / n", "n = batches so far, this one too"
            )
        text = "running = (1 − momentum) · running + momentum · batch"
        share = self.momentum
        return Formula("Running averages", text, f"{1 - share:g} · running + {share:g} · batch")

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        kwargs = options(
            eps=(self.eps, 1e-5),
            momentum=(self.momentum, 0.1),
            affine=(self.affine, True),
            track_running_stats=(self.track_running_stats, True),
        )
        return Make(class_for("BatchNorm", max(shape_dims(inputs), 1)), (inputs[0][0],), kwargs)

    def summary(self) -> str:
        return "batch norm"


#: What batch norm's values lie along, by number of positions' axes; N is the batch.
_AXES = {0: "N", 1: "N·L", 2: "N·H·W", 3: "N·D·H·W"}


def cost_of_channels(channels: int, *, affine: bool, tracked: bool) -> Cost:
    """What a norm of channels learns (scale and shift) and keeps (running mean and variance, a count of batches)."""
    return Cost(
        2 * channels if affine else 0,
        2 * channels + 1 if tracked else 0,
        tensors=2 if affine else 0,
        counters=1 if tracked else 0,
    )


def scale_and_shift(channels: int) -> Formula:
    """How many parameters a norm of channels has."""
    return Formula("Parameters", "2 · channels (γ, β)", f"2 · {int(channels)}", f"{2 * channels:,}")


def running_averages(channels: int) -> Formula:
    """How many numbers a norm of channels keeps for prediction."""
    rule = "2 · channels + 1 (running mean and variance, count)"
    return Formula("Buffers", rule, f"2 · {int(channels)} + 1", f"{2 * channels + 1:,}")


def means(axes: str, each: str, sizes: TensorShape, count: int) -> Formula:
    """What one mean of a norm is taken of, and how many means there are for one sample."""
    times = " · ".join(str(int(size)) for size in sizes) if len(sizes) > 1 else ""
    values = f"{prod(int(size) for size in sizes):,} values"
    number = "one mean" if count == 1 else f"{int(count):,} means"
    return Formula(
        "Mean and variance", f"of {axes} values for {each}", times, f"{values}, {number} for each sample"
    )
