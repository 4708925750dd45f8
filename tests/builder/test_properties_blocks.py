"""Every block × drawn parameters × shapes × rank: what a block says is what PyTorch does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from builder.blocks import REGISTRY
from builder.errors import Problem
from tests.block_strategies import TAKING, Shape, arriving, parameters_of
from tests.oracles.cases import examples
from tests.oracles.torch_blocks import HOUSE_RULES, ORACLES, REFUSALS, house_rule, pytorch_output

# PyTorch says that such a convolution may copy its input; that is what it costs, and not news.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")

#: Blocks with many parameters, or several inputs, deserve more examples than an activation.
SHARE = {
    "conv": 3.0,
    "conv_transpose": 2.0,
    "upsample": 1.0,
    "max_pool": 2.0,
    "avg_pool": 2.0,
    "linear": 0.5,
    "add": 0.5,
    "concat": 0.5,
}


def inferred(block_id: str, parameters: dict[str, Any], inputs: Sequence[Shape]) -> Shape | Problem:
    """What the block says comes out, through its own checks."""
    cls = REGISTRY[block_id]
    problems = cls.check(parameters)
    assert not problems, "parameters are drawn from what is declared"
    block = cls.create(parameters)
    refused = block.accept(inputs)
    return refused if refused is not None else block.infer(inputs)


def test_every_block_has_an_oracle() -> None:
    assert set(ORACLES) == set(REGISTRY) - {"input"}


@pytest.mark.parametrize("block_id", TAKING)
def test_infer_says_what_pytorch_does_on_the_meta_device(block_id: str) -> None:
    cls = REGISTRY[block_id]

    @given(st.data())
    @examples(SHARE.get(block_id, 0.25))
    def check(data: st.DataObject) -> None:
        inputs = data.draw(arriving(cls))
        parameters = data.draw(parameters_of(cls, len(inputs[0]) - 1))
        values = {name: p.default for name, p in cls.parameters().items()} | parameters
        ours = inferred(block_id, parameters, inputs)
        rule = house_rule(block_id, values, inputs)
        if rule is not None and rule.refuses:
            assert isinstance(ours, Problem), rule.name
            return
        try:
            theirs: Shape | None = pytorch_output(block_id, values, inputs)
        except REFUSALS as refusal:
            note(f"PyTorch: {refusal}")
            theirs = None
        if isinstance(ours, Problem):
            note(ours.message)
            assert theirs is None, ours.message
        else:
            assert ours == theirs

    check()


@pytest.mark.parametrize("rule", HOUSE_RULES, ids=lambda rule: rule.name)
def test_house_rules_are_needed(rule: Any) -> None:
    """A rule that no longer departs from PyTorch, or that nothing falls under, goes."""
    cases: dict[str, tuple[str, dict[str, Any], list[Shape]]] = {
        "one number for each axis": ("max_pool", {"kernel_size": [2]}, [(3, 8, 8)]),
        "same with stride": ("conv", {"padding": "same", "stride": 2}, [(3, 8, 8)]),
        "Add does not broadcast": ("add", {}, [(3, 8, 8), (3, 1, 1)]),
        "Pixels are shuffled in images": ("pixel_shuffle", {"upscale_factor": 1}, [(4, 2, 2, 2)]),
        "A slice lies inside": ("slice", {"stop": 5}, [(3, 8, 8)]),
        "What is padded fits": ("pad_like", {}, [(3, 8, 8), (3, 8, 7)]),
        "Parts are equal": ("split", {"sections": 2}, [(3, 8, 8)]),
        "A map has pixels": ("conv_transpose", {"kernel_size": 4, "stride": 1, "padding": 2}, [(3, 1, 4)]),
        "Linear takes vectors": ("linear", {}, [(3, 8, 8)]),
    }
    block_id, parameters, inputs = cases[rule.name]
    values = {name: p.default for name, p in REGISTRY[block_id].parameters().items()} | parameters
    assert house_rule(block_id, values, inputs) is rule
    assert isinstance(inferred(block_id, parameters, inputs), Problem) is rule.refuses
    if rule.refuses:
        assert pytorch_output(block_id, values, inputs)
    else:
        import torch

        with pytest.raises(ValueError, match="same"):
            torch.nn.Conv2d(3, 8, 3, stride=2, padding="same")
