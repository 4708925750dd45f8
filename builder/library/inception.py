"""Inception blocks: convolutions of several sizes side by side, their maps stacked."""

from __future__ import annotations

from typing import Any

from builder.document import Module, ModuleParameter
from builder.library.base import OUT_CHANNELS, STRIDE, ReadyModule, module, sketch
from builder.sketch import Sketch, Wire
from builder.spacing import WIDEST

_SZEGEDY_2015 = "C. Szegedy et al., Going deeper with convolutions, CVPR 2015."
_SZEGEDY_2016 = (
    "C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z. Wojna, Rethinking the inception architecture for computer "
    "vision, CVPR 2016."
)


def basic_conv() -> Module:
    """Convolution, batch norm, ReLU; the names and the norm's ε are torchvision's."""
    net = sketch("BasicConv")
    x = net.input()
    x = net.add(
        "conv", "conv", x, out_channels="=out_channels", kernel_size="=kernel_size", stride="=stride",
        padding="=padding", bias=False,
    )  # fmt: skip
    x = net.add("bn", "batch_norm", x, eps=0.001)
    net.output(net.add("relu", "relu", x))
    return module(
        net,
        OUT_CHANNELS,
        ModuleParameter("kernel_size", 1, "The window."),
        STRIDE,
        ModuleParameter("padding", 0, "Border on each side; half the kernel keeps the size."),
        about="A convolution with batch norm and ReLU.",
    )


def line_conv() -> Module:
    """As ``basic_conv``, with a window of its own for height and width, padded to keep the size."""
    net = sketch("LineConv")
    x = net.input()
    x = net.add(
        "conv", "conv", x, out_channels="=out_channels", kernel_size=["=height", "=width"],
        padding=["=height // 2", "=width // 2"], bias=False,
    )  # fmt: skip
    x = net.add("bn", "batch_norm", x, eps=0.001)
    net.output(net.add("relu", "relu", x))
    return module(
        net,
        OUT_CHANNELS,
        ModuleParameter("height", 1, "Height of the window; odd."),
        ModuleParameter("width", 7, "Width of the window; odd."),
        about="A convolution along one axis, with batch norm and ReLU; two, one after the other, see a square.",
    )


#: Where a wire forks into two, blocks stand closer together, and the branches that far from the middle.
_FORK, _ASIDE = 0.72, 0.56


class Branches:
    """An inception block in the drawing: each branch a row, the concatenation in the middle of the right edge.

    ``entry``: the row of the input, where it is not the middle one.
    """

    def __init__(self, name: str, *, rows: float, entry: float | None = None) -> None:
        self.net: Sketch = sketch(name)
        self.middle = (rows - 1) / 2
        self.input = self.net.add("input", "input", row=self.middle if entry is None else entry)
        self.ends: list[Wire] = []

    def conv(
        self, name: str, x: Wire, out_channels: int | str, kernel_size: int | str = 1, **options: Any
    ) -> Wire:
        """A square convolution; ``padding``, ``stride``, and ``row`` and ``column`` in the drawing."""
        if kernel_size != 1:
            options["kernel_size"] = kernel_size
        return self.net.add(name, "module:BasicConv", x, out_channels=out_channels, **options)

    def line(
        self, name: str, x: Wire, out_channels: int | str, height: int, width: int, **place: Any
    ) -> Wire:
        """A convolution of this window."""
        return self.net.add(
            name, "module:LineConv", x, out_channels=out_channels, height=height, width=width, **place
        )

    def branch(self, name: str, block: str, row: float, **parameters: Any) -> Wire:
        """A block, or a module, at the beginning of a branch; ``column``: where it stands in the drawing."""
        return self.net.add(name, block, self.input, row=row, **parameters)

    def average(self, row: float, **place: Any) -> Wire:
        """The 3×3 average that keeps the size."""
        return self.branch("avgpool", "avg_pool", row, kernel_size=3, stride=1, padding=1, **place)

    def lines(self, name: str, x: Wire, ends: str, out_channels: int, column: float) -> Wire:
        """1×3 and 3×1 side by side from ``column`` on, as ``ends`` with "a" and "b" behind, and stacked."""
        pair = [
            self.line(f"{ends}{letter}", x, out_channels, *window, row=x.row + side, column=column)
            for letter, window, side in (("a", (1, 3), -_ASIDE), ("b", (3, 1), _ASIDE))
        ]
        return self.net.add(name, "concat", *pair, row=x.row, column=column + _FORK)

    def done(self, *ends: Wire, column: float | None = None) -> None:
        """Stack the branches, one column behind the last, or at ``column``, and answer."""
        column = max(wire.column for wire in ends) + 1 if column is None else column
        stacked = self.net.add("concat", "concat", *ends, row=self.middle, column=column)
        self.net.output(stacked, column=column + min(1.0, WIDEST - 1 - column))


