"""EfficientNet: one network scaled in width, depth and resolution at once, and its variant for phones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from builder.architectures.base import Architecture, divisible
from builder.architectures.chain import Chain, features_and_classifier, strided
from builder.document import Document, Module, ModuleParameter
from builder.graph import Graph
from builder.library.mobile import mb_conv
from builder.shapes import TensorShape
from builder.sketch import Sketch, Wire, places


class Stage(NamedTuple):
    """A line of table 1 of the paper: blocks that are alike, of which the first may halve the map."""

    expand_ratio: int
    kernel_size: int
    stride: int
    width: int
    depth: int


STAGES = (
    Stage(1, 3, 1, 16, 1),
    Stage(6, 3, 2, 24, 2),
    Stage(6, 5, 2, 40, 2),
    Stage(6, 3, 2, 80, 3),
    Stage(6, 5, 1, 112, 3),
    Stage(6, 5, 2, 192, 4),
    Stage(6, 3, 1, 320, 1),
)
#: The largest networks and the one for phones train with these.
SLOW_NORM: Mapping[str, Any] = {"eps": 0.001, "momentum": 0.01}
LITE_NORM: Mapping[str, Any] = {"eps": 0.001}
#: Blocks nearest to the end are left out most often, with this probability.
DROP = 0.2


def _features(width: float, depth: float, norm: Mapping[str, Any]) -> list[Module]:
    """The stem, the stages, each a chain of its own, the widest convolution, and what they are made of."""
    depths = [math.ceil(stage.depth * depth) for stage in STAGES]
    features = Chain("Features", wrap=4)
    features.add("module:ConvNormSiLU", out_channels=divisible(32 * width), kernel_size=3, stride=2)
    stages, number, channels = [], 0, 0
    for index, (stage, blocks) in enumerate(zip(STAGES, depths, strict=True), start=1):
        channels = divisible(stage.width * width)
        chain = Chain(f"Stage{index}", wrap=4)
        for block in range(blocks):
            chain.add(
                "module:MBConv", width=channels, expand_ratio=stage.expand_ratio, kernel_size=stage.kernel_size,
                drop=round(DROP * number / sum(depths), 10), **strided(stage.stride if not block else 1),
            )  # fmt: skip
            number += 1
        stages.append(chain.module(about=f"{blocks} × {channels} channels."))
        features.add(f"module:Stage{index}")
    features.add("module:ConvNormSiLU", out_channels=4 * channels)
    return [features.module(), *stages, *mb_conv(norm)]


def _efficientnet(
    name: str,
    input_shape: TensorShape,
    classes: int,
    width: float,
    depth: float,
    *,
    dropout: float,
    norm: Mapping[str, Any] | None = None,
) -> Document:
    """The network whose channels are ``width`` times and whose blocks ``depth`` times those of B0."""
    classifier = Chain("Classifier")
    classifier.add("dropout", p=dropout)
    classifier.add("linear", out_features=classes)

    graph = features_and_classifier(input_shape)
    return Document(name, graph, [*_features(width, depth, norm or {}), classifier.module()])


def efficientnet_b0(
    input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0, depth: float = 1.0
) -> Document:
    """EfficientNet-B0, with torchvision's names and shapes; ``width`` and ``depth`` scale it.

    M. Tan and Q. V. Le: EfficientNet: rethinking model scaling for convolutional neural networks, ICML 2019. The
    paper's rule for a budget 2^φ times as large: depth 1.2^φ, width 1.1^φ, resolution 1.15^φ; the published networks
    have rounded factors.
    """
    return _efficientnet("efficientnet_b0", input_shape, classes, width, depth, dropout=0.2)


def efficientnet_b1(
    input_shape: TensorShape = (3, 240, 240), classes: int = 1000, width: float = 1.0, depth: float = 1.1
) -> Document:
    """EfficientNet-B1 (see ``efficientnet_b0``), with torchvision's names and shapes."""
    return _efficientnet("efficientnet_b1", input_shape, classes, width, depth, dropout=0.2)


def efficientnet_b2(
    input_shape: TensorShape = (3, 260, 260), classes: int = 1000, width: float = 1.1, depth: float = 1.2
) -> Document:
    """EfficientNet-B2 (see ``efficientnet_b0``), with torchvision's names and shapes."""
    return _efficientnet("efficientnet_b2", input_shape, classes, width, depth, dropout=0.3)


