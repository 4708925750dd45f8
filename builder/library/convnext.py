"""The block of ConvNeXt."""

from __future__ import annotations

from builder.document import Module, ModuleParameter
from builder.library.base import ReadyModule, module, sketch

_EXPANSION = ModuleParameter("expansion", 4, "How many times wider it is between the linear layers.")
_KERNEL = ModuleParameter("kernel_size", 7, "Window of the depthwise convolution; odd.")
_DROP = ModuleParameter(
    "drop", 0.1, "Probability with which a sample goes by the shortcut alone in training."
)


def layers() -> Module:
    """torchvision's chain: behind the convolution the channels lie last, for the linear layers to go along them."""
    net = sketch("ConvNeXtLayers", wrap=4)
    x = net.input()
    x = net.add(
        "0", "conv", x, out_channels="=in_channels", kernel_size="=kernel_size", padding="=kernel_size // 2",
        groups="=in_channels",
    )  # fmt: skip
    x = net.add("1", "permute", x, dims="channels_last")
    x = net.add("2", "layer_norm", x, over="last", eps=1e-6)
    x = net.add("3", "linear", x, out_features="=expansion * input_channels", over="last")
    x = net.add("4", "gelu", x)
    x = net.add("5", "linear", x, out_features="=input_channels", over="last")
    x = net.add("6", "permute", x, dims="channels_first")
    net.output(x)
    return module(
        net, _EXPANSION, _KERNEL, about="A wide depthwise convolution, then wider and narrow again."
    )


def conv_next() -> list[Module]:
    """Depthwise 7×7, layer norm, linear up, GELU, linear down, scaled, beside the input."""
    net = sketch("ConvNeXtBlock")
    x = net.input()
    y = net.add("block", "module:ConvNeXtLayers", x, expansion="=expansion", kernel_size="=kernel_size")
    y = net.add("layer_scale", "layer_scale", y)
    y = net.add("stochastic_depth", "stochastic_depth", y, p="=drop")
    net.output(net.add("add", "add", y, x))
    return [module(net, _EXPANSION, _KERNEL, _DROP), layers()]


MODULES = (
    ReadyModule(
        "ConvNeXtBlock",
        "ConvNeXt block",
        "A residual block with the ways of a transformer: a wide depthwise convolution, one layer norm, one GELU "
        "between two linear layers along the channels that widen fourfold and narrow again, and a learnt scale that "
        "lets the block begin as nearly nothing. The channels stay as they are.",
        "Z. Liu, H. Mao, C.-Y. Wu, C. Feichtenhofer, T. Darrell and S. Xie, A ConvNet for the 2020s, CVPR 2022.",
        ("convnext", "residual", "modern", "depthwise", "transformer", "cnblock"),
        conv_next,
    ),
)
