"""The fine points of a step, which stock values mostly do for."""

from __future__ import annotations

from builder.blocks.parameters import Integer, Real
from runtime.training.settings.bynode import ByNode
from runtime.training.settings.relevance import where


class Refining:
    """The fine points of a step, which stock values mostly do for."""

    beta1 = Real(
        0.9,
        minimum=0.0,
        maximum=0.9999,
        label="Beta 1",
        help="The share of what it was that Adam's averaged gradient keeps with each step.",
    ).only_where(where("optimizer", "adam", "adamw"))
    beta2 = Real(
        0.999,
        minimum=0.0,
        maximum=0.999999,
        label="Beta 2",
        help="The share of what it was that Adam's averaged squared gradient keeps with each step.",
    ).only_where(where("optimizer", "adam", "adamw"))
    alpha = Real(
        0.99,
        minimum=0.0,
        maximum=0.999999,
        label="Alpha",
        help="The share of what it was that RMSprop's averaged squared gradient keeps with each step.",
    ).only_where(where("optimizer", "rmsprop"))
    eps = Real(
        1e-8,
        minimum=1e-16,
        maximum=1.0,
        label="Epsilon",
        help="Added to what a step is divided by, so that nothing divides by zero.",
    ).only_where(where("optimizer", "adam", "adamw", "rmsprop"))
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
        label="Accumulate",
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
        help="Multiplies the learning rate of some nodes, by path: features=0.1 for all in it; 0 keeps their "
        "weights as they are (averages that batch norms run go on).",
    )
