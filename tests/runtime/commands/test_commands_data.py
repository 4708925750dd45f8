"""``data`` tells what a source holds; what is known and missing is fetched first."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import app
from builder.errors import Problem
from runtime.data import known as known_module
from runtime.data.known import Source
from tests.runtime.data.test_data_idx import write_pair

CHANCE = np.random.default_rng(0)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert app.main(["data", *arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_what_the_digits_are(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "digits")
    assert found["source"] == "digits"
    assert (found["task"], found["kind"], found["samples"]) == ("classification", "pictures", 1797)
    assert found["input_shape"] == [1, 8, 8]
    assert found["splits"] == {"train": 1078, "validation": 360, "test": 359}
    assert {name: sum(counts) for name, counts in found["balance"].items()} == found["splits"]
    assert told(capsys, "digits", "--input", "3,28,28")["input_shape"] == [3, 28, 28]
    assert app.main(["data", "digits"]) == 0
    out = capsys.readouterr().out
    assert "1,797 pictures" in out
    assert "1,078" in out


def test_series_and_their_targets(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    np.savez(
        tmp_path / "s.npz", x=CHANCE.normal(size=(20, 2, 7)), y=CHANCE.normal(3, 1, (20, 1)), targets=["far"]
    )
    found = told(capsys, str(tmp_path / "s.npz"))
    assert (found["task"], found["kind"], found["input_shape"]) == ("regression", "series", [2, 7])
    assert (found["targets"], found["target_shape"], found["balance"]) == (["far"], [1], {})
    assert found["target_mean"][0] == pytest.approx(3, abs=1)
    assert app.main(["data", str(tmp_path / "s.npz")]) == 0
    out = capsys.readouterr().out
    assert "far" in out
    assert "own unit" in out


def test_files_left_out_are_listed_and_told_by_train(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "set" / name).mkdir(parents=True)
        for k in range(10):
            pixels = CHANCE.integers(0, 256, (9, 9), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "set" / name / f"{k}.png")
    (tmp_path / "set" / "cat" / "3.png").write_bytes(b"none")
    found = told(capsys, str(tmp_path / "set"))
    assert [skipped["file"] for skipped in found["skipped"]] == ["cat/3.png"]
    assert app.main(["data", str(tmp_path / "set")]) == 0
    assert "left out: 1\n  cat/3.png: its contents are of no known" in capsys.readouterr().out
    app.main(["new", "lenet5", "--classes", "2", "-o", str(tmp_path / "n.convolab")])
    arguments = ["--data", str(tmp_path / "set"), "--epochs", "1", "--run", str(tmp_path / "run")]
    assert (
        app.main(["train", str(tmp_path / "n.convolab"), *arguments, "--device", "cpu", "--batch", "8"]) == 0
    )
    assert "warning: Files that can't be used are left out: 1 of 'set': cat/3.png" in capsys.readouterr().err


def test_what_is_missing_is_fetched(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_module, "places", lambda name, _torchvision: (tmp_path / name,))

    def arrive(source: Source, progress: object) -> Problem | None:
        if source.name == "fashion-mnist":
            return Problem("download-failed", "It could not be fetched", "no network")
        for stem, count in (("train", 40), ("t10k", 8)):
            pictures = CHANCE.integers(0, 256, (count, 6, 5), np.uint8)
            write_pair(source.folders()[-1], stem, pictures, np.arange(count) % 10)
            progress(stem, 1, 2)
            progress(stem, 2, 2)
        return None

    monkeypatch.setattr(Source, "download", arrive)
    assert app.main(["data", "mnist", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["samples"] == 48
    assert "MNIST is not on this computer: 12 MB to download" in err
    assert app.main(["train", "lenet5", "--data", "fashion-mnist", "--run", str(tmp_path / "run")]) == 1
    assert "could not be fetched: no network" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("arguments", [["nothere"], ["digits", "--input", "7,7,7"]])
def test_what_cannot_be_told(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert app.main(["data", *arguments]) == 1
    assert capsys.readouterr().err.startswith("error: ")
