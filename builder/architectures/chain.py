"""Modules that are chains of numbered layers, as an ``nn.Sequential`` is."""

from __future__ import annotations

from typing import Any, NamedTuple

from builder.document import Module, ModuleParameter
from builder.graph import Graph
from builder.shapes import TensorShape
from builder.sketch import Sketch
from builder.spacing import CLOSE, WIDEST

#: How high a chain is at most, in rows, for the shapes on its wires to be read when all of it is in view.
_PAGE = 5.4


def strided(stride: int) -> dict[str, int]:
    """The argument of a block that goes so many pixels on with every step; nothing where it is one."""
    return {} if stride == 1 else {"stride": stride}


def features_and_classifier(input_shape: TensorShape, **pool: Any) -> Graph:
    """A network as torchvision lays it out: ``features``, ``avgpool`` with these parameters, ``classifier``."""
    net = Sketch()
    x = net.add("features", "module:Features", net.input(input_shape))
    x = net.add("avgpool", "adaptive_avg_pool", x, **pool)
    x = net.add("flatten", "flatten", x)
    net.output(net.add("classifier", "module:Classifier", x))
    return net.graph


class _Layer(NamedTuple):
    block: str
    repeat: int
    parameters: dict[str, Any]


class Chain:
    """Layers one behind the other, named 0, 1, 2 … in the order in which they are added.

    ``wrap`` begins a new row of the drawing after so many columns.
    """

    def __init__(self, name: str, *, wrap: int | None = None) -> None:
        self._name = name
        self._wrap = wrap
        self._rows: list[list[_Layer]] = [[]]

    def add(self, block: str, *, repeat: int = 1, **parameters: Any) -> None:
        """The next layer, or ``repeat`` of them, with the block's parameters; none are none."""
        if not repeat:
            return
        input_too = len(self._rows) == 1
        if self._wrap and len(self._rows[-1]) + input_too >= self._wrap:
            self.new_row()
        self._rows[-1].append(_Layer(block, repeat, parameters))

    def new_row(self) -> None:
        """Let the next layer begin a row of the drawing, where a stage begins."""
        if self._rows[-1]:
            self._rows.append([])

    def module(self, *parameters: ModuleParameter, about: str = "") -> Module:
        """The chain as it is drawn, with its output.

        Rows begin below the first layer if all of them have room there, or else below the input; many stand closer.
        """
        net = Sketch(Graph(self._name), wrap=self._wrap)
        x = net.input()
        longest = max([len(self._rows[-1]) + 1, *map(len, self._rows[1:])])
        left = 1 if longest < WIDEST and not self._wrap else 0
        pitch = min(1, max(_PAGE / max(len(self._rows) - 1, 1), CLOSE))
        count = 0
        for number, row in enumerate(self._rows):
            place: dict[str, Any] = {"row": number * pitch, "column": left} if number else {}
            for layer in row:
                x = net.add(str(count), layer.block, x, repeat=layer.repeat, **place, **layer.parameters)
                count += layer.repeat
                place = {}
        net.output(x)
        return Module(self._name, parameters, net.graph, about)
