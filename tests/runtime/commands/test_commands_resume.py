"""``train --resume`` goes on with a run that was stopped or killed, to the bit."""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from builder.document import Document
from builder.sketch import Sketch
from builder.writing import save
from runtime.commands import train
from runtime.training.events import Epoch, Finished, Started, Steps
from runtime.training.records.journal import EVENTS
from runtime.training.records.runs import Run
from runtime.weights import read_weights

ROOT = Path(__file__).parents[3]
#: One computation, whatever the machine measures.
SET = [
    "learning_rate=0.01",
    "threads=1",
    "calibration=never",
    "checkpoint_every=0.05",
    "ema_decay=0.9",
    "accumulate=2",
]
SETTINGS = [part for assignment in SET for part in ("--set", assignment)]


def draw():
    sketch = Sketch()
    wire = sketch.add("conv", "conv", sketch.input((1, 8, 8)), out_channels=8, padding=1)
    wire = sketch.add("norm", "batch_norm", wire)
    wire = sketch.add("drop", "dropout", sketch.add("relu", "relu", wire), p=0.1)
    sketch.output(sketch.add("fc", "linear", sketch.add("flatten", "flatten", wire), out_features=10))
    return Document("small", sketch.graph, data={"source": "digits"})


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A document, in the working folder."""
    monkeypatch.chdir(tmp_path)
    assert save(draw(), tmp_path / "small.convolab") is None
    return "small.convolab"


def call(*arguments):
    """The exit code of ``train``, as the program returns it."""
    parser = argparse.ArgumentParser(prog="app.py")
    train.add_parser(parser.add_subparsers(required=True))
    parsed = parser.parse_args(["train", *map(str, arguments)])
    return parsed.run(parsed)


def figures(folder):
    """All that is recorded and must not depend on interruptions, the weights included."""
    run = Run.open(folder)
    assert isinstance(run, Run)
    steps, epochs, end = [], [], None
    for event in run.events():
        match event:
            case Steps():
                assert event.first == len(steps)
                steps += zip(event.loss, event.accuracy, event.learning_rate, strict=True)
            case Epoch():
                epochs.append(
                    (event.step, event.train_loss, event.validation_loss, event.best, event.metrics)
                )
            case Finished():
                end = (event.reason, event.best_epoch, event.test_loss, event.test_accuracy)
    weights = {
        (which, name): value.tolist()
        for which in ("best", "last")
        for name, value in read_weights(run.folder / f"{which}.safetensors").items()
    }
    return {"steps": steps, "epochs": epochs, "end": end, "weights": weights}


def test_a_run_goes_on_without_its_file_and_says_where_from(file, capsys):
    assert call(file, "--run", "run", "--epochs", "2", *SETTINGS) == 0
    Path(file).unlink()  # the run has a network of its own
    capsys.readouterr()
    assert call("--resume", "--run", "run") == 0
    assert "has had its 2" in capsys.readouterr().out
    assert call("--resume", "--run", "run", "--epochs", "3") == 0
    told = capsys.readouterr()
    assert "goes on after step" in told.out
    assert "epoch 3/3" in told.out
    assert "spans all epochs" in told.err
    assert len(figures("run")["epochs"]) == 3
    assert call("--resume", "--run", "run", "--epochs", "4", "--batch", "7") == 2
    assert "batch cannot be changed" in capsys.readouterr().err
    assert call("--resume", "--run", "run", "--epochs", "4", "--data", "nowhere") == 1
    assert call("--resume", "--run", "run", "--epochs", "4") == 0  # nothing holds on to it


def test_resume_begins_a_run_that_is_not_there(file):
    assert call(file, "--resume", "--run", "run", "--epochs", "1", *SETTINGS) == 0
    assert call(file, "--resume", "--run", "run") == 0
    assert figures("run")["end"][0] == "completed"


def program(*arguments, code="import app; raise SystemExit(app.main())"):
    """The program in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(process):
    """Wait for its end; what it wrote."""
    out, _ = process.communicate(timeout=240)
    assert process.returncode == 0, out
    return out


