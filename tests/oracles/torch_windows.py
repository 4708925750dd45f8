"""What slides, spreads or resamples along the axes of a map, as someone who knows PyTorch would write it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from tests.oracles.torch_making import Maker, Shape, Values, of_rank, tuples


def _conv_transpose(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    make = of_rank("ConvTranspose", shapes)
    options = {name: tuples(value) for name, value in values.items()}
    with torch.device("cpu"), torch.no_grad():  # the meta device lets any output padding pass
        make(1, **{**options, "out_channels": 1, "groups": 1})(torch.zeros(1, 1, *shapes[0][1:]))
    return make(shapes[0][0], **options)


WINDOWS: dict[str, Maker] = {
    "conv_transpose": _conv_transpose,
}