def efficientnet_b3(
    input_shape: TensorShape = (3, 300, 300), classes: int = 1000, width: float = 1.2, depth: float = 1.4
) -> Document:
    """EfficientNet-B3 (see ``efficientnet_b0``), with torchvision's names and shapes."""
    return _efficientnet("efficientnet_b3", input_shape, classes, width, depth, dropout=0.3)


def efficientnet_b4(
    input_shape: TensorShape = (3, 380, 380), classes: int = 1000, width: float = 1.4, depth: float = 1.8
) -> Document:
    """EfficientNet-B4 (see ``efficientnet_b0``), with torchvision's names and shapes."""
    return _efficientnet("efficientnet_b4", input_shape, classes, width, depth, dropout=0.4)


def efficientnet_b5(
    input_shape: TensorShape = (3, 456, 456), classes: int = 1000, width: float = 1.6, depth: float = 2.2
) -> Document:
    """EfficientNet-B5 (see ``efficientnet_b0``), with torchvision's names and shapes."""
    return _efficientnet("efficientnet_b5", input_shape, classes, width, depth, dropout=0.4, norm=SLOW_NORM)


def efficientnet_b6(
    input_shape: TensorShape = (3, 528, 528), classes: int = 1000, width: float = 1.8, depth: float = 2.6
) -> Document:
    """EfficientNet-B6 (see ``efficientnet_b0``), with torchvision's names and shapes."""
    return _efficientnet("efficientnet_b6", input_shape, classes, width, depth, dropout=0.5, norm=SLOW_NORM)


def efficientnet_b7(
    input_shape: TensorShape = (3, 600, 600), classes: int = 1000, width: float = 2.0, depth: float = 3.1
) -> Document:
    """EfficientNet-B7 (see ``efficientnet_b0``), with torchvision's names and shapes."""
    return _efficientnet("efficientnet_b7", input_shape, classes, width, depth, dropout=0.5, norm=SLOW_NORM)


# for phones -------------------------------------------------------------------------------------------------


def _lite_filter(
    net: Sketch, number: int, name: str, x: Wire, line: Iterator[dict[str, Any]], **more: Any
) -> Wire:
    """A convolution, its norm and ReLU6, along a row of the drawing."""
    x = net.add(name, "conv", x, **next(line), padding="same", bias=False, **more)
    x = net.add(f"bn{number}", "batch_norm", x, **next(line), **LITE_NORM)
    return net.add(f"act{number}", "relu6", x, **next(line))


def _lite_block(name: str, *, widens: bool) -> Module:
    """An inverted residual without a gate, as timm names it; the first of the network does not widen."""
    net = Sketch(Graph(name))
    x = net.input()
    # The rows below the first are clear of the shortcut's wire on their left.
    lines = iter([places(0, 1), *(places(row, 1.32, 0.92) for row in (1, 2))])
    y, channels = x, "=in_channels"
    if widens:
        channels = "=expand_ratio * in_channels"
        y = _lite_filter(net, 1, "conv_pw", y, next(lines), out_channels=channels, kernel_size=1)
    number = 1 + widens
    y = _lite_filter(
        net, number, "conv_dw", y, next(lines), out_channels="=in_channels", kernel_size="=kernel_size",
        stride="=stride", groups="=in_channels",
    )  # fmt: skip
    last, line = "conv_pwl" if widens else "conv_pw", next(lines)
    y = net.add(
        last, "conv", y, **next(line), out_channels="=width", kernel_size=1, padding="same", bias=False
    )
    y = net.add(f"bn{number + 1}", "batch_norm", y, **next(line), **LITE_NORM)
    y = net.add("add", "add", y, x, **next(line), when="stride == 1 and input_channels == width")
    net.output(y, **next(line))
    parameters = (
        ModuleParameter("width", 32, "Output channels; the shortcut is there where as many come in."),
        ModuleParameter("stride", 1, "2 halves the map."),
        *[ModuleParameter("expand_ratio", 6, "How many times wider it is inside.")] * widens,
        ModuleParameter("kernel_size", 3, "Window of the depthwise convolution; odd."),
    )
    about = (
        "Widens, filters each channel by itself, and narrows again."
        if widens
        else "Filters, then mixes channels."
    )
    return Module(name, parameters, net.graph, about)


