"""What ``check`` tells beside shapes: memory, modules, the smallest input, many input sizes, MACs or FLOPs."""

from __future__ import annotations

import json
from typing import Any

import pytest

import app
from builder.analysis import analyze
from builder.analysis.memory import OPTIMIZERS, PRECISIONS, Budget
from builder.analysis.sizes import Sizes, minimum_input, sweep
from builder.architectures import ARCHITECTURES
from builder.checking import sizes_argument, told


def _json(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    assert app.main(["check", *arguments, "--json"]) == code
    said = capsys.readouterr()
    assert not said.err
    return json.loads(said.out)


def _text(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert app.main(["check", *arguments]) == code
    return capsys.readouterr().out


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_memory_under_the_conditions_asked_for(
    precision: str, optimizer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--batch", "16", "--precision", precision, "--optimizer", optimizer)
    found = _json(capsys, "lenet5", *given)["memory"]
    analysis = analyze(ARCHITECTURES["lenet5"].build(), batch=16)
    memory = Budget(analysis, precision=precision, optimizer=optimizer).total()
    assert found == memory.to_json()
    assert (found["batch"], found["precision"], found["optimizer"]) == (16, precision, optimizer)
    text = _text(capsys, "lenet5", *given)
    for figure in (memory.training, memory.inference, memory.file, memory.peak):
        assert f"{figure:,}" in text


def test_nodes_and_modules_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    found = _json(capsys, "resnet18", "--precision", "bf16")
    layer1 = next(module for module in found["modules"] if module["path"] == "layer1")
    inside = [node for node in found["nodes"] if node["path"].startswith("layer1.")]
    assert (layer1["module"], layer1["leaves"]) == ("Stage", len(inside))
    for figure in ("parameters", "buffers", "macs", "flops"):
        assert layer1[figure] == sum(node[figure] for node in inside)
    for figure in ("weights", "buffers", "gradients", "optimizer", "activations"):
        assert layer1["memory"][figure] == sum(node["memory"][figure] for node in inside)
    assert layer1["memory"]["alive"] == max(node["memory"]["alive"] for node in inside)
    text = _text(capsys, "resnet18", "--modules")
    assert "layer4.1" in text
    assert "layer4.1.conv1" not in text


def test_the_convention_is_said_wherever_work_is(capsys: pytest.CaptureFixture[str]) -> None:
    flops, macs = (_text(capsys, "lenet5", "--convention", name) for name in ("flops", "macs"))
    assert "0.83 MFLOPs (two for each multiply-add)" in flops
    assert "0.42 MMACs (one for each multiply-add)" in macs
    assert "MFLOPs" not in macs
    assert "MMACs" not in flops
    assert flops == _text(capsys, "lenet5")
    found = _json(capsys, "lenet5", "--convention", "macs")
    assert found["convention"] == "macs"
    assert (found["totals"]["macs"], found["totals"]["flops"]) == (
        416_520,
        833_040,
    )  # both, whatever is asked


def test_the_smallest_input(capsys: pytest.CaptureFixture[str]) -> None:
    document = ARCHITECTURES["vgg16"].build()
    minimum = minimum_input(document)
    assert minimum is not None
    assert "smallest input 32×32, every larger one up to 224×224 works" in _text(capsys, "vgg16")
    assert _json(capsys, "vgg16")["minimum_input"] == minimum.to_json()
    assert "The smallest input is 32×32." in _text(capsys, "vgg16", "--input", "3,20,20", code=1)


def test_a_sweep_has_a_row_for_each_size(capsys: pytest.CaptureFixture[str]) -> None:
    found = _json(capsys, "vgg16", "--sweep", "16:112:48", "--batch", "2", "--optimizer", "sgd")
    sizes = Sizes(ARCHITECTURES["vgg16"].build(), batch=2)
    assert found["sweep"] == [row.to_json() for row in sweep(sizes, (16, 64, 112), optimizer="sgd")]
    assert [row["ok"] for row in found["sweep"]] == [False, True, True]
    lines = _text(capsys, "vgg16", "--sweep", "16,64").splitlines()
    assert lines[1].split()[0] == "3×16×16"
    assert "window must fit" in lines[1]
    assert lines[2].split()[:2] == ["3×64×64", "1000"]
    assert "sweep" not in _json(capsys, "lenet5")


@pytest.mark.parametrize(
    ("text", "sizes"),
    [("32:256:32", range(32, 257, 32)), ("3:5", range(3, 6)), ("64,32", (64, 32)), ("7", (7,))],
)
def test_sizes_are_a_range_or_a_list(text: str, sizes: object) -> None:
    assert sizes_argument(text) == sizes


@pytest.mark.parametrize(
    "text", ["0:5", "5:3", "1:4096", "a", "", "1:2:0", "1:2:3:4", "1,2:3", "5000", "-4:8"]
)
def test_sizes_that_are_none_are_misuse(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["check", "lenet5", f"--sweep={text}"]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert "--sweep" in said.err


def test_a_network_without_an_image_is_not_swept(
    capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    from builder.document import Document
    from builder.sketch import Sketch
    from builder.writing import save

    net = Sketch()
    net.output(net.add("fc", "linear", net.input((12,))))
    path = tmp_path_factory.mktemp("vector") / "vector.convolab"
    assert save(Document("vector", net.graph), path) is None
    found = _json(capsys, str(path), "--sweep", "4:8")
    assert (found["minimum_input"], found["sweep"]) == (None, [])
    assert "there is no input with an axis" in _text(capsys, str(path), "--sweep", "4:8")


def test_the_smallest_input_in_words() -> None:
    from builder.analysis.sizes import Minimum

    assert told(Minimum(None, None, (9, 9), None)) == "no input size near the drawn one works"
    assert told(Minimum((8, 8), (6, 8), (8, 8), None)) == "smallest input 8×8 (6×8 where axes differ)"
    assert told(Minimum((2,), (2,), (9,), (3,))) == "smallest input 2, not every larger one works: 3 does not"
