"""Convolutions over sequences, images and volumes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from builder.blocks.base import (
    IMAGE_DIMS,
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
from builder.blocks.lowering import Make, compact, options
from builder.blocks.parameters import Choice, Flag, Integer, Padding, PerAxis
from builder.errors import Problem, Severity
from builder.shapes import (
    AXIS_NAMES,
    TensorShape,
    elements,
    format_shape,
    same_padding,
    window_output,
    window_remainder,
)
from builder.windows import Sight, Sliding, Window

Sides = tuple[tuple[int, int], ...]


@register
class Conv(Block):
    """A bank of small filters sliding over the tensor; the dimension comes from what arrives."""

    id = "conv"
    title = "Conv"
    category = "Convolution"
    description = (
        "Slides a bank of small kernels over the map. Each kernel looks at a small window of all channels "
        "and writes one output channel; the same weights are used at every position."
    )
    search = ("convolution", "conv1d", "conv2d", "conv3d", "filter", "kernel")
    stem = "conv"
    ranks = (2, 3, 4)
    rank_way_out = "Convolve before the tensor is flattened."
    dimensional = True
    presets = (
        Preset("Conv 1×1", {"kernel_size": 1}, ("pointwise", "projection")),
        Preset("Conv 3×3", {"kernel_size": 3, "padding": 1}),
        Preset("Conv 5×5", {"kernel_size": 5, "padding": 2}),
        Preset(
            "Conv 3×3 ÷2",
            {"kernel_size": 3, "stride": 2, "padding": 1},
            ("strided", "stride 2", "downsample"),
        ),
        Preset(
            "Conv 7×7 ÷2",
            {"out_channels": 64, "kernel_size": 7, "stride": 2, "padding": 3},
            ("stem", "resnet", "strided", "stride 2"),
        ),
        Preset("Patches 4×4", {"kernel_size": 4, "stride": 4}, ("patchify", "patch embedding", "convnext")),
        Preset(
            "Depthwise 3×3",
            {"out_channels": "=in_channels", "kernel_size": 3, "padding": 1, "groups": "=in_channels"},
            ("mobilenet", "separable", "dwconv"),
        ),
        Preset(
            "Depthwise 5×5",
            {"out_channels": "=in_channels", "kernel_size": 5, "padding": 2, "groups": "=in_channels"},
            ("efficientnet", "separable", "dwconv"),
        ),
        Preset("Grouped 3×3", {"kernel_size": 3, "padding": 1, "groups": 4}, ("resnext", "groups")),
        Preset("Dilated ×2", {"kernel_size": 3, "padding": 2, "dilation": 2}, ("atrous",)),
        Preset("Causal", {"kernel_size": 3, "padding": [[2, 0]]}, ("tcn", "sequence", "left", "wavenet")),
        Preset(
            "Causal, dilated ×2",
            {"kernel_size": 3, "padding": [[4, 0]], "dilation": 2},
            ("tcn", "sequence", "left", "wavenet"),
        ),
    )

    out_channels = Integer(32, label="Kernels", help="How many kernels, and so how many output channels.")
    kernel_size = PerAxis(3, label="Kernel size", unit="px", help="The window each kernel sees.")
    stride = PerAxis(1, label="Stride", unit="px", help="Steps of the window; 2 halves the map.")
    padding = Padding(
        0,
        help="Border added before convolving: a number, one for each axis, [before, after] for each axis, "
        "'valid' (none) or 'same' (output = ⌈input / stride⌉, as TensorFlow pads).",
    )
    dilation = PerAxis(
        1, label="Dilation", help="Spacing of the kernel's taps; widens the field without weights."
    )
    groups = Integer(1, label="Groups", help="Independent bundles of channels; one per channel is depthwise.")
    bias = Flag(True, label="Bias", help="A learnt offset per kernel; useless before batch norm.")
    padding_mode = Choice(
        "zeros",
        ("zeros", "reflect", "replicate", "circular"),
        label="Padding mode",
        help="What the border is.",
    )

    def sides(self, spatial: Sequence[int]) -> Sides:
        """(before, after) of the padding for each axis at this input size."""
        value = self.values["padding"]
        if value == "same":
            names = ("kernel_size", "stride", "dilation")
            settings = zip(*(self.axes(name, len(spatial)) for name in names), strict=True)
            return tuple(
                same_padding(size, k, s, d) for size, (k, s, d) in zip(spatial, settings, strict=True)
            )
        if value == "valid":
            value = 0
        axes = value if isinstance(value, tuple) else (value,) * len(spatial)
        return tuple((axis[0], axis[1]) if isinstance(axis, tuple) else (axis, axis) for axis in axes)

    def _spatial(self, shape: TensorShape) -> list[tuple[int, int, int, tuple[int, int], int]]:
        """(size, kernel, stride, sides, dilation) for each axis; asked for many times of one shape."""
        size = shape[1:]
        known, axes = self._known
        if known != size:
            names = ("kernel_size", "stride", "dilation")
            kernel, stride, dilation = (self.axes(name, len(size)) for name in names)
            axes = list(zip(size, kernel, stride, self.sides(size), dilation, strict=True))
            self._known = size, axes
        return axes

    _known: tuple[TensorShape | None, list[tuple[int, int, int, tuple[int, int], int]]] = (None, [])

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        shape = inputs[0]
        if wrong := self.check_axes(shape_dims(inputs), "kernel_size", "stride", "padding", "dilation"):
            return wrong
        if wrong := groups_divide(shape[0], self.out_channels, self.groups):
            return wrong
        axes = self._spatial(shape)
        for name, (size, _, _, sides, _) in zip(AXIS_NAMES[len(axes)], axes, strict=True):
            limit = {"reflect": size - 1, "circular": size}.get(self.padding_mode)
            if limit is not None and max(sides) > limit:
                return Problem(
                    "padding-too-large",
                    f"'{self.padding_mode}' padding cannot be wider than the map",
                    f"{max(sides)} on a {name} of {size} (at most {limit})",
                    "Pad less, or pad with zeros.",
                    fixes=("padding-zeros",),
                )
        outputs = tuple(window_output(*axis) for axis in axes)
        if min(outputs) < 1:
            return kernel_too_large(
                self.title,
                shape,
                tuple(d * (k - 1) + 1 for _, k, _, _, d in axes),
                tuple(sides for _, _, _, sides, _ in axes),
            )
        return (self.out_channels, *outputs)

    def cost(self, inputs: Sequence[TensorShape]) -> Cost:
        shape = inputs[0]
        kernel = prod(self.axes("kernel_size", len(shape) - 1))
        weights = self.out_channels * (shape[0] // self.groups) * kernel
        outputs = prod(window_output(*axis) for axis in self._spatial(shape))
        bias = self.out_channels if self.bias else 0
        return Cost(weights + bias, 0, weights * outputs, tensors=2 if self.bias else 1)

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        shape = inputs[0]
        axes = self._spatial(shape)
        helper = self._helper(axes)
        explicit = helper is not None or self.padding_mode != "zeros"
        pads = any(map(any, (sides for _, _, _, sides, _ in axes)))
        # PyTorch's own 'same' pads an odd total by one pixel more on one side, on a copy.
        odd = [before != after for _, _, _, (before, after), _ in axes]
        if explicit and (pads or helper is None):  # PyTorch copies even where there is nothing to pad
            padded = [size + before + after for size, _, _, (before, after), _ in axes]
        elif self.padding == "same" and any(odd):
            padded = [size + one for (size, *_), one in zip(axes, odd, strict=True)]
        else:
            return Saved(inputs=(0,))
        # These paddings keep what they pad, to go back through it.
        kept = (0,) if explicit and self.padding_mode in ("reflect", "replicate") else ()
        return Saved(extra=4 * shape[0] * prod(padded), inputs_with_grad=kept)

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        return Passing(working=self.saved(inputs).extra)  # a padded copy of the input

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return Window(
            tuple(
                Sliding(kernel, stride, sides[0], dilation, self.padding_mode)
                for _, kernel, stride, sides, dilation in self._spatial(inputs[0])
            )
        )

    def advise(self, inputs: Sequence[TensorShape]) -> list[Problem]:
        return unread_border(self.title, self._spatial(inputs[0]))

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        shape = inputs[0]
        axes = self._spatial(shape)
        cost, output = self.cost(inputs), self.infer(inputs)
        assert not isinstance(output, Problem)
        kernel = " · ".join(str(k) for _, k, _, _, _ in axes)
        seen = f"{shape[0] // self.groups} · {kernel}"
        bias = f" + {self.out_channels}" if self.bias else ""
        places = " · ".join(map(str, output[1:]))
        dense = elements(shape) * elements(output) + elements(output)
        return [
            *window_formulas(axes),
            Formula(
                "Parameters",
                "kernels · (channels / groups · kernel)" + (" + kernels" if self.bias else ""),
                f"{self.out_channels} · ({seen}){bias}",
                f"{cost.parameters:,}",
            ),
            Formula(
                "FLOPs",
                "2 · output positions · kernels · (channels / groups · kernel)",
                f"2 · {places} · {self.out_channels} · ({seen})",
                f"{2 * cost.macs:,}",
            ),
            Formula(
                "Fully connected instead",
                "inputs · outputs + outputs",
                f"{elements(shape):,} · {elements(output):,} + {elements(output):,}",
                f"{dense:,} weights",
            ),
        ]

    def _helper(self, axes: list[tuple[int, int, int, tuple[int, int], int]]) -> str | None:
        """The helper class that pads where torch's own convolution cannot."""
        if self.padding == "same" and any(stride != 1 for _, _, stride, _, _ in axes):
            return "SameConv"
        if self.padding != "same" and any(before != after for _, _, _, (before, after), _ in axes):
            return "PadConv"
        return None

    def lower(self, inputs: Sequence[TensorShape]) -> Make:
        shape = inputs[0]
        axes = self._spatial(shape)
        dims = len(axes)
        helper = self._helper(axes)
        sides = tuple(axis[3] for axis in axes)
        padding: object
        if helper == "PadConv":
            # torch.nn.functional.pad wants the last axis first.
            padding = tuple(side for pair in reversed(sides) for side in pair)
        elif self.padding == "same":
            padding = None if helper else "same"
        else:
            padding = compact(tuple(before for before, _ in sides))
        kwargs = {
            "kernel_size": compact(self.axes("kernel_size", dims)),
            **options(
                stride=(compact(self.axes("stride", dims)), 1),
                padding=(padding, 0 if padding is not None else None),
                dilation=(compact(self.axes("dilation", dims)), 1),
                groups=(self.groups, 1),
                bias=(self.bias, True),
                padding_mode=(self.padding_mode, "zeros"),
            ),
        }
        target = f"helper:{helper}{dims}d" if helper else class_for("Conv", dims)
        return Make(target, (shape[0], self.out_channels), kwargs)

    def summary(self) -> str:
        return self.summary_on(IMAGE_DIMS)

    def summary_on(self, dims: int) -> str:
        parts = [self.kernel_words(dims), str(int(self.out_channels))]
        for name, word in (("stride", "stride"), ("dilation", "dilation"), ("groups", "groups")):
            value = self.values[name]
            if value != 1:
                parts.append(f"{word} {self.parameters()[name].format(value)}")
        return " · ".join(parts)


