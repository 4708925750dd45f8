"""Networks with weights that a comparison can be made with, at little cost."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor, nn

#: How many random numbers are drawn; larger networks get them again, and no two layers the same.
_DRAWN = 4_000_037


def with_room(make: Callable[[], nn.Module]) -> nn.Module:
    """The network with memory for its weights, in which nothing is written yet but zeros for whole numbers.

    Most of the time it takes to make a large network goes into first weights, which a comparison overwrites. One that
    has tables that are no part of its state is made in full.
    """
    with torch.device("meta"):
        network = make()
    saved = network.state_dict()
    if any(name not in saved for name, _ in network.named_buffers()):
        return make()
    network.to_empty(device="cpu")
    for buffer in network.buffers():
        if not buffer.is_floating_point():
            buffer.zero_()
    return network


def scatter(network: nn.Module) -> None:
    """Weights that keep the signal alive to the last layer, and statistics that no default gives by accident."""
    generator = torch.Generator().manual_seed(5)
    place = 0
    with torch.no_grad():
        for name, tensor in (*network.named_parameters(), *network.named_buffers()):
            if not tensor.is_floating_point():
                continue
            if tensor.dim() > 1 and "layer_scale" not in name:
                place = _pour(tensor, (2 / tensor[0].numel()) ** 0.5, place)
            else:
                tensor.uniform_(0.5, 1.5, generator=generator)


@cache
def _normal() -> Tensor:
    return torch.randn(_DRAWN, generator=torch.Generator().manual_seed(5))


def _pour(tensor: Tensor, std: float, place: int) -> int:
    """Fill it with normal numbers, from ``place`` in those drawn; where the next one goes on."""
    flat, drawn, done = tensor.view(-1), _normal(), 0
    while done < flat.numel():
        count = min(flat.numel() - done, _DRAWN - place)
        torch.mul(drawn[place : place + count], std, out=flat[done : done + count])
        done, place = done + count, (place + count) % _DRAWN
    return place
