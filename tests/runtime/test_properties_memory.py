"""Memory that is reckoned against memory that PyTorch takes: on random networks, blocks and architectures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, note

from builder.analysis import analyze
from builder.analysis.memory import OPTIMIZERS, Budget
from builder.architectures import ARCHITECTURES
from builder.blocks import REGISTRY
from builder.document import Document
from builder.sketch import Sketch
from builder.writing import write_document
from runtime.compile import build
from tests.block_strategies import TAKING
from tests.network_strategies import documents
from tests.oracles.cases import examples
from tests.oracles.measures import activation_bytes
from tests.oracles.memory import file_bytes, optimizer_bytes, peak_bytes
from tests.runtime.test_properties_built_blocks import one_block

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
TORCH: dict[str, tuple[type[torch.optim.Optimizer], dict[str, Any]]] = {
    "sgd": (torch.optim.SGD, {}),
    "sgd-momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}),
}


def _check(document: Document) -> None:
    analysis = analyze(document)
    shapes = [shape for shape in analysis.input_shapes if shape is not None]
    for precision in ("fp32", "bf16"):
        dtype = DTYPES[precision]
        budget = Budget(analysis, batch=3, precision=precision)
        memory = budget.total()
        try:
            peak = peak_bytes(build(document), shapes, 3, dtype)
            kept = activation_bytes(build(document).to(dtype), shapes, 3, dtype)
        except NotImplementedError:  # some kernels of the CPU know fp32 alone
            assert precision != "fp32"
            continue
        assert memory.peak == peak, precision
        assert memory.activations == kept, precision
        nodes = budget.nodes()
        assert memory.optimizer == optimizer_bytes(build(document), torch.optim.Adam, dtype)
        assert memory.file == sum(t.nbytes for t in build(document).to(dtype).state_dict().values())
        assert memory.activations == sum(node.activations for node in nodes.values())
        assert memory.peak == max([node.alive for node in nodes.values()] + [budget.start])
        assert memory.peak_path == "" or nodes[memory.peak_path].alive == memory.peak


@given(documents())
@examples(0.4)
def test_memory_of_random_networks(document: Document) -> None:
    note(write_document(document))
    _check(document)


@pytest.mark.parametrize("block_id", TAKING)
def test_memory_of_every_block(block_id: str) -> None:
    @given(one_block(block_id))
    @examples(0.15)
    def check(document: Document) -> None:
        note(write_document(document))
        if analyze(document).ok:
            _check(document)

    check()


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("options", [{"stride": 2}, {"stride": 1}, {"stride": 2, "padding": 0}])
def test_memory_of_a_convolution_with_nothing_to_pad(mode: str, options: dict[str, Any]) -> None:
    """``same`` of a 1×1 pads nothing, and copies nothing where the padding is ours."""
    net = Sketch()
    x = net.add("before", "conv", net.input((4, 7, 7)), out_channels=4, kernel_size=1)
    settings = {"out_channels": 2, "kernel_size": 1, "padding": "same", "padding_mode": mode, **options}
    net.output(net.add("tried", "conv", x, **settings))
    _check(Document("plain", net.graph))


@given(documents())
@examples(0.15)
def test_what_optimizers_keep_and_files_hold(
    tmp_path_factory: pytest.TempPathFactory, document: Document
) -> None:
    note(write_document(document))
    analysis = analyze(document)
    path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    for precision, dtype in DTYPES.items():
        for name, (kind, settings) in TORCH.items():
            budget = Budget(analysis, precision=precision, optimizer=name)
            assert budget.total().optimizer == optimizer_bytes(build(document), kind, dtype, **settings), name
            assert budget.total().optimizer == sum(node.optimizer for node in budget.nodes().values())
        assert budget.total().file == file_bytes(build(document), path, dtype)
        assert budget.total().file == sum(node.weights + node.buffers for node in budget.nodes().values())


def test_every_optimizer_is_held_against_its_own() -> None:
    assert OPTIMIZERS.keys() == TORCH.keys()


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "mobilenet_v1"])
def test_architectures_in_memory(name: str, tmp_path: Path) -> None:
    document = ARCHITECTURES[name].build(input_shape=(3, 64, 64))
    _check(document)
    memory = Budget(analyze(document)).total()
    assert memory.file == file_bytes(build(document), tmp_path / "weights.safetensors", torch.float32)


@pytest.mark.parametrize("block_id", TAKING)
@pytest.mark.parametrize("shape", [(4, 8, 8), (4, 9), (4, 6, 6, 6)], ids=lambda shape: f"{len(shape) - 1}d")
def test_memory_of_a_block_on_half_of_the_channels(block_id: str, shape: tuple[int, ...]) -> None:
    """What a Split gives lies with gaps between the samples: some blocks copy it, and keep the copy."""
    net = Sketch()
    halves = net.add(
        "split", "split", net.add("conv", "conv", net.input(shape), out_channels=8, kernel_size=1)
    )
    other = halves._replace(port="1")
    cls = REGISTRY[block_id]
    arriving = (other, halves) if cls.variadic or len(cls.inputs) > 1 else (other,)
    y = net.add("tried", block_id, *arriving)
    net.output(net.add("behind", "conv", y, out_channels=2, kernel_size=1))
    document = Document("halves", net.graph)
    if analyze(document).ok:
        _check(document)
