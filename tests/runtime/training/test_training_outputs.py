"""Networks of several outputs: the loss is their weighted sum, and the first one answers."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from builder.analysis import analyze
from builder.document import Document
from builder.edits import Batch
from builder.errors import Problem
from builder.fixes import proposals
from builder.sketch import Sketch
from runtime.commands import evaluate as evaluate_command
from runtime.commands.common import Subject
from runtime.commands.looks import Look
from runtime.commands.shown import Pictures, Shown
from runtime.compile import build
from runtime.data import Data, load_data
from runtime.data.preparation import Preparation
from runtime.exporting import export_onnx, export_python
from runtime.panels.looking.backstage import Backstage, DataWish, Picture, View, Weights
from runtime.training.control import Control
from runtime.training.evaluating.evaluation import evaluate
from runtime.training.events import Maps, Steps, Trouble
from runtime.training.loop import check, train
from runtime.training.randomness import seed_of, seeded
from runtime.training.records.runs import Run
from runtime.training.settings import Settings
from runtime.training.tasks import Classification, task_of
from runtime.weights import load_into

QUICK = Settings(epochs=2, batch=128, learning_rate=1e-2, label_smoothing=0.0, device="cpu")
SHAPE = (1, 8, 8)


def draw(weight: float = 0.3, *, classes: int = 10, main: float = 1.0) -> Document:
    """A convolution, a classifier on it, and behind another convolution the main one."""
    sketch = Sketch()
    early = sketch.add("conv1", "conv", sketch.input(SHAPE), out_channels=4, padding=1)
    early = sketch.add("relu1", "relu", early)
    wire = sketch.add("conv2", "conv", early, out_channels=8, stride=2, padding=1)
    wire = sketch.add("flatten2", "flatten", sketch.add("relu2", "relu", wire))
    sketch.output(sketch.add("fc", "linear", wire, out_features=10), "answer", loss_weight=main)
    helper = sketch.add("flatten1", "flatten", early, row=1)
    helper = sketch.add("aux", "linear", helper, out_features=classes)
    sketch.output(helper, "helper", loss_weight=weight)
    return Document("helped", sketch.graph, data={"source": "digits"})


@pytest.fixture(scope="module")
def digits() -> Data:
    data = load_data("digits", SHAPE)
    assert isinstance(data, Data)
    return data


def weighted(run: Run) -> nn.Module:
    """The network of a run with its best weights."""
    weights, model = run.weights("best"), build(run.document)
    assert not isinstance(weights, Problem)
    assert load_into(model, weights) is None
    return model


def test_training_lowers_the_weighted_sum_and_is_judged_by_the_first_output(
    tmp_path: Path, digits: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, wanted = draw(), []
    loss = Classification.loss

    def noted(self: Classification, outputs: tuple[Tensor, Tensor], labels: Tensor) -> Tensor:
        main, helper = outputs
        wanted.append(F.cross_entropy(main, labels).item() + 0.3 * F.cross_entropy(helper, labels).item())
        return loss(self, outputs, labels)

    monkeypatch.setattr(Classification, "loss", noted)
    control = Control()
    control.watch("conv1", 0)
    run = Run.create(tmp_path, document, QUICK)
    assert isinstance(run, Run)
    events = list(train(document, QUICK, digits, control=control, run=run))
    told = [step for event in events if isinstance(event, Steps) for step in event.loss]
    assert told == pytest.approx(wanted[-len(told) :])  # what is tried before the first step is told nowhere
    assert wanted[-1] < wanted[0]
    with torch.no_grad():
        images, labels = digits.batch(digits.splits["test"])
        first = weighted(run).eval()(images)[0]
    finished = events[-1]
    assert finished.test_accuracy == pytest.approx((first.argmax(1) == labels).float().mean().item())
    assert finished.test_accuracy > 0.25
    assert finished.test_loss == pytest.approx(F.cross_entropy(first, labels).item())
    maps = [event for event in events if isinstance(event, Maps)]
    assert sum(maps[-1].prediction) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("weight", "left"), [(0.0, {"aux.weight", "aux.bias"}), (0.3, set())])
def test_the_weight_says_whether_a_helper_learns_at_all(
    weight: float, left: set[str], digits: Data, tmp_path: Path
) -> None:
    with seeded(seed_of(QUICK.seed, "initial weights")):
        fresh = build(draw()).state_dict()
    run = Run.create(tmp_path, draw(weight), QUICK)
    assert isinstance(run, Run)
    assert list(train(draw(weight), QUICK.replace(epochs=1), digits, run=run))[-1].reason == "completed"
    learnt = weighted(run).state_dict()
    assert {key for key, value in learnt.items() if torch.equal(value, fresh[key])} == left


def test_only_what_is_learnt_from_must_be_scores_of_the_classes(digits: Data) -> None:
    (problem,) = check(draw(classes=7), QUICK, digits)
    assert (problem.code, problem.path) == ("class-count", "aux")
    events = list(train(draw(classes=7), QUICK, digits))
    assert [event.problem for event in events if isinstance(event, Trouble)] == [problem]
    assert check(draw(0.0, classes=7), QUICK, digits) == []
    assert check(draw(classes=7), None, digits) == []


def test_a_network_whose_outputs_all_count_nothing_is_told_so(digits: Data) -> None:
    (problem,) = check(draw(0.0, main=0.0), QUICK, digits)
    assert (problem.code, problem.path) == ("no-loss", "answer")
    assert "all are 0. Set the first output's to 1" in problem.message
    assert check(draw(0.0, main=0.0), None, digits) == []
    assert check(draw(main=0.0), QUICK, digits) == []


def test_the_repair_of_a_helper_mends_the_helper(digits: Data) -> None:
    document = draw(classes=7)
    (problem,) = check(document, QUICK, digits)
    first = proposals(document, analyze(document), problem)[0]
    assert first.label == "aux: 10 outputs"
    document.apply(Batch(tuple(first.edits)))
    assert check(document, QUICK, digits) == []


# whoever predicts -----------------------------------------------------------------------------------------------


@pytest.fixture
def opposed(tmp_path: Path) -> Run:
    """A run whose network says 3 at its first output and 8 at its second, whatever it sees."""
    run = Run.create(tmp_path, draw(), QUICK, name="run")
    assert isinstance(run, Run)
    model = build(draw())
    with torch.no_grad():
        model.fc.weight.zero_()
        model.fc.bias.copy_(5 * F.one_hot(torch.tensor(3), 10))
        model.aux.weight.zero_()
        model.aux.bias.copy_(5 * F.one_hot(torch.tensor(8), 10))
    run.save_weights("best", dict(model.state_dict()), 1, 0.5)
    run.close()
    return run


def test_evaluation_is_of_the_first_output(
    opposed: Run, digits: Data, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    evaluate_command.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["evaluate", str(opposed.folder), "--json"])
    assert arguments.run(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    taken_for = np.array(told["confusion"]).sum(axis=0)
    assert taken_for.nonzero()[0].tolist() == [3]
    found = evaluate(
        weighted(opposed), digits, "test", torch.device("cpu"), task_of(opposed.document, digits)
    )
    assert found is not None
    assert found.accuracy == told["accuracy"] == told["confusion"][3][3] / told["samples"]


def test_pictures_are_named_by_the_first_output(opposed: Run, digits: Data) -> None:
    shown = Pictures(Preparation.of(digits)).show("digits:17")
    assert isinstance(shown, Shown)
    look = Look(
        Subject(opposed.document, opposed), analyze(opposed.document), "conv1", (4, 8, 8), shown, digits.classes,
        None, None,
    )  # fmt: skip
    assert "taken for 3" in look._said(weighted(opposed), trained=True)
    stage = Backstage()
    picture = stage.picture(DataWish("digits", SHAPE), 17)
    assert isinstance(picture, Picture)
    view = stage.view(opposed.document, Weights(opposed.weights_file("best"), "best"), "helper", picture)
    assert isinstance(view, View)
    assert view.values.argmax() == 8
    assert np.argmax(view.prediction) == 3


def test_the_python_program_says_the_first_output(opposed: Run, digits: Data, tmp_path: Path) -> None:
    model = weighted(opposed)
    export_python(opposed.document, model, Preparation.of(digits), tmp_path / "helped.py")
    Image.new("L", (8, 8)).save(tmp_path / "dark.png")
    command = [sys.executable, "-I", str(tmp_path / "helped.py"), str(tmp_path / "dark.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].split()[1] == "3"


def test_onnx_has_every_output_the_first_first(opposed: Run, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    out = tmp_path / "helped.onnx"
    assert export_onnx(opposed.document, weighted(opposed), out) == [out]
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    assert [port.name for port in session.get_outputs()] == ["answer", "helper"]
    answer, helper = session.run(None, {"input": np.zeros((3, *SHAPE), np.float32)})
    assert (answer.argmax(1) == 3).all()
    assert (helper.argmax(1) == 8).all()
