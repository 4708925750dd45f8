"""What is exported of a network that tells values says them in their unit, and how its inputs are normalised."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open

from builder.analysis import analyze
from builder.document import Document
from builder.sketch import Sketch
from runtime.compile import build
from runtime.data.preparation import Preparation
from runtime.exporting import export_onnx, export_state_dict
from runtime.meaning import InUnit, Meaning
from runtime.training.tasks import Classification, Regression, heads_of
from runtime.weights import read_weights


def telling(values=2, weights=(1.0,)):
    """A network of sequences 1×6 with outputs (values,), whose losses count so much."""
    sketch = Sketch()
    wire = sketch.add("flatten", "flatten", sketch.input((1, 6)))
    for number, weight in enumerate(weights):
        sketch.output(
            sketch.add(f"fc{number}", "linear", wire, out_features=values),
            name=f"values{number}",
            loss_weight=weight,
        )
    return Document("telling", sketch.graph)


def meaning(document, mean=(1000.0, -3.0), std=(20.0, 0.5)):
    series = Preparation("Sums", (), 1, 1, 6, (1, 6), (5.0,), (2.0,), kind="series")
    return Meaning(series, Regression(heads_of(document), mean, std, names=("sum",)))


@given(
    st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(1e-3, 1e4)), min_size=1, max_size=4),
    st.integers(0, 5),
)
def test_values_come_back_as_the_task_reads_them(unit, length):
    mean, std = zip(*unit, strict=True)
    task = Regression(mean=mean, std=std)
    output = torch.randn(3, len(unit), *([length] if length else []))
    assert torch.equal(InUnit(torch.nn.Identity(), task)(output), task.values(output))


def test_an_output_that_has_no_say_in_learning_stays_as_it_is():
    document = telling(weights=(0.0, 0.3, 0.0))
    network, known = build(document).eval(), meaning(document)
    x = torch.randn(4, 1, 6)
    raw = network(x)
    first, helping, idle = known.told(network, (2,))(x)
    assert torch.equal(first, known.task.values(raw))
    assert torch.equal(helping, known.task.values(raw[1]))
    assert torch.equal(idle, raw[2])


@pytest.mark.parametrize("weights", [(1.0,), (1.0, 0.5)])
def test_onnx_tells_values_in_their_unit_and_says_what_it_is_fed_with(tmp_path, weights):
    onnxruntime = pytest.importorskip("onnxruntime")
    document = telling(weights=weights)
    network, known, out = build(document), meaning(document), tmp_path / "telling.onnx"
    keys = list(network.state_dict())
    assert export_onnx(document, network, out, known) == [out]
    assert network.training
    assert list(network.state_dict()) == keys
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    assert [port.name for port in session.get_outputs()] == [f"values{k}" for k in range(len(weights))]
    for batch in (1, 5):
        x = torch.randn(batch, 1, 6)
        found = session.run(None, {"input": x.numpy()})
        wanted = known.task.values(network(x)).detach().numpy()
        np.testing.assert_allclose(found[0], wanted, rtol=1e-4, atol=1e-4)
    said = session.get_modelmeta().custom_metadata_map
    assert json.loads(said["values"]) == ["sum", "1"]
    assert (json.loads(said["input_mean"]), json.loads(said["input_std"])) == ([5.0], [2.0])
    assert "own unit: sum, 1" in said["output"]
    assert "value_mean" not in said


def test_weights_stay_alone_and_their_metadata_have_the_unit(tmp_path):
    document = telling()
    network, out = build(document), tmp_path / "telling.safetensors"
    assert export_state_dict(document, network, out, meaning(document)) == [out]
    assert all(torch.equal(network.state_dict()[name], value) for name, value in read_weights(out).items())
    with safe_open(out, "pt") as file:
        said = file.metadata()
    assert json.loads(said["value_mean"]) == [1000.0, -3.0]
    assert json.loads(said["value_std"]) == [20.0, 0.5]
    assert "value = output × std + mean, mean 1000, -3, std 20, 0.5" in said["output"]
    assert said["input"].endswith("(x − mean) ÷ std, mean 5, std 2")


def test_a_unit_of_other_values_than_the_networks_is_not_taken():
    document = telling(values=3)
    network, known = build(document), meaning(document)
    assert known.told(network, analyze(document).output_shapes[0]) is network
    assert known.told(network, None) is network
    assert "not one for each value" in known.of_output((3,), in_unit=True)
    assert "values" not in known.metadata((3,), in_unit=True)


def test_what_nobody_knows_is_said_so():
    assert Meaning().metadata((10,), in_unit=True) == {}
    assert "neither a run nor data" in Meaning().of_input()
    assert Meaning().of_output((10,), in_unit=True) == "outputs are as the network has them"
    pictures = Meaning(Preparation.plain((3, 8, 8), 10), Classification())
    assert "pixels on a scale of 0…1" in pictures.of_input()
    assert "a score for each class" in pictures.of_output((10,), in_unit=True)
    many = Preparation("Many", (), 9, 1, 6, (9, 6), (5.0,) * 9, (2.0,) * 9, kind="series")
    assert Meaning(many).of_input().count("5, ") == 6
