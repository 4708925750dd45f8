"""What ``inspect`` draws: a node's feature maps, or the pixels that one of its positions sees."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from builder.analysis import Analysis
from builder.errors import ConvolabError, Problem
from builder.shapes import TensorShape, format_shape
from runtime.commands.answers import in_words, predicted, task_for
from runtime.commands.common import Subject, build_with_weights, complain
from runtime.commands.shown import Shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from runtime.inspection.fields import Box


@dataclass(frozen=True, slots=True)
class Look:
    """A node of a network, and the picture it looks at."""

    subject: Subject
    analysis: Analysis
    path: str
    shape: TensorShape
    shown: Shown
    classes: tuple[str, ...]
    channel: int | None
    position: tuple[int, ...] | None
    #: Of what the node gives, the channels first; (): they are.
    axes: tuple[int, ...] = ()

    def _built(self, weights: str | None) -> nn.Module | list[Problem]:
        built = build_with_weights(self.subject, weights, alone=True)
        if isinstance(built, list):
            return built
        if built.file is None:
            complain("a document has no weights: what is shown is what a fresh network makes of it")
        return built.model

    def _values(self, model: nn.Module) -> NDArray[np.float32]:
        from runtime.compile import Tapped
        from runtime.inspection import feature_maps

        found = Tapped(self.subject.document, model).run(self.shown.x, paths=[self.path])
        values = feature_maps(found)[self.path]
        return values.transpose(self.axes) if self.axes else values

    def _said(self, model: nn.Module | None, trained: bool) -> str:
        """The picture, what it is, and what a trained network takes it for."""
        parts = [self.shown.title]
        if self.shown.label is not None:
            parts.append(f"it is {self.shown.label}")
        if model is None or not trained:
            return " · ".join(parts)
        task = task_for(self.subject)
        if not isinstance(task, list):
            said = predicted(task, model, self.shown.x)
            if not isinstance(said, Problem):
                parts.append(in_words(task, said.values, self.classes))
        return " · ".join(parts)

    def features(self, arguments: argparse.Namespace) -> NDArray[np.uint8] | list[Problem]:
        """The node's maps, each on its own scale; a vector's entries on a common one."""
        import numpy as np

        from runtime.inspection import arrange, captioned, limits, planes, tile
        from runtime.inspection.captions import number

        model = self._built(arguments.weights)
        if isinstance(model, list):
            return model
        values = self._values(model)
        low, high = limits(values)
        trained = self.subject.run is not None or arguments.weights is not None
        title = f"{self.path} · {format_shape(self.shape)}"
        if self.channel is not None:
            values = values[self.channel : self.channel + 1]
            low, high = limits(values)
            title += f" · channel {self.channel}"
        maps = planes(values)
        grid = arrange(*maps.shape)
        common = len(maps) == 1 or values.ndim == 1
        told = f"values from {number(low)} to {number(high)}"
        if not common:
            told += ", each map on its own scale"
        if grid.count < len(maps):
            told += f", the first {grid.count:,} of {len(maps):,}"
        return captioned(
            tile(maps, scale="common" if common else "map", grid=grid),
            title,
            [self._said(model, trained), told],
            bar=(number(low), number(high)) if common else ("least", "greatest"),
            not_finite=int((~np.isfinite(values)).sum()),
        )

    def field(self, arguments: argparse.Namespace) -> NDArray[np.uint8] | list[Problem]:
        """The picture with the pixels that one position sees."""
        from runtime.inspection import captioned, field_picture

        found = self._chosen_position(arguments.weights)
        if isinstance(found, list):
            return found
        position, strongest, model = found
        try:
            seen = self.analysis.field(self.path, position)
            window = self.analysis.field(self.path, position, clipped=False)
        except ConvolabError as error:
            return [_no_field("A field belongs to a node with an output", str(error), path=self.path)]
        if seen is None:
            return [
                _no_field(
                    "A position sees what of the picture reaches it",
                    f"none of it reaches {self.path} at {_at(position)}",
                    "Choose another position",
                    path=self.path,
                )
            ]
        inputs = self.analysis.input_shapes[0]
        assert inputs is not None
        whole = tuple((0, int(size) - 1) for size in inputs[1:])
        seen, window = _rounded(seen), whole if window is None else _rounded(window)
        box = _box(window, inputs, self.shown.pixels.shape[:2])
        if isinstance(box, Problem):
            return [box]
        trained = self.subject.run is not None or arguments.weights is not None
        where = f" · position {_at(position)}{strongest}" if position else ""
        return captioned(
            field_picture(self.shown.pixels, box),
            f"{self.path} · {format_shape(self.shape)}{where}",
            [self._said(model, trained), *_told(seen, window, whole)],
        )

    def _chosen_position(
        self, weights: str | None
    ) -> tuple[tuple[int, ...], str, nn.Module | None] | list[Problem]:
        """The position asked for, else the strongest of the channel, else the centre; how it was found; the model."""
        if self.position is not None:
            return self.position, "", None
        if self.channel is None:
            return tuple(size // 2 for size in self.shape[1:]), "", None
        model = self._built(weights)
        if isinstance(model, list):
            return model
        strongest = _strongest(self._values(model)[self.channel])
        return strongest, f", the strongest of channel {self.channel}", model


def _no_field(rule: str, values: str, way_out: str = "", path: str = "") -> Problem:
    return Problem("no-field", rule, values, way_out, path=path)


def _strongest(values: NDArray[np.float32]) -> tuple[int, ...]:
    import numpy as np

    known = np.where(np.isfinite(values), values, -np.inf)
    return tuple(int(i) for i in np.unravel_index(int(known.argmax()), values.shape))


def _at(position: tuple[int, ...]) -> str:
    return "(" + ", ".join(map(str, position)) + ")"


def _rounded(field: tuple[tuple[Any, Any], ...]) -> tuple[tuple[int, int], ...]:
    """Whole pixels: bounds behind an upsampling may lie between two."""
    return tuple((math.floor(first), math.ceil(last)) for first, last in field)


def _box(window: tuple[tuple[int, int], ...], inputs: TensorShape, size: tuple[int, ...]) -> Box | Problem:
    """The field on the picture's two axes; a sequence whose channels are rows has all of them."""
    if len(window) == 2:
        return window[0], window[1]
    if len(window) == 1 and tuple(inputs) == tuple(size):
        return (0, size[0] - 1), window[0]
    return _no_field(
        "A field is drawn on a picture with the axes of the network's input",
        f"the input is {format_shape(inputs)}",
        "Inspect a network with an input of C×H×W",
    )


def _told(
    seen: tuple[tuple[int, int], ...], window: tuple[tuple[int, int], ...], whole: tuple[tuple[int, int], ...]
) -> list[str]:
    names = ("rows", "columns") if len(seen) == 2 else ("steps",)
    lengths = [last - first + 1 for first, last in window]
    spans = ", ".join(f"{name} {first}–{last}" for name, (first, last) in zip(names, seen, strict=True))
    if seen == whole and window == whole:
        return [f"sees the whole input: {spans}"]
    inside = math.prod(
        max(0, min(last, end) - max(first, 0) + 1)
        for (first, last), (_, end) in zip(window, whole, strict=True)
    )
    padding = math.prod(lengths) - inside
    return [
        f"sees {spans}",
        f"a window of {format_shape(tuple(lengths))} pixels"
        + (f", {padding:,} of them padding" if padding else ""),
    ]
