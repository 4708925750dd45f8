"""Norms of one sample by itself: their means are taken over channels and positions, never over the batch."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from builder.blocks.base import (
    Block,
    Cost,
    Formula,
    Passing,
    Preset,
    Saved,
    class_for,
    register,
    shape_dims,
)
from builder.blocks.lowering import Make, options
from builder.blocks.normalisation import EPS_HELP, cost_of_channels, means, running_averages, scale_and_shift
from builder.blocks.parameters import Choice, Flag, Integer, Real
from builder.errors import Problem, Severity
from builder.shapes import TensorShape, elements, format_shape


class _SampleNorm(Block):
    """What the norms of one sample share: a mean and a deviation of each group of numbers."""

    category = "Normalisation"

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        return inputs[0]

    def groups(self, shape: TensorShape) -> int:
        """How many means are taken of one sample."""
        raise NotImplementedError

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        # The input, and a mean and an inverse deviation of each group.
        return Saved(inputs=(0,), extra=8 * self.groups(inputs[0]))

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        return Passing(working=8 * self.groups(inputs[0]))

    def advise(self, inputs: Sequence[TensorShape]) -> list[Problem]:
        if elements(inputs[0]) > self.groups(inputs[0]):
            return []
        return [
            Problem(
                "norm-of-one",
                f"{self.title} needs more than one value for each mean",
                f"{format_shape(inputs[0])} arrives, so every value is its own mean and becomes 0",
                "Take the mean over more, or leave the norm out.",
                severity=Severity.WARNING,
            )
        ]


@register
class LayerNorm(_SampleNorm):
    """Each sample, or each position, to mean 0 and variance 1."""

    id = "layer_norm"
    title = "Layer norm"
    description = (
        "Brings each sample to mean 0 and variance 1, whatever else is in the batch: over all its numbers, or at each "
        "position over the channels, as ConvNeXt and transformers do. The same while training and predicting."
    )
    search = ("layernorm", "ln", "normalisation", "normalization", "layer normalization", "transformer")
    stem = "norm"
    presets = (
        Preset(
            "Layer norm over channels", {"over": "channels", "eps": 1e-6}, ("convnext", "layernorm2d", "ln")
        ),
    )

    over = Choice(
        "all",
        ("all", "channels", "last"),
        label="Over",
        help="What one mean is of: all numbers of a sample; the channels at each position (ConvNeXt); or the last "
        "axis, for channels that a Permute has put there.",
    )
    eps = Real(1e-5, minimum=1e-12, label="Epsilon", help=EPS_HELP)
    elementwise_affine = Flag(
        True, label="Scale and shift", help="A learnt scale and shift for each number that a mean is of."
    )
    bias = Flag(True, label="Shift", help="Off: a learnt scale alone.")

    def _normalised(self, shape: TensorShape) -> TensorShape:
        """The sizes of the axes one mean is taken over."""
        return {"all": shape, "channels": shape[:1], "last": shape[-1:]}[self.over]

    def groups(self, shape: TensorShape) -> int:
        return elements(shape) // elements(self._normalised(shape))

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        shape = inputs[0]
        if self.over == "channels" and 1 < shape[0] < elements(shape):  # channels last, and then put back
            return Passing(working=4 * elements(shape))
        return super().passing(inputs)

    def cost(self, inputs: Sequence[TensorShape]) -> Cost:
        if not self.elementwise_affine:
            return Cost()
        each = 2 if self.bias else 1
        return Cost(each * elements(self._normalised(inputs[0])), tensors=each)

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        shape, of = inputs[0], self._normalised(inputs[0])
        letters = _letters(shape)
        axes, rest = {
            "all": (letters, ""),
            "channels": (letters[:1], letters[1:]),
            "last": (letters[-1:], letters[:-1]),
        }[self.over]
        each = f"each of {'·'.join(rest)} positions" if rest else "the whole sample"
        formulas = [
            Formula("Each number", _NORMALISED, f"ε = {self.eps:g}"),
            means("·".join(axes), each, of, self.groups(shape)),
        ]
        if self.elementwise_affine:
            many = f"{2 if self.bias else 1} · {'·'.join(axes)}"
            numbers = f"{2 if self.bias else 1} · {' · '.join(str(int(size)) for size in of)}"
            names = "γ, β" if self.bias else "γ"
            formulas.append(
                Formula("Parameters", f"{many} ({names})", numbers, f"{self.cost(inputs).parameters:,}")
            )
        return formulas

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        shape = inputs[0]
        kwargs = options(
            eps=(self.eps, 1e-5),
            elementwise_affine=(self.elementwise_affine, True),
            bias=(self.bias, True),
        )
        normalised = self._normalised(shape)
        size = normalised if len(normalised) > 1 else normalised[0]
        if self.over == "channels" and len(shape) > 1:
            return Make(f"helper:LayerNorm{len(shape) - 1}d", (size,), kwargs)
        return Make("torch.nn.LayerNorm", (size,), kwargs)

    def summary(self) -> str:
        return {"all": "over the sample", "channels": "over the channels", "last": "over the last axis"}[
            self.over
        ]


@register
class InstanceNorm(_SampleNorm):
    """Each map of each sample to mean 0 and variance 1."""

    id = "instance_norm"
    title = "Instance norm"
    description = (
        "Brings every map of every picture to mean 0 and variance 1 by itself, which takes away its contrast: the norm "
        "of style transfer and of image-to-image networks. By default it has no parameters."
    )
    search = ("instancenorm", "in", "normalisation", "normalization", "style transfer", "contrast")
    stem = "norm"
    ranks = (2, 3, 4)
    rank_way_out = "Normalise before the tensor is flattened."
    dimensional = True

    eps = Real(1e-5, minimum=1e-12, label="Epsilon", help=EPS_HELP)
    momentum = Real(
        0.1,
        minimum=0.0,
        maximum=1.0,
        label="Momentum",
        help="Share of the new batch in the running averages.",
    )
    affine = Flag(False, label="Scale and shift", help="A learnt scale and shift for each channel.")
    track_running_stats = Flag(
        False, label="Running averages", help="Keep averages for prediction; off: always the picture's own."
    )

    def groups(self, shape: TensorShape) -> int:
        return shape[0]

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        if prod(inputs[0][1:]) == 1:
            return Problem(
                "instance-norm-of-one",
                "Instance norm needs more than one position in each map",
                f"{format_shape(inputs[0])} arrives, so every value is its own mean",
                "Normalise before pooling, or use a layer norm.",
            )
        return inputs[0]

    def cost(self, inputs: Sequence[TensorShape]) -> Cost:
        return cost_of_channels(inputs[0][0], affine=self.affine, tracked=self.track_running_stats)

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        # PyTorch runs it as a batch norm of samples · channels maps: scale and averages are repeated for each.
        repeated = (1 if self.affine else 0) + (2 if self.track_running_stats else 0)
        return Saved(packed=True, extra=(8 + 4 * repeated) * inputs[0][0])

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        # Means and deviations, its own or repeated ones, and repeated scales and shifts.
        return Passing(packed=True, working=(16 if self.affine else 8) * inputs[0][0])

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        channels, *sizes = inputs[0]
        formulas = [
            Formula("Each number", _NORMALISED, f"ε = {self.eps:g}"),
            means("·".join(_letters(inputs[0])[1:]), "each channel of each sample", tuple(sizes), channels),
        ]
        if self.affine:
            formulas.append(scale_and_shift(channels))
        if self.track_running_stats:
            formulas.append(running_averages(channels))
        return formulas

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        kwargs = options(
            eps=(self.eps, 1e-5),
            momentum=(self.momentum, 0.1),
            affine=(self.affine, False),
            track_running_stats=(self.track_running_stats, False),
        )
        return Make(class_for("InstanceNorm", shape_dims(inputs)), (inputs[0][0],), kwargs)

    def summary(self) -> str:
        return "over each map"


@register
class GroupNorm(_SampleNorm):
    """Groups of channels of each sample to mean 0 and variance 1."""

    id = "group_norm"
    title = "Group norm"
    description = (
        "Brings groups of channels of each picture to mean 0 and variance 1. Does not mind small batches, where batch "
        "norm fails. One group is a layer norm over everything, one group per channel an instance norm."
    )
    search = ("groupnorm", "gn", "normalisation", "normalization", "small batch")
    stem = "norm"
    presets = (
        Preset("Group norm of 32 groups", {"num_groups": 32}),
        Preset("Group norm of one group", {"num_groups": 1}, ("layer norm", "ln")),
        Preset("Group norm per channel", {"num_groups": "=in_channels"}, ("instance norm",)),
    )

    num_groups = Integer(8, label="Groups", help="Into how many groups the channels are divided.")
    eps = Real(1e-5, minimum=1e-12, label="Epsilon", help=EPS_HELP)
    affine = Flag(True, label="Scale and shift", help="A learnt scale and shift for each channel.")

    def groups(self, shape: TensorShape) -> int:
        return self.num_groups

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        return groups_of_channels(self.title, "num_groups", inputs[0][0], self.num_groups) or inputs[0]

    def cost(self, inputs: Sequence[TensorShape]) -> Cost:
        return cost_of_channels(inputs[0][0], affine=self.affine, tracked=False)

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        channels, *sizes = inputs[0]
        groups = int(self.num_groups)
        letters = ["(C/G)", *_letters(inputs[0])[1:]]
        formulas = [
            Formula("Each number", _NORMALISED, f"ε = {self.eps:g}"),
            Formula("Channels in a group", "C / G", f"{int(channels)} / {groups}", f"{channels // groups:,}"),
            means(
                "·".join(letters), f"each of {groups:,} groups", (channels // groups, *sizes), self.num_groups
            ),
        ]
        if self.affine:
            formulas.append(scale_and_shift(channels))
        return formulas

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        kwargs = options(eps=(self.eps, 1e-5), affine=(self.affine, True))
        return Make("torch.nn.GroupNorm", (self.num_groups, inputs[0][0]), kwargs)

    def summary(self) -> str:
        count = int(self.num_groups)
        return f"{count:,} group{'s' if count != 1 else ''}"


_NORMALISED = "y = γ · (x − mean) / √(variance + ε) + β"


def _letters(shape: TensorShape) -> list[str]:
    """What the axes of a tensor are called: C, H, W."""
    return {1: ["N"], 2: ["C", "L"], 3: ["C", "H", "W"], 4: ["C", "D", "H", "W"]}[len(shape)]


def groups_of_channels(title: str, name: str, channels: int, groups: int) -> Problem | None:
    """What is wrong with a number of groups, and the divisors that would do."""
    if channels % groups == 0:
        return None
    divisors = [str(number) for number in range(1, int(channels) + 1) if channels % number == 0]
    shown = (
        divisors if len(divisors) <= _MOST_DIVISORS else [*divisors[: _MOST_DIVISORS - 1], "…", divisors[-1]]
    )
    return Problem(
        "groups-do-not-divide",
        f"'{name}' of a {title} must divide the channels",
        f"{int(channels):,} channels, {int(groups):,} groups",
        f"{int(channels):,} can be divided by {', '.join(shown)}.",
        fixes=("nearest-groups", "reset-parameter"),
    )


#: How many divisors are told at most.
_MOST_DIVISORS = 16
