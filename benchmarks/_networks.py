"""Networks that benchmarks draw where none of the built-in ones is of the size."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.document import Document


def small_vgg(widths: tuple[int, ...] = (16, 32, 64)) -> Document:
    """Pairs of 3×3 convolutions with batch normalisation, halved by max pooling, for 1×28×28 and ten classes."""
    from builder.document import Document
    from builder.sketch import Sketch

    net = Sketch()
    x = net.input((1, 28, 28))
    for stage, width in enumerate(widths, 1):
        for layer in ("a", "b"):
            x = net.add(f"conv{stage}{layer}", "conv", x, out_channels=width, padding=1, bias=False)
            x = net.add(f"norm{stage}{layer}", "batch_norm", x)
            x = net.add(f"relu{stage}{layer}", "relu", x)
        x = net.add(f"pool{stage}", "max_pool", x)
    x = net.add("flatten", "flatten", x)
    net.output(net.add("fc", "linear", x, out_features=10))
    return Document("small_vgg", net.graph, data={"source": "fashion-mnist"})
