"""How a gradient becomes a step."""

from __future__ import annotations

from builder.blocks.parameters import Choice, Flag, Real
from runtime.training.settings.relevance import where


class Optimisation:
    """How a gradient becomes a step."""

    optimizer = Choice(
        "adam",
        ("sgd", "adam", "adamw", "rmsprop"),
        label="Optimizer",
        help="How a gradient becomes a step. Adam adapts the step of each weight; AdamW is Adam with weight "
        "decay apart from the gradient; RMSprop is Adam's forerunner, without its averaged gradient; SGD with "
        "momentum often generalises best once its rate is tuned (0.1 is a start).",
    )
    learning_rate = Real(
        2e-3,
        minimum=1e-8,
        maximum=100.0,
        label="Learning rate",
        help="The size of a step. Too high and the loss jumps or explodes; too low and it crawls.",
    )
    momentum = Real(
        0.9,
        minimum=0.0,
        maximum=0.9999,
        label="Momentum",
        help="How much of the last step SGD or RMSprop carries on; Adam and AdamW do not use it.",
    ).only_where(where("optimizer", "sgd", "rmsprop"))
    nesterov = Flag(
        False,
        label="Nesterov",
        help="Looks ahead along the momentum before it steps; without momentum it does nothing.",
    ).only_where(lambda values: values["optimizer"] == "sgd" and values["momentum"] > 0)
    weight_decay = Real(
        0.0,
        minimum=0.0,
        maximum=10.0,
        label="Weight decay",
        help="Pulls the weights towards zero, against learning by heart.",
    )
    decay_kernels_only = Flag(
        True,
        label="Kernels only",
        help="Weight decay leaves out biases and what norm layers learn: to shrink them helps nothing.",
    ).only_where(lambda values: values["weight_decay"] > 0)
