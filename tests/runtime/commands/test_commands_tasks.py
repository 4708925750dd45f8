"""Train, evaluate and predict say what suits the task: masks and their overlays, values in their unit."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from builder.architectures.unet import unet
from builder.document import Document
from builder.sketch import Sketch
from builder.writing import save
from runtime.commands import evaluate, export, predict, runs, train
from runtime.compile import build
from runtime.data import Data, load_data
from runtime.inspection.masks import class_colours
from runtime.training.records.runs import Run
from runtime.weights import load_into

QUICK = ("--epochs", 2, "--batch", 16, "--device", "cpu", "--precision", "fp32", "--set", "shift=0")


def call(*words: object) -> int:
    """The exit code of a command, as the program returns it."""
    parser = argparse.ArgumentParser(prog="app.py")
    subparsers = parser.add_subparsers(required=True)
    for command in (train, evaluate, predict, runs, export):
        command.add_parser(subparsers)
    try:
        arguments = parser.parse_args([str(word) for word in words])
    except SystemExit as stop:
        return int(stop.code or 0)
    code: int = arguments.run(arguments)
    return code


def answered(capsys: pytest.CaptureFixture[str], *words: object) -> Any:
    capsys.readouterr()
    assert call(*words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def best(folder: str) -> torch.nn.Module:
    run = Run.open(folder)
    assert isinstance(run, Run)
    model, weights = build(run.document), run.weights("best")
    assert isinstance(weights, dict)
    assert load_into(model, weights) is None
    return model.eval()


@pytest.fixture(scope="module")
def segmented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of a small U-Net on bright squares."""
    folder = tmp_path_factory.mktemp("segmented")
    chance = np.random.default_rng(1)
    pictures = chance.integers(0, 90, (60, 16, 16), np.uint8)
    masks = np.zeros((60, 16, 16), np.uint8)
    for picture, mask in zip(pictures, masks, strict=True):
        top, left = chance.integers(0, 8, 2)
        picture[top : top + 8, left : left + 8] += 150
        mask[top : top + 8, left : left + 8] = 1
    names = np.array(["ground", "square"])
    np.savez(folder / "squares.npz", images=pictures, masks=masks, classes=names)
    assert save(unet((1, 16, 16), 2, width=1 / 16, levels=1), folder / "unet.convolab") is None
    data = ("--data", folder / "squares.npz")
    assert call("train", folder / "unet.convolab", *data, *QUICK, "--run", folder / "run") == 0
    return folder


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of a small network on sums of series."""
    folder = tmp_path_factory.mktemp("measured")
    x = np.random.default_rng(2).normal(5, 2, (200, 1, 6)).astype(np.float32)
    y = np.stack([1000 + 10 * x.sum((1, 2)), x.max((1, 2))], axis=1).astype(np.float32)
    np.savez(folder / "sums.npz", x=x, y=y, targets=np.array(["sum", "largest"]))
    sketch = Sketch()
    wire = sketch.add("flatten", "flatten", sketch.input((1, 6)))
    sketch.output(sketch.add("fc", "linear", wire, out_features=2))
    assert save(Document("sums", sketch.graph), folder / "sums.convolab") is None
    data = ("--data", folder / "sums.npz")
    assert call("train", folder / "sums.convolab", *data, *QUICK, "--run", folder / "run") == 0
    return folder


@pytest.mark.parametrize(("name", "metric"), [("segmented", "mean IoU"), ("measured", "R²")])
def test_a_training_and_the_list_of_runs_name_the_score(
    name: str, metric: str, request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = request.getfixturevalue(name)
    capsys.readouterr()
    file = next(folder.glob("*.convolab"))
    data = next(folder.glob("*.npz"))
    assert call("train", file, "--data", data, *QUICK, "--run", tmp_path / "again") == 0
    lines = capsys.readouterr().out.splitlines()
    (first,) = [line for line in lines if line.startswith("epoch 1/2")]
    assert f"  {metric} " in first
    assert sum(f"test {metric} " in line for line in lines) == 1
    (told,) = answered(capsys, "runs", tmp_path)["runs"]
    assert told["metric"] == metric
    assert call("runs", tmp_path) == 0
    assert metric in capsys.readouterr().out


def test_evaluation_of_masks(segmented: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answered(capsys, "evaluate", segmented / "run")
    assert found["classes"] == ["ground", "square"]
    assert np.sum(found["confusion"]) == found["samples"] * 256
    iou = [row["iou"] for row in found["per_class"]]
    assert found["mean_iou"] == pytest.approx(np.mean(iou))
    run = Run.open(segmented / "run")
    assert isinstance(run, Run)
    assert run.summary().test_accuracy == pytest.approx(found["mean_iou"])
    assert call("evaluate", segmented / "run") == 0
    text = capsys.readouterr().out
    assert f"mean IoU {found['mean_iou']:.2%}" in text
    assert "pixel accuracy" in text
    assert text.count("square") == 3  # its figures, a row and a column of the confusion


def test_a_mask_and_its_overlay_are_written(segmented: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = segmented / "squares.npz", segmented / "masks"
    samples = (f"{source}:3", f"{source}:3", f"{source}:4")
    found = answered(capsys, "predict", segmented / "run", *samples, "-o", out)
    entry, again, _ = found["pictures"]
    assert len(list(out.iterdir())) == 6
    assert again["mask"] != entry["mask"]
    data = load_data(str(source), (1, 16, 16))
    assert isinstance(data, Data)
    with torch.no_grad():
        mask = best(str(segmented / "run"))(data.batch([3])[0])[0].argmax(0).numpy()
    with Image.open(entry["mask"]) as image:
        assert np.array_equal(np.asarray(image), mask)
    shares = {row["index"]: row["share"] for row in entry["classes"]}
    assert shares == {k: pytest.approx((mask == k).mean()) for k in (0, 1)}
    with Image.open(entry["overlay"]) as image:
        overlay = np.asarray(image)
    assert overlay.shape == (384, 384, 3)
    edges = (overlay == class_colours(2)[1]).all(2)
    assert edges.any() == (0 < (mask == 1).mean() < 1)
    assert call("predict", segmented / "run", samples[0]) == 0
    text = capsys.readouterr().out
    assert "ground" in text
    assert "%" in text


def test_masks_go_nowhere_where_there_is_a_file(
    segmented: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("no folder")
    sample = f"{segmented / 'squares.npz'}:3"
    assert call("predict", segmented / "run", sample, "-o", tmp_path / "taken") == 1
    assert "Masks are written into a folder" in capsys.readouterr().err


def test_evaluation_of_values_is_in_their_unit(measured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answered(capsys, "evaluate", measured / "run")
    assert [row["value"] for row in found["per_value"]] == ["sum", "largest"]
    data = load_data(str(measured / "sums.npz"), (1, 6))
    assert isinstance(data, Data)
    x, y = data.batch(data.splits["test"])
    with torch.no_grad():
        said = best(str(measured / "run"))(x) * torch.tensor(data.target_std) + torch.tensor(data.target_mean)
    off = (said - y).abs().mean(0).tolist()
    assert [row["mae"] for row in found["per_value"]] == pytest.approx(off, rel=1e-4)
    assert call("evaluate", measured / "run") == 0
    text = capsys.readouterr().out
    assert f"R² {found['r2']:.4g}" in text
    assert "confusion" not in text


def test_values_are_predicted_in_their_unit(measured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = measured / "sums.npz"
    (entry,) = answered(capsys, "predict", measured / "run", f"{source}:7")["pictures"]
    data = load_data(str(source), (1, 6))
    assert isinstance(data, Data)
    with torch.no_grad():
        said = best(str(measured / "run"))(data.batch([7])[0])[0]
    wanted = said * torch.tensor(data.target_std) + torch.tensor(data.target_mean)
    assert list(entry["values"]) == ["sum", "largest"]
    assert list(entry["values"].values()) == pytest.approx(wanted.tolist(), rel=1e-5)
    total, largest = data.labels[7].tolist()
    assert entry["label"] == f"sum {total:.6g}, largest {largest:.6g}"
    assert call("predict", measured / "run", f"{source}:7") == 0
    assert f"sum  {entry['values']['sum']:.6g}" in capsys.readouterr().out


def test_an_exported_program_tells_values_in_their_unit(tmp_path: Path) -> None:
    """How bright a picture is, in thousands."""
    chance = np.random.default_rng(7)
    pictures = chance.integers(0, 256, (60, 1, 1)).repeat(6, 1).repeat(6, 2).astype(np.uint8)
    values = 5000 + 10 * pictures[:, :1, 0].astype(np.float32)
    np.savez(tmp_path / "grey.npz", images=pictures, y=values, targets=np.array(["light"]))
    sketch = Sketch()
    wire = sketch.add("flatten", "flatten", sketch.input((1, 6, 6)))
    sketch.output(sketch.add("fc", "linear", wire, out_features=1))
    assert save(Document("light", sketch.graph), tmp_path / "light.convolab") is None
    run = ("--run", tmp_path / "run")
    assert call("train", tmp_path / "light.convolab", "--data", tmp_path / "grey.npz", *QUICK, *run) == 0
    assert call("export", tmp_path / "run", "--format", "python", "-o", tmp_path / "light.py") == 0
    Image.fromarray(pictures[0]).save(tmp_path / "grey.png")
    command = [sys.executable, "-I", str(tmp_path / "light.py"), str(tmp_path / "grey.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    _, told = done.stdout.splitlines()
    data = load_data(str(tmp_path / "grey.npz"), (1, 6, 6))
    assert isinstance(data, Data)
    with torch.no_grad():
        said = best(str(tmp_path / "run"))(data.batch([0])[0])[0, 0]
    name, value = told.split()
    assert name == "light"
    assert float(value) == pytest.approx(float(said) * data.target_std[0] + data.target_mean[0], rel=1e-4)


def test_weights_beside_a_document_are_read_in_the_unit_of_its_data(
    measured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run.open(measured / "run")
    assert isinstance(run, Run)
    assert save(run.document, tmp_path / "sums.convolab") is None
    weights = ("--weights", measured / "run" / "best.safetensors")
    sample = f"{measured / 'sums.npz'}:7"
    alone = answered(capsys, "predict", tmp_path / "sums.convolab", *weights, sample)
    by_run = answered(capsys, "predict", measured / "run", sample)
    assert list(alone["pictures"][0]["values"].values()) == pytest.approx(
        list(by_run["pictures"][0]["values"].values())
    )
    assert call("predict", tmp_path / "sums.convolab", *weights, sample, "-o", tmp_path) == 2


def test_an_exported_onnx_file_tells_what_predict_tells(
    measured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    source = measured / "sums.npz"
    (entry,) = answered(capsys, "predict", measured / "run", f"{source}:7")["pictures"]
    out = tmp_path / "sums.onnx"
    assert call("export", measured / "run", "--format", "onnx", "-o", out) == 0
    told = capsys.readouterr()
    assert told.out.split() == [str(out)]
    assert "outputs are values in their own unit: sum, largest" in told.err
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    said = session.get_modelmeta().custom_metadata_map
    mean, std = json.loads(said["input_mean"])[0], json.loads(said["input_std"])[0]
    x = np.load(source)["x"][7:8]
    (found,) = session.run(None, {"input": ((x - mean) / std).astype(np.float32)})
    assert list(entry["values"].values()) == pytest.approx(found[0].tolist(), rel=1e-4)


def test_exported_weights_and_networks_without_a_run_say_what_their_outputs_are(
    measured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = ("--format", "state-dict", "-o", tmp_path / "sums.safetensors")
    assert call("export", measured / "run", *weights) == 0
    assert "value = output × std + mean" in capsys.readouterr().err
    assert call("export", measured / "sums.convolab", *weights) == 0
    assert "outputs are as the network has them" in capsys.readouterr().err
