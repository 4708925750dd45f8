"""The oracles themselves, on cases small enough to work out by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.cases import examples
from tests.oracles.measures import (
    activation_bytes,
    buffer_count,
    multiply_adds,
    operations,
    output_shape,
    parameter_count,
)
from tests.oracles.reference import ReferenceNetwork, architecture, read_reference, receptive_fields
from tests.oracles.support import gradient_support, impulse_support, unclipped


def test_meta_device_gives_the_shape_and_raises_what_does_not_fit() -> None:
    assert output_shape(nn.Conv2d(3, 8, 5, stride=2), [(3, 32, 32)]) == (8, 14, 14)
    with pytest.raises(RuntimeError, match="Kernel size"):
        output_shape(nn.Conv2d(3, 8, 5), [(3, 4, 4)])
    with pytest.raises(RuntimeError, match="broadcast"):
        output_shape(torch.add, [(3, 4), (3, 5)])


def test_counts_of_parameters_buffers_and_multiply_adds() -> None:
    net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(8 * 16, 10))
    assert parameter_count(net) == (3 * 9 * 8 + 8) + (8 + 8) + (128 * 10 + 10)
    assert buffer_count(net) == 8 + 8 + 1
    assert multiply_adds(net, [(3, 4, 4)]) == 3 * 9 * 8 * 16 + 128 * 10
    assert multiply_adds(nn.Conv1d(4, 6, 3, groups=2), [(4, 10)]) == 6 * 2 * 3 * 8
    assert multiply_adds(nn.ReLU(), [(4, 10)]) == 0


def test_activation_memory_counts_each_storage_once_and_no_parameters() -> None:
    batch, pixels = 2, 4 * 4
    conv = nn.Conv2d(3, 8, 3, padding=1)
    assert activation_bytes(conv, [(3, 4, 4)], batch) == batch * 3 * pixels * 4  # its input
    # ReLU keeps its output, which the linear layer behind the flatten keeps too: one storage.
    net = nn.Sequential(conv, nn.ReLU(), nn.Flatten(), nn.Linear(8 * pixels, 10))
    assert activation_bytes(net, [(3, 4, 4)], batch) == batch * (3 + 8) * pixels * 4
    # Max-pooling keeps its input and 8-byte indices of its output.
    first = nn.Sequential(nn.Conv2d(3, 8, 1), nn.MaxPool2d(2))
    assert activation_bytes(first, [(3, 4, 4)], batch) == batch * ((3 * 16 + 8 * 16) * 4 + 8 * 4 * 8)
    # Normalisation keeps its input and two statistics of each channel, once for the batch.
    norm = nn.Sequential(nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8))
    assert activation_bytes(norm, [(3, 4, 4)], batch) == batch * (3 + 8) * 16 * 4 + 2 * 8 * 4
    assert activation_bytes(nn.Identity(), [(3, 4, 4)]) == 0


def test_operations_are_listed_in_order() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))
    assert operations(net, [(1, 4, 4)]) == [
        "aten.convolution.default",
        "aten.relu.default",
        "aten.view.default",
        "aten.t.default",
        "aten.addmm.default",
    ]


def test_support_of_a_convolution_is_its_window() -> None:
    conv = nn.Conv2d(2, 3, (3, 5), stride=(2, 1), padding=(1, 0), dilation=(2, 1))
    nn.init.zeros_(conv.weight)  # the structure counts, not the weights …
    nn.init.ones_(conv.weight)
    assert gradient_support(conv, (2, 12, 12), (0, 0)) == ((1, 3), (0, 4))  # row −1 is padding, row 0 a hole
    assert gradient_support(conv, (2, 12, 12), (2, 3)) == ((3, 7), (3, 7))


@pytest.mark.parametrize(
    ("pool", "conv", "shape"),
    [
        (nn.MaxPool1d(3, 2, padding=1, ceil_mode=True), nn.Conv1d(2, 2, 3), (2, 14)),
        (nn.MaxPool2d((3, 2), (2, 1), padding=1, dilation=(1, 2)), nn.Conv2d(2, 2, 3), (2, 12, 12)),
        (nn.MaxPool3d(2, 2, ceil_mode=True), nn.Conv3d(2, 2, 3, padding=1), (2, 7, 6, 5)),
    ],
)
def test_impulses_and_gradients_agree_everywhere(
    pool: nn.Module, conv: nn.Module, shape: tuple[int, ...]
) -> None:
    norm = getattr(nn, f"BatchNorm{len(shape) - 1}d")(2)
    net = nn.Sequential(conv, norm, nn.ReLU(), pool, nn.Dropout()).double()
    seen = impulse_support(net, shape)[""]
    for position in torch.cartesian_prod(*(torch.arange(n) for n in seen.positions)).reshape(
        -1, len(shape) - 1
    ):
        at = tuple(position.tolist())
        assert seen.field(at) == gradient_support(net, shape, at)


def test_max_pooling_sees_all_of_its_window_and_nothing_of_the_padding() -> None:
    pool = nn.MaxPool2d(3, 2, padding=1)
    assert gradient_support(pool, (1, 8, 8), (0, 0)) == ((0, 1), (0, 1))
    assert gradient_support(pool, (1, 8, 8), (1, 3)) == ((1, 3), (5, 7))
    ceil = nn.MaxPool1d(3, 2, ceil_mode=True)
    assert ceil(torch.zeros(1, 1, 8)).shape[-1] == 4
    assert gradient_support(ceil, (1, 8), (3,)) == ((6, 7),)


@given(st.data())
@examples(0.3)
def test_the_stand_in_for_max_pooling_sees_exactly_what_can_win(data: st.DataObject) -> None:
    kernel, dilation = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    padding = data.draw(st.integers(0, kernel // 2))  # what every release of PyTorch accepts
    stride = data.draw(st.integers(1, 5))
    size = data.draw(st.integers(max(1, dilation * (kernel - 1) + 1 - 2 * padding), 14))
    pool = nn.MaxPool1d(kernel, stride, padding, dilation, ceil_mode=data.draw(st.booleans()))
    seen = impulse_support(pool, (1, size))[""]
    for winner in range(size):
        x = torch.zeros(1, 1, size)
        x[..., winner] = 1
        assert torch.equal(pool(x)[0, 0] == 1, seen.axes[0][winner])


def test_branches_unite_and_functions_count_like_modules() -> None:
    class Branches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wide = nn.Conv2d(1, 1, 5, padding=2)

        def forward(self, x: Tensor) -> Tensor:
            pooled = F.max_pool2d(F.pad(x, (0, 2, 0, 2), value=float("-inf")), 3, 1)
            return torch.cat((self.wide(x).relu() + x, F.relu(pooled)), 1)

    net = Branches().double()
    assert gradient_support(net, (1, 9, 9), (4, 0)) == ((2, 6), (0, 2))
    assert unclipped(impulse_support(net, (1, 9, 9))[""], 0) == (5, 1, -2)
    assert gradient_support(lambda x: net(x).flatten(1), (1, 9, 9), ()) == ((0, 8), (0, 8))


def test_unclipped_field_of_a_deep_chain() -> None:
    net = nn.Sequential(
        nn.Conv1d(1, 1, 7, 2, 3), nn.MaxPool1d(3, 2, 1), nn.Conv1d(1, 1, 3, padding=1)
    ).double()
    assert unclipped(impulse_support(net, (1, 80))[""], 0) == (19, 4, -9)


@pytest.mark.parametrize(
    "name", ["resnet18", "vgg16", "mobilenetv1_100", "tf_efficientnet_lite0", "inception_v3"]
)
def test_the_interpreter_rebuilds_what_was_recorded(name: str) -> None:
    facts = architecture(name)
    with torch.device("meta"):
        network = ReferenceNetwork.load(name).eval()
    assert parameter_count(network) == facts["params_total"]
    assert buffer_count(network) == facts["buffer_elements"]
    assert len(network.state_dict()) == facts["n_state_dict_entries"]
    for layer in read_reference("layers", name):
        module = network.get_submodule(layer["name"])
        shapes = {key: list(value.shape) for key, value in module.named_parameters(recurse=False)}
        assert shapes == layer["param_shapes"], layer["name"]
    x = torch.empty(facts["input_shape"], device="meta")
    taps: dict[str, Tensor] = {}
    with torch.no_grad():
        network(x, taps)
    for node in network.nodes:
        if node["op"] != "output":
            assert list(taps[node["name"]].shape) == node["output_shape"], node["name"]
    assert multiply_adds(network, [tuple(facts["input_shape"][1:])]) == facts["macs"]


def test_support_finds_the_published_receptive_field_of_resnet18() -> None:
    network = ReferenceNetwork.load("resnet18").eval()
    slim = [node if node["op"] != "call_module" else _one_channel(node) for node in network.nodes]
    network = ReferenceNetwork(slim).double().eval()
    stage = next(node["name"] for node in slim if node["target"] == "avgpool")
    last = next(node["inputs"][0] for node in slim if node["name"] == stage)

    def until_last(x: Tensor) -> Tensor:
        taps: dict[str, Tensor] = {}
        network(x, taps)
        return taps[last]

    final = receptive_fields("resnet18")["final"]
    (rows, columns) = gradient_support(until_last, (1, 512, 512), (8, 8)) or ((0, 0), (0, 0))
    assert rows == columns
    assert rows[0] == final["start0"][0] + 8 * final["jump"][0]
    assert rows[1] - rows[0] + 1 == final["rf"][0]


def _one_channel(node: dict[str, object]) -> dict[str, object]:
    """Structure needs one channel only; the field stays what it is."""
    hyper = dict(node["hyper"])  # type: ignore[call-overload]
    for key in ("in_channels", "out_channels", "num_features", "in_features"):
        if key in hyper:
            hyper[key] = 1
    return {**node, "hyper": hyper}
