"""Whether keeping copies disturbs who draws: lateness of a 16 ms timer, with copies and without.

``QT_QPA_PLATFORM=offscreen python benchmarks/autosave.py [NODES]``; the two take turns. One change in 50 ms is far more
than anyone makes, and so is a copy after each.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from canvas import chain
from PySide6.QtCore import QElapsedTimer, Qt, QTimer
from PySide6.QtWidgets import QApplication

from builder.document import Document
from builder.edits import MoveNodes
from builder.widgets import autosave
from builder.widgets.session import Session
from builder.widgets.worker import Worker

SECONDS, TICK_MS, CHANGE_MS, ROUNDS = 5.0, 16, 50, 2


def measure(document: Document, folder: Path, *, keeps: bool) -> tuple[list[float], list[float], int]:
    """Lateness of each tick and what each copy took of the window's thread, in milliseconds; how many copies."""
    session = Session(document)
    assert session.save_as(folder / "network")
    worker = Worker("benchmark")
    saver = autosave.Autosave(session, worker) if keeps else None
    taken: list[float] = []
    if saver is not None:
        keep = saver.keep_now

        def timed() -> None:
            begin = time.perf_counter()
            keep()
            taken.append(1000 * (time.perf_counter() - begin))

        saver.keep_now = timed  # type: ignore[method-assign]
    late: list[float] = []
    clock, tick, change = QElapsedTimer(), QTimer(), QTimer()
    tick.setTimerType(Qt.TimerType.PreciseTimer)
    node = next(iter(document.network))

    def ticked() -> None:
        late.append(max(clock.nsecsElapsed() / 1e6 - TICK_MS, 0.0))
        clock.restart()

    tick.timeout.connect(ticked)
    change.timeout.connect(
        lambda: session.perform("Move", [MoveNodes("", {node.id: (len(late) * 8.0, 0.0)})], merge="move")
    )
    clock.start()
    tick.start(TICK_MS)
    change.start(CHANGE_MS)
    QTimer.singleShot(int(1000 * SECONDS), QApplication.quit)
    QApplication.exec()
    tick.stop()
    change.stop()
    worker.close()
    if saver is not None:
        saver.close()
    return sorted(late), sorted(taken), len(taken)


def main() -> None:
    """Measure and print."""
    nodes = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    autosave.REST = autosave.LONGEST = 40
    QApplication([])
    with tempfile.TemporaryDirectory() as home:
        for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME", "LOCALAPPDATA"):
            os.environ[variable] = home
        for _ in range(ROUNDS):
            for keeps in (False, True):
                late, taken, copies = measure(chain(nodes), Path(home), keeps=keeps)
                line = f"{nodes:,} nodes, {copies} copies: late by p50 {late[len(late) // 2]:.1f} ms, "
                line += f"p99 {late[int(len(late) * 0.99)]:.1f} ms, at most {late[-1]:.1f} ms"
                if taken:
                    line += f"; of the window's thread p50 {taken[len(taken) // 2]:.1f} ms, at most {taken[-1]:.1f} ms"
                print(line)


if __name__ == "__main__":
    main()
