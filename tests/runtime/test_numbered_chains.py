"""A number that is repeated in a chain stands for several numbers, also where the chain is no Sequential."""

from __future__ import annotations

import pytest
import torch

from builder.document import Document, Module, ModuleParameter
from builder.edits import AddModule
from builder.graph import Graph
from builder.sketch import Sketch
from runtime.compile import Tapped, build
from tests.oracles.documents import Interpreted


def _document(*uses: tuple[int, bool]) -> Document:
    """Placed modules: convolutions under the numbers from 0 on, and a mean that only ``forward`` can say."""
    block = Sketch(Graph("Block"))
    x = block.add("0", "conv", block.input(), repeat="=depth", when="deep", out_channels=3, kernel_size=1)
    x = block.add("7", "global_avg_pool", x, keepdim=True, when="deep")
    block.output(x)
    parameters = (ModuleParameter("depth", 2), ModuleParameter("deep", True))
    document = Document("net")
    document.apply(AddModule(Module("Block", parameters, block.graph)))
    net = Sketch(document.network)
    x = net.input((3, 4, 4))
    for number, (depth, deep) in enumerate(uses):
        x = net.add(f"use{number}", "module:Block", x, depth=depth, deep=deep)
    net.output(x)
    return document


@pytest.mark.parametrize(
    ("uses", "numbers"),
    [
        ([(2, True)], [[0, 1]]),
        ([(1, True), (3, True)], [[0], [0, 1, 2]]),
        ([(2, True), (2, False), (0, True)], [[0, 1], [], []]),
    ],
)
def test_keys_are_the_paths_and_every_number_can_be_looked_at(
    uses: list[tuple[int, bool]], numbers: list[list[int]]
) -> None:
    document = _document(*uses)
    module, plain = build(document).eval(), Interpreted(document).eval()
    paths = [f"use{use}.{number}" for use, found in enumerate(numbers) for number in found]
    assert list(module.state_dict()) == [f"{path}.{key}" for path in paths for key in ("weight", "bias")]
    plain.load_state_dict(module.state_dict())
    x = torch.randn(2, 3, 4, 4)
    seen = Tapped(document, module).run(x)
    with torch.no_grad():
        assert torch.equal(module(x), plain(x))
        for path, value in plain.everything(x).items():
            assert torch.equal(seen[path], value), path
