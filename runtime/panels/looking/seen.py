"""What is seen: a node, a picture, the maps of the one on the other, and a place in them, with what is said of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from builder.analysis import NodeReport
from builder.errors import ConvolabError
from builder.figures import count
from builder.shapes import format_shape
from builder.widgets.session import Session
from runtime.panels.looking.backstage import Picture, Samples

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


#: So many classes of a mask are told in words.
_MOST = 4


def position(shape: tuple[int, ...], y: int, x: int) -> tuple[int, ...]:
    """The output position of a pixel of ``imagery.planes``, in the axes of a tensor of this shape."""
    if len(shape) == 2:
        return (x,)
    if len(shape) == 4:
        return (shape[1] // 2, y, x)
    return (y, x)


class Seen(QObject):
    """What the views of maps show, and the words and places that follow from it."""

    #: Another map or pixel of it is looked at.
    placeChanged = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.report: NodeReport | None = None
        self.is_selected = False
        self.samples: Samples | None = None
        self.picture: Picture | None = None
        self.values: NDArray[np.float32] | None = None
        self.prediction: tuple[float, ...] = ()
        self.mask: NDArray[np.uint8] | None = None
        self.note = ""
        self.channel = 0
        self.cell: tuple[int, int] | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, where they are known."""
        return self.samples.classes if self.samples is not None else ()

    @property
    def task(self) -> str:
        """What is learnt of the data: ``classification``, ``segmentation`` or ``regression``."""
        return self.samples.task if self.samples is not None else "classification"

    @property
    def names(self) -> tuple[str, ...]:
        """Those of what the network tells: of classes, or of values."""
        return self.samples.targets if self.samples and self.task == "regression" else self.classes

    @property
    def shares(self) -> bool:
        """Whether the values are the probabilities of the classes."""
        values = self.values
        return (
            self.task == "classification"
            and self._is_output
            and values is not None
            and values.shape == (len(self.prediction),)
        )

    @property
    def _is_output(self) -> bool:
        """Whether it is the network's end that is looked at: of a vector what it means is shown, not its logits."""
        return (
            self.report is not None and self.report.node.block == "output" and not self.report.address.graph
        )

    @property
    def path(self) -> str:
        """The path of the node that is looked at; empty where there is none."""
        return self.report.path if self.report is not None else ""

    def go(self, channel: int, cell: tuple[int, int] | None) -> None:
        """Look at a map, or at a pixel (y, x) of it."""
        if cell is None and channel != self.channel:
            cell = self.cell
        self.channel, self.cell = channel, cell
        self.placeChanged.emit()

    def caption(self, short: bool = False) -> str:
        """``conv1 · 6 maps of 28×28 · epoch 7 · step 120``; short: ``conv1 · 6 maps · epoch 7``."""
        if self.report is None or self.values is None:
            return self.path
        values = self.values
        if values.ndim == 1:
            word = "class probability" if self.shares else "value"
            what = count(len(values), word, "class probabilities" if word != "value" else None)
        else:
            what = count(len(values), "map")
            if not short:
                what += f" of {format_shape(values.shape[1:])}"
        note = self.note.split(" · ")[0].split(",")[0] if short else self.note
        return " · ".join(part for part in (self.path, what, note) if part)

    def field(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """The input pixels seen by the chosen pixel, ((top, bottom), (left, right)); beyond the picture is padding."""
        if self.cell is None or self.values is None or self.picture is None:
            return None
        return self._field_at(position(self.values.shape, *self.cell))

    def reach(self) -> tuple[float, float, float, float]:
        """How far the fields of this node go outside the picture: top, left, bottom, right."""
        if self.values is None or self.picture is None or self.values.ndim != 3:
            return (0, 0, 0, 0)
        _, rows, columns = self.values.shape
        first, last = self._field_at((0, 0)), self._field_at((rows - 1, columns - 1))
        if first is None or last is None:
            return (0, 0, 0, 0)
        height, width = self.picture.pixels.shape[:2]
        return (
            float(max(-first[0][0], 0)),
            float(max(-first[1][0], 0)),
            float(max(last[0][1] - height + 1, 0)),
            float(max(last[1][1] - width + 1, 0)),
        )

    def _field_at(self, place: tuple[int, ...]) -> tuple[tuple[float, float], tuple[float, float]] | None:
        if self.report is None or self.picture is None or self.values is None:
            return None
        if (
            self.report.map_shape != self.values.shape
        ):  # drawn anew since; the maps are of the network that trains
            return None
        height, width = self.picture.pixels.shape[:2]
        if len(self.picture.wish.input_shape) != 3:
            return None
        try:
            field = self._session.analysis.field(self.path, place, clipped=False)
        except ConvolabError:  # renamed or removed since; who looks has not been told yet
            return None
        if field is None:
            return (0, height - 1), (0, width - 1)
        if len(field) != 2:
            return None
        (top, bottom), (left, right) = field
        return (top, bottom), (left, right)

    def place_text(self) -> str:
        """What is at the chosen pixel: where it is and its value; how to choose one."""
        if self.values is None:
            return ""
        if self.values.ndim == 1:
            name = f"value {self.channel}"
            if len(self.names) == len(self.values):
                name = self.names[self.channel]
            return f"{name} · {float(self.values[self.channel]):.4g}"
        if self.cell is None:
            return f"map {self.channel} · click a pixel"
        y, x = self.cell
        value = float(self.values[(self.channel, *position(self.values.shape, y, x))])
        return f"map {self.channel} · y {y}, x {x} · {value:.3g}".replace("-", "−")

    def seen_text(self) -> str:
        """What the chosen pixel sees of the picture: ``sees 5×5: y 4…8, x −2…2``; else which picture it is."""
        if self.picture is None:
            return ""
        name = self.picture.name
        if self.picture.said:
            name = f"{self.picture.said} · {name}"
        if self.values is not None and self.values.ndim == 1:
            return f"{name} · each value sees all of it"
        field = self.field()
        if field is None:
            return name
        (top, bottom), (left, right) = field
        size = f"{_figure(bottom - top + 1)}×{_figure(right - left + 1)}"
        return f"sees {size}: y {_span(top, bottom)}, x {_span(left, right)}"

    def verdict(self) -> str:
        """What the network says of the picture: ``taken for 3 (98 %) · is 3``, ``60 % sky, 40 % sea``, ``says 2``."""
        if not self.prediction or (self.task != "regression" and len(self.names) != len(self.prediction)):
            return ""
        if self.task == "regression":
            from runtime.data.words import values_text

            said = f"says {values_text(self.prediction, self.names)}"
        elif self.task == "segmentation":
            order = sorted(range(len(self.names)), key=lambda k: -self.prediction[k])[:_MOST]
            there = (k for k in order if self.prediction[k] >= 0.005)
            return ", ".join(f"{100 * self.prediction[k]:.0f} % {self.names[k]}" for k in there)
        else:
            best = max(range(len(self.prediction)), key=self.prediction.__getitem__)
            said = f"taken for {self.names[best]} ({100 * self.prediction[best]:.0f} %)"
        return f"{said} · is {self.picture.said}" if self.picture is not None and self.picture.said else said


def _figure(number: float) -> str:
    return f"{float(number):g}".replace("-", "−")


def _span(first: float, last: float) -> str:
    return f"{_figure(first)}…{_figure(last)}"
