"""LeNet-5, with a full third layer and with the paper's table."""

from __future__ import annotations

from typing import Any

from builder.architectures.base import Architecture
from builder.blocks.connected import LENET5
from builder.document import Document
from builder.shapes import TensorShape
from builder.sketch import Sketch, below

_PAPER = (
    "Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-based learning applied to document recognition, "
    "Proc. IEEE 86, 1998."
)
#: Distance of its rows: it is the first network one sees, and read in a low window too.
_APART = 0.76


def lenet5(input_shape: TensorShape = (1, 28, 28), classes: int = 10) -> Document:
    """LeNet-5 with a full second convolution and linear outputs: 61,706 parameters at 1×28×28.

    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner: Gradient-based learning applied to document recognition,
    Proc. IEEE 86 (1998). Its 32×32 input is a 28×28 digit with a border of 2, here the first padding.
    """
    return _lenet("lenet5", input_shape, classes, "conv", out_channels=16)


def lenet5_c3(input_shape: TensorShape = (1, 28, 28), classes: int = 10) -> Document:
    """LeNet-5 whose second convolution, the paper's layer C3, has the paper's 60 connections of 96 (table I).

    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner: Gradient-based learning applied to document recognition,
    Proc. IEEE 86 (1998). All else is as in ``lenet5``, with the same names: averages without weights and linear
    outputs, where the paper's pooling has two weights for each map and its outputs are distances.
    """
    table = [list(maps) for maps in LENET5]
    return _lenet("lenet5_c3", input_shape, classes, "connected_conv", table=table)


def _lenet(name: str, input_shape: TensorShape, classes: int, second: str, **kernels: Any) -> Document:
    """The network with this block, and these kernels, as the second convolution."""
    net = Sketch()
    x = net.input(input_shape)
    x = net.add("conv1", "conv", x, out_channels=6, kernel_size=5, padding=2)
    x = net.add("tanh1", "tanh", x)
    x = net.add("pool1", "avg_pool", x)
    x = net.add("conv2", second, x, **below(x, _APART), kernel_size=5, **kernels)
    x = net.add("tanh2", "tanh", x)
    x = net.add("pool2", "avg_pool", x)
    x = net.add("flatten", "flatten", x)
    x = net.add("fc1", "linear", x, **below(x, _APART), out_features=120)
    x = net.add("tanh3", "tanh", x)
    x = net.add("fc2", "linear", x, out_features=84)
    x = net.add("tanh4", "tanh", x)
    x = net.add("fc3", "linear", x, **below(x, _APART), out_features=classes)
    net.output(x)
    return Document(name, net.graph, data={"source": "digits"})


ARCHITECTURES = (
    Architecture(
        "lenet5",
        "LeNet-5",
        "First networks",
        lenet5,
        "Convolutions that share their weights and pooling that shrinks the map, learnt end to end, read handwritten "
        "digits: the plan of every network since.",
        _PAPER,
        1998,
        (1, 28, 28),
        10,
    ),
    Architecture(
        "lenet5_c3",
        "LeNet-5 with the paper's C3",
        "First networks",
        lenet5_c3,
        "Each kernel of the third layer reads only some of the six maps, as a table says, so that no two can learn the "
        "same and weights are saved: an early thought of grouped convolutions.",
        _PAPER,
        1998,
        (1, 28, 28),
        10,
    ),
)
