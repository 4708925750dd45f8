"""A run goes on from its last checkpoint, wherever it was cut off, and ends as if it had not been."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import replace

import pytest
import torch

from builder.document import Document
from builder.errors import Problem
from builder.sketch import Sketch
from runtime.data import load_data
from runtime.training.control import Control
from runtime.training.events import Changed, Epoch, Finished, Started, State, Steps, Trouble
from runtime.training.loop import train
from runtime.training.records.checkpoints import BEFORE, CHECKPOINT, read_checkpoint
from runtime.training.records.journal import EVENTS
from runtime.training.records.runs import ENVIRONMENT, Run
from runtime.training.resuming import computed_before, resume
from runtime.training.settings import Settings
from runtime.weights import read_weights

SETTINGS = Settings(
    epochs=3,
    batch=128,
    learning_rate=1e-2,
    device="cpu",
    threads=1,
    calibration="never",
    checkpoint_every=0.0,
    accumulate=2,
    ema_decay=0.9,
)


@pytest.fixture(scope="module")
def digits():
    data = load_data("digits", (1, 8, 8))
    assert not isinstance(data, Problem)
    return data


def draw(width=4):
    sketch = Sketch()
    wire = sketch.add("conv", "conv", sketch.input((1, 8, 8)), out_channels=width, padding=1)
    wire = sketch.add("norm", "batch_norm", wire)
    wire = sketch.add("relu", "relu", wire)
    wire = sketch.add("drop", "dropout", wire, p=0.1)
    wire = sketch.add("flatten", "flatten", wire)
    sketch.output(sketch.add("fc", "linear", wire, out_features=10))
    return Document("small", sketch.graph, data={"source": "digits"})


@pytest.fixture(autouse=True)
def told_and_kept_often(monkeypatch):
    """Each step is told by itself, and a checkpoint may cost whatever it does."""
    monkeypatch.setattr("runtime.training.ledger._SECONDS", 0.0)
    monkeypatch.setattr("runtime.training.records.checkpoints._SHARE", float("inf"))


def figures(run):
    """All that is recorded and must not depend on interruptions: no times, and no stops in between."""
    losses, epochs, end = {}, [], None
    for event in run.events():
        match event:
            case Steps():
                for i, loss in enumerate(event.loss):
                    assert event.first + i == len(losses)  # none is missing, none told twice
                    losses[event.first + i] = (loss, event.accuracy[i], event.learning_rate[i])
            case Epoch():
                epochs.append((event.epoch, event.step, event.train_loss, event.validation_loss, event.best))
            case Finished():
                end = (event.reason, event.best_epoch, event.test_loss, event.test_accuracy)
    return losses, epochs, end


def weights(run):
    return {which: read_weights(run.folder / f"{which}.safetensors") for which in ("best", "last")}


def assert_same(run, other):
    assert figures(run) == figures(other)
    for which, found in weights(run).items():
        expected = weights(other)[which]
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[name], expected[name]) for name in found)


def begin(folder, settings=SETTINGS, name="run"):
    run = Run.create(folder, draw(), settings, name=name)
    assert isinstance(run, Run)
    return run


def finish(run, digits, **more):
    """Train to the end."""
    events = list(train(run.document, run.settings, digits, run=run, **more))
    assert not [event for event in events if isinstance(event, Trouble)], events
    return events


@pytest.fixture(scope="module")
def through(tmp_path_factory, digits):
    """A run that nothing disturbed."""
    run = begin(tmp_path_factory.mktemp("through"))
    finish(run, digits)
    return run


def copy_as_it_is(folder, target):
    """What a crash would leave now."""
    target.mkdir()
    for file in folder.iterdir():
        with suppress(FileNotFoundError):  # one is just being replaced
            shutil.copy(file, target)


@pytest.fixture(scope="module")
def moments(tmp_path_factory, digits):
    """What a crash would have left after each event of a run: copies of its folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("runtime.training.ledger._SECONDS", 0.0)
        patch.setattr("runtime.training.records.checkpoints._SHARE", float("inf"))
        parent = tmp_path_factory.mktemp("crashes")
        run = begin(parent)
        left = []
        for event in train(run.document, run.settings, digits, run=run):
            left.append((event, parent / f"left-{len(left)}"))
            copy_as_it_is(run.folder, left[-1][1])
        return left


