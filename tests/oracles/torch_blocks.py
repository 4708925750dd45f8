"""Each block as someone who knows PyTorch would write it, from the block's parameters alone.

Nothing here looks at what a block infers or lowers to. Where the program departs from PyTorch on purpose, the
departure is one of ``HOUSE_RULES``, with its reason; there is no other place for exceptions.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.measures import any_momentum
from tests.oracles.torch_layers import LAYERS
from tests.oracles.torch_making import Function, Maker, Shape, Values, of_rank, spread, tuples
from tests.oracles.torch_shapes import SHAPES
from tests.oracles.torch_windows import WINDOWS

#: What PyTorch raises where it refuses.
REFUSALS = (RuntimeError, ValueError, IndexError, TypeError, AssertionError)


def _conv(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    values = {name: tuples(value) for name, value in values.items()}
    make = of_rank("Conv", shapes)
    spatial, padding = shapes[0][1:], values["padding"]
    options = {name: values[name] for name in ("kernel_size", "stride", "dilation", "groups", "bias")}
    mode = values["padding_mode"]
    sides: list[tuple[int, int]]
    if padding == "same" and any(stride != 1 for stride in spread(values["stride"], len(spatial))):
        sides = _tensorflow_same(values, spatial)
    elif isinstance(padding, tuple) and any(isinstance(side, tuple) for side in padding):
        sides = [side if isinstance(side, tuple) else (side, side) for side in padding]
        if all(before == after for before, after in sides):  # said in pairs, but PyTorch's own padding
            return _conv({**values, "padding": tuple(before for before, _ in sides)}, shapes)
    else:
        return make(shapes[0][0], values["out_channels"], padding=padding, padding_mode=mode, **options)
    if len(sides) != len(spatial):
        raise ValueError("one pair of sides for each axis")
    border = [side for pair in reversed(sides) for side in pair]

    class Padded(make):  # type: ignore[misc, valid-type]
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(F.pad(x, border, "constant" if mode == "zeros" else mode))

    return Padded(shapes[0][0], values["out_channels"], **options)


def _tensorflow_same(values: Values, spatial: Sequence[int]) -> list[tuple[int, int]]:
    """TensorFlow's "SAME": as many outputs as ceil(size / stride), the odd pixel of padding at the end."""
    sides = []
    names = ("kernel_size", "stride", "dilation")
    per_axis = [spread(values[name], len(spatial)) for name in names]
    for size, kernel, stride, dilation in zip(spatial, *per_axis, strict=True):
        reach = (math.ceil(size / stride) - 1) * stride + (kernel - 1) * dilation + 1
        missing = max(reach - size, 0)
        sides.append((missing // 2, missing - missing // 2))
    return sides


def _pool(name: str, *options: str) -> Maker:
    def make(values: Values, shapes: Sequence[Shape]) -> nn.Module:
        names = ("kernel_size", "stride", "padding", "ceil_mode", *options)
        more = {"divisor_override": values["divisor_override"]} if values.get("divisor_override") else {}
        return of_rank(name, shapes)(**{option: tuples(values[option]) for option in names}, **more)

    return make


def _adaptive(name: str) -> Maker:
    return lambda values, shapes: of_rank(name, shapes)(tuples(values["output_size"]))


def _global_pool(function: Callable[..., Tensor]) -> Maker:
    def make(values: Values, shapes: Sequence[Shape]) -> nn.Module:
        axes = tuple(range(2, len(shapes[0]) + 1))
        if not axes:
            raise ValueError("a vector has no positions to pool")
        return Function(lambda x: function(x, axes, keepdim=bool(values["keepdim"])))

    return make


def _batch_norm(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    make = getattr(nn, f"BatchNorm{max(len(shapes[0]) - 1, 1)}d")
    options = {name: values[name] for name in ("eps", "momentum", "affine", "track_running_stats")}
    made: nn.Module = make(shapes[0][0], **options)
    return made


def _linear(values: Values, shapes: Sequence[Shape]) -> nn.Module:
    return nn.Linear(shapes[0][-1], values["out_features"], bias=bool(values["bias"]))


def _plain(make: Callable[[], nn.Module]) -> Maker:
    return lambda values, shapes: make()


ORACLES: dict[str, Maker] = {
    **LAYERS,
    **SHAPES,
    **WINDOWS,
    "add": _plain(lambda: Function(lambda *xs: functools.reduce(torch.add, xs))),
    "adaptive_avg_pool": _adaptive("AdaptiveAvgPool"),
    "adaptive_max_pool": _adaptive("AdaptiveMaxPool"),
    "avg_pool": _pool("AvgPool", "count_include_pad"),
    "batch_norm": _batch_norm,
    "concat": _plain(lambda: Function(lambda *xs: torch.cat(xs, 1))),
    "conv": _conv,
    "dropout": lambda values, shapes: nn.Dropout(values["p"]),
    "global_avg_pool": _global_pool(torch.mean),
    "global_max_pool": _global_pool(torch.amax),
    "linear": _linear,
    "max_pool": _pool("MaxPool", "dilation"),
    "output": _plain(nn.Identity),
    "relu": _plain(nn.ReLU),
    "relu6": _plain(nn.ReLU6),
    "sigmoid": _plain(nn.Sigmoid),
    "softmax": _plain(lambda: nn.Softmax(1)),
    "tanh": _plain(nn.Tanh),
}


def pytorch_output(block_id: str, values: Values, shapes: Sequence[Shape]) -> Shape:
    """The shape (of the first output) PyTorch makes of these inputs, on the meta device; raises one of REFUSALS."""
    with torch.device("meta"), torch.no_grad():
        module = ORACLES[block_id](values, shapes)
        with any_momentum(module):
            output = module(*(torch.empty(2, *shape) for shape in shapes))
    first: Tensor = output[0] if isinstance(output, tuple) else output
    return tuple(first.shape[1:])


@dataclass(frozen=True, slots=True)
class HouseRule:
    """Where the program departs from PyTorch: it ``refuses`` what PyTorch takes (or may), or takes what it refuses."""

    name: str
    reason: str
    refuses: bool
    applies: Callable[[str, Values, Sequence[Shape]], bool]


def _per_axis_lists_differ(block_id: str, values: Values, shapes: Sequence[Shape]) -> bool:
    if not shapes or len(shapes[0]) < 2:
        return False
    names = (
        "kernel_size",
        "stride",
        "padding",
        "output_padding",
        "dilation",
        "output_size",
        "size",
        "scale_factor",
        "crop",
    )
    lists = [values[name] for name in names if isinstance(values.get(name), list | tuple)]
    return any(len(value) != len(shapes[0]) - 1 for value in lists)


_OF_EQUALS = ("add", "subtract", "average", "maximum")


def _slice_slips(values: Values, shape: Shape) -> bool:
    if values["dim"] > len(shape):
        return False
    size = shape[values["dim"] - 1]
    taken = range(size)[values["start"] : values["stop"] or None : values["step"]]
    return not (taken and -size <= values["start"] and -size <= values["stop"] <= size)


def _leaves_no_pixels(block_id: str, values: Values, shapes: Sequence[Shape]) -> bool:
    if block_id != "conv_transpose":
        return False
    try:
        return 0 in pytorch_output(block_id, values, shapes)
    except REFUSALS:
        return False


def _is_larger(shape: Shape, like: Shape) -> bool:
    """Whether two maps have equally many axes, and the first is larger along any of them."""
    return len(shape) == len(like) and any(a > b for a, b in zip(shape[1:], like[1:], strict=True))


HOUSE_RULES = (
    HouseRule(
        "one number for each axis",
        "PyTorch stretches a list of one number over all axes in some arguments and not in others.",
        True,
        _per_axis_lists_differ,
    ),
    HouseRule(
        "same with stride",
        "TensorFlow's networks need it, and everybody expects ceil(size / stride).",
        False,
        lambda block_id, values, shapes: (
            block_id == "conv"
            and values["padding"] == "same"
            and any(stride != 1 for stride in spread(values["stride"], 1))
        ),
    ),
    HouseRule(
        "Add does not broadcast",
        "In a residual network unequal shapes are a slip; broadcasting would hide it.",
        True,
        lambda block_id, values, shapes: block_id in _OF_EQUALS and len(set(shapes)) > 1,
    ),
    HouseRule(
        "Pixels are shuffled in images",
        "PyTorch takes a volume as a batch of images, and a sequence as one; neither is meant.",
        True,
        lambda block_id, values, shapes: block_id.startswith("pixel_") and len(shapes[0]) != 3,
    ),
    HouseRule(
        "A slice lies inside",
        "PyTorch cuts off what lies outside, and gives empty tensors; both are slips.",
        True,
        lambda block_id, values, shapes: block_id == "slice" and _slice_slips(values, shapes[0]),
    ),
    HouseRule(
        "What is padded fits",
        "PyTorch cuts off where a border is negative; that is Crop like's work, and here a slip.",
        True,
        lambda block_id, values, shapes: block_id == "pad_like" and _is_larger(*shapes),
    ),
    HouseRule(
        "Parts are equal",
        "PyTorch makes the last part smaller, or fewer parts, where they do not divide the channels.",
        True,
        lambda block_id, values, shapes: (
            block_id == "split" and not values["sizes"] and shapes[0][0] % values["sections"] > 0
        ),
    ),
    HouseRule(
        "A map has pixels",
        "Where padding takes away all that a transposed convolution makes, PyTorch hands on a tensor of nothing.",
        True,
        _leaves_no_pixels,
    ),
    HouseRule(
        "Linear takes vectors",
        "PyTorch would apply it along the last axis of a map, which is hardly ever meant unless it is said.",
        True,
        lambda block_id, values, shapes: (
            block_id == "linear" and values["over"] == "all" and len(shapes[0]) > 1
        ),
    ),
)


def house_rule(block_id: str, values: Values, shapes: Sequence[Shape]) -> HouseRule | None:
    """The first house rule that decides this case."""
    return next((rule for rule in HOUSE_RULES if rule.applies(block_id, values, shapes)), None)
