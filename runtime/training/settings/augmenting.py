"""How training pictures are varied, anew in each epoch."""

from __future__ import annotations

from builder.blocks.parameters import Real


class Augmenting:
    """How training pictures are varied, anew in each epoch."""

    shift = Real(
        0.07,
        minimum=0.0,
        maximum=0.5,
        label="Random shift",
        help="Moves each training picture by up to this share of its size, anew in each epoch (0.07 of 28 pixels "
        "is 2): the network learns the shape, not the place. 0 leaves the pictures where they are.",
    )
