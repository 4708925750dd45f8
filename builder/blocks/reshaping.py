"""The same numbers in another form: parts of tensors, other shapes, other orders of the axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from builder.blocks.base import Block, Formula, Preset, Saved, register
from builder.blocks.lowering import Apply, Index, Lowering, Make
from builder.blocks.parameters import Integer, Order, ShapeValue
from builder.errors import Problem
from builder.shapes import AXIS_NAMES, TensorShape, elements, format_shape
from builder.strides import Strides, is_contiguous, permuted, reshaped, sliced
from builder.windows import ELEMENTWISE, OF_CHANNELS, Everything, Permuted, Sight, Sliding, Window


def axis_name(axis: int, dims: int) -> str:
    """What PyTorch's axis 1, 2, … of a tensor with so many spatial axes is called."""
    return ("channels", *AXIS_NAMES[dims])[axis - 1]


@register
class Slice(Block):
    """A stretch of the channels, or of one axis of the map."""

    id = "slice"
    title = "Slice"
    category = "Reshape"
    description = (
        "Takes a stretch of one axis, as a Python slice does: some of the channels, or some of the rows."
    )
    search = ("part", "narrow", "select", "channels", "subset", "index", "range")
    stem = "slice"
    presets = (Preset("First channel", {"stop": 1}), Preset("Every second row", {"dim": 2, "step": 2}))

    dim = Integer(
        1, maximum=4, label="Axis", help="1: the channels; 2, 3, 4: the axes of the map in their order."
    )
    start = Integer(
        0, minimum=-(2**31), label="Start", help="The first position; a negative one counts from the end."
    )
    stop = Integer(
        0,
        minimum=-(2**31),
        label="Stop",
        help="The position behind the last; a negative one counts from the end, 0 is the end itself.",
    )
    step = Integer(1, label="Step", help="Every so-manieth position is taken.")

    def _range(self, size: int) -> range:
        return range(*slice(int(self.start), int(self.stop) or None, int(self.step)).indices(size))

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        shape = inputs[0]
        if self.dim > len(shape):
            names = ", ".join(
                f"{axis}: {axis_name(axis, len(shape) - 1)}" for axis in range(1, len(shape) + 1)
            )
            return Problem(
                "no-such-axis",
                "'dim' must be an axis that the tensor has",
                f"{int(self.dim)}, and {format_shape(shape)} has {names}",
                "Choose one of them.",
                fixes=("reset-parameter",),
            )
        size = shape[self.dim - 1]
        for name, value, limit in (("start", self.start, size - 1), ("stop", self.stop, size)):
            if not -size <= value <= limit:
                return Problem(
                    "slice-outside",
                    f"'{name}' must lie inside the axis",
                    f"{int(value)}, and {axis_name(self.dim, len(shape) - 1)} has {int(size)} "
                    f"(from {-int(size)} to {int(limit)})",
                    "Choose a position that is there.",
                    fixes=("reset-parameter",),
                )
        taken = len(self._range(size))
        if not taken:
            return Problem(
                "slice-empty",
                "'stop' must lie behind 'start'",
                f"{int(self.start)} to {int(self.stop)} of {int(size)}",
                "Move one of them.",
                fixes=("reset-parameter",),
            )
        return (*shape[: self.dim - 1], taken, *shape[self.dim :])

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        return Saved(view=True)

    def strides(self, inputs: Sequence[TensorShape], strides: Strides) -> Strides | None:
        return sliced(strides, self.dim, self.step)

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        if self.dim == 1:
            return OF_CHANNELS
        taken = self._range(inputs[0][self.dim - 1])
        axes = [Sliding(1)] * (len(inputs[0]) - 1)
        axes[self.dim - 2] = Sliding(1, taken.step, -taken.start)
        return Window(tuple(axes))

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        shape = inputs[0]
        taken = self._range(shape[self.dim - 1])
        return [
            Formula(
                f"Output {axis_name(self.dim, len(shape) - 1)}",
                "⌈(stop − start) / step⌉",
                f"⌈({taken.stop} − {taken.start}) / {taken.step}⌉",
                f"{len(taken):,}",
            )
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        every = (None, None, 1)
        taken = (int(self.start) or None, int(self.stop) or None, int(self.step))
        return Index((*(every,) * (self.dim - 1), taken))

    def summary(self) -> str:
        start, stop = int(self.start) or "", int(self.stop) or ""
        step = f":{int(self.step)}" if self.step != 1 else ""
        where = "channels" if self.dim == 1 else f"axis {int(self.dim)}"
        return f"{where} {start}:{stop}{step}"


@register
class Reshape(Block):
    """The same numbers, counted into another shape."""

    id = "reshape"
    title = "Reshape"
    category = "Reshape"
    description = (
        "Counts the same numbers into another shape, the last axis fastest: a vector into a map at the start of a "
        "generator, or channels into groups. Where pixels come to lie elsewhere, nothing local is left."
    )
    search = ("view", "unflatten", "fold", "shape", "generator")
    stem = "reshape"

    shape = ShapeValue(
        (-1,),
        rest=True,
        label="Shape",
        help="Of one sample: channels, height, width. One size may be −1: what is left.",
    )

    def _sizes(self, count: int) -> tuple[int, ...]:
        known = prod(size for size in self.shape if size != -1)
        return tuple(int(count) // int(known) if size == -1 else int(size) for size in self.shape)

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        count = elements(inputs[0])
        sizes = self._sizes(count)
        if prod(sizes) != count:
            known = prod(size for size in self.shape if size != -1)
            return Problem(
                "reshape-differs",
                "'shape' must hold as many numbers as arrive",
                f"{format_shape(inputs[0])} are {int(count):,}, {self.parameters()['shape'].format(self.shape)} "
                + (f"needs a multiple of {known:,}" if -1 in self.shape else f"holds {known:,}"),
                "Change a size, or let one be −1.",
                fixes=("reset-parameter",),
            )
        return sizes

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        return Saved(view=True)

    def strides(self, inputs: Sequence[TensorShape], strides: Strides) -> Strides | None:
        return reshaped(inputs[0], strides, self._sizes(elements(inputs[0])))

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return ELEMENTWISE if self._sizes(elements(inputs[0])) == inputs[0] else Everything()

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        shape, sizes = inputs[0], self._sizes(elements(inputs[0]))
        return [
            Formula(
                "Numbers",
                "as many before as after",
                f"{' · '.join(map(str, shape))} = {' · '.join(map(str, sizes))}",
                f"{elements(shape):,}",
            )
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        return Apply("torch.reshape", ((-1, *self._sizes(elements(inputs[0]))),))

    def summary(self) -> str:
        return f"to {self.parameters()['shape'].format(self.shape)}"


@register
class Permute(Block):
    """The axes in another order."""

    id = "permute"
    title = "Permute"
    category = "Reshape"
    description = (
        "Puts the axes into another order: turns rows into columns, or brings the channels behind the map, for what "
        "goes along the last axis (ConvNeXt, transformers), and back again. Every number keeps its neighbours along "
        "each axis; what slides over a map afterwards takes the first axis for the channels."
    )
    search = ("transpose", "swap axes", "movedim", "channels last", "order")
    stem = "permute"
    ranks = (2, 3, 4)
    rank_way_out = "A vector has one axis only."
    presets = (
        Preset("Swap rows and columns", {"dims": [1, 3, 2]}, ("transpose",)),
        Preset("Channels last", {"dims": "channels_last"}, ("nhwc", "tokens", "convnext")),
        Preset("Channels first again", {"dims": "channels_first"}, ("nchw", "convnext")),
    )

    dims = Order(
        (1, 3, 2),
        label="Order",
        help="For each axis of the output the axis of the input it is: 1 are the channels, 2, 3, 4 the axes of "
        "the map. The batch stays first. Or, for as many axes as there are: channels last; channels first.",
    )

    def _axes(self, rank: int) -> tuple[int, ...]:
        """For each axis of the output the axis of the input, the batch being 0."""
        axes = range(1, rank + 1)
        named: dict[Any, tuple[int, ...]] = {
            "channels_last": (*axes[1:], *axes[:1]),
            "channels_first": (*axes[-1:], *axes[:-1]),
        }
        return named.get(self.dims) or tuple(map(int, self.dims))

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        shape = inputs[0]
        order = self._axes(len(shape))
        if len(order) != len(shape):
            wanted = ", ".join(
                f"{axis}: {axis_name(axis, len(shape) - 1)}" for axis in range(1, len(shape) + 1)
            )
            return Problem(
                "axes-differ",
                "'dims' names every axis once",
                f"{len(order)} named ({self.parameters()['dims'].format(order)}), {format_shape(shape)} "
                f"has {len(shape)} ({wanted})",
                "Name them all.",
                fixes=("reset-parameter",),
            )
        return self._turned(shape)

    def _turned(self, shape: TensorShape) -> TensorShape:
        return tuple(shape[axis - 1] for axis in self._axes(len(shape)))

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        return Saved(view=True)

    def strides(self, inputs: Sequence[TensorShape], strides: Strides) -> Strides | None:
        shape = inputs[0]
        turned = permuted(strides, (0, *self._axes(len(shape))))
        return turned if is_contiguous(self._turned(shape), turned) else None

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return Permuted(tuple(axis - 1 for axis in self._axes(len(inputs[0]))))

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        shape = inputs[0]
        names = [axis_name(axis, len(shape) - 1) for axis in self._axes(len(shape))]
        return [Formula("Output", " × ".join(names), format_shape(shape), format_shape(self._turned(shape)))]

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        return Make("helper:Permute", (0, *self._axes(len(inputs[0]))))

    def summary(self) -> str:
        return self.parameters()["dims"].format(self.dims)