def inception() -> list[Module]:
    """GoogLeNet's block; each branch is a chain of torchvision's names."""
    net = sketch("Inception")
    middle = 1.5
    x = net.add("input", "input", row=middle)
    ends = [
        net.add("branch1", "module:BasicConv", x, row=0, out_channels="=ch1x1"),
        net.add(
            "branch2", "module:InceptionBranch", x, row=1, reduced="=ch3x3red", out_channels="=ch3x3", kernel_size=3
        ),
        net.add(
            "branch3", "module:InceptionBranch", x, row=2, reduced="=ch5x5red", out_channels="=ch5x5",
            kernel_size="=kernel_size",
        ),
        net.add("branch4", "module:PoolBranch", x, row=3, out_channels="=pool_proj"),
    ]  # fmt: skip
    net.output(net.add("concat", "concat", *ends, row=middle))
    return [
        module(
            net,
            ModuleParameter("ch1x1", 64, "Channels of the 1×1 branch."),
            ModuleParameter("ch3x3red", 96, "Channels to which the 3×3 branch is reduced before."),
            ModuleParameter("ch3x3", 128, "Channels of the 3×3 branch."),
            ModuleParameter("ch5x5red", 16, "Channels to which the large branch is reduced before."),
            ModuleParameter("ch5x5", 32, "Channels of the large branch."),
            ModuleParameter("pool_proj", 32, "Channels to which the pooled branch is projected."),
            ModuleParameter("kernel_size", 5, "Window of the large branch; 3 in torchvision's GoogLeNet."),
        ),
        inception_branch(),
        _pool_branch(),
        basic_conv(),
    ]


def inception_branch() -> Module:
    """1×1, then the larger window, as ``0`` and ``1``."""
    net = sketch("InceptionBranch")
    x = net.input()
    x = net.add("0", "module:BasicConv", x, out_channels="=reduced")
    x = net.add(
        "1", "module:BasicConv", x, out_channels="=out_channels", kernel_size="=kernel_size",
        padding="=kernel_size // 2",
    )  # fmt: skip
    net.output(x)
    return module(
        net,
        ModuleParameter("reduced", 96, "Channels between."),
        OUT_CHANNELS,
        ModuleParameter("kernel_size", 3, "Window of the second convolution; odd."),
        about="A 1×1 convolution that makes the larger one behind it cheap.",
    )


def _pool_branch() -> Module:
    net = sketch("PoolBranch")
    x = net.input()
    x = net.add("0", "max_pool", x, kernel_size=3, stride=1, padding=1, ceil_mode=True)
    net.output(net.add("1", "module:BasicConv", x, out_channels="=out_channels"))
    return module(net, OUT_CHANNELS, about="A max pool that keeps the size, and a 1×1 convolution.")


def inception_a() -> list[Module]:
    """1×1, 5×5, two 3×3, and an average."""
    net = Branches("InceptionA", rows=4)
    x = net.input
    one = net.conv("branch1x1", x, 64, row=0)
    five = net.conv("branch5x5_1", x, 48, row=1)
    five = net.conv("branch5x5_2", five, 64, 5, padding=2)
    double = net.conv("branch3x3dbl_1", x, 64, row=2)
    double = net.conv("branch3x3dbl_2", double, 96, 3, padding=1)
    double = net.conv("branch3x3dbl_3", double, 96, 3, padding=1)
    net.done(one, five, double, net.conv("branch_pool", net.average(3), "=pool_features"))
    pool_features = ModuleParameter(
        "pool_features", 32, "Channels of the average's branch: 32, 64, 64 in Inception v3."
    )
    return [module(net.net, pool_features), basic_conv()]


def inception_b() -> list[Module]:
    """Halves the map: a strided 3×3, two 3×3 of which the second is strided, a max pool."""
    net = Branches("InceptionB", rows=3)
    x = net.input
    three = net.conv("branch3x3", x, 384, 3, stride=2, row=0)
    double = net.conv("branch3x3dbl_1", x, 64, row=1)
    double = net.conv("branch3x3dbl_2", double, 96, 3, padding=1)
    double = net.conv("branch3x3dbl_3", double, 96, 3, stride=2)
    net.done(three, double, net.branch("maxpool", "max_pool", 2, kernel_size=3))
    return [module(net.net), basic_conv()]


