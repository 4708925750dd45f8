"""The small networks for CIFAR with which residual learning was explained: with shortcuts, and plain."""

from __future__ import annotations

from dataclasses import replace

from builder.architectures.base import Architecture, scaled
from builder.architectures.resnet import Kind, blocks_with, stage
from builder.document import Document, Module
from builder.library import LIBRARY
from builder.library.base import STRIDE, module, sketch
from builder.library.residual import WIDTH, draw_basic_block, two_convolutions
from builder.shapes import TensorShape
from builder.sketch import Sketch, below, places

_HE = "K. He, X. Zhang, S. Ren and J. Sun, Deep residual learning for image recognition, CVPR 2016."


def residual_block(shortcut: Kind) -> list[Module]:
    """Two 3×3 convolutions beside a node ``shortcut``, and what it is made of."""
    name, _, beside = blocks_with(shortcut)
    block, *parts = draw_basic_block(name, beside._replace(name="shortcut"))
    return [replace(block, description=LIBRARY[name].description), *parts]


def plain_block() -> list[Module]:
    """The same two convolutions with nothing beside them."""
    net = sketch("PlainBlock")
    y = two_convolutions(net, net.input(), places(1, 1))
    net.output(net.add("relu2", "relu", y))
    return [
        module(
            net, WIDTH, STRIDE, about="Two 3×3 convolutions, as in a residual block, without its shortcut."
        )
    ]


def _network(
    name: str, layers: int, block: list[Module], input_shape: TensorShape, classes: int, width: float
) -> Document:
    """One convolution, three stages of 16, 32 and 64 channels, the mean, and a classifier: ``layers`` = 6n + 2."""
    net = Sketch()
    x = net.input(input_shape)
    x = net.add("conv1", "conv", x, out_channels=scaled(16, width), kernel_size=3, padding=1, bias=False)
    x = net.add("bn1", "batch_norm", x)
    x = net.add("relu", "relu", x)
    depth = (layers - 2) // 6
    x = net.add("layer1", "module:Stage", x, **below(x), width=scaled(16, width), depth=depth)
    x = net.add("layer2", "module:Stage", x, width=scaled(32, width), depth=depth, stride=2)
    x = net.add("layer3", "module:Stage", x, width=scaled(64, width), depth=depth, stride=2)
    x = net.add("avgpool", "adaptive_avg_pool", x, **below(x))
    x = net.add("flatten", "flatten", x)
    x = net.add("linear", "linear", x, out_features=classes)
    net.output(x)
    return Document(name, net.graph, [stage(block[0].name), *block])


def _resnet(layers: int, input_shape: TensorShape, classes: int, shortcut: Kind, width: float) -> Document:
    return _network(f"resnet{layers}", layers, residual_block(shortcut), input_shape, classes, width)


def _plain(layers: int, input_shape: TensorShape, classes: int, width: float) -> Document:
    return _network(f"plain{layers}", layers, plain_block(), input_shape, classes, width)


def resnet20(
    input_shape: TensorShape = (3, 32, 32),
    classes: int = 10,
    shortcut: Kind = "zero-padded",
    width: float = 1.0,
) -> Document:
    """ResNet-20 for CIFAR, with the names of Y. Idelbayev's ``pytorch_resnet_cifar10``.

    K. He, X. Zhang, S. Ren and J. Sun: Deep residual learning for image recognition, CVPR 2016. ``shortcut`` is
    "zero-padded" (the paper's option A, as there) or "projection" (B); ``width`` scales the channels.
    """
    return _resnet(20, input_shape, classes, shortcut, width)


def resnet32(
    input_shape: TensorShape = (3, 32, 32),
    classes: int = 10,
    shortcut: Kind = "zero-padded",
    width: float = 1.0,
) -> Document:
    """ResNet-32 for CIFAR, with the names of Y. Idelbayev's ``pytorch_resnet_cifar10``.

    K. He, X. Zhang, S. Ren and J. Sun: Deep residual learning for image recognition, CVPR 2016. The options are those
    of ``resnet20``.
    """
    return _resnet(32, input_shape, classes, shortcut, width)


def resnet44(
    input_shape: TensorShape = (3, 32, 32),
    classes: int = 10,
    shortcut: Kind = "zero-padded",
    width: float = 1.0,
) -> Document:
    """ResNet-44 for CIFAR, with the names of Y. Idelbayev's ``pytorch_resnet_cifar10``.

    K. He, X. Zhang, S. Ren and J. Sun: Deep residual learning for image recognition, CVPR 2016. The options are those
    of ``resnet20``.
    """
    return _resnet(44, input_shape, classes, shortcut, width)


def resnet56(
    input_shape: TensorShape = (3, 32, 32),
    classes: int = 10,
    shortcut: Kind = "zero-padded",
    width: float = 1.0,
) -> Document:
    """ResNet-56 for CIFAR, with the names of Y. Idelbayev's ``pytorch_resnet_cifar10``.

    K. He, X. Zhang, S. Ren and J. Sun: Deep residual learning for image recognition, CVPR 2016. The options are those
    of ``resnet20``.
    """
    return _resnet(56, input_shape, classes, shortcut, width)


