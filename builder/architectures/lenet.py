"""LeNet-5."""

from __future__ import annotations

from builder.architectures.base import Architecture
from builder.document import Document
from builder.shapes import TensorShape
from builder.sketch import Sketch


def lenet5(input_shape: TensorShape = (1, 28, 28), classes: int = 10) -> Document:
    """LeNet-5 with a full second convolution and linear outputs: 61,706 parameters at 1×28×28.

    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner: Gradient-based learning applied to document recognition,
    Proc. IEEE 86 (1998). Its 32×32 input is a 28×28 digit with a border of 2, here the first padding.
    """
    net = Sketch(wrap=5)
    x = net.input(input_shape)
    x = net.add("conv1", "conv", x, out_channels=6, kernel_size=5, padding=2)
    x = net.add("tanh1", "tanh", x)
    x = net.add("pool1", "avg_pool", x)
    x = net.add("conv2", "conv", x, out_channels=16, kernel_size=5)
    x = net.add("tanh2", "tanh", x)
    x = net.add("pool2", "avg_pool", x)
    x = net.add("flatten", "flatten", x)
    x = net.add("fc1", "linear", x, out_features=120)
    x = net.add("tanh3", "tanh", x)
    x = net.add("fc2", "linear", x, out_features=84)
    x = net.add("tanh4", "tanh", x)
    x = net.add("fc3", "linear", x, out_features=classes)
    net.output(x)
    return Document("lenet5", net.graph, data={"source": "digits"})


ARCHITECTURES = (
    Architecture(
        "lenet5",
        "LeNet-5",
        "First networks",
        lenet5,
        "Convolutions that share their weights and pooling that shrinks the map, learnt end to end, read handwritten "
        "digits: the plan of every network since.",
        "Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-based learning applied to document recognition, "
        "Proc. IEEE 86, 1998.",
        1998,
        (1, 28, 28),
        10,
    ),
)
