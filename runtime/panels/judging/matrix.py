"""The confusion matrix: which class is taken for which, as heat."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from builder.look import contrast
from builder.widgets.theme import TINY, Theme, font
from runtime.panels.cells import Cells

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The most room that the names of the classes take, on the left and (turned) above.
_LEFT, _ABOVE = 76, 46
#: A class has its name where it has so much room.
_NAMED = 10
#: Cells are at most so much wider than high.
_WIDEST = 2.4

_CENTRE = Qt.AlignmentFlag.AlignCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LOW = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class ConfusionMatrix(Cells):
    """Rows are what a sample is, columns what it was taken for; ``picked(is, taken for)`` tells a click or Enter."""

    picked = Signal(int, int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Confusion matrix", parent)
        self._counts: NDArray[np.int64] | None = None
        self._order: NDArray[np.int64] | None = None
        self._names: tuple[str, ...] = ()
        self._unit = "sample"
        self._shares = self._sorted = False
        self.setMinimumSize(150, 96)

    def sizeHint(self) -> QSize:
        return QSize(360, 190)

    # what is shown ---------------------------------------------------------------------------------------

    def show_matrix(self, counts: NDArray[np.int64], names: tuple[str, ...], unit: str) -> None:
        """Show int64 (K, K) of classes with these names; ``unit`` is what is counted: "sample" or "pixel"."""
        self._counts, self._names, self._unit = counts, names, unit
        self._cell = None
        self._arrange()

    def show_shares(self, shares: bool) -> None:
        """Write what part of its class a cell is, instead of how many."""
        self._shares = shares
        self.update()
        self._tell()

    def sort_by_mistakes(self, by_mistakes: bool) -> None:
        """The classes that most goes wrong with first, instead of in their own order."""
        self._sorted, self._cell = by_mistakes, None
        self._arrange()

    def _arrange(self) -> None:
        if self._counts is None:
            return
        import numpy as np

        from runtime.inspection.confusion import by_mistakes

        self._order = by_mistakes(self._counts) if self._sorted else np.arange(len(self._counts))
        self._image = None
        self.update()
        self._tell()

    # geometry --------------------------------------------------------------------------------------------

    def _layout(self) -> tuple[QRectF, float, float, bool]:
        """Where the cells are, width and height of one, and whether the names above are turned."""
        count = max(len(self._names), 1)
        metrics = QFontMetrics(font(TINY))
        widest = max((metrics.horizontalAdvance(name) for name in self._names), default=0) + 8
        left = min(widest, _LEFT)
        height = (self.height() - 16) / count
        turned = widest > min((self.width() - left) / count, height * _WIDEST)
        above = min(widest, _ABOVE) if turned else 16
        if min(height, (self.width() - left) / count) < _NAMED:
            left, above, turned = 2, 2, False
        height = (self.height() - above - 2) / count
        width = min((self.width() - left - 2) / count, height * _WIDEST)
        height = min(height, width)
        if min(width, height) >= 3:
            width, height = math.floor(width), math.floor(height)
        return QRectF(left, above, width * count, height * count), width, height, turned

    def cell_rect(self, target: int, predicted: int) -> QRectF:
        """Where the cell of a class and what it was taken for is drawn."""
        assert self._order is not None
        places = self._order.tolist()
        area, width, height, _ = self._layout()
        row, column = places.index(target), places.index(predicted)
        return QRectF(area.left() + column * width, area.top() + row * height, width, height)

    def _extent(self) -> tuple[int, int]:
        count = 0 if self._order is None else len(self._order)
        return count, count

    def _cell_at(self, point: QPointF) -> tuple[int, int] | None:
        area, width, height, _ = self._layout()
        if self._order is None or not area.contains(point):
            return None
        last = len(self._order) - 1
        row, column = (point.y() - area.top()) / height, (point.x() - area.left()) / width
        return min(int(row), last), min(int(column), last)

    # drawing ---------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._counts is None or self._order is None:
            return
        painter = QPainter(self)
        painter.setFont(font(TINY))
        area, width, height, turned = self._layout()
        if self._image is None:
            self._image = self._heat()
        painter.drawImage(area, self._image)
        self._paint_figures(painter, area, width, height)
        if min(width, height) >= _NAMED:
            self._paint_names(painter, area, width, height, turned)
        if self._cell is not None:
            row, column = self._cell
            box = QRectF(area.left() + column * width, area.top() + row * height, width, height)
            painter.setPen(QPen(self._theme.color("accent"), 2))
            painter.drawRect(box.adjusted(0, 0, -1, -1))

    def _heat(self) -> QImage:
        """A pixel for each cell: the root of the share of its row, so that rare mistakes are seen beside the rest."""
        import numpy as np

        from runtime.inspection.confusion import shares
        from runtime.panels.imagery import heat_image

        assert self._counts is not None
        counts = self._counts[np.ix_(self._order, self._order)]  # type: ignore[arg-type]
        theme = self._theme
        return heat_image(np.sqrt(shares(counts)), dark=theme.is_dark, ground=theme.raised, empty=counts == 0)

    def _paint_figures(self, painter: QPainter, area: QRectF, width: float, height: float) -> None:
        metrics = painter.fontMetrics()
        if height < metrics.ascent() or width < metrics.horizontalAdvance("00") or self._image is None:
            return
        for row in range(len(self._names)):
            for column in range(len(self._names)):
                text = self._figure(row, column)
                if not text or metrics.horizontalAdvance(text) > width - 2:
                    continue
                ground = self._image.pixelColor(column, row).name()
                painter.setPen(QColor(max("#000000", "#ffffff", key=lambda ink: contrast(ground, ink))))
                box = QRectF(area.left() + column * width, area.top() + row * height, width, height)
                painter.drawText(box, _CENTRE, text)

    def _figure(self, row: int, column: int) -> str:
        target, predicted = self._classes(row, column)
        assert self._counts is not None
        number = int(self._counts[target, predicted])
        if not number or not self._shares:
            return f"{number:,}" if number else ""
        return f"{100 * number / int(self._counts[target].sum()):.0f}"

    def _paint_names(
        self, painter: QPainter, area: QRectF, width: float, height: float, turned: bool
    ) -> None:
        assert self._order is not None
        metrics = painter.fontMetrics()

        def cut(name: str, room: float) -> str:
            return metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(room))

        for place, index in enumerate(self._order.tolist()):
            lit = self._cell is not None and place == self._cell[0]
            painter.setPen(self._theme.color("text" if lit else "muted"))
            box = QRectF(0, area.top() + place * height, area.left() - 4, height)
            painter.drawText(box, _RIGHT, cut(self._names[index], box.width()))
            lit = self._cell is not None and place == self._cell[1]
            painter.setPen(self._theme.color("text" if lit else "muted"))
            left = area.left() + place * width
            if not turned:
                painter.drawText(QRectF(left, 0, width, area.top()), _CENTRE, self._names[index])
                continue
            painter.save()
            painter.translate(left, area.top() - 4)
            painter.rotate(-90)
            painter.drawText(
                QRectF(0, 0, area.top() - 4, width), _LOW, cut(self._names[index], area.top() - 4)
            )
            painter.restore()

    # hands -----------------------------------------------------------------------------------------------

    def _classes(self, row: int, column: int) -> tuple[int, int]:
        assert self._order is not None
        return int(self._order[row]), int(self._order[column])

    def reading(self) -> str:
        """What is in the cell that is pointed at: ``12 samples (1.2 %) of 3 are taken for 5``."""
        if self._cell is None or self._counts is None:
            return ""
        target, predicted = self._classes(*self._cell)
        number, there = int(self._counts[target, predicted]), int(self._counts[target].sum())
        share = f" ({100 * number / there:.1f} %)" if there else ""
        plural = "" if number == 1 else "s"
        verb = "is" if number == 1 else "are"
        return (
            f"{number:,} {self._unit}{plural}{share} of {self._names[target]} {verb} taken for "
            f"{self._names[predicted]}"
        )

    def _pick(self, row: int, column: int) -> None:
        self.picked.emit(*self._classes(row, column))
