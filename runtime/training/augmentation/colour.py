"""Brightness, contrast, saturation and hue of pictures whose values lie in 0…1, by a factor for each sample."""

from __future__ import annotations

import torch
from torch import Tensor

#: The parts of red, green and blue in grey (ITU-R BT.601), to four digits as torchvision has them.
_GREY = (0.2989, 0.587, 0.114)


def brighter(x: Tensor, factor: Tensor) -> Tensor:
    """``x`` (N, C, H, W) times ``factor`` (N,)."""
    return (x * _each(factor)).clamp_(0, 1)


def contrasted(x: Tensor, factor: Tensor) -> Tensor:
    """Brought away from the mean of each picture in grey by ``factor`` (N,), or nearer to it below 1."""
    return _blended(x, grey(x).mean((1, 2, 3), keepdim=True), factor)


def saturated(x: Tensor, factor: Tensor) -> Tensor:
    """Colours (N, 3, H, W) brought away from grey by ``factor`` (N,), or nearer to it below 1."""
    return _blended(x, grey(x), factor)


def hued(x: Tensor, turn: Tensor) -> Tensor:
    """Colours (N, 3, H, W) whose hue goes round by ``turn`` (N,) of the circle.

    There and back over hue, saturation and value (A. R. Smith, Color gamut transform pairs, 1978).
    """
    red, green, blue = x.unbind(1)
    most, least = x.amax(1), x.amin(1)
    span = most - least
    part = span.clamp_min(1e-12)
    sixth = torch.where(
        most == red,
        (green - blue) / part,
        torch.where(most == green, (blue - red) / part + 2, (red - green) / part + 4),
    )
    turned = sixth + 6 * turn.view(-1, 1, 1)
    # Each channel falls from the value by the span over the four sixths of the circle that are not its own.
    channels = []
    for place in (5.0, 3.0, 1.0):
        away = (turned + place) % 6
        channels.append(most - span * torch.minimum(away, 4 - away).clamp(0, 1))
    return torch.stack(channels, dim=1).clamp_(0, 1)


def grey(x: Tensor) -> Tensor:
    """(N, 1, H, W): of three channels by how bright they look, else the mean of all."""
    if x.shape[1] != 3:
        return x.mean(1, keepdim=True)
    red, green, blue = x.split(1, dim=1)
    return _GREY[0] * red + _GREY[1] * green + _GREY[2] * blue


def _blended(x: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    share = _each(factor)
    return (share * x + (1 - share) * other).clamp_(0, 1)


def _each(factor: Tensor) -> Tensor:
    return factor.view(-1, 1, 1, 1)
