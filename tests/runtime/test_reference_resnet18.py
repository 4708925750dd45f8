"""``resnet18``'s generated module beside the published network, and beside one written by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from builder.architectures import ARCHITECTURES
from builder.document import Document
from runtime.compile import Tapped, build
from tests.oracles.documents import Interpreted
from tests.oracles.measures import activation_bytes, operations
from tests.oracles.reference import ReferenceNetwork


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut, as in any textbook."""

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample: nn.Module | None = None
        if stride != 1 or in_channels != width:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.relu(y + shortcut)


class HandWritten(nn.Module):
    """ResNet-18 as a good engineer writes it."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = nn.Sequential(BasicBlock(64, 64), BasicBlock(64, 64))
        self.layer2 = nn.Sequential(BasicBlock(64, 128, 2), BasicBlock(128, 128))
        self.layer3 = nn.Sequential(BasicBlock(128, 256, 2), BasicBlock(256, 256))
        self.layer4 = nn.Sequential(BasicBlock(256, 512, 2), BasicBlock(512, 512))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(512, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


@pytest.fixture(scope="module")
def document() -> Document:
    return ARCHITECTURES["resnet18"].build()


@pytest.fixture(scope="module")
def generated(document: Document) -> nn.Module:
    """The generated module with weights and statistics that no default could give by accident."""
    torch.manual_seed(7)
    module = build(document)
    with torch.no_grad():
        for tensor in (*module.parameters(), *module.buffers()):
            if tensor.is_floating_point():
                tensor.uniform_(0.5, 1.5) if tensor.dim() == 1 else tensor.normal_(std=0.03)
    return module.eval()


@pytest.mark.parametrize("make", [lambda: ReferenceNetwork.load("resnet18"), HandWritten])
def test_keys_and_shapes_are_those_that_published_weights_have(
    make: Callable[[], nn.Module], generated: nn.Module
) -> None:
    with torch.device("meta"):
        other = make()
    ours, theirs = generated.state_dict(), other.state_dict()
    assert {key: value.shape for key, value in ours.items()} == {k: v.shape for k, v in theirs.items()}
    assert {key: value.dtype for key, value in ours.items()} == {k: v.dtype for k, v in theirs.items()}


def test_keys_stand_in_the_order_of_the_hand_written_network(generated: nn.Module) -> None:
    with torch.device("meta"):
        assert list(generated.state_dict()) == list(HandWritten().state_dict())


@pytest.mark.parametrize("size", [224, 97])
def test_output_is_that_of_the_reference_bit_by_bit(generated: nn.Module, size: int) -> None:
    reference = ReferenceNetwork.load("resnet18").eval()
    reference.load_state_dict(generated.state_dict())
    x = torch.randn(2, 3, size, size)
    with torch.no_grad():
        ours, theirs = generated(x), reference(x)
    assert ours.std() > 0
    assert torch.equal(ours, theirs)


def test_every_layer_is_that_of_the_reference_bit_by_bit(document: Document, generated: nn.Module) -> None:
    reference = ReferenceNetwork.load("resnet18").eval()
    reference.load_state_dict(generated.state_dict())
    x = torch.randn(1, 3, 64, 64)
    taps: dict[str, Tensor] = {}
    with torch.no_grad():
        reference(x, taps)
    ours = Tapped(document, generated).run(x)
    last_of_target = {
        node["target"]: taps[node["name"]] for node in reference.nodes if node["op"] == "call_module"
    }
    compared = [path for path in ours if path in last_of_target and not path.endswith(".relu")]
    assert len(compared) == 20 + 20 + 4  # convolutions, norms, and the first ReLU, the pools and fc
    for path in compared:
        assert torch.equal(ours[path], last_of_target[path]), path


@pytest.mark.parametrize("training", [False, True])
def test_operations_are_those_of_the_hand_written_network_in_order(
    document: Document, training: bool
) -> None:
    with torch.device("meta"):
        ours, theirs = build(document).train(training), HandWritten().train(training)
    assert operations(ours, [(3, 224, 224)]) == operations(theirs, [(3, 224, 224)])
    assert len(operations(ours, [(3, 224, 224)])) > 60


def test_training_keeps_no_more_than_the_hand_written_network(document: Document) -> None:
    shapes = [(3, 64, 64)]
    assert activation_bytes(build(document), shapes, 2) == activation_bytes(HandWritten(), shapes, 2)


@pytest.mark.parametrize("name", ["lenet5", "vgg16", "mobilenet_v1"])
def test_the_other_architectures_are_what_a_plain_reading_says(name: str) -> None:
    document = ARCHITECTURES[name].build()
    with torch.device("meta"):
        ours, plain = build(document), Interpreted(document)
    assert [(key, value.shape) for key, value in ours.state_dict().items()] == [
        (key, value.shape) for key, value in plain.state_dict().items()
    ]
    shape = ARCHITECTURES[name].default_input
    assert operations(ours.eval(), [shape]) == operations(plain.eval(), [shape])


@pytest.mark.parametrize(("name", "published"), [("vgg16", "vgg16"), ("mobilenet_v1", "mobilenetv1_100")])
def test_the_other_architectures_take_published_weights(name: str, published: str) -> None:
    with torch.device("meta"):
        ours, theirs = build(ARCHITECTURES[name].build()), ReferenceNetwork.load(published)
    assert {key: value.shape for key, value in ours.state_dict().items()} == {
        key: value.shape for key, value in theirs.state_dict().items()
    }
