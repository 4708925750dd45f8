"""From a fresh interpreter to a window that has painted itself, against ``import torch`` alone.

    python benchmarks/startup.py [--rounds N]

Each start is a process of its own, offscreen, the two kinds taking turns; the figure is the median of the rounds'
ratios. torch must not be loaded when the window paints. Exits with 1 where the ratio is above 0.5.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WANTED = 0.5


def paint() -> int:
    """Open the window, wait until it has painted, and print the milliseconds."""
    start = time.perf_counter()
    sys.path.insert(0, str(ROOT))

    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtWidgets import QApplication

    import app

    class Painted(QObject):
        done = False

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
            self.done = self.done or event.type() == QEvent.Type.Paint
            return False

    application = QApplication([])
    window = app.make_window()
    painted = Painted()
    window.installEventFilter(painted)
    window.show()
    while not painted.done:
        application.processEvents()
    elapsed = 1000 * (time.perf_counter() - start)
    if "torch" in sys.modules:
        sys.stderr.write("torch was loaded before the window had painted\n")
        return 1
    print(elapsed)
    sys.stdout.flush()
    # What starts behind the window is not this measurement's business, and need not end in order.
    os._exit(0)


def load() -> int:
    """Import torch and print the milliseconds."""
    start = time.perf_counter()
    import torch

    elapsed = 1000 * (time.perf_counter() - start)
    assert torch.__version__
    print(elapsed)
    return 0


def _in_a_process(inside: str, home: str) -> float:
    names = (
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_CACHE_HOME",
        "XDG_STATE_HOME",
        "PYTHONPYCACHEPREFIX",
    )
    environment = {**os.environ, **dict.fromkeys(names, home), "QT_QPA_PLATFORM": "offscreen"}
    # An installed program has its bytecode; only the first start compiles.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, __file__, "--inside", inside]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return float(done.stdout.split()[-1])


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--inside", choices=("window", "torch"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        return paint() if arguments.inside == "window" else load()
    windows, loads = [], []
    with tempfile.TemporaryDirectory() as home:
        for inside in ("window", "torch"):
            _in_a_process(inside, home)  # compiles, and reads the files from the disk
        for _ in range(arguments.rounds):
            windows.append(_in_a_process("window", home))
            loads.append(_in_a_process("torch", home))
    ratio = statistics.median(window / torch for window, torch in zip(windows, loads, strict=True))
    print(
        f"a painted window {statistics.median(windows):,.0f} ms, import torch {statistics.median(loads):,.0f} ms"
    )
    print(f"window / import torch: {ratio:.2f} ({'at most' if ratio <= WANTED else 'above'} {WANTED})")
    return 0 if ratio <= WANTED else 1


if __name__ == "__main__":
    raise SystemExit(main())
