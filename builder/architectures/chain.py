"""Modules that are chains of numbered layers, as an ``nn.Sequential`` is."""

from __future__ import annotations

from typing import Any

from builder.document import Module, ModuleParameter
from builder.graph import Graph
from builder.sketch import Sketch


def strided(stride: int) -> dict[str, int]:
    """The argument of a block that goes so many pixels on with every step; nothing where it is one."""
    return {} if stride == 1 else {"stride": stride}


class Chain:
    """Layers one behind the other, named 0, 1, 2 … in the order in which they are added."""

    def __init__(self, name: str, *, wrap: int | None = None) -> None:
        self._net = Sketch(Graph(name), wrap=wrap)
        self._end = self._net.input()
        self._count = 0
        self._place: dict[str, Any] = {}

    def add(self, block: str, *, repeat: int = 1, **parameters: Any) -> None:
        """The next layer, or ``repeat`` of them, with the block's parameters; none are none."""
        if repeat:
            place = {**self._place, "repeat": repeat}
            self._end = self._net.add(str(self._count), block, self._end, **place, **parameters)
            self._count += repeat
            self._place = {}

    def new_row(self) -> None:
        """Let the next layer stand below the first, where a stage begins."""
        if self._count:
            self._place = {"column": 1, "row": self._end.row + 1}

    def module(self, *parameters: ModuleParameter, about: str = "") -> Module:
        """What was drawn, with its output."""
        self._net.output(self._end)
        return Module(self._net.graph.key, parameters, self._net.graph, about)
