"""DenseNet: every layer sees the maps of all layers before it."""

from __future__ import annotations

from builder.architectures.base import Architecture
from builder.document import Document, Module
from builder.graph import Graph
from builder.library import LIBRARY
from builder.shapes import TensorShape
from builder.sketch import Sketch, below

#: Layers of each dense block, by the number of layers of the network: table 1 of the paper.
DEPTHS = {121: (6, 12, 24, 16), 169: (6, 12, 32, 32), 201: (6, 12, 48, 32)}


def _features(depths: tuple[int, ...], growth_rate: int) -> Module:
    """The stem, then dense blocks with transitions between, and a last norm."""
    net = Sketch(Graph("Features"))
    x = net.input()
    channels = 2 * growth_rate
    x = net.add("conv0", "conv", x, out_channels=channels, kernel_size=7, stride=2, padding=3, bias=False)
    x = net.add("norm0", "batch_norm", x)
    x = net.add("relu0", "relu", x)
    x = net.add("pool0", "max_pool", x, kernel_size=3, stride=2, padding=1)
    for number, depth in enumerate(depths, start=1):
        place = below(x) if number % 2 else {}
        x = net.add(
            f"denseblock{number}", "module:DenseBlock", x, num_layers=depth, growth_rate=growth_rate, **place
        )
        if number < len(depths):
            x = net.add(f"transition{number}", "module:Transition", x, out_channels="=in_channels // 2")
    net.output(net.add(f"norm{len(depths) + 1}", "batch_norm", x))
    return Module("Features", (), net.graph, "All that looks at the picture.")


def _densenet(layers: int, input_shape: TensorShape, classes: int, growth_rate: int) -> Document:
    net = Sketch(wrap=4)
    x = net.add("features", "module:Features", net.input(input_shape))
    x = net.add("relu", "relu", x)
    x = net.add("avgpool", "adaptive_avg_pool", x)
    x = net.add("flatten", "flatten", x)
    net.output(net.add("classifier", "linear", x, out_features=classes))
    parts = [*LIBRARY["DenseBlock"].build(), *LIBRARY["Transition"].build()]
    return Document(f"densenet{layers}", net.graph, [_features(DEPTHS[layers], growth_rate), *parts])


def densenet121(
    input_shape: TensorShape = (3, 224, 224), classes: int = 1000, growth_rate: int = 32
) -> Document:
    """DenseNet-121, with torchvision's names and shapes; each layer adds ``growth_rate`` maps.

    G. Huang, Z. Liu, L. van der Maaten and K. Weinberger: Densely connected convolutional networks, CVPR 2017.
    """
    return _densenet(121, input_shape, classes, growth_rate)


def densenet169(
    input_shape: TensorShape = (3, 224, 224), classes: int = 1000, growth_rate: int = 32
) -> Document:
    """DenseNet-169 (see ``densenet121``), with torchvision's names and shapes."""
    return _densenet(169, input_shape, classes, growth_rate)


def densenet201(
    input_shape: TensorShape = (3, 224, 224), classes: int = 1000, growth_rate: int = 32
) -> Document:
    """DenseNet-201 (see ``densenet121``), with torchvision's names and shapes."""
    return _densenet(201, input_shape, classes, growth_rate)


_HUANG = "G. Huang, Z. Liu, L. van der Maaten and K. Weinberger, Densely connected convolutional networks, CVPR 2017."
_ABOUT = {
    121: "Every layer gets the maps of all before it: nothing has to be learnt twice, so thin layers do, and gradients "
    "reach the first one straight.",
    169: "DenseNet-121 with more layers in its last two blocks, where maps are small and cheap.",
    201: "The deepest of the common DenseNets: the accuracy of ResNet-101 with less than half its weights.",
}

ARCHITECTURES = tuple(
    Architecture(
        build.__name__,
        f"DenseNet-{layers}",
        "Dense",
        build,
        _ABOUT[layers],
        _HUANG,
        2016,
        origin=f"torchvision: {build.__name__}",
    )
    for layers, build in ((121, densenet121), (169, densenet169), (201, densenet201))
)
