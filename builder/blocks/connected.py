"""Convolutions whose kernels each read only some of the maps."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from builder.blocks.base import IMAGE_DIMS, Block, Cost, Formula, Passing, Preset, Saved, register, shape_dims
from builder.blocks.convolution import kernel_too_large, unread_border, window_formulas
from builder.blocks.lowering import Lowering, Make, compact, options
from builder.blocks.parameters import Flag, PerAxis, Table
from builder.errors import Problem, Severity
from builder.shapes import TensorShape, window_output
from builder.windows import Sight, Sliding, Window

#: Table I of LeCun et al., "Gradient-Based Learning Applied to Document Recognition" (1998).
LENET5 = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5), (0, 1, 2, 3, 4, 5)),
)

#: (size, kernel, stride, sides of the padding, dilation) of an axis.
Axis = tuple[int, int, int, tuple[int, int], int]


@register
class ConnectedConv(Block):
    """A convolution with a connection table: which maps each kernel reads."""

    id = "connected_conv"
    title = "Conv with table"
    category = "Convolution"
    description = (
        "A convolution whose kernels each read only some of the maps, as a table says. LeNet-5's third layer is one: "
        "fewer weights, and kernels that cannot all learn the same. Only what is connected has weights and is counted."
    )
    search = ("connection table", "sparse", "lenet", "c3", "partial", "connected", "conv2d")
    stem = "conv"
    ranks = (2, 3, 4)
    rank_way_out = "Convolve before the tensor is flattened."
    dimensional = True
    presets = (
        Preset(
            "LeNet-5 C3",
            {"table": [list(row) for row in LENET5], "kernel_size": 5},
            ("lecun", "lenet-5"),
        ),
    )

    table = Table(
        ((0,),),
        label="Table",
        help="For each kernel the maps it reads, the first being 0; kernels are parted by semicolons.",
    )
    kernel_size = PerAxis(3, label="Kernel size", unit="px", help="The window each kernel sees.")
    stride = PerAxis(1, label="Stride", unit="px", help="Steps of the window; 2 halves the map.")
    padding = PerAxis(
        0, minimum=0, label="Padding", unit="px", help="Zeros added on each side before convolving."
    )
    dilation = PerAxis(1, label="Dilation", help="Spacing of the kernel's taps.")
    bias = Flag(True, label="Bias", help="A learnt offset per kernel; useless before batch norm.")

    @property
    def connections(self) -> int:
        """How many pairs of a map and a kernel that reads it there are."""
        return sum(map(len, self.table))

    def _spatial(self, shape: TensorShape) -> list[Axis]:
        size = shape[1:]
        names = ("kernel_size", "stride", "padding", "dilation")
        kernel, stride, padding, dilation = (self.axes(name, len(size)) for name in names)
        return list(zip(size, kernel, stride, [(p, p) for p in padding], dilation, strict=True))

    def _outputs(self, shape: TensorShape) -> tuple[int, ...]:
        return tuple(window_output(*axis) for axis in self._spatial(shape))

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        shape = inputs[0]
        if wrong := self.check_axes(shape_dims(inputs), "kernel_size", "stride", "padding", "dilation"):
            return wrong
        for number, row in enumerate(self.table):
            if max(row) >= shape[0]:
                return Problem(
                    "table-outside",
                    "'table' must name maps that arrive",
                    f"kernel {number} reads map {max(row)}, and {int(shape[0])} arrive (0 to {int(shape[0]) - 1})",
                    "Correct the row, or bring more maps.",
                    fixes=("reset-parameter",),
                )
        axes, outputs = self._spatial(shape), self._outputs(shape)
        if min(outputs) < 1:
            return kernel_too_large(
                self.title,
                shape,
                tuple(d * (k - 1) + 1 for _, k, _, _, d in axes),
                tuple(sides for _, _, _, sides, _ in axes),
            )
        return (len(self.table), *outputs)

    def cost(self, inputs: Sequence[TensorShape]) -> Cost:
        weights = self.connections * prod(self.axes("kernel_size", shape_dims(inputs)))
        bias = len(self.table) if self.bias else 0
        return Cost(
            weights + bias, 0, weights * prod(self._outputs(inputs[0])), tensors=2 if self.bias else 1
        )

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        # A copy of each map for each kernel that reads it.
        return Saved(extra=4 * self.connections * prod(inputs[0][1:]))

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        read, out = prod(inputs[0][1:]), prod(self._outputs(inputs[0]))
        made, output = self.connections * out, len(self.table) * out
        return Passing(working=4 * (made + max(self.connections * read, 2 * output) - output))

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return Window(tuple(Sliding(k, s, sides[0], d) for _, k, s, sides, d in self._spatial(inputs[0])))

    def advise(self, inputs: Sequence[TensorShape]) -> list[Problem]:
        read = set().union(*self.table)
        unread = [str(index) for index in range(inputs[0][0]) if index not in read]
        found = unread_border(self.title, self._spatial(inputs[0]))
        if unread:
            shown = ", ".join(unread[:8]) + (", …" if len(unread) > 8 else "")
            found.append(
                Problem(
                    "maps-unread",
                    "A map that no kernel reads was computed for nothing",
                    f"{shown} of {int(inputs[0][0])}",
                    "Name it in a row of the table, or make fewer maps before.",
                    severity=Severity.ADVICE,
                )
            )
        return found

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        axes = self._spatial(inputs[0])
        cost = self.cost(inputs)
        kernels, dense = len(self.table), int(inputs[0][0]) * len(self.table)
        area = " · ".join(str(k) for _, k, _, _, _ in axes)
        places = " · ".join(map(str, self._outputs(inputs[0])))
        bias = f" + {kernels}" if self.bias else ""
        return [
            *window_formulas(axes),
            Formula(
                "Connections",
                "sum of the rows of the table",
                f"{self.connections} of {int(inputs[0][0])} · {kernels} = {dense}",
                f"{self.connections:,}",
            ),
            Formula(
                "Parameters",
                "connections · kernel" + (" + kernels" if self.bias else ""),
                f"{self.connections} · {area}{bias}",
                f"{cost.parameters:,}",
            ),
            Formula(
                "FLOPs",
                "2 · output positions · connections · kernel",
                f"2 · {places} · {self.connections} · {area}",
                f"{2 * cost.macs:,}",
            ),
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        dims = shape_dims(inputs)
        kwargs = {
            "kernel_size": compact(self.axes("kernel_size", dims)),
            **options(
                stride=(compact(self.axes("stride", dims)), 1),
                padding=(compact(self.axes("padding", dims)), 0),
                dilation=(compact(self.axes("dilation", dims)), 1),
                bias=(self.bias, True),
            ),
        }
        return Make(f"helper:ConnectedConv{dims}d", (self.table,), kwargs)

    def summary(self) -> str:
        return self.summary_on(IMAGE_DIMS)

    def summary_on(self, dims: int) -> str:
        return f"{self.kernel_words(dims)} · {len(self.table)} · {self.connections} links"
