"""The smallest input that is told is the smallest that PyTorch runs."""

from __future__ import annotations

import pytest
import torch

from builder.analysis.sizes import minimum_input
from builder.architectures import ARCHITECTURES
from builder.document import Document
from builder.sketch import Sketch
from runtime.compile import build


def _uneven() -> Document:
    """Two ways that meet at even sizes alone, in front of windows of different shape."""
    net = Sketch()
    x = net.input((3, 40, 40))
    up = net.add(
        "up", "conv_transpose", net.add("halved", "max_pool", x), out_channels=4, kernel_size=2, stride=2
    )
    both = net.add("meet", "concat", up, x)
    net.output(net.add("window", "conv", both, kernel_size=[5, 9]))
    return Document("uneven", net.graph)


@pytest.mark.parametrize("name", ["vgg16", "resnet18", "mobilenet_v1", "uneven"])
def test_pytorch_runs_from_there_on(name: str) -> None:
    document = _uneven() if name == "uneven" else ARCHITECTURES[name].build()
    found = minimum_input(document)
    assert found is not None
    assert found.square is not None
    assert found.axes is not None
    module = build(document).to("meta").eval()

    def runs(height: int, width: int) -> bool:
        try:
            with torch.no_grad():
                module(torch.empty(1, 3, height, width, device="meta"))
        except RuntimeError:
            return False
        return True

    sizes = range(1, 41)
    valid = [size for size in sizes if runs(size, size)]
    assert found.square == (valid[0],) * 2
    gaps = [size for size in sizes if size > valid[0] and size not in valid]
    assert found.gap == ((gaps[0],) * 2 if gaps else None)
    height, width = found.axes
    assert [runs(height, 40), runs(40, width), runs(height, width)] == [True] * 3
    assert not any(runs(size, 40) for size in range(1, height))
    assert not any(runs(40, size) for size in range(1, width))
