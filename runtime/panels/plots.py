"""One plot of a run: thin lines, no box, four grid lines, lines named where they end, values under the pointer.

pyqtgraph is imported here and in ``sizeplot`` alone; import these modules when a plot is first shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPen
from PySide6.QtWidgets import QGraphicsSceneMouseEvent, QWidget

from builder.widgets.theme import MEDIUM, SMALL, TINY, Theme, font
from runtime.panels.columns import Column
from runtime.panels.series import nice_top

_INTERVALS = 4


def _mixed(color: str, ground: str, share: float) -> QColor:
    """A colour mixed into its ground: looks translucent and draws five times faster."""
    one, other = QColor(color), QColor(ground)
    red, green, blue = (
        round(first * share + second * (1 - share))
        for first, second in (
            (one.red(), other.red()),
            (one.green(), other.green()),
            (one.blue(), other.blue()),
        )
    )
    return QColor(red, green, blue)


class Axis(pg.AxisItem):
    """An axis of nothing but its figures."""

    def __init__(self, side: str, write: Callable[[float], str]) -> None:
        super().__init__(side, maxTickLength=0, showValues=True)
        self._write = write
        self.setStyle(tickTextOffset=6, hideOverlappingLabels=side == "bottom")
        self.setPen(QPen(Qt.PenStyle.NoPen))
        self.setStyle(tickFont=font(SMALL))
        if side == "left":
            self.setWidth(40)
        else:
            self.setHeight(20)

    def generateDrawSpecs(self, p):  # type: ignore[no-untyped-def]
        specs = super().generateDrawSpecs(p)
        return specs and (specs[0], [], specs[2])

    def tickStrings(self, values, scale, spacing):  # type: ignore[no-untyped-def]
        return [self._write(value) for value in values]


class _Curve:
    """A line, the name at its end, and the data it was last drawn from."""

    def __init__(self, plot: pg.PlotItem, name: str) -> None:
        self.name = name
        self.item = pg.PlotCurveItem(connect="finite", antialias=bool(name))
        self.label = pg.TextItem(name, anchor=(1, 1))
        self.label.setFont(font(TINY, MEDIUM))
        self.label.setVisible(False)
        plot.addItem(self.item, ignoreBounds=True)
        plot.addItem(self.label, ignoreBounds=True)
        self.x: NDArray[np.float64] = np.empty(0)
        self.y: NDArray[np.float32] = np.empty(0, dtype=np.float32)

    def draw(self, x: NDArray[np.float64], y: NDArray[np.float32]) -> None:
        """Show these points; infinities become gaps."""
        self.x, self.y = x, np.where(np.isfinite(y), y, np.nan)
        self.item.setData(self.x, self.y)

    def at(self, x: float) -> float:
        """The value of the nearest point, NaN where there is none."""
        if not len(self.x):
            return math.nan
        right = int(np.searchsorted(self.x, x))
        near = [i for i in (right - 1, right) if 0 <= i < len(self.x)]
        return float(self.y[min(near, key=lambda i: abs(self.x[i] - x))])


class Plot(pg.PlotWidget):
    """Batch values faint, their running mean and the validation as lines, over steps.

    Drag or wheel moves through the steps, double-click or A shows all of them; arrow keys move the reading.
    """

    #: What the lines say under the pointer, for whoever has room for it; empty when it leaves.
    readingChanged = Signal(str)

    def __init__(
        self, title: str, theme: Theme, *, percent: bool = False, parent: QWidget | None = None
    ) -> None:
        write = (lambda v: "0 %" if v == 0 else f"{v:.0f}") if percent else (lambda v: f"{v:.10g}")
        super().__init__(
            parent,
            axisItems={"left": Axis("left", write), "bottom": Axis("bottom", lambda v: f"{v:,.0f}")},
            enableMenu=False,
        )
        self.title, self._percent, self._theme = title, percent, theme
        self.setAccessibleName(f"{title} over training steps")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(self.Shape.NoFrame)
        self.setAntialiasing(False)
        item = self.getPlotItem()
        item.hideButtons()
        # Made though it is never shown: it shall go when this goes.
        item.ctrlMenu.setParent(self, Qt.WindowType.Popup)
        item.setContentsMargins(0, 4, 8, 0)
        box = item.getViewBox()
        box.setMouseEnabled(x=True, y=False)
        box.setDefaultPadding(0)
        box.enableAutoRange(x=False, y=False)
        self._lines = [pg.InfiniteLine(angle=0, movable=False) for _ in range(_INTERVALS + 1)]
        for line in self._lines:
            line.setZValue(-10)
            item.addItem(line, ignoreBounds=True)
        self.batch = _Curve(item, "")
        self.train = _Curve(item, "train")
        self.validation = _Curve(item, "validation")
        self._best = pg.InfiniteLine(angle=90, movable=False)
        self._best_label = pg.TextItem("best", anchor=(0.5, 0))
        self._cross = pg.InfiniteLine(angle=90, movable=False)
        for extra in (self._best, self._best_label, self._cross):
            extra.setVisible(False)
            item.addItem(extra, ignoreBounds=True)
        self._best_label.setFont(font(TINY, MEDIUM))
        self._columns: tuple[Column, Column] = (Column(), Column())
        self._points: tuple[NDArray[np.float64], NDArray[np.float32]] = (self.train.x, self.train.y)
        self._best_step: int | None = None
        self._end = 1
        self._follow = True
        self._cursor: float | None = None
        self._said = ""
        self.top = 1.0
        box.sigXRangeChanged.connect(self._redraw)
        box.sigRangeChangedManually.connect(self._stop_following)
        self.scene().sigMouseMoved.connect(self._hover)
        self.set_theme(theme)
        self._frame()

    # what is shown ---------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Put on a theme's colours."""
        self._theme = theme
        self.setBackground(theme.color("panel"))
        for line in self._lines:
            line.setPen(pg.mkPen(theme.color("hairline"), width=1))
        self.batch.item.setPen(pg.mkPen(_mixed(theme.train, theme.panel, 0.28), width=1))
        width = max(round(self.devicePixelRatioF()), 1)  # pens are in pixels of the screen
        self.train.item.setPen(pg.mkPen(theme.train, width=width))
        self.train.label.setColor(theme.color(theme.train))
        self.validation.item.setPen(pg.mkPen(theme.validation, width=width))
        self.validation.label.setColor(theme.color(theme.validation))
        self._best.setPen(pg.mkPen(theme.color("muted"), width=1, style=Qt.PenStyle.DotLine))
        self._best_label.setColor(theme.color("muted"))
        self._cross.setPen(pg.mkPen(theme.color("wire"), width=1))
        for side in ("left", "bottom"):
            self.getPlotItem().getAxis(side).setTextPen(theme.color("muted"))

    def show_run(
        self,
        raw: Column,
        smooth: Column,
        epochs: tuple[NDArray[np.float64], NDArray[np.float32]],
        best_step: int | None,
    ) -> None:
        """Draw a run: values of each batch, their running mean, the validation by (step, value), the best step.

        Values are shown as they are; a percent plot takes 0…1 and shows 0…100.
        """
        self._columns, self._points, self._best_step = (raw, smooth), epochs, best_step
        self._end = max(len(raw), int(epochs[0][-1]) if len(epochs[0]) else 0, 10)
        if self._follow:
            self._frame()
        self._redraw()

    def show_all(self) -> None:
        """Every step again, and from now on the new ones too."""
        self._follow = True
        self._frame()
        self._redraw()

    def _stop_following(self) -> None:
        self._follow = False

    def _frame(self) -> None:
        self.getPlotItem().getViewBox().setXRange(0, self._end, padding=0)

    def _redraw(self, *_: object) -> None:
        (left, right), _ = self.getPlotItem().getViewBox().viewRange()
        first, last = max(math.floor(left), 0), math.ceil(right) + 1
        scale = np.float32(100 if self._percent else 1)
        buckets = max(self.width() // 2, 100)
        for curve, column in zip((self.batch, self.train), self._columns, strict=True):
            x, y = column.envelope(first, last, buckets)
            curve.draw(x + 1, y * scale)
        x, y = self._points
        self.validation.draw(x, y * scale)
        self._set_top()
        self._place_labels(right)
        self._place_best(left, right)
        self._read()

    def _set_top(self) -> None:
        if self._percent:
            top = 100.0
        else:
            # The first batches of a run may be far above everything that follows: the means decide.
            tops = [float(np.nanmax(c.y)) for c in (self.train, self.validation) if np.isfinite(c.y).any()]
            top = nice_top(max(tops, default=1.0))
        if top != self.top or not self.getPlotItem().getAxis("left")._tickLevels:
            self.top = top
            ticks = [top * i / _INTERVALS for i in range(_INTERVALS + 1)]
            axis = self.getPlotItem().getAxis("left")
            axis.setTicks([[(tick, axis._write(tick)) for tick in ticks]])
            for line, tick in zip(self._lines, ticks, strict=True):
                line.setValue(tick)
            self.getPlotItem().getViewBox().setYRange(-0.02 * top, 1.04 * top, padding=0)

    def _place_labels(self, right: float) -> None:
        """Names at the lines' ends, in the order of the lines and where no line runs."""
        ends: list[tuple[float, _Curve]] = []
        for curve in (self.train, self.validation):
            curve.label.setVisible(False)
            seen = np.flatnonzero((curve.x <= right) & np.isfinite(curve.y))
            if len(curve.x) > 1 and len(seen):
                ends.append((float(curve.y[seen[-1]]), curve))
        ends.sort(key=lambda end: -end[0])
        top, gap, line = self.top, 0.03 * self.top, 0.11 * self.top
        for rank, (value, curve) in enumerate(ends):
            if ends[0][0] < 0.4 * top:  # both low: one above the other, over the upper line
                at, above = ends[0][0] + gap + line * (len(ends) - 1 - rank), True
            elif ends[-1][0] > 0.6 * top:  # both high: under the lower line
                at, above = ends[-1][0] - gap - line * rank, False
            else:
                at, above = (value + gap, True) if rank == 0 else (value - gap, False)
            curve.label.setAnchor((1, 1 if above else 0))
            curve.label.setPos(min(right, float(curve.x[-1])), at)
            curve.label.setVisible(True)

    def _place_best(self, left: float, right: float) -> None:
        """The best epoch, named where the lines are not: a loss has room above, an accuracy below."""
        step = self._best_step
        shown = step is not None and left <= step <= right
        self._best.setVisible(shown)
        self._best_label.setVisible(shown)
        if step is not None and shown:
            self._best.setValue(step)
            self._best_label.setAnchor((1 if step > (left + right) / 2 else 0, 1 if self._percent else 0))
            self._best_label.setPos(step, 0 if self._percent else 1.04 * self.top)

    # reading values --------------------------------------------------------------------------------------

    def reading(self, step: float) -> str:
        """What the lines say at a step: ``step 120 · train 0.21 · validation 0.25``."""
        unit = " %" if self._percent else ""
        digits = 1 if self._percent else 3
        said = [f"step {round(step):,}"]
        said += [
            f"{curve.name} {value:.{digits}f}{unit}"
            for curve in (self.train, self.validation)
            if math.isfinite(value := curve.at(step))
        ]
        return " · ".join(said)

    def _read(self) -> None:
        shown = self._cursor is not None and len(self.train.x) > 0
        self._cross.setVisible(shown)
        text = ""
        if shown and self._cursor is not None:
            (left, right), _ = self.getPlotItem().getViewBox().viewRange()
            step = min(max(self._cursor, left, 1), right, self._end)
            self._cross.setValue(step)
            text = self.reading(step)
        if text != self._said:
            self._said = text
            self.readingChanged.emit(text)

    def _hover(self, at: QPointF) -> None:
        box = self.getPlotItem().getViewBox()
        self._cursor = box.mapSceneToView(at).x() if box.sceneBoundingRect().contains(at) else None
        self._read()

    def leaveEvent(self, event: QEvent) -> None:
        self._cursor = None
        self._read()
        super().leaveEvent(event)

    def mouseDoubleClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        self.show_all()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        (left, right), _ = self.getPlotItem().getViewBox().viewRange()
        match event.key():
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                by = (right - left) / 50 * (1 if event.key() == Qt.Key.Key_Right else -1)
                self._cursor = min(
                    max((self._cursor if self._cursor is not None else right) + by, left), right
                )
                self._read()
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal | Qt.Key.Key_Minus:
                self._follow = False
                closer = 0.8 if event.key() != Qt.Key.Key_Minus else 1.25
                self.getPlotItem().getViewBox().scaleBy(x=closer)
            case Qt.Key.Key_A | Qt.Key.Key_Home:
                self.show_all()
            case Qt.Key.Key_Escape:
                self._cursor = None
                self._read()
                super().keyPressEvent(event)
            case _:
                super().keyPressEvent(event)
