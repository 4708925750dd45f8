"""Activations, norms, merges and regularisers as someone who knows PyTorch would write them."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from tests.oracles.torch_making import Maker, Shape, Values


def _module(name: str) -> Maker:
    """``torch.nn.NAME``, whose arguments are the block's parameters."""

    def make(values: Values, shapes: Sequence[Shape]) -> nn.Module:
        made: nn.Module = getattr(nn, name)(**values)
        return made

    return make


LAYERS: dict[str, Maker] = {
    "celu": _module("CELU"),
    "elu": _module("ELU"),
    "gelu": _module("GELU"),
    "hardsigmoid": _module("Hardsigmoid"),
    "hardswish": _module("Hardswish"),
    "hardtanh": _module("Hardtanh"),
    "leaky_relu": _module("LeakyReLU"),
    "log_softmax": lambda values, shapes: nn.LogSoftmax(1),
    "mish": _module("Mish"),
    "prelu": _module("PReLU"),
    "selu": _module("SELU"),
    "silu": _module("SiLU"),
    "softplus": _module("Softplus"),
}
