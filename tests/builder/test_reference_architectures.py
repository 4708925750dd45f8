"""``check --json`` of the built-in architectures against published facts (tests/reference)."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from builder.architectures import ARCHITECTURES
from builder.commands import add_parsers

REFERENCE = Path(__file__).parents[1] / "reference"
#: Where the program's name is another than that in tests/reference.
RENAMED = {
    "mobilenetv1_100": "mobilenet_v1",
    "legacy_xception": "xception",
    "tf_efficientnet_lite0": "efficientnet_lite0",
}
RECORDED = sorted(path.stem for path in (REFERENCE / "layers").glob("*.json"))
#: The program's name, and the name in tests/reference.
KNOWN = {RENAMED.get(name, name): name for name in RECORDED if RENAMED.get(name, name) in ARCHITECTURES}
#: The block a recorded layer type is, where it is one: what the library keeps as Identity is not drawn.
BLOCKS = {
    "Conv2d": "conv",
    "BatchNorm2d": "batch_norm",
    "BatchNormAct2d": "batch_norm",
    "ReLU": "relu",
    "ReLU6": "relu6",
    "MaxPool2d": "max_pool",
    "AdaptiveAvgPool2d": "adaptive_avg_pool",
    "Flatten": "flatten",
    "Dropout": "dropout",
    "Linear": "linear",
    "AvgPool2d": "avg_pool",
    "Conv2dSame": "conv",
    "SiLU": "silu",
    "Sigmoid": "sigmoid",
    "StochasticDepth": "stochastic_depth",
    "adaptive_avg_pool2d": "adaptive_avg_pool",
    "add": "add",
    "avg_pool2d": "avg_pool",
    "cat": "concat",
    "flatten": "flatten",
    "max_pool2d": "max_pool",
    "mul": "multiply",
    "relu": "relu",
}


def check(name: str, capsys: pytest.CaptureFixture[str], *options: str) -> Any:
    """What ``check NAME --json`` prints."""
    parser = argparse.ArgumentParser()
    add_parsers(parser.add_subparsers())
    arguments = parser.parse_args(["check", name, "--json", *options])
    assert arguments.run(arguments) == 0
    return json.loads(capsys.readouterr().out)


def reference(file: str) -> Any:
    """A file of tests/reference."""
    return json.loads((REFERENCE / file).read_text("utf-8"))


def drawn(checked: Any) -> list[dict[str, Any]]:
    """The nodes that compute something."""
    return [node for node in checked["nodes"] if node["block"] not in ("input", "output")]


@pytest.mark.parametrize("name", KNOWN)
def test_totals(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    facts = reference("architectures.json")["models"][KNOWN[name]]
    checked = check(name, capsys)
    assert checked["ok"] is True
    assert checked["totals"]["parameters"] == checked["totals"]["trainable"] == facts["params_total"]
    assert checked["totals"]["macs"] == facts["macs"]
    assert checked["totals"]["flops"] == facts["flops"]
    assert checked["output_shapes"] == [facts["output_shape"][1:]]
    assert not [problem for problem in checked["problems"] if problem["severity"] != "advice"]


@pytest.mark.parametrize("name", KNOWN)
def test_layers_with_parameters_by_path(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    layers = {layer["name"]: layer for layer in reference(f"layers/{KNOWN[name]}.json") if layer["params"]}
    nodes = {node["path"]: node for node in drawn(check(name, capsys)) if node["parameters"]}
    assert nodes.keys() == layers.keys()
    for path, node in nodes.items():
        layer = layers[path]
        assert node["block"] == BLOCKS[layer["type"]], path
        assert node["parameters"] == layer["params"], path
        assert node["macs"] == layer["macs"], path
        assert node["flops"] == 2 * layer["macs"], path
        assert node["input_shapes"] == [shape[1:] for shape in layer["input_shape"]], path
        assert node["output_shapes"] == [layer["output_shape"][1:]], path


@pytest.mark.parametrize("name", KNOWN)
def test_every_layer_by_type_and_order_with_its_receptive_field(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded: dict[str, list[dict[str, Any]]] = {}
    for node in reference(f"graphs/{KNOWN[name]}.json"):
        block = _block_of(node)
        if block is not None:
            recorded.setdefault(block, []).append(node)
        if node.get("type") == "BatchNormAct2d" and node["hyper"]["act"] != "Identity":
            recorded.setdefault(BLOCKS[node["hyper"]["act"]], []).append(node)
    ours: dict[str, list[dict[str, Any]]] = {}
    for node in drawn(check(name, capsys)):
        ours.setdefault(node["block"], []).append(node)
    assert Counter({block: len(nodes) for block, nodes in ours.items()}) == {
        block: len(nodes) for block, nodes in recorded.items()
    }
    for block, nodes in ours.items():
        for node, facts in zip(nodes, recorded[block], strict=True):
            assert node["output_shapes"] == [facts["output_shape"][1:]], node["path"]
            wanted = _field(facts["rf"])
            if "multiply" in ours:  # recorded with the gates cut, which let the whole input have a say
                wanted["global"] = node["receptive_field"]["global"]
            assert node["receptive_field"] == wanted, node["path"]


def _block_of(node: dict[str, Any]) -> str | None:
    """The block of a recorded node; a product with a number is a scale, and one tensor alone is not stacked."""
    block = BLOCKS.get(node.get("type", node["target"]))
    if block == "concat" and len(node["inputs"]) == 1:
        return None
    return "scale" if block == "multiply" and len(node["inputs"]) == 1 else block


def _field(recorded: Any) -> dict[str, Any]:
    if recorded == "global":
        return {"size": None, "jump": None, "start": None, "global": True}
    return {"size": recorded["size"], "jump": recorded["jump"], "start": recorded["start0"], "global": False}


@pytest.mark.parametrize("name", KNOWN)
def test_measured_receptive_fields_of_the_stages(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    nodes = drawn(check(name, capsys))
    for stage in reference("receptive_fields.json")["models"][KNOWN[name]]["stages"]:
        within = [
            n for n in nodes if n["path"] == stage["stage"] or n["path"].startswith(f"{stage['stage']}.")
        ]
        field = within[-1]["receptive_field"]
        assert (field["size"], field["jump"], field["start"]) == (stage["rf"], stage["jump"], stage["start0"])


def test_lenet5(capsys: pytest.CaptureFixture[str]) -> None:
    checked = check("lenet5", capsys)
    assert checked["totals"]["parameters"] == 61_706
    assert checked["totals"]["macs"] == 416_520
    assert checked["output_shapes"] == [[10]]
    nodes = {node["path"]: node for node in drawn(checked)}
    by_hand = {  # path: parameters, output, receptive field (size, jump, start)
        "conv1": (156, [6, 28, 28], (5, 1, -2)),
        "pool1": (0, [6, 14, 14], (6, 2, -2)),
        "conv2": (2416, [16, 10, 10], (14, 2, -2)),
        "pool2": (0, [16, 5, 5], (16, 4, -2)),
        "fc1": (48_120, [120], None),
        "fc2": (10_164, [84], None),
        "fc3": (850, [10], None),
    }
    for path, (parameters, shape, field) in by_hand.items():
        assert nodes[path]["parameters"] == parameters
        assert nodes[path]["output_shapes"] == [shape]
        found = nodes[path]["receptive_field"]
        if field is None:
            assert found == {"size": None, "jump": None, "start": None, "global": True}
        else:
            size, jump, start = ([number, number] for number in field)
            assert found == {"size": size, "jump": jump, "start": start, "global": False}


def test_another_input_and_batch(capsys: pytest.CaptureFixture[str]) -> None:
    small, large = (check("lenet5", capsys, "--batch", batch) for batch in ("1", "64"))
    assert large["totals"]["activation_bytes"] == 64 * small["totals"]["activation_bytes"]
    wide = check("vgg16", capsys, "--input", "3,256,192")
    nodes = {node["path"]: node for node in drawn(wide)}
    assert nodes["features.30"]["output_shapes"] == [[512, 8, 6]]
    assert wide["output_shapes"] == [[1000]]
