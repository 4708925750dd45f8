"""How a gradient becomes a step."""

from __future__ import annotations

from builder.blocks.parameters import Choice, Real


class Optimisation:
    """How a gradient becomes a step."""

    optimizer = Choice(
        "adam",
        ("sgd", "adam", "adamw"),
        label="Optimizer",
        help="How a gradient becomes a step. Adam adapts the step of each weight; AdamW is Adam with weight "
        "decay apart from the gradient; SGD with momentum often generalises best once its rate is tuned.",
    )
    learning_rate = Real(
        2e-3,
        minimum=1e-8,
        maximum=100.0,
        label="Learning rate",
        help="The size of a step. Too high and the loss jumps or explodes; too low and it crawls.",
    )
    schedule = Choice(
        "cosine",
        ("constant", "cosine"),
        label="Schedule",
        help="Cosine lets the learning rate glide to zero over the run, so that the last epochs only polish.",
    )
    momentum = Real(
        0.9,
        minimum=0.0,
        maximum=0.9999,
        label="Momentum",
        help="How much of the last step SGD carries on; Adam and AdamW do not use it.",
    )
    weight_decay = Real(
        0.0,
        minimum=0.0,
        maximum=10.0,
        label="Weight decay",
        help="Pulls the weights towards zero, against learning by heart.",
    )
    label_smoothing = Real(
        0.05,
        minimum=0.0,
        maximum=0.5,
        label="Label smoothing",
        help="Asks for a little less than certainty, which generalises better; the training loss then stays "
        "above zero, while validation and test are judged without it.",
    )
