"""Residual blocks over time."""

from __future__ import annotations

from builder.document import Module, ModuleParameter
from builder.library.base import ReadyModule, module, sketch
from builder.library.residual import WIDTH
from builder.sketch import Sketch, Wire


def _layer(net: Sketch, number: int, x: Wire, row: int) -> Wire:
    """Pad before the first moment, or on both sides; convolution, norm, ReLU, dropout."""
    span = "(kernel_size - 1) * dilation"
    # The second row stands closer together, and so clear of the shortcut's wire on its left.
    columns = iter([1 + 0.4 * row + (1 - 0.1 * row) * place for place in range(5)])
    x = net.add(
        f"pad{number}", "pad", x, row=row, column=next(columns), when="causal", padding=[[f"={span}", 0]]
    )
    x = net.add(
        f"conv{number}", "conv", x, column=next(columns), out_channels="=width", kernel_size="=kernel_size",
        dilation="=dilation", padding=f"=0 if causal else {span} // 2", bias="=not norm",
    )  # fmt: skip
    x = net.add(f"bn{number}", "batch_norm", x, column=next(columns), when="norm")
    x = net.add(f"relu{number}", "relu", x, column=next(columns))
    return net.add(f"dropout{number}", "dropout", x, column=next(columns), p="=dropout")


def temporal_block() -> list[Module]:
    """Two dilated convolutions beside a shortcut."""
    net = sketch("TemporalBlock")
    x = net.input()
    y = _layer(net, 1, x, 0)
    y = _layer(net, 2, y, 1)
    shortcut = net.add(
        "downsample",
        "conv",
        x,
        row=2,
        column=1,
        when="in_channels != width",
        out_channels="=width",
        kernel_size=1,
    )
    y = net.add("add", "add", y, shortcut, row=2, column=2.5)
    net.output(net.add("relu", "relu", y))
    return [
        module(
            net,
            WIDTH,
            ModuleParameter("kernel_size", 3, "Steps of time that each convolution sees."),
            ModuleParameter(
                "dilation",
                1,
                "Spacing of these steps: 1, 2, 4, 8, … from block to block doubles what is seen.",
            ),
            ModuleParameter(
                "causal", True, "See the past alone, as in forecasting; off: both sides, with an odd kernel."
            ),
            ModuleParameter("norm", True, "Batch norm behind each convolution."),
            ModuleParameter("dropout", 0.2, "Share of the numbers that are dropped out while training."),
        )
    ]


MODULES = (
    ReadyModule(
        "TemporalBlock",
        "Temporal residual",
        "Two dilated convolutions over time beside a shortcut. Causal, an output sees its own moment and the past, "
        "never the future. With the dilation doubled from block to block a few blocks see thousands of steps: sound, "
        "sensors, forecasts. The paper normalises the weights; here it is a batch norm, or nothing.",
        "S. Bai, J. Z. Kolter and V. Koltun, An empirical evaluation of generic convolutional and recurrent networks "
        "for sequence modeling, 2018.",
        ("tcn", "causal", "dilated", "sequence", "time series", "wavenet", "residual"),
        temporal_block,
        {"width": "=in_channels"},
    ),
)
