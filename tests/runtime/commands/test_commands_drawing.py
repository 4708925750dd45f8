"""``export --format svg|png``: the drawing of a network, of a module and of some nodes, with and without Qt."""

from __future__ import annotations

import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import app
from builder.architectures import open_document
from builder.document import Document
from builder.errors import Problem
from builder.look import DARK, LIGHT
from runtime.commands.drawing import Part, part_of

ROOT = Path(app.__file__).parent
SVG = "{http://www.w3.org/2000/svg}"


def _texts(path: Path) -> list[str]:
    return [element.text or "" for element in ET.parse(path).getroot().iter(f"{SVG}text")]


def _export(path: Path, *arguments: str, name: str = "resnet18") -> int:
    return app.main(["export", name, "--format", path.suffix[1:], "-o", str(path), *arguments])


def test_svg_of_the_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "network.svg"
    assert _export(path) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert {"conv1", "layer1", "3×224×224"} <= set(_texts(path))
    assert LIGHT.canvas in path.read_text(encoding="utf-8")
    root = ET.parse(path).getroot()
    assert _export(path, "--theme", "dark", "--scale", "1.5", "--no-shapes") == 0
    other = ET.parse(path).getroot()
    assert float(other.attrib["height"]) == pytest.approx(1.5 * float(root.attrib["height"]))
    assert DARK.canvas in path.read_text(encoding="utf-8")
    assert "64×56×56" not in _texts(path)


@pytest.mark.parametrize("module", ["BasicBlock", "layer1.0"])
def test_svg_of_a_module_by_name_or_by_where_it_is(module: str, tmp_path: Path) -> None:
    path = tmp_path / "module.svg"
    assert _export(path, "--module", module, "--nodes", "conv1, bn1") == 0
    assert [text for text in _texts(path) if not text[0].isdigit()] == ["conv1", "bn1", "batch norm"]
    assert "64×56×56" in _texts(path)


def test_heat_is_counted_as_it_is_wished(tmp_path: Path) -> None:
    path = tmp_path / "heat.svg"
    assert _export(path, "--heat", "work", "--convention", "macs") == 0
    assert {"118 MMACs", "no MACs", "MACs (logarithmic)"} <= set(_texts(path))


def test_png_is_a_picture_of_the_same_size(tmp_path: Path, qapp: object) -> None:
    vector, pixels = tmp_path / "a.svg", tmp_path / "a.png"
    assert _export(vector, name="lenet5") == 0
    assert _export(pixels, name="lenet5") == 0
    data = pixels.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    wide, high = struct.unpack(">II", data[16:24])
    root = ET.parse(vector).getroot()
    assert (wide, high) == (2 * int(root.attrib["width"]), 2 * int(root.attrib["height"]))


def test_a_picture_without_end_is_refused(
    tmp_path: Path, qapp: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _export(tmp_path / "a.png", "--scale", "90") == 1
    assert "at most 100 M pixels" in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()


WITHOUT = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("PySide6", "torch"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refuse())
import app
sys.exit(app.main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("format", "code", "said"), [("svg", 0, "a.svg"), ("png", 1, "PySide6 could not be loaded")]
)
def test_without_qt_there_is_svg_and_a_clear_word_about_png(
    format: str, code: int, said: str, tmp_path: Path
) -> None:
    arguments = ["export", "lenet5", "--format", format, "-o", str(tmp_path / f"a.{format}")]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--format", "svg", "-o", "a.png"], 1, "written as .svg"),
        (["--format", "svg", "-o", "a.svg", "--module", "Nope"], 1, "There are BasicBlock, "),
        (["--format", "svg", "-o", "a.svg", "--nodes", "conv1,nope"], 1, "there is no 'nope'"),
        (["--format", "svg", "-o", "a.svg", "--nodes", ","], 1, "none is named"),
        (["--format", "svg", "-o", "no/folder/a.svg"], 1, "could not be written"),
        (
            ["--format", "onnx", "-o", "a.onnx", "--theme", "dark"],
            2,
            "--theme belongs to --format svg or png",
        ),
        (["--format", "svg", "-o", "a.svg", "--scale", "0"], 2, "above 0"),
        (["--format", "svg", "-o", "a.svg", "--weights", "best"], 2, "a drawing has no weights"),
    ],
)
def test_what_cannot_be_is_said(
    arguments: list[str], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert app.main(["export", "resnet18", *arguments]) == code
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_module_that_is_placed_nowhere_is_drawn_without_shapes() -> None:
    document = open_document("resnet18")
    assert isinstance(document, Document)
    document.put_module(document.modules["BasicBlock"].copy("Spare"))
    part = part_of(document, "Spare")
    assert isinstance(part, Part)
    assert not part.reports
    assert len(part.graph) == len(document.graph("BasicBlock"))
    assert isinstance(part_of(document, "layer1.7"), Problem)
