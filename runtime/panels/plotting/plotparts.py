"""What plots are made of: axes without a box, lines with a name at their end, readable steps of a scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

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
            self.setWidth(40)
        else:
            self.setHeight(20)

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

    def set_color(self, color: QColor) -> None:
        """Draw in this colour."""
        self._pen = pg.mkPen(color, width=1)
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


class Curve:
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
        #: Whether it is to be seen.
        self.wanted = True

    def want(self, wanted: bool) -> None:
        """Show it, or do not."""
        self.wanted = wanted
        self.item.setVisible(wanted)

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


def decades(values: list[NDArray[np.float32]]) -> tuple[float, float, list[float]]:
    """Bottom, top and up to five ticks, as powers of ten, of an axis that holds these (their logarithms)."""
    finite = [part[np.isfinite(part)] for part in values]
    known = np.concatenate([*finite, np.empty(0)])
    if not len(known):
        return 0.0, 1.0, [0.0, 1.0]
    low, high = math.floor(known.min() + 1e-4), math.ceil(known.max() - 1e-4)  # float32 has seven figures
    high = max(high, low + 1)
    if high - low == 1:
        return low, high, [low, low + math.log10(2), low + math.log10(5), high]
    step = -(-(high - low) // 4)
    return low, high, [float(tick) for tick in range(low, high + 1, step)]
