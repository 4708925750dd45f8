"""``train``, ``evaluate``, ``runs``, ``export`` and ``demo`` keep the contract of the command line."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from builder.document import Document
from builder.sketch import Sketch
from builder.writing import save
from runtime.commands import demo, evaluate, export, runs, train
from runtime.training.records.runs import Run
from runtime.training.settings import Settings

COMMANDS = (train, evaluate, runs, export, demo)
QUICK = ["--epochs", "2", "--batch", "128", "--set", "learning_rate=0.01"]


def call(*arguments):
    """The exit code of a command, as the program returns it."""
    parser = argparse.ArgumentParser(prog="app.py")
    subparsers = parser.add_subparsers(required=True)
    for command in COMMANDS:
        command.add_parser(subparsers)
    try:
        parsed = parser.parse_args([str(argument) for argument in arguments])
    except SystemExit as stop:
        return stop.code
    return parsed.run(parsed)


def draw(classes=10):
    sketch = Sketch()
    wire = sketch.add("flatten", "flatten", sketch.input((1, 8, 8)))
    sketch.output(sketch.add("fc", "linear", wire, out_features=classes))
    return Document("line", sketch.graph)


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A document, in the working folder."""
    monkeypatch.chdir(tmp_path)
    assert save(draw(), tmp_path / "line.convolab") is None
    return "line.convolab"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of the digits."""
    folder = tmp_path_factory.mktemp("trained")
    save(draw(), folder / "line.convolab")
    assert call("train", folder / "line.convolab", *QUICK, "--run", folder / "run") == 0
    return folder / "run"


def test_train_tells_its_epochs_in_lines_and_leaves_a_run(file, capsys):
    assert call("train", file, *QUICK, "--seed", 3, "--data", "digits") == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert lines[0] == "line on Digits: 650 parameters, 2 epochs on cpu"
    assert lines[1].startswith("computing in fp32, contiguous, ")
    assert lines[2].startswith("epoch 1/2  loss ")
    assert lines[4].startswith("completed after ")
    folder = Path(lines[5].split()[1])
    assert folder.parent == Path("runs")
    run = Run.open(folder)
    assert run.settings == Settings(epochs=2, batch=128, learning_rate=0.01, seed=3)
    assert run.document.data == {"source": "digits"}
    assert run.document.training == run.settings.to_json()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["train", "line.convolab", "--epochs", "0"], 2, "Epochs needs at least 1"),
        (["train", "line.convolab", "--set", "lr=1"], 2, "no such training setting"),
        (["train", "line.convolab", "--set", "momentum"], 2, "KEY=VALUE"),
        (["train", "line.convolab", "--device", "tpu"], 2, "needs one of auto, cpu, cuda"),
        (["train", "line.convolab", "--resume"], 2, "--run DIR"),
        (["train", "--resume", "--run", "nowhere"], 1, "not both"),
        (["train", "line.convolab", "--precision", "fp8"], 2, "needs one of auto, fp32, bf16"),
        (["train"], 2, "FILE"),
        (["train", "nowhere"], 1, "none of these"),
        (["train", "nowhere.convolab"], 1, "cannot be read"),
        (["train", "line.convolab", "--data", "nothing"], 1, "known name or a path"),
        (["train", "line.convolab", "--batch", "2000"], 1, "batch"),
        (["train", "seven.convolab"], 1, "as many outputs as the data has classes"),
        (["train", "line.convolab", "--run", "taken"], 1, "never overwritten"),
        (["train", "line.convolab", "--run", "line.convolab/run"], 1, "can be written to"),
        (["train", "line.convolab", "--run", "."], 1, "never overwritten"),
        (["train", "settings.convolab"], 1, "training.epochs"),
        (["evaluate", "line.convolab"], 2, "needs trained weights"),
        (["evaluate", "line.convolab", "--weights", "line.convolab"], 1, "Weights are"),
        (["evaluate", "line.convolab", "--tta"], 2, "needs trained weights"),
        (["export", "line.convolab", "--format", "pt2", "-o", "a"], 2, "not there yet"),
        (["export", "line.convolab", "--format", "report", "-o", "a"], 2, "not there yet"),
        (["export", "line.convolab", "--format", "exe", "-o", "a"], 2, "invalid choice"),
        (
            ["export", "line.convolab", "--format", "state-dict", "-o", "a.txt"],
            1,
            ".safetensors, .pt, .pth or .bin",
        ),
        (["export", "line.convolab", "--format", "state-dict", "-o", "no/a.pt"], 1, "leave to write"),
        (["export", "line.convolab", "--format", "python", "-o", "."], 1, "the file is called ''"),
        (["export", "line.convolab", "--format", "python", "-o", "a.safetensors"], 1, "written as .py"),
        (["export", "line.convolab", "--format", "onnx", "-o", "a.py"], 1, "written as .onnx"),
        (["demo", "-o", "."], 2, "a new folder, not '.'"),
        (["demo", "-o", "line.convolab/demo"], 1, "can be written to"),
        (["runs", "nowhere"], 1, "is none"),
        (["train", "line.convolab", "--set", "learning_rate=nan"], 2, "needs a number, not nan"),
        (["train", "line.convolab", "--set", "learning_rate=-1"], 2, "at least 1e-08, not -1"),
        (["train", "line.convolab", "--set", "epochs=1e3"], 2, "whole number, not '1e3'"),
        (["train", "line.convolab", "--set", "epochs=" + "9" * 5000], 2, "whole number"),
        (["train", "line.convolab", "--seed", "9" * 12], 2, "at most 2,147,483,647, not 999,999,999,999"),
        (["train", "line.convolab", "--batch", "0"], 2, "at least 1, not 0"),
        (["train", "line.convolab", "--data", ""], 1, "No data is chosen"),
        (["train", "line.convolab", "--run", "/"], 2, "wants the name of a folder"),
        (["train", "taken"], 1, "'taken' has not both"),
        (["evaluate", "line.convolab", "--weights", "taken"], 1, "it is a folder"),
    ],
)
def test_bad_calls_end_with_a_line_and_the_agreed_code(file, capsys, arguments, code, said):
    save(draw(7), "seven.convolab")
    Path("taken").mkdir()
    Path("taken/note").write_text("mine")
    document = draw()
    document.put_settings("training", {"epochs": -1})
    save(document, "settings.convolab")
    before = sorted(Path().rglob("*"))
    assert call(*arguments) == code
    out, err = capsys.readouterr()
    assert said in err
    assert "Traceback" not in err
    assert out == ""
    if code == 1:
        assert len(err.splitlines()) <= 2
    assert sorted(Path().rglob("*")) == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="has CUDA")
def test_a_missing_gpu_is_told_before_there_is_a_folder(file, capsys):
    assert call("train", file, "--device", "cuda", "--run", "run") == 1
    assert "Choose the device auto or cpu" in capsys.readouterr().err
    assert not Path("run").exists()


def _spoil_settings(run):
    (run / "settings.json").write_bytes((run / "settings.json").read_bytes()[:40])


def _spoil_document(run):
    (run / "document.convolab").write_bytes((run / "document.convolab").read_bytes()[:400])


def _cut_weights(run):
    (run / "best.safetensors").write_bytes((run / "best.safetensors").read_bytes()[:-10])


def _rewrite_weights(change):
    def spoil(run):
        state = {name: change(value) for name, value in load_file(run / "best.safetensors").items()}
        save_file(state, run / "best.safetensors")

    return spoil


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda run: (run / "events.jsonl").unlink(), "has not both"),
        (lambda run: (run / "settings.json").unlink(), "No such file"),
        (_spoil_settings, "it is no JSON"),
        (_spoil_document, "cut off"),
        (lambda run: (run / "best.safetensors").unlink(), "no best weights"),
        (_cut_weights, "not fully covered"),
        (_rewrite_weights(lambda value: torch.cat([value, value])), "fc.weight is 20×64 and should be 10×64"),
        (_rewrite_weights(lambda value: value.to(torch.int64)), "10×64 of int64 and should be 10×64"),
        (_rewrite_weights(lambda value: value * torch.nan), "must answer with finite numbers"),
    ],
)
def test_a_spoilt_run_is_told_and_no_figure_is_made_of_it(trained, tmp_path, capsys, spoil, said):
    run = tmp_path / "spoilt"
    shutil.copytree(trained, run)
    spoil(run)
    for words in ((), ("--json",)):
        assert call("evaluate", run, *words) == 1
        out, err = capsys.readouterr()
        assert said in err
        assert out == ""


def test_weights_of_another_precision_are_taken(trained, tmp_path, capsys):
    run = tmp_path / "half"
    shutil.copytree(trained, run)
    _rewrite_weights(lambda value: value.half())(run)
    assert call("evaluate", run, "--json") == 0


class _Command:
    def __reduce__(self):
        return os.system, ("touch broken-in",)


@pytest.mark.parametrize(
    "contents", [_Command(), {"fc.weight": _Command()}, {"model": {"fc.weight": torch.ones(2)}}, "text"]
)
def test_a_file_of_weights_runs_no_code(file, capsys, contents):
    torch.save(contents, "weights.pt")
    assert call("evaluate", file, "--weights", "weights.pt") == 1
    told = capsys.readouterr().err
    assert "tensors alone" in told
    assert "weights_only" not in told
    assert not Path("broken-in").exists()


def test_text_is_no_file_of_weights(file, capsys):
    Path("weights.pt").write_text("hello")
    assert call("evaluate", file, "--weights", "weights.pt") == 1
    assert "it is damaged" in capsys.readouterr().err


def test_runs_names_what_it_passes_over(trained, tmp_path, capsys):
    for name in ("good", "spoilt"):
        shutil.copytree(trained, tmp_path / name)
    _spoil_settings(tmp_path / "spoilt")
    assert call("runs", tmp_path) == 0
    out, err = capsys.readouterr()
    assert "good" in out
    assert "spoilt" not in out
    assert err.startswith("passed over spoilt: ")


def test_under_torchrun_it_says_that_it_is_not_there_yet(file, capsys, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert call("train", file) == 2
    assert "not there yet" in capsys.readouterr().err


def test_evaluate_prints_one_object_that_agrees_with_the_run(trained, capsys):
    assert call("evaluate", trained, "--json") == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert err == ""
    finished = Run.open(trained).summary()
    assert found["accuracy"] == pytest.approx(finished.test_accuracy)
    confusion = found["confusion"]
    assert sum(map(sum, confusion)) == found["samples"] == 359
    assert sum(confusion[k][k] for k in range(10)) == round(found["accuracy"] * 359)
    for k, row in enumerate(found["per_class"]):
        assert row["class"] == str(k)
        assert row["samples"] == sum(confusion[k])
        assert row["recall"] == pytest.approx(confusion[k][k] / sum(confusion[k]))
        claimed = sum(line[k] for line in confusion)
        assert row["precision"] == pytest.approx(confusion[k][k] / claimed if claimed else 0)
        both = row["precision"] + row["recall"]
        assert row["f1"] == pytest.approx(2 * row["precision"] * row["recall"] / both if both else 0)
    assert call("evaluate", trained) == 0
    assert "confusion" in capsys.readouterr().out
    assert call("evaluate", trained, "--weights", "last", "--json") == 0
    assert json.loads(capsys.readouterr().out)["weights"].endswith("last.safetensors")


def test_evaluate_takes_a_document_with_weights(file, trained, capsys):
    assert call("evaluate", file, "--weights", trained / "best.safetensors", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["accuracy"] == pytest.approx(Run.open(trained).summary().test_accuracy)


def test_runs_lists_what_is_there(trained, tmp_path, capsys):
    assert call("runs", trained.parent, "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)["runs"]
    assert (found["name"], found["state"], found["epochs"], found["data"]) == (
        "run",
        "completed",
        2,
        "digits",
    )
    assert call("runs", trained.parent) == 0
    assert "completed" in capsys.readouterr().out
    assert call("runs", tmp_path, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"runs": []}


@pytest.mark.parametrize("format", ["python", "state-dict"])
def test_export_writes_and_names_the_files(trained, tmp_path, capsys, format):
    out = tmp_path / ("line.py" if format == "python" else "line.pt")
    assert call("export", trained, "--format", format, "-o", out) == 0
    written, said = capsys.readouterr()
    assert all(Path(line).is_file() for line in written.splitlines())
    assert written.splitlines()[0] == str(out)
    assert said.startswith("inputs are pixels on a scale of 0…1" if format == "state-dict" else "")
    assert said.count("\n") == (format == "state-dict")


def test_export_says_when_weights_are_fresh(file, capsys):
    assert call("export", file, "--format", "state-dict", "-o", "w.safetensors") == 0
    assert "freshly drawn" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_stops_cleanly_and_keeps_what_was_learned(file):
    program = "import sys; sys.path.insert(0, sys.argv.pop(1)); import app; raise SystemExit(app.main())"
    root = str(Path(train.__file__).parents[2])
    command = [sys.executable, "-c", program, root, "train", file, "--epochs", "100000", "--run", "r"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.startswith("epoch"):
                break
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert "stopped after" in out
    summary = Run.open("r").summary()
    assert summary.state == "stopped"
    assert summary.test_accuracy is not None


def test_the_demonstration_leaves_everything_it_names(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(demo, "_SETTINGS", {"epochs": 1, "batch": 256})
    (tmp_path / "shown").mkdir()
    assert call("demo", "-o", tmp_path / "shown") == 0
    out, _ = capsys.readouterr()
    folder = tmp_path / "shown-2"
    names = {path.name for path in folder.iterdir()}
    assert {"run", "lenet5.py", "lenet5.safetensors", "lenet5.pt", "lenet5.onnx"} <= names
    pictures = [path for path in folder.iterdir() if path.suffix == ".png"]
    assert len(pictures) == 4
    for path in pictures:
        with Image.open(path) as picture:
            assert min(picture.size) > 100
    assert all(name in out for name in names - {"run"})
    assert list((tmp_path / "shown").iterdir()) == []
