"""``train`` from document to run folder, on the bundled digits."""

from __future__ import annotations

import errno
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from builder.analysis import analyze
from builder.analysis.memory import Budget
from builder.document import Document
from builder.errors import Problem
from builder.graph import Node
from builder.sketch import Sketch
from runtime.compile import build
from runtime.data import load_data
from runtime.machine import free_memory
from runtime.training.computing.memory import check_memory
from runtime.training.control import Control
from runtime.training.evaluating.evaluation import evaluate
from runtime.training.events import Checkpoint, Epoch, Finished, Gradients, Maps, Steps, Trouble, to_json
from runtime.training.loop import train
from runtime.training.records.checkpoints import BEFORE
from runtime.training.records.runs import Run
from runtime.training.settings import Settings
from runtime.training.tasks import task_of
from runtime.training.thread import TrainingThread
from runtime.weights import load_into, write_weights

QUICK = Settings(epochs=2, batch=128, learning_rate=1e-2, device="cpu")
SHAPE = (1, 8, 8)


def draw(*, classes=10, softmax=False, shape=SHAPE, flatten=True):
    """Conv, batch norm, ReLU, dropout and a linear classifier."""
    sketch = Sketch()
    wire = sketch.add("conv", "conv", sketch.input(shape), out_channels=4, padding=1)
    wire = sketch.add("norm", "batch_norm", wire)
    wire = sketch.add("relu", "relu", wire)
    if flatten:
        wire = sketch.add("drop", "dropout", wire, p=0.1)
        wire = sketch.add("flatten", "flatten", wire)
        wire = sketch.add("fc", "linear", wire, out_features=classes)
    if softmax:
        wire = sketch.add("softmax", "softmax", wire)
    sketch.output(wire)
    return Document("small", sketch.graph, data={"source": "digits"})


@pytest.fixture(scope="module")
def digits():
    data = load_data("digits", SHAPE)
    assert not isinstance(data, Problem)
    return data


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def trace(events):
    return [loss for event in of(events, Steps) for loss in event.loss]


def codes(events):
    return [event.problem.code for event in of(events, Trouble)]


def test_a_run_records_what_was_told_and_its_weights_give_the_figures_told(tmp_path, digits):
    document = draw()
    run = Run.create(tmp_path, document, QUICK)
    events = list(train(document, QUICK, digits, run=run))
    run = Run.open(run.folder)
    assert list(run.events()) == events
    finished = events[-1]
    assert finished.reason == "completed"
    model = build(run.document)
    assert load_into(model, run.weights("best")) is None
    tested = evaluate(model, digits, "test", torch.device("cpu"), task_of(document, digits))
    assert (tested.accuracy, tested.loss) == pytest.approx((finished.test_accuracy, finished.test_loss))
    assert finished.test_accuracy > 0.5
    assert run.environment()["threads"] >= 1
    assert {event.which for event in of(events, Checkpoint)} == {"best", "last"}
    assert not run.log_file.exists()


def test_the_same_seed_gives_the_same_run_and_watching_changes_nothing(digits, monkeypatch):
    first = list(train(draw(), QUICK, digits))
    monkeypatch.setattr("runtime.training.trainer._BETWEEN_LOOKS", 0.0)
    control = Control()
    control.watch(("conv", "relu", "output"), 3)
    torch.rand(3)
    watched = list(train(draw(), QUICK, digits, control=control))
    assert trace(first) == trace(watched)
    assert trace(first) != trace(list(train(draw(), QUICK.replace(seed=1), digits)))
    shapes = {event.path: event.values.shape for event in of(watched, Maps)}
    assert shapes == {"conv": (4, 8, 8), "relu": (4, 8, 8), "output": (10,)}
    maps = of(watched, Maps)
    assert len(maps) == 3 * len(trace(watched))
    assert sum(maps[-1].prediction) == pytest.approx(1, abs=1e-5)


def test_training_leaves_the_order_of_other_random_numbers_to_others(digits):
    """What draws initial weights is a stream of its own, whatever was drawn before."""
    torch.manual_seed(1)
    first = trace(train(draw(), QUICK.replace(epochs=1), digits))
    torch.manual_seed(2)
    assert trace(train(draw(), QUICK.replace(epochs=1), digits)) == first


def test_a_network_that_ends_in_softmax_learns_as_well(digits):
    document = draw(softmax=True)
    events = list(train(document, QUICK.replace(epochs=3), digits))
    assert events[-1].test_accuracy > 0.6
    with_logits = list(train(draw(), QUICK.replace(epochs=3), digits))
    assert trace(events) == pytest.approx(trace(with_logits), rel=1e-3)


