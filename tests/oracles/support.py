"""What an output position really depends on: the structural support of a network, found by running it.

Under ``structural()`` a network is a linear map with positive weights and no bias: convolutions and linear layers
average, max-pooling averages the positions its window really sees, normalisation, activations and dropout do
nothing. Nothing can cancel, so an input pixel with a non-zero gradient is one that can have a say, and no other.
Works on any code made of torch functions, modules or not.

Positions are all axes of a tensor but its channels. Where those lie is followed through permutations; where they are
not the first axis, whatever looks at neighbours looks at the wrong ones, and nothing local is left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._pytree import tree_leaves

Interval = tuple[int, int]
Function = Callable[..., Any]

_IDENTITIES = frozenset(
    """
    batch_norm layer_norm group_norm instance_norm rms_norm local_response_norm
    relu relu_ relu6 tanh tanh_ sigmoid sigmoid_ softmax log_softmax leaky_relu leaky_relu_ elu elu_ selu celu
    gelu silu mish hardswish hardsigmoid hardtanh hardtanh_ clamp clamp_ softplus prelu
    dropout dropout_ dropout1d dropout2d dropout3d alpha_dropout feature_dropout
    """.split()  # noqa: SIM905 - a list of names reads better as prose
)
_CONVOLUTIONS: dict[str, Function] = {"conv1d": F.conv1d, "conv2d": F.conv2d, "conv3d": F.conv3d}
_TRANSPOSED: dict[str, Function] = {
    "conv_transpose1d": F.conv_transpose1d,
    "conv_transpose2d": F.conv_transpose2d,
    "conv_transpose3d": F.conv_transpose3d,
}
_ADAPTIVE: dict[str, Function] = {
    "adaptive_max_pool1d": F.adaptive_avg_pool1d,
    "adaptive_max_pool2d": F.adaptive_avg_pool2d,
    "adaptive_max_pool3d": F.adaptive_avg_pool3d,
}
#: What brings pixels elsewhere: nothing local is left behind it, unless it leaves the axes as they are.
_MOVING = frozenset(("torch.reshape", "torch.Tensor.flatten"))
#: What puts axes in another order.
_TURNING = frozenset(("permute", "transpose", "movedim"))
#: What does something to each number by itself, or along the last axis, wherever the channels are.
_BY_ITSELF = _IDENTITIES - {"softmax", "log_softmax"} | {
    *("add", "sub", "rsub", "subtract", "mul", "rmul", "multiply", "div", "truediv__", "maximum"),
    *("contiguous", "linear"),
    "index_select",  # what a table takes; the convolution behind it looks at it
}
_ADAPTING = frozenset(f"adaptive_{kind}_pool{n}d" for kind in ("avg", "max") for n in (1, 2, 3))
_POOLS = {f"max_pool{n}d": n for n in (1, 2, 3)}
#: Where either of two tensors has a say; a lone number or a learnt scale has none.
_PAIRS = frozenset({"mul", "rmul", "multiply", "sub", "rsub", "subtract", "maximum"})
_REAL_POOLS: dict[int, Function] = {1: torch.max_pool1d, 2: torch.max_pool2d, 3: torch.max_pool3d}


class structural(TorchFunctionMode):  # noqa: N801 - used as a statement: `with structural():`
    """Within it, torch functions are linear, positive and without bias (see the module)."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        name = (resolve_name(func) or getattr(func, "__name__", "")).rpartition(".")[2]
        name = name.removesuffix("_with_indices") if "max_pool" in name else name.lstrip("_")
        if name in _TURNING:
            return _turned(func, args, kwargs)
        result = self._linear(func, name, args, kwargs)
        maps = [x for x in tree_leaves((args, kwargs)) if _is_map(x)]
        axes = {_channel_axis(x) for x in maps}
        made = [x for x in tree_leaves(result) if isinstance(x, Tensor)]
        if axes <= {1} or not made:
            return result
        same = isinstance(result, Tensor) and result.shape == maps[0].shape
        by_itself = name in _BY_ITSELF or (name == "getitem__" and _takes_a_table(args[1]))
        if len(axes) == 1 and (by_itself or (same and (name in _ADAPTING or _moves(func)))):
            result.channel_axis = axes.pop()
            return result
        mean = sum(x.flatten(1).mean(1) for x in maps)
        parts = [mean.reshape(-1, *[1] * (x.dim() - 1)).expand(x.shape) for x in made]
        return parts[0] if isinstance(result, Tensor) else tuple(parts)

    def _linear(self, func: Any, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
        """The function made linear, for channels on the first axis."""
        if name in _IDENTITIES:
            return args[0] if args else kwargs["input"]
        if name in _CONVOLUTIONS or name in _TRANSPOSED or name == "linear":
            args, kwargs = _averaging(args, kwargs)
            if name == "linear":
                return F.linear(*args, **kwargs)
            return (_CONVOLUTIONS | _TRANSPOSED)[name](*args, **kwargs)
        if name in _POOLS:
            return _average_seen(_POOLS[name], *args, **kwargs)
        if name in _ADAPTIVE:
            kwargs.pop("return_indices", None)
            return _ADAPTIVE[name](*args, **kwargs)
        if name == "pad" and (kwargs.get("mode", args[2] if len(args) > 2 else "constant") == "constant"):
            # Padding for a maximum is −∞; for an average it is nothing.
            return F.pad(args[0], args[1] if len(args) > 1 else kwargs["pad"])
        if name.rstrip("_") == "add" and isinstance(args[1], nn.Parameter):
            return args[0]  # a bias
        if name.rstrip("_") in _PAIRS:
            tensors = [x for x in args if isinstance(x, Tensor) and not isinstance(x, nn.Parameter)]
            return tensors[0] if len(tensors) == 1 else (tensors[0] + tensors[1]) / 2
        if name in ("chunk", "split") or (name == "getitem__" and _takes_channels(args[1])):
            return _any_channel(args[0], func(*args, **kwargs))
        if _moves(func):
            return _mixed(args[0], func(*args, **kwargs))
        if name == "interpolate":
            return _resampled(*args, **kwargs)
        if name in ("amax", "max") and isinstance(
            kwargs.get("dim", args[1] if len(args) > 1 else None), tuple | int
        ):
            return torch.mean(*args, **kwargs)
        return func(*args, **kwargs)


def _averaging(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The call with every weight 1/fan-in and no bias."""
    arguments = dict(zip(("input", "weight", "bias"), args, strict=False)) | kwargs
    weight = arguments["weight"]
    if not (weight == 0).all():  # a connection table's zeros mean "not connected" and stay
        fan_in = max(1, math.prod(weight.shape[1:]))
        arguments["weight"] = (weight != 0).to(arguments["input"].dtype) / fan_in
    arguments["bias"] = None
    rest = args[3:]
    return (arguments.pop("input"), arguments.pop("weight"), arguments.pop("bias"), *rest), arguments


def _average_seen(
    axes: int,
    x: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    """Sum over a max-pooling window's real positions / K, with the shape max-pooling has (also in ceil mode)."""
    kernel, dilated = _per_axis(kernel_size, axes), _per_axis(dilation, axes)
    steps = _per_axis(stride, axes) if stride not in (None, [], ()) else kernel
    before = _per_axis(padding, axes)
    probe = torch.empty_like(x, device="meta")
    with torch._C.DisableTorchFunction():
        shape = _REAL_POOLS[axes](probe, kernel, steps, before, dilated, ceil_mode).shape[-axes:]
        sides: list[int] = []
        for size, outputs, k, s, p, d in zip(
            x.shape[-axes:], shape, kernel, steps, before, dilated, strict=True
        ):
            sides = [p, max(0, (outputs - 1) * s + d * (k - 1) + 1 - size - p), *sides]
        padded = F.pad(x, sides)
        for axis, outputs, k, s, d in zip(range(-axes, 0), shape, kernel, steps, dilated, strict=True):
            first = torch.arange(outputs) * s
            windows = first[:, None] + torch.arange(k)[None, :] * d
            padded = padded.index_select(axis, windows.flatten()).unflatten(axis, (outputs, k)).mean(axis)
    return padded


def _takes_channels(index: Any) -> bool:
    whole = slice(None)
    return isinstance(index, tuple) and len(index) > 1 and index[0] == whole and index[1] != whole


def _takes_a_table(index: Any) -> bool:
    """As ``index_select``: the maps that a table names."""
    return _takes_channels(index) and isinstance(index[1], list)


def _any_channel(x: Tensor, parts: Any) -> Any:
    """Fields do not tell channels apart: some of them see what any of them sees."""
    mean = x.mean(1, keepdim=True)
    if isinstance(parts, Tensor):
        return mean.expand(parts.shape)
    return tuple(mean.expand(part.shape) for part in parts)


def _moves(func: Any) -> bool:
    return (resolve_name(func) or "") in _MOVING


def _mixed(x: Tensor, moved: Tensor) -> Tensor:
    """Every position sees everything, where a reshape moved pixels."""
    if moved.shape == x.shape:
        return moved
    return x.flatten(1).mean(1).reshape(-1, *[1] * (moved.dim() - 1)).expand(moved.shape)


def _is_map(x: Any) -> bool:
    """Whether it is a tensor with positions; parameters, and vectors of one number for each channel, have none."""
    return isinstance(x, Tensor) and not isinstance(x, nn.Parameter) and x.is_floating_point() and x.dim() > 2


def _channel_axis(x: Tensor) -> int:
    """The axis of a batch on which the channels lie."""
    axis: int = getattr(x, "channel_axis", 1)
    return axis


def _turned(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """The axes in another order; where the channels are now is seen from sizes that differ."""
    x, *rest = args
    result = func(x, *rest, **kwargs)
    probe = func(torch.empty(*range(1, x.dim() + 1), device="meta"), *rest, **kwargs)
    result.channel_axis = probe.shape.index(_channel_axis(x) + 1)
    return result


def _resampled(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """Interpolation with every weight that is not zero, apart from what rounding leaves, made one and positive."""
    axes = x.dim() - 2
    given = dict(zip(("size", "scale_factor"), args, strict=False)) | kwargs
    name = "size" if given.get("size") is not None else "scale_factor"
    target = given[name] if isinstance(given[name], tuple | list) else [given[name]] * axes
    for axis in range(axes):
        length = x.shape[2 + axis]
        impulses = torch.eye(length, dtype=torch.float64).reshape(
            length, 1, *[1] * axis, length, *[1] * (axes - axis - 1)
        )
        alone = [target[axis] if other == axis else 1 for other in range(axes)]
        with torch._C.DisableTorchFunction():
            weights = F.interpolate(impulses, *args[2:], **{**kwargs, name: alone}).reshape(length, -1)
        weights = (weights.abs() > 1e-9).to(x.dtype)
        x = torch.tensordot(x, weights, dims=([2 + axis], [0])).movedim(-1, 2 + axis)
    return x


def _per_axis(value: Any, axes: int) -> list[int]:
    return [int(item) for item in value] if isinstance(value, tuple | list) else [int(value)] * axes


def interval(seen: Tensor) -> Interval | None:
    """First and last true entry of a vector; None where there is none."""
    indices = seen.nonzero()
    return None if len(indices) == 0 else (int(indices[0]), int(indices[-1]))


def gradient_support(
    network: Callable[[Tensor], Tensor], shape: tuple[int, ...], position: tuple[int, ...]
) -> tuple[Interval, ...] | None:
    """Per axis, the tightest interval of input pixels with a gradient from ``position`` of the output.

    ``network`` maps (1, C, *spatial) in float64 to (1, C', *spatial') or (1, N) with ``position`` (); ``shape`` is one
    sample's. Channels are summed. None where nothing is seen (the window lies in the padding).
    """
    x = torch.ones(1, *shape, dtype=torch.float64, requires_grad=True)
    with structural():
        output = network(x)
    chosen = output.movedim(_channel_axis(output), 1)[(0, slice(None), *position)].sum()
    (gradient,) = torch.autograd.grad(chosen, x)
    return _intervals(gradient[0].abs().sum(0) > 0)


def _intervals(seen: Tensor) -> tuple[Interval, ...] | None:
    if not seen.any():
        return None
    found = []
    for axis in range(seen.dim()):
        others = [other for other in range(seen.dim()) if other != axis]
        along = seen.any(dim=others) if others else seen  # type: ignore[call-overload]
        found.append(interval(along))
    return tuple(found)  # type: ignore[arg-type]


class Seen:
    """Which input rows (columns, …) each output position of one node sees, for all positions at once."""

    def __init__(self, axes: list[Tensor]) -> None:
        #: Per input axis: bool (size of that axis, *positions of the output).
        self.axes = axes

    def field(self, position: tuple[int, ...]) -> tuple[Interval, ...] | None:
        """As ``gradient_support``."""
        found = [interval(axis[(slice(None), *position)]) for axis in self.axes]
        return None if any(one is None for one in found) else tuple(found)  # type: ignore[arg-type]

    @property
    def positions(self) -> tuple[int, ...]:
        """How many outputs there are, per axis."""
        return tuple(self.axes[0].shape[1:])


def impulse_support(
    run: Callable[[Tensor], Mapping[str, Tensor] | Tensor], shape: tuple[int, ...]
) -> dict[str, Seen]:
    """The support of every position of every output, by impulses instead of gradients.

    The structural network is linear and positive, so what a slab of ones at row i makes non-zero is what sees row i;
    the slabs of each axis are one batch. ``run`` maps a float64 batch to one tensor (key "") or to a mapping of them.
    """
    axes: dict[str, list[Tensor]] = {}
    for axis, size in enumerate(shape[1:], start=1):
        slabs = torch.zeros(size, *shape, dtype=torch.float64)
        for index in range(size):
            slabs[index].select(axis, index).fill_(1)
        with structural(), torch.no_grad():
            outputs = run(slabs)
        for key, output in ({"": outputs} if isinstance(outputs, Tensor) else outputs).items():
            axes.setdefault(key, []).append((output != 0).any(dim=_channel_axis(output)))
    return {key: Seen(found) for key, found in axes.items()}


def unclipped(seen: Seen, axis: int) -> tuple[int, int, int] | None:
    """(size, jump, start) along one axis from interior positions: start is where output 0's field would begin.

    None where fewer than two neighbouring positions see nothing of the border. Only for fields that repeat with
    period one (no upsampling).
    """
    others = tuple(positions // 2 for positions in seen.positions)
    size = seen.axes[axis].shape[0]
    interior: list[tuple[int, Interval]] = []
    for index in range(seen.positions[axis]):
        position = (*others[:axis], index, *others[axis + 1 :])
        found = interval(seen.axes[axis][(slice(None), *position)])
        if found is not None and found[0] > 0 and found[1] < size - 1:
            interior.append((index, found))
    for (index, first), (following, second) in pairwise(interior):
        if following == index + 1:
            jump = second[0] - first[0]
            return first[1] - first[0] + 1, jump, first[0] - index * jump
    return None
