"""The weights before the first step, against ``torch.nn.init``, and by what is known of the graph."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import init

from builder.analysis import analyze
from builder.architectures import ARCHITECTURES
from runtime.compile import build
from runtime.training.learning.initialisation import balance, initialise
from runtime.training.learning.residual import last_scales
from runtime.training.settings import Settings
from runtime.training.trouble import check_nodes

PYTORCHS = {
    "kaiming_normal": lambda w: init.kaiming_normal_(w, nonlinearity="relu"),
    "kaiming_uniform": lambda w: init.kaiming_uniform_(w, nonlinearity="relu"),
    "xavier_normal": init.xavier_normal_,
    "xavier_uniform": init.xavier_uniform_,
    "orthogonal": init.orthogonal_,
}


def make_network():
    return nn.Sequential(
        nn.Conv2d(2, 6, 3),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.ConvTranspose2d(6, 4, 2),
        nn.Flatten(),
        nn.Linear(100, 7),
    )


@pytest.mark.parametrize("scheme", PYTORCHS)
def test_kernels_are_drawn_by_pytorchs_functions_in_the_order_of_the_layers(scheme):
    ours, theirs = make_network(), make_network()
    torch.manual_seed(3)
    initialise(ours, Settings(initialization=scheme))
    torch.manual_seed(3)
    for layer in (theirs[0], theirs[3], theirs[5]):
        PYTORCHS[scheme](layer.weight)
        init.zeros_(layer.bias)
    assert all(torch.equal(ours.state_dict()[name], value) for name, value in theirs.state_dict().items())


def test_stock_settings_leave_the_weights_as_pytorch_drew_them():
    network = make_network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    initialise(network, Settings())
    balance(network, Settings(), lambda: pytest.fail("no batch is needed"))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_node_has_its_own_scheme_also_by_the_module_around_it():
    network = nn.Sequential()
    network.add_module("stem", nn.Linear(8, 8))
    network.add_module("body", nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8)))
    before = network.stem.weight.detach().clone()
    initialise(network, Settings(initialization_by_node="body=orthogonal, body.1=xavier_normal"))
    assert torch.equal(network.stem.weight, before)
    weight = network.body[0].weight
    torch.testing.assert_close(weight @ weight.T, torch.eye(8), rtol=0, atol=1e-5)
    assert (network.body[1].weight @ network.body[1].weight.T - torch.eye(8)).abs().max() > 0.1


def test_kernels_of_a_connection_table_are_drawn_by_what_each_reads():
    network = build(ARCHITECTURES["lenet5_c3"].build())
    table = next(module for module in network.modules() if hasattr(module, "counts"))
    torch.manual_seed(0)
    draws = []
    for _ in range(60):
        initialise(network, Settings(initialization="kaiming_normal"))
        draws.append([part.detach().clone() for part in table.weight.split(table.counts)])
    for kernel, count in enumerate(table.counts):
        seen = torch.stack([draw[kernel] for draw in draws])
        assert float(seen.std()) == pytest.approx((2 / (count * 25)) ** 0.5, rel=0.08)


def test_lsuv_gives_each_layers_output_variance_1_on_the_batch_and_changes_nothing_else():
    network = nn.Sequential(
        nn.Conv2d(2, 16, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.Dropout(0.5), nn.Conv2d(16, 8, 3), nn.Tanh(),
        nn.Flatten(), nn.Linear(8 * 16, 32), nn.ReLU(), nn.Linear(32, 5),
    )  # fmt: skip
    settings = Settings(initialization="lsuv")
    x = torch.randn(32, 2, 8, 8, generator=torch.Generator().manual_seed(0)) * 7 + 3
    initialise(network, settings)
    generator = torch.get_rng_state()
    buffers = [buffer.clone() for buffer in network.buffers()]
    balance(network, settings, lambda: x)
    assert torch.equal(torch.get_rng_state(), generator)
    assert all(map(torch.equal, buffers, network.buffers()))
    assert all(module.training for module in network.modules())
    network[3].eval()
    seen = x
    with torch.no_grad():
        for layer in network:
            seen = layer(seen)
            if isinstance(layer, nn.Conv2d | nn.Linear):
                assert float(seen.var()) == pytest.approx(1.0, rel=1e-3)


def test_lsuv_leaves_a_layer_alone_that_sees_nothing():
    network = nn.Sequential(nn.Linear(4, 4))
    settings = Settings(initialization="lsuv")
    initialise(network, settings)
    before = network[0].weight.detach().clone()
    balance(network, settings, lambda: torch.zeros(8, 4))
    assert torch.equal(network[0].weight, before)


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("resnet18", "bn2"),
        ("resnet50", "bn3"),
        ("seresnet50", "bn3"),
        ("resnet20", "bn2"),
    ],
)
def test_the_last_norm_of_each_residual_branch_is_found_and_no_shortcuts(name, last):
    with torch.device("meta"):
        network = build(ARCHITECTURES[name].build())
    found = {id(scale) for scale in last_scales(network)}
    assert {path for path, weight in network.named_parameters() if id(weight) in found} == {
        path for path, _ in network.named_parameters() if path.endswith(f".{last}.weight")
    }


@pytest.mark.parametrize("name", ["unet", "densenet121", "googlenet", "convnext_tiny", "tcn", "darknet53"])
def test_sums_without_a_norm_before_them_are_left_alone(name):
    with torch.device("meta"):
        network = build(ARCHITECTURES[name].build())
    assert not list(last_scales(network))


def test_quiet_branches_make_a_block_hand_on_what_it_gets():
    network = build(ARCHITECTURES["resnet20"].build())
    initialise(network, Settings(zero_gamma=True))
    block = network.get_submodule("layer1.0").eval()
    x = torch.rand(2, 16, 8, 8)
    torch.testing.assert_close(block(x), x)


def test_settings_by_node_name_nodes_and_leave_something_to_learn():
    analysis = analyze(ARCHITECTURES["resnet20"].build())
    assert check_nodes(analysis, Settings(rate_by_node="layer1=0, layer2.0.conv1=0.1")) is None
    unknown = check_nodes(analysis, Settings(initialization_by_node="layer9=lsuv"))
    assert (unknown.code, unknown.path) == ("setting-node", "training.initialization_by_node")
    assert "'layer9' is none" in unknown.message
    names = [leaf.path.split(".")[0] for leaf in analysis.leaves()]
    frozen = Settings(rate_by_node=" ".join(f"{name}=0" for name in dict.fromkeys(names)))
    assert check_nodes(analysis, frozen).code == "nothing-learns"
