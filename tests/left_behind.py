"""What a window that died leaves behind, made in the same process."""

from __future__ import annotations

import os
from pathlib import Path

from builder import leftovers
from builder.architectures import ARCHITECTURES
from builder.document import Document
from builder.edits import MoveNodes, SetName, apply_all
from builder.keeping import Keeper, Kept
from builder.leftovers import Leftover


def changed() -> Document:
    """LeNet-5 with another name and a node elsewhere."""
    document = ARCHITECTURES["lenet5"].build()
    node = document.network.by_name("conv2")
    assert node is not None
    apply_all(document, [SetName("changed"), MoveNodes("", {node.id: (999.0, 999.0)})])
    return document


def kept(keeper: Keeper, document: Document, path: Path | None, steps: int = 2) -> Path:
    found = keeper.keep(document, path, steps)
    assert isinstance(found, Kept)
    return found.path


def die(keeper: Keeper) -> None:
    """What the end of its process does to a keeper: the system closes what it held."""
    descriptor = keeper.claim._descriptor
    assert descriptor is not None
    os.close(descriptor)
    keeper.claim._descriptor = None


def left(keeper: Keeper, file: Path | None, document: Document | None = None) -> Path:
    """The copy of a window that died."""
    keeper.opened(file)
    copy = kept(keeper, document or changed(), file)
    die(keeper)
    return copy


def found(copies: list[Path], token: str = "") -> tuple[Leftover, ...]:
    return leftovers.survey(copies, token).leftovers


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
