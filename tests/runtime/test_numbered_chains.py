"""A number that is repeated in a chain stands for several numbers, also where the chain is no Sequential."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from builder.analysis import analyze
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


def _counted(name: Callable[[int], str], *, functional: bool) -> Module:
    """A chain whose places close up over what is not there."""
    block = Sketch(Graph("Block"))
    x = block.add(name(0), "conv", block.input(), out_channels="=width", when="in_channels != width")
    x = block.add(name(1), "batch_norm", x)
    x = block.add(name(2), "scale" if functional else "relu", x, when="deep")
    x = block.add(name(3), "conv", x, out_channels="=width", repeat="=depth")
    x = block.add(name(4), "conv", x, out_channels="=width", bias=False)
    block.output(x)
    parameters = (ModuleParameter("width", 3), ModuleParameter("deep", True), ModuleParameter("depth", 2))
    return Module("Block", parameters, block.graph)


def _of_counted(name: Callable[[int], str], functional: bool = False) -> Document:
    net = Sketch()
    x = net.add("a", "module:Block", net.input((3, 24, 24)))
    x = net.add("b", "module:Block", x, width=4, deep=False)
    x = net.add("c", "module:Block", x, width=5, depth=1)
    x = net.add("d", "module:Block", x, width=5, depth=0)
    net.output(x)
    return Document("net", net.graph, [_counted(name, functional=functional)])


@pytest.mark.parametrize("functional", [False, True])
@pytest.mark.parametrize(("name", "stem", "first"), [
    (lambda number: f"{{{number}}}", "", 0),
    (lambda number: f"{{{number}}}" if number else "0", "", 0),
    (lambda number: f"layer{{{number + 1}}}", "layer", 1),
])  # fmt: skip
def test_counted_names_close_up(name: Callable[[int], str], stem: str, first: int, functional: bool) -> None:
    document = _of_counted(name, functional)
    analysis = analyze(document)
    assert [problem.message for problem in analysis.problems if problem.is_error] == []
    places = {"a": (0, 2, 3, 4), "b": (0, 1, 2, 3, 4), "c": (0, 1, 3, 4), "d": (0, 2)}  # of what has weights
    wanted = [f"{use}.{stem}{first + place}" for use, numbers in places.items() for place in numbers]
    assert [leaf.path for leaf in analysis.leaves() if leaf.parameters] == wanted
    module, plain = build(document).eval(), Interpreted(document).eval()
    assert list(dict.fromkeys(key.rpartition(".")[0] for key in module.state_dict())) == wanted
    plain.load_state_dict(module.state_dict())
    x = torch.randn(2, 3, 24, 24)
    seen = Tapped(document, module).run(x)
    with torch.no_grad():
        assert torch.equal(module(x), plain(x))
        for path, value in plain.everything(x).items():
            assert torch.equal(seen[path], value), path


def test_an_edit_renumbers_what_is_behind_it() -> None:
    net = Sketch()
    places = [net.add("{0}", "relu", net.input((3, 24, 24)))]
    for number in range(1, 4):
        places.append(net.add(f"{{{number}}}", "relu", places[-1]))
    net.output(places[-1])
    document = Document("net", net.graph)
    analysis = analyze(document)

    def edited(node_id: str, **changes: Any) -> list[str]:
        nonlocal analysis
        node = replace(document.network.node(node_id), **changes)
        document.network.replace_node(node)
        analysis = analyze(document, previous=analysis)
        paths = [leaf.path for leaf in analysis.leaves() if leaf.node.block == "relu"]
        assert paths == [leaf.path for leaf in analyze(document).leaves() if leaf.node.block == "relu"]
        return paths

    first, second = places[0].node, places[1].node
    assert edited(second, when="in_channels > 3") == ["0", "1", "2"]
    assert edited(first, repeat=3) == ["0", "1", "2", "3", "4"]
    assert edited(second, when=None) == ["0", "1", "2", "3", "4", "5"]
    assert edited(first, repeat=1, name="{4}") == ["4", "5", "6", "7"]
    assert edited(first, name="0") == ["0", "1", "2", "3"]


def test_two_blocks_of_one_number_are_an_error() -> None:
    net = Sketch()
    x = net.add("0", "relu", net.input((3, 8, 8)), repeat=2)
    net.output(net.add("1", "tanh", x))
    (problem,) = analyze(Document("net", net.graph)).problems
    assert problem.code == "duplicate-name"
    assert "'0' and '1' are both numbered '1'" in problem.message


def test_a_chain_of_which_nothing_is_there_hands_on_what_it_gets() -> None:
    block = Sketch(Graph("Block"))
    block.output(block.add("0", "relu", block.input(), when="deep"))
    net = Sketch()
    net.output(net.add("use", "module:Block", net.input((3, 4, 4)), deep=False))
    document = Document("net", net.graph, [Module("Block", (ModuleParameter("deep", True),), block.graph)])
    x = torch.randn(2, 3, 4, 4)
    assert torch.equal(build(document)(x), x)
