"""What computes, and with which numbers."""

from __future__ import annotations

from builder.blocks.parameters import Choice


class Machine:
    """What computes, and with which numbers."""

    device = Choice(
        "auto", ("auto", "cpu", "cuda"), label="Device", help="Auto takes the GPU where there is one."
    )
    precision = Choice("fp32", ("fp32",), label="Precision", help="The numbers the network computes with.")
