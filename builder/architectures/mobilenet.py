"""MobileNet: from separable convolutions to inverted residuals with gates."""

from __future__ import annotations

from typing import NamedTuple

from builder.architectures.base import Architecture, divisible
from builder.architectures.chain import Chain, features_and_classifier, strided
from builder.document import Document, Module, ModuleParameter
from builder.graph import Graph
from builder.library.mobile import gated_inverted_residual, inverted_residual
from builder.shapes import TensorShape
from builder.sketch import Sketch

#: (width, stride of the first block, number of blocks) of each stage of v1, table 1 of the paper.
STAGES_V1 = ((64, 1, 1), (128, 2, 2), (256, 2, 2), (512, 2, 6), (1024, 2, 2))
#: (expansion, width, number of blocks, stride of the first) of each stage of v2, table 2 of the paper.
STAGES_V2 = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
)  # fmt: skip


def depthwise_separable() -> Module:
    """A depthwise 3×3, then a pointwise convolution, each with batch norm and ReLU6."""
    net = Sketch(Graph("DepthwiseSeparable"))
    x = net.input()
    x = net.add(
        "conv_dw", "conv", x, out_channels="=in_channels", kernel_size=3, stride="=stride", padding=1,
        groups="=in_channels", bias=False,
    )  # fmt: skip
    x = net.add("bn1", "batch_norm", x)
    x = net.add("act1", "relu6", x)
    x = net.add("conv_pw", "conv", x, row=1, column=1, out_channels="=width", kernel_size=1, bias=False)
    x = net.add("bn2", "batch_norm", x)
    x = net.add("act2", "relu6", x)
    net.output(x)
    parameters = (
        ModuleParameter("width", 64, "Output channels."),
        ModuleParameter("stride", 1, "2 halves the map."),
    )
    return Module("DepthwiseSeparable", parameters, net.graph)


def _stage() -> Module:
    """``depth`` separable blocks, of which the first may halve the map."""
    net = Sketch(Graph("Stage"))
    x = net.input()
    x = net.add("0", "module:DepthwiseSeparable", x, width="=width", stride="=stride")
    x = net.add("1", "module:DepthwiseSeparable", x, width="=width", repeat="=depth - 1")
    net.output(x)
    parameters = (ModuleParameter("width", 64), ModuleParameter("stride", 1), ModuleParameter("depth", 1))
    return Module("Stage", parameters, net.graph)


def mobilenet_v1(
    input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0
) -> Document:
    """MobileNet v1, with the names and shapes of timm's ``mobilenetv1_100``; ``width`` scales the channels.

    A. Howard et al.: MobileNets: efficient convolutional neural networks for mobile vision applications, 2017.
    """
    blocks = Chain("Blocks", wrap=4)
    for channels, stride, depth in STAGES_V1:
        blocks.add("module:Stage", width=divisible(channels * width), stride=stride, depth=depth)

    net = Sketch(wrap=5)
    x = net.input(input_shape)
    stem = divisible(32 * width)
    x = net.add("conv_stem", "conv", x, out_channels=stem, kernel_size=3, stride=2, padding=1, bias=False)
    x = net.add("bn1", "batch_norm", x)
    x = net.add("act1", "relu6", x)
    x = net.add("blocks", "module:Blocks", x)
    x = net.add("global_pool", "adaptive_avg_pool", x)
    x = net.add("flatten", "flatten", x)
    x = net.add("classifier", "linear", x, out_features=classes)
    net.output(x)
    return Document("mobilenet_v1", net.graph, [blocks.module(), _stage(), depthwise_separable()])


def mobilenet_v2(
    input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0
) -> Document:
    """MobileNet v2, with torchvision's names and shapes; ``width`` scales the channels.

    M. Sandler, A. Howard, M. Zhu, A. Zhmoginov and L.-C. Chen: MobileNetV2: inverted residuals and linear
    bottlenecks, CVPR 2018.
    """
    features = Chain("Features")
    features.add("module:ConvNormReLU6", out_channels=divisible(32 * width), kernel_size=3, stride=2)
    for expansion, channels, depth, stride in STAGES_V2:
        channels = divisible(channels * width)
        block = {"width": channels, "expand_ratio": expansion}
        if stride > 1:
            features.new_row()  # a row for each size of the map
        features.add("module:InvertedResidual", **block, **strided(stride))
        features.add("module:InvertedResidual", **block, repeat=depth - 1)
    features.add("module:ConvNormReLU6", out_channels=divisible(1280 * max(width, 1.0)))

    classifier = Chain("Classifier")
    classifier.add("dropout", p=0.2)
    classifier.add("linear", out_features=classes)

    graph = features_and_classifier(input_shape)
    return Document("mobilenet_v2", graph, [features.module(), classifier.module(), *inverted_residual()])


