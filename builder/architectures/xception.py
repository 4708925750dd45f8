"""Xception."""

from __future__ import annotations

from typing import Any

from builder.architectures.base import Architecture
from builder.architectures.chain import Chain
from builder.document import Document, Module, ModuleParameter
from builder.library.base import OUT_CHANNELS, module, sketch
from builder.shapes import TensorShape
from builder.sketch import Sketch, Wire, below

_CHOLLET = "F. Chollet, Xception: deep learning with depthwise separable convolutions, CVPR 2017."
_BETWEEN = ModuleParameter("between", 256, "Channels after the first convolution.")


def xception(input_shape: TensorShape = (3, 299, 299), classes: int = 1000) -> Document:
    """Xception, with the names and shapes of timm's ``legacy_xception``.

    F. Chollet: Xception: deep learning with depthwise separable convolutions, CVPR 2017.
    """
    net = Sketch()
    x = net.input(input_shape)
    x = _normed(net, "conv", x, 1, out_channels=32, kernel_size=3, stride=2, bias=False)
    x = _normed(net, "conv", x, 2, **below(x), out_channels=64, kernel_size=3, bias=False)
    x = net.add("block1", "module:FirstBlock", x, out_channels=128)
    x = net.add("block2", "module:HalvingBlock", x, between=256, out_channels=256)
    x = net.add("block3", "module:HalvingBlock", x, between=728, out_channels=728)
    for number in range(4, 12):
        place = below(x) if number in (4, 8) else {}
        x = net.add(f"block{number}", "module:MiddleBlock", x, **place)
    x = net.add("block12", "module:HalvingBlock", x, between=728, out_channels=1024)
    x = _normed(net, "module:Separable", x, 3, **below(x), out_channels=1536)
    x = _normed(net, "module:Separable", x, 4, out_channels=2048)
    x = net.add("global_pool", "adaptive_avg_pool", x, **below(x))
    x = net.add("flatten", "flatten", x)
    net.output(net.add("fc", "linear", x, out_features=classes))
    return Document("xception", net.graph, [
        _halving("FirstBlock", "FirstConvs", OUT_CHANNELS), first_convs(),
        _halving("HalvingBlock", "HalvingConvs", _BETWEEN, OUT_CHANNELS), halving_convs(),
        middle_block(), middle_convs(), separable(),
    ])  # fmt: skip


def _normed(net: Sketch, block: str, x: Wire, number: int, **parameters: Any) -> Wire:
    """A convolution with batch norm and ReLU."""
    x = net.add(f"conv{number}", block, x, **parameters)
    x = net.add(f"bn{number}", "batch_norm", x)
    return net.add(f"act{number}", "relu", x)


def separable() -> Module:
    """A 3×3 for each channel by itself, then a 1×1 over all of them, with nothing between."""
    net = sketch("Separable")
    x = net.input()
    x = net.add(
        "conv1", "conv", x, out_channels="=in_channels", kernel_size=3, padding=1, groups="=in_channels", bias=False
    )  # fmt: skip
    net.output(net.add("pointwise", "conv", x, out_channels="=out_channels", kernel_size=1, bias=False))
    return module(net, OUT_CHANNELS, about="Each channel filtered by itself, then all of them mixed.")


def first_convs() -> Module:
    """The branch of the first block: its input has gone through a ReLU already."""
    convs = Chain("FirstConvs")
    _add_separables(convs, "=out_channels", "=out_channels")
    convs.add("max_pool", kernel_size=3, padding=1)
    return convs.module(OUT_CHANNELS)


def halving_convs() -> Module:
    """The branch of a block that halves the map."""
    convs = Chain("HalvingConvs")
    convs.add("relu")
    _add_separables(convs, "=between", "=out_channels")
    convs.add("max_pool", kernel_size=3, padding=1)
    return convs.module(_BETWEEN, OUT_CHANNELS)


def middle_convs() -> Module:
    """The branch of a block in the middle."""
    convs = Chain("MiddleConvs")
    convs.add("relu")
    _add_separables(convs, 728, 728, 728)
    return convs.module()


def _add_separables(convs: Chain, *widths: int | str) -> None:
    """Separable convolutions with batch norm, and ReLUs between them."""
    for number, width in enumerate(widths):
        if number:
            convs.new_row()
            convs.add("relu")
        convs.add("module:Separable", out_channels=width)
        convs.add("batch_norm")


def _halving(name: str, convs: str, *parameters: ModuleParameter) -> Module:
    """A block that halves the map: ``convs`` is its branch, which gets its parameters; a projection the shortcut."""
    net = sketch(name)
    x = net.add("input", "input", row=0.5)
    given: dict[str, Any] = {parameter.name: f"={parameter.name}" for parameter in parameters}
    y = net.add("rep", f"module:{convs}", x, row=0, **given)
    skip = net.add(
        "skip", "conv", x, row=1, out_channels="=out_channels", kernel_size=1, stride=2, bias=False
    )
    skip = net.add("skipbn", "batch_norm", skip)
    net.output(net.add("add", "add", y, skip, row=0.5, column=3))
    return module(
        net, *parameters, about="Two separable convolutions and a max pool, with a strided shortcut."
    )


def middle_block() -> Module:
    """Three separable convolutions and a shortcut."""
    net = sketch("MiddleBlock")
    x = net.input()
    y = net.add("rep", "module:MiddleConvs", x)
    net.output(net.add("add", "add", y, x, row=0))
    return module(net, about="Three separable convolutions around which the map passes.")


ARCHITECTURES = (
    Architecture(
        "xception",
        "Xception",
        "Inception",
        xception,
        "An inception block taken to its end: every channel is filtered by itself and 1×1 convolutions mix them, with "
        "shortcuts around it.",
        _CHOLLET,
        2016,
        (3, 299, 299),
        origin="timm: legacy_xception",
    ),
)
