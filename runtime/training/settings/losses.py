"""What counts as an error, and how much."""

from __future__ import annotations

from builder.blocks.parameters import Choice, Real


class Losses:
    """What counts as an error, and how much."""

    label_smoothing = Real(
        0.05,
        minimum=0.0,
        maximum=0.5,
        label="Label smoothing",
        help="Asks for a little less than certainty, which generalises better; the training loss then stays "
        "above zero, while validation and test are judged without it.",
    )
    class_weights = Choice(
        "none",
        ("none", "balanced"),
        label="Class weights",
        help="Balanced: what there is little of counts more, so that it is not passed over. For learning alone; "
        "validation and test count every sample alike.",
    )
    regression_loss = Choice(
        "mse",
        ("mse", "mae", "huber"),
        label="Regression loss",
        help="Where values are learnt: MSE, the squared error, minds a large one most; MAE, the plain one, minds "
        "outliers least; Huber is squared up to one standard deviation and plain beyond it.",
    )
