"""What a trained network gets wrong: confusion matrix, figures of each class, and the samples behind them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from builder.errors import Problem
from builder.figures import count
from builder.widgets.guarding import guarded
from builder.widgets.session import Session
from builder.widgets.worker import Worker
from runtime.panels.captions import Caption, centred
from runtime.panels.judging.arrangement import Arrangement
from runtime.panels.judging.classtable import ClassTable
from runtime.panels.judging.matrix import ConfusionMatrix
from runtime.panels.judging.verdicts import Subject, Verdict, judge, thumbnails
from runtime.panels.looking.backstage import Sample
from runtime.panels.looking.looking import Looking
from runtime.panels.parts import Hint, small_button
from runtime.panels.running.training import Training
from runtime.panels.samples.tiles import Tiles

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HINT = (
    "What the network gets wrong is shown here once it has learned something: which class it takes for which, and "
    "the samples behind that. Press Train (F5), or choose Show curves for a run of the list."
)
_LEARNING = (
    "The network is learning. Press Judge to see what its best weights so far get wrong; once the run is over, that "
    "is shown without asking."
)
_BEGINNING = "The network is learning. After its first epoch, Judge shows what it gets wrong."
_AXES = (
    "Rows: what a sample is. Columns: what it was taken for. A click on a cell shows the samples behind it.",
    "Rows: what a sample is. Columns: what it was taken for.",
)
_JUDGING = "Judging every sample…"
_ALL_RIGHT = "No mistakes: all of these samples are right."
_SPLITS = {"test": "Test", "validation": "Validation", "train": "Training"}
#: So many samples of a kind are shown.
_MOST = 120


@dataclass(frozen=True, slots=True, eq=False)
class _Selection:
    """Samples to be shown: their positions in the verdict, what they have in common, why there may be none."""

    positions: NDArray[np.int64]
    #: One or several ways to say it, the longest first.
    words: tuple[str, ...]
    nothing: str


class MistakesPanel(QWidget):
    """Judges a split with the weights that are looked with, behind the window.

    By itself when it is seen and nothing trains; while something does, when asked. A cell of the matrix or a class in
    the table opens the samples behind it; a sample that is gone to is the picture that is looked at from then on, and
    ``inspectAsked`` wants to see it there.
    """

    inspectAsked = Signal()

    def __init__(
        self,
        session: Session,
        looking: Looking,
        training: Training,
        worker: Worker,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._looking, self._training, self._worker = session, looking, training, worker
        self._stop = threading.Event()
        self._busy = False
        self._tried: Subject | None = None
        self.verdict: Verdict | None = None
        self.setAccessibleName("Mistakes")
        self._make()
        self._lay_out()
        self._connect()

    def _make(self) -> None:
        theme = self._session.theme
        self.hint = Hint(_HINT)
        self.split = QComboBox()
        self.split.setProperty("scale", "small")
        self.split.setAccessibleName("Samples that are judged")
        for name, title in _SPLITS.items():
            self.split.addItem(title, name)
        self.again = small_button("Judge", "Judges these samples with the best weights so far")
        self.figures = Caption(strong=True)
        self.matrix = ConfusionMatrix(theme)
        self.shares = QCheckBox("Shares")
        self.shares.setToolTip("What part of its class a cell is, in per cent, instead of how many")
        self.sorted = QCheckBox("Most confused first")
        self.sorted.setToolTip("Classes that are taken for each other stand side by side, the worst first")
        self.table = ClassTable()
        self.tiles = Tiles(theme, "Samples")
        self.surest = small_button("Surest", "The mistakes that the network is most confident of")
        self.worst = small_button("Worst")
        for button in (self.surest, self.worst):
            button.setCheckable(True)
            button.setProperty("variant", "quiet")
        self.inspect = small_button(
            "Look inside", "What the network makes of this picture, node by node (Enter)"
        )

    def _lay_out(self) -> None:
        self.arrangement = Arrangement(
            self.matrix, (self.shares, self.sorted), self.table, self.tiles, (self.surest, self.worst)
        )
        self.said, self.shown = self.arrangement.said, self.arrangement.shown
        room = QWidget()
        self._pages = QStackedLayout(room)
        self._pages.setContentsMargins(0, 0, 0, 0)
        self._pages.addWidget(centred(self.hint))
        self._pages.addWidget(self.arrangement)
        top = QHBoxLayout()
        top.setSpacing(8)
        for widget in (self.split, self.again):
            widget.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            top.addWidget(widget)
        top.addWidget(self.figures, 1)
        top.addWidget(self.inspect)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 2, 12, 8)
        outer.setSpacing(6)
        outer.addLayout(top)
        outer.addWidget(room, 1)

    def _connect(self) -> None:
        session = self._session
        self.split.currentIndexChanged.connect(lambda _: self.begin())
        self.again.clicked.connect(lambda: self.stop() if self._busy else self.begin())
        self.shares.toggled.connect(self.matrix.show_shares)
        self.sorted.toggled.connect(self.matrix.sort_by_mistakes)
        self.matrix.readingChanged.connect(lambda _: self._read())
        self.matrix.picked.connect(self._show_cell)
        self.table.chosen.connect(self._show_class)
        self.surest.clicked.connect(lambda: self._show_surest())
        self.worst.clicked.connect(lambda: self._show_worst())
        self.tiles.chosen.connect(self._choose)
        self.tiles.opened.connect(self._open)
        self.inspect.clicked.connect(self.inspectAsked)
        self._training.runFinished.connect(lambda _: self.refresh())
        self._training.runStarted.connect(self.refresh)
        self._training.traceChanged.connect(self._follow)
        session.analysisChanged.connect(self.refresh)
        session.documentReplaced.connect(self._forget)
        session.themeChanged.connect(self._dress)
        self._enable()

    # judging ---------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Judge anew what is looked with, if anybody can see it, it has changed, and nothing trains."""
        if not self.isVisible():
            return
        self._enable()
        subject = self._subject()
        if subject is None:
            if self.verdict is None:
                self._say(self._waiting())
        elif subject == self._tried:
            return
        elif not self._training.is_running:
            self.begin()
        elif self.verdict is None and not self._busy:
            self._say(_LEARNING)

    def _follow(self) -> None:
        """While nothing is shown, say when there are weights that can be judged."""
        if self.verdict is None and self._training.is_running:
            self.refresh()

    def begin(self) -> None:
        """Judge now."""
        subject = self._subject()
        if subject is None:
            self._say(self._waiting())
            return
        self._session.flush()
        self._stop.set()
        self._stop = stop = threading.Event()
        self._tried, self._busy = subject, True
        stage, document = self._looking.backstage, self._looking.document_copy()
        if self.verdict is None:
            self._say(_JUDGING)
        self.figures.say(_JUDGING)
        self._enable()
        self._worker.submit("judge", lambda: judge(stage, document, subject, stop.is_set), self._take)

    def stop(self) -> None:
        """Give up."""
        self._stop.set()
        self._worker.drop("judge")
        self._busy = False
        self._take(None)

    def _subject(self) -> Subject | None:
        """What is to be judged; None while nothing has been learned."""
        found = self._looking.subject()
        if found is None or found[1].file is None:
            return None
        return Subject(*found, self.split.currentData())

    def _waiting(self) -> str:
        """What to do while nothing has been learned."""
        return _BEGINNING if self._training.is_running else _HINT

    def _take(self, answer: Verdict | Problem | None) -> None:
        self._busy = False
        self._enable()
        if isinstance(answer, Verdict):
            self._show(answer)
        elif isinstance(answer, Problem):
            self.verdict = None
            self._say(answer.message)
        elif self.verdict is None:
            self._say("Stopped. Press Judge to begin again.")
        else:
            self._say_figures(self.verdict)

    def _forget(self) -> None:
        self.verdict = self._tried = None
        self._stop.set()
        self._worker.drop("judge")
        self._busy = False
        self._say(_HINT)
        self._enable()

    def _enable(self) -> None:
        self.again.setText("Stop" if self._busy else "Judge")
        self.again.setEnabled(self._busy or self._subject() is not None)
        self.inspect.setEnabled(self.tiles.currentItem() is not None)

    # showing ---------------------------------------------------------------------------------------------

    def _say(self, text: str) -> None:
        self.hint.setText(text)
        self.figures.say("")
        self._pages.setCurrentIndex(0)

    def _say_figures(self, verdict: Verdict) -> None:
        self.figures.say(f"{verdict.figures} · {verdict.subject.weights.name}", verdict.figures)

    def _show(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self._say_figures(verdict)
        classes = len(verdict.confusion) > 0
        self.arrangement.matrix_part.setVisible(classes)
        self.said.setVisible(classes)
        self.matrix.show_matrix(verdict.confusion, verdict.names, verdict.unit)
        self.table.show_rows(verdict.rows)
        surest = verdict.judged.task == "classification"
        self.surest.setVisible(surest)
        masks = verdict.judged.task == "segmentation"
        self.worst.setToolTip(f"The samples {'of which least is right' if masks else 'of largest loss'}")
        self._pages.setCurrentIndex(1)
        if surest:
            self._show_surest()
        else:
            self._show_worst()

    def _read(self) -> None:
        """Say what is in the cell that is pointed at, or what the matrix is."""
        self.said.say(*(self.matrix.readings() if self.matrix.reading() else _AXES))

    def _show_surest(self) -> None:
        if self.verdict is not None:
            found = self.verdict.judged.surest(_MOST)
            self._show_samples(_Selection(found, ("",), _ALL_RIGHT), self.surest)

    def _show_worst(self) -> None:
        if self.verdict is not None:
            found = self.verdict.judged.worst(_MOST)
            self._show_samples(_Selection(found, self.verdict.worst_words(found), _ALL_RIGHT), self.worst)

    def _show_cell(self, target: int, predicted: int) -> None:
        verdict = self.verdict
        if verdict is not None:
            found, unit = verdict.judged.cell(target, predicted), verdict.unit
            number, one, other = count(len(found), "sample"), verdict.names[target], verdict.names[predicted]
            words = f"{number}: {one}, taken for {other}", f"{number}: {one} → {other}", number
            nothing = f"No {unit} of {one} was taken for {other}."
            if not verdict.confusion[target].any():
                nothing = f"There is no {unit} of {one} among these samples."
            self._show_samples(_Selection(found, words, nothing))

    def _show_class(self, number: int) -> None:
        """The mistakes with a class, the surest first; of values those that are worst at all."""
        verdict = self.verdict
        if verdict is None or verdict.judged.task == "regression":
            return
        import numpy as np

        judged = verdict.judged
        if judged.task == "segmentation":
            pairs = judged.pairs
            mixed = pairs[(pairs[:, 1] == number) & (pairs[:, 2] != number)]
            missed = np.bincount(mixed[:, 0], mixed[:, 3], minlength=len(judged))
            found = np.argsort(-missed, kind="stable")[: np.count_nonzero(missed)]
            said = f"{verdict.names[number]}: missed in {count(len(found), 'mask')}"
        else:
            found = np.flatnonzero((judged.targets == number) & (judged.predicted != number))
            found = found[np.argsort(-judged.confidence[found], kind="stable")]
            said = f"{verdict.names[number]}: {count(len(found), 'mistake')}"
        nothing = f"Every {verdict.unit} of {verdict.names[number]} was found."
        if not verdict.confusion[number].any():
            nothing = f"There is no {verdict.unit} of {verdict.names[number]} among these samples."
        self._show_samples(_Selection(found, (said,), nothing))

    def _show_samples(self, selection: _Selection, button: QPushButton | None = None) -> None:
        verdict = self.verdict
        assert verdict is not None
        for one in (self.surest, self.worst):
            one.setChecked(one is button)
        self.shown.say(*(selection.words if len(selection.positions) else ("",)))
        self.arrangement.show_nothing("" if len(selection.positions) else selection.nothing)
        positions = selection.positions[:_MOST]
        indices = verdict.judged.indices[positions].tolist()
        stage, wish = self._looking.backstage, verdict.subject.wish
        self._worker.submit(
            "thumbnails",
            lambda: thumbnails(stage, wish, indices),
            lambda answer: self._show_tiles(verdict, positions, answer),
        )

    def _show_tiles(
        self, verdict: Verdict, positions: NDArray[np.int64], answer: tuple[Sample, ...] | Problem
    ) -> None:
        if isinstance(answer, Problem):
            self._say(answer.message)
        elif verdict is self.verdict:
            lines = [verdict.words(int(position)) for position in positions]
            self.tiles.show_samples(answer, lines)
            self._enable()

    def _choose(self, index: int) -> None:
        """Look at a sample, if the open document is still about that data."""
        self._enable()
        found = self._looking.subject()
        if self.verdict is not None and found is not None and found[0] == self.verdict.subject.wish:
            self._looking.choose_sample(index)

    def _open(self, index: int) -> None:
        self._choose(index)
        self.inspectAsked.emit()

    def _dress(self) -> None:
        for view in (self.matrix, self.tiles):
            view.set_theme(self._session.theme)

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def close_down(self) -> None:
        """Let the worker end."""
        self._stop.set()
