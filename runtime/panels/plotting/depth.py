"""How strong the gradient is in each node, over the depth of the network and the course of a run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from builder.widgets.guarding import guarded
from builder.widgets.session import Session
from builder.widgets.theme import TINY, Theme, font
from runtime.panels.captions import Caption, centred
from runtime.panels.cells import Cells
from runtime.panels.parts import Hint
from runtime.panels.plotting.series import Trace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HINT = (
    "How strong the gradient is in each node is drawn here while the network trains, from its front to its end. Where "
    "it fades on the way to the front, the front learns nothing; residual shortcuts keep it alive. Press Train (F5)."
)
#: Room for the steps on the left and for the scale on the right.
_LEFT, _RIGHT = 52, 64
#: The room for names below: so much at least where they need it, so much at most, and this part of the height between.
_BELOW, _MOST_BELOW, _SHARE_BELOW = 64, 110, 0.4
#: The least height of the newest row.
_NEWEST = 6
#: A node has its name where it has so much room.
_NAMED = 12
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_CORNER = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
_FOOT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
_START = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class DepthStrip(Cells):
    """A column for each node in the order of the network, time downwards, log10 of the gradient's norm as heat.

    ``picked(path)`` tells a click or Enter on a node.
    """

    picked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Gradient norm over depth", parent)
        self._trace = Trace()
        self._taken = 0
        self._rows: list[tuple[float, ...]] = []
        self._steps: list[int] = []
        self.paths: tuple[str, ...] = ()
        self._limits = (-1.0, 0.0)
        self.setMinimumSize(240, 90)

    def sizeHint(self) -> QSize:
        return QSize(640, 180)

    def show_trace(self, trace: Trace) -> None:
        """Draw a run, or what has come of it since the last time."""
        told = trace.gradients
        if trace is not self._trace or len(told) < self._taken or (told and told[-1].paths != self.paths):
            self._trace, self._taken, self._rows, self._steps, self._cell = trace, 0, [], [], None
            self.paths = told[-1].paths if told else ()
        fresh = [event for event in told[self._taken :] if event.paths == self.paths]
        self._taken = len(told)
        if fresh or self._image is None:
            self._rows += [event.norms for event in fresh]
            self._steps += [event.step for event in fresh]
            self._image = None
            self.update()
            self._tell()

    # geometry --------------------------------------------------------------------------------------------

    def _area(self) -> tuple[QRectF, float]:
        """Where the heat is, and the width of a node in it."""
        count = max(len(self.paths), 1)
        width = (self.width() - _LEFT - _RIGHT) / count
        below = 4.0
        if width >= _NAMED:
            widest = self._widest()
            room = min(max(_BELOW, _SHARE_BELOW * self.height()), _MOST_BELOW)
            below = 18.0 if widest <= width else min(widest, room)
        return QRectF(_LEFT, 4, width * count, max(self.height() - below - 4, 10)), width

    def _widest(self) -> int:
        metrics = QFontMetrics(font(TINY))
        return max((metrics.horizontalAdvance(path) for path in self.paths), default=0) + 8

    def node_rect(self, path: str) -> QRectF:
        """The column of a node."""
        area, width = self._area()
        return QRectF(area.left() + self.paths.index(path) * width, area.top(), width, area.height())

    def _rows_at(self, shares: NDArray[np.float64]) -> NDArray[np.int64]:
        """The events that were the last at these shares (0…1) of the height.

        The newest takes as much as the shortest before it, but can be seen: no time has passed since.
        """
        import numpy as np

        taken = np.array(self._steps)
        if len(taken) == 1:
            return np.zeros(len(shares), np.int64)
        whole, shortest = max(taken[-1] - taken[0], 1), max(np.diff(taken).min(), 0)
        newest = max(shortest / (whole + shortest), min(_NEWEST / self._area()[0].height(), 0.5))
        steps = taken[0] + np.minimum(shares / (1 - newest), 1) * whole
        return np.maximum(np.searchsorted(taken, steps, side="right") - 1, 0)

    def _extent(self) -> tuple[int, int]:
        return len(self._rows), len(self.paths)

    def _first(self) -> tuple[int, int]:
        return len(self._rows) - 1, 0

    def _cell_at(self, point: QPointF) -> tuple[int, int] | None:
        area, width = self._area()
        if not self._rows or not area.contains(point):
            return None
        import numpy as np

        node = min(int((point.x() - area.left()) / width), len(self.paths) - 1)
        share = (point.y() - area.top()) / area.height()
        return int(self._rows_at(np.array([share]))[0]), node

    # drawing ---------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._rows or not self.paths:
            return
        painter = QPainter(self)
        painter.setFont(font(TINY))
        area, width = self._area()
        height = max(round(area.height() * self.devicePixelRatioF()), 1)
        if self._image is None or self._image.height() != height:
            self._image = self._heat(height)
        painter.drawImage(area, self._image)
        painter.setPen(self._theme.color("muted"))
        steps = QRectF(0, area.top(), _LEFT - 6, area.height())
        painter.drawText(steps, _CORNER, f"{self._steps[0] + 1:,}")
        painter.drawText(steps, _FOOT, f"{self._steps[-1] + 1:,}")
        self._paint_scale(painter, area)
        if width >= _NAMED:
            self._paint_names(painter, area, width)
        if self._cell is not None:
            painter.setPen(QPen(self._theme.color("accent"), 2))
            painter.drawRect(self.node_rect(self.paths[self._cell[1]]).adjusted(1, 1, -1, -1))

    def _heat(self, height: int) -> QImage:
        """A pixel for each node and each row of the screen."""
        import numpy as np

        from runtime.panels.imagery import heat_image

        shown, position = np.unique(self._rows_at(np.linspace(0, 1, height)), return_inverse=True)
        norms = np.array([self._rows[row] for row in shown], dtype=np.float64)
        logs = np.log10(norms, out=np.full_like(norms, np.nan), where=norms > 0)
        known = logs[np.isfinite(logs)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (-1.0, 0.0)
        if high - low < 1:  # what differs by less than a factor of ten is not made to look far apart
            low, high = (low + high - 1) / 2, (low + high + 1) / 2
        self._limits = (low, high)
        levels = ((logs - low) / (high - low))[position]
        empty = ~np.isfinite(levels)
        theme = self._theme
        return heat_image(np.where(empty, 0, levels), dark=theme.is_dark, ground=theme.raised, empty=empty)

    def _paint_scale(self, painter: QPainter, area: QRectF) -> None:
        import numpy as np

        from runtime.panels.imagery import heat_image

        theme = self._theme
        levels: NDArray[np.float64] = np.linspace(1, 0, 64)[:, None]
        bar = QRectF(area.right() + 10, area.top(), 8, area.height())
        image = heat_image(levels, dark=theme.is_dark, ground=theme.raised, empty=levels < 0)
        painter.drawImage(bar, image)
        words = QRectF(bar.right() + 5, area.top(), _RIGHT - 24, area.height())
        low, high = (_figure(10**limit, 1) for limit in self._limits)
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, high)
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, low)

    def _paint_names(self, painter: QPainter, area: QRectF, width: float) -> None:
        metrics, room = painter.fontMetrics(), self.height() - area.bottom() - 4
        flat = self._widest() <= width
        for number, path in enumerate(self.paths):
            lit = self._cell is not None and self._cell[1] == number
            painter.setPen(self._theme.color("text" if lit else "muted"))
            if flat:
                column = QRectF(area.left() + number * width, area.bottom(), width, room)
                painter.drawText(column, Qt.AlignmentFlag.AlignCenter, path)
                continue
            painter.save()
            painter.translate(area.left() + (number + 1) * width, area.bottom() + 4)
            painter.rotate(90)
            said = metrics.elidedText(path, Qt.TextElideMode.ElideLeft, int(room))
            painter.drawText(QRectF(0, 0, room, width), _START, said)
            painter.restore()

    # reading and hands -----------------------------------------------------------------------------------

    def reading(self) -> str:
        """``layer1.0.conv1 · step 120 · gradient norm 0.0123``; empty where nothing is pointed at."""
        if self._cell is None:
            return ""
        row, node = self._cell
        norm = self._rows[row][node]
        return f"{self.paths[node]} · step {self._steps[row] + 1:,} · gradient norm {_figure(norm, 3)}"

    def _pick(self, row: int, column: int) -> None:
        self.picked.emit(self.paths[column])


class DepthPanel(QWidget):
    """The strip under what it says of the place that is pointed at, or else of units that are dead.

    A click on a node selects it in the drawing.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._trace = Trace()
        self._drawn = -1
        self.setAccessibleName("Gradients")
        self.hint = Hint(_HINT)
        self.caption = Caption(strong=True)
        self.strip = DepthStrip(session.theme)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 2, 12, 6)
        column.setSpacing(4)
        column.addWidget(self.caption)
        column.addWidget(self.strip, 1)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(centred(self.hint))
        self._pages.addWidget(page)
        self.strip.readingChanged.connect(lambda _: self._say())
        self.strip.picked.connect(session.reveal)
        session.themeChanged.connect(lambda: self.strip.set_theme(session.theme))

    def show_trace(self, trace: Trace) -> None:
        """Show a run."""
        self._trace, self._drawn = trace, -1
        self.refresh()

    def refresh(self) -> None:
        """Draw what has come since the last time, if anybody can see it."""
        if not self.isVisible() or self._drawn == self._trace.revision:
            return
        self._drawn = self._trace.revision
        self._pages.setCurrentIndex(1 if self._trace.gradients else 0)
        self.strip.show_trace(self._trace)
        self._say()

    def _say(self) -> None:
        self.caption.say(self.strip.reading() or self._standing())

    def _standing(self) -> str:
        """How far apart the front and the end are, and where most units are dead."""
        if not self._trace.gradients:
            return ""
        last = self._trace.gradients[-1]
        said = [f"Gradient norm of each node, step {last.step + 1:,}"]
        if last.norms and min(last.norms) > 0:
            said.append(f"the strongest is {_figure(max(last.norms) / min(last.norms), 3)} × the weakest")
        dead = max(last.dead.items(), key=lambda entry: entry[1], default=("", 0.0))
        if dead[1] > 0:
            said.append(f"{100 * dead[1]:.0f} % of the units of {dead[0]} are dead")
        return " · ".join(said)

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()


def _figure(number: float, digits: int) -> str:
    """So many figures: ``0.0123``, ``15,300``, but ``3.4·10¹⁰`` and ``2·10⁻¹⁵`` of what is far from one."""
    if 10**digits - 0.5 <= abs(number) < 1e6:
        return f"{number:,.0f}"
    if not number or 1e-4 <= abs(number) < 1e6 or not math.isfinite(number):
        return f"{number:.{digits}g}"
    factor, power = f"{number:.{min(digits, 2) - 1}e}".split("e")
    return f"{factor}·10{str(int(power)).translate(_RAISED)}"
