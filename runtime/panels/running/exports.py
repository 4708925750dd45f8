"""The Export menu: the network as Python, its weights, ONNX; written behind the window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QMenu, QProgressBar, QWidget

from builder.errors import Problem
from builder.widgets.session import Session
from builder.widgets.worker import Worker
from runtime.panels.running.training import Training


@dataclass(frozen=True, slots=True)
class Format:
    """What can be written: the name ``export --format`` knows it by, what a menu calls it, its file."""

    name: str
    title: str
    suffix: str
    files: str
    tip: str


FORMATS = (
    Format(
        "python",
        "Python program…",
        ".py",
        "Python (*.py)",
        "A file that runs alone with torch, and its weights beside it",
    ),
    Format(
        "state-dict",
        "Weights, safetensors…",
        ".safetensors",
        "safetensors (*.safetensors)",
        "Safe to pass on: holds numbers and nothing else",
    ),
    Format(
        "state-dict", "Weights, state_dict…", ".pt", "PyTorch (*.pt)", "For torch.load and load_state_dict"
    ),
    Format("onnx", "ONNX…", ".onnx", "ONNX (*.onnx)", "For onnxruntime and others; any batch size, one file"),
)


class ExportProgress(QWidget):
    """In the status bar while something is written: what, and that it goes on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = QLabel()
        self.bar = QProgressBar()
        self.bar.setFixedWidth(64)
        self.bar.setTextVisible(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.label)
        row.addWidget(self.bar)
        self.hide()

    def begin(self, what: str) -> None:
        """Something is being written."""
        self.label.setText(what)
        self.bar.setRange(0, 0)
        self.show()

    def end(self) -> None:
        """It is done."""
        self.bar.setRange(0, 1)
        self.hide()


class Exports(QObject):
    """Writes the network that is drawn with the best weights of the last run, or a run as it was trained."""

    def __init__(
        self, session: Session, training: Training, worker: Worker, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._training, self._worker = session, training, worker
        self._window = parent
        self._begun = self._open = 0
        self.progress = ExportProgress()

    def actions(self, run: Path | None = None) -> list[QAction]:
        """One entry for each format; of the open network, or of a run."""
        made = []
        for format in FORMATS:
            action = QAction(format.title, self)
            action.setToolTip(format.tip)
            action.triggered.connect(lambda _=False, f=format: self.ask(f, run))
            made.append(action)
        if run is None:
            made[0].setShortcut(QKeySequence("Ctrl+E"))
        return made

    def offer(self, run: Path) -> None:
        """Let a person choose a format for a run."""
        menu = QMenu(self._window)
        menu.addActions(self.actions(run))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._window.cursor().pos() if self._window is not None else menu.pos())

    def ask(self, format: Format, run: Path | None = None) -> None:
        """Ask where to, then write."""
        self._session.flush()
        errors = [problem for problem in self._session.analysis.problems if problem.is_error]
        if run is None and errors:
            self._session.problemsFound.emit(errors[:1])
            self._session.reveal(errors[0].path, errors[0].address)
            return
        name = run.name if run is not None else Path(self._session.title).stem
        path, _ = QFileDialog.getSaveFileName(
            self._window, f"Export {format.title.rstrip('…')}", f"{name}{format.suffix}", format.files
        )
        if path:
            out = Path(path)
            self.write(format, out if out.suffix else out.with_suffix(format.suffix), run)

    def write(self, format: Format, out: Path, run: Path | None = None) -> None:
        """Write in the background; the result is told in the window."""
        document = self._session.document.copy()
        best = self._training.folder / "best.safetensors" if self._training.folder is not None else None
        weights = best if run is None and best is not None and best.is_file() else None

        def work() -> list[Path] | Problem | list[Problem]:
            from runtime.commands.common import Subject, open_subject
            from runtime.commands.export import export

            subject = Subject(document) if run is None else open_subject(str(run))
            if isinstance(subject, list):
                return subject
            return export(subject, format.name, out, str(weights) if weights is not None else None)

        trained = run is not None or weights is not None
        self.progress.begin(f"writing {out.name}")
        self._begun += 1
        self._open += 1
        self._worker.submit(f"export {self._begun}", work, lambda answer: self._done(answer, trained))

    def _done(self, answer: list[Path] | Problem | list[Problem], trained: bool) -> None:
        self._open -= 1
        if not self._open:
            self.progress.end()
        if isinstance(answer, Problem):
            answer = [answer]
        problems = [problem for problem in answer if isinstance(problem, Problem)]
        if problems:
            self._session.problemsFound.emit(problems)
            return
        names = " and ".join(path.name for path in answer if isinstance(path, Path))
        rest = "" if trained else ", with fresh weights: nothing has been trained yet"
        self._session.statusMessage.emit(f"Exported {names}{rest}")
