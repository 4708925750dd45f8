"""Wider and narrower maps: borders put around them, and cut off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from builder.blocks.base import Block, Formula, Preset, Saved, class_for, register, shape_dims
from builder.blocks.lowering import Index, Lowering, Make, compact
from builder.blocks.parameters import Choice, Integer, Padding, PerAxis, Real
from builder.errors import Problem
from builder.shapes import AXIS_NAMES, TensorShape, format_shape
from builder.windows import OF_CHANNELS, PerInput, Sight, Sliding, Window

Sides = tuple[tuple[int, int], ...]

#: PyTorch's module for each mode.
_MODULES = {"reflect": "ReflectionPad", "replicate": "ReplicationPad", "circular": "CircularPad"}


class _Border(Block):
    """What has (before, after) for each axis."""

    category = "Reshape"
    ranks = (2, 3, 4)
    rank_way_out = "Use it where the tensor still is a map."
    dimensional = True

    def _sides(self, name: str, dims: int) -> Sides:
        given: tuple[Any, ...] = self.axes(name, dims)
        return tuple((axis[0], axis[1]) if isinstance(axis, tuple) else (axis, axis) for axis in given)

    def _formulas(self, spatial: Sequence[int], sides: Sides, sign: str) -> list[Formula]:
        formulas = []
        for name, size, (before, after) in zip(AXIS_NAMES[len(spatial)], spatial, sides, strict=True):
            out = size + before + after if sign == "+" else size - before - after
            formulas.append(
                Formula(
                    f"Output {name}",
                    f"size {sign} before {sign} after",
                    f"{size} {sign} {before} {sign} {after}",
                    f"{out:,}",
                )
            )
        return formulas


@register
class Pad(_Border):
    """A border around the map."""

    id = "pad"
    title = "Pad"
    description = (
        "Puts a border around the map: of a number, of the map mirrored, of its outermost pixels, or of the opposite "
        "side. For borders that a convolution's own padding cannot make, such as on one side only."
    )
    search = ("padding", "border", "zeropad", "reflection", "replication", "circular", "causal", "constant")
    stem = "pad"
    presets = (
        Preset("Zero pad 1", {"padding": 1}),
        Preset("Reflection pad 1", {"padding": 1, "mode": "reflect"}, ("mirror", "style transfer")),
    )

    padding = Padding(
        1,
        words=False,
        help="Pixels on each side: a number, one for each axis, or [before, after] for each axis.",
    )
    mode = Choice(
        "constant",
        ("constant", "reflect", "replicate", "circular"),
        label="Mode",
        help="What the border is: one number, the map mirrored at its edge, its outermost pixels, or the "
        "opposite side.",
    )
    value = Real(0.0, label="Value", help="The number that a constant border has.")

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        shape = inputs[0]
        dims = shape_dims(inputs)
        if wrong := self.check_axes(dims, "padding"):
            return wrong
        sides = self._sides("padding", dims)
        for name, size, pair in zip(AXIS_NAMES[dims], shape[1:], sides, strict=True):
            limit = {"reflect": size - 1, "circular": size}.get(self.mode)
            if limit is not None and max(pair) > limit:
                return Problem(
                    "border-too-wide",
                    f"A border in 'mode' {self.mode} cannot be wider than what it is made of",
                    f"{max(pair)} on a {name} of {size} (at most {limit})",
                    "Pad less, or with a constant.",
                    fixes=("reset-parameter",),
                )
        return (shape[0], *(size + b + a for size, (b, a) in zip(shape[1:], sides, strict=True)))

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        # These two keep what they pad, to go back through it.
        return Saved(inputs_with_grad=(0,)) if self.mode in ("reflect", "replicate") else Saved()

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        border = "zeros" if self.mode == "constant" else self.mode
        sides = self._sides("padding", shape_dims(inputs))
        return Window(tuple(Sliding(1, 1, before, 1, border) for before, _ in sides))

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        return self._formulas(inputs[0][1:], self._sides("padding", shape_dims(inputs)), "+")

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        dims = shape_dims(inputs)
        # PyTorch wants the last axis first.
        sides = tuple(side for pair in reversed(self._sides("padding", dims)) for side in pair)
        if self.mode != "constant":
            return Make(class_for(_MODULES[self.mode], dims), (compact(sides),))
        if self.value == 0:
            return Make(class_for("ZeroPad", dims), (compact(sides),))
        return Make(class_for("ConstantPad", dims), (compact(sides), self.value))

    def summary(self) -> str:
        kind = "zeros" if self.mode == "constant" and self.value == 0 else self.mode
        return f"{self.parameters()['padding'].format(self.padding)} · {kind}"


@register
class Crop(_Border):
    """A border cut off the map, or its middle cut out."""

    id = "crop"
    title = "Crop"
    description = (
        "Cuts a border off the map, or its middle out of it. Where a branch has lost its border to convolutions "
        "without padding, the other is cropped to its size."
    )
    search = ("cut", "center crop", "centre crop", "cropping", "trim")
    stem = "crop"
    presets = (Preset("Crop 1", {"crop": 1}),)

    crop = Padding(
        0,
        words=False,
        label="Cut off",
        help="Pixels on each side: a number, one for each axis, or [before, after] for each axis.",
    )
    size = PerAxis(
        0,
        minimum=0,
        label="Size",
        unit="px",
        help="The size of the middle that is cut out, in place of what is cut off; 0: what is cut off counts.",
    )

    def _cut(self, spatial: Sequence[int]) -> Sides:
        sizes = self.axes("size", len(spatial))
        if any(sizes):
            return tuple(centred(size, wanted) for size, wanted in zip(spatial, sizes, strict=True))
        return self._sides("crop", len(spatial))

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        shape = inputs[0]
        dims = shape_dims(inputs)
        if wrong := self.check_axes(dims, "crop", "size"):
            return wrong
        sizes = self.axes("size", dims)
        if wrong := self.check_all_or_none(dims, "size"):
            return wrong
        if any(wanted > size for size, wanted in zip(shape[1:], sizes, strict=True)):
            return Problem(
                "crop-too-large",
                "'size' must fit in the map",
                f"{format_shape(sizes)} of {format_shape(shape[1:])}",
                "Crop less, or shrink the map less before.",
                fixes=("reset-parameter",),
            )
        outputs = tuple(size - b - a for size, (b, a) in zip(shape[1:], self._cut(shape[1:]), strict=True))
        if min(outputs) < 1:
            return Problem(
                "nothing-left",
                "'crop' must leave something of the map",
                f"{self.parameters()['crop'].format(self.crop)} is cut off {format_shape(shape[1:])}",
                "Cut off less, or shrink the map less before.",
                fixes=("reset-parameter",),
            )
        return (shape[0], *outputs)

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        return Saved(view=True)

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return _shifted(self._cut(inputs[0][1:]))

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        return self._formulas(inputs[0][1:], self._cut(inputs[0][1:]), "−")

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        dims = shape_dims(inputs)
        sizes = self.axes("size", dims)
        if any(sizes):
            return Make("helper:CenterCrop", tuple(sizes))
        sides = self._sides("crop", dims)
        every = (None, None, 1)
        return Index((every, *((int(b) or None, -int(a) or None, 1) for b, a in sides)))

    def summary(self) -> str:
        sizes = self.size if isinstance(self.size, tuple) else (self.size,)
        if any(sizes):
            return f"to {self.parameters()['size'].format(self.size)}"
        return f"{self.parameters()['crop'].format(self.crop)} off"


class _Fitted(Block):
    """One map in the size of another, whose size alone matters; both have the same middle."""

    category = "Reshape"
    inputs = ("input", "like")
    ranks = (2, 3, 4)
    rank_way_out = "Use it where the tensors still are maps."
    #: What is said where the sizes are the wrong way round: code, rule, way out.
    misfit: ClassVar[tuple[str, str, str]]
    #: How many pixels stand before the middle, as a formula.
    middle: ClassVar[str]

    def _sides(self, inputs: Sequence[TensorShape]) -> Sides:
        """(before, after) for each axis: what comes or goes on each side of the middle."""
        shape, like = inputs
        return tuple([self._around(*pair) for pair in zip(shape[1:], like[1:], strict=True)])

    def _around(self, size: int, wanted: int) -> tuple[int, int]:
        raise NotImplementedError

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        shape, like = inputs
        brings = f"{{0}} brings {format_shape(shape)}, {{1}} brings {format_shape(like)}"
        if len(shape) != len(like):
            return Problem(
                "axes-differ",
                "Both maps need equally many axes",
                brings,
                "Connect a map of the same kind.",
            )
        if any(sum(pair) < 0 for pair in self._sides(inputs)):
            code, rule, way_out = self.misfit
            return Problem(code, rule, brings, way_out)
        return (shape[0], *like[1:])

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        shape, like = inputs
        formulas = []
        for name, size, wanted in zip(AXIS_NAMES[len(shape) - 1], shape[1:], like[1:], strict=True):
            more, less = max(size, wanted), min(size, wanted)
            numbers = f"⌊({more} − {less}) / 2⌋ = {self._around(size, wanted)[0]}"
            formulas.append(Formula(f"Output {name}", self.middle, numbers, f"{wanted:,}"))
        return formulas

    def summary(self) -> str:
        return "to the other's size"


@register
class CropLike(_Fitted):
    """The middle of one map, as large as another."""

    id = "crop_like"
    title = "Crop like"
    description = (
        "Cuts out the middle of the first map, as large as the second, whose size alone matters. Before a Concat it "
        "fits the encoder's map to the decoder's, as in the first U-Net, whose convolutions have no padding."
    )
    search = ("u-net", "unet", "center crop", "centre crop", "match", "align", "skip")
    stem = "crop"
    misfit = (
        "crop-too-large",
        "The second map must fit in the first",
        "Change the two wires round, or pad the first map.",
    )
    middle = "from ⌊(size − wanted) / 2⌋ on"

    def _around(self, size: int, wanted: int) -> tuple[int, int]:
        return centred(size, wanted)

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        return Saved(view=True)

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return PerInput((_shifted(self._sides(inputs)), None))

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        return Make("helper:CropLike")


@register
class PadLike(_Fitted):
    """One map in the middle of zeros, as large as another."""

    id = "pad_like"
    title = "Pad like"
    description = (
        "Puts zeros around the first map until it is as large as the second, whose size alone matters. A map of odd "
        "size comes back from halving and doubling one pixel short; before a Concat this makes up for it, so that a "
        "U-Net takes pictures of any size and answers in the same."
    )
    search = ("u-net", "unet", "zero pad", "match", "align", "skip", "fit", "odd size")
    stem = "pad"
    misfit = (
        "pad-too-small",
        "The first map must fit in the second",
        "Change the two wires round, or crop the first map.",
    )
    middle = "⌊(wanted − size) / 2⌋ before, the rest after"

    def _around(self, size: int, wanted: int) -> tuple[int, int]:
        return centred(wanted, size)

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        around = tuple([Sliding(1, 1, before) for before, _ in self._sides(inputs)])
        return PerInput((Window(around), None))

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        return Make("helper:PadLike")


@register
class PadChannels(Block):
    """Channels of zeros before and after those that arrive."""

    id = "pad_channels"
    title = "Pad channels"
    category = "Reshape"
    description = (
        "Adds channels of zeros. It brings a shortcut to the width of what it is added to without a single weight, as "
        "the first ResNets for CIFAR do."
    )
    search = ("zero padding", "shortcut", "widen", "option a", "resnet", "cifar")
    stem = "pad"

    before = Integer(0, minimum=0, label="Before", help="Channels of zeros before those that arrive.")
    after = Integer(16, minimum=0, label="After", help="Channels of zeros behind them.")

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        channels, *rest = inputs[0]
        return (channels + self.before + self.after, *rest)

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return OF_CHANNELS

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        channels, before, after = (int(count) for count in (inputs[0][0], self.before, self.after))
        return [
            Formula(
                "Output channels",
                "before + channels + after",
                f"{before} + {channels} + {after}",
                f"{before + channels + after:,}",
            )
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        # PyTorch wants the last axis first, and pads as many axes as it is given sides for.
        sides = (*(0, 0) * shape_dims(inputs), self.before, self.after)
        return Make(class_for("ZeroPad", min(len(sides) // 2, 3)), (sides,))

    def summary(self) -> str:
        return f"{int(self.before)} before · {int(self.after)} after"


def centred(size: int, wanted: int) -> tuple[int, int]:
    """What stands before and after the middle; of an odd rest the larger part is after."""
    before = (size - wanted) // 2
    return before, size - wanted - before


def _shifted(cut: Sides) -> Window:
    return Window(tuple(Sliding(1, 1, -before) for before, _ in cut))
