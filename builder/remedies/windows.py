"""Ways out where a window does not fit into what arrives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from builder.analysis import analyze, smallest_input
from builder.blocks.terminal import Input
from builder.edits import ReplaceNode
from builder.remedies.base import Place, Ways, changed, remedy
from builder.shapes import TensorShape, format_shape


@remedy("shrink-kernel")
def shrink_kernel(place: Place) -> Ways:
    """The largest kernel that fits, where possible with an odd edge."""
    shape, values = _arriving(place), _values(place)
    if shape is None or "kernel_size" not in values:
        return
    dims = len(shape) - 1
    padding = _symmetric(values.get("padding"), dims)
    kernels = []
    for size, kernel, dilation, pad in zip(
        shape[1:],
        _each(values["kernel_size"], dims),
        _each(values.get("dilation", 1), dims),
        padding,
        strict=True,
    ):
        largest = (size + 2 * pad - 1) // dilation + 1
        fitting = min(kernel, largest)
        kernels.append(int(fitting if fitting == kernel or fitting % 2 or fitting < 3 else fitting - 1))
    if min(kernels) < 1:
        return
    label = f"Kernel {format_shape(tuple(kernels))}"
    changes: dict[str, Any] = {"kernel_size": kernels[0] if len(set(kernels)) == 1 else kernels}
    yield label, changed(place, **changes)
    changes["padding"] = 0
    yield label, changed(place, **changes)


@remedy("pad-more")
def pad_more(place: Place) -> Ways:
    """As much border as the window needs to fit."""
    shape, values = _arriving(place), _values(place)
    if shape is None or "kernel_size" not in values:
        return
    dims = len(shape) - 1
    pads = []
    for size, kernel, dilation in zip(
        shape[1:], _each(values["kernel_size"], dims), _each(values.get("dilation", 1), dims), strict=True
    ):
        extent = dilation * (kernel - 1) + 1
        pads.append(max(0, -(-(extent - size) // 2)))
    yield (
        f"Padding {format_shape(tuple(pads)) if len(set(pads)) > 1 else pads[0]}",
        changed(place, padding=pads[0] if len(set(pads)) == 1 else pads),
    )


@remedy("same-padding")
def same_padding(place: Place) -> Ways:
    """Padding that keeps the size."""
    if place.node is not None and place.node.block == "conv":
        yield "Padding 'same'", changed(place, padding="same")


@remedy("enlarge-input")
def enlarge_input(place: Place) -> Ways:
    """The smallest input at which no map is too small."""
    source = next((node for node in place.document.network if node.block == "input"), None)
    number = smallest_input(analyze(place.document))
    if source is None or not number:
        return
    channels, *spatial = Input.create(source.parameters).values["shape"]
    for sizes in ([max(size, number) for size in spatial], [number] * len(spatial)):
        shape = [channels, *sizes]
        larger = ReplaceNode(place.document.network.key, source.with_parameters(shape=shape))
        yield f"Input {format_shape(tuple(shape))}", [larger]


def _arriving(place: Place) -> TensorShape | None:
    report = place.report
    return next((s for s in report.input_shapes.values() if s is not None), None) if report else None


def _values(place: Place) -> Mapping[str, Any]:
    """The node's parameters with expressions resolved, where the analysis got that far; else as they stand."""
    report = place.report
    if report is not None and report.facts is not None and report.facts.block is not None:
        return report.facts.block.values
    cls = place.block
    if cls is None or place.node is None or cls.check(place.node.parameters):
        return {}
    return cls.create(place.node.parameters).values


def _each(value: Any, dims: int) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,) * dims


def _symmetric(value: Any, dims: int) -> tuple[int, ...]:
    """What a padding adds on both sides at least; words such as 'same' are replaced by none."""
    if value is None or isinstance(value, str):
        return (0,) * dims
    return tuple(min(side) if isinstance(side, tuple | list) else side for side in _each(value, dims))