@pytest.mark.parametrize(
    ("document", "settings", "code"),
    [
        (draw(classes=7), QUICK, "class-count"),
        (draw(flatten=False), QUICK, "class-count"),
        (draw(), QUICK.replace(batch=5000), "batch-larger-than-data"),
        (draw(shape=(1, 9, 9)), QUICK, "data-input"),
    ],
)
def test_what_cannot_be_trained_is_told_before_it_begins(document, settings, code, digits):
    events = list(train(document, settings, digits))
    assert codes(events) == [code]
    assert events[-1] == Finished("failed", None, None, None, None, 0.0)


def draw_norm_on_single_numbers(**norm):
    """Two batch norms inside and after a global pool: the second gets one number per channel."""
    sketch = Sketch()
    wire = sketch.add("conv", "conv", sketch.input(SHAPE), out_channels=4)
    wire = sketch.add("wide", "batch_norm", wire)
    wire = sketch.add("pool", "adaptive_avg_pool", wire, output_size=1)
    wire = sketch.add("narrow", "batch_norm", wire, **norm)
    wire = sketch.add("flatten", "flatten", wire)
    sketch.output(sketch.add("fc", "linear", wire, out_features=10))
    return Document("narrow", sketch.graph, data={"source": "digits"})


def few(data, **counts):
    """The same data with only so many samples in a split."""
    return replace(data, splits={**data.splits, **{k: data.splits[k][:n] for k, n in counts.items()}})


@pytest.mark.parametrize(
    ("norm", "batch", "counts", "said"),
    [
        (
            {},
            1,
            {},
            "'narrow' gets 4×1×1, one value per channel of each picture, and the batch is 1. Set the",
        ),
        ({}, 1, {"train": 1}, "and the batch is 1. Add pictures"),
        ({"track_running_stats": False}, 32, {"validation": 1}, "the validation split is one picture. Turn"),
        (
            {"track_running_stats": False},
            32,
            {"test": 1},
            "the test split is one picture. Turn running averages",
        ),
    ],
)
def test_batch_norm_that_gets_one_value_is_told_before_a_run_begins(norm, batch, counts, said, digits):
    document, data = draw_norm_on_single_numbers(**norm), few(digits, **counts)
    settings = QUICK.replace(batch=batch)
    (trouble, finished) = train(document, settings, data)
    assert (trouble.problem.code, trouble.problem.path) == ("batch-norm-one-value", "narrow")
    assert said in trouble.problem.message
    assert finished.reason == "failed"


@pytest.mark.parametrize(
    ("document", "batch", "counts"),
    [
        (draw(), 1, {"train": 3}),
        (draw_norm_on_single_numbers(), 2, {"train": 5, "validation": 1, "test": 1}),
        (
            draw_norm_on_single_numbers(track_running_stats=False),
            2,
            {"train": 3, "validation": 2, "test": 513},
        ),
    ],
)
def test_batch_norm_learns_and_is_tested_on_what_is_enough_for_it(document, batch, counts, digits):
    pooled = replace(digits, splits={**digits.splits, "test": torch.cat(list(digits.splits.values()))})
    events = list(train(document, QUICK.replace(batch=batch), few(pooled, **counts)))
    assert set(codes(events)) <= {"data-unlearnt"}  # so few samples leave classes out
    assert events[-1].reason == "completed"
    assert events[-1].test_accuracy is not None


def test_looking_at_one_picture_through_such_a_norm_shows_nothing_and_goes_on(digits):
    document = draw_norm_on_single_numbers(track_running_stats=False)
    control = Control()
    control.watch("conv")
    events = list(train(document, QUICK, digits, control=control))
    assert not of(events, Maps)
    assert events[-1].reason == "completed"


