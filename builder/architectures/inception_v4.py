"""Inception v4."""

from __future__ import annotations

from builder.architectures.base import Architecture
from builder.architectures.chain import Chain
from builder.architectures.inception_branches import (
    SZEGEDY_2017,
    classifier,
    reduction,
    shared_parts,
    shrinking_line_branch,
)
from builder.document import Document, Module
from builder.library.base import module
from builder.library.inception import Branches
from builder.shapes import TensorShape
from builder.sketch import Sketch


def inception_v4(input_shape: TensorShape = (3, 299, 299), classes: int = 1000) -> Document:
    """Inception v4, with the names and shapes of timm's ``inception_v4``.

    C. Szegedy, S. Ioffe, V. Vanhoucke and A. Alemi: Inception-v4, Inception-ResNet and the impact of residual
    connections on learning, AAAI 2017.
    """
    net = Sketch(wrap=4)
    x = net.add("features", "module:Features", net.input(input_shape))
    classifier(net, x, "last_linear", classes)
    modules = [
        features(), pool_and_conv(), stem_branches(), conv_and_pool(), inception_a(), reduction_a(), inception_b(),
        reduction_b(), inception_c(), shrinking_line_branch(), double_line_branch(), *shared_parts(),
    ]  # fmt: skip
    return Document("inception_v4", net.graph, modules)


def features() -> Module:
    """The stem, then four blocks on 35×35 maps, seven on 17×17 and three on 8×8."""
    stages = Chain("Features")
    stages.add("module:BasicConv", out_channels=32, kernel_size=3, stride=2)
    stages.add("module:BasicConv", out_channels=32, kernel_size=3)
    stages.add("module:BasicConv", out_channels=64, kernel_size=3, padding=1)
    stages.new_row()
    for block in ("PoolAndConv", "StemBranches", "ConvAndPool"):
        stages.add(f"module:{block}")
    stages.new_row()
    stages.add("module:Inception4A", repeat=4)
    stages.add("module:Reduction4A")
    stages.add("module:Inception4B", repeat=7)
    stages.new_row()
    stages.add("module:Reduction4B")
    stages.add("module:Inception4C", repeat=3)
    return stages.module()


def pool_and_conv() -> Module:
    """Halves the map by a max pool and a convolution."""
    net = Branches("PoolAndConv", rows=2)
    pool = net.branch("maxpool", "max_pool", 0, kernel_size=3)
    net.done(pool, net.conv("conv", net.input, 96, 3, stride=2, row=1))
    return module(net.net, about="Halves the map without a narrow place.")


def conv_and_pool() -> Module:
    """Halves the map by a convolution and a max pool, the convolution's channels first."""
    net = Branches("ConvAndPool", rows=2)
    conv = net.conv("conv", net.input, 192, 3, stride=2, row=0)
    net.done(conv, net.branch("maxpool", "max_pool", 1, kernel_size=3))
    return module(net.net, about="Halves the map without a narrow place.")


def stem_branches() -> Module:
    """3×3, and 7×7 as a row and a column before 3×3; the last windows get no border."""
    net = Branches("StemBranches", rows=2)
    net.done(
        net.branch("branch0", "module:ShrinkingBranch", 0, reduced=64, out_channels=96),
        net.branch(
            "branch1", "module:ShrinkingLineBranch", 1, reduced=64, between=64, between_later=64, out_channels=96
        ),
    )  # fmt: skip
    return module(net.net)


def inception_a() -> Module:
    """1×1, 3×3, two 3×3, and an average."""
    net = Branches("Inception4A", rows=4)
    net.done(
        net.conv("branch0", net.input, 96, row=0),
        net.branch("branch1", "module:InceptionBranch", 1, reduced=64, out_channels=96),
        net.branch("branch2", "module:DoubleBranch", 2, reduced=64, between=96, out_channels=96),
        net.branch("branch3", "module:AverageBranch", 3, out_channels=96),
    )
    return module(net.net, about="Inception v4's block for its 35×35 maps.")


def reduction_a() -> Module:
    """Halves the map: a 3×3, two 3×3, a max pool."""
    return reduction("Reduction4A", 384, 192, 224, 256, "Inception v4's way from 35×35 to 17×17.")


def inception_b() -> Module:
    """1×1, 7×7 as a row and a column, once and twice, and an average."""
    net = Branches("Inception4B", rows=4)
    net.done(
        net.conv("branch0", net.input, 384, row=0),
        net.branch("branch1", "module:LineBranch", 1, reduced=192, between=224, out_channels=256),
        net.branch("branch2", "module:DoubleLineBranch", 2),
        net.branch("branch3", "module:AverageBranch", 3, out_channels=128),
    )
    return module(net.net, about="Inception v4's block for its 17×17 maps.")


def double_line_branch() -> Module:
    """1×1, then 7×1 and 1×7 twice."""
    branch = Chain("DoubleLineBranch")
    branch.add("module:BasicConv", out_channels=192)
    branch.add("module:LineConv", out_channels=192, height=7, width=1)
    branch.add("module:LineConv", out_channels=224, height=1, width=7)
    branch.new_row()
    branch.add("module:LineConv", out_channels=224, height=7, width=1)
    branch.add("module:LineConv", out_channels=256, height=1, width=7)
    return branch.module(about="1×1, then two 7×7, which see 13×13, as columns and rows.")


def reduction_b() -> Module:
    """Halves the map: a 3×3, a 7×7 in lines before another, a max pool."""
    net = Branches("Reduction4B", rows=3)
    net.done(
        net.branch("branch0", "module:ShrinkingBranch", 0, reduced=192, out_channels=192, stride=2),
        net.branch(
            "branch1", "module:ShrinkingLineBranch", 1, reduced=256, between=256, between_later=320,
            out_channels=320, stride=2,
        ),
        net.branch("branch2", "max_pool", 2, kernel_size=3),
    )  # fmt: skip
    return module(net.net, about="Inception v4's way from 17×17 to 8×8.")


def inception_c() -> Module:
    """1×3 and 3×1 side by side, after a 1×1 and after a 3×3 in lines."""
    net = Branches("Inception4C", rows=6.2, entry=1.85)
    one = net.conv("branch0", net.input, 256, row=0, column=0.76)
    three = net.conv("branch1_0", net.input, 384, row=1.45, column=1.6)
    three = net.lines("branch1", three, "branch1_1", 256, column=2.44)
    double = net.conv("branch2_0", net.input, 384, row=2.35, column=0.76)
    double = net.line("branch2_1", double, 448, 3, 1, column=1.6)
    double = net.line("branch2_2", double, 512, 1, 3, row=3.72, column=1.2)
    double = net.lines("branch2", double, "branch2_3", 256, column=2.44)
    pool = net.branch("branch3", "module:AverageBranch", 5.2, column=0.76, out_channels=256)
    net.done(one, three, double, pool, column=4.12)
    return module(net.net, about="Inception v4's block for its 8×8 maps.")


ARCHITECTURES = (
    Architecture(
        "inception_v4",
        "Inception v4",
        "Inception",
        inception_v4,
        "The same few blocks throughout, more of them, and a stem that has branches too: how far the plan goes without "
        "shortcuts.",
        SZEGEDY_2017,
        2016,
        (3, 299, 299),
        origin="timm: inception_v4",
    ),
)
