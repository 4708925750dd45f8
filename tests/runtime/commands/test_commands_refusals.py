"""What commands know again, what they refuse, and in which words: classes, folders, runs, settings, units."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import app
from builder.document import Document
from builder.sketch import Sketch
from builder.writing import save
from runtime.training.evaluating.views import views_of
from runtime.training.records.runs import Run

QUICK = [
    "--epochs",
    "4",
    "--batch",
    "8",
    "--device",
    "cpu",
    "--precision",
    "fp32",
    "--set",
    "learning_rate=0.05",
]


def call(*words: object) -> int:
    return app.main([str(word) for word in words])


def draw(outputs: int = 2, shape: tuple[int, ...] = (1, 8, 8), name: str = "line") -> Document:
    sketch = Sketch()
    wire = sketch.add("flatten", "flatten", sketch.input(shape))
    sketch.output(sketch.add("fc", "linear", wire, out_features=outputs))
    return Document(name, sketch.graph)


def paint(folder: Path, dark: str, light: str) -> None:
    """Class folders of dark and of light pictures."""
    chance = np.random.default_rng(0)
    for name, level in ((dark, 40), (light, 200)):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            pixels = chance.integers(level - 30, level + 30, (8, 8)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``run``, which tells dark ants from light bees, trained on ``tr``, named from where it lies."""
    folder = tmp_path_factory.mktemp("trained")
    paint(folder / "tr", "ant", "bee")
    assert save(draw(), folder / "line.convolab") is None
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert call("train", "line.convolab", "--data", "tr", *QUICK, "--run", "run") == 0
    return folder


