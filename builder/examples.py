"""Documents that are ready to train: a network with data and with settings that suit both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from builder.architectures import ARCHITECTURES, Architecture
from builder.document import Document
from builder.edits import SetName, SetSettings, apply_all


@dataclass(frozen=True, eq=False)
class Example:
    """An architecture as it is to be trained, and one line about what is to be seen in it.

    ``options`` are what the architecture is built with, ``data`` and ``training`` the document's settings.
    """

    name: str
    title: str
    about: str
    architecture: str
    options: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=lambda: {"source": "digits"})
    training: Mapping[str, Any] = field(default_factory=dict)

    @property
    def entry(self) -> Architecture:
        """What it is an example of."""
        return ARCHITECTURES[self.architecture]

    def build(self) -> Document:
        """The document, new with every call."""
        document = self.entry.build(**self.options)
        settings = [SetSettings("data", dict(self.data)), SetSettings("training", dict(self.training))]
        apply_all(document, [SetName(self.name), *settings])
        return document


EXAMPLES: tuple[Example, ...] = (
    Example(
        "lenet5-digits",
        "LeNet-5 on digits",
        "Handwritten digits, learnt while you watch its maps.",
        "lenet5",
    ),
    Example(
        "mlp-digits",
        "Perceptron on digits",
        "The same digits without convolutions: compare.",
        "mlp",
    ),
    Example(
        "resnet20-digits",
        "ResNet-20 on digits",
        "Shortcuts and batch norm, twenty layers deep.",
        "resnet20",
        {"input_shape": (1, 28, 28), "classes": 10, "width": 0.5},
        training={"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 1e-4, "epochs": 15},
    ),
    Example(
        "unet-shapes",
        "U-Net on shapes",
        "Which pixels are disc, square or triangle.",
        "unet",
        {"input_shape": (3, 64, 64), "classes": 4, "width": 0.125, "levels": 3},
        {"source": "shapes"},
        # Most of each picture is background: the shapes count as much, so that they are told apart early.
        {
            "learning_rate": 4e-3,
            "batch": 8,
            "epochs": 16,
            "label_smoothing": 0.0,
            "class_weights": "balanced",
        },
    ),
    Example(
        "tcn-waves",
        "TCN on waves",
        "Sines and squares told apart in noise.",
        "tcn",
        {"input_shape": (3, 128), "classes": 4, "hidden": 16, "levels": 5, "kernel_size": 5, "norm": True},
        {"source": "waves"},
        {"learning_rate": 5e-3, "batch": 16, "epochs": 15},
    ),
    Example(
        "resnet20-cifar10",
        "ResNet-20 on CIFAR-10",
        "The paper's settings; fetches 170 MB.",
        "resnet20",
        data={"source": "cifar10"},
        # Section 4.2 of He et al. (2016), whose rate falls in steps; a cosine over the same epochs serves as well.
        training={
            "optimizer": "sgd",
            "learning_rate": 0.1,
            "momentum": 0.9,
            "weight_decay": 1e-4,
            "schedule": "cosine",
            "label_smoothing": 0.0,
            "batch": 128,
            "epochs": 164,
            "shift": 0.125,
            "border": "black",
            "flip": "horizontal",
        },
    ),
)
