"""Every architecture is the published network: keys, shapes, work, outputs; it trains, and survives a round trip."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from builder.analysis import Analysis, analyze
from builder.architectures import ARCHITECTURES, Architecture
from builder.document import Document
from builder.reading import load
from builder.writing import save, write_document
from runtime.codegen import Source, generate
from runtime.compile import build
from tests.oracles.documents import Interpreted
from tests.oracles.measures import multiply_adds
from tests.oracles.published import published

EVERY = sorted(ARCHITECTURES)
PUBLISHED = [name for name in EVERY if ARCHITECTURES[name].origin.startswith(("torchvision: ", "timm: "))]
#: Sides of the pictures on which outputs are compared, where the usual one is too large for a short test.
SMALL = 64
LARGER = {"alexnet": 96, "inception_v3": 107, "inception_v4": 107, "inception_resnet_v2": 107, "xception": 96}


def small_input(entry: Architecture) -> tuple[int, ...]:
    """A sample on which the network works and is quick."""
    shape = entry.default_input
    side = LARGER.get(entry.name, SMALL)
    return shape if len(shape) < 3 or max(shape) <= side else (shape[0], side, side)


def small(entry: Architecture, classes: int = 10) -> Document:
    """The network for a small picture and few classes."""
    return entry.build(input_shape=small_input(entry), classes=classes)


def scatter(network: nn.Module) -> None:
    """Weights that keep the signal alive to the last layer, and statistics that no default gives by accident."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, tensor in (*network.named_parameters(), *network.named_buffers()):
            if not tensor.is_floating_point():
                continue
            if tensor.dim() > 1 and "layer_scale" not in name:
                tensor.normal_(std=(2 / tensor[0].numel()) ** 0.5, generator=generator)
            else:
                tensor.uniform_(0.5, 1.5, generator=generator)


def errors(analysis: Analysis) -> list[str]:
    return [problem.message for problem in analysis.problems if problem.is_error]


@pytest.mark.parametrize("name", EVERY)
def test_it_says_what_it_is(name: str) -> None:
    entry = ARCHITECTURES[name]
    document = entry.build()
    analysis = analyze(document)
    assert errors(analysis) == []
    assert document.name == name
    assert analysis.input_shapes == [entry.default_input]
    assert entry.build.__doc__
    assert "." in entry.build.__doc__
    assert str(entry.year - 2)[:3] in entry.paper or str(entry.year)[:3] in entry.paper
    assert 30 < len(entry.about) < 260
    assert entry.about.endswith(".")
    told = entry.describe()
    assert told["parameters"] == analysis.totals.parameters > 0
    assert told["flops"] == 2 * analysis.totals.macs


@pytest.mark.parametrize("name", PUBLISHED)
def test_keys_shapes_and_work_are_the_published_ones(name: str) -> None:
    entry = ARCHITECTURES[name]
    document = entry.build()
    analysis = analyze(document)
    with torch.device("meta"):
        ours, theirs = build(document), published(entry.origin)
        assert {key: value.shape for key, value in ours.state_dict().items()} == {
            key: value.shape for key, value in theirs.state_dict().items()
        }
        wanted = layers_with_parameters(theirs, entry.default_input)
        found = {leaf.path: leaf.output_shapes["y"] for leaf in analysis.leaves() if leaf.parameters}
        assert found == wanted
        assert analysis.totals.macs == multiply_adds(theirs, [entry.default_input])


