"""Cost and memory over input sizes, and the smallest input: reckoned in slices, so that nothing waits for it."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from builder.analysis.memory import OPTIMIZERS, PRECISIONS
from builder.analysis.sizes import Row
from builder.checking import sizes_argument
from builder.figures import size, work
from builder.shapes import format_shape
from builder.widgets.counting import ConventionSwitch
from builder.widgets.guarding import guarded
from builder.widgets.inputs import Combo, LineEdit
from builder.widgets.session import Session
from builder.widgets.theme import set_state
from runtime.panels.captions import Caption, Sentence
from runtime.panels.parts import Hint
from runtime.panels.sizes.sizetable import SizeTable
from runtime.panels.sizes.sizing import (
    Conditions,
    Sizing,
    as_csv,
    conditions_of,
    drawn_size,
    inference_words,
    minimum_words,
    reckon,
    training_words,
    usual_sizes,
    with_input,
)

if TYPE_CHECKING:
    from runtime.panels.plotting.half import Half
    from runtime.panels.plotting.sizeplot import Line, SizePlot

_HINT = (
    "What the network costs at other input sizes, and the smallest input that works, are drawn here "
    "once it has an input with axes, such as an image."
)
#: Seconds of work between two looks at what the user does.
_SLICE = 0.008
#: Milliseconds that typing may pause before what is typed is reckoned.
_PAUSE = 150
#: Pixels from which there is room for both plots.
_ROOMY = 760


class SizesPanel(QStackedWidget):
    """A table and two plots over input sizes, under conditions that can be chosen; a sentence without an image."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._stale = True
        self._own_sizes = self._own_conditions = False
        self._steps: Generator[None, None, None] | None = None
        self.sizing: Sizing | None = None
        self.work_plot: SizePlot | None = None
        self.memory_plot: SizePlot | None = None
        self._halves: tuple[Half, ...] = ()
        self.setAccessibleName("Sizes")
        self.hint = Hint(_HINT, self)
        self.addWidget(self.hint)
        self._page = QWidget(self)
        self.addWidget(self._page)
        self._lay_out()
        self._work = QTimer(self)
        self._work.setInterval(0)
        self._work.timeout.connect(self._slice)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PAUSE)
        self._soon.timeout.connect(self.refresh)
        session.analysisChanged.connect(self._changed)
        session.documentReplaced.connect(self._forget)
        session.conventionChanged.connect(self._tell)
        session.themeChanged.connect(self._dress)

    # what it is made of ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        page = self._page
        self._make_controls(page)
        self.reason = Caption()
        self.reason.setProperty("role", "error")
        self.reason.hide()
        self.training, self.inference, self.minimum = Sentence(), Sentence(), Sentence()
        self.table = SizeTable(self._session, page)
        self.table.used.connect(self._use)
        self.table.itemSelectionChanged.connect(self._offer)
        left = QVBoxLayout()
        left.setSpacing(2)
        for line in (self.training, self.inference, self.minimum):
            left.addWidget(line)
        left.addWidget(self.table, 1)
        self._plots = QHBoxLayout()
        self._plots.setSpacing(12)
        halves = QHBoxLayout()
        halves.setSpacing(16)
        halves.addLayout(left, 1)
        halves.addLayout(self._plots, 1)
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 4, 12, 6)
        column.setSpacing(4)
        column.addLayout(self._row_of_controls(page))
        column.addWidget(self.reason)
        column.addLayout(halves, 1)

    def _make_controls(self, page: QWidget) -> None:
        self.sizes = self._field("Sizes", "First, last and step, as 32:256:32, or a list, as 32,64,224", 108)
        self.batch = self._field("Batch", "Samples at once, for memory", 56)
        self.precision = self._choice(
            "Precision", list(PRECISIONS), "Of weights and activations, as module.to does"
        )
        names = [keeping.title for keeping in OPTIMIZERS.values()]
        self.optimizer = self._choice("Optimizer", names, "What it keeps counts for training")
        self.sizes.textEdited.connect(self._choose_sizes)
        self.batch.textEdited.connect(self._choose_conditions)
        self.batch.stepped.connect(self._step)
        self.switch = ConventionSwitch(self._session, page)
        self.copy = QPushButton("Copy as CSV", page)
        self.copy.setProperty("variant", "quiet")
        self.copy.setProperty("scale", "small")
        self.copy.clicked.connect(self.copy_csv)
        self.use = QPushButton(page)
        self.use.setProperty("variant", "quiet")
        self.use.setProperty("scale", "small")
        self.use.setToolTip(
            "Gives the drawing's input this size; Enter or a double click on a row does it too"
        )
        self.use.clicked.connect(self._use_chosen)
        self.use.hide()

    def _row_of_controls(self, page: QWidget) -> QHBoxLayout:
        #: What a narrow panel does without.
        self._spare: list[QWidget] = [self.copy]
        controls = QHBoxLayout()
        controls.setSpacing(8)
        for title, widget in (
            ("Sizes", self.sizes), ("Batch", self.batch), ("", self.precision), ("", self.optimizer),
        ):  # fmt: skip
            if title:
                label = QLabel(title, page)
                label.setProperty("role", "muted")
                label.setBuddy(widget)
                controls.addWidget(label)
                self._spare.append(label)
            controls.addWidget(widget)
        controls.addStretch(1)
        controls.addWidget(self.use)
        controls.addWidget(self.switch)
        controls.addWidget(self.copy)
        return controls

    def _field(self, name: str, tip: str, width: int) -> LineEdit:
        made = LineEdit(self._page)
        made.setAccessibleName(name)
        made.setToolTip(tip)
        made.setFixedWidth(width)
        return made

    def _choice(self, name: str, texts: Sequence[str], tip: str) -> Combo:
        made = Combo(self._page)
        made.setAccessibleName(name)
        made.setToolTip(f"{name}. {tip}")
        made.addItems(list(texts))
        made.activated.connect(self._choose_conditions)
        return made

    # what is asked ---------------------------------------------------------------------------------------

    @property
    def conditions(self) -> Conditions | None:
        """What is asked for, None where the batch is no number."""
        text = self.batch.text().strip()
        if not text.isdecimal() or not 0 < int(text) <= 2**20:
            return None
        optimizer = list(OPTIMIZERS)[self.optimizer.currentIndex()]
        return Conditions(int(text), self.precision.currentText(), optimizer)

    def _step(self, by: int) -> None:
        text = self.batch.text()
        if text.isdecimal():
            self.batch.setText(str(max(int(text) + by, 1)))
            self._choose_conditions()

    def _choose_sizes(self, *_: object) -> None:
        self._own_sizes = True
        self._soon.start()

    def _choose_conditions(self, *_: object) -> None:
        self._own_conditions = True
        self._soon.start()

    def _forget(self) -> None:
        """Another document has conditions and sizes of its own."""
        self._own_sizes = self._own_conditions = False

    def _fill_in(self) -> None:
        """What the user has not said: the conditions of training, sizes around the drawn one."""
        document = self._session.document
        if not self._own_conditions:
            usual = conditions_of(document)
            self.batch.setText(str(usual.batch))
            self.precision.setCurrentText(usual.precision)
            self.optimizer.setCurrentIndex(list(OPTIMIZERS).index(usual.optimizer))
        if not self._own_sizes and (drawn := drawn_size(document)):
            self.sizes.setText(usual_sizes(drawn))

    # reckoning -------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self._stale = True
        self._stop()
        if self.isVisible():
            self._soon.start()

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what was edited while it was hidden."""
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out what there is no room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        for widget in (*self._spare, *self._halves[:1]):
            widget.setVisible(self.width() >= _ROOMY)
        self._offer()

    def refresh(self) -> None:
        """Begin to reckon what is asked for, if anybody can see it."""
        self._soon.stop()
        if not self.isVisible():
            return
        self._stale = False
        self._stop()
        self._fill_in()
        if not drawn_size(self._session.document):
            self.setCurrentWidget(self.hint)
            return
        self.setCurrentWidget(self._page)
        wrong, numbers = "", tuple[int, ...]()
        try:
            numbers = tuple(sorted(set(sizes_argument(self.sizes.text().strip()))))
        except argparse.ArgumentTypeError as error:
            wrong = str(error)
        conditions = self.conditions
        self.sizes_valid(not wrong)
        set_state(self.batch, "invalid", "false" if conditions else "true")
        wrong = wrong or ("" if conditions else "a batch is a whole number above 0")
        self.reason.say(wrong[:1].upper() + wrong[1:])
        self.reason.setVisible(bool(wrong))
        if wrong or conditions is None:
            return
        self.sizing = Sizing(conditions, numbers)
        self._steps = reckon(self._session.document, self.sizing)
        self._build()
        self._work.start()

    def sizes_valid(self, valid: bool) -> None:
        """Show whether the sizes can be read."""
        set_state(self.sizes, "invalid", "false" if valid else "true")

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be reckoned."""
        return self._steps is not None or self._soon.isActive()

    def _stop(self) -> None:
        self._work.stop()
        self._steps = None

    def _slice(self) -> None:
        end = time.perf_counter() + _SLICE
        while self._steps is not None and time.perf_counter() < end:
            try:
                next(self._steps)
            except StopIteration:
                self._stop()
        self._tell()

    # showing ---------------------------------------------------------------------------------------------

    def _build(self) -> None:
        if self.work_plot is not None:
            return
        from runtime.panels.plotting.half import Half
        from runtime.panels.plotting.sizeplot import SizePlot

        session = self._session
        self.work_plot = SizePlot("Work", session.theme, lambda v: _scaled_work(v, session), 1000)
        self.memory_plot = SizePlot("Memory", session.theme, size, 1024)
        self._halves = (Half("Work", self.work_plot), Half("Memory", self.memory_plot))
        for half in self._halves:
            self._plots.addWidget(half, 1)
        self._fit()

    def _tell(self) -> None:
        """Put what is known into lines, table and plots."""
        sizing = self.sizing
        if sizing is None or self.work_plot is None or self.memory_plot is None:
            return
        memory = sizing.memory
        self.training.say(training_words(memory) if memory else "")
        self.inference.say(inference_words(memory) if memory else "")
        self.minimum.say(minimum_words(sizing.minimum) or "Looking for the smallest input…")
        self.table.show_rows(sizing.rows)
        self._offer()
        convention = self._session.convention
        numbers = [row.size for row in sizing.rows]
        lines = self._lines(sizing.rows)
        self.work_plot.show_lines(numbers, lines[:1], sizing.drawn)
        self.memory_plot.show_lines(numbers, lines[1:], sizing.drawn)
        asked = sizing.conditions
        self._halves[0].remark(f"{convention.unit} for one sample")
        title = OPTIMIZERS[asked.optimizer].title
        self._halves[1].remark(f"batch {asked.batch:,}, {asked.precision}, {title}")

    def _lines(self, rows: Sequence[Row]) -> list[Line]:
        from runtime.panels.plotting.sizeplot import Line

        convention = self._session.convention
        return [
            Line("", "convolution", [math.nan if r.problem else convention.of(r.macs) for r in rows]),
            Line("training", "convolution", [math.nan if r.problem else r.memory.training for r in rows]),
            Line("prediction", "activation", [math.nan if r.problem else r.memory.inference for r in rows]),
        ]

    # taking a size -----------------------------------------------------------------------------------------

    def _offer(self) -> None:
        """What is selected can be drawn, unless it is."""
        row = self._row(self.table.chosen)
        if row is not None:
            self.use.setText(f"Set input to {format_shape(row.input_shape)}")
        self.use.setVisible(row is not None and self.width() >= _ROOMY)

    def _row(self, number: int | None) -> Row | None:
        """A row of another size than the drawn one."""
        rows = self.sizing.rows if self.sizing is not None else []
        if number is None or number >= len(rows):
            return None
        return rows[number] if with_input(self._session.document, rows[number].input_shape) else None

    def _use_chosen(self) -> None:
        self._use(self.table.chosen)

    def _use(self, number: int | None) -> None:
        """Give the drawing's input the size of a row; the sizes that are listed stay."""
        row = self._row(number)
        if row is None:
            return
        self._own_sizes = True
        text = f"Input {format_shape(row.input_shape)}"
        self._session.perform(text, with_input(self._session.document, row.input_shape))
        self._session.statusMessage.emit(text)

    def _dress(self) -> None:
        for plot in (self.work_plot, self.memory_plot):
            if plot is not None:
                plot.set_theme(self._session.theme)
        self._tell()

    def copy_csv(self) -> None:
        """Put the rows on the clipboard as CSV."""
        rows = self.sizing.rows if self.sizing is not None else []
        QGuiApplication.clipboard().setText(as_csv(rows, self._session.convention))
        self._session.statusMessage.emit("Sizes copied as CSV")


def _scaled_work(value: float, session: Session) -> str:
    """A figure that is counted in the convention already."""
    return work(round(value) // session.convention.of(1), session.convention)
