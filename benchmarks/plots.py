"""How long a frame of a plot takes with very many points: ours against pyqtgraph's own downsampling.

    python benchmarks/plots.py [--points N] [--frames N] [--rounds N]

A frame is a change of the range that is seen (a zoom or a shift, from all points to a hundredth of them) and painting
it, 900×300 pixels, offscreen. ``live`` appends a batch of 100 points before every frame, as a run does. Contenders take
turns; what is told are the median and the 95th percentile over all rounds' frames, and the ratio of the medians.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtWidgets import QApplication

from builder.widgets.theme import DARK
from runtime.panels.plotting.columns import Column
from runtime.panels.plotting.plots import Plot

_SIZE = (900, 300)
_BATCH = 100


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=10_000_000)
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    application = QApplication(sys.argv[:1])
    points = np.random.default_rng(0).normal(1, 0.2, arguments.points).astype(np.float32)
    contenders = {
        "ours": ours(points, live=False),
        "ours, live": ours(points, live=True),
        "pyqtgraph, peak": theirs(points, "peak"),
        "pyqtgraph, subsample": theirs(points, "subsample"),
    }
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(arguments.rounds):
        for name, show in contenders.items():
            taken[name] += frames(show, arguments.points, arguments.frames, application)
    base = float(np.median(taken["ours"]))
    print(f"{arguments.points:,} points, {arguments.rounds} rounds of {arguments.frames} frames")
    for name, times in taken.items():
        median, late = np.percentile(times, [50, 95])
        print(f"{name:22} median {median:7.2f} ms  p95 {late:7.2f} ms  {median / base:6.1f} × ours")
    return 0


def frames(
    show: Callable[[float, float], None], points: int, count: int, application: QApplication
) -> list[float]:
    """Milliseconds of each of ``count`` frames."""
    times = []
    for number in range(count):
        width = points * 10 ** (-2 * number / max(count - 1, 1))
        left = (points - width) * (number % 7) / 6
        begin = time.perf_counter()
        show(left, left + width)
        application.processEvents()
        times.append(1000 * (time.perf_counter() - begin))
    return times


def ours(points: NDArray[np.float32], *, live: bool) -> Callable[[float, float], None]:
    """Our plot with the values of each batch and their running mean: two lines of all points."""
    raw, smooth, none = Column(), Column(), (np.empty(0), np.empty(0, np.float32))
    raw.extend(points)
    smooth.extend(points * 0.5)
    plot = Plot("Loss", DARK)
    plot.resize(*_SIZE)
    plot.show()
    plot.show_run(raw, smooth, none, None)
    batch = np.ones(_BATCH, np.float32)

    def show(left: float, right: float) -> None:
        if live:
            raw.extend(batch)
            smooth.extend(batch)
            plot.show_run(raw, smooth, none, None)
        plot.show_range((left, right))
        plot.viewport().repaint()

    return show


def theirs(points: NDArray[np.float32], method: str) -> Callable[[float, float], None]:
    """pyqtgraph's plot of the same two lines, downsampled by itself and clipped to what is seen."""
    plot = pg.PlotWidget()
    plot.resize(*_SIZE)
    x = np.arange(len(points), dtype=np.float64)
    for values in (points, points * 0.5):
        item = plot.plot(x, values, pen=pg.mkPen("w", width=1))
        item.setDownsampling(auto=True, method=method)
        item.setClipToView(True)
    plot.getViewBox().enableAutoRange(x=False, y=False)
    plot.getViewBox().setYRange(0, 2, padding=0)
    plot.show()

    def show(left: float, right: float) -> None:
        plot.getViewBox().setXRange(left, right, padding=0)
        plot.viewport().repaint()

    return show


if __name__ == "__main__":
    raise SystemExit(main())
