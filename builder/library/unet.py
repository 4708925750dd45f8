"""The two sides of a U-Net: down to few positions with many channels, and up with what the way down saw.

Layers have the names of A. Milesi's Pytorch-UNet, which most people use.
"""

from __future__ import annotations

from typing import Literal

from builder.document import Module, ModuleParameter
from builder.library.base import OUT_CHANNELS, ReadyModule, module, sketch
from builder.sketch import places

_RONNEBERGER = (
    "O. Ronneberger, P. Fischer and T. Brox, U-Net: convolutional networks for biomedical image segmentation, "
    "MICCAI 2015."
)


_MID_CHANNELS = ModuleParameter("mid_channels", 64, "Channels between the two convolutions.")


def double_conv() -> list[Module]:
    """Convolution, norm, ReLU, twice, as ``double_conv.0`` to ``double_conv.5``."""
    chain = sketch("ConvTwice")
    x = chain.input()
    for row, width in enumerate(("=mid_channels", "=out_channels")):
        line, number = places(row, 1), 3 * row
        x = chain.add(
            str(number), "conv", x, **next(line), out_channels=width, kernel_size=3, padding=1, bias=False
        )
        x = chain.add(str(number + 1), "batch_norm", x, **next(line))
        x = chain.add(str(number + 2), "relu", x, **next(line))
    chain.output(x)
    net = sketch("DoubleConv")
    x = net.add(
        "double_conv", "module:ConvTwice", net.input(),
        out_channels="=out_channels", mid_channels="=mid_channels",
    )  # fmt: skip
    net.output(x)
    about = "Two 3×3 convolutions, each with batch norm and ReLU."
    return [module(drawn, OUT_CHANNELS, _MID_CHANNELS, about=about) for drawn in (net, chain)]


def down() -> list[Module]:
    """Half the map, then two convolutions, as ``maxpool_conv.0`` and ``maxpool_conv.1``."""
    chain = sketch("MaxPoolConv")
    x = chain.add("0", "max_pool", chain.input())
    x = chain.add("1", "module:DoubleConv", x, out_channels="=out_channels", mid_channels="=out_channels")
    chain.output(x)
    net = sketch("UNetDown")
    net.output(net.add("maxpool_conv", "module:MaxPoolConv", net.input(), out_channels="=out_channels"))
    inner = module(chain, OUT_CHANNELS, about="A max pool halves the map, two convolutions look at it.")
    return [module(net, OUT_CHANNELS), inner, *double_conv()]


def up(merge: Literal["concat", "add"] = "concat") -> list[Module]:
    """Twice the map, in the size of what the way down saw there, and stacked on it; then two convolutions.

    ``merge``: "add" adds the two in place of stacking them; it is a module of its own name, ``UNetUpAdd``.
    """
    net = sketch("UNetUp" if merge == "concat" else "UNetUpAdd")
    x = net.add("input", "input")
    skip = net.add("skip", "input", row=1)
    x = net.add(
        "up", "conv_transpose", x, out_channels="=in_channels // 2", kernel_size=2, stride=2,
        when="not interpolate",
    )  # fmt: skip
    x = net.add("upsample", "upsample", x, mode="linear", align_corners=True, when="interpolate")
    x = net.add("pad", "pad_like", x, skip, column=3.4)
    x = net.add(merge, merge, skip, x, row=1, column=3)
    x = net.add(
        "conv", "module:DoubleConv", x, out_channels="=out_channels",
        mid_channels="=input_channels if interpolate else out_channels",
    )  # fmt: skip
    net.output(x)
    interpolate = ModuleParameter(
        "interpolate", False, "Enlarge by interpolation, with nothing learnt; off: a transposed convolution."
    )
    about = "Doubles the map, adds to it what the way down saw at that size, and convolves twice."
    return [module(net, OUT_CHANNELS, interpolate, about=about), *double_conv()]


MODULES = (
    ReadyModule(
        "UNetDown",
        "U-Net down",
        "One step down the left side of a U-Net: a max pool halves the map, two convolutions look at it with twice the "
        "channels. A wire from here also goes across to the step up at the same size.",
        _RONNEBERGER,
        ("unet", "encoder", "segmentation", "contracting"),
        down,
        {"out_channels": "=2 * in_channels"},
    ),
    ReadyModule(
        "UNetUp",
        "U-Net up",
        "One step up the right side of a U-Net: doubles the map that comes from below, stacks it on the map of that "
        "size from the way down (the second input; a border of zeros makes up for a pixel that halving lost), and "
        "convolves both twice. So the output knows what is there and, to the pixel, where.",
        _RONNEBERGER,
        ("unet", "decoder", "segmentation", "expanding", "skip"),
        up,
        {"out_channels": "=max(in_channels // 2, 1)"},
    ),
)