def groups_divide(channels: int, kernels: int, groups: int) -> Problem | None:
    """What is wrong with the groups of a convolution."""
    for count, what in ((channels, "input channels"), (kernels, "kernels")):
        if count % groups:
            return Problem(
                "groups-do-not-divide",
                f"'groups' must divide the {what}",
                f"{int(count)} {what}, {int(groups)} groups",
                "Choose a divisor of both channel counts.",
                fixes=("reset-groups",),
            )
    return None


def kernel_too_large(
    title: str,
    shape: TensorShape,
    extent: tuple[int, ...],
    sides: Sides,
    fixes: tuple[str, ...] = ("shrink-kernel", "pad-more"),
) -> Problem:
    """The window does not fit the map, even with its border."""
    padded = format_shape(tuple(size + b + a for size, (b, a) in zip(shape[1:], sides, strict=True)))
    has_padding = any(b or a for b, a in sides)
    return Problem(
        "kernel-too-large",
        f"{title}'s window must fit in the map",
        f"the window spans {format_shape(extent)}, the map is {format_shape(shape[1:])}"
        + (f" ({padded} with padding)" if has_padding else ""),
        "Use a smaller kernel or more padding, or shrink the map less before.",
        fixes=fixes,
    )


def unread_border(title: str, axes: list[tuple[int, int, int, tuple[int, int], int]]) -> list[Problem]:
    """Advice where the stride leaves pixels at the end unread that a window could have read."""
    left = []
    for name, (size, kernel, stride, sides, dilation) in zip(AXIS_NAMES[len(axes)], axes, strict=True):
        unread = window_remainder(size, kernel, stride, sides, dilation) - sides[1]
        if unread > 0 and kernel >= stride:
            left.append(f"{unread} px of {name} {size}")
    if not left:
        return []
    return [
        Problem(
            "unread-border",
            "Where the stride does not divide what the window leaves, the last pixels are never read",
            f"{title} leaves {' and '.join(left)} unread",
            "Harmless as a rule; pad, or choose another input size, if they matter.",
            severity=Severity.ADVICE,
        )
    ]


def window_formulas(axes: list[tuple[int, int, int, tuple[int, int], int]]) -> list[Formula]:
    """The output size of each axis; one line where the axes are alike."""
    formulas = []
    names = AXIS_NAMES[len(axes)]
    for name, (size, kernel, stride, (before, after), dilation) in zip(names, axes, strict=True):
        border = f"2·{before}" if before == after else f"{before} + {after}"
        formulas.append(
            Formula(
                "Output" if len(set(axes)) == 1 else f"Output {name}",
                "⌊(size + padding − dilation·(kernel − 1) − 1) / stride⌋ + 1",
                f"⌊({size} + {border} − {dilation}·({kernel} − 1) − 1) / {stride}⌋ + 1",
                f"{window_output(size, kernel, stride, (before, after), dilation):,}",
            )
        )
    return formulas[:1] if len(set(axes)) == 1 else formulas
