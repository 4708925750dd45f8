"""MnasNet: a network found by a search that measures on a phone."""

from __future__ import annotations

from typing import Any

from builder.architectures.base import Architecture, divisible
from builder.architectures.chain import Chain
from builder.document import Document, Module, ModuleParameter
from builder.graph import Graph
from builder.shapes import TensorShape
from builder.sketch import Sketch

#: (width, kernel, stride of the first, expansion, number of blocks) of each stage, figure 7 of the paper.
STAGES = (
    (24, 3, 2, 3, 3), (40, 5, 2, 3, 3), (80, 5, 2, 6, 3), (96, 3, 1, 6, 2), (192, 5, 2, 6, 4), (320, 3, 1, 6, 1),
)  # fmt: skip
#: TensorFlow keeps 0.9997 of the running statistics with every step.
MOMENTUM = 0.0003
_BLOCK = (
    ModuleParameter("width", 24, "Output channels."),
    ModuleParameter("stride", 1, "2 halves the map."),
    ModuleParameter("expand_ratio", 6, "How many times wider it is inside."),
    ModuleParameter("kernel_size", 3, "Window of the depthwise convolution; odd."),
)


def _inverted_residual() -> list[Module]:
    """Widen, filter each channel by itself, narrow again, as places ``0`` to ``7``; a shortcut where it fits."""
    layers = Chain("InvertedLayers")
    layers.add("conv", out_channels="=hidden", kernel_size=1, bias=False)
    layers.add("batch_norm", momentum=MOMENTUM)
    layers.add("relu")
    layers.new_row()
    layers.add(
        "conv", out_channels="=hidden", kernel_size="=kernel_size", stride="=stride", padding="=kernel_size // 2",
        groups="=hidden", bias=False,
    )  # fmt: skip
    layers.add("batch_norm", momentum=MOMENTUM)
    layers.add("relu")
    layers.new_row()
    layers.add("conv", out_channels="=width", kernel_size=1, bias=False)
    layers.add("batch_norm", momentum=MOMENTUM)
    width, stride, _, kernel_size = _BLOCK
    hidden = ModuleParameter("hidden", 96, "Channels inside.")

    net = Sketch(Graph("InvertedResidual"))
    x = net.input()
    y = net.add(
        "layers", "module:InvertedLayers", x, hidden="=expand_ratio * in_channels", width="=width", stride="=stride",
        kernel_size="=kernel_size",
    )  # fmt: skip
    net.output(net.add("add", "add", y, x, when="stride == 1 and input_channels == width"))
    about = (
        "Widens, filters each channel by itself, and narrows again; a shortcut joins the ends where it fits."
    )
    return [
        Module("InvertedResidual", _BLOCK, net.graph, about),
        layers.module(hidden, width, stride, kernel_size, about="Widen, filter, narrow."),
    ]


def _stack() -> Module:
    """``depth`` blocks, of which the first may halve the map."""
    net = Sketch(Graph("Stack"))
    alike: dict[str, Any] = {name: f"={name}" for name in ("width", "expand_ratio", "kernel_size")}
    x = net.add("0", "module:InvertedResidual", net.input(), **alike, stride="=stride")
    net.output(net.add("1", "module:InvertedResidual", x, **alike, repeat="=depth - 1"))
    depth = ModuleParameter("depth", 3, "Number of blocks.")
    return Module("Stack", (*_BLOCK, depth), net.graph, "Inverted residuals; the first may halve the map.")


def mnasnet1_0(input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0) -> Document:
    """MnasNet-B1, with the names and shapes of torchvision's ``mnasnet1_0``; ``width`` scales the channels.

    M. Tan, B. Chen, R. Pang, V. Vasudevan, M. Sandler, A. Howard and Q. V. Le: MnasNet: platform-aware neural
    architecture search for mobile, CVPR 2019.
    """
    stem, first = divisible(32 * width), divisible(16 * width)
    layers = Chain("Layers")
    layers.add("conv", out_channels=stem, kernel_size=3, stride=2, padding=1, bias=False)
    layers.add("batch_norm", momentum=MOMENTUM)
    layers.add("relu")
    layers.new_row()
    layers.add("conv", out_channels=stem, kernel_size=3, padding=1, groups=stem, bias=False)
    layers.add("batch_norm", momentum=MOMENTUM)
    layers.add("relu")
    layers.add("conv", out_channels=first, kernel_size=1, bias=False)
    layers.add("batch_norm", momentum=MOMENTUM)
    layers.new_row()
    for channels, kernel, stride, expansion, depth in STAGES:
        layers.add(
            "module:Stack", width=divisible(channels * width), kernel_size=kernel, stride=stride,
            expand_ratio=expansion, depth=depth,
        )  # fmt: skip
    layers.new_row()
    layers.add("conv", out_channels=1280, kernel_size=1, bias=False)
    layers.add("batch_norm", momentum=MOMENTUM)
    layers.add("relu")

    classifier = Chain("Classifier")
    classifier.add("dropout", p=0.2)
    classifier.add("linear", out_features=classes)

    net = Sketch()
    x = net.add("layers", "module:Layers", net.input(input_shape))
    x = net.add("pool", "global_avg_pool", x)
    net.output(net.add("classifier", "module:Classifier", x))
    parts = [layers.module(), classifier.module(), _stack(), *_inverted_residual()]
    return Document("mnasnet1_0", net.graph, parts)


ARCHITECTURES = (
    Architecture(
        "mnasnet1_0",
        "MnasNet 1.0",
        "Small and fast",
        mnasnet1_0,
        "A search for networks that measured their speed on a real phone, and may choose another block for each stage.",
        "M. Tan, B. Chen, R. Pang, V. Vasudevan, M. Sandler, A. Howard and Q. V. Le, MnasNet: platform-aware neural "
        "architecture search for mobile, CVPR 2019.",
        2018,
        origin="torchvision: mnasnet1_0",
    ),
)