def _lite_stage() -> Module:
    """``depth`` blocks, of which the first may halve the map."""
    net = Sketch(Graph("Stage"))
    alike: dict[str, Any] = {name: f"={name}" for name in ("width", "expand_ratio", "kernel_size")}
    x = net.add("0", "module:InvertedResidual", net.input(), **alike, stride="=stride")
    net.output(net.add("1", "module:InvertedResidual", x, **alike, repeat="=depth - 1"))
    parameters = (
        ModuleParameter("width", 24, "Output channels."),
        ModuleParameter("depth", 2, "Number of blocks."),
        ModuleParameter("stride", 1, "Stride of the first block."),
        ModuleParameter("expand_ratio", 6, "How many times wider the blocks are inside."),
        ModuleParameter("kernel_size", 3, "Window of the depthwise convolutions."),
    )
    return Module("Stage", parameters, net.graph, "Inverted residuals; the first may halve the map.")


def efficientnet_lite0(input_shape: TensorShape = (3, 224, 224), classes: int = 1000) -> Document:
    """EfficientNet-Lite0, with the names and shapes of timm's ``tf_efficientnet_lite0``.

    R. Liu: Higher accuracy on vision models with EfficientNet-Lite, TensorFlow blog, 2020: B0 without gates, with
    ReLU6 in place of SiLU, so that it can count in whole numbers. Learnt in TensorFlow, it pads as TensorFlow does.
    """
    first, *others = STAGES
    beginning = Chain("FirstStage")
    beginning.add("module:SeparableBlock", width=first.width)
    blocks = Chain("Blocks", wrap=4)
    blocks.add("module:FirstStage")
    for stage in others:
        blocks.add("module:Stage", **stage._asdict())

    net = Sketch(wrap=4)
    x = net.input(input_shape)
    x = net.add("conv_stem", "conv", x, out_channels=32, kernel_size=3, stride=2, padding="same", bias=False)
    x = net.add("bn1", "batch_norm", x, **LITE_NORM)
    x = net.add("act1", "relu6", x)
    x = net.add("blocks", "module:Blocks", x)
    x = net.add("conv_head", "conv", x, out_channels=1280, kernel_size=1, padding="same", bias=False)
    x = net.add("bn2", "batch_norm", x, **LITE_NORM)
    x = net.add("act2", "relu6", x)
    x = net.add("global_pool", "adaptive_avg_pool", x)
    x = net.add("flatten", "flatten", x)
    net.output(net.add("classifier", "linear", x, out_features=classes))
    parts = [
        _lite_stage(),
        _lite_block("InvertedResidual", widens=True),
        _lite_block("SeparableBlock", widens=False),
    ]
    return Document("efficientnet_lite0", net.graph, [blocks.module(), beginning.module(), *parts])


_TAN = "M. Tan and Q. V. Le, EfficientNet: rethinking model scaling for convolutional neural networks, ICML 2019."
_BUILDERS = (
    (efficientnet_b0, 224), (efficientnet_b1, 240), (efficientnet_b2, 260), (efficientnet_b3, 300),
    (efficientnet_b4, 380), (efficientnet_b5, 456), (efficientnet_b6, 528), (efficientnet_b7, 600),
)  # fmt: skip
_ABOUT = {
    0: "A searched network to start from, whose width, depth and resolution can be grown together by one rule.",
    7: "The rule's far end: the best ImageNet accuracy of its year, with an eighth of its rivals' parameters.",
}

ARCHITECTURES = (
    *[
        Architecture(
            f"efficientnet_b{number}",
            f"EfficientNet-B{number}",
            "Small and fast",
            build,
            _ABOUT.get(number, f"B0 grown by the compound rule to pictures of {side}×{side}: wider, deeper and finer "
                       "at once, as none of the three helps much alone."),
            _TAN,
            2019,
            (3, side, side),
            origin=f"torchvision: efficientnet_b{number}",
        )
        for number, (build, side) in enumerate(_BUILDERS)
    ],
    Architecture(
        "efficientnet_lite0",
        "EfficientNet-Lite0",
        "Small and fast",
        efficientnet_lite0,
        "B0 without gates and with ReLU6 in place of SiLU, so that phones can compute it in 8-bit numbers.",
        "R. Liu, Higher accuracy on vision models with EfficientNet-Lite, TensorFlow blog, 2020.",
        2020,
        origin="timm: tf_efficientnet_lite0",
    ),
)  # fmt: skip
