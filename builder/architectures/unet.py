"""U-Net."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from builder.architectures.base import Architecture, chosen, scaled
from builder.document import Document, Module, ModuleParameter
from builder.library import unet as parts
from builder.library.base import module, sketch
from builder.shapes import TensorShape
from builder.sketch import Sketch, Wire

#: Channels at full size; each level below has twice as many.
CHANNELS = 64
#: How a map is enlarged, and by how much the deeper levels are narrowed for it: interpolation halves no channels.
NARROWED = {"transposed": 1, "bilinear": 2}
#: The block that brings together what comes up and what comes across.
MERGES: dict[str, Literal["concat", "add"]] = {"concat": "concat", "sum": "add"}


def unet(
    input_shape: TensorShape = (3, 256, 256),
    classes: int = 2,
    merge: Literal["concat", "sum"] = "concat",
    up: Literal["transposed", "bilinear"] = "transposed",
    width: float = 1.0,
    levels: int = 4,
) -> Document:
    """U-Net whose answer has the picture's size, with names, norms and channels of A. Milesi's Pytorch-UNet.

    O. Ronneberger, P. Fischer and T. Brox: U-Net: convolutional networks for biomedical image segmentation,
    MICCAI 2015. There the convolutions have no padding, so that the answer is smaller and what goes across is cropped.
    ``merge`` is "concat" or "sum": what comes across is stacked or added (A. Chaurasia and E. Culurciello: LinkNet,
    2017). ``up`` is "transposed" or "bilinear": learnt or interpolated. ``width`` scales the channels; ``levels`` is
    how often the map is halved.
    """
    if levels < 1:
        raise ValueError(f"'levels' is at least 1, not {levels}")
    factor = chosen("up", up, NARROWED)
    widths = [scaled(CHANNELS, width) * 2**level for level in range(levels + 1)]
    rising = parts.up(chosen("merge", merge, MERGES))
    net = Sketch()
    seen = _down(net, net.input(input_shape), [*widths[:-1], widths[-1] // factor])
    rises = [widths[0], *(channels // factor for channels in widths[1:-1])]
    x = _up(net, seen, rises, rising[0].block, **({"interpolate": True} if up == "bilinear" else {}))
    net.output(net.add("outc", "module:OutConv", x, num_classes=classes))
    return Document("unet", net.graph, [*parts.down(), rising[0], _out_conv()])


def _down(net: Sketch, x: Wire, widths: Sequence[int]) -> list[Wire]:
    """The left side of the U, and its bottom: what each level sees."""
    seen = [net.add("inc", "module:DoubleConv", x, out_channels=widths[0], mid_channels=widths[0])]
    for level, channels in enumerate(widths[1:], start=1):
        column = 1 if level < len(widths) - 1 else 2
        x = net.add(
            f"down{level}", "module:UNetDown", seen[-1], row=level, column=column, out_channels=channels
        )
        seen.append(x)
    return seen


def _up(net: Sketch, seen: Sequence[Wire], widths: Sequence[int], block: str, **how: Any) -> Wire:
    """The right side, from the bottom on: each step gets what the level beside it saw."""
    *skips, x = seen
    pairs = zip(reversed(skips), reversed(widths), strict=True)
    for number, (skip, channels) in enumerate(pairs, start=1):
        x = net.add(
            f"up{number}", block, x, skip, ports=("input", "skip"), row=skip.row, column=3,
            out_channels=channels, **how,
        )  # fmt: skip
    return x


def _out_conv() -> Module:
    """The answer at each pixel."""
    net = sketch("OutConv")
    net.output(net.add("conv", "conv", net.input(), out_channels="=num_classes", kernel_size=1))
    classes = ModuleParameter("num_classes", 2, "Number of classes.")
    return module(net, classes, about="A 1×1 convolution gives each pixel a score for each class.")


ARCHITECTURES = (
    Architecture(
        "unet",
        "U-Net",
        "Segmentation",
        unet,
        "On the way up each level also gets the map that the way down had at its size, so that every pixel is told "
        "what it is part of, and borders stay sharp.",
        "O. Ronneberger, P. Fischer and T. Brox, U-Net: convolutional networks for biomedical image segmentation, "
        "MICCAI 2015.",
        2015,
        (3, 256, 256),
        2,
    ),
)
