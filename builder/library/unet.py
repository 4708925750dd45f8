"""The two sides of a U-Net: down to few positions with many channels, and up with what the way down saw."""

from __future__ import annotations

from builder.document import Module, ModuleParameter
from builder.library.base import OUT_CHANNELS, ReadyModule, module, sketch

_RONNEBERGER = (
    "O. Ronneberger, P. Fischer and T. Brox, U-Net: convolutional networks for biomedical image segmentation, "
    "MICCAI 2015."
)


def double_conv() -> list[Module]:
    """Convolution, norm, ReLU, twice, as ``0`` to ``5``."""
    net = sketch("DoubleConv", wrap=4)
    x = net.input()
    for number in (0, 3):
        x = net.add(
            str(number), "conv", x, out_channels="=out_channels", kernel_size=3, padding=1, bias=False
        )
        x = net.add(str(number + 1), "batch_norm", x)
        x = net.add(str(number + 2), "relu", x)
    net.output(x)
    return [module(net, OUT_CHANNELS, about="Two 3×3 convolutions, each with batch norm and ReLU.")]


def down() -> list[Module]:
    """Half the map, then two convolutions."""
    net = sketch("UNetDown")
    x = net.add("pool", "max_pool", net.input())
    net.output(net.add("conv", "module:DoubleConv", x, out_channels="=out_channels"))
    return [module(net, OUT_CHANNELS), *double_conv()]


def up() -> list[Module]:
    """Twice the map, beside what the way down saw there, then two convolutions."""
    net = sketch("UNetUp")
    x = net.add("input", "input", row=1)
    skip = net.add("skip", "input", row=0)
    x = net.add(
        "up", "conv_transpose", x, out_channels="=in_channels // 2", kernel_size=2, stride=2,
        when="not interpolate",
    )  # fmt: skip
    x = net.add("upsample", "upsample", x, mode="linear", align_corners=True, when="interpolate")
    skip = net.add("crop", "crop_like", skip, x, row=0, column=3)
    x = net.add("concat", "concat", skip, x, row=1)
    net.output(net.add("conv", "module:DoubleConv", x, out_channels="=out_channels"))
    interpolate = ModuleParameter(
        "interpolate", False, "Enlarge by interpolation, with nothing learnt; off: a transposed convolution."
    )
    return [module(net, OUT_CHANNELS, interpolate), *double_conv()]


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
        "size from the way down (the second input, cropped where it is larger), and convolves both twice. So the "
        "output knows what is there and, to the pixel, where.",
        _RONNEBERGER,
        ("unet", "decoder", "segmentation", "expanding", "skip"),
        up,
        {"out_channels": "=max(in_channels // 2, 1)"},
    ),
)
