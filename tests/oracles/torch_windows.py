"""What slides, spreads or resamples along the axes of a map, as someone who knows PyTorch would write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.torch_making import Maker, Shape, Values, of_rank, spread, tuples


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


class _Connected(nn.Module):
    """Every kernel by itself: its maps convolved one by one, and added."""

    def __init__(self, values: Values, shapes: Sequence[Shape]) -> None:
        super().__init__()
        self.table = values["table"]
        axes = len(shapes[0]) - 1
        self.convolve = (F.conv1d, F.conv2d, F.conv3d)[axes - 1]
        kernel = spread(tuples(values["kernel_size"]), axes)
        self.weight = nn.Parameter(torch.randn(sum(map(len, self.table)), 1, *kernel))
        self.bias = nn.Parameter(torch.randn(len(self.table))) if values["bias"] else None
        self.settings = {name: tuples(values[name]) for name in ("stride", "padding", "dilation")}

    def forward(self, x: Tensor) -> Tensor:
        maps = [index for row in self.table for index in row]
        each = self.convolve(x[:, maps], self.weight, None, groups=len(maps), **self.settings)
        outputs, first = [], 0
        for row in self.table:
            outputs.append(each[:, first : first + len(row)].sum(1))
            first += len(row)
        y = torch.stack(outputs, 1)
        return y if self.bias is None else (y.movedim(1, -1) + self.bias).movedim(-1, 1).contiguous()


def _connected(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    if len(shapes[0]) < 2 or max(map(max, values["table"])) >= shapes[0][0]:
        raise ValueError("a map that is not there")
    return _Connected(values, shapes)


def _plain(name: str, parameter: str) -> Maker:
    return lambda values, shapes: getattr(nn, name)(values[parameter])


WINDOWS: dict[str, Maker] = {
    "channel_shuffle": _plain("ChannelShuffle", "groups"),
    "connected_conv": _connected,
    "conv_transpose": _conv_transpose,
    "pixel_shuffle": _plain("PixelShuffle", "upscale_factor"),
    "pixel_unshuffle": _plain("PixelUnshuffle", "downscale_factor"),
    "upsample": _upsample,
}
