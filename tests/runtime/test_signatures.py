"""What PyTorch's layers can be told, blocks can be told: a parameter that is not there is so for a reason."""

from __future__ import annotations

import inspect

import pytest
import torch
from torch import nn

from builder.blocks import REGISTRY
from builder.document import Document
from builder.sketch import Sketch
from runtime.compile import build

_INFERRED = "The tensor that arrives says it."
_EVERYWHERE = {
    "device": "Where a network runs is a setting of training, not of a layer.",
    "dtype": "Precision is a setting of training, not of a layer.",
    "inplace": "It changes memory at the price of errors in graphs that branch; what is drawn stays what it is.",
    "return_indices": "A second output of whole numbers, which no other block takes.",
    "args": "They mean nothing.",
    "kwargs": "They mean nothing.",
}
_NORM_BIAS = "Newer than 2.9, the oldest PyTorch that a network is to run on."
_PLACE = "It is taken over the channels, which are the first axis."
#: A layer's parameters that its block does not have under that name, and why.
_OMITTED = {
    "BatchNorm": {"num_features": _INFERRED, "bias": _NORM_BIAS},
    "Conv": {"in_channels": _INFERRED},
    "ConvTranspose": {"in_channels": _INFERRED, "padding_mode": "PyTorch takes zeros alone."},
    "GroupNorm": {"num_channels": _INFERRED, "bias": _NORM_BIAS},
    "Hardtanh": {"min_value": "The old name of min_val.", "max_value": "The old name of max_val."},
    "InstanceNorm": {"num_features": _INFERRED, "bias": _NORM_BIAS},
    "LayerNorm": {"normalized_shape": "The tensor that arrives and 'over' say it."},
    "Linear": {"in_features": _INFERRED},
    "LogSoftmax": {"dim": _PLACE},
    "Softmax": {"dim": _PLACE},
    "Upsample": {"recompute_scale_factor": "Scale factors are whole numbers, so that it changes nothing."},
}
#: The layer behind each block that is one layer; of those with a class for each rank the stem.
_LAYERS = {
    "adaptive_avg_pool": "AdaptiveAvgPool",
    "adaptive_max_pool": "AdaptiveMaxPool",
    "alpha_dropout": "AlphaDropout",
    "avg_pool": "AvgPool",
    "batch_norm": "BatchNorm",
    "celu": "CELU",
    "channel_shuffle": "ChannelShuffle",
    "conv": "Conv",
    "conv_transpose": "ConvTranspose",
    "dropout": "Dropout",
    "elu": "ELU",
    "flatten": "Flatten",
    "gelu": "GELU",
    "group_norm": "GroupNorm",
    "hardsigmoid": "Hardsigmoid",
    "hardswish": "Hardswish",
    "hardtanh": "Hardtanh",
    "instance_norm": "InstanceNorm",
    "layer_norm": "LayerNorm",
    "leaky_relu": "LeakyReLU",
    "linear": "Linear",
    "local_response_norm": "LocalResponseNorm",
    "log_softmax": "LogSoftmax",
    "max_pool": "MaxPool",
    "mish": "Mish",
    "pixel_shuffle": "PixelShuffle",
    "pixel_unshuffle": "PixelUnshuffle",
    "prelu": "PReLU",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "selu": "SELU",
    "sigmoid": "Sigmoid",
    "silu": "SiLU",
    "softmax": "Softmax",
    "softplus": "Softplus",
    "spatial_dropout": "Dropout",
    "tanh": "Tanh",
    "upsample": "Upsample",
}


#: Defaults that are the house's, and why.
_OWN = {
    "avg_pool": {
        "stride": "PyTorch's None is the kernel, whose default is 2.",
        "divisor_override": "0 is PyTorch's None.",
    },
    "max_pool": {"stride": "PyTorch's None is the kernel, whose default is 2."},
    "upsample": {
        "scale_factor": "PyTorch wants it or a size; a block does something when it is placed.",
        "size": "0 is PyTorch's None.",
        "align_corners": "PyTorch's None does what False does.",
    },
}


def _classes(block_id: str) -> list[type[nn.Module]]:
    """PyTorch's classes behind a block: one, or one for each rank."""
    stem = _LAYERS[block_id]
    if hasattr(nn, stem) and block_id != "spatial_dropout":
        return [getattr(nn, stem)]
    return [getattr(nn, f"{stem}{rank}d") for rank in (1, 2, 3)]


def _arguments(cls: type[nn.Module]) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(cls).parameters)


@pytest.mark.parametrize("block_id", sorted(_LAYERS))
def test_no_parameter_of_the_layer_is_missing(block_id: str) -> None:
    theirs = {name for cls in _classes(block_id) for name in _arguments(cls)}
    omitted = set(_OMITTED.get(_LAYERS[block_id], {})) - set(REGISTRY[block_id].parameters())
    assert theirs - set(_EVERYWHERE) - omitted == theirs & set(REGISTRY[block_id].parameters())


@pytest.mark.parametrize("block_id", sorted(_LAYERS))
def test_defaults_are_those_of_the_layer(block_id: str) -> None:
    for name, parameter in REGISTRY[block_id].parameters().items():
        for cls in _classes(block_id):
            given = _arguments(cls).get(name)
            if given is None or given.default is inspect.Parameter.empty:
                continue
            own = name in _OWN.get(block_id, {})
            assert (parameter.default == given.default) is not own, f"{cls.__name__}.{name}"


def test_no_omission_is_left_over() -> None:
    for block_id, stem in _LAYERS.items():
        for name in _OMITTED.get(stem, {}):
            assert name not in REGISTRY[block_id].parameters(), f"{stem}.{name}"
    assert set(_OMITTED) <= set(_LAYERS.values())


def test_batch_norm_without_momentum_counts_all_batches_alike() -> None:
    sketch = Sketch()
    sketch.output(sketch.add("norm", "batch_norm", sketch.input((3, 4, 4)), momentum=None))
    module = build(Document("one", sketch.graph)).train()
    batches = [torch.randn(5, 3, 4, 4) for _ in range(4)]
    for batch in batches:
        module(batch)
    means = torch.stack([batch.mean((0, 2, 3)) for batch in batches])
    torch.testing.assert_close(module.get_buffer("norm.running_mean"), means.mean(0))
