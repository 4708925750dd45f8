"""AlexNet."""

from __future__ import annotations

from builder.architectures.base import Architecture
from builder.architectures.chain import Chain, features_and_classifier
from builder.document import Document, Module
from builder.shapes import TensorShape


def _features() -> Module:
    """Five convolutions, of which the first strides, and three pools."""
    net = Chain("Features")
    net.add("conv", out_channels=64, kernel_size=11, stride=4, padding=2)
    net.add("relu")
    net.add("max_pool", kernel_size=3)
    net.new_row()
    net.add("conv", out_channels=192, kernel_size=5, padding=2)
    net.add("relu")
    net.add("max_pool", kernel_size=3)
    net.new_row()
    net.add("conv", out_channels=384, padding=1)
    net.add("relu")
    net.add("conv", out_channels=256, padding=1)
    net.add("relu")
    net.new_row()
    net.add("conv", out_channels=256, padding=1)
    net.add("relu")
    net.add("max_pool", kernel_size=3)
    return net.module(
        about="Five convolutions and three pools: what is seen in a picture, and roughly where."
    )


def _classifier(classes: int) -> Module:
    """Three fully connected layers, with dropout before the first two; a row for each."""
    net = Chain("Classifier")
    for _ in range(2):
        net.new_row()
        net.add("dropout")
        net.add("linear", out_features=4096)
        net.add("relu")
    net.new_row()
    net.add("linear", out_features=classes)
    return net.module(about="Three fully connected layers, which hold nearly all weights of the network.")


def alexnet(input_shape: TensorShape = (3, 224, 224), classes: int = 1000) -> Document:
    """AlexNet on one GPU, with torchvision's names and shapes.

    A. Krizhevsky, I. Sutskever and G. E. Hinton: ImageNet classification with deep convolutional neural networks,
    NIPS 2012, in the variant of A. Krizhevsky: One weird trick for parallelizing convolutional neural networks, 2014:
    64, 192, 384, 256 and 256 kernels, none of which is split between two GPUs, and no response normalisation.
    The adaptive pool is torchvision's, so that pictures of any size from 63×63 on do.
    """
    graph = features_and_classifier(input_shape, output_size=6)
    return Document("alexnet", graph, [_features(), _classifier(classes)])


ARCHITECTURES = (
    Architecture(
        "alexnet",
        "AlexNet",
        "Deeper",
        alexnet,
        "Learnt on GPUs from a million pictures, with ReLU and dropout, it erred on 15 % of ImageNet with five "
        "guesses, the best before it on 26 %: deep learning began to be believed.",
        "A. Krizhevsky, I. Sutskever and G. E. Hinton, ImageNet classification with deep convolutional neural "
        "networks, NIPS 2012; drawn as in A. Krizhevsky, One weird trick for parallelizing convolutional neural "
        "networks, 2014.",
        2012,
        origin="torchvision: alexnet",
    ),
)
