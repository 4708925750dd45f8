"""Pooling: a summary of each window, of each bin, or of the whole map."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from builder.blocks.base import Block, Formula, Passing, Preset, Saved, class_for, register, shape_dims
from builder.blocks.convolution import kernel_too_large, unread_border
from builder.blocks.lowering import Apply, Lowering, Make, compact, options
from builder.blocks.parameters import Flag, PerAxis
from builder.errors import Problem
from builder.shapes import AXIS_NAMES, TensorShape, elements, format_shape, window_output
from builder.windows import ELEMENTWISE, Bins, Everything, Sight, Sliding, Window


class _WindowPool(Block):
    """What max and average pooling share."""

    category = "Pooling"
    ranks = (2, 3, 4)
    rank_way_out = "Pool before the tensor is flattened."
    dimensional = True

    kernel_size = PerAxis(2, label="Window", unit="px", help="The window that is summarised.")
    stride = PerAxis(
        2, label="Stride", unit="px", help="Steps of the window; equal to the window: no overlap."
    )
    padding = PerAxis(
        0, minimum=0, label="Padding", unit="px", help="Border on each side, at most half the window."
    )
    ceil_mode = Flag(False, label="Round up", help="Keep the last, partly filled window.")

    def _dilation(self, dims: int) -> tuple[int, ...]:
        return (1,) * dims

    def _axes(self, shape: TensorShape) -> list[tuple[int, int, int, tuple[int, int], int]]:
        size = shape[1:]
        dims = len(size)
        names = ("kernel_size", "stride", "padding")
        kernel, stride, padding = (self.axes(name, dims) for name in names)
        sides = [(p, p) for p in padding]
        return list(zip(size, kernel, stride, sides, self._dilation(dims), strict=True))

    def _fits(self, axes: list[tuple[int, int, int, tuple[int, int], int]]) -> bool:
        """Whether PyTorch takes a window that fits only thanks to the padding."""
        return True

    def _outputs(self, shape: TensorShape) -> tuple[int, ...]:
        outputs = []
        for size, kernel, stride, (before, after), dilation in self._axes(shape):
            count = window_output(size, kernel, stride, (before, after), dilation)
            if self.ceil_mode:
                span = size + before + after - dilation * (kernel - 1) - 1
                count = -(-span // stride) + 1
                if (
                    count - 1
                ) * stride >= size + before:  # the last window must begin inside (PyTorch's rule)
                    count -= 1
            outputs.append(count)
        return tuple(outputs)

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        shape = inputs[0]
        dims = shape_dims(inputs)
        names = [n for n in ("kernel_size", "stride", "padding", "dilation") if n in self.values]
        if wrong := self.check_axes(dims, *names):
            return wrong
        axes = self._axes(shape)
        for name, (_, kernel, _, (before, _), _) in zip(AXIS_NAMES[dims], axes, strict=True):
            if before > kernel // 2:  # of the kernel itself, whatever its dilation (PyTorch's rule)
                return Problem(
                    "pool-padding-too-large",
                    "A pool's padding is at most half its window",
                    f"{before} for a window of {kernel} in {name} (at most {kernel // 2})",
                    "Pad less or use a larger window.",
                    fixes=("reset-padding",),
                )
        outputs = self._outputs(shape)
        if min(outputs) < 1 or not self._fits(axes):
            return kernel_too_large(
                self.title,
                shape,
                tuple(d * (k - 1) + 1 for _, k, _, _, d in axes),
                tuple(axis[3] if self._fits(axes) else (0, 0) for axis in axes),
                fixes=("shrink-kernel",),
            )
        return (shape[0], *outputs)

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return Window(tuple(Sliding(k, s, sides[0], d) for _, k, s, sides, d in self._axes(inputs[0])))

    def advise(self, inputs: Sequence[TensorShape]) -> list[Problem]:
        return [] if self.ceil_mode else unread_border(self.title, self._axes(inputs[0]))

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        axes = self._axes(inputs[0])
        up = ("⌈", "⌉") if self.ceil_mode else ("⌊", "⌋")
        formulas = []
        for name, out, (size, kernel, stride, (pad, _), dilation) in zip(
            AXIS_NAMES[len(axes)], self._outputs(inputs[0]), axes, strict=True
        ):
            formulas.append(
                Formula(
                    "Output" if len(set(axes)) == 1 else f"Output {name}",
                    f"{up[0]}(size + 2·padding − dilation·(window − 1) − 1) / stride{up[1]} + 1",
                    f"{up[0]}({size} + 2·{pad} − {dilation}·({kernel} − 1) − 1) / {stride}{up[1]} + 1",
                    f"{out:,}",
                )
            )
        return formulas[:1] if len(set(axes)) == 1 else formulas

    def _kwargs(self, dims: int, **more: tuple[Any, Any]) -> dict[str, Any]:
        kernel = compact(self.axes("kernel_size", dims))
        return {
            "kernel_size": kernel,
            **options(
                stride=(compact(self.axes("stride", dims)), kernel),
                padding=(compact(self.axes("padding", dims)), 0),
                **more,
                ceil_mode=(self.ceil_mode, False),
            ),
        }

    def summary(self) -> str:
        kernel = self.kernel_size
        text = "×".join(map(str, kernel)) if isinstance(kernel, tuple) else f"{kernel}×{kernel}"
        return f"{text} · stride {self.parameters()['stride'].format(self.stride)}"


@register
class MaxPool(_WindowPool):
    """The strongest response in each window."""

    id = "max_pool"
    title = "Max pool"
    description = (
        "Keeps the strongest response in each window: smaller maps, and small shifts stop mattering."
    )
    search = ("maxpool", "maximum", "subsampling", "downsample")
    stem = "pool"
    presets = (Preset("Max pool 3×3 ÷2", {"kernel_size": 3, "stride": 2, "padding": 1}),)

    dilation = PerAxis(1, label="Dilation", help="Spacing of the positions in the window.")

    def _dilation(self, dims: int) -> tuple[int, ...]:
        return self.axes("dilation", dims)

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        # The input, and an int64 index of each winner.
        indices = self._indices(inputs)
        return Saved(inputs=(0,), extra=indices, rigid=indices)

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        return Passing(rigid=self._indices(inputs))

    def _indices(self, inputs: Sequence[TensorShape]) -> int:
        return 8 * inputs[0][0] * prod(self._outputs(inputs[0]))

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        dims = shape_dims(inputs)
        dilation = compact(self.axes("dilation", dims))
        return Make(class_for("MaxPool", dims), (), self._kwargs(dims, dilation=(dilation, 1)))


@register
class AvgPool(_WindowPool):
    """The mean of each window."""

    id = "avg_pool"
    title = "Average pool"
    description = "Replaces each window by its mean: smaller, smoother maps (LeNet's subsampling)."
    search = ("avgpool", "mean", "subsampling", "downsample")
    stem = "pool"
    presets = (Preset("Average pool 3×3 ÷2", {"kernel_size": 3, "stride": 2, "padding": 1}),)

    count_include_pad = Flag(
        True,
        label="Count padding",
        help="Whether zeros of the border count in the mean, as PyTorch does by default.",
    )

    def _fits(self, axes: list[tuple[int, int, int, tuple[int, int], int]]) -> bool:
        # AvgPool3d alone wants the window to fit in the bare map.
        return len(axes) < 3 or all(kernel <= size for size, kernel, _, _, _ in axes)

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        return Saved(inputs=(0,))

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        dims = shape_dims(inputs)
        more = self._kwargs(dims, count_include_pad=(self.count_include_pad, True))
        return Make(class_for("AvgPool", dims), (), more)


@register
class AdaptiveAvgPool(Block):
    """Means of equally many bins, whatever the input size."""

    id = "adaptive_avg_pool"
    title = "Adaptive average pool"
    category = "Pooling"
    description = "Averages into a fixed number of bins, so that the layers behind it fit any input size."
    search = ("adaptive", "bins", "any size")
    stem = "avgpool"
    ranks = (2, 3, 4)
    rank_way_out = "Pool before the tensor is flattened."
    dimensional = True

    output_size = PerAxis(1, label="Output size", unit="px", help="How many bins along each axis.")

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        dims = shape_dims(inputs)
        if wrong := self.check_axes(dims, "output_size"):
            return wrong
        return (inputs[0][0], *self.axes("output_size", dims))

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        # One bin is computed as a mean, which needs no tensor to go back.
        dims = shape_dims(inputs)
        return Saved() if set(self.axes("output_size", dims)) == {1} else Saved(inputs=(0,))

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        spatial, outputs = inputs[0][1:], self.axes("output_size", shape_dims(inputs))
        if spatial == outputs:
            return ELEMENTWISE
        if set(outputs) == {1}:
            return Everything()
        return Window(tuple(Bins(size, out) for size, out in zip(spatial, outputs, strict=True)))

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        spatial = inputs[0][1:]
        outputs = self.axes("output_size", len(spatial))
        return [
            Formula(
                "Bins",
                "bin i covers ⌊i·W/n⌋ … ⌈(i+1)·W/n⌉ − 1",
                f"{format_shape(spatial)} into {format_shape(outputs)}",
                f"{format_shape(outputs)}",
            )
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        dims = shape_dims(inputs)
        return Make(class_for("AdaptiveAvgPool", dims), (compact(self.axes("output_size", dims)),))

    def summary(self) -> str:
        return f"to {self.parameters()['output_size'].format(self.output_size)}"


@register
class GlobalAvgPool(Block):
    """The mean of each whole map: one number for each channel."""

    id = "global_avg_pool"
    title = "Global average pool"
    category = "Pooling"
    description = (
        "Averages each whole map to one number, C×H×W → C. In place of large fully connected layers: "
        "no weights, and any input size works."
    )
    search = ("gap", "mean", "global")
    stem = "gap"
    ranks = (2, 3, 4)
    rank_way_out = "Pool before the tensor is flattened."
    dimensional = True

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
                "mean over all positions",
                f"mean over {format_shape(shape[1:])} of each channel",
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
        return Apply("torch.mean", kwargs={"dim": dim, **options(keepdim=(self.keepdim, False))})

    def summary(self) -> str:
        return "mean of each map"
