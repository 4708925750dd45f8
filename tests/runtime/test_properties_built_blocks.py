"""Every block × drawn parameters × shape × rank, built through the generated source and run."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from hypothesis import given, note
from hypothesis import strategies as st

from builder.analysis import analyze
from builder.blocks import REGISTRY
from builder.document import Document
from builder.sketch import Sketch
from builder.writing import write_document
from runtime.codegen import generate
from runtime.compile import Tapped, build
from tests.block_strategies import TAKING, arriving, parameters_of
from tests.oracles.cases import examples
from tests.oracles.documents import Interpreted
from tests.oracles.measures import activation_bytes, buffer_count, multiply_adds, parameter_count
from tests.oracles.support import impulse_support

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")

#: Shares of examples: windows have many parameters.
SHARE = {
    "conv": 1.5,
    "conv_transpose": 1.0,
    "upsample": 1.0,
    "max_pool": 0.6,
    "avg_pool": 0.5,
    "adaptive_avg_pool": 0.3,
    "pixel_shuffle": 0.6,
    "pixel_unshuffle": 0.6,
    "split": 0.5,
    "reshape": 0.5,
    "linear": 0.5,
    "crop_like": 0.5,
    "pad_like": 0.5,
}


@st.composite
def one_block(draw: st.DrawFn, block_id: str) -> Document:
    """Input(s) → perhaps something learnt, so that gradients flow → the block → perhaps something learnt → Output.

    Now and then the axes that arrive have been put in another order.
    """
    cls = REGISTRY[block_id]
    shapes = draw(arriving(cls))
    learnt = draw(st.booleans())
    sketch = Sketch()
    wires = []
    for number, shape in enumerate(shapes):
        axes = range(1, len(shape) + 1)
        order = draw(st.permutations(axes)) if len(shape) > 1 and not draw(st.integers(0, 2)) else list(axes)
        came = tuple(shape[order.index(axis)] for axis in axes)
        x = sketch.input(came, name=f"input{number}")
        if learnt and len(shape) == 1:
            x = sketch.add(f"before{number}", "linear", x, out_features=shape[0])
        elif learnt:
            x = sketch.add(f"before{number}", "conv", x, out_channels=came[0], kernel_size=1)
        if came != shape:
            x = sketch.add(f"turned{number}", "permute", x, dims=order)
        wires.append(x)
    parameters = draw(parameters_of(cls, len(shapes[0]) - 1))
    block = sketch.add("block", block_id, *wires, **parameters)
    document = Document("one", sketch.graph)
    output = analyze(document).view().reports[block.node].output_shape
    if output is not None and draw(st.booleans()):  # what it keeps differs from what the block keeps
        behind = {"out_features": 2} if len(output) == 1 else {"out_channels": 2, "kernel_size": 1}
        block = sketch.add("behind", "linear" if len(output) == 1 else "conv", block, **behind)
    sketch.output(block)
    return document


@pytest.mark.parametrize("block_id", TAKING)
def test_built_blocks_do_what_was_said_of_them(block_id: str) -> None:
    accepted = 0

    @given(one_block(block_id))
    @examples(SHARE.get(block_id, 0.2))
    def check(document: Document) -> None:
        nonlocal accepted
        note(write_document(document))
        analysis = analyze(document, batch=2)
        if not analysis.ok:
            assert isinstance(generate(document), list)  # no source without the problems solved
            return
        accepted += 1
        _compare(document)

    check()
    assert accepted, "nothing that was drawn fits together"


def _compare(document: Document) -> None:
    analysis = analyze(document, batch=2)
    leaf = analysis.leaf("block")
    assert leaf is not None
    shapes = [shape for shape in analysis.input_shapes if shape is not None]
    module, plain = build(document), Interpreted(document)
    assert analysis.totals.activation_bytes == activation_bytes(module, shapes, 2)
    assert analysis.totals.parameters == parameter_count(module)
    assert analysis.totals.buffers == buffer_count(module)
    if "block" in dict(module.named_children()):
        assert leaf.parameters == parameter_count(module.get_submodule("block"))
        assert leaf.buffers == buffer_count(module.get_submodule("block"))
    plain.load_state_dict(module.state_dict())
    module.eval()
    plain.eval()
    inputs = [torch.randn(2, *shape) for shape in shapes]
    with torch.no_grad():
        expected = plain.everything(*inputs)["block"]
        _assert_same(module(*inputs), plain(*inputs))
        _assert_same(Tapped(document, module).run(*inputs)["block"], expected)
    assert tuple(expected.shape[1:]) == leaf.output_shape
    if len(shapes) == 1:
        _compare_fields(document, plain)
    assert analysis.totals.macs == multiply_adds(module, shapes)


def _assert_same(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    """To the last bit; where a window lies in the padding alone, both make the same of minus infinity."""
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0, equal_nan=True)


def _compare_fields(document: Document, plain: Interpreted) -> None:
    """At every position, or at a hundred of them, and whether anything local is left at all."""
    analysis = analyze(document)
    (shape,) = (found for found in analysis.input_shapes if found is not None)
    leaf = analysis.leaf("block")
    assert leaf is not None
    assert leaf.receptive_field is not None
    if len(shape) == 1:
        assert leaf.receptive_field.is_global
        return
    seen = impulse_support(plain.double().everything, shape)["block"]
    positions = list(product(*map(range, seen.positions)))
    for position in positions[:: max(1, len(positions) // 100)]:
        assert analysis.field("block", position) == seen.field(position), position
