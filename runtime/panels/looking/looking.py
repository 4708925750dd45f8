"""What is looked at: a node, a picture and the maps of the one on the other; live or computed behind the window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from builder.document import Document
from builder.errors import Problem
from builder.widgets.session import Session
from builder.widgets.worker import Worker
from runtime.panels.looking.backstage import Backstage, DataWish, Picture, Samples, View, Weights, find_device
from runtime.panels.looking.seen import Seen
from runtime.panels.running.training import Training
from runtime.training.events import Maps

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Milliseconds without an edit after which maps are computed anew.
_QUIET = 150
#: Milliseconds after which data is loaded once somebody looks: the window is painted first.
_AFTER_PAINT = 300

_NO_NODE = "Draw a network and select a node: what it makes of a picture is shown here."


class Looking(Seen):
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
    #: What ``auto`` comes to on this machine: ``cpu`` or ``cuda``.
    deviceFound = Signal(str)
    #: What a person's picture or the data is refused for: a Problem.
    troubled = Signal(object)

    def __init__(
        self, session: Session, training: Training, worker: Worker, parent: QObject | None = None
    ) -> None:
        super().__init__(session, parent)
        self._training, self._worker = training, worker
        self.backstage = Backstage()
        self._viewers: set[QObject] = set()
        self._copy: tuple[int, Document, Document] | None = None
        self._choice: int | Path | None = None
        self._weights: Weights | None = None
        self.hint = _NO_NODE
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
        # Nobody looks any more? Another view may be about to take over: panels change places when a run begins.
        self._timer.start(_AFTER_PAINT if self._viewers else _QUIET)

    def warm_up(self) -> None:
        """Load PyTorch and the data behind the window, so that training and maps begin at once later."""
        wish = self._wish()
        if self.samples is None and wish is not None and not self._worker.busy:
            self._worker.submit("data", lambda: self.backstage.samples(wish), self._take_samples)

    def use(self, weights: Weights | None) -> None:
        """Look with these weights while nothing trains; None: those of the last run, or fresh ones."""
        self._weights = weights
        self._later()

    def subject(self) -> tuple[DataWish, Weights] | None:
        """The data and the weights that are looked with while nothing trains; None without an input of known shape."""
        wish = self._wish()
        return None if wish is None else (wish, self._weights or self._last_weights())

    # following -------------------------------------------------------------------------------------------

    def _later(self) -> None:
        if self._viewers:
            self._timer.start(_QUIET)

    def _forget(self) -> None:
        self._copy = None
        self._weights = None
        self.report = None
        self._show(None, (), "")
        self._later()

    def _begin(self) -> None:
        self._weights = None
        if self._viewers:
            self._refresh()  # at once: the first steps are shown too

    def _end(self) -> None:
        self._later()

    def _refresh(self) -> None:
        """Find out what is to be seen and ask for what is missing: data, picture, maps."""
        if not self._viewers:
            self._training.watch((), None)
            return
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
            self._worker.submit("data", lambda: self.backstage.samples(wish), self._take_samples)
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
        self._worker.submit("picture", lambda: self.backstage.picture(wish, choice), self._take_picture)

    def _take_samples(self, answer: Samples | Problem) -> None:
        if isinstance(answer, Problem) and not self._viewers:
            return  # nobody asked; it is told when somebody does
        if isinstance(answer, Problem):
            self.samples = self.picture = self._choice = None
            self.samplesChanged.emit()
            self.pictureChanged.emit()
            self._show(None, (), "", answer.message)
            return
        other = self.samples is not None and self.samples.wish.source != answer.wish.source
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
        self.picture, self.mask = answer, None
        self.pictureChanged.emit()
        if self._viewers:
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
        self._session.flush()
        if self.picture.wish != self._wish():
            return  # it was on its way while the network got another input; the picture for that one is asked for
        errors = [p for p in self._session.analysis.problems if p.is_error]
        if errors:
            self._show(
                None, (), "", f"Maps appear here once the network has no errors.\n\n{errors[0].message}"
            )
            return
        document, weights = self.document_copy(), self._weights or self._last_weights()
        path, picture, backstage = self.path, self.picture, self.backstage
        self._worker.submit("view", lambda: backstage.view(document, weights, path, picture), self._take_view)

    def document_copy(self) -> Document:
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
            self._show(answer.values, answer.prediction, answer.weights, mask=answer.mask)

    def _take_live(self, maps: Maps) -> None:
        if maps.path != self.path or not self._viewers:
            return
        trace = self._training.trace
        note = f"step {maps.step:,}"
        if trace.started is not None and trace.started.steps_per_epoch:
            epoch = min(max(maps.step - 1, 0) // trace.started.steps_per_epoch + 1, trace.started.epochs)
            note = f"epoch {epoch} · {note}"
        self._show(maps.values, maps.prediction, note, mask=maps.mask)

    def _show(
        self,
        values: NDArray[np.float32] | None,
        prediction: tuple[float, ...],
        note: str,
        hint: str = "",
        mask: NDArray[np.uint8] | None = None,
    ) -> None:
        if self._is_output and values is not None and values.shape == (len(prediction),):
            import numpy as np

            values = np.asarray(prediction, dtype=np.float32)
        elif values is not None and self.report is not None and self.report.output_shape == values.shape:
            values = values.transpose(self.report.map_axes)
        self.values, self.prediction, self.mask, self.note = values, prediction, mask, note
        self.hint = hint or _NO_NODE
        if values is None or (self.cell is not None and self.channel >= len(values)):
            self.channel, self.cell = 0, None
        self.valuesChanged.emit()