def resnet110(
    input_shape: TensorShape = (3, 32, 32),
    classes: int = 10,
    shortcut: Kind = "zero-padded",
    width: float = 1.0,
) -> Document:
    """ResNet-110 for CIFAR, with the names of Y. Idelbayev's ``pytorch_resnet_cifar10``.

    K. He, X. Zhang, S. Ren and J. Sun: Deep residual learning for image recognition, CVPR 2016. The options are those
    of ``resnet20``.
    """
    return _resnet(110, input_shape, classes, shortcut, width)


def plain20(input_shape: TensorShape = (3, 32, 32), classes: int = 10, width: float = 1.0) -> Document:
    """The 20 layers of ResNet-20 without its shortcuts, named as in ``resnet20``.

    K. He, X. Zhang, S. Ren and J. Sun: Deep residual learning for image recognition, CVPR 2016.
    """
    return _plain(20, input_shape, classes, width)


def plain32(input_shape: TensorShape = (3, 32, 32), classes: int = 10, width: float = 1.0) -> Document:
    """The 32 layers of ResNet-32 without its shortcuts, named as in ``resnet32``.

    K. He, X. Zhang, S. Ren and J. Sun: Deep residual learning for image recognition, CVPR 2016.
    """
    return _plain(32, input_shape, classes, width)


def plain44(input_shape: TensorShape = (3, 32, 32), classes: int = 10, width: float = 1.0) -> Document:
    """The 44 layers of ResNet-44 without its shortcuts, named as in ``resnet44``.

    K. He, X. Zhang, S. Ren and J. Sun: Deep residual learning for image recognition, CVPR 2016.
    """
    return _plain(44, input_shape, classes, width)


def plain56(input_shape: TensorShape = (3, 32, 32), classes: int = 10, width: float = 1.0) -> Document:
    """The 56 layers of ResNet-56 without its shortcuts, named as in ``resnet56``.

    K. He, X. Zhang, S. Ren and J. Sun: Deep residual learning for image recognition, CVPR 2016.
    """
    return _plain(56, input_shape, classes, width)


def plain110(input_shape: TensorShape = (3, 32, 32), classes: int = 10, width: float = 1.0) -> Document:
    """The 110 layers of ResNet-110 without its shortcuts, named as in ``resnet110``.

    K. He, X. Zhang, S. Ren and J. Sun: Deep residual learning for image recognition, CVPR 2016.
    """
    return _plain(110, input_shape, classes, width)


ARCHITECTURES = (
    Architecture(
        "resnet20",
        "ResNet-20",
        "Residual",
        resnet20,
        "A residual network small enough for anyone's computer: 0.27 million weights read 32×32 pictures with an "
        "error of 8.75 %.",
        _HE,
        2015,
        (3, 32, 32),
        10,
    ),
    Architecture(
        "resnet32",
        "ResNet-32",
        "Residual",
        resnet32,
        "Twelve layers more than ResNet-20, and a point better: with shortcuts depth pays even in a small "
        "network.",
        _HE,
        2015,
        (3, 32, 32),
        10,
    ),
    Architecture(
        "resnet44",
        "ResNet-44",
        "Residual",
        resnet44,
        "Seven residual blocks in each stage: it errs less than ResNet-32, where its plain twin errs more.",
        _HE,
        2015,
        (3, 32, 32),
        10,
    ),
    Architecture(
        "resnet56",
        "ResNet-56",
        "Residual",
        resnet56,
        "Fifty-six layers that learn better than twenty: the curve that the paper sets against the plain "
        "network's.",
        _HE,
        2015,
        (3, 32, 32),
        10,
    ),
    Architecture(
        "resnet110",
        "ResNet-110",
        "Residual",
        resnet110,
        "A hundred and ten layers, trained end to end, were unheard of: residual blocks made them the best of "
        "their family.",
        _HE,
        2015,
        (3, 32, 32),
        10,
    ),
    Architecture(
        "plain20",
        "Plain-20",
        "Residual",
        plain20,
        "The same layers as ResNet-20 without shortcuts: at this depth they can still be trained, and serve to "
        "compare.",
        _HE,
        2015,
        (3, 32, 32),
        10,
    ),
    Architecture(
        "plain32",
        "Plain-32",
        "Residual",
        plain32,
        "ResNet-32 without shortcuts: twelve layers more than the plain 20, and yet the error on the training set "
        "grows.",
        _HE,
        2015,
        (3, 32, 32),
        10,
    ),
    Architecture(
        "plain44",
        "Plain-44",
        "Residual",
        plain44,
        "ResNet-44 without shortcuts: gradients are sound, batch norm sees to that, and still it learns worse "
        "than the plain 32.",
        _HE,
        2015,
        (3, 32, 32),
        10,
    ),
    Architecture(
        "plain56",
        "Plain-56",
        "Residual",
        plain56,
        "Worse than its 20-layer relative even on the pictures it was trained with: this is no overfitting, and "
        "is why shortcuts were thought of.",
        _HE,
        2015,
        (3, 32, 32),
        10,
    ),
    Architecture(
        "plain110",
        "Plain-110",
        "Residual",
        plain110,
        "A hundred and ten layers without shortcuts hardly learn at all: the error stays above 60 %, where "
        "ResNet-110 gets to 6.",
        _HE,
        2015,
        (3, 32, 32),
        10,
    ),
)
