"""The built-in architectures: each a function that returns a document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.architectures import lenet, mobilenet, resnet, vgg
from builder.document import Document
from builder.errors import Problem
from builder.shapes import TensorShape

__all__ = ["ARCHITECTURES", "Architecture", "open_document"]


@dataclass(frozen=True, slots=True)
class Architecture:
    """A built-in network: what it is called, where it comes from, and how it is drawn."""

    name: str
    title: str
    build: Callable[..., Document]
    source: str
    default_input: TensorShape
    default_classes: int

    def describe(self) -> dict[str, Any]:
        """What ``architectures --json`` says of it; the parameters are counted by the analysis."""
        from builder.analysis import analyze

        totals = analyze(self.build()).totals
        return {
            "name": self.name,
            "title": self.title,
            "parameters": totals.parameters,
            "flops": totals.flops,
            "default_input": list(self.default_input),
            "default_classes": self.default_classes,
            "source": self.source,
        }


def _entries() -> list[Architecture]:
    return [
        Architecture("lenet5", "LeNet-5", lenet.lenet5, "LeCun et al. 1998, Proc. IEEE 86", (1, 28, 28), 10),
        Architecture("vgg16", "VGG-16", vgg.vgg16, "Simonyan & Zisserman, ICLR 2015", (3, 224, 224), 1000),
        Architecture("resnet18", "ResNet-18", resnet.resnet18, "He et al., CVPR 2016", (3, 224, 224), 1000),
        Architecture(
            "mobilenet_v1", "MobileNet v1", mobilenet.mobilenet_v1, "Howard et al. 2017", (3, 224, 224), 1000
        ),
    ]


ARCHITECTURES: Mapping[str, Architecture] = {entry.name: entry for entry in _entries()}


def open_document(name_or_path: str) -> Document | list[Problem]:
    """A built-in architecture by name, or a document from a file; a file of that name comes first."""
    from builder.reading import load

    path = Path(name_or_path)
    if name_or_path in ARCHITECTURES and not path.is_file():
        return ARCHITECTURES[name_or_path].build()
    if not path.suffix and not path.exists():
        known = ", ".join(ARCHITECTURES)
        return [
            Problem(
                "no-such-file",
                "A network is a document, or the name of a built-in architecture",
                f"'{name_or_path}' is neither",
                f"The architectures are {known}.",
            )
        ]
    return load(path)
