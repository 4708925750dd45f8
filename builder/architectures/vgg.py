"""VGG."""

from __future__ import annotations

from builder.architectures.base import Architecture
from builder.document import Document, Module
from builder.graph import Graph
from builder.shapes import TensorShape
from builder.sketch import Sketch

#: Kernels of each convolution; "M" is a max pool that halves the map (configuration D of the paper).
VGG16 = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M")


def vgg16(input_shape: TensorShape = (3, 224, 224), classes: int = 1000) -> Document:
    """VGG-16, with torchvision's names and shapes.

    K. Simonyan and A. Zisserman: Very deep convolutional networks for large-scale image recognition, ICLR 2015.
    """
    features = Sketch(Graph("Features"), wrap=6)
    x = features.input()
    number = 0
    for width in VGG16:
        if width == "M":
            x = features.add(str(number), "max_pool", x)
            number += 1
        else:
            x = features.add(str(number), "conv", x, out_channels=width, padding=1)
            x = features.add(str(number + 1), "relu", x)
            number += 2
    features.output(x)

    classifier = Sketch(Graph("Classifier"), wrap=5)
    x = classifier.input()
    for number in (0, 3):
        x = classifier.add(str(number), "linear", x, out_features=4096)
        x = classifier.add(str(number + 1), "relu", x)
        x = classifier.add(str(number + 2), "dropout", x)
    x = classifier.add("6", "linear", x, out_features=classes)
    classifier.output(x)

    net = Sketch()
    x = net.input(input_shape)
    x = net.add("features", "module:Features", x)
    x = net.add("avgpool", "adaptive_avg_pool", x, output_size=7)
    x = net.add("flatten", "flatten", x)
    x = net.add("classifier", "module:Classifier", x)
    net.output(x)
    modules = [Module("Features", (), features.graph), Module("Classifier", (), classifier.graph)]
    return Document("vgg16", net.graph, modules)


ARCHITECTURES = (
    Architecture(
        "vgg16",
        "VGG-16",
        "Deeper",
        vgg16,
        "Nothing but 3×3 convolutions, and many of them: two see as far as a 5×5, with fewer weights and one more "
        "non-linearity.",
        "K. Simonyan and A. Zisserman, Very deep convolutional networks for large-scale image recognition, ICLR 2015.",
        2014,
        origin="torchvision: vgg16",
    ),
)
