"""One plot of a run: thin lines, no box, four grid lines, lines named where they end, values under the pointer.

pyqtgraph is imported here, in ``plotparts`` and in ``sizeplot`` alone; import these modules when a plot is first shown.
"""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGraphicsSceneMouseEvent, QWidget

from builder.widgets.theme import MEDIUM, TINY, Theme, font
from runtime.panels.plotting.columns import Column
from runtime.panels.plotting.plotparts import Axis, Curve, Rules, decades, mixed
from runtime.panels.plotting.series import nice_ticks

#: Part of a growing run that is left free behind it.
_ROOM = 0.03


class Plot(pg.PlotWidget):
    """Batch values faint, their running mean and the validation as lines, over steps.

    Drag or wheel moves through the steps, double-click or A shows all of them; arrow keys move the reading.
    """

    #: What the lines say under the pointer, for whoever has room for it; empty when it leaves.
    readingChanged = Signal(str)
    #: The step that is pointed at, None where none is any more.
    pointed = Signal(object)
    #: The steps (first, last) that somebody wants to see, None for all.
    rangeChosen = Signal(object)

    def __init__(
        self,
        title: str,
        theme: Theme,
        *,
        percent: bool = False,
        names: tuple[str, str] = ("train", "validation"),
        parent: QWidget | None = None,
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
        self._rules = Rules(item)
        self.batch = Curve(item, "")
        self.train, self.validation = (Curve(item, name) for name in names)
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
        self.bottom, self.top = 0.0, 1.0
        self._log = False
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
        self._rules.set_color(theme.color("hairline"))
        self.batch.item.setPen(pg.mkPen(mixed(theme.train, theme.panel, 0.28), width=1))
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
        grows = raw is self._columns[0]
        self._columns, self._points, self._best_step = (raw, smooth), epochs, best_step
        self._end = max(len(raw), len(smooth), int(epochs[0][-1]) if len(epochs[0]) else 0, 10)
        if not (self._follow and self._frame(with_room=grows)):
            self._redraw()

    def show_all(self) -> None:
        """Every step again, and from now on the new ones too."""
        self._follow = True
        if not self._frame():
            self._redraw()

    def show_range(self, steps: tuple[float, float] | None) -> None:
        """Show these steps, without telling; None: all."""
        if steps is None:
            self.show_all()
        else:
            self._follow = False
            self.getPlotItem().getViewBox().setXRange(*steps, padding=0)

    def set_log(self, log: bool) -> None:
        """Use a logarithmic scale; not for what is told in per cent."""
        self._log, self.top = log and not self._percent, math.nan
        self._redraw()

    def want(self, batches: bool, train: bool, validation: bool) -> None:
        """Which lines are seen."""
        for curve, wanted in zip(
            (self.batch, self.train, self.validation), (batches, train, validation), strict=True
        ):
            curve.want(wanted)
        self._redraw()

    def _stop_following(self) -> None:
        self._follow = False
        left, right = self.getPlotItem().getViewBox().viewRange()[0]
        self.rangeChosen.emit((left, right))

    def _frame(self, *, with_room: bool = False) -> bool:
        """Show every step, ``with_room`` for more, so that not each new one moves all; whether that drew anew."""
        box = self.getPlotItem().getViewBox()
        (left, right), _ = box.viewRange()
        wanted = self._end * (1 + _ROOM) if with_room else float(self._end)
        if left == 0 and (
            self._end <= right <= self._end * (1 + 2 * _ROOM) if with_room else right == wanted
        ):
            return False
        box.setXRange(0, wanted, padding=0)
        return True

    def _redraw(self, *_: object) -> None:
        (left, right), _ = self.getPlotItem().getViewBox().viewRange()
        first, last = max(math.floor(left), 0), math.ceil(right) + 1
        scale = np.float32(100 if self._percent else 1)
        buckets = max(self.width() // 2, 100)
        for curve, column in zip((self.batch, self.train), self._columns, strict=True):
            x, y = column.envelope(first, last, buckets)
            curve.draw(x + 1, self._placed(y * scale))
        x, y = self._points
        self.validation.draw(x, self._placed(y * scale))
        self._set_top()
        self._place_labels(right)
        self._place_best(left, right)
        self._read()
        # Else it is done while painting, which moves the names and so paints a second time.
        self.getPlotItem().getViewBox().updateMatrix()

    def _placed(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where values are drawn: what has no logarithm is a gap."""
        if not self._log:
            return values
        return np.log10(values, out=np.full_like(values, np.nan), where=values > 0)

    def _value(self, placed: float) -> float:
        """The value behind what is drawn."""
        return 10.0**placed if self._log else placed

    def _set_top(self) -> None:
        # The first batches of a run may be far above everything that follows: the means decide.
        shown = [curve.y for curve in (self.train, self.validation) if curve.wanted]
        if self._log:
            bottom, top, ticks = decades(shown)
        else:
            there = [y for y in shown if np.isfinite(y).any()]
            largest = 100.0 if self._percent else max((float(np.nanmax(y)) for y in there), default=1.0)
            least = min((float(np.nanmin(y)) for y in there), default=0.0)  # R² may be below 0
            ticks = nice_ticks(least, largest)
            bottom, top = ticks[0], ticks[-1]
        axis = self.getPlotItem().getAxis("left")
        if (bottom, top) == (self.bottom, self.top) and axis._tickLevels:
            return
        self.bottom, self.top = bottom, top
        axis.setTicks([[(tick, axis._write(self._value(tick))) for tick in ticks]])
        self._rules.show_at(ticks)
        span = top - bottom
        self.getPlotItem().getViewBox().setYRange(bottom - 0.02 * span, top + 0.04 * span, padding=0)

    def _place_labels(self, right: float) -> None:
        """Names at the lines' ends, in the order of the lines and where no line runs."""
        ends: list[tuple[float, Curve]] = []
        for curve in (self.train, self.validation):
            curve.label.setVisible(False)
            seen = np.flatnonzero((curve.x <= right) & np.isfinite(curve.y))
            if curve.wanted and curve.name and len(curve.x) > 1 and len(seen):
                ends.append((float(curve.y[seen[-1]]), curve))
        ends.sort(key=lambda end: -end[0])
        bottom, span = self.bottom, self.top - self.bottom
        gap, line = 0.03 * span, 0.11 * span
        for rank, (value, curve) in enumerate(ends):
            if ends[0][0] < bottom + 0.4 * span:  # both low: one above the other, over the upper line
                at, above = ends[0][0] + gap + line * (len(ends) - 1 - rank), True
            elif ends[-1][0] > bottom + 0.6 * span:  # both high: under the lower line
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
            top = self.top + 0.04 * (self.top - self.bottom)
            self._best_label.setPos(step, 0 if self._percent else top)

    # reading values --------------------------------------------------------------------------------------

    def reading(self, step: float) -> str:
        """What the lines say at a step: ``step 120 · train 0.21 · validation 0.25``."""
        unit = " %" if self._percent else ""
        said = [f"step {round(step):,}"]
        for curve in (self.train, self.validation):
            if curve.wanted and math.isfinite(placed := curve.at(step)):
                said.append(f"{curve.name} {self._figure(self._value(placed))}{unit}".strip())
        return " · ".join(said)

    def _figure(self, value: float) -> str:
        if self._percent:
            return f"{value:.1f}"
        return (
            f"{value:.3f}"
            if 0.05 <= abs(value) < 100
            else f"{value:,.0f}"
            if value >= 100
            else f"{value:.3g}"
        )

    def _read(self) -> None:
        shown = self._cursor is not None and len(self.train.x) + len(self.validation.x) > 0
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

    def point_at(self, step: float | None) -> None:
        """Read the lines at a step, without telling which."""
        self._cursor = step
        self._read()

    def _point(self, step: float | None) -> None:
        self.point_at(step)
        self.pointed.emit(step)

    def _hover(self, at: QPointF) -> None:
        box = self.getPlotItem().getViewBox()
        self._point(box.mapSceneToView(at).x() if box.sceneBoundingRect().contains(at) else None)

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)
        super().leaveEvent(event)

    def mouseDoubleClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        self._reset()

    def _reset(self) -> None:
        self.show_all()
        self.rangeChosen.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        (left, right), _ = self.getPlotItem().getViewBox().viewRange()
        match event.key():
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                by = (right - left) / 50 * (1 if event.key() == Qt.Key.Key_Right else -1)
                at = self._cursor if self._cursor is not None else right
                self._point(min(max(at + by, left), right))
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal | Qt.Key.Key_Minus:
                closer = 0.8 if event.key() != Qt.Key.Key_Minus else 1.25
                self.getPlotItem().getViewBox().scaleBy(x=closer)
                self._stop_following()
            case Qt.Key.Key_A | Qt.Key.Key_Home:
                self._reset()
            case Qt.Key.Key_Escape:
                self._point(None)
                super().keyPressEvent(event)
            case _:
                super().keyPressEvent(event)
