"""A plot of figures over the input size: lines, the drawn size marked, values read off."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from builder.widgets.theme import MEDIUM, TINY, Theme, font
from runtime.panels.plotting.plotparts import Axis, Rules
from runtime.panels.plotting.series import nice_top

_INTERVALS = 4
#: The height of a name, in pixels.
_LINE = 14
#: Half a stroke, as a share of the largest size.
_STROKE = 0.006


@dataclass(frozen=True, slots=True)
class Line:
    """A figure at each size, NaN where the network does not work; ``color`` is a field of the theme."""

    name: str
    color: str
    values: Sequence[float]


class SizePlot(pg.PlotWidget):
    """Lines over input sizes; ``write`` says a value, ``base`` is the step of its units (1000, or 1024 for bytes).

    The pointer, or the arrow keys, read values off at the nearest size.
    """

    readingChanged = Signal(str)

    def __init__(
        self,
        title: str,
        theme: Theme,
        write: Callable[[float], str],
        base: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(
            parent,
            axisItems={
                "left": Axis("left", lambda v: self.write(v)),
                "bottom": Axis("bottom", lambda v: f"{v:,.0f}"),
            },
            enableMenu=False,
        )
        self.title, self.write, self._base, self._theme = title, write, base, theme
        self.sizes: tuple[int, ...] = ()
        self.lines: tuple[Line, ...] = ()
        self._cursor: int | None = None
        self._said = ""
        self.setAccessibleName(f"{title} over input sizes")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(self.Shape.NoFrame)
        item = self.getPlotItem()
        item.hideButtons()
        item.ctrlMenu.setParent(
            self, Qt.WindowType.Popup
        )  # made though never shown: it shall go when this goes
        item.setContentsMargins(0, 4, 8, 0)
        self._box = item.getViewBox()
        self._box.setMouseEnabled(x=False, y=False)
        self._box.setDefaultPadding(0)
        self._box.enableAutoRange(x=False, y=False)
        self._box.sigResized.connect(lambda _: self._place_labels())
        self._rules = Rules(item)
        self._drawn = pg.InfiniteLine(angle=90, movable=False)
        self._cross = pg.InfiniteLine(angle=90, movable=False)
        self._drawn_label = pg.TextItem("drawn", anchor=(0, 0))
        self._drawn_label.setFont(font(TINY, MEDIUM))
        for extra in (self._drawn, self._cross, self._drawn_label):
            extra.setZValue(-10)
            item.addItem(extra, ignoreBounds=True)
        self._cross.setVisible(False)
        self._curves: list[tuple[pg.PlotCurveItem, pg.TextItem]] = []
        self.scene().sigMouseMoved.connect(self._hover)
        self.set_theme(theme)
        self.show_lines((), (), 0)

    def set_theme(self, theme: Theme) -> None:
        """Put on a theme's colours."""
        self._theme = theme
        self.setBackground(theme.color("panel"))
        ratio = max(round(self.devicePixelRatioF()), 1)  # pens are in pixels of the screen
        self._rules.set_color(theme.color("hairline"), ratio)
        self._drawn.setPen(pg.mkPen(theme.color("muted"), width=ratio, style=Qt.PenStyle.DotLine))
        self._drawn_label.setColor(theme.color("muted"))
        self._cross.setPen(pg.mkPen(theme.color("wire"), width=ratio))
        for side in ("left", "bottom"):
            self.getPlotItem().getAxis(side).setTextPen(theme.color("muted"))
        for (curve, label), line in zip(self._curves, self.lines, strict=False):
            self._paint(curve, label, line)

    def show_lines(self, sizes: Sequence[int], lines: Sequence[Line], drawn: int) -> None:
        """Show lines over sizes, which are ascending; ``drawn`` is the size that is marked."""
        self.sizes, self.lines = tuple(sizes), tuple(lines)
        while len(self._curves) < len(self.lines):
            self._add_curve()
        for number, (curve, label) in enumerate(self._curves):
            shown = number < len(self.lines)
            curve.setVisible(shown)
            label.setVisible(False)
            if shown:
                curve.setData(*_strokes(self.sizes, self._placed(self.lines[number].values)))
                self._paint(curve, label, self.lines[number])
        last = max((*self.sizes, drawn, 1))
        self._box.setXRange(0, last * 1.02, padding=0)
        self._drawn.setVisible(drawn > 0)
        self._drawn.setValue(drawn)
        self._set_axis()
        self._drawn_label.setVisible(drawn > 0)
        self._drawn_label.setAnchor((1 if 2 * drawn > 1.6 * last else 0, 0))
        self._drawn_label.setPos(drawn, self.top * 1.04)
        self._place_labels()
        self._read()

    def _add_curve(self) -> None:
        item = self.getPlotItem()
        # No PlotDataItem with symbols: painting its ScatterPlotItem ended the process now and then (pyqtgraph 0.14).
        curve = pg.PlotCurveItem(connect="finite", antialias=True)
        label = pg.TextItem("", anchor=(0, 0))
        label.setFont(font(TINY, MEDIUM))
        item.addItem(curve, ignoreBounds=True)
        item.addItem(label, ignoreBounds=True)
        self._curves.append((curve, label))

    def _paint(self, curve: pg.PlotCurveItem, label: pg.TextItem, line: Line) -> None:
        color = self._theme.color(line.color)
        curve.setPen(pg.mkPen(color, width=max(round(self.devicePixelRatioF()), 1)))
        label.setText(line.name)
        label.setColor(color)

    def _placed(self, values: Sequence[float]) -> Sequence[float]:
        """Where on the axis values are drawn."""
        return values

    def _value(self, placed: float) -> float:
        """The value that is drawn there."""
        return placed

    def _ticks(self) -> list[float]:
        """Up to five places on the axis, its ends among them: from 0 in round steps of the largest value's unit."""
        largest = max((v for line in self.lines for v in line.values if math.isfinite(v)), default=0.0)
        unit = 1.0
        while largest >= unit * self._base:
            unit *= self._base
        top = unit * nice_top(largest / unit)
        return [top * i / _INTERVALS for i in range(_INTERVALS + 1)]

    def _set_axis(self) -> None:
        ticks = self._ticks()
        bottom, self.top = ticks[0], ticks[-1]
        axis, texts = self.getPlotItem().getAxis("left"), [self.write(self._value(tick)) for tick in ticks]
        axis.show_at(ticks, texts, 0)
        self._rules.show_at(ticks)
        span = self.top - bottom
        self._box.setYRange(bottom - 0.02 * span, self.top + 0.04 * span, padding=0)

    def _place_labels(self) -> None:
        """Names under one another at the upper left, where lines that rise with the size are not."""
        low, high = self._box.viewRange()[1]
        pixel = (high - low) / max(self._box.height(), 1)
        for number, ((_, label), line) in enumerate(zip(self._curves, self.lines, strict=False)):
            label.setVisible(bool(line.name))
            label.setPos(0, high - _LINE * pixel * number)

    @property
    def pointed(self) -> int | None:
        """The number of the size that is read off, None for none."""
        return self._cursor if self.sizes else None

    # reading values --------------------------------------------------------------------------------------

    def reading(self, index: int) -> str:
        """What the lines say at a size: ``128 · training 1.2 MB · prediction 0.8 MB``."""
        said = [f"{self.sizes[index]:,}"]
        for line in self.lines:
            value = line.values[index]
            text = self.write(value) if math.isfinite(value) else "does not work"
            said.append(f"{line.name} {text}".strip())
        return " · ".join(dict.fromkeys(said))

    def _read(self) -> None:
        text = ""
        shown = self._cursor is not None and bool(self.sizes)
        self._cross.setVisible(shown)
        if shown and self._cursor is not None:
            self._cursor = min(max(self._cursor, 0), len(self.sizes) - 1)
            self._cross.setValue(self.sizes[self._cursor])
            text = self.reading(self._cursor)
        if text != self._said:
            self._said = text
            self.readingChanged.emit(text)

    def _seen(self) -> tuple[int, int]:
        """The first and the last size that can be pointed at."""
        return 0, len(self.sizes) - 1

    def _hover(self, at: QPointF) -> None:
        self._cursor = None
        if self.sizes and self._box.sceneBoundingRect().contains(at):
            x = self._box.mapSceneToView(at).x()
            self._cursor = min(range(len(self.sizes)), key=lambda i: abs(self.sizes[i] - x))
        self._read()

    def leaveEvent(self, event: QEvent) -> None:
        self._cursor = None
        self._read()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                by = 1 if event.key() == Qt.Key.Key_Right else -1
                first, last = self._seen()
                cursor = last if self._cursor is None else self._cursor + by
                self._cursor = min(max(cursor, first), last)
                self._read()
            case Qt.Key.Key_Escape:
                self._cursor = None
                self._read()
                super().keyPressEvent(event)
            case _:
                super().keyPressEvent(event)


def _strokes(
    sizes: Sequence[int], values: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The points of a line; one between two gaps becomes a short stroke, or it would not be seen."""
    x: list[float] = []
    y: list[float] = []
    known = [False, *map(math.isfinite, values), False]
    half = _STROKE * max(sizes, default=1)
    for index, (size, value) in enumerate(zip(sizes, values, strict=True)):
        alone = known[index + 1] and not known[index] and not known[index + 2]
        x += [size - half, size + half] if alone else [size]
        y += [value] * (2 if alone else 1)
    return np.array(x, np.float64), np.array(y, np.float64)
