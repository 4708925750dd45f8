"""MobileNet."""

from __future__ import annotations

from builder.architectures.base import Architecture
from builder.document import Document, Module, ModuleParameter
from builder.graph import Graph
from builder.shapes import TensorShape
from builder.sketch import Sketch

#: (width, stride of the first block, number of blocks) of each stage, table 1 of the paper.
STAGES = ((64, 1, 1), (128, 2, 2), (256, 2, 2), (512, 2, 6), (1024, 2, 2))


def depthwise_separable() -> Module:
    """A depthwise 3×3, then a pointwise convolution, each with batch norm and ReLU6."""
    net = Sketch(Graph("DepthwiseSeparable"), wrap=4)
    x = net.input()
    x = net.add(
        "conv_dw", "conv", x, out_channels="=in_channels", kernel_size=3, stride="=stride", padding=1,
        groups="=in_channels", bias=False,
    )  # fmt: skip
    x = net.add("bn1", "batch_norm", x)
    x = net.add("act1", "relu6", x)
    x = net.add("conv_pw", "conv", x, out_channels="=width", kernel_size=1, bias=False)
    x = net.add("bn2", "batch_norm", x)
    x = net.add("act2", "relu6", x)
    net.output(x)
    parameters = (
        ModuleParameter("width", 64, "Output channels."),
        ModuleParameter("stride", 1, "2 halves the map."),
    )
    return Module("DepthwiseSeparable", parameters, net.graph)


def stage() -> Module:
    """``depth`` separable blocks, of which the first may halve the map."""
    net = Sketch(Graph("Stage"))
    x = net.input()
    x = net.add("0", "module:DepthwiseSeparable", x, width="=width", stride="=stride")
    x = net.add("1", "module:DepthwiseSeparable", x, width="=width", repeat="=depth - 1")
    net.output(x)
    parameters = (ModuleParameter("width", 64), ModuleParameter("stride", 1), ModuleParameter("depth", 1))
    return Module("Stage", parameters, net.graph)


def mobilenet_v1(input_shape: TensorShape = (3, 224, 224), classes: int = 1000) -> Document:
    """MobileNet v1 at width 1, with the names and shapes of timm's ``mobilenetv1_100``.

    A. Howard et al.: MobileNets: efficient convolutional neural networks for mobile vision applications, 2017.
    """
    blocks = Sketch(Graph("Blocks"), wrap=4)
    x = blocks.input()
    for number, (width, stride, depth) in enumerate(STAGES):
        x = blocks.add(str(number), "module:Stage", x, width=width, stride=stride, depth=depth)
    blocks.output(x)

    net = Sketch(wrap=5)
    x = net.input(input_shape)
    x = net.add("conv_stem", "conv", x, out_channels=32, kernel_size=3, stride=2, padding=1, bias=False)
    x = net.add("bn1", "batch_norm", x)
    x = net.add("act1", "relu6", x)
    x = net.add("blocks", "module:Blocks", x)
    x = net.add("global_pool", "adaptive_avg_pool", x)
    x = net.add("flatten", "flatten", x)
    x = net.add("classifier", "linear", x, out_features=classes)
    net.output(x)
    return Document(
        "mobilenet_v1", net.graph, [Module("Blocks", (), blocks.graph), stage(), depthwise_separable()]
    )


ARCHITECTURES = (
    Architecture(
        "mobilenet_v1",
        "MobileNet v1",
        "Small and fast",
        mobilenet_v1,
        "Each convolution is split into one that filters and one that mixes channels: an eighth of the work for nearly "
        "the same accuracy.",
        "A. Howard et al., MobileNets: efficient convolutional neural networks for mobile vision applications, 2017.",
        2017,
        origin="timm: mobilenetv1_100",
    ),
)
