"""Ready modules: networks one places like a block; the definition comes into the document with the first one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from builder.document import Document, Module, module_name
from builder.edits import AddModule
from builder.library import convnext, dense, inception, mobile, residual, separable, temporal, unet
from builder.library.base import ReadyModule

__all__ = ["LIBRARY", "ReadyModule", "bring_in", "module_for", "part_names"]

#: In the order of the palette.
_FAMILIES = (separable, residual, mobile, inception, dense, convnext, unet, temporal)

LIBRARY: Mapping[str, ReadyModule] = {ready.name: ready for family in _FAMILIES for ready in family.MODULES}


@cache
def part_names(name: str) -> tuple[str, ...]:
    """The names of the modules that come into a document with a ready module, its own first."""
    return tuple([module.name for module in LIBRARY[name].build()])


def module_for(document: Document, block: str) -> Module | None:
    """The module a block id places: the document's own, or the library's that would come in with it."""
    found = document.module_of(block)
    ready = LIBRARY.get(module_name(block) or "")
    return ready.build()[0] if found is None and ready is not None else found


def bring_in(document: Document, block: str) -> list[AddModule]:
    """The edits that add a ready module, and what it is made of, to a document that lacks them.

    A module of that name that is there already is used as it is: one edits it, and all instances follow.
    """
    ready = LIBRARY.get(module_name(block) or "")
    if ready is None or ready.name in document.modules:
        return []
    return [AddModule(module) for module in ready.build() if module.name not in document.modules]
