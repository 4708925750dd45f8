"""Temporal convolutional network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from builder.architectures.base import Architecture
from builder.architectures.chain import Chain
from builder.document import Document, Module
from builder.library import LIBRARY
from builder.shapes import TensorShape
from builder.sketch import Sketch

#: How many blocks stand beside each other.
ROW = 4


def tcn(
    input_shape: TensorShape = (1, 784),
    classes: int = 10,
    hidden: int = 25,
    levels: int = 8,
    kernel_size: int = 7,
    dropout: float = 0.05,
    norm: bool = False,
) -> Document:
    """Temporal convolutional network for sequential MNIST: digits read pixel by pixel, told at the last one.

    S. Bai, J. Z. Kolter and V. Koltun: An empirical evaluation of generic convolutional and recurrent networks for
    sequence modeling, 2018. The layers have the names of the authors' TemporalConvNet. They write each kernel as a
    direction times a length (weight normalisation); here it is the kernel itself, which gives the same functions:
    their weights, multiplied out, load here. ``norm`` puts a batch norm behind each convolution instead. While
    training it averages over all moments, those to come among them; in use an output knows the past alone.
    Each output sees 1 + 2 · (kernel_size - 1) · (2^levels - 1) moments. ``hidden`` is the channels of each block.
    """
    block = _with_defaults(
        LIBRARY["TemporalBlock"].build()[0],
        {"width": hidden, "kernel_size": kernel_size, "dropout": float(dropout), "norm": norm},
    )
    blocks = Chain("TemporalConvNet")
    for level in range(levels):
        if level % ROW == 0:
            blocks.new_row()
        blocks.add(block.block, dilation=2**level)
    net = Sketch()
    x = net.input(input_shape)
    x = net.add("network", "module:TemporalConvNet", x)
    x = net.add("last", "slice", x, dim=2, start=-1)
    x = net.add("flatten", "flatten", x)
    x = net.add("linear", "linear", x, out_features=classes)
    net.output(x)
    about = "Residual blocks whose dilation doubles from one to the next."
    return Document("tcn", net.graph, [blocks.module(about=about), block])


def _with_defaults(module: Module, values: Mapping[str, int | bool | float]) -> Module:
    """The module with these defaults, so that what is drawn says only where its instances differ."""
    parameters = [replace(p, default=values.get(p.name, p.default)) for p in module.parameters]
    return replace(module, parameters=tuple(parameters))


ARCHITECTURES = (
    Architecture(
        "tcn",
        "TCN",
        "Sequences",
        tcn,
        "Causal convolutions with doubling gaps see a thousand steps back in a few layers, all moments at once, and "
        "match recurrent networks on their own ground.",
        "S. Bai, J. Z. Kolter and V. Koltun, An empirical evaluation of generic convolutional and recurrent networks "
        "for sequence modeling, 2018.",
        2018,
        (1, 784),
        10,
    ),
)
