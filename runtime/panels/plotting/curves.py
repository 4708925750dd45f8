"""Loss and score of a run as it learns, and how it ended."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from builder.errors import Problem
from builder.widgets.guarding import guarded
from builder.widgets.session import Session
from builder.widgets.worker import Worker
from runtime.panels.parts import Hint
from runtime.panels.plotting.curvebar import PLOTS, CurveBar
from runtime.panels.plotting.half import Half
from runtime.panels.plotting.series import Trace
from runtime.training.metrics import is_share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from runtime.panels.plotting.columns import Column
    from runtime.panels.plotting.plots import Plot

_HINT = "Loss and accuracy are drawn here, step by step, while the network trains. Press Train (F5) to begin."
#: More plots than these stand in two rows.
_ACROSS = 3
#: What the lines are called where they are not train and validation; a single line has its title.
_NAMES = {"rate": ("", ""), "norm": ("", ""), "speed": ("", "")}
_STARTING = "Starting…"


def percent(share: float) -> str:
    """0.9806 as ``98.1 %``."""
    return f"{100 * share:.1f} %"


def score(metric: str, value: float) -> str:
    """A score as people write it: ``98.1 %`` of what is a share, ``0.913`` of what is none."""
    return percent(value) if is_share(metric) else f"{value:.3g}".replace("-", "−")


def summary(trace: Trace) -> str:
    """How a run ended, in a line: ``test 98.1 % with the weights of epoch 23``; empty while it goes on."""
    return _summaries(trace)[0]


def _summaries(trace: Trace) -> tuple[str, ...]:
    """How a run ended, in a line and in ever fewer words."""
    end = trace.finished
    if end is None:
        return ("",)
    if end.test_accuracy is not None and end.best_epoch is not None:
        told = score(trace.metric, end.test_accuracy)
        return (
            f"test {told} with the weights of epoch {end.best_epoch}",
            f"test {told}, epoch {end.best_epoch}",
            f"test {told}",
        )
    if end.best_validation_accuracy is not None:
        best = f"validation {score(trace.metric, end.best_validation_accuracy)}"
        return f"{end.reason}, {best} at best", f"{end.reason}, {best}", best
    return f"{end.reason} before the first epoch was over", end.reason


class Curves(QWidget):
    """The plots of a run (live or replayed), beside them whatever ``side`` is; a sentence while there is none.

    They are read off and zoomed together. What is wanted of them is chosen in the bar over them.

    pyqtgraph is loaded when there is something to draw and the panel is seen.
    """

    #: A file could not be written: a Problem.
    troubled = Signal(object)
    #: Another run is shown: its Trace.
    traceShown = Signal(object)

    def __init__(
        self, session: Session, worker: Worker, side: QWidget | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._worker = session, worker
        self._trace = Trace()
        self._name = ""
        self._drawn = -1
        self._expected = False
        self._halves: dict[str, Half] = {}
        self._metric = ""
        self.setAccessibleName("Curves")
        self.hint = Hint(_HINT)
        self._plots = QWidget()
        self._plots.setProperty("surface", "panel")
        self._grid = QGridLayout(self._plots)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(12)
        self._grid.setVerticalSpacing(4)
        self.bar = CurveBar()
        self.bar.changed.connect(self._redraw)
        self.bar.allAsked.connect(lambda: self._zoom(None))
        self.bar.exportAsked.connect(self._ask_export)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.bar)
        column.addWidget(self._plots, 1)
        plots = QWidget()
        self._stack = QStackedLayout(plots)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self.hint)
        self._stack.addWidget(page)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(16)
        row.addWidget(plots, 3)
        if side is not None:
            row.addWidget(side, 1)
        session.themeChanged.connect(self._dress)

    @property
    def loss(self) -> Plot | None:
        """The plot of the loss, once it is there."""
        return self.plot("loss")

    @property
    def accuracy(self) -> Plot | None:
        """The plot of the score, once it is there."""
        return self.plot("score")

    def plot(self, key: str) -> Plot | None:
        """A plot by its name in the bar, once it is there."""
        half = self._halves.get(key)
        return cast("Plot", half.plot) if half is not None else None

    def _all(self) -> list[Plot]:
        return [cast("Plot", half.plot) for half in self._halves.values()]

    @property
    def trace(self) -> Trace:
        """The run that is shown."""
        return self._trace

    def expect(self, trace: Trace) -> None:
        """Show a run that is about to begin."""
        self._expected = True
        self.show_trace(trace)

    def show_trace(self, trace: Trace, name: str = "") -> None:
        """Show a run; ``name`` is said for one that is not the current one."""
        self._trace, self._name, self._drawn = trace, name, -1
        self._zoom(None)
        self.refresh()
        self.traceShown.emit(trace)

    def rename(self, name: str) -> None:
        """Say something else of the run that is shown."""
        if name != self._name:
            self._name, self._drawn = name, -1
            self.refresh()

    def refresh(self) -> None:
        """Draw what has come since the last time, if anybody can see it."""
        trace = self._trace
        if not self.isVisible() or trace.revision == self._drawn:
            return
        self._drawn = trace.revision
        if not trace.steps and not trace.epochs:
            self.hint.setText(trace.problem or (_STARTING if self._expected else _HINT))
            self._stack.setCurrentIndex(0)
            if self._expected:  # while the trainer loads PyTorch there is time to load what draws
                self._build()
            return
        trace.smooth_over(self.bar.span)
        self._drawn = trace.revision
        self._build()
        best = trace.best.step if trace.best else None
        grows = trace.finished is None or len(trace.epochs) == 1  # a single one is a dot at the end
        for key, half in self._halves.items():
            cast("Plot", half.plot).show_run(*self._lines(key), best, last=trace.steps, grows=grows)
        remarks = [(trace.problem or self._name,), _summaries(trace)]
        for half in self._halves.values():
            half.remark(*(remarks.pop(0) if remarks else ()))
        self._stack.setCurrentIndex(1)

    def _lines(self, key: str) -> tuple[Column, Column, tuple[NDArray[np.float64], NDArray[np.float32]]]:
        """What a plot draws of the run: values of each batch, their mean, and points."""
        import numpy as np

        from runtime.panels.plotting.columns import Column

        trace, none = self._trace, (np.empty(0), np.empty(0, np.float32))
        match key:
            case "loss":
                return trace.loss, trace.smooth_loss, self._epochs("validation_loss")
            case "score":
                return trace.accuracy, trace.smooth_accuracy, self._epochs("validation_accuracy")
            case "rate":
                return Column(), trace.rates, none
            case "speed":
                return Column(), trace.speeds, none
        steps = np.array([told.step + 1 for told in trace.gradients], dtype=np.float64)
        norms = [math.hypot(*told.norms) for told in trace.gradients]
        return Column(), Column(), (steps, np.array(norms, dtype=np.float32))

    def _epochs(self, field: str) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        import numpy as np

        epochs = self._trace.epochs
        steps = np.array([epoch.step for epoch in epochs], dtype=np.float64)
        return steps, np.array([getattr(epoch, field) for epoch in epochs], dtype=np.float32)

    def _build(self) -> None:
        """The plots that are wanted; that of the score for the one by which the run that is shown is judged."""
        metric, wanted = self._trace.metric, self.bar.shown()
        if tuple(self._halves) == wanted and metric == self._metric:
            return
        from runtime.panels.plotting.plots import Plot

        title = metric[0].upper() + metric[1:]
        self.bar.name_score(title)
        before = self._halves if metric == self._metric else {}
        for key, half in self._halves.items():
            self._grid.removeWidget(half)
            if key not in wanted or not before:
                half.deleteLater()
        self._metric, self._halves = metric, {}
        across = len(wanted) if len(wanted) <= _ACROSS else -(-len(wanted) // 2)
        for number, key in enumerate(wanted):
            if key in before:
                half = before[key]
            else:
                heading = title if key == "score" else PLOTS[key]
                names = _NAMES.get(key, ("train", "validation"))
                percent = key == "score" and is_share(metric)
                half = Half(heading, Plot(heading, self._session.theme, percent=percent, names=names))
                self._connect(cast("Plot", half.plot))
            self._halves[key] = half
            self._grid.addWidget(half, number // across, number % across)
        self._dress_lines()

    def _connect(self, plot: Plot) -> None:
        """What is done to one plot is done to all."""
        plot.pointed.connect(lambda step: self._point(step, plot))
        plot.rangeChosen.connect(lambda steps: self._zoom(steps, plot))

    def _point(self, step: float | None, but: Plot) -> None:
        for plot in self._all():
            if plot is not but:
                plot.point_at(step)

    def _zoom(self, steps: tuple[float, float] | None, but: Plot | None = None) -> None:
        for plot in self._all():
            if plot is not but:
                plot.show_range(steps)

    def _redraw(self) -> None:
        """Draw anew, as the bar says now."""
        self._drawn = -1
        self.refresh()
        self._dress_lines()

    def _dress_lines(self) -> None:
        wanted = [button.isChecked() for button in self.bar.lines.values()]
        for key, half in self._halves.items():
            plot = cast("Plot", half.plot)
            if key not in _NAMES:  # the others have one line each
                plot.want(*wanted)
            plot.set_log(self.bar.log.isChecked())

    def _dress(self) -> None:
        for plot in self._all():
            plot.set_theme(self._session.theme)

    # taking away -----------------------------------------------------------------------------------------

    def _ask_export(self, kind: str) -> None:
        file, _ = QFileDialog.getSaveFileName(
            self, "Export curves", f"curves.{kind}", f"{kind.upper()} (*.{kind})"
        )
        if file:
            self.export(kind, Path(file) if Path(file).suffix else Path(file).with_suffix(f".{kind}"))

    def export(self, kind: str, file: Path) -> None:
        """Write the plots as ``png`` or ``svg``, or the figures as ``csv``, which happens behind the window."""
        from runtime.panels.plotting.curvefiles import write_drawing, write_figures, write_picture

        def done(answer: Problem | None) -> None:
            if answer is not None:
                self.troubled.emit(answer)
            else:
                self._session.statusMessage.emit(f"Exported {file.name}")

        if kind == "csv":
            trace = self._trace
            self._worker.submit(f"curves {file}", lambda: write_figures(trace, file), done)
        else:
            done((write_picture if kind == "png" else write_drawing)(self._plots, file))

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()
