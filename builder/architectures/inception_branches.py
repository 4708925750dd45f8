"""What Inception v4 and Inception-ResNet v2 share: branches that are chains of numbers, as in timm, and the end."""

from __future__ import annotations

from builder.architectures.chain import Chain
from builder.document import Module, ModuleParameter
from builder.library.base import OUT_CHANNELS, STRIDE, module
from builder.library.inception import Branches, basic_conv, inception_branch, line_conv
from builder.sketch import Sketch, Wire

SZEGEDY_2017 = (
    "C. Szegedy, S. Ioffe, V. Vanhoucke and A. Alemi, Inception-v4, Inception-ResNet and the impact of residual "
    "connections on learning, AAAI 2017."
)
_REDUCED = ModuleParameter("reduced", 64, "Channels after the 1×1 convolution.")
_BETWEEN = ModuleParameter("between", 96, "Channels between the windows behind it.")


def shared_parts() -> list[Module]:
    """The branches of both networks, and what these are made of."""
    return [
        inception_branch(), double_branch(), shrinking_branch(), line_branch(), average_branch(), basic_conv(),
        line_conv(),
    ]  # fmt: skip


def classifier(net: Sketch, x: Wire, name: str, classes: int) -> None:
    """The end of both networks; timm leaves the paper's dropout of 0.2 off."""
    x = net.add("global_pool", "adaptive_avg_pool", x)
    x = net.add("flatten", "flatten", x)
    x = net.add("head_drop", "dropout", x, p=0.0)
    net.output(net.add(name, "linear", x, out_features=classes))


def double_branch() -> Module:
    """1×1, then two 3×3, of which the second may halve the map."""
    branch = Chain("DoubleBranch")
    branch.add("module:BasicConv", out_channels="=reduced")
    branch.add("module:BasicConv", out_channels="=between", kernel_size=3, padding=1)
    branch.add(
        "module:BasicConv", out_channels="=out_channels", kernel_size=3, stride="=stride",
        padding="=1 if stride == 1 else 0",
    )  # fmt: skip
    stride = ModuleParameter("stride", 1, "2 halves the map, which then gets no border.")
    return branch.module(_REDUCED, _BETWEEN, OUT_CHANNELS, stride, about="1×1, then two 3×3, which see 5×5.")


def shrinking_branch() -> Module:
    """1×1, then 3×3 without a border."""
    branch = Chain("ShrinkingBranch")
    branch.add("module:BasicConv", out_channels="=reduced")
    branch.add("module:BasicConv", out_channels="=out_channels", kernel_size=3, stride="=stride")
    return branch.module(_REDUCED, OUT_CHANNELS, STRIDE, about="1×1, then a 3×3 without a border.")


def line_branch() -> Module:
    """1×1, then a window taken apart into a row and a column."""
    branch = Chain("LineBranch")
    _row_and_column(branch, "=size", "=out_channels")
    size = ModuleParameter("size", 7, "Side of the window; odd.")
    return branch.module(
        _REDUCED, _BETWEEN, OUT_CHANNELS, size, about="1×1, then a window as a row and a column, 1×7 and 7×1."
    )


def reduction(name: str, direct: int, reduced: int, between: int, out_channels: int, about: str) -> Module:
    """Halves the map: a 3×3 with ``direct`` channels, 1×1 and two 3×3 with the three others, a max pool."""
    net = Branches(name, rows=3)
    double = {"reduced": reduced, "between": between, "out_channels": out_channels}
    net.done(
        net.conv("branch0", net.input, direct, 3, stride=2, row=0),
        net.branch("branch1", "module:DoubleBranch", 1, stride=2, **double),
        net.branch("branch2", "max_pool", 2, kernel_size=3),
    )
    return module(net.net, about=about)


def shrinking_line_branch() -> Module:
    """1×1, 1×7, 7×1, then 3×3 without a border."""
    branch = Chain("ShrinkingLineBranch")
    _row_and_column(branch, 7, "=between_later")
    branch.add("module:BasicConv", out_channels="=out_channels", kernel_size=3, stride="=stride")
    later = ModuleParameter("between_later", 96, "Channels after the 7×1 convolution.")
    return branch.module(
        _REDUCED,
        _BETWEEN,
        later,
        OUT_CHANNELS,
        STRIDE,
        about="1×1, 1×7 and 7×1, then a 3×3 without a border.",
    )


def _row_and_column(branch: Chain, size: int | str, out_channels: str) -> None:
    """1×1, 1×size, size×1."""
    branch.add("module:BasicConv", out_channels="=reduced")
    branch.add("module:LineConv", out_channels="=between", height=1, width=size)
    branch.add("module:LineConv", out_channels=out_channels, height=size, width=1)


def average_branch() -> Module:
    """A 3×3 average that leaves the border out, and a 1×1 convolution."""
    branch = Chain("AverageBranch")
    branch.add("avg_pool", kernel_size=3, stride=1, padding=1, count_include_pad=False)
    branch.add("module:BasicConv", out_channels="=out_channels")
    return branch.module(OUT_CHANNELS, about="An average that keeps the size, and a 1×1 convolution.")