def test_a_training_that_no_memory_holds_is_told_before_it_begins(digits, monkeypatch):
    document, settings = draw(), QUICK.replace(batch=64)
    analysis = analyze(document, batch=64)
    memory = Budget(analysis, optimizer="adam").total()
    needed, learned = memory.training, memory.training - memory.activations
    assert check_memory(analysis, settings, needed) is None
    assert "Set the batch to 63 or less" in check_memory(analysis, settings, needed - 1).message
    assert "Set the batch to 32 or less" in check_memory(analysis, settings, (needed + learned) // 2).message
    assert "or its parts to 2" in check_memory(analysis, settings, (needed + learned) // 2).message
    assert "Make the input or the network smaller" in check_memory(analysis, settings, learned).message
    sgd = settings.replace(optimizer="sgd", momentum=0.0)
    without_state = Budget(analysis, optimizer="sgd").total().training
    assert without_state == needed - memory.optimizer
    assert check_memory(analysis, sgd, without_state) is None
    assert check_memory(analysis, sgd, without_state - 1) is not None
    with_momentum = Budget(analysis, optimizer="sgd-momentum").total().training
    momentum = settings.replace(optimizer="sgd", momentum=0.9)
    assert check_memory(analysis, momentum, with_momentum) is None
    assert check_memory(analysis, momentum, with_momentum - 1) is not None
    monkeypatch.setattr("runtime.training.computing.memory.free_memory", lambda: needed - 1)
    assert codes(train(document, settings, digits)) == ["out-of-memory"]


def test_free_memory_is_told_where_linux_tells_it():
    free = free_memory()
    assert (free is not None) == Path("/proc/meminfo").exists()
    assert free is None or free > 0


def test_the_errors_of_a_document_are_all_told(digits):
    document = draw()
    conv = document.network.by_name("conv")
    document.network.replace_node(conv.with_parameters(kernel_size=50))
    document.network.add_node(Node("apart", "apart", "output"))
    errors = [problem for problem in analyze(document).problems if problem.is_error]
    assert {problem.path for problem in errors} == {"conv", "apart"}
    events = list(train(document, QUICK, digits))
    assert [event.problem for event in of(events, Trouble)] == errors
    assert events[-1].reason == "failed"


@pytest.mark.skipif(torch.cuda.is_available(), reason="has CUDA")
def test_a_missing_gpu_is_told(digits):
    assert codes(train(draw(), QUICK.replace(device="cuda"), digits)) == ["device-missing"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
            "out-of-memory",
        ),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB"), "out-of-memory"),
        (MemoryError(), "out-of-memory"),
        (ValueError("Expected more than 1 value per channel when training"), "batch-norm-one-value"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk-full"),
        (RuntimeError("something else\nwith more lines"), "training-failed"),
    ],
)
def test_what_pytorch_throws_is_told_and_its_traceback_is_in_the_log(
    error, code, tmp_path, digits, monkeypatch
):
    def fail(*_arguments):
        raise error

    document = draw()
    run = Run.create(tmp_path, document, QUICK)
    monkeypatch.setattr("runtime.training.tasks.Classification.loss", fail)
    events = list(train(document, QUICK, digits, run=run))
    assert codes(events) == [code]
    assert events[-1].reason == "failed"
    (trouble,) = of(events, Trouble)
    assert "\n" not in trouble.problem.message
    assert "Traceback" in run.log_file.read_text()
    if code == "training-failed":
        assert str(run.log_file) in trouble.problem.message
    assert [to_json(event) for event in run.events()] == [to_json(event) for event in events]


def test_closing_the_generator_ends_the_run_as_stopped(tmp_path, digits):
    document = draw()
    run = Run.create(tmp_path, document, QUICK)
    events = train(document, QUICK.replace(epochs=1000), digits, run=run)
    for event in events:
        if isinstance(event, Epoch):
            break
    events.close()
    assert Run.open(run.folder).summary().state == "stopped"


def test_weights_that_cannot_be_written_do_not_end_the_training(tmp_path, digits, monkeypatch):
    def full(*_arguments):
        return Problem("not-writable", "No room")

    document = draw()
    run = Run.create(tmp_path, document, QUICK)
    monkeypatch.setattr("runtime.training.records.runs.write_weights", full)
    events = list(train(document, QUICK, digits, run=run))
    assert codes(events) == ["not-writable"] * 2 + ["best-not-kept"]
    assert sum(isinstance(event, Epoch) for event in events) == QUICK.epochs
    # Its result is that of weights that nobody has.
    assert events[-1].reason == "failed"
    assert events[-1].test_accuracy is not None
    assert [to_json(event) for event in run.events()] == [to_json(event) for event in events]


def test_the_older_checkpoint_makes_room_for_the_best_weights(tmp_path, digits, monkeypatch):
    document = draw()
    settings = QUICK.replace(checkpoint_every=0.0)
    run = Run.create(tmp_path, document, settings)

    def full(weights, file, about):
        if file.name == "best.safetensors" and (run.folder / BEFORE).is_file():
            return Problem("not-writable", "No room")
        return write_weights(weights, file, about)

    monkeypatch.setattr("runtime.training.records.checkpoints._SHARE", float("inf"))
    monkeypatch.setattr("runtime.training.ledger._SECONDS", 0.0)
    monkeypatch.setattr("runtime.training.records.runs.write_weights", full)
    events = list(train(document, settings, digits, run=run))
    assert events[-1].reason == "completed"
    model = build(document)
    assert load_into(model, run.weights("best")) is None
    tested = evaluate(model, digits, "test", torch.device("cpu"), task_of(document, digits))
    assert tested.accuracy == pytest.approx(events[-1].test_accuracy)


def test_a_trainer_that_is_killed_leaves_a_run_that_can_be_read(tmp_path):
    program = f"""
        import sys
        sys.path.insert(0, {str(__import__("pathlib").Path.cwd())!r})
        from builder.architectures import open_document
        from runtime.data import load_data
        from runtime.training.loop import train
        from runtime.training.records.runs import Run
        from runtime.training.settings import Settings
        document = open_document("lenet5")
        settings = Settings(epochs=100000, device="cpu", threads=1, calibration="never")
        run = Run.create({str(tmp_path)!r}, document, settings)
        for event in train(document, settings, load_data("digits", (1, 28, 28)), run=run):
            print(event.kind, flush=True)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    told = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout:
            told.append(line)
            if line == "checkpoint\n":
                break
        time.sleep(0.1)
        process.kill()
    assert told[-1:] == ["checkpoint\n"], "".join(
        told
    )  # else it ended by itself, for the reason that is shown
    (folder,) = tmp_path.iterdir()
    run = Run.open(folder)
    summary = run.summary()
    assert summary.state == "unfinished"
    assert summary.epochs >= 1
    assert summary.best_epoch is not None
    assert load_into(build(run.document), run.weights("best")) is None
    steps = [event.first for event in of(run.events(), Steps)]
    assert steps == sorted(steps)


def test_a_thread_trains_beside_its_caller_and_ends_cleanly(tmp_path):
    document = draw()
    thread = TrainingThread(document, QUICK.replace(epochs=100_000), "digits", tmp_path)
    document.put_name("edited meanwhile")
    thread.control.watch("conv", 0)
    thread.start()
    events = []
    deadline = time.monotonic() + 60
    while not (of(events, Epoch) and of(events, Maps)) and time.monotonic() < deadline:
        events += thread.poll()
        time.sleep(0.01)
    thread.control.stop()
    thread.join(60)
    assert not thread.is_alive()
    events += thread.poll()
    durable = [event for event in events if not isinstance(event, Maps)]
    assert durable[-1].reason == "stopped"
    assert list(thread.recorded.events()) == durable
    assert thread.recorded.name.startswith("small-digits-")
    assert Settings.read(thread.recorded.document.training) == QUICK.replace(epochs=100_000)


def test_a_thread_that_goes_on_with_a_run_tells_all_that_panels_drew_of_it(tmp_path, digits):
    control = Control()
    run = Run.create(tmp_path, draw(), QUICK)
    for event in train(run.document, run.settings, digits, control=control, run=run):
        if isinstance(event, Epoch):
            control.stop(at_once=True)
    drawn = of(run.events(), Steps | Epoch | Gradients)
    assert of(drawn, Gradients)
    thread = TrainingThread(run.document, run.settings, resumes=run.folder)
    thread.run()
    assert of(thread.poll(), Steps | Epoch | Gradients)[: len(drawn)] == drawn


@pytest.mark.parametrize("source", ["no-such-data", ""])
def test_a_thread_tells_data_it_cannot_load(tmp_path, source):
    thread = TrainingThread(draw(), QUICK, source or "/no/such/folder", tmp_path)
    thread.start()
    thread.join(60)
    assert codes(thread.poll()) == ["data-source"]
    assert list(tmp_path.iterdir()) == []


def test_a_thread_leaves_no_folder_of_a_run_that_cannot_begin(tmp_path):
    thread = TrainingThread(draw(classes=3), QUICK, "digits", tmp_path)
    thread.start()
    thread.join(60)
    events = thread.poll()
    assert codes(events) == ["class-count"]
    assert events[-1].reason == "failed"
    assert list(tmp_path.iterdir()) == []


def test_a_thread_tells_a_folder_it_cannot_write(tmp_path):
    (tmp_path / "file").write_text("")
    thread = TrainingThread(draw(), QUICK, "digits", tmp_path / "file")
    thread.start()
    thread.join(60)
    assert codes(thread.poll()) == ["run-not-writable"]


def test_a_thread_can_be_closed_at_any_time(tmp_path):
    thread = TrainingThread(draw(), QUICK.replace(epochs=100_000), "digits", tmp_path)
    assert thread.close()
    thread = TrainingThread(draw(), QUICK.replace(epochs=100_000), "digits", tmp_path)
    thread.start()
    thread.control.pause()
    assert thread.close(60)
    assert thread.poll()[-1].reason == "stopped"
