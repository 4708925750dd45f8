"""Residual blocks: layers that learn what is to be added to their input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from builder.document import Module, ModuleParameter
from builder.library.base import STRIDE, ReadyModule, module, ready_part, sketch
from builder.sketch import Sketch, Wire, places

WIDTH = ModuleParameter("width", 64, "Channels of the block.")
#: When the shortcut cannot be the input itself.
CHANGES = "stride != 1 or in_channels != width"
_BOTTLENECK_PARAMETERS = (
    ModuleParameter("width", 64, "Channels of the 3×3 convolution; the block gives expansion · width."),
    STRIDE,
    ModuleParameter("expansion", 4, "How many times wider the output is than the 3×3 convolution."),
    ModuleParameter(
        "groups", 1, "Groups of the 3×3 convolution; 32 with width 128 and expansion 2 is ResNeXt."
    ),
)
_HE = "K. He, X. Zhang, S. Ren and J. Sun, Deep residual learning for image recognition, CVPR 2016."


def projection() -> Module:
    """A strided 1×1 convolution that brings the shortcut to the block's shape (the paper's option B)."""
    net = sketch("Projection")
    x = net.input()
    x = net.add("0", "conv", x, out_channels="=width", kernel_size=1, stride="=stride", bias=False)
    x = net.add("1", "batch_norm", x)
    net.output(x)
    about = "A 1×1 convolution that brings a shortcut to the shape of what it is added to."
    return module(net, WIDTH, STRIDE, about=about)


def zero_padded_shortcut() -> list[Module]:
    """Every so-manieth pixel, and channels of zeros on both sides (the paper's option A)."""
    net = sketch("ZeroPaddedShortcut")
    x = net.input()
    x = net.add("subsample", "avg_pool", x, when="stride != 1", kernel_size=1, stride="=stride")
    more = "width - in_channels"
    x = net.add(
        "pad", "pad_channels", x, when="in_channels != width", before=f"=({more}) // 2",
        after=f"=({more} + 1) // 2",
    )  # fmt: skip
    net.output(x)
    about = "Takes every so-manieth pixel and adds channels of zeros: a shortcut without weights."
    return [module(net, WIDTH, STRIDE, about=about)]


class Shortcut(NamedTuple):
    """What stands beside a block where the shape changes: the node's name, its module, and how that is drawn."""

    name: str
    module: str
    parts: Callable[[], list[Module]]


PROJECTED = Shortcut("downsample", "Projection", lambda: [projection()])
ZERO_PADDED = Shortcut("shortcut", "ZeroPaddedShortcut", lambda: ready_part(MODULES, "ZeroPaddedShortcut"))


def _indented(row: int) -> Iterator[dict[str, Any]]:
    """A row below the first: it stands closer together, clear of the shortcut's wire on its left."""
    return places(row, 1.32, 0.92)


def two_convolutions(net: Sketch, x: Wire, second: Iterator[dict[str, Any]]) -> Wire:
    """The residual of a basic block, over two rows; ``second``: the places along the lower one."""
    y = net.add(
        "conv1", "conv", x, out_channels="=width", kernel_size=3, stride="=stride", padding=1, bias=False
    )
    y = net.add("bn1", "batch_norm", y)
    y = net.add("relu", "relu", y)
    y = net.add(
        "conv2", "conv", y, **next(second), out_channels="=width", kernel_size=3, padding=1, bias=False
    )
    return net.add("bn2", "batch_norm", y, **next(second))


def draw_basic_block(name: str, shortcut: Shortcut) -> list[Module]:
    """Two 3×3 convolutions beside a shortcut."""
    net = sketch(name)
    x = net.input()
    line = _indented(1)
    y = two_convolutions(net, x, line)
    carried = net.add(
        shortcut.name, f"module:{shortcut.module}", x, **next(_indented(2)), when=CHANGES, width="=width",
        stride="=stride",
    )  # fmt: skip
    y = net.add("add", "add", y, carried, **next(line))
    y = net.add("relu2", "relu", y, **next(line))
    net.output(y, **next(line))
    return [module(net, WIDTH, STRIDE), *shortcut.parts()]


def basic_block() -> list[Module]:
    """A basic block whose shortcut is projected where the shape changes."""
    return draw_basic_block("BasicBlock", PROJECTED)


def zero_padded_block() -> list[Module]:
    """A basic block whose shortcut has no weights."""
    return draw_basic_block("ZeroPaddedBlock", ZERO_PADDED)


def draw_bottleneck(name: str, shortcut: Shortcut, *, gated: bool = False) -> list[Module]:
    """1×1 down, 3×3, 1×1 up, beside a shortcut.

    With ``gated`` the module SqueezeExcitation weighs the channels before the shortcut is added.
    """
    net = sketch(name)
    x = net.input()
    y = net.add("conv1", "conv", x, out_channels="=width", kernel_size=1, bias=False)
    y = net.add("bn1", "batch_norm", y)
    y = net.add("relu", "relu", y)
    second, third, beside = (_indented(row) for row in (1, 2, 3))
    y = net.add(
        "conv2", "conv", y, **next(second), out_channels="=width", kernel_size=3, stride="=stride", padding=1,
        groups="=groups", bias=False,
    )  # fmt: skip
    y = net.add("bn2", "batch_norm", y, **next(second))
    y = net.add("relu2", "relu", y, **next(second))
    y = net.add(
        "conv3", "conv", y, **next(third), out_channels="=expansion * width", kernel_size=1, bias=False
    )
    y = net.add("bn3", "batch_norm", y, **next(third))
    carried = net.add(
        shortcut.name, f"module:{shortcut.module}", x, **next(beside),
        when="stride != 1 or in_channels != expansion * width", width="=expansion * width", stride="=stride",
    )  # fmt: skip
    if gated:
        y = net.add(
            "se", "module:SqueezeExcitation", y, **next(third), squeeze_channels="=max(in_channels // 16, 1)"
        )
        next(beside)  # the sum stands under the gate
        third = beside
    y = net.add("add", "add", y, carried, **next(third))
    y = net.add("relu3", "relu", y, **next(third))
    net.output(y, **next(third))
    return [module(net, *_BOTTLENECK_PARAMETERS), *shortcut.parts()]


def bottleneck() -> list[Module]:
    """A bottleneck with a projected shortcut; the stride is in the 3×3, as in torchvision."""
    return draw_bottleneck("Bottleneck", PROJECTED)


def zero_padded_bottleneck() -> list[Module]:
    """A bottleneck whose shortcut has no weights."""
    return draw_bottleneck("ZeroPaddedBottleneck", ZERO_PADDED)


MODULES: tuple[ReadyModule, ...] = (
    ReadyModule(
        "BasicBlock",
        "Basic block",
        "Two 3×3 convolutions beside a shortcut that adds the input to what they give, so that they need only learn "
        "the difference and gradients get through. The shortcut is the input itself, or a 1×1 projection where stride "
        "or width change the shape. What ResNet-18 and ResNet-34 are made of.",
        _HE,
        ("residual", "resnet", "shortcut", "skip", "identity", "projection"),
        basic_block,
        {"width": "=in_channels"},
    ),
    ReadyModule(
        "ZeroPaddedBlock",
        "Basic block, zero-padded",
        "A basic block whose shortcut has no weights where the shape changes: it takes every second pixel and adds "
        "channels of zeros on both sides. The ResNets for CIFAR (ResNet-20 to ResNet-110) are made of it.",
        f"The paper's option A: {_HE}",
        ("residual", "resnet", "cifar", "option a", "zero padding", "shortcut", "skip"),
        zero_padded_block,
        {"width": "=in_channels"},
    ),
    ReadyModule(
        "ZeroPaddedShortcut",
        "Zero-padded shortcut",
        "Brings a shortcut to another width and half the size without a single weight: every second pixel, and "
        "channels of zeros on both sides.",
        f"Option A of {_HE}",
        ("residual", "resnet", "cifar", "identity", "subsample"),
        zero_padded_shortcut,
        {"width": "=2 * in_channels", "stride": 2},
    ),
    ReadyModule(
        "Bottleneck",
        "Bottleneck",
        "A residual block that narrows the map with a 1×1 convolution, works on it with a 3×3, and widens it again: "
        "deep networks for little. The shortcut is projected where the shape changes. ResNet-50 and deeper; with "
        "groups it is ResNeXt's block.",
        _HE,
        ("residual", "resnet", "resnext", "shortcut", "skip", "projection"),
        bottleneck,
        {"width": "=max(in_channels // 4, 1)"},
    ),
    ReadyModule(
        "ZeroPaddedBottleneck",
        "Bottleneck, zero-padded",
        "A bottleneck whose shortcut has no weights where the shape changes: it takes every second pixel and adds "
        "channels of zeros on both sides.",
        f"The paper's option A: {_HE}",
        ("residual", "resnet", "option a", "zero padding", "shortcut", "skip"),
        zero_padded_bottleneck,
        {"width": "=max(in_channels // 4, 1)"},
    ),
)
