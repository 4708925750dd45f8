"""Other sizes without weights: interpolation, and pixels traded for channels."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from builder.blocks.base import Block, Formula, Preset, register, shape_dims
from builder.blocks.lowering import Make, compact, options
from builder.blocks.parameters import Choice, Flag, Integer, PerAxis
from builder.errors import Problem
from builder.resampling import Resample
from builder.shapes import AXIS_NAMES, TensorShape, format_shape
from builder.windows import OF_CHANNELS, Sight, Sliding, Spread, Window

#: PyTorch's word for linear interpolation, by the number of axes.
_LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


@register
class Upsample(Block):
    """The map at another size, its pixels repeated or interpolated."""

    id = "upsample"
    title = "Upsample"
    category = "Reshape"
    description = (
        "Makes the map larger by repeating or interpolating its pixels; nothing is learnt. In decoders a convolution "
        "behind it does what a transposed convolution does, without its checkerboard."
    )
    search = (
        "interpolate",
        "resize",
        "nearest",
        "bilinear",
        "bicubic",
        "trilinear",
        "decoder",
        "enlarge",
        "unpool",
    )
    stem = "upsample"
    ranks = (2, 3, 4)
    rank_way_out = "Use it where the tensor still is a map."
    dimensional = True
    presets = (
        Preset("Nearest ×2", {"scale_factor": 2}, ("double",)),
        Preset("Bilinear ×2", {"scale_factor": 2, "mode": "linear"}, ("double", "smooth")),
    )

    scale_factor = PerAxis(2, label="Factor", help="How many times as large the map becomes.")
    size = PerAxis(
        0,
        minimum=0,
        label="Output size",
        unit="px",
        help="A size of its own, whatever arrives, in place of the factor; 0: the factor counts.",
    )
    mode = Choice(
        "nearest",
        ("nearest", "nearest-exact", "linear", "bicubic"),
        label="Mode",
        help="Repeat the nearest pixel (nearest-exact measures from the pixels' centres, as other libraries do), or "
        "interpolate: linear along each axis, or bicubic, smoother still and for images alone.",
    )
    align_corners = Flag(
        False,
        label="Align corners",
        help="Interpolate so that the outermost pixels stay the outermost, instead of the map's edges.",
    )

    def _outputs(self, spatial: Sequence[int]) -> tuple[int, ...]:
        sizes = self.axes("size", len(spatial))
        factors = self.axes("scale_factor", len(spatial))
        if any(sizes):
            return sizes
        return tuple(size * factor for size, factor in zip(spatial, factors, strict=True))

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        shape = inputs[0]
        dims = shape_dims(inputs)
        if wrong := self.check_axes(dims, "scale_factor", "size"):
            return wrong
        if wrong := self.check_all_or_none(dims, "size"):
            return wrong
        if self.mode == "bicubic" and dims != 2:
            return Problem(
                "mode-for-images",
                "'mode' bicubic is for images",
                f"{format_shape(shape)} arrives, with {dims} spatial axes ({', '.join(AXIS_NAMES[dims])})",
                "Interpolate linearly.",
                fixes=("reset-parameter",),
            )
        if self.align_corners and self.mode not in ("linear", "bicubic"):
            return Problem(
                "nothing-to-align",
                "'align_corners' is for interpolation",
                f"{self.mode} repeats pixels",
                "Turn it off, or interpolate.",
                fixes=("reset-parameter",),
            )
        return (shape[0], *self._outputs(shape[1:]))

    def _axes(self, spatial: Sequence[int]) -> list[Resample]:
        mode = {"bicubic": "cubic"}.get(self.mode, self.mode)
        given = any(self.axes("size", len(spatial)))
        factors = self.axes("scale_factor", len(spatial))
        return [
            Resample(size, out, mode, self.align_corners, None if given else factor)
            for size, out, factor in zip(spatial, self._outputs(spatial), factors, strict=True)
        ]

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return Window(tuple(self._axes(inputs[0][1:])))

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        spatial = inputs[0][1:]
        outputs, factors = self._outputs(spatial), self.axes("scale_factor", len(spatial))
        formulas = []
        if not any(self.axes("size", len(spatial))):
            formulas.append(
                Formula(
                    "Output",
                    "size · factor",
                    ", ".join(f"{size} · {factor}" for size, factor in zip(spatial, factors, strict=True)),
                    format_shape(outputs),
                )
            )
        text = {"nearest": "⌊i · step⌋", "nearest-exact": "⌊(i + ½) · step⌋"}.get(
            self.mode, "i · step" if self.align_corners else "(i + ½) · step − ½"
        )
        steps = [axis.step() for axis in self._axes(spatial)]
        step = "(size − 1) / (output − 1)" if self.align_corners else "size / output"
        shown = steps[:1] if len(set(steps)) == 1 else steps
        return [
            *formulas,
            Formula("Pixel i is taken at", text, f"step = {step}", " × ".join(map(_number, shown))),
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        dims = shape_dims(inputs)
        sizes = self.axes("size", dims)
        given = "size" if any(sizes) else "scale_factor"
        mode = _LINEAR[dims] if self.mode == "linear" else self.mode
        kwargs = {
            given: compact(self.axes(given, dims)),
            **options(mode=(mode, "nearest"), align_corners=(self.align_corners, False)),
        }
        return Make("torch.nn.Upsample", (), kwargs)

    def summary(self) -> str:
        sizes = self.size if isinstance(self.size, tuple) else (self.size,)
        name = "size" if any(sizes) else "scale_factor"
        text = self.parameters()[name].format(self.values[name])
        return f"{'to ' if any(sizes) else '×'}{text} · {self.mode}"


def _number(value: Fraction) -> str:
    return str(value)


class _Shuffle(Block):
    """What pixel shuffle and unshuffle share."""

    category = "Reshape"
    ranks = (3,)
    rank_way_out = "It is defined for images alone."


@register
class PixelShuffle(_Shuffle):
    """Channels traded for pixels."""

    id = "pixel_shuffle"
    title = "Pixel shuffle"
    description = (
        "Lays the numbers of r² channels side by side as r×r pixels: C·r²×H×W → C×rH×rW. A convolution before it "
        "computes a larger picture at the cost of a small one (super-resolution: sub-pixel convolution)."
    )
    search = ("depth to space", "sub-pixel", "subpixel", "super resolution", "espcn", "upsampling")
    stem = "shuffle"

    upscale_factor = Integer(2, label="Factor", help="How many times as high and wide the map becomes.")

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        channels, height, width = inputs[0]
        factor = self.upscale_factor
        if channels % (factor * factor):
            return Problem(
                "channels-do-not-divide",
                "The square of 'upscale_factor' must divide the channels",
                f"{int(channels)} channels, {factor}² = {factor * factor}",
                "Bring as many channels as there are pixels to make of them.",
                fixes=("reset-parameter",),
            )
        return channels // (factor * factor), height * factor, width * factor

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return Window((Spread(self.upscale_factor, self.upscale_factor),) * 2)

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        channels, height, width = inputs[0]
        r = self.upscale_factor
        return [
            Formula("Output channels", "channels / r²", f"{channels} / {r}²", f"{channels // (r * r):,}"),
            Formula("Output", "r · size", f"{r} · {height}, {r} · {width}", f"{r * height}×{r * width}"),
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        return Make("torch.nn.PixelShuffle", (self.upscale_factor,))

    def summary(self) -> str:
        return f"×{int(self.upscale_factor)}"


@register
class PixelUnshuffle(_Shuffle):
    """Pixels traded for channels."""

    id = "pixel_unshuffle"
    title = "Pixel unshuffle"
    description = (
        "Lays each block of r×r pixels into r² channels: C×rH×rW → C·r²×H×W. A smaller map without losing a number, "
        "in place of a stride or a pool; the reverse of pixel shuffle."
    )
    search = ("space to depth", "patchify", "focus", "downsampling", "reorg")
    stem = "unshuffle"

    downscale_factor = Integer(2, label="Factor", help="How many times as low and narrow the map becomes.")

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        channels, height, width = inputs[0]
        factor = self.downscale_factor
        if height % factor or width % factor:
            return Problem(
                "size-does-not-divide",
                "'downscale_factor' must divide height and width",
                f"{height}×{width} arrives, the factor is {factor}",
                "Pad or crop the map, or choose a divisor of both.",
                fixes=("reset-parameter",),
            )
        return channels * (factor * factor), height // factor, width // factor

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return Window((Sliding(self.downscale_factor, self.downscale_factor),) * 2)

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        channels, height, width = inputs[0]
        r = self.downscale_factor
        return [
            Formula("Output channels", "channels · r²", f"{channels} · {r}²", f"{channels * (r * r):,}"),
            Formula("Output", "size / r", f"{height} / {r}, {width} / {r}", f"{height // r}×{width // r}"),
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        return Make("torch.nn.PixelUnshuffle", (self.downscale_factor,))

    def summary(self) -> str:
        return f"÷{int(self.downscale_factor)}"


@register
class ChannelShuffle(Block):
    """Channels of all groups mixed."""

    id = "channel_shuffle"
    title = "Channel shuffle"
    category = "Reshape"
    description = (
        "Deals the channels out anew, one from each group in turn, so that the next grouped convolution sees "
        "something of every group (ShuffleNet)."
    )
    search = ("shufflenet", "groups", "mix", "interleave")
    stem = "shuffle"
    ranks = (2, 3, 4)
    rank_way_out = "Use it where the tensor still is a map."

    groups = Integer(2, label="Groups", help="Of how many groups the channels are mixed.")

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        if inputs[0][0] % self.groups:
            return Problem(
                "groups-do-not-divide",
                "'groups' must divide the channels",
                f"{int(inputs[0][0])} channels, {int(self.groups)} groups",
                "Choose a divisor of the channels.",
                fixes=("nearest-groups",),
            )
        return inputs[0]

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return OF_CHANNELS

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        channels, groups = inputs[0][0], self.groups
        each = channels // groups
        order = [str(int(k % groups * each + k // groups)) for k in range(min(int(channels), 6))]
        more = "…" if channels > len(order) else ""
        return [
            Formula(
                "Output channel k",
                "input channel (k mod groups) · (channels / groups) + ⌊k / groups⌋",
                f"(k mod {groups}) · {each} + ⌊k / {groups}⌋",
                f"{', '.join(order)}{more and ', …'}",
            )
        ]

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        return Make("torch.nn.ChannelShuffle", (self.groups,))

    def summary(self) -> str:
        return f"{int(self.groups)} groups"