def inception_c() -> list[Module]:
    """7×7 as 1×7 and 7×1, once and twice."""
    net = Branches("InceptionC", rows=5)
    x = net.input
    one = net.conv("branch1x1", x, 192, row=0)
    seven = net.conv("branch7x7_1", x, "=channels_7x7", row=1)
    seven = net.line("branch7x7_2", seven, "=channels_7x7", 1, 7)
    seven = net.line("branch7x7_3", seven, 192, 7, 1)
    double = net.conv("branch7x7dbl_1", x, "=channels_7x7", row=2)
    double = net.line("branch7x7dbl_2", double, "=channels_7x7", 7, 1)
    double = net.line("branch7x7dbl_3", double, "=channels_7x7", 1, 7)
    double = net.line("branch7x7dbl_4", double, "=channels_7x7", 7, 1, row=3, column=2)
    double = net.line("branch7x7dbl_5", double, 192, 1, 7)
    net.done(one, seven, double, net.conv("branch_pool", net.average(4), 192))
    channels = ModuleParameter(
        "channels_7x7",
        128,
        "Channels between the 1×7 and 7×1 convolutions: 128, 160, 160, 192 in Inception v3.",
    )
    return [module(net.net, channels), basic_conv(), line_conv()]


def inception_d() -> list[Module]:
    """Halves the map: a strided 3×3, a 7×7 in lines before another, a max pool."""
    net = Branches("InceptionD", rows=4)
    x = net.input
    three = net.conv("branch3x3_1", x, 192, row=0)
    three = net.conv("branch3x3_2", three, 320, 3, stride=2)
    seven = net.conv("branch7x7x3_1", x, 192, row=1)
    seven = net.line("branch7x7x3_2", seven, 192, 1, 7)
    seven = net.line("branch7x7x3_3", seven, 192, 7, 1, row=2, column=2)
    seven = net.conv("branch7x7x3_4", seven, 192, 3, stride=2)
    net.done(three, seven, net.branch("maxpool", "max_pool", 3, kernel_size=3))
    return [module(net.net), basic_conv(), line_conv()]


def inception_e() -> list[Module]:
    """1×3 and 3×1 side by side, after a 1×1 and after a 3×3."""
    net = Branches("InceptionE", rows=5.4)
    x = net.input
    one = net.conv("branch1x1", x, 320, row=0, column=0.8)
    three = net.conv("branch3x3_1", x, 384, row=1.25, column=1.67)
    three = net.lines("branch3x3", three, "branch3x3_2", 384, column=2.39)
    double = net.conv("branch3x3dbl_1", x, 448, row=3, column=0.8)
    double = net.conv("branch3x3dbl_2", double, 384, 3, padding=1, column=1.67)
    double = net.lines("branch3x3dbl", double, "branch3x3dbl_3", 384, column=2.39)
    pool = net.conv("branch_pool", net.average(4.4, column=0.8), 192, column=1.67)
    net.done(one, three, double, pool, column=4.1)
    return [module(net.net), basic_conv(), line_conv()]


MODULES = (
    ReadyModule(
        "Inception",
        "Inception",
        "Looks at the map through windows of several sizes side by side (1×1, 3×3, 5×5 and a max pool) and stacks what "
        "they find; 1×1 convolutions before the large ones keep it cheap. The original block of GoogLeNet, with batch "
        "norm, as it is used today.",
        _SZEGEDY_2015,
        ("googlenet", "inception v1", "branches", "multi-scale"),
        inception,
    ),
    ReadyModule(
        "InceptionA",
        "Inception A",
        "Four branches: 1×1, 5×5, two 3×3 in place of another 5×5, and an average pool. Inception v3 uses it on its "
        "35×35 maps.",
        _SZEGEDY_2016,
        ("inception v3", "branches", "multi-scale"),
        inception_a,
    ),
    ReadyModule(
        "InceptionB",
        "Inception B",
        "Halves the map without a narrow place: strided convolutions and a max pool side by side, so that the channels "
        "grow as the map shrinks. Inception v3 goes from 35×35 to 17×17 with it.",
        _SZEGEDY_2016,
        ("inception v3", "grid reduction", "downsample"),
        inception_b,
    ),
    ReadyModule(
        "InceptionC",
        "Inception C",
        "Sees 7×7 and 13×13 for little: each 7×7 convolution is a 1×7 and a 7×1 one, 14 weights in place of 49. "
        "Inception v3 uses it on its 17×17 maps.",
        _SZEGEDY_2016,
        ("inception v3", "factorized", "asymmetric", "branches"),
        inception_c,
    ),
    ReadyModule(
        "InceptionD",
        "Inception D",
        "Halves the map once more, with a 7×7 convolution in lines before one of the strided ones. Inception v3 goes "
        "from 17×17 to 8×8 with it.",
        _SZEGEDY_2016,
        ("inception v3", "grid reduction", "downsample", "factorized"),
        inception_d,
    ),
    ReadyModule(
        "InceptionE",
        "Inception E",
        "The widest: 1×3 and 3×1 convolutions side by side, so that many different features come out of a small map. "
        "Inception v3 ends with it, on its 8×8 maps.",
        _SZEGEDY_2016,
        ("inception v3", "factorized", "asymmetric", "branches"),
        inception_e,
    ),
)
