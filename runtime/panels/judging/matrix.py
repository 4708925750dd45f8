"""The confusion matrix: which class is taken for which, as heat."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from builder.figures import count
from builder.look import contrast
from builder.widgets.theme import TINY, Theme, font
from runtime.panels.captions import shortened
from runtime.panels.cells import Cells

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: What rows and columns are, and the height of the line that says it.
_IS, _TAKEN = "is ↓", "taken for →"
_HEAD = 14
#: The room that names of classes may take from the cells, on the left and (turned) above; more where it is free.
_LEFT, _ABOVE = 76, 46
#: A class has its name where it has so much room.
_NAMED = 10
#: Names above may have a third of the height, as long as cells are so high.
_ROOMY = 18
#: Cells are at most so much wider than high.
_WIDEST = 2.4
_POWERS = ("", "k", "M", "G", "T")
#: The part of a cell that a count may take.
_FILLED = 0.875
#: Letters of a name in readings that have less and less room.
_LETTERS = (40, 28, 20, 14, 9)

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
        return QSize(150, 190)

    def width_for(self, height: int) -> int:
        """The width at which cells are square and fill this height."""
        return height - _HEAD - 16 + self._left(height)

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
        across, down = self.width() - 2, self.height() - _HEAD - 2
        left, widest = self._left(across), self._widest()
        turned = widest > min((across - left) / count, (down - 16) / count * _WIDEST)
        free = max(down - (across - left), min(down // 3, down - _ROOMY * count))
        above = min(widest, max(_ABOVE, free)) if turned else 16
        if min(down - above, across - left) < _NAMED * count:
            left, above, turned = 2, 2, False
        height = (down - above) / count
        width = min((across - left) / count, height * _WIDEST)
        height = min(height, width)
        if min(width, height) >= 3:
            width, height = math.floor(width), math.floor(height)
        return QRectF(left, _HEAD + above, width * count, height * count), width, height, turned

    def _widest(self) -> int:
        """The room of the longest name."""
        return max(map(_advance, self._names), default=0) + 8

    def _left(self, across: int) -> int:
        """The room for names on the left of a matrix that is so wide."""
        return max(_advance(_IS) + 8, min(self._widest(), max(_LEFT, across // 4)))

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
        named = min(width, height) >= _NAMED
        self._paint_axes(painter, area, named)
        if named:
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
        room = width - 2 if self._shares else _FILLED * width
        for row in range(len(self._names)):
            for column in range(len(self._names)):
                written = self._figures(row, column)
                fits = (text for text in written if metrics.horizontalAdvance(text) <= room)
                if not (text := next(fits, "")):
                    continue
                ground = self._image.pixelColor(column, row).name()
                painter.setPen(QColor(max("#000000", "#ffffff", key=lambda ink: contrast(ground, ink))))
                box = QRectF(area.left() + column * width, area.top() + row * height, width, height)
                painter.drawText(box, _CENTRE, text)

    def _figures(self, row: int, column: int) -> tuple[str, ...]:
        """What is written into a cell, in less and less room: ``18,540``, ``18.5k``, ``19k``."""
        target, predicted = self._classes(row, column)
        assert self._counts is not None
        number = int(self._counts[target, predicted])
        if not number:
            return ()
        if self._shares:
            return (f"{100 * number / int(self._counts[target].sum()):.0f}",)
        return f"{number:,}", _short(number, 1), _short(number, 0)

    def _paint_axes(self, painter: QPainter, area: QRectF, named: bool) -> None:
        """What rows and columns are: beside the names, or in the line above where there are none."""
        painter.setPen(self._theme.color("muted"))
        line = QRectF(area.left(), 0, self.width() - area.left(), _HEAD)
        painter.drawText(line, _LOW, _TAKEN if named else f"{_IS}   {_TAKEN}")
        if named:
            painter.drawText(QRectF(0, area.top() - 16, area.left() - 4, 16), _RIGHT, _IS)

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
                painter.drawText(QRectF(left, _HEAD, width, area.top() - _HEAD), _CENTRE, self._names[index])
                continue
            room = area.top() - _HEAD - 4
            painter.save()
            painter.translate(left, area.top() - 4)
            painter.rotate(-90)
            painter.drawText(QRectF(0, 0, room, width), _LOW, cut(self._names[index], room))
            painter.restore()

    # hands -----------------------------------------------------------------------------------------------

    def _classes(self, row: int, column: int) -> tuple[int, int]:
        assert self._order is not None
        return int(self._order[row]), int(self._order[column])

    def reading(self) -> str:
        """What is in the cell that is pointed at: ``12 samples (1.2 %) of 3 are taken for 5``."""
        return self._read(max(map(len, self._names), default=0))

    def readings(self) -> tuple[str, ...]:
        """The same, and with ever shorter names."""
        return (self.reading(), *(self._read(letters) for letters in _LETTERS))

    def _read(self, letters: int) -> str:
        if self._cell is None or self._counts is None:
            return ""
        target, predicted = self._classes(*self._cell)
        one, other = (shortened(self._names[index], letters) for index in (target, predicted))
        number, there = int(self._counts[target, predicted]), int(self._counts[target].sum())
        if not there:
            return f"There is no {self._unit} of {one}"
        if not number:
            return f"No {self._unit} of {one} is taken for {other}"
        verb = "is" if number == 1 else "are"
        return f"{count(number, self._unit)} ({100 * number / there:.1f} %) of {one} {verb} taken for {other}"

    def _pick(self, row: int, column: int) -> None:
        self.picked.emit(*self._classes(row, column))


def _advance(text: str) -> int:
    return QFontMetrics(font(TINY)).horizontalAdvance(text)


def _short(number: int, digits: int) -> str:
    """``18.5k``, ``427k``, ``1.2M``; with ``digits`` behind the point below a hundred."""
    power = min((len(str(number)) - 1) // 3, len(_POWERS) - 1)
    value = number / 1000**power
    return f"{value:.{digits if value < 100 and power else 0}f}{_POWERS[power]}"
