"""What the weights are before the first step."""

from __future__ import annotations

from builder.blocks.parameters import Choice, Flag
from runtime.training.settings.bynode import ByNode

#: The schemes; ``default`` is what PyTorch's layers do by themselves.
SCHEMES = (
    "default",
    "kaiming_normal",
    "kaiming_uniform",
    "xavier_normal",
    "xavier_uniform",
    "orthogonal",
    "lsuv",
)


class Initialising:
    """What the weights are before the first step."""

    initialization = Choice(
        "default",
        SCHEMES,
        label="Scheme",
        help="How kernels are drawn. Default is PyTorch's own; Kaiming keeps the variance through ReLUs, Xavier "
        "through layers that are nearly linear; orthogonal keeps lengths; LSUV is orthogonal, then scaled so that "
        "each layer's output on a batch has variance 1. All but default set biases to 0.",
    )
    zero_gamma = Flag(
        False,
        label="Zero gamma",
        help="Sets the scale of the last norm of each residual branch to 0, so that at first every block only hands "
        "on what it gets: deep residual networks begin like shallow ones.",
    )
    initialization_by_node = ByNode(
        Choice("orthogonal", SCHEMES),
        label="Scheme by node",
        help="Another initialization for some nodes, by path: conv1=orthogonal, layer4=lsuv for all in it.",
    )
