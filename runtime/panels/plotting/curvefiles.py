"""The curves of a run as files: figures as a table, plots as a picture or a drawing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from builder.errors import Problem
from builder.writing import replace_file

if TYPE_CHECKING:
    from runtime.panels.plotting.series import Trace

#: A picture has so many pixels for each on the screen.
_SHARP = 2
_ROWS = 100_000


def write_picture(plots: QWidget, file: Path) -> Problem | None:
    """The plots as they are on the screen, as PNG."""
    made = QPixmap(plots.size() * _SHARP)
    made.setDevicePixelRatio(_SHARP)
    made.fill(plots.palette().window().color())
    QWidget.render(plots, made)  # a QGraphicsView has another method of that name
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    made.save(buffer, "PNG")
    return _write(file, bytes(buffer.data().data()))


def write_drawing(plots: QWidget, file: Path) -> Problem | None:
    """The plots as SVG: lines stay lines."""
    from PySide6.QtSvg import QSvgGenerator

    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(plots.size())
    generator.setViewBox(QRect(0, 0, plots.width(), plots.height()))
    painter = QPainter(generator)
    painter.fillRect(plots.rect(), plots.palette().window())
    QWidget.render(plots, painter, QPoint())
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
