"""Residual networks for ImageNet: ResNet, ResNeXt, Wide ResNet and SE-ResNet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, NamedTuple

from builder.architectures.base import Architecture, scaled
from builder.document import Document, Module, ModuleParameter
from builder.graph import Graph
from builder.library import LIBRARY
from builder.library.residual import PROJECTED, ZERO_PADDED, Shortcut, draw_bottleneck
from builder.shapes import TensorShape
from builder.sketch import Sketch, below

#: Blocks in each of the four stages, by the number of layers: table 1 of the paper.
DEPTHS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}

#: The paper's options B and A.
Kind = Literal["projection", "zero-padded"]


class Blocks(NamedTuple):
    """The ready modules with a kind of shortcut, and what makes it."""

    basic: str
    bottleneck: str
    shortcut: Shortcut


BLOCKS: dict[str, Blocks] = {
    "projection": Blocks("BasicBlock", "Bottleneck", PROJECTED),
    "zero-padded": Blocks("ZeroPaddedBlock", "ZeroPaddedBottleneck", ZERO_PADDED),
}
_HE = "K. He, X. Zhang, S. Ren and J. Sun, Deep residual learning for image recognition, CVPR 2016."


def blocks_with(shortcut: str) -> Blocks:
    """The blocks with this kind of shortcut."""
    if shortcut not in BLOCKS:
        raise ValueError(f"'shortcut' is {' or '.join(BLOCKS)}, not {shortcut!r}")
    return BLOCKS[shortcut]


def stage(block: str, **arguments: Any) -> Module:
    """``depth`` blocks, of which the first may halve the map; ``arguments`` are those of every block."""
    net = Sketch(Graph("Stage"))
    x = net.input()
    x = net.add("0", f"module:{block}", x, width="=width", stride="=stride", **arguments)
    x = net.add("1", f"module:{block}", x, width="=width", repeat="=depth - 1", **arguments)
    net.output(x)
    parameters = (
        ModuleParameter("width", 64, "Channels."),
        ModuleParameter("depth", 2, "Number of blocks."),
        ModuleParameter("stride", 1, "Stride of the first block."),
    )
    return Module("Stage", parameters, net.graph, "Residual blocks; the first may halve the map.")


def _resnet(
    name: str,
    layers: int,
    block: list[Module],
    input_shape: TensorShape,
    classes: int,
    *,
    stem: int,
    base: int,
    **arguments: Any,
) -> Document:
    """A stem of ``stem`` channels, four stages of ``block``, the first with ``base`` channels, and a classifier."""
    net = Sketch()
    x = net.input(input_shape)
    x = net.add("conv1", "conv", x, out_channels=stem, kernel_size=7, stride=2, padding=3, bias=False)
    x = net.add("bn1", "batch_norm", x)
    x = net.add("relu", "relu", x)
    x = net.add("maxpool", "max_pool", x, kernel_size=3, stride=2, padding=1)
    first, *others = DEPTHS[layers]
    x = net.add("layer1", "module:Stage", x, **below(x), width=base, depth=first)
    for number, depth in enumerate(others, start=2):
        base *= 2
        x = net.add(f"layer{number}", "module:Stage", x, width=base, depth=depth, stride=2)
    x = net.add("avgpool", "adaptive_avg_pool", x, **below(x))
    x = net.add("flatten", "flatten", x)
    x = net.add("fc", "linear", x, out_features=classes)
    net.output(x)
    return Document(name, net.graph, [stage(block[0].name, **arguments), *block])


def _he_resnet(layers: int, input_shape: TensorShape, classes: int, shortcut: Kind, width: float) -> Document:
    """A network of the paper: basic blocks up to 34 layers, bottlenecks from 50 on."""
    blocks = blocks_with(shortcut)
    block = LIBRARY[blocks.basic if layers < 50 else blocks.bottleneck].build()
    channels = scaled(64, width)
    return _resnet(f"resnet{layers}", layers, block, input_shape, classes, stem=channels, base=channels)


def resnet18(
    input_shape: TensorShape = (3, 224, 224),
    classes: int = 1000,
    shortcut: Kind = "projection",
    width: float = 1.0,
) -> Document:
    """ResNet-18, with torchvision's names and shapes.

    K. He, X. Zhang, S. Ren and J. Sun: Deep residual learning for image recognition, CVPR 2016. ``shortcut`` is
    "projection" (the paper's option B) or "zero-padded" (A); ``width`` scales the channels.
    """
    return _he_resnet(18, input_shape, classes, shortcut, width)


def resnet34(
    input_shape: TensorShape = (3, 224, 224),
    classes: int = 1000,
    shortcut: Kind = "projection",
    width: float = 1.0,
) -> Document:
    """ResNet-34, with torchvision's names and shapes.

    K. He, X. Zhang, S. Ren and J. Sun: Deep residual learning for image recognition, CVPR 2016. ``shortcut`` is
    "projection" (the paper's option B) or "zero-padded" (A); ``width`` scales the channels.
    """
    return _he_resnet(34, input_shape, classes, shortcut, width)


def resnet50(
    input_shape: TensorShape = (3, 224, 224),
    classes: int = 1000,
    shortcut: Kind = "projection",
    width: float = 1.0,
) -> Document:
    """ResNet-50, with torchvision's names and shapes.

    K. He, X. Zhang, S. Ren and J. Sun: Deep residual learning for image recognition, CVPR 2016. As in torchvision the
    3×3 convolution of a block halves the map, in the paper its first 1×1. ``shortcut`` is "projection" (the paper's
    option B) or "zero-padded" (A); ``width`` scales the channels.
    """
    return _he_resnet(50, input_shape, classes, shortcut, width)


def resnet101(
    input_shape: TensorShape = (3, 224, 224),
    classes: int = 1000,
    shortcut: Kind = "projection",
    width: float = 1.0,
) -> Document:
    """ResNet-101, with torchvision's names and shapes.

    K. He, X. Zhang, S. Ren and J. Sun: Deep residual learning for image recognition, CVPR 2016. The options are those
    of ``resnet50``.
    """
    return _he_resnet(101, input_shape, classes, shortcut, width)


def resnet152(
    input_shape: TensorShape = (3, 224, 224),
    classes: int = 1000,
    shortcut: Kind = "projection",
    width: float = 1.0,
) -> Document:
    """ResNet-152, with torchvision's names and shapes.

    K. He, X. Zhang, S. Ren and J. Sun: Deep residual learning for image recognition, CVPR 2016. The options are those
    of ``resnet50``.
    """
    return _he_resnet(152, input_shape, classes, shortcut, width)


def resnext50_32x4d(
    input_shape: TensorShape = (3, 224, 224),
    classes: int = 1000,
    shortcut: Kind = "projection",
    width: float = 1.0,
) -> Document:
    """ResNeXt-50 with 32 groups of 4 channels, with torchvision's names and shapes.

    S. Xie, R. Girshick, P. Dollár, Z. Tu and K. He: Aggregated residual transformations for deep neural networks,
    CVPR 2017. The options are those of ``resnet50``; ``width`` scales the channels of a group.
    """
    groups = 32
    return _resnet(
        "resnext50_32x4d", 50, LIBRARY[blocks_with(shortcut).bottleneck].build(), input_shape, classes,
        stem=scaled(64, width), base=groups * scaled(4, width), expansion=2, groups=groups,
    )  # fmt: skip


def wide_resnet50_2(
    input_shape: TensorShape = (3, 224, 224),
    classes: int = 1000,
    shortcut: Kind = "projection",
    width: float = 1.0,
) -> Document:
    """ResNet-50 with twice the channels in the 3×3 convolutions, with torchvision's names and shapes.

    S. Zagoruyko and N. Komodakis: Wide residual networks, BMVC 2016. The options are those of ``resnet50``.
    """
    return _resnet(
        "wide_resnet50_2", 50, LIBRARY[blocks_with(shortcut).bottleneck].build(), input_shape, classes,
        stem=scaled(64, width), base=scaled(128, width), expansion=2,
    )  # fmt: skip


def seresnet50(
    input_shape: TensorShape = (3, 224, 224),
    classes: int = 1000,
    shortcut: Kind = "projection",
    width: float = 1.0,
) -> Document:
    """ResNet-50 with squeeze-excite gates, with timm's names and shapes.

    J. Hu, L. Shen and G. Sun: Squeeze-and-excitation networks, CVPR 2018. The options are those of ``resnet50``.
    """
    block, *parts = draw_bottleneck("SEBottleneck", blocks_with(shortcut).shortcut, gated=True)
    block = replace(block, description="A bottleneck that weighs its channels before the shortcut is added.")
    channels = scaled(64, width)
    return _resnet(
        "seresnet50", 50, [block, *parts, *LIBRARY["SqueezeExcitation"].build()], input_shape, classes,
        stem=channels, base=channels,
    )  # fmt: skip


ARCHITECTURES = (
    Architecture(
        "resnet18",
        "ResNet-18",
        "Residual",
        resnet18,
        "Shortcuts around every two layers let gradients through, so that a deeper network is no longer a worse one.",
        _HE,
        2015,
        origin="torchvision: resnet18",
    ),
    Architecture(
        "resnet34",
        "ResNet-34",
        "Residual",
        resnet34,
        "With shortcuts 34 layers learn better than 18, where without them they learn worse: the paper's first "
        "comparison.",
        _HE,
        2015,
        origin="torchvision: resnet34",
    ),
    Architecture(
        "resnet50",
        "ResNet-50",
        "Residual",
        resnet50,
        "Bottlenecks of 1×1, 3×3 and 1×1 give three layers for the price of two; this is the network with which "
        "others have been compared ever since.",
        _HE,
        2015,
        origin="torchvision: resnet50",
    ),
    Architecture(
        "resnet101",
        "ResNet-101",
        "Residual",
        resnet101,
        "Seventeen more bottlenecks than ResNet-50, all of them in the third stage: the maps that detectors and "
        "segmentation networks were long built on.",
        _HE,
        2015,
        origin="torchvision: resnet101",
    ),
    Architecture(
        "resnet152",
        "ResNet-152",
        "Residual",
        resnet152,
        "Eight times as deep as VGG-19 and still less work: the deepest of the networks that won ImageNet in 2015.",
        _HE,
        2015,
        origin="torchvision: resnet152",
    ),
    Architecture(
        "resnext50_32x4d",
        "ResNeXt-50 32×4d",
        "Residual",
        resnext50_32x4d,
        "Each 3×3 convolution is split into 32 groups of its own: besides width and depth the number of paths can be "
        "chosen, and many narrow ones do better for the same work.",
        "S. Xie, R. Girshick, P. Dollár, Z. Tu and K. He, Aggregated residual transformations for deep neural "
        "networks, CVPR 2017.",
        2016,
        origin="torchvision: resnext50_32x4d",
    ),
    Architecture(
        "wide_resnet50_2",
        "Wide ResNet-50-2",
        "Residual",
        wide_resnet50_2,
        "Residual blocks that are wider instead of more: fewer layers with more channels learn as well, and keep a GPU "
        "busier.",
        "S. Zagoruyko and N. Komodakis, Wide residual networks, BMVC 2016.",
        2016,
        origin="torchvision: wide_resnet50_2",
    ),
    Architecture(
        "seresnet50",
        "SE-ResNet-50",
        "Residual",
        seresnet50,
        "A gate at the end of each block looks at the whole map and turns channels up or down: as good as twice the "
        "depth, for hardly any more work and a tenth more weights.",
        "J. Hu, L. Shen and G. Sun, Squeeze-and-excitation networks, CVPR 2018.",
        2017,
        origin="timm: seresnet50",
    ),
)
