"""Dense blocks: every layer sees the maps of all layers before it."""

from __future__ import annotations

from builder.document import Module, ModuleParameter
from builder.library.base import ReadyModule, module, ready_part, sketch
from builder.sketch import places

_GROWTH = ModuleParameter("growth_rate", 32, "Channels that each layer adds.")
_BN_SIZE = ModuleParameter("bn_size", 4, "The 1×1 convolution gives so many times the growth rate.")
_HUANG = "G. Huang, Z. Liu, L. van der Maaten and K. Weinberger, Densely connected convolutional networks, CVPR 2017."


def dense_layer() -> list[Module]:
    """Norm, ReLU, 1×1, norm, ReLU, 3×3; its maps stacked on what came in."""
    net = sketch("DenseLayer")
    x = net.input()
    first, second = places(1, 0.8, 0.92), places(2, 1.1, 0.92)
    y = net.add("norm1", "batch_norm", x, **next(first))
    y = net.add("relu1", "relu", y, **next(first))
    y = net.add(
        "conv1", "conv", y, **next(first), out_channels="=bn_size * growth_rate", kernel_size=1, bias=False
    )
    y = net.add("norm2", "batch_norm", y, **next(second))
    y = net.add("relu2", "relu", y, **next(second))
    y = net.add(
        "conv2", "conv", y, **next(second), out_channels="=growth_rate", kernel_size=3, padding=1, bias=False
    )
    net.output(net.add("concat", "concat", x, y, row=0, column=4))
    return [module(net, _GROWTH, _BN_SIZE)]


def dense_block() -> list[Module]:
    """A chain of layers, each of which gives what it got and its own maps."""
    net = sketch("DenseBlock")
    x = net.input()
    x = net.add(
        "denselayer{1}",
        "module:DenseLayer",
        x,
        repeat="=num_layers",
        growth_rate="=growth_rate",
        bn_size="=bn_size",
    )
    net.output(x)
    num_layers = ModuleParameter("num_layers", 6, "Layers in the block: 6, 12, 24, 16 in DenseNet-121.")
    return [module(net, num_layers, _GROWTH, _BN_SIZE), *ready_part(MODULES, "DenseLayer")]


def transition() -> list[Module]:
    """Between dense blocks: half the channels, half the map."""
    net = sketch("Transition")
    x = net.input()
    x = net.add("norm", "batch_norm", x)
    x = net.add("relu", "relu", x)
    x = net.add("conv", "conv", x, out_channels="=out_channels", kernel_size=1, bias=False)
    x = net.add("pool", "avg_pool", x)
    net.output(x)
    return [
        module(net, ModuleParameter("out_channels", 128, "Output channels; half of what arrives, as a rule."))
    ]


MODULES = (
    ReadyModule(
        "DenseLayer",
        "Dense layer",
        "Adds a few maps to those that arrive and passes all of them on, so that every later layer sees every earlier "
        "one and none has to learn again what is known. A 1×1 convolution keeps the 3×3 cheap.",
        _HUANG,
        ("densenet", "concat", "growth rate"),
        dense_layer,
    ),
    ReadyModule(
        "DenseBlock",
        "Dense block",
        "Dense layers in a row: the channels grow by the growth rate with each. DenseNets are made of three or four, "
        "with a transition between.",
        _HUANG,
        ("densenet", "concat", "growth rate"),
        dense_block,
    ),
    ReadyModule(
        "Transition",
        "Dense transition",
        "Stands between dense blocks: a 1×1 convolution halves the channels, an average pool the map.",
        _HUANG,
        ("densenet", "compression", "downsample"),
        transition,
        {"out_channels": "=max(in_channels // 2, 1)"},
    ),
)
