"""A plain fully connected network, to compare with."""

from __future__ import annotations

from builder.architectures.base import Architecture, scaled
from builder.document import Document
from builder.shapes import TensorShape
from builder.sketch import Sketch

#: Units of the hidden layers: the 28×28-300-100-10 that LeCun et al. (1998) compare LeNet-5 with.
HIDDEN = (300, 100)


def mlp(
    input_shape: TensorShape = (1, 28, 28), classes: int = 10, width: float = 1.0, depth: float = 1.0
) -> Document:
    """Fully connected layers on the flattened picture: 300 and 100 hidden units, 266,610 parameters at 1×28×28.

    The network that Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (Proc. IEEE 86, 1998) compare LeNet-5 with, with
    today's ReLU for their tanh. ``width`` scales the units of the hidden layers, ``depth`` their number: 0.5 leaves
    the first alone, and what comes beyond the second is like the second. The names of the layers are LeNet-5's here.
    """
    net = Sketch(wrap=4)
    x = net.input(input_shape)
    x = net.add("flatten", "flatten", x)
    layers = scaled(len(HIDDEN), depth)
    for number in range(1, layers + 1):
        units = HIDDEN[min(number, len(HIDDEN)) - 1]
        x = net.add(f"fc{number}", "linear", x, out_features=scaled(units, width))
        x = net.add(f"relu{number}", "relu", x)
    x = net.add(f"fc{layers + 1}", "linear", x, out_features=classes)
    net.output(x)
    return Document("mlp", net.graph, data={"source": "digits"})


ARCHITECTURES = (
    Architecture(
        "mlp",
        "Multilayer perceptron",
        "First networks",
        mlp,
        "Hidden units that find features of their own by back-propagation; it knows nothing of pictures, so that what "
        "convolutions bring shows beside it.",
        "D. E. Rumelhart, G. E. Hinton and R. J. Williams, Learning representations by back-propagating errors, "
        "Nature 323, 1986.",
        1986,
        (1, 28, 28),
        10,
    ),
)
