"""VGG: as published, with batch norm, and with a global average in place of the fully connected layers."""

from __future__ import annotations

from collections.abc import Callable

from builder.architectures.base import Architecture, scaled
from builder.architectures.chain import Chain, features_and_classifier
from builder.document import Document, Module
from builder.shapes import TensorShape
from builder.sketch import Sketch

#: Channels of the five stages; each ends with a pool that halves the map.
WIDTHS = (64, 128, 256, 512, 512)
#: Convolutions in each stage, by the number of layers with weights: configurations A, B, D and E of the paper.
CONVOLUTIONS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
#: Units of the fully connected layers.
UNITS = 4096
_PAPER = "K. Simonyan and A. Zisserman, Very deep convolutional networks for large-scale image recognition, ICLR 2015"
_BN_PAPER = (
    f"{_PAPER}; S. Ioffe and C. Szegedy, Batch normalization: accelerating deep network training by reducing internal "
    "covariate shift, ICML 2015."
)
_GAP_PAPER = f"{_PAPER}; M. Lin, Q. Chen and S. Yan, Network in network, ICLR 2014."


def _features(layers: int, *, norm: bool, width: float) -> Module:
    """The convolutions, numbered as in torchvision's ``features``.

    In the drawing two stand in a row; with norms the last of a stage, behind which is the pool, has its own.
    """
    net = Chain("Features")
    for count, channels in zip(CONVOLUTIONS[layers], WIDTHS, strict=True):
        for place in range(count):
            if place % 2 == 0 or (norm and place == count - 1):
                net.new_row()
            net.add("conv", out_channels=scaled(channels, width), padding=1)
            if norm:
                net.add("batch_norm")
            net.add("relu")
        net.add("max_pool")
    return net.module(about="Stages of 3×3 convolutions; a pool at the end of each halves the map.")


def _classifier(classes: int, width: float) -> Module:
    """Three fully connected layers, a row for each, numbered as in torchvision's ``classifier``."""
    net = Chain("Classifier")
    for _ in range(2):
        net.new_row()
        net.add("linear", out_features=scaled(UNITS, width))
        net.add("relu")
        net.add("dropout")
    net.new_row()
    net.add("linear", out_features=classes)
    return net.module(about="Three fully connected layers, which hold most of the network's weights.")


def _vgg(
    layers: int, input_shape: TensorShape, classes: int, width: float, *, norm: bool = False
) -> Document:
    """The paper's network; the adaptive pool is torchvision's and lets pictures of any size in."""
    graph = features_and_classifier(input_shape, output_size=7)
    modules = [_features(layers, norm=norm, width=width), _classifier(classes, width)]
    return Document(f"vgg{layers}_bn" if norm else f"vgg{layers}", graph, modules)


def _vgg_gap(layers: int, input_shape: TensorShape, classes: int, width: float) -> Document:
    """The plain convolutions, the mean of each map, and one linear layer."""
    net = Sketch()
    x = net.input(input_shape)
    x = net.add("features", "module:Features", x)
    x = net.add("avgpool", "global_avg_pool", x)
    x = net.add("classifier", "linear", x, out_features=classes)
    net.output(x)
    return Document(f"vgg{layers}_gap", net.graph, [_features(layers, norm=False, width=width)])


def vgg11(input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0) -> Document:
    """VGG-11 (eight convolutions, the paper's configuration A), with torchvision's names and shapes.

    K. Simonyan and A. Zisserman: Very deep convolutional networks for large-scale image recognition, ICLR 2015.
    ``width`` scales the channels and the fully connected layers.
    """
    return _vgg(11, input_shape, classes, width)


def vgg13(input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0) -> Document:
    """VGG-13 (ten convolutions, the paper's configuration B), with torchvision's names and shapes.

    K. Simonyan and A. Zisserman: Very deep convolutional networks for large-scale image recognition, ICLR 2015.
    ``width`` scales the channels and the fully connected layers.
    """
    return _vgg(13, input_shape, classes, width)


def vgg16(input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0) -> Document:
    """VGG-16 (thirteen convolutions, the paper's configuration D), with torchvision's names and shapes.

    K. Simonyan and A. Zisserman: Very deep convolutional networks for large-scale image recognition, ICLR 2015.
    ``width`` scales the channels and the fully connected layers.
    """
    return _vgg(16, input_shape, classes, width)


def vgg19(input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0) -> Document:
    """VGG-19 (sixteen convolutions, the paper's configuration E), with torchvision's names and shapes.

    K. Simonyan and A. Zisserman: Very deep convolutional networks for large-scale image recognition, ICLR 2015.
    ``width`` scales the channels and the fully connected layers.
    """
    return _vgg(19, input_shape, classes, width)


def vgg11_bn(input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0) -> Document:
    """VGG-11 with batch norm behind each convolution, as torchvision has it.

    K. Simonyan and A. Zisserman (ICLR 2015), with the normalisation of S. Ioffe and C. Szegedy (ICML 2015). Names and
    shapes are torchvision's; so are the biases that its convolutions keep, though a norm follows.
    """
    return _vgg(11, input_shape, classes, width, norm=True)


def vgg13_bn(input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0) -> Document:
    """VGG-13 with batch norm behind each convolution, as torchvision has it.

    K. Simonyan and A. Zisserman (ICLR 2015), with the normalisation of S. Ioffe and C. Szegedy (ICML 2015). Names and
    shapes are torchvision's; so are the biases that its convolutions keep, though a norm follows.
    """
    return _vgg(13, input_shape, classes, width, norm=True)


