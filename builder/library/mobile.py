"""Blocks for small networks: channel gates and inverted residuals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from builder.document import Module, ModuleParameter
from builder.library.base import OUT_CHANNELS, STRIDE, ReadyModule, module, ready_part, sketch
from builder.sketch import Sketch, Wire, places

_HU = "J. Hu, L. Shen and G. Sun, Squeeze-and-excitation networks, CVPR 2018."
_SANDLER = (
    "M. Sandler, A. Howard, M. Zhu, A. Zhmoginov and L.-C. Chen, MobileNetV2: inverted residuals and linear "
    "bottlenecks, CVPR 2018."
)
_HOWARD = "A. Howard et al., Searching for MobileNetV3, ICCV 2019."
_TAN = "M. Tan and Q. V. Le, EfficientNet: rethinking model scaling for convolutional neural networks, ICML 2019."

_WIDTH = ModuleParameter("width", 32, "Output channels; the shortcut is there where as many come in.")
_HIDDEN = ModuleParameter("hidden", 96, "Channels inside; as many as come in: no widening first.")
_KERNEL = ModuleParameter("kernel_size", 3, "Window of the depthwise convolution; odd.")
_SQUEEZE = ModuleParameter(
    "squeeze_channels", 8, "Channels between the gate's two convolutions; a 4th or a 16th, as a rule."
)
_HARDSWISH = ModuleParameter("hardswish", True, "Hardswish; off: ReLU, as in the first blocks.")
#: MobileNetV3 trains with these.
V3_NORM: Mapping[str, Any] = {"eps": 0.001, "momentum": 0.01}


def squeeze_excitation() -> list[Module]:
    """torchvision's names; the activations are for the networks that use it."""
    net = sketch("SqueezeExcitation")
    x = net.input()
    first, second = places(1, 0.8, 0.92), places(2, 0.5, 0.9)
    y = net.add("avgpool", "adaptive_avg_pool", x, **next(first))
    y = net.add("fc1", "conv", y, **next(first), out_channels="=squeeze_channels", kernel_size=1)
    y = net.add("relu", "relu", y, **next(first), when="not silu")
    y = net.add("silu", "silu", y, **next(second), when="silu")
    y = net.add("fc2", "conv", y, **next(second), out_channels="=input_channels", kernel_size=1)
    y = net.add("sigmoid", "sigmoid", y, **next(second), when="not hard")
    y = net.add("hardsigmoid", "hardsigmoid", y, **next(second), when="hard")
    net.output(net.add("multiply", "multiply", x, y, row=0, column=4))
    return [
        module(
            net,
            _SQUEEZE,
            ModuleParameter("silu", False, "SiLU between the convolutions, as in EfficientNet; off: ReLU."),
            ModuleParameter("hard", False, "A hardsigmoid as the gate, as in MobileNetV3; off: sigmoid."),
        )
    ]


def conv_norm(name: str, activation: str, norm: Mapping[str, Any] | None = None) -> Module:
    """Convolution, norm, activation, as ``0``, ``1``, ``2``; torchvision's Conv2dNormActivation."""
    net = sketch(name)
    x = net.input()
    x = net.add(
        "0", "conv", x, out_channels="=out_channels", kernel_size="=kernel_size", stride="=stride",
        padding="=kernel_size // 2", groups="=groups", bias=False,
    )  # fmt: skip
    x = net.add("1", "batch_norm", x, **(norm or {}))
    parameters = [
        OUT_CHANNELS,
        ModuleParameter("kernel_size", 1, "The window; odd."),
        STRIDE,
        ModuleParameter("groups", 1, "As many as channels: each is filtered by itself."),
    ]
    if activation == "hardswish":
        x = net.add("{2}", "hardswish", x, when="hardswish")
        x = net.add("{3}", "relu", x, when="not hardswish")
        parameters.append(_HARDSWISH)
    else:
        x = net.add("2", activation, x)
    net.output(x)
    return module(net, *parameters, about="A convolution with batch norm and its activation.")


def linear_conv(norm: Mapping[str, Any] | None = None) -> Module:
    """The 1×1 convolution at the end of an inverted residual, which no activation follows."""
    net = sketch("LinearConv")
    x = net.add("0", "conv", net.input(), out_channels="=out_channels", kernel_size=1, bias=False)
    net.output(net.add("1", "batch_norm", x, **(norm or {})))
    return module(net, OUT_CHANNELS, about="A 1×1 convolution with batch norm alone.")


def _filtered(net: Sketch, conv: str, **more: Any) -> Wire:
    """Wider, if that is to be; then each channel by itself. Places in the chain close up, as torchvision's do."""
    x = net.input()
    x = net.add("{0}", conv, x, when="in_channels != hidden", out_channels="=hidden", **more)
    return net.add(
        "{1}", conv, x, out_channels="=hidden", kernel_size="=kernel_size", stride="=stride", groups="=hidden",
        **more,
    )  # fmt: skip


def _around(name: str, inner: str, layers: str, *, drop: bool = False, **arguments: Any) -> Sketch:
    """The shortcut around the layers of an inverted residual, there where it fits."""
    fits = "stride == 1 and input_channels == width"
    net = sketch(name)
    x = net.input()
    block = f"module:{layers}"
    y = net.add(inner, block, x, width="=width", kernel_size="=kernel_size", stride="=stride", **arguments)
    if drop:
        y = net.add("stochastic_depth", "stochastic_depth", y, when=fits, p="=drop")
    net.output(net.add("add", "add", y, x, when=fits))
    return net


