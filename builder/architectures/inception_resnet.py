"""Inception-ResNet v2."""

from __future__ import annotations

from builder.architectures.base import Architecture
from builder.architectures.inception_branches import SZEGEDY_2017, classifier, reduction, shared_parts
from builder.document import Document, Module, ModuleParameter
from builder.library.base import module
from builder.library.inception import Branches
from builder.shapes import TensorShape
from builder.sketch import Sketch, Wire


def inception_resnet_v2(input_shape: TensorShape = (3, 299, 299), classes: int = 1000) -> Document:
    """Inception-ResNet v2, with the names and shapes of timm's ``inception_resnet_v2``.

    C. Szegedy, S. Ioffe, V. Vanhoucke and A. Alemi: Inception-v4, Inception-ResNet and the impact of residual
    connections on learning, AAAI 2017.
    """
    net = Sketch()
    x = net.input(input_shape)
    x = net.add("conv2d_1a", "module:BasicConv", x, out_channels=32, kernel_size=3, stride=2)
    x = net.add("conv2d_2a", "module:BasicConv", x, out_channels=32, kernel_size=3)
    x = net.add("conv2d_2b", "module:BasicConv", x, out_channels=64, kernel_size=3, padding=1)
    x = net.add("maxpool_3a", "max_pool", x, kernel_size=3)
    x = net.add("conv2d_3b", "module:BasicConv", x, row=1, column=0, out_channels=80)
    x = net.add("conv2d_4a", "module:BasicConv", x, out_channels=192, kernel_size=3)
    x = net.add("maxpool_5a", "max_pool", x, kernel_size=3)
    x = net.add("mixed_5b", "module:Mixed5b", x)
    x = net.add("repeat", "module:Block35", x, row=2, column=0, repeat=10)
    x = net.add("mixed_6a", "module:Mixed6a", x)
    x = net.add("repeat_1", "module:Block17", x, repeat=20)
    x = net.add("mixed_7a", "module:Mixed7a", x)
    x = net.add("repeat_2", "module:Block8", x, repeat=9)
    x = net.add("block8", "module:Block8", x, scale=1.0, activated=False)
    x = net.add("conv2d_7b", "module:BasicConv", x, row=3, column=0, out_channels=1536)
    classifier(net, x, "classif", classes)
    modules = [mixed_5b(), block35(), mixed_6a(), block17(), mixed_7a(), block8(), *shared_parts()]
    return Document("inception_resnet_v2", net.graph, modules)


def mixed_5b() -> Module:
    """1×1, 5×5, two 3×3, and an average."""
    net = Branches("Mixed5b", rows=4)
    net.done(
        net.conv("branch0", net.input, 96, row=0),
        net.branch("branch1", "module:InceptionBranch", 1, reduced=48, out_channels=64, kernel_size=5),
        net.branch("branch2", "module:DoubleBranch", 2, reduced=64, between=96, out_channels=96),
        net.branch("branch3", "module:AverageBranch", 3, out_channels=64),
    )
    return module(net.net, about="The one block without a shortcut, at the end of the stem.")


def mixed_6a() -> Module:
    """Halves the map: a 3×3, two 3×3, a max pool."""
    return reduction("Mixed6a", 384, 256, 256, 384, "The way from 35×35 to 17×17.")


def mixed_7a() -> Module:
    """Halves the map: two 3×3, two 3×3 one after the other, a max pool."""
    net = Branches("Mixed7a", rows=4)
    net.done(
        net.branch("branch0", "module:ShrinkingBranch", 0, reduced=256, out_channels=384, stride=2),
        net.branch("branch1", "module:ShrinkingBranch", 1, reduced=256, out_channels=288, stride=2),
        net.branch("branch2", "module:DoubleBranch", 2, reduced=256, between=288, out_channels=320, stride=2),
        net.branch("branch3", "max_pool", 3, kernel_size=3),
    )
    return module(net.net, about="The way from 17×17 to 8×8.")


def block35() -> Module:
    """1×1, 3×3 and two 3×3 around which the map passes."""
    net = Branches("Block35", rows=3, entry=3)
    _add_up(
        net,
        net.conv("branch0", net.input, 32, row=0),
        net.branch("branch1", "module:InceptionBranch", 1, reduced=32, out_channels=32),
        net.branch("branch2", "module:DoubleBranch", 2, reduced=32, between=48, out_channels=64),
    )
    return module(net.net, _scale(0.17), about="The residual block for 35×35 maps.")


def block17() -> Module:
    """1×1, and 7×7 as a row and a column, around which the map passes."""
    net = Branches("Block17", rows=2, entry=2)
    _add_up(
        net,
        net.conv("branch0", net.input, 192, row=0),
        net.branch("branch1", "module:LineBranch", 1, reduced=128, between=160, out_channels=192),
    )
    return module(net.net, _scale(0.1), about="The residual block for 17×17 maps.")


def block8() -> Module:
    """1×1, and 3×3 as a row and a column, around which the map passes."""
    net = Branches("Block8", rows=2, entry=2)
    _add_up(
        net,
        net.conv("branch0", net.input, 192, row=0),
        net.branch("branch1", "module:LineBranch", 1, reduced=192, between=224, out_channels=256, size=3),
        activated="activated",
    )
    activated = ModuleParameter("activated", True, "A ReLU at the end; the last block has none.")
    return module(net.net, _scale(0.2), activated, about="The residual block for 8×8 maps.")


def _add_up(net: Branches, *ends: Wire, activated: str | None = None) -> None:
    """The stacked branches, projected to the channels that came, scaled down and added to the map.

    ``activated``: when there is a ReLU behind the sum.
    """
    x = net.net.add("concat", "concat", *ends, row=net.middle)
    x = net.net.add("conv2d", "conv", x, out_channels="=input_channels", kernel_size=1)
    x = net.net.add("scaled", "scale", x, factor="=scale")
    x = net.net.add("add", "add", x, net.input, row=net.input.row, column=3)
    net.net.output(net.net.add("act", "relu", x, when=activated))


def _scale(default: float) -> ModuleParameter:
    return ModuleParameter("scale", default, "What the branches are multiplied by before they are added.")


ARCHITECTURES = (
    Architecture(
        "inception_resnet_v2",
        "Inception-ResNet v2",
        "Inception",
        inception_resnet_v2,
        "Shortcuts around inception blocks, whose sums are scaled down so that wide networks stay stable: as good as "
        "Inception v4, and learnt in far fewer epochs.",
        SZEGEDY_2017,
        2016,
        (3, 299, 299),
        origin="timm: inception_resnet_v2",
    ),
)
