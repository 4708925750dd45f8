"""``find-lr``, ``evaluate --recalibrate`` and ``evaluate --tta``."""

from __future__ import annotations

import json
import re

import pytest
from safetensors.torch import load_file

import app
from builder.document import Document
from builder.sketch import Sketch
from builder.writing import save


def draw(norm=True):
    sketch = Sketch()
    wire = sketch.add("conv", "conv", sketch.input((1, 8, 8)), out_channels=4, kernel_size=3)
    wire = sketch.add("bn", "batch_norm", wire) if norm else wire
    wire = sketch.add("flatten", "flatten", wire)
    sketch.output(sketch.add("fc", "linear", wire, out_features=10))
    return Document("small", sketch.graph)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Runs of the digits: with a batch norm, and without."""
    folder = tmp_path_factory.mktemp("trained")
    for name, norm in (("with", True), ("without", False)):
        file = folder / f"{name}.convolab"
        assert save(draw(norm), file) is None
        assert (
            app.main(["train", str(file), "--epochs", "1", "--batch", "256", "--run", str(folder / name)])
            == 0
        )
    return folder


def test_find_lr_prints_a_curve_and_a_rate_to_use(trained, capsys):
    file = str(trained / "with.convolab")
    assert app.main(["find-lr", file, "--json", "--set", "optimizer=sgd", "--batch", "64"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["rates"]) == len(found["losses"]) > 20
    assert 1e-5 < found["suggestion"] < 1
    assert (found["network"], found["optimizer"]) == ("small", "sgd")
    assert app.main(["find-lr", file, "--set", "optimizer=sgd", "--batch", "64"]) == 0
    out = capsys.readouterr().out
    assert f"--set learning_rate={found['suggestion']:g}" in out
    assert "█" in out


def test_find_lr_says_so_where_nothing_falls(trained, capsys):
    file = str(trained / "with.convolab")
    still = "rate_by_node=conv=1e-30 bn=1e-30 fc=1e-30"  # the loss of whole epochs only wavers
    assert app.main(["find-lr", file, "--set", still, "--set", "shift=0", "--batch", "1000"]) == 1
    assert "does not fall" in capsys.readouterr().err
    assert app.main(["find-lr", file, "--set", "rate_by_node=nowhere=1"]) == 1
    assert "'nowhere' is none" in capsys.readouterr().err
    assert app.main(["find-lr", "nothing"]) == 1


def test_a_run_that_ends_early_says_why(trained, tmp_path, capsys):
    still = ["--set", "optimizer=sgd", "--set", "momentum=0", "--set", "learning_rate=1e-8"]
    arguments = ["train", str(trained / "without.convolab"), "--epochs", "9", "--batch", "512", *still]
    assert app.main([*arguments, "--set", "early_stopping=2", "--run", str(tmp_path / "run")]) == 0
    out = capsys.readouterr().out
    best = re.search(r"ended early: validation got no better after epoch (\d)", out)
    assert best
    assert f"epoch {int(best[1]) + 2}/9" in out
    assert f"epoch {int(best[1]) + 3}/9" not in out


def test_evaluate_recalibrates_tells_the_difference_and_writes_the_weights(trained, tmp_path, capsys):
    run, file = str(trained / "with"), str(tmp_path / "new.safetensors")
    assert app.main(["evaluate", run, "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert app.main(["evaluate", run, "--recalibrate", "--save", file, "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    told = again["recalibration"]
    assert told["before"]["loss"] == pytest.approx(plain["loss"])
    assert again["loss"] != pytest.approx(plain["loss"], rel=1e-3)
    assert ([layer["path"] for layer in told["layers"]], told["file"]) == (["bn"], file)
    old, new = load_file(f"{run}/best.safetensors"), load_file(file)
    changed = {name for name, value in new.items() if not value.equal(old[name])}
    assert {"bn.running_mean", "bn.running_var"} <= changed
    assert all(name.startswith("bn.") and "weight" not in name for name in changed)
    assert app.main(["evaluate", run, "--weights", file, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["loss"] == pytest.approx(again["loss"])
    assert app.main(["evaluate", run, "--recalibrate"]) == 0
    out = capsys.readouterr().out
    assert "recalibrated 1 batch norm:" in out
    assert "before: loss" in out


def test_what_cannot_be_recalibrated_is_told(trained, capsys):
    assert app.main(["evaluate", str(trained / "without"), "--recalibrate"]) == 1
    assert "has no batch norm" in capsys.readouterr().err
    assert app.main(["evaluate", str(trained / "with"), "--save", "x.safetensors"]) == 2
    nowhere = str(trained / "no" / "such" / "folder.safetensors")
    assert app.main(["evaluate", str(trained / "with"), "--recalibrate", "--save", nowhere]) == 1


def test_evaluate_averages_over_views_that_training_made_and_says_how_many(trained, tmp_path, capsys):
    run = str(trained / "with")
    assert app.main(["evaluate", run, "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert app.main(["evaluate", run, "--tta", "--json"]) == 0
    viewed = json.loads(capsys.readouterr().out)
    assert viewed.pop("tta") == 5
    assert viewed.keys() == plain.keys()
    assert viewed["loss"] != plain["loss"]
    assert app.main(["evaluate", run, "--tta"]) == 0
    assert "averaged over 5 views of each sample" in capsys.readouterr().out


def test_where_training_varied_nothing_there_is_nothing_to_average(trained, tmp_path, capsys):
    document = Document("still", draw().network, training={"shift": 0.0})
    file = tmp_path / "still.convolab"
    assert save(document, file) is None
    weights = str(trained / "with" / "best.safetensors")
    assert app.main(["evaluate", str(file), "--weights", weights, "--tta"]) == 1
    assert "neither moved nor cut nor mirrored" in capsys.readouterr().err
