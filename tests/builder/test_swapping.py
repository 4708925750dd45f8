"""A node becomes another block and keeps what both have."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from builder.analysis import analyze
from builder.blocks import REGISTRY
from builder.document import Document
from builder.edits import Batch
from builder.errors import Problem
from builder.library import LIBRARY
from builder.links import check_link
from builder.sketch import Sketch
from builder.swapping import Swap, swap
from builder.writing import write_document
from tests.network_strategies import documents


def _network() -> Document:
    net = Sketch()
    x = net.input((3, 32, 32))
    conv = net.add("conv", "conv", x, out_channels=8, kernel_size=5, stride=2, padding=2, bias=False)
    pool = net.add("pool", "max_pool", conv, kernel_size=3, stride=1, padding=1)
    net.output(net.add("add", "add", conv, pool))
    return Document("net", net.graph)


def _swapped(document: Document, name: str, block: str, **parameters: Any) -> Swap:
    node = document.network.by_name(name)
    assert node is not None
    found = swap(document, "", node.id, block, parameters)
    assert isinstance(found, Swap)
    document.apply(Batch(tuple(found.edits)))
    return found


def test_parameters_that_both_have_stay() -> None:
    document = _network()
    assert _swapped(document, "conv", "conv_transpose").lost == ()
    node = document.network.by_name("conv")
    assert node is not None
    assert node.parameters == {
        "out_channels": 8, "kernel_size": 5, "stride": 2, "padding": 2, "bias": False,
    }  # fmt: skip
    _swapped(document, "pool", "avg_pool", kernel_size=5, padding=2)
    node = document.network.by_name("pool")
    assert node is not None
    assert node.parameters == {"kernel_size": 5, "stride": 1, "padding": 2}
    assert analyze(document).ok


def test_what_the_other_block_does_not_take_goes() -> None:
    document = _network()
    _swapped(document, "pool", "relu")
    node = document.network.by_name("pool")
    assert node is not None
    assert dict(node.parameters) == {}


def test_wires_go_to_the_ports_there_are() -> None:
    document = _network()
    assert _swapped(document, "add", "concat").lost == ()
    lost = _swapped(document, "add", "relu").lost
    assert [edge.target_port for edge in lost] == ["1"]
    add = document.network.by_name("add")
    assert add is not None
    assert list(document.network.incoming(add.id)) == ["x"]
    _swapped(document, "add", "multiply")
    assert list(document.network.incoming(add.id)) == ["0"]


def test_a_ready_module_comes_in_with_the_swap() -> None:
    document = _network()
    _swapped(document, "pool", "module:BasicBlock", width=8)
    assert {"BasicBlock", "Projection"} <= set(document.modules)
    assert analyze(document).ok


def test_inputs_and_outputs_stay_what_they_are() -> None:
    document = _network()
    node = document.network.by_name("input")
    assert node is not None
    assert isinstance(swap(document, "", node.id, "conv", {}), Problem)
    node = document.network.by_name("pool")
    assert node is not None
    assert isinstance(swap(document, "", node.id, "output", {}), Problem)


@given(document=documents(), data=st.data())
def test_any_block_can_become_any_other_and_back(document: Document, data: st.DataObject) -> None:
    nodes = [node for node in document.network if node.block not in ("input", "output")]
    if not nodes:
        return
    node = data.draw(st.sampled_from(nodes))
    blocks = sorted({*REGISTRY, *(f"module:{name}" for name in (*LIBRARY, *document.modules))})
    block = data.draw(st.sampled_from([b for b in blocks if b not in ("input", "output")]))
    before = write_document(document)
    found = swap(document, "", node.id, block, {})
    assert isinstance(found, Swap)
    undo = document.apply(Batch(tuple(found.edits)))
    now = document.network.node(node.id)
    assert (now.block, now.name, now.position) == (block, node.name, node.position)
    for edge in (*document.network.incoming(node.id).values(), *document.network.outgoing(node.id)):
        document.network.disconnect(edge)
        assert check_link(document, "", edge) is None
        document.network.connect(edge)
    analyze(document)
    document.apply(undo)
    assert write_document(document) == before
