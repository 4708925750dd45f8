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
        return super().forward(x.movedim(1, -1)).movedim(-1, 1).contiguous()


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


class LoneParameter(nn.Module):
    """Stands for a parameter without a module: a number for each channel, which the input is multiplied by."""

    def __init__(self, value: float, shape: Shape) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((shape[0], *[1] * (len(shape) - 1)), value))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight


class _StochasticDepth(nn.Module):
    """As torchvision's: drops samples or the whole batch while training."""

    def __init__(self, p: float, mode: str) -> None:
        super().__init__()
        self.p, self.mode = p, mode

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        size = [x.shape[0] if self.mode == "row" else 1, *[1] * (x.dim() - 1)]
        noise = torch.empty(size, dtype=x.dtype, device=x.device).bernoulli_(1 - self.p)
        return x * (noise / (1 - self.p) if self.p < 1 else noise)


def _merge(function: Callable[..., Tensor]) -> Maker:
    return lambda values, shapes: Function(function)


LAYERS: dict[str, Maker] = {
    "alpha_dropout": _module("AlphaDropout"),
    "average": _merge(_mean),
    "celu": _module("CELU"),
    "elu": _module("ELU"),
    "gelu": _module("GELU"),
    "group_norm": lambda values, shapes: nn.GroupNorm(num_channels=shapes[0][0], **values),
    "hardsigmoid": _module("Hardsigmoid"),
    "hardswish": _module("Hardswish"),
    "hardtanh": _module("Hardtanh"),
    "identity": _module("Identity"),
    "instance_norm": lambda values, shapes: of_rank("InstanceNorm", shapes)(shapes[0][0], **values),
    "layer_norm": _layer_norm,
    "layer_scale": lambda values, shapes: LoneParameter(values["init_value"], shapes[0]),
    "leaky_relu": _module("LeakyReLU"),
    "local_response_norm": _module("LocalResponseNorm"),
    "log_softmax": lambda values, shapes: nn.LogSoftmax(1),
    "maximum": _merge(lambda *xs: reduce(torch.maximum, xs)),
    "mish": _module("Mish"),
    "multiply": _merge(_product),
    "prelu": _module("PReLU"),
    "scale": lambda values, shapes: Function(lambda x: x * values["factor"]),
    "selu": _module("SELU"),
    "silu": _module("SiLU"),
    "softplus": _module("Softplus"),
    "spatial_dropout": lambda values, shapes: of_rank("Dropout", shapes)(**values),
    "stochastic_depth": lambda values, shapes: _StochasticDepth(**values),
    "subtract": _merge(torch.sub),
}
