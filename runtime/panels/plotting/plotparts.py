"""What plots are made of: axes without a box, lines with a name at their end, readable steps of a scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen

from builder.widgets.theme import MEDIUM, SMALL, TINY, font


def mixed(color: str, ground: str, share: float) -> QColor:
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


#: The least width of the figures at the left, so that plots under one another begin alike, and what is beside them.
_LEAST, _BESIDE = 40, 12
#: How wide a dot is, in pixels.
_DOT = 4
#: How much of what is behind a name is covered.
_COVER = 200


class Axis(pg.AxisItem):
    """An axis of nothing but its figures."""

    def __init__(self, side: str, write: Callable[[float], str]) -> None:
        super().__init__(side, maxTickLength=0, showValues=True)
        self._write = write
        self.enableAutoSIPrefix(False)  # there is no label to put a prefix into
        self.setStyle(tickTextOffset=6, hideOverlappingLabels=side == "bottom")
        self.setPen(QPen(Qt.PenStyle.NoPen))
        self.setStyle(tickFont=font(SMALL))
        if side == "left":
            self.setWidth(_LEAST)
        else:
            self.setHeight(20)

    def show_at(self, ticks: Sequence[float], texts: Sequence[str], least: int = _LEAST) -> None:
        """Write these at the left, with as much room as the widest takes: what does not fit is not drawn at all."""
        self.setTicks([list(zip(ticks, texts, strict=True))])
        metrics = QFontMetrics(font(SMALL))
        self.setWidth(max(least, *(metrics.horizontalAdvance(text) + _BESIDE for text in texts)))

    def generateDrawSpecs(self, p):  # type: ignore[no-untyped-def]
        specs = super().generateDrawSpecs(p)
        return specs and (specs[0], [], specs[2])

    def tickStrings(self, values, scale, spacing):  # type: ignore[no-untyped-def]
        return [self._write(value) for value in values]


class Rules(pg.GraphicsObject):
    """The horizontal lines behind a plot, painted at once: as items of their own they took longer than the curves."""

    def __init__(self, plot: pg.PlotItem) -> None:
        super().__init__()
        self._values: tuple[float, ...] = ()
        self._pen = QPen()
        self.setZValue(-10)
        plot.addItem(self, ignoreBounds=True)

    def set_color(self, color: QColor, width: int = 1) -> None:
        """Draw in this colour, so many pixels of the screen wide."""
        self._pen = pg.mkPen(color, width=width)
        self.update()

    def show_at(self, values: Iterable[float]) -> None:
        """Draw a line at each of these."""
        self._values = tuple(values)
        self.update()

    def boundingRect(self) -> QRectF:
        return self.viewRect() or QRectF()

    def viewTransformChanged(self) -> None:
        super().viewTransformChanged()
        self.prepareGeometryChange()

    def paint(self, painter: QPainter, *_: object) -> None:
        seen = self.boundingRect()
        painter.setPen(self._pen)
        painter.drawLines([QLineF(seen.left(), value, seen.right(), value) for value in self._values])


class Name(pg.TextItem):
    """A small word in a plot, set by its upper right corner; its size is known before it is painted."""

    def __init__(self, plot: pg.PlotItem, text: str, anchor: tuple[float, float] = (1, 0)) -> None:
        super().__init__(text, anchor=anchor)
        self.setFont(font(TINY, MEDIUM))
        self.textItem.document().setDocumentMargin(1)
        size = self.textItem.boundingRect()
        self.wide, self.high = size.width(), size.height()
        self.setZValue(5)
        self.setVisible(False)
        plot.addItem(self, ignoreBounds=True)

    def dress(self, color: QColor, ground: QColor) -> None:
        """Write in this colour, on a ground that hides most of what is behind."""
        self.setColor(color)
        cover = QColor(ground)
        cover.setAlpha(_COVER)
        self.fill = pg.mkBrush(cover)
        self.update()


class Curve:
    """A line, the name at its end, and the data it was last drawn from.

    ``dense`` is one with a point for each step, ``faint`` one whose single points do not matter.
    """

    def __init__(self, plot: pg.PlotItem, name: str, *, dense: bool = False, faint: bool = False) -> None:
        self.name, self._dense, self._faint = name, dense, faint
        self.item = pg.PlotCurveItem(connect="finite")
        #: Points without a neighbour. No ScatterPlotItem: painting one ended the process now and then.
        self.dots = pg.PlotCurveItem(connect="pairs", antialias=True)
        self.label = Name(plot, name)
        #: Which of its places the name has.
        self.place = -1
        for item in (self.item, self.dots):
            plot.addItem(item, ignoreBounds=True)
        self.x: NDArray[np.float64] = np.empty(0)
        self.y: NDArray[np.float32] = np.empty(0, dtype=np.float32)
        #: Whether it is to be seen.
        self.wanted = True

    def dress(self, color: QColor, ground: QColor, ratio: int) -> None:
        """Draw in this colour; pens are in pixels of the screen, of which ``ratio`` are one of ours."""
        # Smooth lines of more than a pixel take thirty times as long, and where pixels are small, steps are too.
        self.item.opts["antialias"] = not self._faint and not (self._dense and ratio > 1)
        self.item.setPen(pg.mkPen(color, width=ratio))
        dot = pg.mkPen(color, width=_DOT * ratio)
        dot.setCapStyle(Qt.PenCapStyle.RoundCap)
        self.dots.setPen(dot)
        self.label.dress(color, ground)

    def want(self, wanted: bool) -> None:
        """Show it, or do not."""
        self.wanted = wanted
        self.item.setVisible(wanted)
        self.dots.setVisible(wanted)

    def draw(self, x: NDArray[np.float64], y: NDArray[np.float32], pixel: float = 0.0) -> None:
        """Show these points, ``pixel`` is the length of one; infinities become gaps, what is alone a dot."""
        known = np.isfinite(y)
        self.x, self.y = x, np.where(known, y, np.nan)
        self.item.setData(self.x, self.y)
        if self._faint:
            return
        joined = known[1:] & known[:-1]
        alone = known & ~np.append(joined, False) & ~np.append(False, joined)[: len(known)]
        if alone.any() or self.dots.xData is not None:
            at = x[alone]
            self.dots.setData(
                np.column_stack([at - pixel / 4, at + pixel / 4]).ravel(), np.repeat(self.y[alone], 2)
            )

    def between(self, left: float, right: float) -> NDArray[np.float64]:
        """The values that are seen between two places, with those of the line at the places themselves."""
        if not len(self.x) or left > self.x[-1] or right < self.x[0]:
            return np.empty(0)
        first, last = np.searchsorted(self.x, left), np.searchsorted(self.x, right, side="right")
        edges = np.interp((max(left, self.x[0]), min(right, self.x[-1])), self.x, self.y)
        seen = np.append(self.y[first:last], edges)
        return seen[np.isfinite(seen)]

    def end(self) -> float:
        """Where the last of its points is, NaN where there is none."""
        known = np.flatnonzero(np.isfinite(self.y))
        return float(self.x[known[-1]]) if len(known) else math.nan

    def at(self, x: float) -> float:
        """The value of the nearest point, NaN where there is none."""
        if not len(self.x):
            return math.nan
        right = int(np.searchsorted(self.x, x))
        near = [i for i in (right - 1, right) if 0 <= i < len(self.x)]
        return float(self.y[min(near, key=lambda i: abs(self.x[i] - x))])


def decades(values: Sequence[NDArray[np.floating]]) -> tuple[float, float, list[float]]:
    """Bottom, top and up to five ticks, the ends among them, of an axis that holds these (their logarithms).

    It ends at 1, 2 or 5 times a power of ten; between them are all such steps, or powers of ten where those are many.
    """
    finite = [part[np.isfinite(part)] for part in values]
    known = np.concatenate([*finite, np.empty(0)])
    if not len(known):
        return 0.0, 1.0, [0.0, 1.0]
    first, last = _step_below(float(known.min()) + 1e-4), _step_above(float(known.max()) - 1e-4)
    if first == last:
        first, last = first - 1, last + 1
    if last - first <= 4:
        ticks = [_place(number) for number in range(first, last + 1)]
        return ticks[0], ticks[-1], ticks
    low, high = _place(first), _place(last)
    inner = [power for power in range(math.ceil(low), math.floor(high) + 1) if low < power < high]
    step = -(-len(inner) // 3)
    near = 0.18 * (high - low)
    kept = [float(power) for power in inner[step - 1 :: step] if low + near < power < high - near]
    return low, high, [low, *kept, high]


def _place(number: int) -> float:
    """The logarithm of the step 1, 2, 5, 10, 20 … of this number; 0 is that of 1."""
    return number // 3 + (0.0, math.log10(2), math.log10(5))[number % 3]


def _step_below(value: float) -> int:
    """The number of the last step at or below this logarithm."""
    number = 3 * math.floor(value) + 3
    while _place(number) > value:
        number -= 1
    return number


def _step_above(value: float) -> int:
    """The number of the first step at or above this logarithm."""
    number = 3 * math.ceil(value) - 3
    while _place(number) < value:
        number += 1
    return number
