"""Transposed convolutions: a convolution run backwards, from a small map to a larger one."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from builder.blocks.base import (
    IMAGE_DIMS,
    Block,
    Cost,
    Formula,
    Preset,
    Saved,
    class_for,
    register,
    shape_dims,
)
from builder.blocks.convolution import groups_divide
from builder.blocks.lowering import Make, compact, options
from builder.blocks.parameters import Flag, Integer, PerAxis
from builder.errors import Problem
from builder.shapes import AXIS_NAMES, TensorShape, format_shape
from builder.windows import Sight, Spread, Window

#: (size, kernel, stride, padding, output padding, dilation) of an axis.
Axis = tuple[int, int, int, int, int, int]


@register
class ConvTranspose(Block):
    """Each pixel writes a weighted kernel into a larger map; where kernels overlap they are added."""

    id = "conv_transpose"
    title = "Transposed conv"
    category = "Convolution"
    description = (
        "Each pixel writes a kernel, weighted by its value, into a larger map; where kernels overlap they are added. "
        "A learnt upsampling, as in the decoder of a U-Net or in a generator. A kernel that the stride does not "
        "divide overlaps unevenly, which shows as a checkerboard."
    )
    search = (
        "deconvolution",
        "deconv",
        "up-convolution",
        "upconv",
        "upsampling",
        "unpooling",
        "fractionally strided",
        "convtranspose2d",
        "decoder",
    )
    stem = "up"
    ranks = (2, 3, 4)
    rank_way_out = "Use it where the tensor still is a map."
    dimensional = True
    presets = (
        Preset("Up-conv 2×2 ×2", {"kernel_size": 2, "stride": 2}, ("unet", "u-net", "double")),
        Preset(
            "Up-conv 3×3 ×2",
            {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1},
            ("double",),
        ),
        Preset("Up-conv 4×4 ×2", {"kernel_size": 4, "stride": 2, "padding": 1}, ("dcgan", "double")),
    )

    out_channels = Integer(32, label="Kernels", help="How many output channels.")
    kernel_size = PerAxis(3, label="Kernel size", unit="px", help="The window each pixel writes into.")
    stride = PerAxis(
        1, label="Stride", unit="px", help="How far apart neighbouring pixels write; 2 doubles the map."
    )
    padding = PerAxis(
        0,
        minimum=0,
        label="Padding",
        unit="px",
        help="Border cut off the output on each side: the padding of the convolution that this one reverses.",
    )
    output_padding = PerAxis(
        0,
        minimum=0,
        label="Output padding",
        unit="px",
        help="Pixels added at the end of the output, fewer than the stride or the dilation: a strided convolution "
        "makes the same size of several, and this says which one is meant.",
    )
    dilation = PerAxis(1, label="Dilation", help="Spacing of the kernel's taps.")
    groups = Integer(1, label="Groups", help="Independent bundles of channels.")
    bias = Flag(True, label="Bias", help="A learnt offset per output channel; useless before batch norm.")

    def _spatial(self, shape: TensorShape) -> list[Axis]:
        size = shape[1:]
        names = ("kernel_size", "stride", "padding", "output_padding", "dilation")
        return list(zip(size, *(self.axes(name, len(size)) for name in names), strict=True))

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        shape = inputs[0]
        names = ("kernel_size", "stride", "padding", "output_padding", "dilation")
        if wrong := self.check_axes(shape_dims(inputs), *names):
            return wrong
        if wrong := groups_divide(shape[0], self.out_channels, self.groups):
            return wrong
        axes = self._spatial(shape)
        for name, (_, _, stride, _, more, dilation) in zip(AXIS_NAMES[len(axes)], axes, strict=True):
            if more >= max(stride, dilation):
                return Problem(
                    "output-padding-too-large",
                    "'output_padding' must be smaller than the stride or the dilation",
                    f"{more} in {name}, with stride {stride} and dilation {dilation}",
                    f"Use at most {max(stride, dilation) - 1}.",
                    fixes=("reset-parameter",),
                )
        outputs = tuple(transposed_output(*axis) for axis in axes)
        if min(outputs) < 1:
            bare = tuple(size + 2 * axis[3] for size, axis in zip(outputs, axes, strict=True))
            cut = tuple(axis[3] for axis in axes)
            return Problem(
                "nothing-left",
                f"{self.title}'s padding must leave something of the output",
                f"the kernels write {format_shape(bare)}, and {format_shape(cut)} is cut off each side",
                "Use less padding.",
                fixes=("reset-padding",),
            )
        return (self.out_channels, *outputs)

    def cost(self, inputs: Sequence[TensorShape]) -> Cost:
        shape = inputs[0]
        kernel = prod(self.axes("kernel_size", len(shape) - 1))
        weights = shape[0] * (self.out_channels // self.groups) * kernel
        bias = self.out_channels if self.bias else 0
        return Cost(weights + bias, 0, weights * prod(shape[1:]), tensors=2 if self.bias else 1)

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        return Saved(inputs=(0,))

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return Window(tuple(Spread(k, s, p, d) for _, k, s, p, _, d in self._spatial(inputs[0])))

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        shape = inputs[0]
        axes = self._spatial(shape)
        cost = self.cost(inputs)
        formulas = []
        for name, axis in zip(AXIS_NAMES[len(axes)], axes, strict=True):
            size, kernel, stride, padding, more, dilation = axis
            formulas.append(
                Formula(
                    "Output" if len(set(axes)) == 1 else f"Output {name}",
                    "(size − 1)·stride − 2·padding + dilation·(kernel − 1) + output padding + 1",
                    f"({size} − 1)·{stride} − 2·{padding} + {dilation}·({kernel} − 1) + {more} + 1",
                    f"{transposed_output(*axis):,}",
                )
            )
        written = f"{self.out_channels // self.groups} · {' · '.join(str(axis[1]) for axis in axes)}"
        bias = f" + {self.out_channels}" if self.bias else ""
        places = " · ".join(map(str, shape[1:]))
        return [
            *(formulas[:1] if len(set(axes)) == 1 else formulas),
            Formula(
                "Parameters",
                "channels · (kernels / groups · kernel)" + (" + kernels" if self.bias else ""),
                f"{shape[0]} · ({written}){bias}",
                f"{cost.parameters:,}",
            ),
            Formula(
                "FLOPs",
                "2 · input positions · channels · (kernels / groups · kernel)",
                f"2 · {places} · {shape[0]} · ({written})",
                f"{2 * cost.macs:,}",
            ),
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        shape = inputs[0]
        dims = len(shape) - 1
        kwargs = {
            "kernel_size": compact(self.axes("kernel_size", dims)),
            **options(
                stride=(compact(self.axes("stride", dims)), 1),
                padding=(compact(self.axes("padding", dims)), 0),
                output_padding=(compact(self.axes("output_padding", dims)), 0),
                groups=(self.groups, 1),
                bias=(self.bias, True),
                dilation=(compact(self.axes("dilation", dims)), 1),
            ),
        }
        return Make(class_for("ConvTranspose", dims), (shape[0], self.out_channels), kwargs)

    def summary(self) -> str:
        return self.summary_on(IMAGE_DIMS)

    def summary_on(self, dims: int) -> str:
        parts = [self.kernel_words(dims), str(int(self.out_channels))]
        for name, word in (("stride", "stride"), ("dilation", "dilation"), ("groups", "groups")):
            if (value := self.values[name]) != 1:
                parts.append(f"{word} {self.parameters()[name].format(value)}")
        return " · ".join(parts)


def transposed_output(size: int, kernel: int, stride: int, padding: int, more: int, dilation: int) -> int:
    """(W − 1)·S − 2·P + D·(K − 1) + output padding + 1; source: torch.nn.ConvTranspose2d's documentation."""
    return (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + more + 1
