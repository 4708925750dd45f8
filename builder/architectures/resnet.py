"""Residual networks."""

from __future__ import annotations

from builder.architectures.base import Architecture
from builder.document import Document, Module, ModuleParameter
from builder.graph import Graph
from builder.library import LIBRARY
from builder.shapes import TensorShape
from builder.sketch import Sketch


def stage(block: str) -> Module:
    """``depth`` blocks, of which the first may halve the map."""
    net = Sketch(Graph("Stage"))
    x = net.input()
    x = net.add("0", f"module:{block}", x, width="=width", stride="=stride")
    x = net.add("1", f"module:{block}", x, width="=width", repeat="=depth - 1")
    net.output(x)
    parameters = (
        ModuleParameter("width", 64, "Channels."),
        ModuleParameter("depth", 2, "Number of blocks."),
        ModuleParameter("stride", 1, "Stride of the first block."),
    )
    return Module("Stage", parameters, net.graph)


def resnet18(input_shape: TensorShape = (3, 224, 224), classes: int = 1000) -> Document:
    """ResNet-18, with torchvision's names and shapes.

    K. He, X. Zhang, S. Ren and J. Sun: Deep residual learning for image recognition, CVPR 2016.
    """
    net = Sketch(wrap=5)
    x = net.input(input_shape)
    x = net.add("conv1", "conv", x, out_channels=64, kernel_size=7, stride=2, padding=3, bias=False)
    x = net.add("bn1", "batch_norm", x)
    x = net.add("relu", "relu", x)
    x = net.add("maxpool", "max_pool", x, kernel_size=3, stride=2, padding=1)
    x = net.add("layer1", "module:Stage", x, width=64)
    for number, width in enumerate((128, 256, 512), start=2):
        x = net.add(f"layer{number}", "module:Stage", x, width=width, stride=2)
    x = net.add("avgpool", "adaptive_avg_pool", x)
    x = net.add("flatten", "flatten", x)
    x = net.add("fc", "linear", x, out_features=classes)
    net.output(x)
    return Document("resnet18", net.graph, [stage("BasicBlock"), *LIBRARY["BasicBlock"].build()])


ARCHITECTURES = (
    Architecture(
        "resnet18",
        "ResNet-18",
        "Residual",
        resnet18,
        "Shortcuts around every two layers let gradients through, so that a deeper network is no longer a worse one.",
        "K. He, X. Zhang, S. Ren and J. Sun, Deep residual learning for image recognition, CVPR 2016.",
        2015,
        origin="torchvision: resnet18",
    ),
)