_LAYERS = (ModuleParameter("width", 32, "Output channels."), _KERNEL, STRIDE)
_ABOUT_LAYERS = "Widen, filter each channel by itself, narrow again."
_EXPAND = ModuleParameter(
    "expand_ratio", 6, "How many times wider it is inside; 1 leaves the first convolution out."
)
_DROP = ModuleParameter(
    "drop", 0.1, "Probability with which a sample goes by the shortcut alone in training."
)


def inverted_residual() -> list[Module]:
    """MobileNetV2's block; ``conv`` is torchvision's chain."""
    net = _around("InvertedResidual", "conv", "InvertedLayers", hidden="=expand_ratio * in_channels")
    layers = sketch("InvertedLayers")
    x = _filtered(layers, "module:ConvNormReLU6")
    x = layers.add("{2}", "conv", x, out_channels="=width", kernel_size=1, bias=False)
    layers.output(layers.add("{3}", "batch_norm", x))
    return [
        module(net, _WIDTH, STRIDE, _EXPAND, _KERNEL),
        module(layers, _HIDDEN, *_LAYERS, about=_ABOUT_LAYERS),
        conv_norm("ConvNormReLU6", "relu6"),
    ]


def gated_inverted_residual() -> list[Module]:
    """MobileNetV3's block; ``block`` is torchvision's chain."""
    net = _around(
        "GatedInvertedResidual", "block", "GatedLayers", hidden="=hidden", hardswish="=hardswish",
        squeeze_channels="=squeeze_channels",
    )  # fmt: skip
    layers = sketch("GatedLayers")
    x = _filtered(layers, "module:ConvNormHardswish", hardswish="=hardswish")
    x = layers.add(
        "{2}", "module:SqueezeExcitation", x, when="squeeze_channels > 0", squeeze_channels="=squeeze_channels",
        hard=True,
    )  # fmt: skip
    layers.output(layers.add("{3}", "module:LinearConv", x, out_channels="=width"))
    gate = ModuleParameter("squeeze_channels", 24, "Channels between the gate's convolutions; 0: no gate.")
    return [
        module(net, _WIDTH, STRIDE, _HIDDEN, _KERNEL, gate, _HARDSWISH),
        module(layers, _HIDDEN, *_LAYERS, gate, _HARDSWISH, about=_ABOUT_LAYERS),
        conv_norm("ConvNormHardswish", "hardswish", V3_NORM),
        *ready_part(MODULES, "SqueezeExcitation"),
        linear_conv(V3_NORM),
    ]


def mb_conv(norm: Mapping[str, Any] | None = None) -> list[Module]:
    """EfficientNet's block; ``block`` is torchvision's chain. ``norm``: parameters of its batch norms."""
    net = _around(
        "MBConv", "block", "MBConvLayers", drop=True, hidden="=expand_ratio * in_channels",
        squeeze_channels="=max(in_channels // 4, 1)",
    )  # fmt: skip
    layers = sketch("MBConvLayers")
    x = _filtered(layers, "module:ConvNormSiLU")
    x = layers.add("{2}", "module:SqueezeExcitation", x, squeeze_channels="=squeeze_channels", silu=True)
    layers.output(layers.add("{3}", "module:LinearConv", x, out_channels="=width"))
    return [
        module(net, _WIDTH, STRIDE, _EXPAND, _KERNEL, _DROP),
        module(layers, _HIDDEN, *_LAYERS, _SQUEEZE, about=_ABOUT_LAYERS),
        conv_norm("ConvNormSiLU", "silu", norm),
        *ready_part(MODULES, "SqueezeExcitation"),
        linear_conv(norm),
    ]


MODULES = (
    ReadyModule(
        "SqueezeExcitation",
        "Squeeze-excite",
        "Weighs the channels: the mean of each goes through two small convolutions that give a number between 0 and 1, "
        "by which the channel is multiplied. Placed at the end of a block it lets the network turn up what matters in "
        "this picture, for few weights.",
        _HU,
        ("se", "gate", "channel attention", "senet"),
        squeeze_excitation,
        {"squeeze_channels": "=max(in_channels // 16, 1)"},
    ),
    ReadyModule(
        "InvertedResidual",
        "Inverted residual",
        "Widens the map with a 1×1 convolution, filters each channel by itself, and narrows it again without an "
        "activation; where input and output are alike a shortcut joins the narrow ends. Accurate and cheap: "
        "MobileNetV2's block, for phones.",
        _SANDLER,
        ("mobilenet v2", "mbconv", "linear bottleneck", "depthwise"),
        inverted_residual,
        {"width": "=in_channels"},
    ),
    ReadyModule(
        "GatedInvertedResidual",
        "Inverted residual V3",
        "MobileNetV3's block: an inverted residual with hardswish and a squeeze-excite gate between its convolutions.",
        _HOWARD,
        ("mobilenet v3", "squeeze excite", "hardswish", "bneck"),
        gated_inverted_residual,
        {
            "width": "=in_channels",
            "hidden": "=4 * in_channels",
            "squeeze_channels": "=in_channels",
        },
    ),
    ReadyModule(
        "MBConv",
        "MBConv",
        "EfficientNet's block: an inverted residual with SiLU, a squeeze-excite gate, and a shortcut that is kept "
        "while the rest is left out at random in training.",
        _TAN,
        ("efficientnet", "squeeze excite", "inverted residual", "swish"),
        mb_conv,
        {"width": "=in_channels"},
    ),
)