class Bneck(NamedTuple):
    """A block of v3, as a line of the paper's tables 1 and 2; ``repeat``: so many of them in a row."""

    kernel_size: int
    hidden: int
    width: int
    gate: bool
    hardswish: bool
    stride: int = 1
    repeat: int = 1


LARGE = (
    Bneck(3, 16, 16, False, False),
    Bneck(3, 64, 24, False, False, 2),
    Bneck(3, 72, 24, False, False),
    Bneck(5, 72, 40, True, False, 2),
    Bneck(5, 120, 40, True, False, repeat=2),
    Bneck(3, 240, 80, False, True, 2),
    Bneck(3, 200, 80, False, True),
    Bneck(3, 184, 80, False, True, repeat=2),
    Bneck(3, 480, 112, True, True),
    Bneck(3, 672, 112, True, True),
    Bneck(5, 672, 160, True, True, 2),
    Bneck(5, 960, 160, True, True, repeat=2),
)
SMALL = (
    Bneck(3, 16, 16, True, False, 2),
    Bneck(3, 72, 24, False, False, 2),
    Bneck(3, 88, 24, False, False),
    Bneck(5, 96, 40, True, True, 2),
    Bneck(5, 240, 40, True, True, repeat=2),
    Bneck(5, 120, 48, True, True),
    Bneck(5, 144, 48, True, True),
    Bneck(5, 288, 96, True, True, 2),
    Bneck(5, 576, 96, True, True, repeat=2),
)


def _mobilenet_v3(
    name: str,
    blocks: tuple[Bneck, ...],
    hidden: int,
    input_shape: TensorShape,
    classes: int,
    width: float,
) -> Document:
    """A stem, the blocks, a convolution six times as wide as the last one, and ``hidden`` units before the classes."""
    features = Chain("Features")
    features.add("module:ConvNormHardswish", out_channels=divisible(16 * width), kernel_size=3, stride=2)
    channels = 0
    for block in blocks:
        channels, inside = divisible(block.width * width), divisible(block.hidden * width)
        if block.stride > 1 and block is not blocks[0]:
            features.new_row()  # a row for each size of the map
        features.add(
            "module:GatedInvertedResidual", width=channels, hidden=inside, kernel_size=block.kernel_size,
            squeeze_channels=divisible(inside // 4) if block.gate else 0, hardswish=block.hardswish,
            repeat=block.repeat, **strided(block.stride),
        )  # fmt: skip
    features.add("module:ConvNormHardswish", out_channels=6 * channels)

    classifier = Chain("Classifier")
    classifier.add("linear", out_features=hidden)
    classifier.add("hardswish")
    classifier.add("dropout", p=0.2)
    classifier.add("linear", out_features=classes)

    graph = features_and_classifier(input_shape)
    return Document(name, graph, [features.module(), classifier.module(), *gated_inverted_residual()])


def mobilenet_v3_large(
    input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0
) -> Document:
    """MobileNet v3, large, with torchvision's names and shapes; ``width`` scales the channels.

    A. Howard et al.: Searching for MobileNetV3, ICCV 2019.
    """
    units = divisible(1280 * width)
    return _mobilenet_v3("mobilenet_v3_large", LARGE, units, input_shape, classes, width)


def mobilenet_v3_small(
    input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0
) -> Document:
    """MobileNet v3, small, with torchvision's names and shapes; ``width`` scales the channels.

    A. Howard et al.: Searching for MobileNetV3, ICCV 2019.
    """
    units = divisible(1024 * width)
    return _mobilenet_v3("mobilenet_v3_small", SMALL, units, input_shape, classes, width)


_V3 = "A. Howard et al., Searching for MobileNetV3, ICCV 2019."

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
    Architecture(
        "mobilenet_v2",
        "MobileNet v2",
        "Small and fast",
        mobilenet_v2,
        "Turns the residual block inside out: shortcuts join narrow maps, cheap filters work on wide ones, and "
        "no last activation loses anything.",
        "M. Sandler, A. Howard, M. Zhu, A. Zhmoginov and L.-C. Chen, MobileNetV2: inverted residuals and linear "
        "bottlenecks, CVPR 2018.",
        2018,
        origin="torchvision: mobilenet_v2",
    ),
    Architecture(
        "mobilenet_v3_small",
        "MobileNet v3 small",
        "Small and fast",
        mobilenet_v3_small,
        "The small one of two networks that a computer searched and people polished: gates, and an activation that is "
        "cheap on phones.",
        _V3,
        2019,
        origin="torchvision: mobilenet_v3_small",
    ),
    Architecture(
        "mobilenet_v3_large",
        "MobileNet v3 large",
        "Small and fast",
        mobilenet_v3_large,
        "Found by a search for the best accuracy in a phone's milliseconds, then made cheaper at both ends by hand.",
        _V3,
        2019,
        origin="torchvision: mobilenet_v3_large",
    ),
)
