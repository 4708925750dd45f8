"""Whether the window stays quick while it trains: lateness of a 16 ms timer, and throughput against no window.

    python benchmarks/window.py [--epochs N] [--rounds N] [--network FILE] [--data SRC]

Every panel is open; those that live, curves, gradients and feature maps, come to the front in turn, for ten seconds
each. Runs are recorded in a folder with the window and without. Windowed and headless runs alternate, each in a process
of its own; the figure is the median of the ratios. Stock: LeNet-5 on the digits, whose steps take a few milliseconds,
for half a minute; ``--network small-vgg --epochs 40`` is a network with more to do.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QTimer

    from builder.document import Document
    from builder.widgets.shell import Shell
    from runtime.data import Data
    from runtime.panels import Panels

ROOT = Path(__file__).resolve().parents[1]
TICK_MS = 16
TURN_MS = 10_000
LIVE = ("Feature maps", "Gradients", "Curves")

sys.path.insert(0, str(ROOT))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--network", default="lenet5", help="a document, an architecture, or small-vgg")
    parser.add_argument("--data", default="digits")
    parser.add_argument("--inside", choices=("window", "headless"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        measure = windowed if arguments.inside == "window" else headless
        print(json.dumps(measure(arguments)))
        return 0
    ratios, late = [], []
    for _ in range(arguments.rounds):
        alone = _in_a_process("headless")
        shown = _in_a_process("window")
        ratios.append(shown["images_per_second"] / alone["images_per_second"])
        late.append(shown)
        print(
            f"headless {alone['images_per_second']:,.0f} images/s, "
            f"window {shown['images_per_second']:,.0f} images/s ({ratios[-1]:.2f} ×), "
            f"timer late by p50 {shown['p50']:.1f} ms, p99 {shown['p99']:.1f} ms, at most {shown['most']:.0f} ms, "
            f"{shown['maps']} maps shown, {shown['busy']:.2f} s of work in the window's thread",
            flush=True,
        )
    print(f"throughput, window / headless: {statistics.median(ratios):.2f}")
    print(f"timer lateness, p99: {statistics.median(run['p99'] for run in late):.1f} ms")
    return 0


def _in_a_process(inside: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ, QT_QPA_PLATFORM=os.environ.get("QT_QPA_PLATFORM", "offscreen"))
        for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "HOME"):
            environment[variable] = home
        command = [sys.executable, __file__, *sys.argv[1:], "--inside", inside]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def _rate(epochs: list[tuple[float, int]]) -> float:
    """Images per second over all epochs but the first, from (seconds, images) of each, validation included."""
    return sum(images for _, images in epochs[1:]) / sum(seconds for seconds, _ in epochs[1:])


def _document(arguments: argparse.Namespace) -> Document:
    """The network with its data and the number of epochs."""
    from benchmarks._networks import small_vgg
    from builder.architectures import open_document
    from builder.edits import SetSettings, apply_all

    found = small_vgg() if arguments.network == "small-vgg" else open_document(arguments.network)
    assert not isinstance(found, list), found
    training = {**found.training, "epochs": arguments.epochs}
    apply_all(found, [SetSettings("data", {"source": arguments.data}), SetSettings("training", training)])
    return found


def _data(document: Document) -> Data:
    from runtime.data import Data, load_data
    from runtime.training.loop import input_shape

    shape = input_shape(document)
    assert isinstance(shape, tuple), shape
    data = load_data(str(document.data["source"]), shape)
    assert isinstance(data, Data), data
    return data


def headless(arguments: argparse.Namespace) -> dict[str, float]:
    """The same training without a window, in the main thread, recorded too."""
    from runtime.training.events import Epoch
    from runtime.training.loop import train
    from runtime.training.records.runs import Run, default_folder
    from runtime.training.settings import Settings

    document = _document(arguments)
    data, settings = _data(document), Settings(**document.training)
    images = len(data.splits["train"])
    run = Run.create(default_folder(), document, settings)  # as the window does; the home is one of its own
    assert isinstance(run, Run)
    told = train(document, settings, data, run=run)
    return {
        "images_per_second": _rate([(event.seconds, images) for event in told if isinstance(event, Epoch)])
    }


def windowed(arguments: argparse.Namespace) -> dict[str, float]:
    """The training in the window, with a timer beside it whose lateness says how long one waits for a reaction."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    application = QApplication([])
    shell, panels = _open(_document(arguments))
    training, looking = panels.training, panels.looking
    end = time.monotonic() + 60
    while looking.values is None and time.monotonic() < end:
        application.processEvents()
        time.sleep(0.005)
    maps: list[int] = []
    training.mapsArrived.connect(lambda event: maps.append(event.step))
    front, turns = itertools.cycle(LIVE), QTimer()
    turns.timeout.connect(lambda: shell.show_panel(next(front)))
    turns.start(TURN_MS)
    # exit: quit would ask about the settings that are not saved.
    training.runFinished.connect(lambda _: application.exit())
    late, timer = _timer(lambda: training.trace.steps > 0)  # PyTorch is there and the first step done
    busy = -time.thread_time()
    training.start()
    application.exec()
    timer.stop()
    turns.stop()
    busy += time.thread_time()
    told = training.trace.epochs
    images = len(_data(_document(arguments)).splits["train"])
    shell.session.history.mark_saved()
    shell.close()
    late.sort()
    return {
        "images_per_second": _rate([(epoch.seconds, images) for epoch in told]),
        "p50": late[len(late) // 2],
        "p99": late[int(len(late) * 0.99)],
        "most": late[-1],
        "maps": len(maps),
        "busy": busy,
    }


def _open(document: Document) -> tuple[Shell, Panels]:
    """A window with the document, all its panels made and those that live in front."""
    from app import make_window
    from builder.writing import save
    from runtime.panels import Panels

    file = Path.home() / "benchmark.convolab"
    assert save(document, file) is None
    shell = make_window([str(file)])
    panels = shell.findChild(Panels)
    assert panels is not None
    shell.resize(1600, 1000)
    shell.show()
    shell.set_workspace("Train")
    for title in ("Mistakes", "Data", "Runs", "Queue", "Source", *LIVE):
        assert shell.show_panel(title), title
    return shell, panels


def _timer(counts: Callable[[], bool]) -> tuple[list[float], QTimer]:
    """A timer that runs, and by how many milliseconds each of its ticks was late while it ``counts``."""
    from PySide6.QtCore import QElapsedTimer, Qt, QTimer

    late: list[float] = []
    clock, timer = QElapsedTimer(), QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)

    def tick() -> None:
        if counts():
            late.append(max(clock.nsecsElapsed() / 1e6 - TICK_MS, 0.0))
        clock.restart()

    timer.timeout.connect(tick)
    clock.start()
    timer.start(TICK_MS)
    return late, timer


if __name__ == "__main__":
    raise SystemExit(main())
