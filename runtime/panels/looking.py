"""What is looked at: a node, a picture and the maps of the one on the other; live or computed behind the window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from builder.analysis import NodeReport
from builder.document import Document
from builder.errors import Problem
from builder.shapes import format_shape
from builder.widgets.figures import count
from builder.widgets.session import Session
from runtime.panels.backstage import Backstage, DataWish, Picture, Samples, View, Weights, find_device
from runtime.panels.imagery import position
from runtime.panels.training import Training
from runtime.panels.worker import Worker
from runtime.training.events import Maps

#: Milliseconds without an edit after which maps are computed anew.
_QUIET = 150
#: Milliseconds after which data is loaded once somebody looks: the window is painted first.
_AFTER_PAINT = 300

_NO_NODE = "Draw a network and select a node: what it makes of a picture is shown here."


class Looking(QObject):
    """Follows the selection, the data and the training, and keeps what the views of maps show.

    While nobody looks (``look``), nothing is loaded or computed. Without a selection it looks at the
    network's first convolution.
    """

    #: Other maps, another node, or another reason why there are none.
    valuesChanged = Signal()
    #: Another picture.
    pictureChanged = Signal()
    #: Other pictures to choose from.
    samplesChanged = Signal()
    #: Another map or pixel of it is looked at.
    placeChanged = Signal()
    #: What ``auto`` comes to on this machine: ``cpu`` or ``cuda``.
    deviceFound = Signal(str)
    #: What a person's picture or the data is refused for: a Problem.
    troubled = Signal(object)

    def __init__(
        self, session: Session, training: Training, worker: Worker, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._training, self._worker = session, training, worker
        self._backstage = Backstage()
        self._viewers: set[QObject] = set()
        self._copy: tuple[int, Document, Document] | None = None
        self._choice: int | Path | None = None
        self._weights: Weights | None = None
        self.report: NodeReport | None = None
        self.is_selected = False
        self.samples: Samples | None = None
        self.picture: Picture | None = None
        self.values: NDArray[np.float32] | None = None
        self.prediction: tuple[float, ...] = ()
        self.note = ""
        self.hint = _NO_NODE
        self.channel = 0
        self.cell: tuple[int, int] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._refresh)
        session.analysisChanged.connect(self._later)
        session.documentReplaced.connect(self._forget)
        session.selectionChanged.connect(self._later)
        session.instanceChanged.connect(self._later)
        training.runStarted.connect(self._begin)
        training.mapsArrived.connect(self._take_live)
        training.runFinished.connect(self._end)

    # who looks -------------------------------------------------------------------------------------------

    def look(self, viewer: QObject, looks: bool) -> None:
        """A view tells that it is seen, or not any more."""
        before = bool(self._viewers)
        (self._viewers.add if looks else self._viewers.discard)(viewer)
        if bool(self._viewers) == before:
            return
        if self._viewers:
            self._timer.start(_AFTER_PAINT)
        else:
            self._timer.stop()
            self._training.watch((), None)

    def warm_up(self) -> None:
        """Load PyTorch and the data behind the window, so that training and maps begin at once later."""
        wish = self._wish()
        if self.samples is None and wish is not None and not self._worker.busy:
            self._worker.submit("data", lambda: self._backstage.samples(wish), self._take_samples)

    def use(self, weights: Weights | None) -> None:
        """Look with these weights while nothing trains; None: those of the last run, or fresh ones."""
        self._weights = weights
        self._later()

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, where they are known."""
        return self.samples.classes if self.samples is not None else ()

    @property
    def shares(self) -> bool:
        """Whether the values are the probabilities of the classes."""
        return self._is_output and self.values is not None and len(self.prediction) == len(self.values)

    @property
    def _is_output(self) -> bool:
        """Whether it is the network's end that is looked at: what is shown of it are probabilities."""
        return (
            self.report is not None and self.report.node.block == "output" and not self.report.address.graph
        )

    @property
    def path(self) -> str:
        """The path of the node that is looked at; empty where there is none."""
        return self.report.path if self.report is not None else ""

    # following -------------------------------------------------------------------------------------------

    def _later(self) -> None:
        if self._viewers:
            self._timer.start(_QUIET)

    def _forget(self) -> None:
        self._copy = None
        self._weights = None
        self._show(None, (), "")
        self._later()

    def _begin(self) -> None:
        self._weights = None
        self._later()

    def _end(self) -> None:
        self._later()

    def _refresh(self) -> None:
        """Find out what is to be seen and ask for what is missing: data, picture, maps."""
        self._session.flush()
        self._choose_node()
        wish = self._wish()
        if self.report is None or wish is None:
            text = (
                _NO_NODE
                if self.report is None
                else "Maps appear here once the network has an input with a shape."
            )
            self._show(None, (), "", text)
            return
        if self.samples is None or self.samples.wish != wish:
            if self.samples is None:
                self._show(None, (), "", "Loading the data…")
            self._worker.submit("data", lambda: self._backstage.samples(wish), self._take_samples)
        elif self.picture is None or self.picture.wish != wish:
            self._load_picture(wish)
        else:
            self._ask()

    def _choose_node(self) -> None:
        before = self.path
        selected = [self._session.report(node_id) for node_id in self._session.selection]
        self.report = next((report for report in selected if report is not None), None)
        self.is_selected = self.report is not None
        if self.report is None:
            leaves = self._session.analysis.leaves()
            self.report = next((leaf for leaf in leaves if leaf.node.block == "conv"), None)
        if self.path != before:
            self.channel, self.cell = 0, None
            self.placeChanged.emit()

    def _wish(self) -> DataWish | None:
        shapes = self._session.analysis.input_shapes
        shape = shapes[0] if shapes else None
        if shape is None:
            return None
        source = str(self._session.document.data.get("source", "digits"))
        return DataWish(source, tuple(int(size) for size in shape))

    # picture ---------------------------------------------------------------------------------------------

    def choose_sample(self, index: int) -> None:
        """Look at a picture of the data."""
        self._choose(index)

    def choose_file(self, path: Path | str) -> None:
        """Look at a person's own picture."""
        self._choose(Path(path))

    def _choose(self, choice: int | Path) -> None:
        self._choice = choice
        wish = self._wish()
        if wish is not None:
            self._load_picture(wish)

    def _load_picture(self, wish: DataWish) -> None:
        choice = self._choice
        if choice is None:
            if self.samples is None or not self.samples.samples:
                return
            choice = self.samples.samples[0].index
        self._worker.submit("picture", lambda: self._backstage.picture(wish, choice), self._take_picture)

    def _take_samples(self, answer: Samples | Problem) -> None:
        if isinstance(answer, Problem) and not self._viewers:
            return  # nobody asked; it is told when somebody does
        if isinstance(answer, Problem):
            self.samples = self.picture = None
            self.samplesChanged.emit()
            self.pictureChanged.emit()
            self._show(None, (), "", answer.message)
            return
        other = self.samples is None or self.samples.wish.source != answer.wish.source
        if other and not isinstance(self._choice, Path):
            self._choice = None
        if self.samples is None:
            self._worker.submit("device", find_device, self._take_device)
        self.samples = answer
        self.samplesChanged.emit()
        if self._viewers:
            self._load_picture(answer.wish)

    def _take_device(self, answer: str | Problem) -> None:
        if isinstance(answer, str):
            self.deviceFound.emit(answer)

    def _take_picture(self, answer: Picture | Problem) -> None:
        if isinstance(answer, Problem):
            self._choice = self.picture.index if self.picture is not None else None
            self.troubled.emit(answer)
            return
        self.picture = answer
        self.pictureChanged.emit()
        self._ask()

    # maps ------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        """Ask for the maps: of the trainer while it runs, else of the worker."""
        if self.picture is None or self.report is None:
            return
        if self._training.is_running:
            self._worker.drop("view")
            if not self._training.knows(self.path, self.picture.wish.input_shape):
                self._training.watch((), None)
                self._show(
                    None, (), "", f"{self.path} is not in the network that trains: it was drawn since."
                )
                return
            self._training.watch((self.path,), self.picture.x)
            if self.values is None:
                self._show(None, (), "", "Maps appear here with the first steps…")
            return
        errors = [p for p in self._session.analysis.problems if p.is_error]
        if errors:
            self._show(
                None, (), "", f"Maps appear here once the network has no errors.\n\n{errors[0].message}"
            )
            return
        document, weights = self._document_copy(), self._weights or self._last_weights()
        path, picture, backstage = self.path, self.picture, self._backstage
        self._worker.submit("view", lambda: backstage.view(document, weights, path, picture), self._take_view)

    def _document_copy(self) -> Document:
        """The document as it is now, for another thread; the same object until the next edit."""
        document = self._session.document
        if self._copy is None or self._copy[0] != document.revision or self._copy[1] is not document:
            self._copy = (document.revision, document, document.copy())
        return self._copy[2]

    def _last_weights(self) -> Weights:
        seed = self._session.document.training.get("seed", 0)
        fresh = Weights(None, "fresh weights, nothing learned yet", seed if isinstance(seed, int) else 0)
        folder, best = self._training.folder, self._training.trace.best
        if folder is None or best is None:
            return fresh
        file = folder / "best.safetensors"
        return Weights(file, f"weights of epoch {best.epoch}", fresh.seed) if file.is_file() else fresh

    def _take_view(self, answer: View | Problem) -> None:
        if self._training.is_running:
            return
        if isinstance(answer, Problem):
            self._show(None, (), "", answer.message)
        elif answer.path == self.path:
            self._show(answer.values, answer.prediction, answer.weights)

    def _take_live(self, maps: Maps) -> None:
        if maps.path != self.path or not self._viewers:
            return
        trace = self._training.trace
        note = f"step {maps.step:,}"
        if trace.started is not None and trace.started.steps_per_epoch:
            epoch = min(max(maps.step - 1, 0) // trace.started.steps_per_epoch + 1, trace.started.epochs)
            note = f"epoch {epoch} · {note}"
        self._show(maps.values, maps.prediction, note)

    def _show(
        self, values: NDArray[np.float32] | None, prediction: tuple[float, ...], note: str, hint: str = ""
    ) -> None:
        if self._is_output and values is not None and len(prediction) == len(values):
            values = np.asarray(prediction, dtype=np.float32)
        self.values, self.prediction, self.note = values, prediction, note
        self.hint = hint or _NO_NODE
        if values is None or (self.cell is not None and self.channel >= len(values)):
            self.channel, self.cell = 0, None
        self.valuesChanged.emit()

    # a place in the maps ---------------------------------------------------------------------------------

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
            self.report.output_shape != self.values.shape
        ):  # drawn anew since; the maps are of the network that trains
            return None
        height, width = self.picture.pixels.shape[:2]
        if len(self.picture.wish.input_shape) != 3:
            return None
        field = self._session.analysis.field(self.path, place, clipped=False)
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
            if len(self.classes) == len(self.values):
                name = self.classes[self.channel]
            return f"{name} · {float(self.values[self.channel]):.4g}"
        if self.cell is None:
            return f"map {self.channel} · click a pixel"
        y, x = self.cell
        value = float(np.asarray(self.values[self.channel])[position(self.values.shape, y, x)])
        return f"map {self.channel} · y {y}, x {x} · {value:.3g}".replace("-", "−")

    def seen_text(self) -> str:
        """What the chosen pixel sees of the picture: ``sees 5×5: y 4…8, x −2…2``; else which picture it is."""
        if self.picture is None:
            return ""
        name = self.picture.name
        if self.picture.label is not None and self.classes:
            name = f"{self.classes[self.picture.label]} · {name}"
        if self.values is not None and self.values.ndim == 1:
            return f"{name} · each value sees all of it"
        field = self.field()
        if field is None:
            return name
        (top, bottom), (left, right) = field
        size = f"{_figure(bottom - top + 1)}×{_figure(right - left + 1)}"
        return f"sees {size}: y {_span(top, bottom)}, x {_span(left, right)}"

    def verdict(self) -> str:
        """What the network takes the picture for: ``taken for 3 (98 %), is 3``."""
        if not self.prediction or len(self.classes) != len(self.prediction):
            return ""
        best = int(np.argmax(self.prediction))
        said = f"taken for {self.classes[best]} ({100 * self.prediction[best]:.0f} %)"
        if self.picture is not None and self.picture.label is not None:
            said += f" · is {self.classes[self.picture.label]}"
        return said


def _figure(number: float) -> str:
    return f"{float(number):g}".replace("-", "−")


def _span(first: float, last: float) -> str:
    return f"{_figure(first)}…{_figure(last)}"
