"""``inspect``: a picture of what a node of a network sees."""

from __future__ import annotations

import argparse
import difflib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.analysis import Analysis, NodeReport, analyze
from builder.errors import ConvolabError, Problem
from builder.shapes import TensorShape, format_shape
from runtime.commands.common import (
    OK,
    Subject,
    build_with_weights,
    complain,
    failed,
    misuse,
    not_yet,
    open_subject,
    say,
)
from runtime.data import Data, fit_input, load_data, prepare_pixels

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import nn

    from runtime.inspection.fields import Box

NOW = ("features", "receptive-field")
LATER = ("filters", "gradcam", "saliency")


def add_parser(subparsers: Any) -> None:
    """Declare ``inspect``."""
    parser = subparsers.add_parser("inspect", help="draw what a node sees", description=__doc__)
    parser.add_argument(
        "subject", metavar="RUN_OR_FILE", help="a run's folder, a document or an architecture"
    )
    parser.add_argument(
        "--image", required=True, help="a picture, or SOURCE:N for sample N of a source (digits:17)"
    )
    parser.add_argument(
        "--node", required=True, metavar="PATH", help="a node's dotted path, as `check` lists it"
    )
    parser.add_argument("--what", choices=NOW + LATER, default=NOW[0])
    parser.add_argument("--weights", metavar="W", help="a file, or best or last of the run (stock: best)")
    parser.add_argument(
        "--channel", type=_index, metavar="C", help="one map; of a field, its strongest position"
    )
    parser.add_argument(
        "--position", type=_position, metavar="Y,X", help="a position of the node's maps (stock: centre)"
    )
    parser.add_argument("--class", dest="class_", type=_index, metavar="K", help="for gradcam and saliency")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="PNG")
    parser.set_defaults(run=run)


def _index(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from 0 on")
    return int(text)


def _position(text: str) -> tuple[int, ...]:
    return tuple(_index(part) for part in text.split(","))


def run(arguments: argparse.Namespace) -> int:
    """Draw."""
    if arguments.what in LATER:
        return not_yet(f"--what {arguments.what}")
    if arguments.class_ is not None:
        return misuse("--class belongs to gradcam and saliency")
    if arguments.position is not None and arguments.what != "receptive-field":
        return misuse("--position belongs to --what receptive-field")
    if arguments.output.suffix.lower() != ".png":
        return misuse(f"-o wants a .png, not '{arguments.output}'")
    subject = open_subject(arguments.subject)
    if isinstance(subject, list):
        return failed(subject)
    analysis = analyze(subject.document)
    if not analysis.ok:
        return failed(problem for problem in analysis.problems if problem.is_error)
    shape = node_shape(analysis, arguments.node, arguments.channel, arguments.position)
    if isinstance(shape, Problem):
        return failed(shape)
    inputs = analysis.input_shapes
    if len(inputs) != 1 or inputs[0] is None:
        return failed(
            Problem(
                "one-input",
                "A picture needs one input",
                f"the network has {len(inputs)}",
                "Leave one Input block",
            )
        )
    shown = show(arguments.image, subject, tuple(map(int, inputs[0])))
    if isinstance(shown, Problem):
        return failed(shown)
    look = Look(subject, analysis, arguments.node, shape, shown, arguments.channel, arguments.position)
    drawn = look.features(arguments) if arguments.what == "features" else look.field(arguments)
    if not isinstance(drawn, list):
        from runtime.inspection import write_png

        problem = write_png(drawn, arguments.output)
        drawn = [problem] if problem else drawn
    if isinstance(drawn, list):
        return failed(drawn)
    say(str(arguments.output))
    return OK


# nodes ----------------------------------------------------------------------------------------------------------


def _modules(analysis: Analysis, instance: tuple[str, ...] = ()) -> Iterator[NodeReport]:
    """Placed modules, outermost first; what is in a repeated one is reached as its leaves."""
    for report in analysis.view(instance).reports.values():
        if report.node.block.startswith("module:") and not report.bypassed:
            yield report
            if report.stages == 1:
                yield from _modules(analysis, (*instance, report.node.name))


def node_shape(
    analysis: Analysis, path: str, channel: int | None, position: tuple[int, ...] | None
) -> TensorShape | Problem:
    """The output shape of the node of a dotted path; Problem where path, channel or position are not there."""
    shapes = {report.path: report.output_shape for report in _modules(analysis)}
    shapes |= {report.path: report.output_shape for report in analysis.leaves()}
    found = shapes.get(path)
    if found is None:
        near = difflib.get_close_matches(path, shapes, 5, 0.4) or list(shapes)[:5]
        return Problem(
            "no-such-node",
            "A node is named by its dotted path",
            f"'{path}' is none of this network's {len(shapes)}",
            f"Near it are {', '.join(near)}; `check` lists them all",
        )
    shape = tuple(map(int, found))
    if channel is not None and channel >= shape[0]:
        return Problem(
            "no-such-channel",
            "Channels count from 0",
            f"'{path}' has {shape[0]}, the last is {shape[0] - 1}; asked for was {channel}",
            "Choose another",
            path=path,
        )
    if position is not None and not (
        len(position) == len(shape) - 1 and all(p < size for p, size in zip(position, shape[1:], strict=True))
    ):
        return Problem(
            "no-such-position",
            f"A position of '{path}' has {len(shape) - 1} numbers, each below its size",
            f"its maps are {format_shape(shape[1:]) or 'single numbers'}, asked for was {','.join(map(str, position))}",
            "Choose another",
            path=path,
        )
    return shape


# pictures -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """What the network is shown: ``x`` (1, *input), ``pixels`` (H, W[, 3]) for the eye, and where it is from."""

    x: torch.Tensor
    pixels: NDArray[np.uint8]
    title: str
    label: int | None = None
    classes: tuple[str, ...] = ()


def show(image: str, subject: Subject, shape: TensorShape) -> Shown | Problem:
    """``SOURCE:N`` or a picture file, as an input of ``shape``; normalised as the data the network learns from."""
    source, colon, number = image.rpartition(":")
    if colon and number.isascii() and number.isdecimal() and len(number) < 19 and not Path(image).exists():
        data = load_data(source, shape)
        return _sample(data, source, int(number)) if isinstance(data, Data) else data
    if not subject.document.data.get("source"):
        return _as_it_is(image, shape)
    data = load_data(subject.data_source, shape)
    if isinstance(data, Problem):
        return data
    x = data.prepare_picture(image)
    if isinstance(x, Problem):
        return x
    return Shown(x, data.to_picture(x), Path(image).name, None, data.classes)


def _sample(data: Data, source: str, number: int) -> Shown | Problem:
    if number >= len(data):
        return Problem(
            "no-such-sample",
            "Samples count from 0",
            f"'{source}' has {len(data):,}, asked for was {number:,}",
            f"Choose one up to {len(data) - 1:,}",
        )
    x, y = data.batch([number])
    return Shown(x, data.picture(number), f"{source}:{number}", int(y[0]), data.classes)


def _as_it_is(image: str, shape: TensorShape) -> Shown | Problem:
    """A picture for a network that names no data."""
    import torch

    fit = fit_input(shape, None)
    pixels = fit if isinstance(fit, Problem) else prepare_pixels(image, fit)
    if isinstance(pixels, Problem):
        return pixels
    complain("the document names no data: pixels are brought to −1…1")
    x = torch.from_numpy(pixels.copy()).float().div_(127.5).sub_(1).view(1, *shape)
    return Shown(x, pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0), Path(image).name)


