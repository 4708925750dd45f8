"""The built-in architectures: each a function that returns a document."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from builder.architectures import (
    alexnet,
    convnext,
    darknet,
    densenet,
    efficientnet,
    inception,
    inception_resnet,
    inception_v4,
    lenet,
    mlp,
    mnasnet,
    mobilenet,
    nin,
    resnet,
    resnet_cifar,
    shufflenet,
    squeezenet,
    tcn,
    unet,
    vgg,
    xception,
)
from builder.architectures.base import Architecture
from builder.document import Document
from builder.errors import Problem

__all__ = ["ARCHITECTURES", "Architecture", "open_document"]

#: In the order of the gallery: as a course goes through them.
_FAMILIES = (
    lenet,
    mlp,
    alexnet,
    nin,
    vgg,
    inception,
    resnet,
    resnet_cifar,
    densenet,
    inception_v4,
    inception_resnet,
    xception,
    squeezenet,
    darknet,
    mobilenet,
    shufflenet,
    mnasnet,
    efficientnet,
    convnext,
    unet,
    tcn,
)

ARCHITECTURES: Mapping[str, Architecture] = {
    entry.name: entry for family in _FAMILIES for entry in family.ARCHITECTURES
}


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
