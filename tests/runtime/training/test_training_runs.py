"""Run folders: never overwritten, readable after a crash, not trusted when read."""

from __future__ import annotations

import errno
import json
import os
from datetime import UTC, datetime

import pytest
import torch

from builder.document import Document
from builder.errors import ConvolabError, Problem, Severity
from builder.graph import Edge, Node
from runtime.training.events import Epoch, Finished, Started, State, Steps
from runtime.training.records.journal import EVENTS
from runtime.training.records.runs import ENVIRONMENT, SETTINGS, Run, list_runs
from runtime.training.settings import Settings

NOON = datetime(2026, 11, 21, 10, 15, tzinfo=UTC)
WEIGHTS = {"a.weight": torch.arange(6.0).view(2, 3), "a.steps": torch.tensor(3)}


class Full:
    """A file on a disk that takes ten bytes more, and no others."""

    def __init__(self, file):
        self.file = file

    def write(self, data):
        self.file.write(data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    def truncate(self, size):
        return self.file.truncate(size)


@pytest.fixture
def document():
    document = Document("LeNet 5", data={"source": "digits"})
    document.network.add_node(Node("n1", "input", "input", {"shape": (1, 8, 8)}))
    document.network.add_node(Node("n2", "output", "output"))
    document.network.connect(Edge("n1", "y", "n2", "x"))
    return document


@pytest.fixture
def run(tmp_path, document):
    run = Run.create(tmp_path, document, Settings(epochs=3), now=NOON)
    assert isinstance(run, Run)
    yield run
    run.close()


EVENTS_OF_A_RUN = [
    Started("cpu", "fp32", 10, 3, 4, 16, ("a", "b")),
    Steps(0, (1.5, 1.25), (0.5, 0.75), (0.1, 0.1), 1000.0),
    State("paused", 2),
    Epoch(1, 4, 1.0, 0.5, 0.9, 0.6, 0.1, best=True),
]


def test_a_run_comes_back_as_it_was_recorded(run, document):
    for event in EVENTS_OF_A_RUN:
        assert run.record(event) is None
    assert run.save_weights("best", WEIGHTS, 1, 0.6) == "best.safetensors"
    run.close()
    again = Run.open(run.folder)
    assert isinstance(again, Run)
    assert again.name == "lenet-5-digits-20261121-101500"
    assert list(again.events()) == EVENTS_OF_A_RUN
    assert again.settings == Settings(epochs=3)
    assert [node.name for node in again.document.network] == ["input", "output"]
    assert again.document.data == {"source": "digits"}
    weights = again.weights("best")
    assert all(torch.equal(weights[name], value) for name, value in WEIGHTS.items())
    missing = again.weights("last")
    assert isinstance(missing, Problem)
    assert missing.code == "no-weights"


def test_a_run_is_readable_while_it_is_written(run):
    for count, event in enumerate(EVENTS_OF_A_RUN, start=1):
        run.record(event)
        assert list(Run.open(run.folder).events()) == EVENTS_OF_A_RUN[:count]


def test_no_run_is_overwritten(tmp_path, document, run):
    others = [Run.create(tmp_path, document, Settings(), now=NOON) for _ in range(2)]
    assert [other.name for other in others] == [f"{run.name}-2", f"{run.name}-3"]
    again = Run.create(tmp_path, document, Settings(), name=run.name)
    assert isinstance(again, Problem)
    assert again.code == "run-exists"
    (tmp_path / "empty").mkdir()
    others.append(Run.create(tmp_path, document, Settings(), name="empty"))
    assert others[-1].folder == tmp_path / "empty"
    for other in others:
        other.close()


def test_a_line_cut_off_or_spoilt_is_passed_over(run):
    for event in EVENTS_OF_A_RUN:
        run.record(event)
    run.close()
    events = run.folder / EVENTS
    whole = events.read_bytes()
    lines = whole.splitlines(keepends=True)
    for cut in range(len(whole) - len(lines[-1]) + 1, len(whole) - 1, 7):
        events.write_bytes(whole[:cut])
        assert list(run.events()) == EVENTS_OF_A_RUN[:-1]
    spoilt = [
        lines[0],
        b'{"event":"steps","first":NaN}\n',
        b"\xff\xfe\n",
        b"[]\n",
        b"[" * 100_000 + b"\n",
        lines[3],
    ]
    events.write_bytes(b"".join(spoilt))
    assert list(run.events()) == [EVENTS_OF_A_RUN[0], EVENTS_OF_A_RUN[3]]


def test_the_environment_names_no_person_and_no_place(run, tmp_path):
    run.describe(device="cpu", threads=2)
    text = (run.folder / ENVIRONMENT).read_text()
    known = run.environment()
    assert known["threads"] == 2
    assert known["torch"]
    assert str(tmp_path) not in text
    assert os.uname().nodename not in text


def test_a_full_disk_is_told_and_nothing_is_lost_once_there_is_room(run):
    run.record(EVENTS_OF_A_RUN[0])
    journal = run._journal
    file, journal._file = journal._file, Full(journal._file)
    problem = run.record(EVENTS_OF_A_RUN[1])
    assert problem.severity is Severity.WARNING
    assert "No space left" in problem.message
    assert list(run.events()) == EVENTS_OF_A_RUN[:1]
    journal._file = file
    assert run.record(EVENTS_OF_A_RUN[2]) is None
    assert list(run.events()) == EVENTS_OF_A_RUN[:3]


def test_a_place_that_cannot_be_written_is_told(tmp_path, document):
    (tmp_path / "file").write_text("")
    problem = Run.create(tmp_path / "file", document, Settings())
    assert isinstance(problem, Problem)
    assert problem.code == "run-not-writable"


@pytest.mark.parametrize("named", [None, "mine"])
@pytest.mark.parametrize("room_for", range(3))
def test_a_disk_too_full_to_begin_is_told_and_left_as_it_was(
    tmp_path, document, monkeypatch, room_for, named
):
    written = []
    replace = os.replace

    def full(source, target):
        if len(written) == room_for:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    made = Run.create(tmp_path, document, Settings(), name=named)
    if room_for == 2:  # what it runs on is good to know, but no reason not to train
        assert isinstance(made, Run)
        assert made.environment() == {}
        made.close()
    else:
        assert isinstance(made, Problem)
        assert "No space left" in made.message
        assert list(tmp_path.iterdir()) == []


def test_folders_that_are_no_run_are_told(tmp_path, run):
    assert Run.open(tmp_path / "nowhere").code == "not-a-run"
    assert Run.open(tmp_path).code == "not-a-run"
    run.close()
    (run.folder / SETTINGS).write_text('{"epochs": -1}')
    assert Run.open(run.folder).code == "setting"
    (run.folder / SETTINGS).write_text("{")
    assert Run.open(run.folder).code == "not-a-run"
    (run.folder / SETTINGS).unlink()
    assert Run.open(run.folder).code == "not-a-run"
    assert list_runs(tmp_path) == []
    assert list_runs(tmp_path / "nowhere") == []


def test_a_run_opened_to_be_read_is_not_written(run):
    run.close()
    with pytest.raises(ConvolabError):
        Run.open(run.folder).record(EVENTS_OF_A_RUN[0])


@pytest.mark.parametrize("length", [1, 5000])
def test_a_summary_says_how_a_run_ended_however_long_it_is(run, length):
    run.record(EVENTS_OF_A_RUN[0])
    run.record(EVENTS_OF_A_RUN[3])
    for step in range(length):
        run.record(Steps(step, (1.0,), (0.5,), (0.1,), 1000.0))
    summary = run.summary()
    assert (summary.state, summary.epochs, summary.best_epoch) == ("running", 1, 1)
    run._claim.release()
    assert run.summary().state == "unfinished"
    run.record(Epoch(2, 8, 0.9, 0.6, 0.8, 0.5, 0.1, best=False))
    run.record(Finished("completed", 1, 0.6, 0.4, 0.75, 2.0))
    summary = run.summary()
    assert (summary.state, summary.epochs, summary.parameters) == ("completed", 2, 10)
    assert (summary.test_accuracy, summary.validation_accuracy) == (0.75, 0.6)
    assert json.loads(json.dumps(summary.to_json()))["data"] == "digits"
    assert [found.name for found in list_runs(run.folder.parent)] == [run.name]