@pytest.fixture
def here(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, in which one works."""
    folder = tmp_path / "here"
    shutil.copytree(trained, folder)
    monkeypatch.chdir(folder)
    return folder


def relate(run: Path) -> None:
    """Let a run name its data from where it was trained, as runs did once."""
    file = run / "document.convolab"
    file.write_text(re.sub(r'"source": "[^"]*"', '"source": "tr"', file.read_text()))


def accuracy(capsys: pytest.CaptureFixture[str], *words: object) -> float:
    capsys.readouterr()
    assert call("evaluate", *words, "--json") == 0
    return float(json.loads(capsys.readouterr().out)["accuracy"])


# classes -------------------------------------------------------------------------------------------------


def test_classes_in_another_order_are_known_by_their_names(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert accuracy(capsys, "run", "--data", "tr") == 1.0
    for dark, light, expected in (("ant", "bee", 1.0), ("bee", "ant", 0.0)):
        paint(here / dark, dark, light)
        (here / f"{dark}.csv").write_text(
            "file,label\n"
            + "".join(f"{dark}/{name}/{i}.png,{name}\n" for i in range(20) for name in (light, dark))
        )
        assert accuracy(capsys, "run", "--data", f"{dark}.csv") == expected
    # an archive whose classes come in the other order
    x = np.concatenate([np.full((20, 8, 8), 40, np.uint8), np.full((20, 8, 8), 200, np.uint8)])
    y = np.repeat([1, 0], 20)
    np.savez(here / "turned.npz", images=x, labels=y, classes=np.array(["bee", "ant"]))
    assert accuracy(capsys, "run", "--data", "turned.npz") == 1.0


def test_other_classes_are_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paint(here / "other", "zebra", "bee")
    assert call("evaluate", "run", "--data", "other") == 1
    err = capsys.readouterr().err
    assert "'run' learnt ant, bee, other has bee, zebra" in err
    relate(here / "run")
    (here / "tr" / "ant").rename(here / "tr" / "zebra")
    assert call("evaluate", "run") == 1
    assert "learnt ant, bee" in capsys.readouterr().err


def test_numbers_are_taken_in_order_and_it_is_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = np.concatenate([np.full((20, 8, 8), 40, np.uint8), np.full((20, 8, 8), 200, np.uint8)])
    np.savez(here / "plain.npz", images=x, labels=np.repeat([0, 1], 20))
    assert accuracy(capsys, "run", "--data", "plain.npz") == 1.0
    assert call("evaluate", "run", "--data", "plain.npz") == 0
    assert "warning: data.source: A network is tested on the classes" in capsys.readouterr().err


def test_masks_are_put_in_order_too() -> None:
    from runtime.data import load_data
    from runtime.training.evaluating.naming import in_order

    data = load_data("shapes", (3, 64, 64))
    turned = in_order(data, data.classes[::-1])  # type: ignore[union-attr,arg-type]
    assert turned.classes == data.classes[::-1]  # type: ignore[union-attr]
    assert turned.labels.dtype == torch.uint8
    back = in_order(turned, data.classes)  # type: ignore[union-attr]
    assert torch.equal(back.labels, data.labels)  # type: ignore[union-attr]
    assert torch.equal(turned.labels, 3 - data.labels)  # type: ignore[union-attr]


# folders -------------------------------------------------------------------------------------------------


def test_a_run_finds_its_data_from_anywhere(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("train", "line.convolab", "--data", "tr", *QUICK, "--run", "again") == 0
    run = Run.open("again")
    assert isinstance(run, Run)
    assert run.document.data["source"] == str(here / "tr")
    monkeypatch.chdir(tmp_path)
    assert call("evaluate", here / "again") == 0
    assert call("train", "--resume", "--run", here / "again", "--epochs", "5") == 0


def test_where_data_was_looked_for_is_said(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    relate(here / "run")
    assert call("evaluate", "run") == 0  # where it was trained
    monkeypatch.chdir(tmp_path)
    assert call("evaluate", here / "run") == 1
    assert f"'tr' is neither, looked for in {tmp_path}" in capsys.readouterr().err


# runs ----------------------------------------------------------------------------------------------------


def test_a_run_goes_on_with_its_own_network_alone(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "lenet5", "--resume", "--run", "run", "--epochs", "5") == 2
    err = capsys.readouterr().err
    assert "'run' trains line, 'lenet5' differs in " in err
    assert len(err.splitlines()) == 1
    assert call("train", "nothing", "--resume", "--run", "run") == 1
    assert call("train", "line.convolab", "--resume", "--run", "run", "--epochs", "5") == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["train", "line.convolab", "--run", "file"], 1, "A run is a folder: 'file' is a file"),
        (["train", "line.convolab", "--resume", "--run", "file"], 1, "'file' is a file"),
        (["train", "line.convolab", "--run", ""], 2, "--run wants the name of a folder, not ''"),
        (["train", "--resume", "--run", ""], 2, "--run wants the name of a folder, not ''"),
        (["evaluate", "nosuchrun"], 1, "the folder of a run, a document, or a built-in architecture"),
        (["evaluate", "lenet"], 1, "Did you mean lenet5"),
        (["train", "line.convolab", "--set", "rate_by_node=x"], 2, "By stock it is empty"),
    ],
)
def test_the_words_of_refusals(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    (here / "file").write_text("")
    assert call(*words) == code
    err = capsys.readouterr().err
    assert said in err
    assert "xception" not in err  # no list of all there is


def test_a_damaged_run_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree("run", "bad")
    Path("bad/document.convolab").write_text('{"format": ')
    shutil.copytree("run", "unset")
    Path("unset/settings.json").write_text('{"epochs": -1}')
    for words in (["evaluate", "bad"], ["train", "--resume", "--run", "bad"]):
        assert call(*words) == 1
        assert "bad/document.convolab" in capsys.readouterr().err
    assert call("runs", ".", "--compare", "run", "bad") == 1
    assert "bad/document.convolab" in capsys.readouterr().err
    assert call("evaluate", "unset") == 1
    assert "unset/settings.json: training.epochs" in capsys.readouterr().err


# settings ------------------------------------------------------------------------------------------------


def test_settings_that_disagree_are_told_and_trained(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--set", "schedule=one-cycle", "--set", "warmup=4", "--set", "threads=1000"]
    assert call("train", "line.convolab", "--data", "tr", *QUICK, *more, "--run", "odd") == 0
    err = capsys.readouterr().err
    assert "warning: training.warmup: " in err
    assert "warmup=4 epochs, the run has 4" in err
    assert "warning: training.threads: " in err


def test_epoch_lines_tell_the_throughput(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "line.convolab", "--data", "tr", *QUICK, "--run", "fast") == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch ")]
    assert lines
    assert all(re.search(r"\d s  [\d,]+ images/s(  best)?$", line) for line in lines)


def test_of_masks_mirroring_alone_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    from runtime.data import load_data
    from runtime.training.augmentation import Augmentation
    from runtime.training.settings import Settings

    data = load_data("shapes", (3, 64, 64))
    cpu = torch.device("cpu")
    told = views_of(Augmentation(data, Settings(shift=0.1), cpu))  # type: ignore[arg-type]
    assert "moved or cut, but not mirrored" in told.message  # type: ignore[union-attr]
    assert told.message.endswith("train with flip")  # type: ignore[union-attr]
    still = views_of(Augmentation(data, Settings(shift=0.0), cpu))  # type: ignore[arg-type]
    assert "neither moved nor cut nor mirrored" in still.message  # type: ignore[union-attr]
    assert still.message.endswith("train with flip")  # type: ignore[union-attr]


# units ---------------------------------------------------------------------------------------------------


def test_values_are_never_told_as_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(1).integers(0, 255, (60, 8, 8)).astype(np.uint8)
    np.savez("grey.npz", images=x, values=100 * x.mean((1, 2)).astype(np.float32))
    assert save(draw(1), "line.convolab") is None
    Image.fromarray(x[0]).save("one.png")
    assert call("train", "line.convolab", "--data", "grey.npz", *QUICK, "--run", "run") == 0
    capsys.readouterr()
    assert call("predict", "run", "one.png", "--json") == 0
    before = json.loads(capsys.readouterr().out)["pictures"][0]["values"]
    Path("run/environment.json").unlink()
    assert call("predict", "run", "one.png", "--json") == 0
    again = json.loads(capsys.readouterr().out)["pictures"][0]["values"]
    assert list(again.values()) == pytest.approx(list(before.values()), rel=1e-5)
    Path("grey.npz").unlink()
    assert call("predict", "run", "one.png") == 1
    assert "in the unit that a run recorded" in capsys.readouterr().err
