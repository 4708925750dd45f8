"""Each ready module opens, can be edited, and is the one an engineer writes by hand."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from builder.acts import insert_on_wire
from builder.analysis import analyze
from builder.document import Document, Module
from builder.edits import Batch
from builder.errors import Problem
from builder.graph import Graph, Node
from builder.library import LIBRARY
from builder.reading import read_document
from builder.sketch import Sketch
from builder.writing import write_document
from runtime.codegen import Source, generate
from runtime.compile import build
from tests.oracles.handwritten import dense, inception, maps, mobile, residual
from tests.oracles.handwritten.base import Case, Shape
from tests.oracles.measures import activation_bytes, multiply_adds

CASES = (*residual.CASES, *mobile.CASES, *inception.CASES, *dense.CASES, *maps.CASES)
BATCH = 3
REFERENCE = Path(__file__).parents[1] / "reference" / "layers"
#: Classes that stand in the source where torch has none.
HELPERS = ("PadLike", "Permute", "StochasticDepth")
#: A block of a published network: where it is recorded, and which ready module it is.
PUBLISHED = (
    ("resnet18", "layer2.0", "BasicBlock", {"width": 128, "stride": 2}),
    ("resnet50", "layer1.1", "Bottleneck", {"width": 64}),
    ("resnet50", "layer2.0", "Bottleneck", {"width": 128, "stride": 2}),
    ("googlenet", "inception3a", "Inception", {"kernel_size": 3}),
    ("inception_v3", "Mixed_5b", "InceptionA", {}),
    ("inception_v3", "Mixed_6a", "InceptionB", {}),
    ("inception_v3", "Mixed_6c", "InceptionC", {"channels_7x7": 160}),
    ("inception_v3", "Mixed_7a", "InceptionD", {}),
    ("inception_v3", "Mixed_7b", "InceptionE", {}),
    ("densenet121", "features.denseblock1.denselayer2", "DenseLayer", {}),
    ("densenet121", "features.transition1", "Transition", {"out_channels": 128}),
    ("mobilenet_v2", "features.1", "InvertedResidual", {"width": 16, "expand_ratio": 1}),
    ("mobilenet_v2", "features.3", "InvertedResidual", {"width": 24}),
    ("efficientnet_b0", "features.1.0", "MBConv", {"width": 16, "expand_ratio": 1}),
    ("efficientnet_b0", "features.3.0", "MBConv", {"width": 40, "stride": 2, "kernel_size": 5}),
)


def drawn(case: Case, copies: int = 1, modules: list[Module] | None = None) -> Document:
    """The module between its inputs and an output; with ``copies``, that often side by side."""
    modules = LIBRARY[case.name].build() if modules is None else modules
    ports = [node.name for node in modules[0].graph if node.block == "input"]
    net = Sketch()
    sources = [net.input(shape, port) for port, shape in zip(ports, case.shapes, strict=True)]
    for number in range(copies):
        name = "block" if not number else f"block{number}"
        placed = net.add(name, modules[0].block, *sources, ports=tuple(ports), **case.arguments)
        net.output(placed, f"output{number}")
    return Document("network", net.graph, modules)


def first_case(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


def inputs(shapes: tuple[Shape, ...]) -> list[torch.Tensor]:
    return [torch.randn(BATCH, *shape) for shape in shapes]


def scatter(module: nn.Module) -> None:
    """Weights and statistics that no default could give by accident."""
    with torch.no_grad():
        for tensor in (*module.parameters(), *module.buffers()):
            if tensor.is_floating_point():
                tensor.uniform_(0.5, 1.5) if tensor.dim() == 1 else tensor.normal_(std=0.2)


def test_every_ready_module_is_compared_and_says_who_thought_of_it() -> None:
    assert {case.name for case in CASES} == set(LIBRARY)
    for ready in LIBRARY.values():
        module = ready.build()[0]
        assert module.name == ready.name
        assert module.description == ready.description
        assert ready.source
        assert all(parameter.help for parameter in module.parameters)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_is_the_hand_written_module(case: Case) -> None:
    torch.manual_seed(3)
    document = drawn(case)
    analysis = analyze(document)
    assert [problem.message for problem in analysis.problems if problem.is_error] == []
    ours, theirs = build(document), case.make()
    scatter(theirs)
    ours.block.load_state_dict(theirs.state_dict())
    assert list(ours.block.state_dict()) == list(theirs.state_dict())
    assert analysis.totals.parameters == sum(p.numel() for p in theirs.parameters())
    with torch.device("meta"):
        assert analysis.totals.macs == multiply_adds(case.make(), case.shapes)
    kept = analyze(document, batch=BATCH).totals.activation_bytes
    assert kept == activation_bytes(build(document), list(case.shapes), BATCH)
    x = inputs(case.shapes)
    for training in (False, True):
        ours.train(training)
        theirs.train(training)
        torch.manual_seed(4)
        mine = ours(*x)
        torch.manual_seed(4)
        wanted = theirs(*x)
        assert mine.shape[1:] == analysis.output_shapes[0]
        assert mine.std() > 0
        assert torch.equal(mine, wanted)


@pytest.mark.parametrize(("network", "prefix", "name", "arguments"), PUBLISHED, ids=lambda value: str(value))
def test_its_layers_are_called_as_in_published_networks(
    network: str, prefix: str, name: str, arguments: dict[str, int]
) -> None:
    check_names(network, prefix, name, arguments, LIBRARY[name].build())


def check_names(
    network: str, prefix: str, name: str, arguments: dict[str, int], modules: list[Module]
) -> None:
    """Compare with what is recorded of a block of a published network."""
    recorded = json.loads((REFERENCE / f"{network}.json").read_text("utf-8"))
    layers = [layer for layer in recorded if layer["params"] and layer["name"].startswith(f"{prefix}.")]
    arriving = tuple(layers[0]["input_shape"][0][1:])
    analysis = analyze(drawn(Case(name, arguments, (arriving,), nn.Identity), modules=modules))
    ours = {leaf.path: (leaf.parameters, leaf.macs) for leaf in analysis.leaves() if leaf.parameters}
    assert ours == {
        f"block{layer['name'].removeprefix(prefix)}": (layer["params"], layer["macs"]) for layer in layers
    }


@pytest.mark.parametrize("name", LIBRARY)
def test_an_edit_of_one_instance_is_an_edit_of_all(name: str) -> None:
    document = drawn(first_case(name), copies=2)
    graph = document.graph(name)
    output = next(node for node in graph if node.block == "output")
    (edge,) = graph.incoming(output.id).values()
    before = {leaf.path for leaf in analyze(document).leaves()}
    edits = insert_on_wire(document, name, Node("added", "added_here", "tanh"), edge)
    assert not isinstance(edits, Problem)
    undo = document.apply(Batch(tuple(edits)))
    analysis = analyze(document)
    assert analysis.ok
    added = {leaf.path for leaf in analysis.leaves()} - before
    assert added == {f"{block}{path}" for block in ("block", "block1") for path in _ends(added)}
    first, second = build(document)(*inputs(first_case(name).shapes))
    assert first.abs().max() <= 1
    assert second.abs().max() <= 1
    document.apply(undo)
    assert {leaf.path for leaf in analyze(document).leaves()} == before


def _ends(paths: set[str]) -> set[str]:
    """What follows the name of the instance."""
    ends = {path[path.index(".") :] for path in paths}
    assert ends
    return ends


@pytest.mark.parametrize("name", LIBRARY)
def test_it_is_saved_and_read_as_it_was(name: str) -> None:
    document = drawn(first_case(name))
    text = write_document(document)
    again = read_document(text)
    assert isinstance(again, Document)
    assert write_document(again) == text
    assert source(again).text == source(document).text


def source(document: Document) -> Source:
    generated = generate(document)
    assert isinstance(generated, Source), [problem.message for problem in generated]
    return generated


def test_sources_are_one_class_for_each_module_formatted_and_lint_clean(tmp_path: Path) -> None:
    for name in LIBRARY:
        document = drawn(first_case(name), copies=2)
        text = source(document).text
        classes = re.findall(r"^class (\w+)\(nn", text, re.MULTILINE)
        assert len(set(classes)) == len(classes)
        assert {name, "Network"} <= set(classes) <= {*document.modules, "Network", *HELPERS}
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", "--select", "E,F,W,I,UP,B", "--line-length", "88"], ["format", "--check"]):
        done = subprocess.run(
            [*ruff, command[0], "--isolated", *command[1:], str(tmp_path)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def test_dense_blocks_of_any_depth_are_one_class_with_growing_layers() -> None:
    net = Sketch()
    x = net.input((6, 8, 8))
    for number, depth in enumerate((2, 3, 5)):
        x = net.add(f"block{number}", "module:DenseBlock", x, num_layers=depth, growth_rate=4 + number)
        x = net.add(f"transition{number}", "module:Transition", x, out_channels="=in_channels // 2")
    net.output(x)
    modules = [*LIBRARY["DenseBlock"].build(), *LIBRARY["Transition"].build()]
    document = Document("densenet", net.graph, modules)
    text = source(document).text
    assert text.count("class DenseBlock") == text.count("class DenseLayer") == 1
    assert "in_channels + i * growth_rate" in text
    assert "for i in range(num_layers)" in text
    model = build(document)
    assert [layer.norm1.num_features for layer in model.block2] == [11, 17, 23, 29, 35]
    assert model(torch.randn(2, 6, 8, 8)).shape == (2, *analyze(document).output_shapes[0])


def test_stages_that_grow_by_unequal_steps_are_written_one_by_one() -> None:
    inner = Sketch(Graph("Doubling"))
    inner.output(inner.add("conv", "conv", inner.input(), out_channels="=2 * in_channels", kernel_size=1))
    net = Sketch()
    net.output(net.add("deep", "module:Doubling", net.input((3, 4, 4)), repeat=3))
    document = Document("doubling", net.graph, [Module("Doubling", (), inner.graph)])
    assert "range" not in source(document).text
    assert [conv.in_channels for conv in build(document).modules() if isinstance(conv, nn.Conv2d)] == [
        3,
        6,
        12,
    ]