def test_cut_off_anywhere_it_ends_as_if_nothing_had_been(moments, through, digits, tmp_path):
    assert len(moments) > 30
    went_on = set()
    for _, left in moments[:: max(1, len(moments) // 16)]:
        folder = shutil.copytree(left, tmp_path / left.name)
        with (folder / EVENTS).open("ab") as events:
            events.write(b'{"event":"steps","fir')  # cut off while writing
        run = resume(folder)
        if isinstance(run, Problem):
            assert run.code == "run-complete"
            assert_same(Run.open(folder), through)
            continue
        went_on.add(run.kept and (run.kept.state["step"], run.kept.state["epoch"]))
        events = finish(run, digits)
        assert isinstance(events[0], Started)
        assert events[0].first_step == (run.kept.state["step"] if run.kept else 0)
        assert_same(run, through)
    assert len(went_on) > 8
    assert any(kept is None for kept in went_on)
    assert any(kept and kept[0] % 12 for kept in went_on)  # in the middle of an epoch too


@pytest.mark.parametrize("at_once", [False, True])
def test_stopped_and_resumed_again_and_again_it_ends_as_if_nothing_had_been(
    tmp_path, through, digits, at_once
):
    run = begin(tmp_path)
    for sitting in range(6):
        control = Control()
        for event in train(run.document, run.settings, digits, run=run, control=control):
            if isinstance(event, Steps) and event.first % 5 == sitting % 5:
                control.stop(at_once=at_once)
        if figures(run)[2][0] == "completed":
            break
        assert figures(run)[2][0] == "stopped"
        run = resume(run.folder)
        assert isinstance(run, Run)
    events = finish(run, digits) if figures(run)[2] != figures(through)[2] else []
    assert_same(run, through)
    assert not events or events[0].first_step > 0


def test_paused_and_stepped_and_then_cut_off_it_ends_as_if_nothing_had_been(tmp_path, through, digits):
    run, control = begin(tmp_path), Control()
    control.pause()
    steps = 0
    for event in train(run.document, run.settings, digits, run=run, control=control):
        if isinstance(event, State | Steps) and steps < 4:
            steps += 1
            control.step()
        elif steps == 4:
            break  # what it was is closed here, as by an error of whoever listens
    assert 0 <= read_checkpoint(run.folder).state["step"] <= 4
    run = resume(run.folder)
    finish(run, digits)
    assert_same(run, through)


def test_another_learning_rate_outlives_a_crash(tmp_path, digits):
    run, control, left = (
        begin(tmp_path, SETTINGS.replace(checkpoint_every=3600.0)),
        Control(),
        tmp_path / "left",
    )
    changed = False
    for event in train(run.document, run.settings, digits, run=run, control=control):
        if isinstance(event, Steps) and event.first == 13:
            control.set_learning_rate(0.003)
        changed = changed or isinstance(event, Changed)
        if (
            changed
            and not left.exists()
            and (kept := read_checkpoint(run.folder))
            and kept.state["step"] > 13
        ):
            copy_as_it_is(run.folder, left)
    assert changed
    again = resume(left)
    assert again.kept.state["step"] > 13
    finish(again, digits)
    assert_same(again, run)
    assert figures(again)[0][20][2] < 0.003


def test_the_network_may_be_edited_while_it_trains(tmp_path, through, digits):
    drawn = draw()
    run = Run.create(tmp_path, drawn, SETTINGS, name="run")
    for count, _ in enumerate(train(run.document, run.settings, digits, run=run)):
        if count == 3:
            conv = next(node for node in drawn.network if node.name == "conv")
            drawn.network.replace_node(conv.with_parameters(out_channels=7))
    assert_same(run, through)


def crashed(moments, tmp_path):
    """A copy of what a crash would have left in the middle of the run."""
    return shutil.copytree(moments[len(moments) // 2][1], tmp_path / "crashed")


def test_a_damaged_checkpoint_is_told_and_the_one_before_taken(moments, through, digits, tmp_path):
    folder = crashed(moments, tmp_path)
    (folder / CHECKPOINT).write_bytes(b"\xff" * 100)
    run = resume(folder)
    assert isinstance(run, Run)
    events = list(train(run.document, run.settings, digits, run=run))
    (told,) = [event.problem for event in events if isinstance(event, Trouble)]
    assert told.code == "checkpoint-damaged"
    assert not told.is_error
    assert_same(run, through)
    (folder / CHECKPOINT).write_bytes(b"")
    (folder / BEFORE).write_bytes(b"")
    assert resume(folder).code == "checkpoint-damaged"


def test_a_checkpoint_of_another_network_is_refused(tmp_path, through, digits):
    folder = tmp_path / "other"
    shutil.copytree(through.folder, folder)
    other = Run.create(tmp_path, draw(width=5), SETTINGS.replace(epochs=9), name="wider")
    other.close()
    for file in (CHECKPOINT, EVENTS):
        shutil.copy(folder / file, other.folder / file)
    cut = [
        line for line in (folder / EVENTS).read_bytes().splitlines(keepends=True) if b'"finished"' not in line
    ]
    (other.folder / EVENTS).write_bytes(b"".join(cut))
    before = (other.folder / EVENTS).read_bytes()
    run = resume(other.folder)
    *_, trouble, finished = train(run.document, run.settings, digits, run=run)
    assert trouble.problem.code == "checkpoint-of-another"
    assert finished.reason == "failed"
    assert (other.folder / EVENTS).read_bytes().startswith(before)


def test_a_run_that_is_complete_goes_on_only_where_more_is_asked_for(tmp_path, through, digits):
    folder = tmp_path / "run"
    shutil.copytree(through.folder, folder)
    assert resume(folder).code == "run-complete"
    assert resume(folder, 3).code == "run-complete"
    assert resume(folder, 2).code == "run-complete"
    run = resume(folder, 5)
    assert isinstance(run, Run)
    events = list(train(run.document, run.settings, digits, run=run))
    (told,) = [event.problem for event in events if isinstance(event, Trouble)]
    assert told.code == "schedule-stretched"
    assert "3 epochs" in told.message
    _, epochs, end = figures(run)
    assert [epoch[0] for epoch in epochs] == [1, 2, 3, 4, 5]
    assert epochs[:3] == figures(through)[1]
    assert end[0] == "completed"
    assert Run.open(folder).settings.epochs == 5
    assert resume(folder, 4).code == "run-complete"


def test_a_run_that_ended_early_is_not_said_to_have_had_its_epochs_nor_goes_on(tmp_path, digits):
    run = begin(tmp_path, SETTINGS.replace(epochs=60, learning_rate=5.0, early_stopping=1, ema_decay=0.0))
    told = [
        event.problem.code
        for event in train(run.document, run.settings, digits, run=run)
        if isinstance(event, Trouble)
    ]
    assert told == ["loss-diverging"]  # at such a rate
    had = run.summary().epochs
    assert had < 60
    for epochs in (None, 60, 100):
        problem = resume(run.folder, epochs)
        assert problem.code == "run-complete"
        assert f"{had} of 60 epochs" in problem.values
        assert "early_stopping" in problem.message
    assert Run.open(run.folder).settings.epochs == 60


def test_with_a_constant_rate_longer_is_as_if_it_had_been_asked_for_at_once(tmp_path, digits):
    constant = SETTINGS.replace(schedule="constant", epochs=2)
    short = begin(tmp_path, constant, "short")
    finish(short, digits)
    finish(resume(short.folder, 3), digits)
    long = begin(tmp_path, constant.replace(epochs=3), "long")
    finish(long, digits)
    assert_same(short, long)


def test_fewer_epochs_than_it_has_had_are_refused(tmp_path, digits):
    run, control = begin(tmp_path), Control()
    for event in train(run.document, run.settings, digits, run=run, control=control):
        if isinstance(event, Epoch) and event.epoch == 2:
            control.stop()
    assert resume(run.folder, 1).code == "epochs-are-over"


def test_who_goes_on_elsewhere_is_told_that_it_may_not_be_the_same(moments, digits, tmp_path):
    folder = crashed(moments, tmp_path)
    environment = json.loads((folder / ENVIRONMENT).read_text())
    environment["preparation"]["mean"] = [0.9]
    (folder / ENVIRONMENT).write_text(json.dumps(environment))
    run = resume(folder)
    object.__setattr__(run.kept.origin, "torch", "1.13.0")
    object.__setattr__(run.kept.origin, "device", "cuda (NVIDIA something)")
    object.__setattr__(run.kept.origin, "threads", 64)
    events = list(train(run.document, run.settings, digits, run=run))
    told = [event.problem for event in events if isinstance(event, Trouble)]
    assert [problem.code for problem in told] == ["resumed-elsewhere"] * 3 + ["resumed-on-other-data"]
    assert not any(problem.is_error for problem in told)
    assert "1.13.0" in told[0].message
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "completed"
    assert json.loads((folder / ENVIRONMENT).read_text())["preparation"]["mean"] == [0.9]
    assert "resumed" in Run.open(folder).environment()


def test_a_run_is_normalised_as_it_began_however_the_data_is_measured_by_now(
    moments, through, digits, tmp_path
):
    """Of files that do not fit in the memory that is free a sample is measured, and of those that fit all."""
    run = resume(crashed(moments, tmp_path))
    events = list(train(run.document, run.settings, digits.normalised_by([0.9], [0.1]), run=run))
    (told,) = [event.problem.code for event in events if isinstance(event, Trouble)]
    assert told == "resumed-on-other-data"
    assert_same(run, through)


def test_how_a_run_is_computed_holds_for_its_device_alone(tmp_path, digits):
    run = begin(tmp_path)
    finish(run, digits)
    told = run.environment()
    assert computed_before(run, "cpu") == told["computation"]
    assert computed_before(run, "cuda (NVIDIA something)") is None


def test_a_run_that_is_being_written_is_not_gone_on_with(tmp_path, digits):
    run = begin(tmp_path)
    assert resume(run.folder).code == "run-in-use"
    run.close()
    again = resume(run.folder)
    assert isinstance(again, Run)
    again.close()
    assert not (run.folder / "running.lock").exists()


def test_a_folder_that_is_no_run_is_told(tmp_path):
    assert resume(tmp_path / "nowhere").code == "not-a-run"


def test_a_folder_that_goes_away_is_told_and_training_goes_on(tmp_path, through, digits):
    run = begin(tmp_path)
    events = []
    for event in train(run.document, run.settings, digits, run=run):
        events.append(event)
        if len(events) == 5:
            run.folder.rename(tmp_path / "elsewhere")
    codes = [event.problem.code for event in events if isinstance(event, Trouble)]
    assert sorted(set(codes)) == ["best-not-kept", "checkpoint-not-written", "not-writable"]
    assert codes.count("checkpoint-not-written") == 1
    assert events[-1].test_loss == figures(through)[2][2]
    assert events[-1].reason == "failed"  # nobody has the weights


def test_a_resume_that_is_refused_leaves_the_run_as_it_was(tmp_path, digits):
    run = begin(tmp_path)
    finish(run, digits)
    before = {path.name: path.read_bytes() for path in run.folder.iterdir()}
    again = resume(run.folder, 7)
    assert again.settings.epochs == 7
    other = load_data("shapes", (1, 8, 8))
    events = list(train(again.document, again.settings, other, run=again))
    assert events[-1].reason == "failed"
    assert {path.name: path.read_bytes() for path in run.folder.iterdir()} == before
    assert Run.open(run.folder).summary().state == "completed"


def test_other_targets_and_lost_events_are_told(moments, digits, tmp_path):
    folder = crashed(moments, tmp_path)
    events = (folder / EVENTS).read_bytes().splitlines(keepends=True)
    (folder / EVENTS).write_bytes(b"".join(events[: len(events) // 3]))
    run = resume(folder)
    turned = replace(digits, labels=digits.labels.flip(0))
    told = [
        event.problem.code
        for event in train(run.document, run.settings, turned, run=run)
        if isinstance(event, Trouble)
    ]
    assert told == ["resumed-on-other-data", "events-lost"]