def vgg16_bn(input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0) -> Document:
    """VGG-16 with batch norm behind each convolution, as torchvision has it.

    K. Simonyan and A. Zisserman (ICLR 2015), with the normalisation of S. Ioffe and C. Szegedy (ICML 2015). Names and
    shapes are torchvision's; so are the biases that its convolutions keep, though a norm follows.
    """
    return _vgg(16, input_shape, classes, width, norm=True)


def vgg19_bn(input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0) -> Document:
    """VGG-19 with batch norm behind each convolution, as torchvision has it.

    K. Simonyan and A. Zisserman (ICLR 2015), with the normalisation of S. Ioffe and C. Szegedy (ICML 2015). Names and
    shapes are torchvision's; so are the biases that its convolutions keep, though a norm follows.
    """
    return _vgg(19, input_shape, classes, width, norm=True)


def vgg11_gap(input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0) -> Document:
    """VGG-11 with the mean of each map and one linear layer in place of the three fully connected ones.

    K. Simonyan and A. Zisserman (ICLR 2015), with the global average of M. Lin, Q. Chen and S. Yan (ICLR 2014): our
    own, and what is commonly taken for small data sets. ``features`` is that of ``vgg11``, so its weights fit.
    """
    return _vgg_gap(11, input_shape, classes, width)


def vgg13_gap(input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0) -> Document:
    """VGG-13 with the mean of each map and one linear layer in place of the three fully connected ones.

    K. Simonyan and A. Zisserman (ICLR 2015), with the global average of M. Lin, Q. Chen and S. Yan (ICLR 2014): our
    own, and what is commonly taken for small data sets. ``features`` is that of ``vgg13``, so its weights fit.
    """
    return _vgg_gap(13, input_shape, classes, width)


def vgg16_gap(input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0) -> Document:
    """VGG-16 with the mean of each map and one linear layer in place of the three fully connected ones.

    K. Simonyan and A. Zisserman (ICLR 2015), with the global average of M. Lin, Q. Chen and S. Yan (ICLR 2014): our
    own, and what is commonly taken for small data sets. ``features`` is that of ``vgg16``, so its weights fit.
    """
    return _vgg_gap(16, input_shape, classes, width)


def vgg19_gap(input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0) -> Document:
    """VGG-19 with the mean of each map and one linear layer in place of the three fully connected ones.

    K. Simonyan and A. Zisserman (ICLR 2015), with the global average of M. Lin, Q. Chen and S. Yan (ICLR 2014): our
    own, and what is commonly taken for small data sets. ``features`` is that of ``vgg19``, so its weights fit.
    """
    return _vgg_gap(19, input_shape, classes, width)


def _entry(
    build: Callable[..., Document], title: str, about: str, paper: str, origin: str = ""
) -> Architecture:
    """A network of the family."""
    return Architecture(build.__name__, title, "Deeper", build, about, paper, 2014, origin=origin)


ARCHITECTURES = (
    _entry(
        vgg11,
        "VGG-11",
        "The shallowest of the family, which learns from a random start; its layers were then what the deeper ones "
        "began with.",
        f"{_PAPER}.",
        "torchvision: vgg11",
    ),
    _entry(
        vgg13,
        "VGG-13",
        "Two 3×3 convolutions before each pool; with one 5×5 in place of each pair, which sees as far, the paper's "
        "network erred more.",
        f"{_PAPER}.",
        "torchvision: vgg13",
    ),
    _entry(
        vgg16,
        "VGG-16",
        "Nothing but 3×3 convolutions, and many of them: two see as far as a 5×5, with fewer weights and one more "
        "non-linearity.",
        f"{_PAPER}.",
        "torchvision: vgg16",
    ),
    _entry(
        vgg19,
        "VGG-19",
        "As deep as a plain chain of convolutions was worth it: behind 19 layers the errors no longer fell, until "
        "shortcuts and norms came.",
        f"{_PAPER}.",
        "torchvision: vgg19",
    ),
    _entry(
        vgg11_bn,
        "VGG-11 with batch norm",
        "Batch norm behind each convolution keeps the signals in their range, so that the network learns in larger "
        "steps.",
        _BN_PAPER,
        "torchvision: vgg11_bn",
    ),
    _entry(
        vgg13_bn,
        "VGG-13 with batch norm",
        "Batch norm behind each convolution lets all thirteen layers learn at once from random weights, none of them "
        "trained beforehand.",
        _BN_PAPER,
        "torchvision: vgg13_bn",
    ),
    _entry(
        vgg16_bn,
        "VGG-16 with batch norm",
        "Batch norm behind each convolution: the same layers as VGG-16 learn faster from random weights, and err less.",
        _BN_PAPER,
        "torchvision: vgg16_bn",
    ),
    _entry(
        vgg19_bn,
        "VGG-19 with batch norm",
        "Batch norm behind each convolution makes the deepest of the family easy to train, and the most accurate.",
        _BN_PAPER,
        "torchvision: vgg19_bn",
    ),
    _entry(
        vgg11_gap,
        "VGG-11 GAP",
        "The mean of each map replaces the fully connected layers: a fourteenth of the weights, and less to learn by "
        "heart.",
        _GAP_PAPER,
    ),
    _entry(
        vgg13_gap,
        "VGG-13 GAP",
        "The mean of each map replaces the fully connected layers: a thirteenth of the weights, for the same "
        "convolutions.",
        _GAP_PAPER,
    ),
    _entry(
        vgg16_gap,
        "VGG-16 GAP",
        "The mean of each map replaces the fully connected layers: a ninth of the weights, and a map for each channel "
        "that says where.",
        _GAP_PAPER,
    ),
    _entry(
        vgg19_gap,
        "VGG-19 GAP",
        "The mean of each map replaces the fully connected layers: a seventh of the weights of the deepest VGG.",
        _GAP_PAPER,
    ),
)
