"""The commands that need no tensor, as the command line's contract has them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import app
from builder.architectures import ARCHITECTURES
from builder.blocks import REGISTRY

ROOT = Path(app.__file__).parent


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = app.main(arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code, out, err = _run(capsys, *arguments, "--json")
    assert not err
    return code, json.loads(out)


def test_architectures(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = _json(capsys, "architectures")
    assert code == 0
    assert {"lenet5", "resnet18", "vgg16", "mobilenet_v1"} <= {entry["name"] for entry in found}
    assert all(entry["source"] and entry["default_input"] for entry in found)
    lenet5 = next(entry for entry in found if entry["name"] == "lenet5")
    assert (lenet5["parameters"], lenet5["default_input"]) == (61_706, [1, 28, 28])
    code, out, _ = _run(capsys, "architectures")
    assert code == 0
    assert "11,689,512" in out


def test_blocks_say_all_that_a_form_needs(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = _json(capsys, "blocks")
    assert code == 0
    assert {entry["id"] for entry in found} == set(REGISTRY)
    conv = next(entry for entry in found if entry["id"] == "conv")
    assert conv["parameters"][0] == {
        "name": "out_channels", "type": "int", "default": 32, "minimum": 1, "maximum": 2**31 - 1,
    }  # fmt: skip
    assert (conv["inputs"], conv["variadic"], conv["outputs"]) == (["x"], False, ["y"])
    assert next(entry for entry in found if entry["id"] == "add")["variadic"] is True
    assert _run(capsys, "blocks")[0] == 0


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_new_writes_what_check_reads(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "network.convolab"
    entry = ARCHITECTURES[name]
    shape = [2, *entry.default_input[1:]]
    given = ",".join(map(str, shape))
    code, out, _ = _run(capsys, "new", name, "-o", str(path), "--input", given, "--classes", "7")
    assert (code, out.strip()) == (0, str(path))
    code, found = _json(capsys, "check", str(path))
    assert code == 0
    assert found["ok"] is True
    # A class for the whole, or for each pixel.
    assert found["output_shapes"] == [[7, *shape[1:]] if entry.family == "Segmentation" else [7]]
    assert found["nodes"][0]["output_shapes"] == [shape]
    assert {"parameters", "trainable", "flops", "macs", "activation_bytes"} <= set(found["totals"])


def test_check_takes_another_input_and_batch(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = (_json(capsys, "check", "resnet18", "--batch", n)[1]["totals"] for n in ("1", "2"))
    assert one["macs"] == two["macs"] == 1_814_073_344
    assert one["activation_bytes"] < two["activation_bytes"] <= 2 * one["activation_bytes"]
    _, small = _json(capsys, "check", "resnet18", "--input", "3,64,64")
    layer4 = next(node for node in small["nodes"] if node["path"] == "layer4.1.relu2")
    assert layer4["output_shapes"] == [[512, 2, 2]]
    assert layer4["receptive_field"] == {
        "size": [435, 435], "jump": [32, 32], "start": [-217, -217], "global": False,
    }  # fmt: skip


def test_check_tells_errors_a_line_each_and_exits_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, found = _json(capsys, "check", "lenet5", "--input", "1,8,8")
    assert code == 1
    assert found["ok"] is False
    problem = found["problems"][0]
    assert set(problem) == {"code", "severity", "path", "port", "message", "fix"}
    assert (problem["code"], problem["severity"], problem["path"]) == ("kernel-too-large", "error", "conv2")
    assert problem["fix"] == "shrink-kernel"
    code, out, _ = _run(capsys, "check", "lenet5", "--input", "1,8,8")
    assert code == 1
    assert "error: conv2: Conv's window must fit in the map: the window spans 5×5, the map is 4×4" in out
    broken = tmp_path / "broken.convolab"
    broken.write_text('{"format": "convolab", "version": 1, "network"', encoding="utf-8")
    code, out, err = _run(capsys, "check", str(broken))
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert _json(capsys, "check", str(broken))[1]["problems"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"], ["check", "lenet5", "--input", "3,-1"], ["check", "lenet5", "--batch", "0"], ["new", "lenet5"],
        ["new", "nothing", "-o", "x"], ["new", "lenet5", "-o", "x", "--width", "2"], ["--nonsense"], ["a", "b"],
        ["predict", "x"], ["import", "torchvision.models:resnet18"], ["check", "lenet5", "--what"],
    ],
)  # fmt: skip
def test_misuse_exits_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = _run(capsys, *arguments)
    assert code == 2
    assert err
    assert not out
    assert not list(tmp_path.iterdir())


def test_new_into_a_folder_that_cannot_be_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = _run(capsys, "new", "lenet5", "-o", str(tmp_path / "nowhere" / "x.convolab"))
    assert code == 1
    assert "nowhere" in err


def test_check_loads_neither_torch_nor_qt() -> None:
    script = (
        "import sys, app\n"
        "code = app.main(['check', 'resnet18', '--json'])\n"
        "bad = {'torch', 'PySide6', 'pyqtgraph'} & set(sys.modules)\n"
        "sys.exit(code or bool(bad))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["blocks"], ["blocks", "--json"], ["check", "resnet18"], ["data", "digits"]],
    ids=" ".join,
)
def test_a_reader_that_goes_away_is_no_trouble(arguments: list[str]) -> None:
    """As in ``app.py check resnet18 | head -1``."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "app.py", *arguments],
            cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=120, check=False,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "--help")
    assert code == 0
    assert all(name in out for name in app.COMMANDS)
    for name in app.COMMANDS:
        assert _run(capsys, name, "--help")[0] == 0
