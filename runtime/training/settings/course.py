"""How much is learnt from, how long, and by which chance."""

from __future__ import annotations

from builder.blocks.parameters import Integer


class Course:
    """How much is learnt from, how long, and by which chance."""

    batch = Integer(
        32,
        minimum=1,
        maximum=65536,
        label="Batch",
        unit="images",
        help="Images per step: more is smoother and faster per image, and needs more memory.",
    )
    epochs = Integer(
        30, minimum=1, maximum=100_000, label="Epochs", help="How often every training image is seen."
    )
    early_stopping = Integer(
        0,
        minimum=0,
        maximum=100_000,
        unit="epochs",
        label="Early stopping",
        help="Ends the run once so many epochs in a row brought no better validation. 0: it runs to its end.",
    )
    seed = Integer(
        0,
        minimum=0,
        label="Seed",
        help="Fixes the initial weights, the order of the images and dropout: the same seed, the same run.",
    )
