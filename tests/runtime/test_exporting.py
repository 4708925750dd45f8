"""What is taken away computes what was trained, alone, and is written whole or not at all."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from builder.analysis import analyze
from builder.architectures import open_document
from builder.document import Document
from builder.errors import Problem
from builder.sketch import Sketch
from runtime.compile import build
from runtime.data import load_data
from runtime.data.preparation import Preparation
from runtime.exporting import export_onnx, export_python, export_state_dict
from runtime.program import _literal, python_program
from runtime.weights import check_weights, load_into, read_weights, write_weights


def small(shape=(1, 8, 8), *, softmax=False):
    sketch = Sketch()
    wire = sketch.add("conv", "conv", sketch.input(shape), out_channels=4, padding=1)
    wire = sketch.add("norm", "batch_norm", wire)
    wire = sketch.add("drop", "dropout", wire, p=0.5)
    wire = sketch.add("flatten", "flatten", wire)
    wire = sketch.add("fc", "linear", wire, out_features=10)
    if softmax:
        wire = sketch.add("softmax", "softmax", wire)
    sketch.output(wire, name="scores")
    return Document("small", sketch.graph, data={"source": "digits"})


@pytest.fixture(scope="module")
def digits():
    return load_data("digits", (1, 8, 8))


@pytest.fixture
def model():
    """With statistics that differ from the initial ones, so that eval mode shows."""
    torch.manual_seed(0)
    network = build(small())
    network(torch.randn(16, 1, 8, 8) * 3 + 1)
    return network


# Python -----------------------------------------------------------------------------------------------------


def answering(*blocks, shape=(1, 8, 8), outputs=1):
    """A network of these blocks behind each other, with one or several outputs."""
    sketch = Sketch()
    wire = sketch.input(shape)
    for number, (block, parameters) in enumerate(blocks):
        wire = sketch.add(f"{block}{number}", block, wire, **parameters)
    sketch.output(wire, name="first")
    for number in range(1, outputs):
        sketch.output(wire, name=f"other{number}")
    return Document("answering", sketch.graph)


def conv(channels):
    return "conv", {"out_channels": channels, "padding": "same"}


@pytest.mark.parametrize(
    "document",
    [
        answering(conv(4)),
        answering(conv(4), ("softmax", {}), outputs=2),
        answering(conv(3), shape=(2, 40)),
        answering(conv(3), shape=(1, 49)),
    ],
)
def test_a_program_for_maps_and_sequences_says_how_much_each_class_has(tmp_path, document):
    shape = analyze(document).input_shapes[0]
    classes = analyze(document).output_shapes[0][0]
    said = Preparation.plain(shape, classes)
    torch.manual_seed(3)
    network = build(document).eval()
    export_python(document, network, said, tmp_path / "maps.py")
    picture = np.random.default_rng(3).integers(0, 256, (30, 17), np.uint8)
    Image.fromarray(picture).save(tmp_path / "it.png")
    lines = run_alone(tmp_path / "maps.py", tmp_path / "it.png")
    with torch.no_grad():
        outputs = network(said.normalise(said.pixels(tmp_path / "it.png")))
    answer = outputs[0] if isinstance(outputs, tuple) else outputs
    places = answer[0].argmax(0)
    wanted = {str(k): float((places == k).float().mean()) for k in range(classes)}
    found = dict(reversed(line.split()) for line in lines[1:])
    assert lines[0] == str(tmp_path / "it.png")
    assert found.keys() == {name for name, share in wanted.items() if share}
    shares = [float(share.rstrip("%")) for share in found.values()]
    assert shares == sorted(shares, reverse=True)
    assert shares == [pytest.approx(100 * wanted[name], abs=0.01) for name in found]
    assert {path.name for path in tmp_path.iterdir()} == {"maps.py", "maps.safetensors", "it.png"}


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        (answering(conv(1)), "1×8×8"),
        (answering(("flatten", {}), ("linear", {"out_features": 1}), outputs=2), "1 1"),
    ],
)
def test_a_program_for_no_choice_between_classes_tells_the_shapes(tmp_path, document, wanted):
    said = Preparation.plain((1, 8, 8), 1)
    export_python(document, build(document), said, tmp_path / "one.py")
    Image.new("L", (20, 10)).save(tmp_path / "it.png")
    assert "CLASSES" not in (tmp_path / "one.py").read_text()
    assert run_alone(tmp_path / "one.py", tmp_path / "it.png") == [f"{tmp_path / 'it.png'} {wanted}"]


def run_alone(program, *pictures):
    """What a program says; -I: neither the working folder nor PYTHONPATH, so nothing of this project is found."""
    command = [sys.executable, "-I", str(program), *map(str, pictures)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=program.parent)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize("softmax", [False, True])
def test_the_program_runs_alone_and_says_what_the_network_says(tmp_path, digits, suffix, softmax):
    document = small(softmax=softmax)
    torch.manual_seed(0)
    network = build(document)
    written = export_python(document, network, Preparation.of(digits), tmp_path / "small.py")
    assert written == [tmp_path / "small.py", tmp_path / "small.safetensors"]
    if suffix == ".pt":
        assert export_state_dict(document, network, tmp_path / "small.pt") == [tmp_path / "small.pt"]
        (tmp_path / "small.safetensors").unlink()
    chance = np.random.default_rng(3)
    pictures = [tmp_path / "tall.png", tmp_path / "wide.png"]
    Image.fromarray(chance.integers(0, 256, (30, 17, 3), np.uint8)).save(pictures[0])
    Image.fromarray(chance.integers(0, 256, (9, 40), np.uint8)).save(pictures[1])
    lines = run_alone(tmp_path / "small.py", *pictures)
    network.eval()
    for number, picture in enumerate(pictures):
        assert lines[number * 6] == str(picture)
        with torch.no_grad():
            outputs = network(digits.prepare_picture(picture))[0]
        best = (outputs if softmax else outputs.softmax(0)).topk(5)
        for line, share, index in zip(lines[number * 6 + 1 :], best.values, best.indices, strict=False):
            said, name = line.split()
            assert name == str(int(index))
            assert float(said.rstrip("%")) == pytest.approx(100 * float(share), abs=0.02)


def test_the_network_in_the_program_is_the_one_that_was_trained(tmp_path, digits, model):
    export_python(small(), model, Preparation.of(digits), tmp_path / "small.py")
    again = build(small())
    assert load_into(again, read_weights(tmp_path / "small.safetensors")) is None
    x = torch.randn(3, 1, 8, 8)
    assert torch.equal(again.eval()(x), model.eval()(x))


@given(st.lists(st.text(max_size=20), min_size=1, max_size=30).map(tuple), st.text(max_size=30))
def test_names_of_classes_and_data_are_values_never_code(names, title):
    said = Preparation(title, names, 1, 8, 8, (1, 8, 8), (0.5,), (0.5,))
    tree = ast.parse(python_program(small(), said, "w.safetensors"))
    values = {
        node.targets[0].id: ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign)
    }
    assert values["CLASSES"] == names
    assert values["WEIGHTS"] == "w.safetensors"
    kinds = (ast.Assign, ast.ClassDef, ast.FunctionDef, ast.Import, ast.ImportFrom, ast.If, ast.Expr)
    assert all(isinstance(node, kinds) for node in tree.body)
    assert sum(isinstance(node, ast.Expr) for node in tree.body) == 1  # the docstring


@given(
    st.recursive(
        st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
        lambda s: st.lists(s).map(tuple),
    )
)
def test_literals_are_read_back_as_they_were(value):
    assert ast.literal_eval(_literal(value)) == value


@pytest.mark.parametrize(
    "document",
    [open_document("resnet18"), answering(conv(4)), answering(conv(1)), answering(conv(1), outputs=2)],
    ids=["classes", "places", "shape", "shapes"],
)
def test_a_program_passes_a_linter_and_is_formatted(tmp_path, document):
    shape, answer = analyze(document).input_shapes[0], analyze(document).output_shapes[0]
    said = replace(Preparation.plain(shape, answer[0]), data="Pictures")
    (tmp_path / "program.py").write_text(python_program(document, said, "program.safetensors"))
    for command in (["check", "--select=E,F,W,I,UP,B", "--line-length=88"], ["format", "--check"]):
        arguments = [sys.executable, "-m", "ruff", *command, "--isolated", str(tmp_path / "program.py")]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_a_preparation_comes_back_from_a_file_and_nothing_else_does(digits):
    import json

    said = Preparation.of(digits)
    data = json.loads(json.dumps(said.to_json()))
    assert Preparation.read(data) == said
    for wrong in (None, [], {}, {**data, "channels": "3"}, {**data, "mean": [0.5, 0.5]}, {**data, "classes": [1]},
                  {**data, "more": 1}, {**data, "height": -1}, {**data, "std": None}, {**data, "std": [0]},
                  {**data, "std": [10**400]}, {**data, "mean": [float("nan")]}, {**data, "shape": [1, 8, 9]},
                  {**data, "crop": 0}, {**data, "crop": 2}, {**data, "interpolation": "magic"}):  # fmt: skip
        assert Preparation.read(wrong) is None
    old = {name: value for name, value in data.items() if name not in ("crop", "interpolation")}
    assert Preparation.read(old) == said, "as it was before there was a choice"


def test_pictures_are_prepared_as_the_data_prepares_them(tmp_path, digits):
    said = Preparation.of(digits)
    pixels = np.random.default_rng(1).integers(0, 256, (20, 31, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "it.png")
    for source in (tmp_path / "it.png", str(tmp_path / "it.png"), pixels):
        assert torch.equal(said.normalise(said.pixels(source)), digits.prepare_picture(source))
    assert isinstance(said.pixels(tmp_path / "none.png"), Problem)
    four = replace(said, channels=4, mean=(0.5,) * 4, std=(0.5,) * 4, shape=(4, 8, 8))
    assert four.pixels(pixels).code == "picture"


@given(
    st.integers(1, 60), st.integers(1, 60), st.integers(1, 30), st.integers(1, 30),
    st.floats(0.01, 1), st.sampled_from(["bilinear", "bicubic"]), st.sampled_from([1, 3]),
)  # fmt: skip
def test_whatever_is_cut_out_has_the_networks_size(
    height, width, rows, columns, crop, interpolation, channels
):
    said = Preparation("", ("0",), channels, rows, columns, (channels, rows, columns), (0.5,) * channels,
                       (0.5,) * channels, crop, interpolation)  # fmt: skip
    pixels = said.pixels(np.full((height, width, 3), 200, np.uint8))
    assert pixels.shape == (channels, rows, columns)
    assert set(np.unique(pixels)) == {200}


# weights ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt", "w.pth"])
def test_weights_come_back_to_the_bit(tmp_path, model, name):
    assert export_state_dict(small(), model, tmp_path / name) == [tmp_path / name]
    weights = read_weights(tmp_path / name)
    assert list(weights) == list(model.state_dict()) or set(weights) == set(model.state_dict())
    assert all(torch.equal(weights[key], value) for key, value in model.state_dict().items())
    assert check_weights(weights, model) is None
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_weights_of_another_network_are_told_with_the_differences(model):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    weights = dict(before)
    weights["fc.weight"] = torch.zeros(7, 256)
    weights["extra"] = torch.zeros(1)
    del weights["conv.bias"]
    problem = load_into(model, weights)
    assert problem.code == "weights-do-not-fit"
    for said in ("missing conv.bias", "unexpected extra", "fc.weight is 7×256 and should be 10×256"):
        assert said in problem.message
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


class Evil:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('code was run')",))


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 100, b"\xff" * 8 + b"{}", b"PK\x03\x04", b"{}", b"\x80\x04K\x01."], ids=repr
)
def test_files_that_are_no_weights_are_told(tmp_path, suffix, content):
    path = tmp_path / f"w{suffix}"
    path.write_bytes(content)
    assert isinstance(read_weights(path), Problem)


def test_weights_that_would_run_code_are_refused(tmp_path):
    torch.save({"a": Evil()}, tmp_path / "w.pt")
    assert read_weights(tmp_path / "w.pt").code == "not-weights"
    torch.save([1, 2], tmp_path / "list.pt")
    assert read_weights(tmp_path / "list.pt").code == "not-weights"
    assert read_weights(tmp_path / "nowhere.pt").code == "no-weights"
    assert read_weights(tmp_path / "nowhere.safetensors").code == "no-weights"
    assert isinstance(read_weights(tmp_path), Problem)


@given(st.binary(max_size=60), st.integers(0, 500))
def test_a_damaged_file_is_told_or_read_never_thrown(tmp_path_factory, noise, place):
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    write_weights({"a": torch.arange(4.0), "b": torch.zeros(2, 2)}, path)
    content = bytearray(path.read_bytes())
    place %= len(content)
    content[place : place + len(noise)] = noise
    path.write_bytes(content)
    assert isinstance(read_weights(path), Problem | dict)


def test_what_cannot_be_written_is_told_and_the_old_file_stays(tmp_path, model, digits, monkeypatch):
    document = small()
    nowhere = tmp_path / "missing"
    for problem in (
        export_state_dict(document, model, nowhere / "w.safetensors"),
        export_python(document, model, Preparation.of(digits), nowhere / "net.py"),
    ):
        assert problem.code == "not-writable"
    assert export_state_dict(document, model, tmp_path / "w.txt").code == "export-suffix"
    old = tmp_path / "w.safetensors"
    old.write_bytes(b"old")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert "No space left" in export_state_dict(document, model, old).message
    assert old.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


# ONNX -------------------------------------------------------------------------------------------------------


def test_onnx_is_one_file_with_a_free_batch_that_computes_the_same(tmp_path, model, capfd):
    onnxruntime = pytest.importorskip("onnxruntime")
    out = tmp_path / "small.onnx"
    assert export_onnx(small(), model, out) == [out]
    assert model.training
    assert [path.name for path in tmp_path.iterdir()] == ["small.onnx"]
    assert capfd.readouterr() == ("", "")
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    assert [port.name for port in session.get_inputs()] == ["input"]
    assert [port.name for port in session.get_outputs()] == ["scores"]
    assert session.get_inputs()[0].shape[1:] == [1, 8, 8]
    model.eval()
    for batch in (1, 3, 64):
        x = torch.randn(batch, 1, 8, 8)
        (found,) = session.run(None, {"input": x.numpy()})
        np.testing.assert_allclose(found, model(x).detach().numpy(), rtol=1e-4, atol=1e-5)


def test_without_onnx_it_is_said_what_to_install(tmp_path, model, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    problem = export_onnx(small(), model, tmp_path / "small.onnx")
    assert problem.code == "onnx-missing"
    assert "convolab[onnx]" in problem.message
