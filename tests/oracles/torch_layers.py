"""Activations, norms, merges and regularisers as someone who knows PyTorch would write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import torch
from torch import Tensor, nn

from tests.oracles.torch_making import Function, Maker, Shape, Values, of_rank


def _module(name: str) -> Maker:
    """``torch.nn.NAME``, whose arguments are the block's parameters."""

    def make(values: Values, shapes: Sequence[Shape]) -> nn.Module:
        made: nn.Module = getattr(nn, name)(**values)
        return made

    return make


class _LayerNormOfChannels(nn.LayerNorm):
    """As torchvision's LayerNorm2d for any number of axes, in the usual order of memory."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.transpose(1, -1)).transpose(1, -1).contiguous()


def _layer_norm(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    (shape,) = shapes
    options = {name: values[name] for name in ("eps", "elementwise_affine", "bias")}
    if values["over"] == "channels":
        return _LayerNormOfChannels(shape[0], **options)
    return nn.LayerNorm(shape if values["over"] == "all" else shape[-1:], **options)


def _product(*factors: Tensor) -> Tensor:
    """A vector has one number for each channel."""
    axes = max(factor.dim() for factor in factors)
    if any(factor.dim() not in (2, axes) for factor in factors):
        raise ValueError("ranks differ")
    return reduce(
        torch.mul, [x.unflatten(1, (-1, *[1] * (axes - x.dim()))) if x.dim() < axes else x for x in factors]
    )


def _mean(*values: Tensor) -> Tensor:
    return reduce(torch.add, values) / len(values)


def _merge(function: Callable[..., Tensor]) -> Maker:
    return lambda values, shapes: Function(function)


LAYERS: dict[str, Maker] = {
    "average": _merge(_mean),
    "celu": _module("CELU"),
    "elu": _module("ELU"),
    "gelu": _module("GELU"),
    "group_norm": lambda values, shapes: nn.GroupNorm(num_channels=shapes[0][0], **values),
    "hardsigmoid": _module("Hardsigmoid"),
    "hardswish": _module("Hardswish"),
    "hardtanh": _module("Hardtanh"),
    "instance_norm": lambda values, shapes: of_rank("InstanceNorm", shapes)(shapes[0][0], **values),
    "layer_norm": _layer_norm,
    "leaky_relu": _module("LeakyReLU"),
    "local_response_norm": _module("LocalResponseNorm"),
    "log_softmax": lambda values, shapes: nn.LogSoftmax(1),
    "maximum": _merge(lambda *xs: reduce(torch.maximum, xs)),
    "mish": _module("Mish"),
    "multiply": _merge(_product),
    "prelu": _module("PReLU"),
    "selu": _module("SELU"),
    "silu": _module("SiLU"),
    "softplus": _module("Softplus"),
    "subtract": _merge(torch.sub),
}
