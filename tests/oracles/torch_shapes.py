"""Borders, parts and other shapes of tensors, as someone who knows PyTorch would write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.torch_making import Function, Maker, Shape, Values, spread, tuples


def _maps(shapes: Sequence[Shape]) -> int:
    if any(len(shape) < 2 for shape in shapes):
        raise ValueError("a vector has no border")
    return len(shapes[0]) - 1


def _pairs(value: Any, axes: int) -> list[tuple[int, int]]:
    return [side if isinstance(side, tuple) else (side, side) for side in spread(tuples(value), axes)]


def _pad(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    pairs = _pairs(values["padding"], _maps(shapes))
    border = [side for pair in reversed(pairs) for side in pair]
    mode = values["mode"]
    more = {"value": values["value"]} if mode == "constant" else {}
    return Function(lambda x: F.pad(x, border, mode, **more))


def _part(x: Tensor, starts: Sequence[int], sizes: Sequence[int]) -> Tensor:
    for axis, (start, size) in enumerate(zip(starts, sizes, strict=True), start=2):
        if size < 1:
            raise ValueError("nothing is left")
        x = torch.narrow(x, axis, start, size)
    return x


def _pad_channels(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    border = [0, 0] * (len(shapes[0]) - 1) + [int(values["before"]), int(values["after"])]
    return Function(lambda x: F.pad(x, border))


def _crop(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    axes = _maps(shapes)
    wanted = spread(tuples(values["size"]), axes)
    if any(wanted):
        if not all(wanted):
            raise ValueError("a size for all axes")
        return Function(lambda x: _middle(x, wanted))
    pairs = _pairs(values["crop"], axes)
    return Function(
        lambda x: _part(
            x, [b for b, _ in pairs], [n - b - a for n, (b, a) in zip(x.shape[2:], pairs, strict=True)]
        )
    )


def _middle(x: Tensor, sizes: Sequence[int]) -> Tensor:
    return _part(x, [(have - size) // 2 for have, size in zip(x.shape[2:], sizes, strict=True)], sizes)


def _crop_like(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    if _maps(shapes) != _maps(shapes[::-1]):
        raise ValueError("maps of one kind")
    return Function(lambda x, like: _middle(x, like.shape[2:]))


def _pad_like(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    if _maps(shapes) != _maps(shapes[::-1]):
        raise ValueError("maps of one kind")

    def fit(x: Tensor, like: Tensor) -> Tensor:
        border: list[int] = []
        for missing in (wanted - have for have, wanted in zip(x.shape[2:], like.shape[2:], strict=True)):
            border = [missing // 2, missing - missing // 2, *border]
        return F.pad(x, border)

    return Function(fit)


def _slice(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    if values["dim"] > len(shapes[0]):
        raise IndexError("no such axis")
    taken = slice(values["start"], values["stop"] or None, values["step"])
    return Function(lambda x: x[(slice(None),) * values["dim"] + (taken,)])


def _reshape(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    sizes = tuple(values["shape"])
    return Function(lambda x: torch.reshape(x, (x.shape[0], *sizes)))


def _permute(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    _maps(shapes)
    if values["dims"] == "channels_last":
        return Function(lambda x: torch.movedim(x, 1, -1).contiguous())
    if values["dims"] == "channels_first":
        return Function(lambda x: torch.movedim(x, -1, 1).contiguous())
    order = (0, *values["dims"])
    return Function(lambda x: torch.permute(x, order).contiguous())


def _split(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    sizes, sections = list(values["sizes"]), values["sections"]
    if sizes:
        return Function(lambda x: torch.split(x, sizes, 1))
    return Function(lambda x: torch.chunk(x, sections, 1))


SHAPES: dict[str, Maker] = {
    "crop": _crop,
    "crop_like": _crop_like,
    "flatten": lambda values, shapes: nn.Flatten(values["start_dim"], values["end_dim"]),
    "pad": _pad,
    "pad_channels": _pad_channels,
    "pad_like": _pad_like,
    "permute": _permute,
    "reshape": _reshape,
    "slice": _slice,
    "split": _split,
}
