"""Pooling that fits any input size: a summary of each bin, or of the whole map."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from builder.blocks.base import Block, Formula, Passing, Preset, Saved, class_for, register, shape_dims
from builder.blocks.lowering import Apply, Lowering, Make, compact, options
from builder.blocks.parameters import Flag, PerAxis
from builder.errors import Problem
from builder.shapes import TensorShape, elements, format_shape
from builder.windows import ELEMENTWISE, Bins, Everything, Sight, Window


class _AdaptivePool(Block):
    """A summary of each of so many bins."""

    category = "Pooling"
    ranks = (2, 3, 4)
    rank_way_out = "Pool before the tensor is flattened."
    dimensional = True

    output_size = PerAxis(1, label="Output size", unit="px", help="How many bins along each axis.")

    def _outputs(self, inputs: Sequence[TensorShape]) -> tuple[int, ...]:
        return self.axes("output_size", shape_dims(inputs))

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        if wrong := self.check_axes(shape_dims(inputs), "output_size"):
            return wrong
        return (inputs[0][0], *self._outputs(inputs))

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        spatial, outputs = inputs[0][1:], self._outputs(inputs)
        if spatial == outputs:
            return ELEMENTWISE
        if set(outputs) == {1}:
            return Everything()
        return Window(tuple(Bins(size, out) for size, out in zip(spatial, outputs, strict=True)))

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        outputs = format_shape(self._outputs(inputs))
        return [
            Formula(
                "Bins",
                "bin i covers ⌊i·W/n⌋ … ⌈(i+1)·W/n⌉ − 1",
                f"{format_shape(inputs[0][1:])} into {outputs}",
                outputs,
            )
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        target = class_for(type(self).__name__, shape_dims(inputs))
        return Make(target, (compact(self._outputs(inputs)),))

    def summary(self) -> str:
        return f"to {self.parameters()['output_size'].format(self.output_size)}"


@register
class AdaptiveAvgPool(_AdaptivePool):
    """Means of equally many bins, whatever the input size."""

    id = "adaptive_avg_pool"
    title = "Adaptive average pool"
    description = "Averages into a fixed number of bins, so that the layers behind it fit any input size."
    search = ("adaptive", "bins", "any size", "mean")
    stem = "avgpool"
    presets = (Preset("Adaptive pool 7×7", {"output_size": 7}, ("vgg",)),)

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        # One bin is computed as a mean, which needs no tensor to go back.
        return Saved() if set(self._outputs(inputs)) == {1} else Saved(inputs=(0,))


@register
class AdaptiveMaxPool(_AdaptivePool):
    """The strongest response in equally many bins, whatever the input size."""

    id = "adaptive_max_pool"
    title = "Adaptive max pool"
    description = (
        "Keeps the strongest response in each of a fixed number of bins, so that the layers behind it fit any input "
        "size (the region pooling of detectors)."
    )
    search = ("adaptive", "bins", "any size", "maximum", "roi")
    stem = "maxpool"

    def _indices(self, inputs: Sequence[TensorShape]) -> int:
        return 8 * inputs[0][0] * prod(self._outputs(inputs))

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        # The input, and an int64 index of each winner.
        indices = self._indices(inputs)
        return Saved(inputs=(0,), extra=indices, rigid=indices)

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        return Passing(rigid=self._indices(inputs))


class _GlobalPool(Block):
    """One number for each channel."""

    category = "Pooling"
    ranks = (2, 3, 4)
    rank_way_out = "Pool before the tensor is flattened."
    dimensional = True
    #: What each map becomes, and torch's function for it.
    word = ""
    function = ""

    keepdim = Flag(False, label="Keep axes", help="Give C×1×1 instead of a vector.")

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        shape = inputs[0]
        return (shape[0], *(1,) * (len(shape) - 1)) if self.keepdim else (shape[0],)

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return Everything()

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        shape = inputs[0]
        return [
            Formula(
                "Output",
                f"{self.word} over all positions",
                f"{self.word} over {format_shape(shape[1:])} of each channel",
                f"{shape[0]:,} numbers",
            ),
            Formula(
                "Flatten + Linear instead",
                "C·H·W weights for each output",
                " · ".join(map(str, shape)),
                f"{elements(shape):,} weights for each output",
            ),
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        axes = tuple(range(2, 2 + shape_dims(inputs)))
        dim: object = axes if len(axes) > 1 else axes[0]
        return Apply(self.function, kwargs={"dim": dim, **options(keepdim=(self.keepdim, False))})

    def summary(self) -> str:
        return f"{self.word} of each map"


@register
class GlobalAvgPool(_GlobalPool):
    """The mean of each whole map: one number for each channel."""

    id = "global_avg_pool"
    title = "Global average pool"
    description = (
        "Averages each whole map to one number, C×H×W → C. In place of large fully connected layers: "
        "no weights, and any input size works."
    )
    search = ("gap", "mean", "global")
    stem = "gap"
    word = "mean"
    function = "torch.mean"


@register
class GlobalMaxPool(_GlobalPool):
    """The strongest response in each whole map: one number for each channel."""

    id = "global_max_pool"
    title = "Global max pool"
    description = (
        "Keeps the strongest response of each whole map, C×H×W → C: whether a feature is there at all, wherever it "
        "is. Beside the average in the attention of CBAM."
    )
    search = ("gmp", "maximum", "global", "cbam", "amax")
    stem = "gmp"
    word = "maximum"
    function = "torch.amax"

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        return Saved(inputs=(0,), output=True)