# drawing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Look:
    """A node of a network, and the picture it looks at."""

    subject: Subject
    analysis: Analysis
    path: str
    shape: TensorShape
    shown: Shown
    channel: int | None
    position: tuple[int, ...] | None

    def _built(self, weights: str | None) -> nn.Module | list[Problem]:
        built = build_with_weights(self.subject, weights)
        if isinstance(built, list):
            return built
        if built[1] is None:
            complain("a document has no weights: what is shown is what a fresh network makes of it")
        return built[0]

    def _values(self, model: nn.Module) -> NDArray[np.float32]:
        from runtime.compile import Tapped
        from runtime.inspection import feature_maps

        found = Tapped(self.subject.document, model).run(self.shown.x, paths=[self.path])
        return feature_maps(found)[self.path]

    def _said(self, model: nn.Module | None, trained: bool) -> str:
        """The picture, what it is, and what a trained network takes it for."""
        parts = [self.shown.title]
        classes = self.shown.classes
        if self.shown.label is not None:
            parts.append(f"it is {classes[self.shown.label]}")
        if model is not None and trained:
            import torch

            from runtime.training.objective import objective_of

            with torch.no_grad():
                outputs = model.eval()(self.shown.x)
            if isinstance(outputs, torch.Tensor) and outputs.shape == (1, len(classes)):
                share, best = objective_of(self.subject.document).probabilities(outputs).max(1)
                parts.append(f"taken for {classes[int(best)]} ({float(share):.0%})")
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

        model: nn.Module | None = None
        position = self.position
        strongest = ""
        if position is None and self.channel is not None:
            built = self._built(arguments.weights)
            if isinstance(built, list):
                return built
            model = built
            position = _strongest(self._values(model)[self.channel])
            strongest = f", the strongest of channel {self.channel}"
        position = position if position is not None else tuple(size // 2 for size in self.shape[1:])
        try:
            seen = self.analysis.field(self.path, position)
            window = self.analysis.field(self.path, position, clipped=False)
        except ConvolabError as error:
            return [
                Problem("no-field", "A field belongs to a node with an output", str(error), path=self.path)
            ]
        inputs = self.analysis.input_shapes[0]
        assert inputs is not None
        if seen is None:
            return [
                Problem(
                    "no-field",
                    "A position sees what of the picture reaches it",
                    f"none of it reaches {self.path} at {_at(position)}",
                    "Choose another position",
                    path=self.path,
                )
            ]
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
    return Problem(
        "no-field",
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
