"""What a family of ready modules is declared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from builder.document import MODULE_PREFIX, Module, ModuleParameter
from builder.graph import Graph
from builder.sketch import Sketch


@dataclass(frozen=True, slots=True)
class ReadyModule:
    """A module of the library: what the palette says of it, and how it is drawn.

    ``draw`` gives the module itself first, then those it is made of. ``placed``: what its parameters are set to when
    it comes out of the palette, where an expression of what arrives (``=in_channels``) fits better than a number.
    """

    name: str
    title: str
    about: str
    source: str
    search: tuple[str, ...]
    draw: Callable[[], list[Module]]
    placed: Mapping[str, Any] = field(default_factory=dict)
    category: str = "Modules"

    @property
    def block(self) -> str:
        """The block id by which it is placed."""
        return MODULE_PREFIX + self.name

    @property
    def description(self) -> str:
        """What it is, when one uses it, and who thought of it."""
        return f"{self.about} {self.source}".rstrip()

    def build(self) -> list[Module]:
        """New graphs, ready to be put into a document."""
        module, *parts = self.draw()
        return [replace(module, description=self.description), *parts]


def ready_part(family: tuple[ReadyModule, ...], name: str) -> list[Module]:
    """A module of a family that another one is made of, with its description."""
    return next(ready for ready in family if ready.name == name).build()


def sketch(name: str, *, wrap: int | None = None) -> Sketch:
    """An empty module to draw in."""
    return Sketch(Graph(name), wrap=wrap)


def module(net: Sketch, *parameters: ModuleParameter, about: str = "") -> Module:
    """What was drawn, as a module with these parameters."""
    return Module(net.graph.key, parameters, net.graph, about)


#: Parameters that many have.
STRIDE = ModuleParameter("stride", 1, "2 halves the map.")
OUT_CHANNELS = ModuleParameter("out_channels", 64, "Output channels.")
