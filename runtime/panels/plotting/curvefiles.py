"""The curves of a run as files: figures as a table, plots as a picture or a drawing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from builder.errors import Problem
from builder.widgets.theme import MEDIUM, SEMIBOLD, SMALL, font
from builder.writing import replace_file

if TYPE_CHECKING:
    from runtime.panels.plotting.series import Trace

#: A picture has so many pixels for each on the screen.
_SHARP = 2
_ROWS = 100_000


#: The height of a line of text, the length of a sample of a line, and what is left free beside both.
_LINE, _MARK, _FREE = 20, 24, 8


@dataclass(frozen=True, slots=True)
class Legend:
    """What a picture says besides the plot: what is drawn, over what, and which line is whose."""

    title: str
    axis: str
    lines: tuple[tuple[str, QPen], ...]
    color: QColor
    ground: QColor

    def places(self, width: int) -> list[QPoint]:
        """Where the lines are named, as many beside one another as fit, from the upper left of the names."""
        metrics = QFontMetrics(font(SMALL, MEDIUM))
        found, x, y = [], _FREE, 0
        for name, _ in self.lines:
            wide = _MARK + 3 * _FREE + metrics.horizontalAdvance(name)
            if x > _FREE and x + wide > width:
                x, y = _FREE, y + _LINE
            found.append(QPoint(x, y))
            x += wide
        return found

    def height(self, width: int) -> int:
        """Of all that is said, over and under the plot."""
        return 3 * _LINE + max((place.y() for place in self.places(width)), default=0) + _FREE

    def paint(self, painter: QPainter, width: int, plot: int) -> None:
        """Write around a plot of such a height."""
        painter.setPen(self.color)
        painter.setFont(font(SMALL, SEMIBOLD))
        row = QRect(_FREE, 0, width - 2 * _FREE, _LINE)
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.title)
        painter.setFont(font(SMALL, MEDIUM))
        under = row.translated(0, _LINE + plot)
        painter.drawText(under, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.axis)
        for (name, pen), place in zip(self.lines, self.places(width), strict=True):
            at = place + QPoint(0, under.bottom() + 1)
            painter.setPen(pen)
            painter.drawLine(at + QPoint(0, _LINE // 2), at + QPoint(_MARK, _LINE // 2))
            painter.setPen(self.color)
            text = QRect(at + QPoint(_MARK + _FREE, 0), QSize(width, _LINE))
            painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)


def _paint(painter: QPainter, plots: QWidget, legend: Legend | None) -> None:
    """The plots as they are on the screen, and what is said of them."""
    whole = QRect(0, 0, plots.width(), _size(plots, legend).height())
    painter.fillRect(whole, legend.ground if legend else plots.palette().window().color())
    QWidget.render(plots, painter, QPoint(0, _LINE if legend else 0))  # a QGraphicsView has another method
    if legend is not None:
        legend.paint(painter, plots.width(), plots.height())


def _size(plots: QWidget, legend: Legend | None) -> QSize:
    return plots.size() + QSize(0, legend.height(plots.width()) if legend else 0)


def write_picture(plots: QWidget, file: Path, legend: Legend | None = None) -> Problem | None:
    """The plots as they are on the screen, as PNG."""
    made = QPixmap(_size(plots, legend) * _SHARP)
    made.setDevicePixelRatio(_SHARP)
    painter = QPainter(made)
    _paint(painter, plots, legend)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    made.save(buffer, "PNG")
    return _write(file, bytes(buffer.data().data()))


def write_drawing(plots: QWidget, file: Path, legend: Legend | None = None) -> Problem | None:
    """The plots as SVG: lines stay lines."""
    from PySide6.QtSvg import QSvgGenerator

    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    size = _size(plots, legend)
    generator.setSize(size)
    generator.setViewBox(QRect(QPoint(), size))
    painter = QPainter(generator)
    _paint(painter, plots, legend)
    painter.end()
    return _write(file, bytes(content.data()))


def write_figures(trace: Trace, file: Path) -> Problem | None:
    """A row for each step (from 1): what was told of it, what the validation after it said; empty where nothing was.

    Written bit by bit, so that a long run takes little memory, and under its own name only when it is whole.
    """
    columns = (trace.loss, trace.smooth_loss, trace.accuracy, trace.rates, trace.speeds)
    score = trace.metric
    heads = [
        "step",
        "loss",
        "mean loss",
        score,
        "learning rate",
        "images/s",
        "validation loss",
        f"validation {score}",
    ]
    epochs = {epoch.step: (epoch.validation_loss, epoch.validation_accuracy) for epoch in trace.epochs}
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as out:
            out.write(",".join(heads) + "\n")
            for first in range(0, trace.steps, _ROWS):
                rows = zip(
                    *(column.values[first : first + _ROWS].tolist() for column in columns), strict=True
                )
                for step, values in enumerate(rows, start=first + 1):
                    told = (*values, *epochs.get(step, ()))
                    out.write(",".join([str(step), *map(_figure, told)]) + ",," * (step not in epochs) + "\n")
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        return _cannot(file, error)
    return None


def _figure(value: float) -> str:
    return f"{value:.7g}" if value == value else ""


def _write(file: Path, content: bytes) -> Problem | None:
    try:
        replace_file(file, content)
    except OSError as error:
        return _cannot(file, error)
    return None


def _cannot(file: Path, error: OSError) -> Problem:
    return Problem(
        "not-written",
        "A file is written where there is room and permission",
        f"'{file}': {error.strerror or error}",
        "Choose another folder",
    )
