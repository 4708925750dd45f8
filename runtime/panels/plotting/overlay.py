"""A figure of several runs over their epochs, a line each; it loads pyqtgraph, so import it when it is first shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from builder.widgets.theme import Theme
from runtime.panels.plotting.plotparts import decades
from runtime.panels.plotting.series import close_ticks
from runtime.panels.plotting.sizeplot import Line, SizePlot

_STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


def stroke(number: int, colors: int) -> Qt.PenStyle:
    """How line ``number`` is drawn where there are so many colours."""
    return _STYLES[number // colors % len(_STYLES)]


class Overlay(SizePlot):
    """Lines over epochs; which is whose, the table beside it says. ``colors`` of them, then their strokes differ.

    Wheel, drag, + and - zoom the epochs, double-click or A shows all; the axis holds what is seen. ``most`` is what no
    value can be above.
    """

    #: Whether not all epochs are seen.
    zoomed = Signal(bool)

    def __init__(
        self,
        title: str,
        theme: Theme,
        write: Callable[[float], str],
        colors: int,
        parent: QWidget | None = None,
    ) -> None:
        self._colors = colors
        self._log = False
        self._range: tuple[float, float] | None = None
        self.most = math.inf
        super().__init__(title, theme, write, 1000, parent)
        self.setAccessibleName(f"{title} of each run, over epochs")
        self._box.setMouseEnabled(x=True, y=False)
        self._box.sigRangeChangedManually.connect(self._keep_range)
        self._box.sigXRangeChanged.connect(lambda *_: self._set_axis())

    def show_lines(self, sizes: Sequence[int], lines: Sequence[Line], drawn: int) -> None:
        """Show lines over epochs; the part that is zoomed to stays in view where it is still there."""
        kept = self._range if tuple(sizes) == self.sizes else None
        super().show_lines(sizes, lines, drawn)
        end = 1.02 * max((*self.sizes, 2))
        self._box.setLimits(xMin=0, xMax=end, minXRange=1)
        self._show(kept)

    def show_all(self) -> None:
        """Every epoch again."""
        self._show(None)

    @property
    def is_log(self) -> bool:
        """Whether the scale is logarithmic."""
        return self._log

    def set_log(self, log: bool) -> None:
        """Use a logarithmic scale."""
        if log != self._log:
            self._log = log
            self.show_lines(self.sizes, self.lines, 0)

    def _show(self, epochs: tuple[float, float] | None) -> None:
        self._range = epochs
        self._box.setXRange(*(epochs or (0, 1.02 * max((*self.sizes, 1)))), padding=0)
        self._set_axis()
        self.zoomed.emit(epochs is not None)

    def _keep_range(self, *_: object) -> None:
        left, right = self._box.viewRange()[0]
        self._range = (left, right)
        self.zoomed.emit(True)

    def _placed(self, values: Sequence[float]) -> Sequence[float]:
        if not self._log:
            return values
        return [math.log10(value) if value > 0 else math.nan for value in values]

    def _value(self, placed: float) -> float:
        return 10.0**placed if self._log else placed

    def _ticks(self) -> list[float]:
        left, right = self._box.viewRange()[0]
        seen = [
            value
            for line in self.lines
            for epoch, value in zip(self.sizes, self._placed(line.values), strict=True)
            if left <= epoch <= right and math.isfinite(value)
        ]
        if self._log:
            return decades([np.array(seen, np.float32)])[2]
        return close_ticks(min(seen, default=math.nan), max(seen, default=math.nan), self.most)

    def _seen(self) -> tuple[int, int]:
        left, right = self._box.viewRange()[0]
        seen = [index for index, epoch in enumerate(self.sizes) if left <= epoch <= right]
        return (seen[0], seen[-1]) if seen else super()._seen()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_all()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal | Qt.Key.Key_Minus:
                self._box.scaleBy(x=0.8 if event.key() != Qt.Key.Key_Minus else 1.25)
                self._keep_range()
            case Qt.Key.Key_A | Qt.Key.Key_Home:
                self.show_all()
            case _:
                super().keyPressEvent(event)

    def _paint(self, curve: pg.PlotCurveItem, label: pg.TextItem, line: Line) -> None:
        super()._paint(curve, label, line)
        number = next((k for k, one in enumerate(self.lines) if one is line), 0)
        pen = curve.opts["pen"]
        pen.setStyle(stroke(number, self._colors))
        curve.setPen(pen)

    def _place_labels(self) -> None:
        """No names: they are long, and there may be many."""

    def reading(self, index: int) -> str:
        """What each run says of an epoch: ``epoch 3 · first 91.2 % · second –``."""
        said = [f"epoch {self.sizes[index]:,}"]
        for line in self.lines:
            value = line.values[index]
            said.append(f"{line.name} {self.write(value) if math.isfinite(value) else '–'}")
        return " · ".join(said)
