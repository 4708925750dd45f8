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

from builder.widgets.theme import Theme
from runtime.panels.plotting.columns import Column
from runtime.panels.plotting.naming import ASIDE, Band, Box, Ending, View, place
from runtime.panels.plotting.plotparts import Axis, Curve, Name, Rules, decades, mixed
from runtime.panels.plotting.series import close_ticks, figure, nice_ticks, stepped


class Plot(pg.PlotWidget):
    """Batch values faint, their running mean and the validation as lines, over steps.

    Drag or wheel moves through the steps, double-click or A shows all of them; arrow keys move the reading. A line
    that is alone has no name.
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
        super().__init__(
            parent,
            axisItems={"left": Axis("left", figure), "bottom": Axis("bottom", lambda v: f"{v:,.0f}")},
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
        self.batch = Curve(item, "", dense=True, faint=True)
        self.train, self.validation = Curve(item, names[0], dense=True), Curve(item, names[1])
        self._best = pg.InfiniteLine(angle=90, movable=False)
        self._best_label = Name(item, "best")
        self._nothing = Name(item, "All lines are switched off", (0.5, 0.5))
        self._cross = pg.InfiniteLine(angle=90, movable=False)
        for extra in (self._best, self._cross):
            extra.setVisible(False)
            item.addItem(extra, ignoreBounds=True)
        self._columns: tuple[Column, Column] = (Column(), Column())
        self._points: tuple[NDArray[np.float64], NDArray[np.float32]] = (self.train.x, self.train.y)
        self._best_step: int | None = None
        self._end = 1
        self._follow = True
        self._ticks: list[float] = []
        self._cursor: float | None = None
        self._said = ""
        self.bottom, self.top = 0.0, 1.0
        self._log = False
        box.sigXRangeChanged.connect(self._redraw)
        box.sigResized.connect(self._name)
        box.sigRangeChangedManually.connect(self._stop_following)
        self.scene().sigMouseMoved.connect(self._hover)
        self.set_theme(theme)
        self._frame()

    # what is shown ---------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Put on a theme's colours."""
        self._theme = theme
        ground = theme.color("panel")
        self.setBackground(ground)
        ratio = max(round(self.devicePixelRatioF()), 1)  # pens are in pixels of the screen
        self._rules.set_color(theme.color("hairline"), ratio)
        self.batch.dress(mixed(theme.train, theme.panel, 0.28), ground, ratio)
        self.train.dress(theme.color(theme.train), ground, ratio)
        second = theme.validation if self.validation.name else theme.train
        self.validation.dress(theme.color(second), ground, ratio)
        self._best.setPen(pg.mkPen(theme.color("muted"), width=ratio, style=Qt.PenStyle.DotLine))
        for word in (self._best_label, self._nothing):
            word.dress(theme.color("muted"), ground)
        self._cross.setPen(pg.mkPen(theme.color("wire"), width=ratio))
        for side in ("left", "bottom"):
            self.getPlotItem().getAxis(side).setTextPen(theme.color("muted"))

    def show_run(
        self,
        raw: Column,
        smooth: Column,
        epochs: tuple[NDArray[np.float64], NDArray[np.float32]],
        best_step: int | None,
        *,
        last: int = 0,
        grows: bool | None = None,
    ) -> None:
        """Draw a run: values of each batch, their running mean, the validation by (step, value), the best step.

        Values are shown as they are; a percent plot takes 0…1 and shows 0…100. ``last`` is the last step of the run,
        where it told nothing of this plot; ``grows`` whether more will come, None: if it is the run of before.
        """
        if grows is None:
            grows = raw is self._columns[0]
        self._columns, self._points, self._best_step = (raw, smooth), epochs, best_step
        self._end = max(len(raw), len(smooth), int(epochs[0][-1]) if len(epochs[0]) else 0, last, 10)
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
        self._log, self._ticks = log and not self._percent, []
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
        wanted = stepped(self._end) if with_room else float(self._end)
        if (left, right) == (0, wanted):
            return False
        box.setXRange(0, wanted, padding=0)
        return True

    def _redraw(self, *_: object) -> None:
        (left, right), _ = self.getPlotItem().getViewBox().viewRange()
        first, last = max(math.floor(left), 0), math.ceil(right) + 1
        scale = np.float32(100 if self._percent else 1)
        buckets = max(self.width() // 2, 100)
        pixel = (right - left) / max(self.width(), 1)
        for curve, column in zip((self.batch, self.train), self._columns, strict=True):
            x, y = column.envelope(first, last, buckets)
            curve.draw(x + 1, self._placed(y * scale), pixel)
        x, y = self._points
        self.validation.draw(x, self._placed(y * scale), pixel)
        self._set_top(left, right)
        self._name()
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

    def _set_top(self, left: float, right: float) -> None:
        curves = [curve for curve in (self.train, self.validation) if curve.wanted]
        # The first batches of a run may be far above everything that follows: the means decide, where they are seen.
        if self.batch.wanted and not (self._follow and self.train.wanted):
            curves.append(self.batch)
        ticks = self._ticks_for([curve.between(left, right) for curve in curves])
        if ticks == self._ticks:
            return
        self._ticks, self.bottom, self.top = ticks, ticks[0], ticks[-1]
        texts = [figure(self._value(tick)) for tick in ticks]
        if self._percent:
            texts[0] += " %"
        axis = self.getPlotItem().getAxis("left")
        axis.show_at(ticks, texts)
        self._rules.show_at(ticks)
        span = self.top - self.bottom
        self.getPlotItem().getViewBox().setYRange(
            self.bottom - 0.02 * span, self.top + 0.04 * span, padding=0
        )

    def _ticks_for(self, seen: list[NDArray[np.float64]]) -> list[float]:
        """Where the axis has figures: it holds all of a run from 0 on, and of a part of it what is seen."""
        if self._log:
            return decades(seen)[2]
        values = np.concatenate([*seen, np.empty(0)])
        least, largest = (float(values.min()), float(values.max())) if len(values) else (math.nan, math.nan)
        if not self._follow:
            return close_ticks(least, largest, 100.0 if self._percent else math.inf)
        if self._percent:
            return nice_ticks(0.0, 100.0)
        return nice_ticks(least, largest)  # R² may be below 0

    # names -----------------------------------------------------------------------------------------------

    def _name(self, *_: object) -> None:
        """Write the names of the lines and of the best epoch where they strike nothing."""
        box = self.getPlotItem().getViewBox()
        (left, right), (low, high) = box.viewRange()
        view = View(left, right, low, high, box.width(), box.height())
        nothing = not (self.batch.wanted or self.train.wanted or self.validation.wanted)
        self._nothing.setVisible(nothing)
        self._nothing.setPos((left + right) / 2, (low + high) / 2)
        best = self._name_best(view)
        named: list[Curve] = []
        endings: list[list[Ending]] = []
        for curve in (self.train, self.validation):
            end = min(curve.end(), right)
            shown = bool(curve.wanted and curve.name and end >= left)
            curve.label.setVisible(shown)
            if shown:
                named.append(curve)
                endings.append([self._ending(curve, view, end, away) for away in (0, 1)])
        for curve, spot in zip(named, place(endings, view.height, [best] if best else []), strict=True):
            curve.place = spot.number
            curve.label.setPos(view.step(spot.box.right), view.value(spot.box.top))

    def _ending(self, curve: Curve, view: View, end: float, away: int) -> Ending:
        """Where a curve ends, and what is along its name; which stands beside the line of the best epoch."""
        wide = curve.label.wide
        edge = max(view.x(end) - away * wide, wide)
        if self._best.isVisible():
            best = view.x(self._best.value())
            if edge - wide - ASIDE < best < edge + ASIDE:
                edge = best - ASIDE if best - ASIDE >= wide else best + ASIDE + wide
        other = self.validation if curve is self.train else self.train
        own, *others = self._bands((curve, other), view, edge - wide, edge)
        height = view.y(float(np.interp(end, curve.x, curve.y)))
        if not math.isfinite(height):
            height = own[0] if own else 0.0
        bands = [band for band in (own or (height, height), *others) if band is not None]
        return Ending(wide, curve.label.high, edge, height, bands, away, curve.place)

    @staticmethod
    def _bands(curves: tuple[Curve, Curve], view: View, start: float, end: float) -> list[Band | None]:
        """From where to where each of the curves runs, downwards, between two pixels; None where it does not."""
        bands: list[Band | None] = []
        for curve in curves:
            seen = curve.between(view.step(start), view.step(end)) if curve.wanted else ()
            bands.append((view.y(float(max(seen))), view.y(float(min(seen)))) if len(seen) else None)
        return bands

    def _name_best(self, view: View) -> Box | None:
        """The best epoch, named where the lines are not: a loss has room above, an accuracy below."""
        step = self._best_step
        shown = step is not None and view.left <= step <= view.right
        self._best.setVisible(shown)
        self._best_label.setVisible(shown)
        if step is None or not shown:
            return None
        self._best.setValue(step)
        label, at = self._best_label, view.x(step)
        start = at - ASIDE / 2 - label.wide if 2 * step > view.left + view.right else at + ASIDE / 2
        end = start + label.wide
        places = [0.0, view.height - label.high]
        bands = [band for band in self._bands((self.train, self.validation), view, start, end) if band]
        top = min(
            reversed(places) if self._percent else places,
            key=lambda top: sum(low < top + label.high and high > top for low, high in bands),
        )
        label.setPos(view.step(end), view.value(top))
        return Box(start, top, end, top + label.high)

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
