"""Activations, norms, merges and regularisers as someone who knows PyTorch would write them."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from tests.oracles.torch_making import Maker, Shape, Values, of_rank


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


LAYERS: dict[str, Maker] = {
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
    "mish": _module("Mish"),
    "prelu": _module("PReLU"),
    "selu": _module("SELU"),
    "silu": _module("SiLU"),
    "softplus": _module("Softplus"),
}