def starts(folder):
    """How often the run has begun or gone on, as far as that is not forgotten; its size."""
    file = Path(folder, EVENTS)
    return file.stat().st_size if file.is_file() else 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_twenty_times_at_random_it_ends_as_if_nothing_had_been(file):
    arguments = ("train", file, "--epochs", "150", "--batch", "64", *SETTINGS)
    finished(program(*arguments, "--run", "through"))
    chance, kills, where = random.Random(5), 0, set()
    # A slow machine does little between two kills, and is cut off at one place several times: then more often.
    while kills < 20 or (len(where) <= 10 and kills < 60):
        process = program(*arguments, "--resume", "--run", "killed")
        before = starts("killed")
        until = time.monotonic() + 120
        if kills % 5:  # mostly while it trains, sometimes while it starts
            while process.poll() is None and starts("killed") == before and time.monotonic() < until:
                time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.8))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "it was through before it was killed often enough"
        kills += 1
        if starts("killed"):
            where.add(max((e.first for e in Run.open("killed").events() if isinstance(e, Steps)), default=0))
    out = finished(program("train", "--resume", "--run", "killed"))
    assert "goes on after step" in out
    assert len(where) > 10
    assert [e.first_step for e in Run.open("killed").events() if isinstance(e, Started)][-1] > 0
    assert figures("killed") == figures("through")


#: Dies at the given moment of the given checkpoint, in the way of a power cut: nothing is cleaned up.
DYING = """
import os, signal, sys
moment, count = sys.argv[-2], int(sys.argv[-1])
del sys.argv[-2:]
real = getattr(os, moment)
def dying(*arguments):
    global count
    name = os.readlink(f"/proc/self/fd/{arguments[0]}") if moment == "fsync" else str(arguments[-1])
    if os.path.basename(name).lstrip(".").startswith("checkpoint"):
        count -= 1
        if count == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
setattr(os, moment, dying)
import app
raise SystemExit(app.main())
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="tells files by what /proc says")
def test_killed_while_a_checkpoint_is_written_it_ends_as_if_nothing_had_been(file):
    arguments = ("train", file, "--epochs", "12", "--batch", "64", *SETTINGS)
    finished(program(*arguments, "--run", "through"))
    left = set()
    # Before anything is moved, between the two moves, and while the file is being written; the first and later ones.
    for moment, count in (
        ("fsync", 1),
        ("replace", 1),
        ("replace", 2),
        ("replace", 3),
        ("replace", 2),
        ("fsync", 2),
    ):
        process = program(*arguments, "--resume", "--run", "killed", moment, count, code=DYING)
        process.communicate(timeout=240)
        assert process.returncode == -signal.SIGKILL
        left.add(frozenset(path.name for path in Path("killed").glob("checkpoint*")))
    assert len(left) > 1
    finished(program("train", "--resume", "--run", "killed"))
    assert figures("killed") == figures("through")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
def test_sigterm_stops_cleanly_and_at_once(file):
    process = program("train", file, "--epochs", "100000", "--run", "run", *SETTINGS)
    while not starts("run") and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    finished(process)
    *_, end = Run.open("run").events()
    assert (end.reason, end.test_accuracy) == ("stopped", None)
    assert Path("run", "checkpoint.safetensors").is_file()
    assert not Path("run", "running.lock").exists()


BARE = """
import sys
class NoQt:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in ("PySide6", "shiboken6", "pyqtgraph"):
            raise ImportError(f"{name} is not installed here")
sys.meta_path.insert(0, NoQt())
import app
for line in (
    ["train", sys.argv[1], "--run", "run", "--epochs", "1"],
    ["train", "--resume", "--run", "run", "--epochs", "2"],
    ["evaluate", "run"],
    ["predict", "run", "digits:3"],
    ["runs", "."],
):
    assert app.main(line) == 0, line
assert not {"PySide6", "pyqtgraph"} & set(sys.modules)
"""


def test_a_server_without_qt_trains_resumes_evaluates_and_predicts(file):
    out = finished(program(file, code=BARE))
    assert "epoch 2/2" in out
    assert "completed" in out