def layers_with_parameters(network: nn.Module, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Output shape, per sample, of every leaf that has parameters of its own, by path.

    A lone parameter beside other layers, which scales what its module gives, is a leaf itself.
    """
    found: dict[str, tuple[int, ...]] = {}

    def note(paths: list[str]) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            found.update(dict.fromkeys(paths, tuple(output.shape[1:])))

        return hook

    for path, module in network.named_modules():
        own = [f"{path}.{name}" for name, _ in module.named_parameters(recurse=False)]
        if own:
            beside = any(list(child.parameters()) for child in module.children())
            module.register_forward_hook(note(own if beside else [path]))
    with torch.no_grad():
        network(torch.empty(1, *shape))
    return found


@pytest.mark.parametrize("name", PUBLISHED)
def test_outputs_are_those_of_the_published_network_with_its_weights(name: str) -> None:
    entry = ARCHITECTURES[name]
    theirs = published(entry.origin)
    scatter(theirs)
    document = entry.build(input_shape=small_input(entry))
    assert errors(analyze(document)) == []
    ours = build(document).eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    torch.manual_seed(6)
    x = torch.randn(2, *small_input(entry))
    with torch.no_grad():
        mine, wanted = ours(x), theirs(x)
    assert torch.isfinite(wanted).all()
    assert wanted.std() > 0
    torch.testing.assert_close(mine, wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))


@pytest.mark.parametrize("name", EVERY)
def test_the_source_is_what_a_plain_reading_of_the_drawing_computes(name: str) -> None:
    document = small(ARCHITECTURES[name])
    with torch.device("meta"):
        ours, plain = build(document), Interpreted(document)
        assert [(key, value.shape) for key, value in ours.state_dict().items()] == [
            (key, value.shape) for key, value in plain.state_dict().items()
        ]
    ours, plain = build(document).eval(), Interpreted(document).eval()
    scatter(plain)
    ours.load_state_dict(plain.state_dict())
    x = torch.randn(1, *small_input(ARCHITECTURES[name]))
    with torch.no_grad():
        assert torch.equal(ours(x), plain(x))


@pytest.mark.parametrize("name", EVERY)
def test_it_trains_a_step(name: str) -> None:
    torch.manual_seed(7)
    entry = ARCHITECTURES[name]
    network = build(small(entry)).train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    before = [parameter.detach().clone() for parameter in network.parameters()]
    outputs = network(torch.randn(2, *small_input(entry)))
    assert outputs.shape[:2] == (2, 10)
    loss = F.cross_entropy(outputs, torch.randint(10, (2, *outputs.shape[2:])))
    loss.backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    optimizer.step()
    moved = [not torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True)]
    assert torch.isfinite(loss)
    assert sum(moved) > len(moved) / 2


@pytest.mark.parametrize("name", EVERY)
def test_round_trip_through_a_file_and_through_source(name: str, tmp_path: Path) -> None:
    document = ARCHITECTURES[name].build()
    path = tmp_path / f"{name}.convolab"
    assert save(document, path) is None
    again = load(path)
    assert isinstance(again, Document)
    assert write_document(again) == write_document(document)
    source = generate(again)
    assert isinstance(source, Source)
    file = tmp_path / f"{name}.py"
    file.write_text(source.text, "utf-8")
    with torch.device("meta"):
        imported, built = imported_network(file, source.class_name), build(document)
    assert [(k, v.shape) for k, v in imported.state_dict().items()] == [
        (k, v.shape) for k, v in built.state_dict().items()
    ]


def imported_network(file: Path, class_name: str) -> nn.Module:
    """The network of a source file, as somebody else's program gets it."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network: nn.Module = getattr(module, class_name)()
    return network


@pytest.mark.parametrize("name", EVERY)
def test_other_classes_and_sizes(name: str) -> None:
    entry = ARCHITECTURES[name]
    document = small(entry, classes=7)
    analysis = analyze(document)
    assert errors(analysis) == []
    assert analysis.output_shapes[0][0] == 7
    if len(entry.default_input) == 3:
        gray = entry.build(input_shape=(1, *entry.default_input[1:]))
        assert errors(analyze(gray)) == []


@pytest.mark.parametrize("name", EVERY)
def test_the_drawing_has_no_two_blocks_in_one_place(name: str) -> None:
    document = ARCHITECTURES[name].build()
    for graph in document.graphs():
        placed = [node.position for node in graph]
        for i, (x, y) in enumerate(placed):
            for other_x, other_y in placed[i + 1 :]:
                assert abs(x - other_x) >= 150 or abs(y - other_y) >= 60, (graph.key, x, y)


@pytest.mark.parametrize("name", [name for name in ("resnet50", "mobilenet_v2") if name in ARCHITECTURES])
def test_short_source(name: str) -> None:
    source = generate(ARCHITECTURES[name].build())
    assert isinstance(source, Source)
    assert len(source.text.splitlines()) <= 120
    assert not re.search(r"\b(size|node|module)_?\d", source.text)
