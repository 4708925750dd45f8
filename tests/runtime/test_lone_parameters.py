"""A layer scale is a bare parameter in the source, with the node's own path for a key, as in torchvision."""

from __future__ import annotations

import pytest
import torch

from builder.analysis import analyze
from builder.document import Document, Module, ModuleParameter
from builder.edits import AddModule, apply_all
from builder.fixes import proposals
from builder.graph import Graph
from builder.sketch import Sketch
from runtime.codegen import Source, generate
from runtime.compile import build


def _source(document: Document) -> str:
    source = generate(document)
    assert isinstance(source, Source)
    return source.text


def _network(*blocks: tuple[str, str, dict[str, object]], channels: int = 6) -> Document:
    sketch = Sketch()
    x = sketch.input((channels, 5, 5))
    for name, block, given in blocks:
        x = sketch.add(name, block, x, **given)  # type: ignore[arg-type]
    sketch.output(x)
    return Document("net", sketch.graph)


def test_a_layer_scale_is_written_as_a_parameter_and_a_product() -> None:
    text = _source(_network(("scale", "layer_scale", {})))
    assert "self.scale = nn.Parameter(torch.full((6, 1, 1), 1e-06))" in text
    assert "x * self.scale" in text


def test_its_key_is_its_path_and_it_learns() -> None:
    document = _network(
        ("conv", "conv", {"out_channels": 4}), ("layer_scale", "layer_scale", {"init_value": 0.5})
    )
    module = build(document)
    assert [key for key in module.state_dict() if "scale" in key] == ["layer_scale"]
    weight = module.get_parameter("layer_scale")
    assert torch.equal(weight, torch.full((4, 1, 1), 0.5))
    module(torch.randn(2, 6, 5, 5)).sum().backward()
    assert weight.grad is not None


def test_in_a_module_it_may_be_left_out_and_takes_the_channels_of_each_use() -> None:
    block = Sketch(Graph("Block"))
    y = block.add("conv", "conv", block.input(), out_channels="=width", kernel_size=1)
    gamma = block.add("gamma", "layer_scale", y, when="scaled")
    block.output(block.add("add", "add", gamma, y))
    module = Module("Block", (ModuleParameter("width", 4), ModuleParameter("scaled", True)), block.graph)
    document = Document("net")
    document.apply(AddModule(module))
    net = Sketch(document.network)
    x = net.input((3, 8, 8))
    for name, width, scaled in (("a", 4, True), ("b", 8, True), ("c", 5, False)):
        x = net.add(name, module.block, x, width=width, scaled=scaled)
    net.output(x)
    keys = {key: tuple(value.shape) for key, value in build(document).state_dict().items() if "gamma" in key}
    assert keys == {"a.gamma": (4, 1, 1), "b.gamma": (8, 1, 1)}
    assert _source(document).count("class Block") == 1
    assert build(document)(torch.zeros(1, 3, 8, 8)).shape == (1, 5, 8, 8)


def test_several_in_a_row_are_refused_and_mended() -> None:
    document = _network(("gamma", "layer_scale", {"repeat": 3}))
    analysis = analyze(document)
    (problem,) = [problem for problem in analysis.problems if problem.code == "bad-repeat"]
    apply_all(document, proposals(document, analysis, problem)[0].edits)
    assert analyze(document).ok


@pytest.mark.parametrize(("mode", "patterns"), [("row", 4), ("batch", 2)])
def test_stochastic_depth_drops_samples_or_whole_batches(mode: str, patterns: int) -> None:
    module = build(_network(("depth", "stochastic_depth", {"p": 0.25, "mode": mode})))
    x = torch.rand(2, 6, 5, 5) + 1
    seen = set()
    for seed in range(60):
        torch.manual_seed(seed)
        ratio = (module(x) / x).round(decimals=4)
        assert all(len(row.unique()) == 1 for row in ratio)
        seen.add(tuple(round(float(row[0, 0, 0]), 4) for row in ratio))
    assert {value for pattern in seen for value in pattern} == {0.0, 1.3333}
    assert len(seen) == patterns
    module.eval()
    assert module(x) is x
