"""Darknet-53."""

from __future__ import annotations

from builder.architectures.base import Architecture, scaled
from builder.architectures.chain import Chain
from builder.document import Document, Module, ModuleParameter
from builder.graph import Graph
from builder.shapes import TensorShape
from builder.sketch import Sketch

#: (channels, blocks) of each stage, table 1 of the paper.
STAGES = ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4))
_WIDTH = ModuleParameter("width", 64, "Output channels.")


def conv_norm_act() -> Module:
    """A convolution with batch norm and leaky ReLU, padded to keep the size."""
    net = Sketch(Graph("ConvNormAct"))
    x = net.input()
    x = net.add(
        "conv", "conv", x, out_channels="=width", kernel_size="=kernel_size", stride="=stride",
        padding="=kernel_size // 2", bias=False,
    )  # fmt: skip
    x = net.add("bn", "batch_norm", x)
    net.output(net.add("act", "leaky_relu", x))
    parameters = (
        _WIDTH,
        ModuleParameter("kernel_size", 3, "The window; odd."),
        ModuleParameter("stride", 1, "2 halves the map."),
    )
    return Module("ConvNormAct", parameters, net.graph, "A convolution with batch norm and leaky ReLU.")


def dark_block() -> Module:
    """1×1 to half the channels, 3×3 back, beside a shortcut that is always the input itself."""
    net = Sketch(Graph("DarkBlock"))
    x = net.input()
    y = net.add("conv1", "module:ConvNormAct", x, width="=max(in_channels // 2, 1)", kernel_size=1)
    y = net.add("conv2", "module:ConvNormAct", y, width="=input_channels")
    net.output(net.add("add", "add", y, x))
    about = "A 1×1 convolution to half the channels and a 3×3 back, added to what came in."
    return Module("DarkBlock", (), net.graph, about)


def dark_stage() -> Module:
    """A strided convolution, then ``depth`` blocks."""
    net = Sketch(Graph("DarkStage"))
    x = net.input()
    x = net.add("conv_down", "module:ConvNormAct", x, width="=width", stride=2)
    x = net.add("blocks", "module:DarkBlock", x, repeat="=depth")
    net.output(x)
    parameters = (_WIDTH, ModuleParameter("depth", 1, "Number of blocks."))
    return Module(
        "DarkStage", parameters, net.graph, "Half the size by a strided convolution, then residual blocks."
    )


def _stem(width: float) -> Module:
    """The first convolution, at full size."""
    net = Sketch(Graph("Stem"))
    x = net.add("conv1", "module:ConvNormAct", net.input(), width=scaled(32, width))
    net.output(x)
    return Module("Stem", (), net.graph, "The first convolution, at full size.")


def _stages(width: float, depth: float) -> Module:
    """The five stages, 0 to 4."""
    net = Chain("Stages", wrap=4)
    for channels, blocks in STAGES:
        net.add("module:DarkStage", width=scaled(channels, width), depth=scaled(blocks, depth))
    return net.module(
        about="Five stages; each halves the map, and all but the first double the channels before."
    )


def _head(classes: int) -> Module:
    """The mean of each map, and one fully connected layer."""
    net = Sketch(Graph("Head"))
    x = net.add("global_pool", "adaptive_avg_pool", net.input())
    x = net.add("flatten", "flatten", x)
    net.output(net.add("fc", "linear", x, out_features=classes))
    return Module("Head", (), net.graph, "The mean of each map, and one fully connected layer.")


def darknet53(
    input_shape: TensorShape = (3, 256, 256), classes: int = 1000, width: float = 1.0, depth: float = 1.0
) -> Document:
    """Darknet-53, the backbone of YOLOv3, with timm's names and shapes.

    J. Redmon and A. Farhadi: YOLOv3: an incremental improvement, 2018. Its leaky ReLU has a slope of 0.1, timm's, with
    which timm's weights were learnt, and which is drawn here, 0.01. ``width`` scales the channels, ``depth`` the
    number of blocks of each stage.
    """
    net = Sketch()
    x = net.input(input_shape)
    x = net.add("stem", "module:Stem", x)
    x = net.add("stages", "module:Stages", x)
    x = net.add("head", "module:Head", x)
    net.output(x)
    parts = [_stem(width), _stages(width, depth), _head(classes)]
    return Document("darknet53", net.graph, [*parts, dark_stage(), dark_block(), conv_norm_act()])


ARCHITECTURES = (
    Architecture(
        "darknet53",
        "Darknet-53",
        "Residual",
        darknet53,
        "Only strided convolutions shrink the map, and every block is a cheap 1×1 and a 3×3 beside a shortcut: as good "
        "as ResNet-152 at half the time, and the eye of the detector YOLOv3.",
        "J. Redmon and A. Farhadi, YOLOv3: an incremental improvement, 2018.",
        2018,
        (3, 256, 256),
        origin="timm: darknet53",
    ),
)
