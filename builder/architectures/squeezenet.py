"""SqueezeNet."""

from __future__ import annotations

from builder.architectures.base import Architecture, scaled
from builder.architectures.chain import Chain
from builder.document import Document, Module, ModuleParameter
from builder.graph import Graph
from builder.shapes import TensorShape
from builder.sketch import Sketch, places

#: (channels of the squeeze, channels of each half of the expansion) of the eight fire modules, table 1 of the paper.
FIRES = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))
_PAPER = (
    "F. N. Iandola, S. Han, M. W. Moskewicz, K. Ashraf, W. J. Dally and K. Keutzer, SqueezeNet: AlexNet-level accuracy "
    "with 50x fewer parameters and <0.5MB model size, 2016."
)


def fire() -> Module:
    """A 1×1 convolution that squeezes, then 1×1 and 3×3 side by side that expand; the names are torchvision's."""
    net = Sketch(Graph("Fire"))
    middle, upper, lower = places(1, 0, 0.9), places(0, 2.5, 0.9), places(2, 2.5, 0.9)
    x = net.add("input", "input", **next(middle))
    x = net.add("squeeze", "conv", x, **next(middle), out_channels="=squeeze_channels", kernel_size=1)
    x = net.add("squeeze_activation", "relu", x, **next(middle))
    small = net.add("expand1x1", "conv", x, **next(upper), out_channels="=expand1x1_channels", kernel_size=1)
    small = net.add("expand1x1_activation", "relu", small, **next(upper))
    large = net.add("expand3x3", "conv", x, **next(lower), out_channels="=expand3x3_channels", padding=1)
    large = net.add("expand3x3_activation", "relu", large, **next(lower))
    net.output(net.add("concat", "concat", small, large, row=1, column=4.1), column=5)
    parameters = (
        ModuleParameter("squeeze_channels", 16, "Channels that the large convolution has to read."),
        ModuleParameter("expand1x1_channels", 64, "Channels of the 1×1 convolution behind."),
        ModuleParameter("expand3x3_channels", 64, "Channels of the 3×3 convolution beside it."),
    )
    about = "A 1×1 convolution leaves few channels, so that the 3×3 behind it is cheap; a 1×1 beside it does the rest."
    return Module("Fire", parameters, net.graph, about)


def _features(channels: int, kernel_size: int, pooled: tuple[int, ...], width: float) -> Module:
    """A strided convolution, a pool, the fire modules; those whose number is in ``pooled`` are followed by a pool."""
    net = Chain("Features")
    net.add("conv", out_channels=scaled(channels, width), kernel_size=kernel_size, stride=2)
    net.add("relu")
    net.add("max_pool", kernel_size=3, ceil_mode=True)
    net.new_row()
    for number, channels_of_fire in enumerate(FIRES, start=1):
        squeeze, expand = (scaled(count, width) for count in channels_of_fire)
        net.add("module:Fire", squeeze_channels=squeeze, expand1x1_channels=expand, expand3x3_channels=expand)
        if number in pooled:
            net.add("max_pool", kernel_size=3, ceil_mode=True)
            net.new_row()
    return net.module(
        about="A convolution that halves the map, and eight fire modules with pools between them."
    )


def _classifier(classes: int) -> Module:
    """A 1×1 convolution that gives a map for each class, and the mean of each."""
    net = Chain("Classifier")
    net.add("dropout")
    net.add("conv", out_channels=classes, kernel_size=1)
    net.add("relu")
    net.add("adaptive_avg_pool")
    return net.module(about="A map for each class, and the mean of it: no fully connected layer.")


def _squeezenet(name: str, features: Module, input_shape: TensorShape, classes: int) -> Document:
    net = Sketch()
    x = net.input(input_shape)
    x = net.add("features", "module:Features", x)
    x = net.add("classifier", "module:Classifier", x)
    x = net.add("flatten", "flatten", x)
    net.output(x)
    return Document(name, net.graph, [features, fire(), _classifier(classes)])


def squeezenet1_0(
    input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0
) -> Document:
    """SqueezeNet as published, with torchvision's names and shapes.

    F. Iandola, S. Han, M. Moskewicz, K. Ashraf, W. Dally and K. Keutzer: SqueezeNet: AlexNet-level accuracy with 50x
    fewer parameters and <0.5MB model size, 2016. Pools round up, as Caffe's do.
    ``width`` scales all channels.
    """
    return _squeezenet("squeezenet1_0", _features(96, 7, pooled=(3, 7), width=width), input_shape, classes)


def squeezenet1_1(
    input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0
) -> Document:
    """SqueezeNet 1.1: a smaller first convolution and earlier pools; torchvision's names and shapes.

    F. Iandola, S. Han, M. Moskewicz, K. Ashraf, W. Dally and K. Keutzer: SqueezeNet: AlexNet-level accuracy with 50x
    fewer parameters and <0.5MB model size, 2016; version 1.1 of the authors' Caffe files.
    ``width`` scales all channels.
    """
    return _squeezenet("squeezenet1_1", _features(64, 3, pooled=(2, 4), width=width), input_shape, classes)


ARCHITECTURES = (
    Architecture(
        "squeezenet1_0",
        "SqueezeNet 1.0",
        "Small and fast",
        squeezenet1_0,
        "As accurate as AlexNet with a fiftieth of its weights: 1×1 convolutions squeeze the channels before the "
        "costly 3×3 ones, and a map for each class replaces the fully connected layers.",
        _PAPER,
        2016,
        origin="torchvision: squeezenet1_0",
    ),
    Architecture(
        "squeezenet1_1",
        "SqueezeNet 1.1",
        "Small and fast",
        squeezenet1_1,
        "The same accuracy for less than half the work: a smaller first convolution, and pools that come earlier, so "
        "that the fire modules see smaller maps.",
        _PAPER,
        2016,
        origin="torchvision: squeezenet1_1",
    ),
)
