"""The layer table: what every block costs and sees, sorted, filtered, copied, with totals."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from builder.analysis import Analysis, NodeReport
from builder.convention import Convention
from builder.figures import size, thousands, work
from builder.shapes import format_shape

Index = QModelIndex | QPersistentModelIndex

#: The number a column is sorted and its bars are drawn by; a text for columns of words.
SORT_ROLE = int(Qt.ItemDataRole.UserRole)
#: The value over the largest of the column, from 0 to 1; None for columns without bars.
BAR_ROLE = SORT_ROLE + 1
#: The dotted path of the row.
PATH_ROLE = SORT_ROLE + 2

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Column:
    """A column: title, what it is for, its text and the number behind it."""

    title: str
    help: str
    text: Callable[[NodeReport], str]
    number: Callable[[NodeReport], float | None] | None = None
    has_bar: bool = False
    is_mono: bool = False


def _field(report: NodeReport) -> str:
    field = report.receptive_field
    if field is None:
        return ""
    return "global" if field.size is None else "×".join(f"{float(s):g}" for s in field.size) or "1"


def _field_size(report: NodeReport) -> float | None:
    field = report.receptive_field
    if field is None:
        return None
    if field.size is None:
        return float("inf")
    product = 1.0
    for extent in field.size:
        product *= float(extent)
    return product


def _output_size(report: NodeReport) -> float | None:
    if report.output_shape is None:
        return None
    product = 1
    for extent in report.output_shape:
        product *= int(extent)
    return product


def _work(convention: Convention) -> Column:
    return Column(
        convention.unit,
        f"{convention.words.capitalize()}, for one image",
        lambda r: work(r.macs, convention),
        lambda r: convention.of(r.macs),
        has_bar=True,
    )


COLUMNS: tuple[Column, ...] = (
    Column("Layer", "Where it is: the prefix of its weights in the state_dict", lambda r: r.path),
    Column("Block", "What it is", lambda r: f"{r.block_title}  {r.summary}" if _tells(r) else r.block_title),
    Column(
        "Output",
        "Channels × height × width that leave it",
        lambda r: format_shape(r.output_shape),
        _output_size,
        is_mono=True,
    ),
    Column(
        "Parameters",
        "What is learnt",
        lambda r: thousands(r.parameters),
        lambda r: r.parameters,
        has_bar=True,
    ),
    _work(Convention.FLOPS),
    Column(
        "Activations",
        "Kept for the way back, for one image",
        lambda r: size(r.activation_bytes),
        lambda r: r.activation_bytes,
        has_bar=True,
    ),
    Column("Sees", "Its receptive field in pixels of the input", _field, _field_size, is_mono=True),
)


#: Where work is told.
_WORK = 4


def columns(convention: Convention) -> tuple[Column, ...]:
    """The columns, with work in this convention."""
    return (*COLUMNS[:_WORK], _work(convention), *COLUMNS[_WORK + 1 :])


def _tells(report: NodeReport) -> bool:
    """Whether the summary says more than the title."""
    return report.summary.lower() != report.block_title.split(" · ")[0].lower()


class LayersModel(QAbstractTableModel):
    """The leaves of an analysis in the order of execution."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.reports: list[NodeReport] = []
        self.columns = COLUMNS
        self._largest: list[float] = [0.0] * len(COLUMNS)

    def set_analysis(self, analysis: Analysis, convention: Convention = Convention.FLOPS) -> None:
        """List its leaves; rows that stay are only told to have changed, so that the view keeps its place."""
        if self.columns[_WORK].title != convention.unit:
            self.columns = columns(convention)
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, _WORK, _WORK)
        reports = analysis.leaves()
        same = [r.path for r in reports] == [r.path for r in self.reports]
        if not same:
            self.beginResetModel()
        self.reports = reports
        self._largest = [
            max((column.number(r) or 0 for r in reports), default=0)
            if column.number and column.has_bar
            else 0
            for column in self.columns
        ]
        if not same:
            self.endResetModel()
        elif reports:
            self.dataChanged.emit(self.index(0, 0), self.index(len(reports) - 1, len(COLUMNS) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.reports)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.help
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column.number else _LEFT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        report, column = self.reports[index.row()], self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(report)
        if role == SORT_ROLE:
            return column.text(report) if column.number is None else column.number(report)
        if role == BAR_ROLE:
            largest = self._largest[index.column()]
            return (
                (column.number(report) or 0) / largest
                if column.has_bar and column.number and largest
                else None
            )
        if role == PATH_ROLE:
            return report.path
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column.number else _LEFT
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{column.title}: {column.text(report)}"
        return None


def totals_row(
    reports: Sequence[NodeReport],
    analysis: Analysis,
    *,
    is_all: bool,
    word: str = "shown",
    convention: Convention = Convention.FLOPS,
) -> list[str]:
    """The line below the table: the network's totals, or the sums of some rows, ``word`` saying of which."""
    totals = analysis.totals
    if is_all:
        figures = (totals.parameters, totals.macs, totals.activation_bytes)
    else:
        figures = (
            sum(r.parameters for r in reports), sum(r.macs for r in reports), sum(r.activation_bytes for r in reports)
        )  # fmt: skip
    title = "Total" if is_all else f"{len(reports)} {word}"
    return [title, "", "", thousands(figures[0]), work(figures[1], convention), size(figures[2]), ""]


def as_csv(reports: Sequence[NodeReport], convention: Convention = Convention.FLOPS) -> str:
    """The table with plain numbers, for spreadsheets: bytes and work unscaled, an unknown figure empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["layer", "block", "output", "parameters", str(convention), "activation_bytes", "receptive_field"]
    )
    for report in reports:
        shape = "" if report.output_shape is None else format_shape(report.output_shape)
        figures = [report.parameters, convention.of(report.macs), report.activation_bytes]
        writer.writerow([_plain(report.path), report.block_title, shape, *figures, _field(report)])
    return text.getvalue()


def as_markdown(
    reports: Sequence[NodeReport], totals: Sequence[str], convention: Convention = Convention.FLOPS
) -> str:
    """The table as people read it, in Markdown, with the totals as its last row."""
    shown = columns(convention)
    rows = [[column.text(report) for column in shown] for report in reports]
    rows.append([f"**{cell}**" if cell else "" for cell in totals])
    lines = [_markdown_row([column.title for column in shown])]
    lines.append(_markdown_row(["---:" if column.number else "---" for column in shown]))
    return "\n".join([*lines, *(_markdown_row(row) for row in rows)]) + "\n"


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _plain(text: str) -> str:
    """A path that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@" else text
