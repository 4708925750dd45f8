"""Samples moved, mirrored, turned and cut: by whole pixels with a gather, else with one resampling of them all."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from runtime.data.raw import NOT_JUDGED

#: What PyTorch calls the borders.
_PADDING = {"edge": "border", "mirror": "reflection", "black": "zeros"}


def moved(
    x: Tensor,
    offsets: Tensor,
    flips: Tensor | None = None,
    border: str = "edge",
    black: Tensor | None = None,
) -> Tensor:
    """``x`` (N, C, *sizes), sample n mirrored along the axes of ``flips[n]`` and then moved by ``offsets[n]`` pixels.

    ``offsets`` int64 and ``flips`` bool are (N, axes). What comes in repeats the border (``edge``), the picture beyond
    it (``mirror``, the outermost pixel too), or is ``black``: (C,), stock: 0.
    """
    sizes = x.shape[2:]
    if border == "black":
        x = _with_a_black_end(x, black)
    source = torch.zeros((len(x), *[1] * len(sizes)), dtype=torch.int64, device=x.device)
    for axis, size in enumerate(sizes):
        place = torch.arange(size, device=x.device) - offsets[:, axis, None]
        if flips is not None:
            place = torch.where(flips[:, axis, None], size - 1 - place, place)
        if border == "black":
            place.masked_fill_((place < 0) | (place >= size), size)
        elif border == "mirror":
            place = place % (2 * size)
            place = torch.minimum(place, 2 * size - 1 - place)
        else:
            place.clamp_(0, size - 1)
        view = [len(x), *(size if other == axis else 1 for other in range(len(sizes)))]
        source = source * x.shape[2 + axis] + place.view(view)
    # One gather over all axes: several times as fast as an index for each.
    source = source.view(len(x), 1, -1).expand(-1, x.shape[1], -1)
    return x.flatten(2).gather(2, source).view(*x.shape[:2], *sizes)


def _with_a_black_end(x: Tensor, black: Tensor | None) -> Tensor:
    """One place more along each axis, for all that lies outside."""
    fill = torch.zeros((), dtype=x.dtype, device=x.device) if black is None else across(black, x)
    larger = fill.expand(*x.shape[:2], *(size + 1 for size in x.shape[2:])).clone()
    larger[(slice(None), slice(None), *(slice(size) for size in x.shape[2:]))] = x
    return larger


def across(channels: Tensor, x: Tensor) -> Tensor:
    """(C,) so that it meets the channels of ``x`` (N, C, …)."""
    return channels.view(1, -1, *(1,) * (x.ndim - 2))


def backward_map(
    samples: int,
    size: tuple[int, int],
    *,
    offsets: Tensor | None = None,
    flips: Tensor | None = None,
    turns: Tensor | None = None,
    crops: Tensor | None = None,
) -> Tensor:
    """Where each pixel of the result comes from, float32 (N, 2, 3) as ``functional.affine_grid`` takes it.

    What is done, in this order: ``crops`` (N, 4) are middle x and y and width and height of what is cut out, in parts
    of the picture, whose middle is (0, 0) and sides are 1; ``turns`` (N, 3) are rotation and shear in radians,
    clockwise and along x, and a factor of zoom, about the middle; ``flips`` (N, 2) along y and x; ``offsets`` (N, 2) in
    pixels along y and x. ``size`` is (H, W): to turn a picture that is not square, its pixels must be.
    """
    height, width = size
    matrix = torch.eye(2).expand(samples, 2, 2).clone()
    if turns is not None:
        matrix = _unturned(turns)
    if flips is not None:
        matrix = matrix * torch.where(flips.flip(1), -1.0, 1.0)[:, None, :]
    move = torch.zeros(samples, 2)
    if offsets is not None:
        move = -(matrix @ offsets.flip(1).float()[:, :, None])[:, :, 0]
    sides = torch.tensor([width, height], dtype=torch.float32)
    if crops is not None:
        matrix = crops[:, 2:, None] * matrix
        move = crops[:, 2:] * move + crops[:, :2] * sides
    # From pixels to the coordinates of ``affine_grid``, in which the picture reaches from -1 to 1.
    matrix = matrix * (sides[None, None, :] / sides[None, :, None])
    return torch.cat([matrix, (2 * move / sides)[:, :, None]], dim=2)


def _unturned(turns: Tensor) -> Tensor:
    """The inverse of rotation · shear · zoom, (N, 2, 2)."""
    angle, shear, zoom = turns.unbind(1)
    sine, cosine, slant = angle.sin(), angle.cos(), shear.tan()
    rows = [cosine - slant * sine, sine + slant * cosine, -sine, cosine]
    return torch.stack(rows, dim=1).view(-1, 2, 2) / zoom[:, None, None]


def warped(x: Tensor, theta: Tensor, border: str = "edge", black: Tensor | None = None) -> Tensor:
    """``x`` float (N, C, H, W), bilinear at the places of ``theta`` (see ``backward_map``); borders as of ``moved``."""
    fill = across(black, x) if black is not None and border == "black" else None
    grid = functional.affine_grid(theta, list(x.shape), align_corners=False)
    found = functional.grid_sample(
        x if fill is None else x - fill, grid, padding_mode=_PADDING[border], align_corners=False
    )
    return found if fill is None else found + fill


def warped_mask(masks: Tensor, theta: Tensor) -> Tensor:
    """Masks int64 (N, H, W) at the places of ``theta``, the nearest pixel; 255, not judged, from outside."""
    # Zero is what comes from outside, and what is not judged inside.
    shown = (NOT_JUDGED - masks[:, None]).float()
    grid = functional.affine_grid(theta, list(shown.shape), align_corners=False)
    found = functional.grid_sample(shown, grid, mode="nearest", padding_mode="zeros", align_corners=False)
    return NOT_JUDGED - found[:, 0].round().long()
