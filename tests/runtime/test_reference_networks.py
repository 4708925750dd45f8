"""Every network of tests/reference, beside an interpreter of what is recorded of it, with the same weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from builder.architectures import ARCHITECTURES
from runtime.compile import build
from tests.builder.test_reference_architectures import KNOWN, RECORDED
from tests.oracles.reference import ReferenceNetwork

#: Sides of the pictures where 64 are too few.
SIDES = {"alexnet": 80, "inception_v3": 85, "inception_resnet_v2": 85}


def test_every_recorded_network_is_built_in() -> None:
    assert sorted(KNOWN.values()) == RECORDED


@pytest.mark.parametrize("name", KNOWN)
def test_outputs_are_those_of_the_recorded_graph(name: str) -> None:
    side = SIDES.get(name, 64)
    ours = build(ARCHITECTURES[name].build(input_shape=(3, side, side)))
    reference = ReferenceNetwork.load(KNOWN[name])
    vary(reference)
    ours.load_state_dict(reference.state_dict(), strict=True)
    torch.manual_seed(8)
    x = torch.randn(2, 3, side, side)
    with torch.no_grad():
        mine, wanted = ours.eval()(x), reference.eval()(x)
    assert wanted.std() > 0
    torch.testing.assert_close(mine, wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))


def vary(network: nn.Module) -> None:
    """Statistics and scales that no default gives by accident, weights that keep the signal alive."""
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for tensor in (*network.parameters(), *network.buffers()):
            if tensor.is_floating_point() and tensor.dim() == 1:
                tensor.uniform_(0.5, 1.5, generator=generator)
            elif tensor.is_floating_point() and tensor.dim() > 1:
                tensor.normal_(std=(2 / tensor[0].numel()) ** 0.5, generator=generator)
