"""A network at other input sizes: the smallest that works, and what each of many costs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from builder.analysis.analysis import Analysis, analyze
from builder.analysis.memory import Budget, Memory
from builder.analysis.smallest import finish, smallest
from builder.document import Document
from builder.errors import Problem
from builder.shapes import TensorShape, dimensions, format_shape


@dataclass(frozen=True, slots=True)
class Minimum:
    """The smallest inputs at which a network has no error; sizes are spatial, without channels.

    ``square``: equal along all axes, None where none was found. ``axes``: for each axis by itself, the others as
    drawn, None where they do not go together. ``up_to``: the size up to which all larger ones were looked at;
    ``gap``: the first of them that does not work, None where all do.
    """

    square: TensorShape | None
    axes: TensorShape | None
    up_to: TensorShape
    gap: TensorShape | None

    def sentence(self, beside: str, stop: str) -> str:
        """``smallest input 12×12, every larger one up to 28×28 works``, where one was found; ``stop`` is the comma.

        ``beside`` has a place for the sizes that work where the axes differ.
        """
        if self.square is None:
            return ""
        text = f"smallest input {format_shape(self.square)}"
        if self.axes is not None and self.axes != self.square:
            text += beside.format(format_shape(self.axes))
        if self.gap is not None:
            return f"{text}{stop} not every larger one works: {format_shape(self.gap)} does not"
        if self.up_to != self.square:
            text += f"{stop} every larger one up to {format_shape(self.up_to)} works"
        return text

    def to_json(self) -> dict[str, Any]:
        """As ``check --json`` prints it."""
        return {
            "square": _listed(self.square),
            "axes": _listed(self.axes),
            "all_larger_valid": None if self.square is None else self.gap is None,
            "first_invalid": _listed(self.gap),
            "up_to": _listed(self.up_to),
        }


@dataclass(frozen=True, slots=True)
class Row:
    """A network at one input size: what it costs there, or the first thing that is wrong."""

    size: int
    input_shape: TensorShape
    output_shapes: tuple[TensorShape | None, ...]
    parameters: int
    macs: int
    memory: Memory
    problem: Problem | None

    def to_json(self) -> dict[str, Any]:
        """As ``check --sweep --json`` prints it."""
        return {
            "size": self.size,
            "input_shape": list(map(int, self.input_shape)),
            "ok": self.problem is None,
            "output_shapes": [_listed(shape) for shape in self.output_shapes],
            "parameters": self.parameters,
            "macs": self.macs,
            "flops": 2 * self.macs,
            "activation_bytes": self.memory.activations,
            "peak_bytes": self.memory.peak,
            "training_bytes": self.memory.training,
            "inference_bytes": self.memory.inference,
            "problem": None if self.problem is None else self.problem.to_json(),
        }


def _listed(shape: TensorShape | None) -> list[int] | None:
    return None if shape is None else list(map(int, shape))


class Sizes:
    """Analyses of a document with other sizes of its first input, channels and other inputs as they are.

    ``shape`` stands in place of the shape the document gives that input; ``drawn`` is what is taken, None where there
    is no input or it has no spatial axes.
    """

    def __init__(self, document: Document, *, shape: TensorShape | None = None, batch: int = 1) -> None:
        self.document = document
        self.batch = batch
        self._last = analyze(document, batch=batch, input_shape=shape)
        first = next((node for node in document.network if node.block == "input"), None)
        value = None if first is None else self._last.root.results[first.id].outputs["y"].shape
        self.drawn: TensorShape | None = None if value is None or not dimensions(value) else tuple(value)

    @property
    def blocks(self) -> int:
        """How many blocks are looked at for each size."""
        return self._last.root.sums.blocks

    def at(self, spatial: Sequence[int]) -> Analysis:
        """The analysis at these sizes of the axes."""
        assert self.drawn is not None
        shape = (self.drawn[0], *spatial)
        self._last = analyze(self.document, batch=self.batch, input_shape=shape, previous=self._last)
        return self._last

    def works(self, spatial: Sequence[int]) -> bool:
        """Whether there is no error at this size."""
        return self.at(spatial).ok


def search(sizes: Sizes, most: int | None = None) -> Generator[None, None, Minimum | None]:
    """The smallest inputs, with a yield after each analysis; None where the network has no input with axes.

    Larger sizes are looked at where no more than ``most`` blocks have to be for it.
    """
    drawn = sizes.drawn
    if drawn is None:
        return None
    spatial = drawn[1:]
    dims = len(spatial)
    number = yield from smallest(lambda n: sizes.at((n,) * dims), max(spatial))
    if not number:
        return Minimum(None, None, tuple(spatial), None)
    others = spatial if sizes.works(spatial) else (number,) * dims
    found = []
    for axis in range(dims):
        found.append((yield from smallest(_along(sizes, others, axis), others[axis])))
    axes = tuple(found)
    together = all(axes) and sizes.works(axes)
    gap, last = None, max(number, *spatial)
    if most is not None and (last - number) * sizes.blocks > most:
        last = number
    for larger in range(number + 1, last + 1):
        yield
        if not sizes.works((larger,) * dims):
            gap = (larger,) * dims
            break
    return Minimum((number,) * dims, axes if together else None, (last,) * dims, gap)


def _along(sizes: Sizes, others: Sequence[int], axis: int) -> Callable[[int], Analysis]:
    return lambda number: sizes.at((*others[:axis], number, *others[axis + 1 :]))


def minimum_input(document: Document, *, shape: TensorShape | None = None) -> Minimum | None:
    """The smallest inputs at which a document has no error; None where it has no input with spatial axes."""
    return finish(search(Sizes(document, shape=shape)))


def sweep(
    sizes: Sizes, numbers: Iterable[int], *, precision: str = "fp32", optimizer: str = "adam"
) -> Iterator[Row]:
    """A row for each size, equal along all axes."""
    if sizes.drawn is None:
        return
    for number in numbers:
        analysis = sizes.at((number,) * dimensions(sizes.drawn))
        totals = analysis.totals
        yield Row(
            number,
            (sizes.drawn[0], *(number,) * dimensions(sizes.drawn)),
            tuple(analysis.output_shapes),
            totals.parameters,
            totals.macs,
            Budget(analysis, precision=precision, optimizer=optimizer).total(),
            None if analysis.ok else analysis.findings[0],
        )
