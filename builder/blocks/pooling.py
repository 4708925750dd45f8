"""Pooling: a summary of each window."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from builder.blocks.base import (
    IMAGE_DIMS,
    Block,
    Formula,
    Passing,
    Preset,
    Saved,
    class_for,
    register,
    shape_dims,
)
from builder.blocks.convolution import kernel_too_large, unread_border
from builder.blocks.lowering import Lowering, Make, compact, options
from builder.blocks.parameters import Flag, Integer, PerAxis
from builder.errors import Problem
from builder.shapes import AXIS_NAMES, TensorShape, format_shape, window_output
from builder.windows import Sight, Sliding, Window


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
        return self.summary_on(IMAGE_DIMS)

    def summary_on(self, dims: int) -> str:
        return f"{self.kernel_words(dims)} · stride {self.parameters()['stride'].format(self.stride)}"


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
    divisor_override = Integer(
        0,
        minimum=0,
        label="Divisor",
        help="What the sum of each window is divided by; 0: by the number of its pixels. Not for sequences.",
    )

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        if self.divisor_override and shape_dims(inputs) == 1:
            return Problem(
                "divisor-for-maps",
                "'divisor_override' is for images and volumes",
                f"{format_shape(inputs[0])} arrives, a sequence",
                "Set it to 0.",
                fixes=("reset-parameter",),
            )
        return super().infer(inputs)

    def _fits(self, axes: list[tuple[int, int, int, tuple[int, int], int]]) -> bool:
        # AvgPool3d alone wants the window to fit in the bare map.
        return len(axes) < 3 or all(kernel <= size for size, kernel, _, _, _ in axes)

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        return Saved(inputs=(0,))

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        dims = shape_dims(inputs)
        settings = self._kwargs(dims, count_include_pad=(self.count_include_pad, True))
        settings |= options(divisor_override=(self.divisor_override, 0))
        return Make(class_for("AvgPool", dims), (), settings)
