"""What slides, spreads or resamples along the axes of a map, as someone who knows PyTorch would write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from tests.oracles.torch_making import Maker, Shape, Values, of_rank, tuples


def _conv_transpose(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    make = of_rank("ConvTranspose", shapes)
    options = {name: tuples(value) for name, value in values.items()}
    with torch.device("cpu"), torch.no_grad():  # the meta device lets any output padding pass
        make(1, **{**options, "out_channels": 1, "groups": 1})(torch.zeros(1, 1, *shapes[0][1:]))
    return make(shapes[0][0], **options)


def _upsample(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    axes = len(shapes[0]) - 1
    if not axes:
        raise ValueError("a vector has no pixels")
    size, mode = tuples(values["size"]), values["mode"]
    if isinstance(size, tuple) and any(size) and not all(size):
        raise ValueError("a map without pixels is none, which the meta device does not always say")
    mode = ("linear", "bilinear", "trilinear")[axes - 1] if mode == "linear" else mode
    target: dict[str, Any] = {"size": size} if size and size != (0,) * axes else {}
    target = target or {"scale_factor": tuples(values["scale_factor"])}
    return nn.Upsample(mode=mode, align_corners=values["align_corners"] or None, **target)


def _plain(name: str, parameter: str) -> Maker:
    return lambda values, shapes: getattr(nn, name)(values[parameter])


WINDOWS: dict[str, Maker] = {
    "channel_shuffle": _plain("ChannelShuffle", "groups"),
    "conv_transpose": _conv_transpose,
    "pixel_shuffle": _plain("PixelShuffle", "upscale_factor"),
    "pixel_unshuffle": _plain("PixelUnshuffle", "downscale_factor"),
    "upsample": _upsample,
}
