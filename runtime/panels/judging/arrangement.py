"""Matrix, table and samples side by side, each with the width that it can use."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from builder.widgets.guarding import guarded
from runtime.panels.captions import Caption, centred
from runtime.panels.judging.classtable import ClassTable
from runtime.panels.judging.matrix import ConfusionMatrix
from runtime.panels.parts import Hint
from runtime.panels.samples.tiles import Tiles

#: Between the three, and between the lines of each.
_GAP, _LINE = 16, 4
#: The least width of the samples.
_SAMPLES = 212
#: The height of what stands over the matrix: the line that reads it, and its switches.
_HEADS = 52


class Arrangement(QWidget):
    """``said`` is the line over all three, ``shown`` says which samples are seen: one of ``kinds``, or of a cell."""

    def __init__(
        self,
        matrix: ConfusionMatrix,
        switches: Sequence[QWidget],
        table: ClassTable,
        tiles: Tiles,
        kinds: Sequence[QWidget],
    ) -> None:
        super().__init__()
        self._matrix, self._table = matrix, table
        self.said, self.shown = Caption(), Caption()
        self.nothing = Hint("")
        self.matrix_part = _column(switches, matrix)
        samples = QWidget()
        self._samples = QStackedLayout(samples)
        for page in (tiles, centred(self.nothing)):
            self._samples.addWidget(page)
        self._parts = QHBoxLayout()
        self._parts.setSpacing(_GAP)
        self._parts.addWidget(self.matrix_part, 1)
        self._parts.addWidget(table)
        self._parts.addWidget(_column((*kinds, self.shown), samples), 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(_LINE)
        outer.addWidget(self.said)
        outer.addLayout(self._parts, 1)
        table.header().sectionResized.connect(lambda *_: self._share_out())

    def show_nothing(self, why: str) -> None:
        """A sentence instead of samples; the samples where it is empty."""
        self.nothing.setText(why)
        self._samples.setCurrentIndex(1 if why else 0)

    def _share_out(self) -> None:
        """The matrix gets the width at which its cells are square, or half of what the table leaves."""
        rest = self.width() - self._table.sizeHint().width() - 2 * _GAP
        wanted = self._matrix.width_for(self.height() - _HEADS)
        width = max(min(rest // 2, 2 * wanted), min(wanted, rest - _SAMPLES), 1)
        self._parts.setStretch(0, width)
        self._parts.setStretch(2, max(rest - width, 1))

    @guarded
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_out()


def _column(heads: Sequence[QWidget], view: QWidget) -> QWidget:
    """A view under a row of heads, of which words take what room is left."""
    part = QWidget()
    row = QHBoxLayout()
    row.setSpacing(8)
    for head in heads:
        row.addWidget(head, 1 if isinstance(head, Caption) else 0)
    if not any(isinstance(head, Caption) for head in heads):
        row.addStretch(1)
    stack = QVBoxLayout(part)
    stack.setContentsMargins(0, 0, 0, 0)
    stack.setSpacing(_LINE)
    stack.addLayout(row)
    stack.addWidget(view, 1)
    return part
