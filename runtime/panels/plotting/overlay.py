"""A figure of several runs over their epochs, a line each; it loads pyqtgraph, so import it when it is first shown."""

from __future__ import annotations

import math
from collections.abc import Callable

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from builder.widgets.theme import Theme
from runtime.panels.plotting.sizeplot import Line, SizePlot

_STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


def stroke(number: int, colors: int) -> Qt.PenStyle:
    """How line ``number`` is drawn where there are so many colours."""
    return _STYLES[number // colors % len(_STYLES)]


class Overlay(SizePlot):
    """Lines over epochs; which is whose, the table beside it says. ``colors`` of them, then their strokes differ."""

    def __init__(
        self,
        title: str,
        theme: Theme,
        write: Callable[[float], str],
        colors: int,
        parent: QWidget | None = None,
    ) -> None:
        self._colors = colors
        super().__init__(title, theme, write, 1000, parent)
        self.setAccessibleName(f"{title} of each run, over epochs")

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
