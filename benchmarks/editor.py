"""What an editor's user waits for: opening a document, seeing what an edit did, laying out. Medians in milliseconds.

``QT_QPA_PLATFORM=offscreen python benchmarks/editor.py [NODES]``. An edit is timed from the command to the frame that
shows the new shapes; beside it, what the same analysis from scratch and a repaint of everything would take.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from benchmarks.canvas import SIZE, chain
from builder.analysis import analyze
from builder.architectures import ARCHITECTURES
from builder.document import Document
from builder.editor.canvas import Canvas
from builder.edits import ReplaceNode
from builder.layout import arrange
from builder.reading import load
from builder.widgets.collector import IdleCollector
from builder.widgets.session import Session
from builder.writing import save

ROUNDS = 15
FRAME = 1000 / 60


def timed(act: Callable[[], object]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    act()
    return 1e3 * (time.perf_counter() - started)


def opening(count: int) -> tuple[float, float]:
    """From the file to the first frame of a window that shows it, and the reading alone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.convolab"
        assert save(chain(count), path) is None

        def opened() -> None:
            document = load(path)
            assert isinstance(document, Document)
            canvas = Canvas(Session(document))
            canvas.resize(*SIZE)
            canvas.show()
            _frame(canvas)
            canvas.close()
            canvas.deleteLater()
            QApplication.processEvents()

        return (
            statistics.median(timed(opened) for _ in range(5)),
            statistics.median(timed(lambda: load(path)) for _ in range(5)),
        )


def _frame(canvas: Canvas) -> None:
    """Paint what the canvas shows."""
    image = QImage(canvas.viewport().size(), QImage.Format.Format_RGB32)
    canvas.viewport().render(image)


def editing(count: int) -> tuple[float, float, float]:
    """An edit near the end and one near the beginning, each with the frame that shows it; and all of it anew."""
    document = chain(count)
    session = Session(document)
    canvas = Canvas(session)
    canvas.resize(*SIZE)
    canvas.show()
    canvas.set_zoom(1.0)
    _frame(canvas)
    results = []
    for place in (count - 4, 4):
        node = document.network.node(f"n{place - place % 3}")
        canvas.reveal(node.id)
        _frame(canvas)
        times = []
        for round_number in range(ROUNDS):
            changed = node.with_parameters(out_channels=8 + round_number % 2)

            def act(changed: object = changed) -> None:
                session.perform("Channels", [ReplaceNode("", changed)])  # type: ignore[arg-type]
                session.flush()
                _frame(canvas)

            times.append(timed(act))
        results.append(statistics.median(times))

    def anew() -> None:
        analyze(document.copy())
        canvas.board.show(document, document.network, session.view)
        _frame(canvas)

    results.append(statistics.median(timed(anew) for _ in range(5)))
    canvas.close()
    return results[0], results[1], results[2]


def laying_out(document: Document) -> float:
    """All graphs of a document."""
    return statistics.median(
        timed(lambda: [arrange(graph, columns=8) for graph in document.graphs()]) for _ in range(ROUNDS)
    )


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    application = QApplication.instance() or QApplication([])
    collector = IdleCollector()
    first, reading = opening(count)
    print(f"opening a document of {count:,} nodes: {first:.0f} ms, of which reading {reading:.0f}")
    late, early, anew = editing(count)
    print(
        f"an edit among {count:,} nodes, to the frame that shows it: {late:.1f} ms at the end, {early:.1f} at the start"
    )
    print(
        f"  in frames of 1/60 s {late / FRAME:.2f} and {early / FRAME:.2f}; all anew {anew:.1f} ms, {anew / late:.1f} x"
    )
    print(f"laying out ResNet-152 with its modules: {laying_out(ARCHITECTURES['resnet152'].build()):.1f} ms")
    print(f"laying out a chain of {count:,}: {laying_out(chain(count)):.1f} ms")
    del collector, application


if __name__ == "__main__":
    main()
