"""How a gradient becomes a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from builder.blocks.parameters import Choice, Flag, Integer, Real
from runtime.training.settings.bynode import ByNode


def _optimizer(*names: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda values: values["optimizer"] in names


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
    ).only_where(_optimizer("sgd", "rmsprop"))
    nesterov = Flag(
        False,
        label="Nesterov",
        help="Looks ahead along the momentum before it steps; without momentum it does nothing.",
    ).only_where(lambda values: values["optimizer"] == "sgd" and values["momentum"] > 0)
    beta1 = Real(
        0.9,
        minimum=0.0,
        maximum=0.9999,
        label="Beta 1",
        help="The share of what it was that Adam's averaged gradient keeps with each step.",
    ).only_where(_optimizer("adam", "adamw"))
    beta2 = Real(
        0.999,
        minimum=0.0,
        maximum=0.999999,
        label="Beta 2",
        help="The share of what it was that Adam's averaged squared gradient keeps with each step.",
    ).only_where(_optimizer("adam", "adamw"))
    alpha = Real(
        0.99,
        minimum=0.0,
        maximum=0.999999,
        label="Alpha",
        help="The share of what it was that RMSprop's averaged squared gradient keeps with each step.",
    ).only_where(_optimizer("rmsprop"))
    eps = Real(
        1e-8,
        minimum=1e-16,
        maximum=1.0,
        label="Epsilon",
        help="Added to what a step is divided by, so that nothing divides by zero.",
    ).only_where(_optimizer("adam", "adamw", "rmsprop"))
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
    clip_norm = Real(
        0.0,
        minimum=0.0,
        maximum=1e6,
        label="Clip gradient",
        help="A gradient longer than this (the norm over all weights) is shortened to it, so that one bad batch "
        "does not throw the weights away. 0 clips nothing.",
    )
    accumulate = Integer(
        1,
        minimum=1,
        maximum=65536,
        label="Parts of a batch",
        help="Each batch goes through the network in this many parts whose gradients add up to one step: the step "
        "of the whole batch (but for batch norm, which sees a part) in a fraction of the memory.",
    )
    ema_decay = Real(
        0.0,
        minimum=0.0,
        maximum=0.99999,
        label="Average weights",
        help="Keeps a running average of the weights, of which each step leaves this share (0.99 to 0.9999). The "
        "average is what is validated, tested and kept as best. 0 averages nothing.",
    )
    rate_by_node = ByNode(
        Real(1.0, minimum=0.0, maximum=1e6),
        label="Rate by node",
        help="Multiplies the learning rate of some nodes, by path: features=0.1 for all in it; 0 keeps them as they "
        "are.",
    )
