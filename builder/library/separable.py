"""The depthwise separable convolution."""

from __future__ import annotations

from builder.document import Module, ModuleParameter
from builder.library.base import OUT_CHANNELS, STRIDE, ReadyModule, module, sketch


def separable_conv() -> list[Module]:
    """k·k·C + C·N weights in place of k·k·C·N."""
    net = sketch("SeparableConv")
    x = net.input()
    x = net.add(
        "depthwise", "conv", x, out_channels="=in_channels", kernel_size="=kernel_size", stride="=stride",
        padding="=kernel_size // 2", groups="=in_channels", bias=False,
    )  # fmt: skip
    x = net.add("pointwise", "conv", x, out_channels="=out_channels", kernel_size=1, bias="=bias")
    net.output(x)
    return [
        module(
            net,
            OUT_CHANNELS,
            ModuleParameter(
                "kernel_size", 3, "The window of the depthwise convolution; an odd number keeps the size."
            ),
            STRIDE,
            ModuleParameter("bias", False, "A learnt offset for each output channel."),
        )
    ]


MODULES = (
    ReadyModule(
        "SeparableConv",
        "Separable conv",
        "Filters each channel by itself, then mixes the channels with a 1×1 convolution: nearly what a convolution "
        "does, for a fraction of its weights and FLOPs (MobileNet, Xception).",
        "L. Sifre, Rigid-motion scattering for image classification, 2014; F. Chollet, Xception: deep learning with "
        "depthwise separable convolutions, CVPR 2017.",
        ("depthwise separable", "mobilenet", "xception", "efficient"),
        separable_conv,
        category="Convolution",
    ),
)
