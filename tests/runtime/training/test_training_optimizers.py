"""Optimizers, groups of weights and averaged weights, against PyTorch's own."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from runtime.training.learning.averaging import Average
from runtime.training.learning.optimizers import make_optimizer, parameter_groups, set_rate
from runtime.training.settings import Settings

LETTERS = st.floats(0.0, 0.99)


def make_network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.PReLU(), nn.Flatten(), nn.LayerNorm((12,)), nn.Linear(12, 2)
    )


def learn(network, optimizer, steps=4):
    for step in range(steps):
        x = torch.randn(5, 1, 4, 4, generator=torch.Generator().manual_seed(step))
        x = x.to(network[0].weight.dtype)
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(x), torch.arange(5) % 2).backward()
        optimizer.step()


@st.composite
def optimizers(draw):
    """Settings, and PyTorch's optimizer made by hand."""
    rate, decay, momentum = draw(st.floats(1e-4, 0.1)), draw(st.floats(0, 0.1)), draw(LETTERS)
    beta1, beta2, eps = draw(LETTERS), draw(LETTERS), draw(st.floats(1e-8, 1e-2))
    given_ = {"learning_rate": rate, "weight_decay": decay, "decay_kernels_only": False}
    kind = draw(st.sampled_from(["sgd", "adam", "adamw", "rmsprop"]))
    if kind == "sgd":
        nesterov = draw(st.booleans())
        ours = Settings(optimizer=kind, momentum=momentum, nesterov=nesterov, **given_)
        ahead = nesterov and momentum > 0
        return ours, lambda w: torch.optim.SGD(w, rate, momentum, weight_decay=decay, nesterov=ahead)
    if kind == "rmsprop":
        ours = Settings(optimizer=kind, momentum=momentum, alpha=beta2, eps=eps, **given_)
        return ours, lambda w: torch.optim.RMSprop(w, rate, beta2, eps, decay, momentum)
    ours = Settings(optimizer=kind, beta1=beta1, beta2=beta2, eps=eps, **given_)
    of = torch.optim.AdamW if kind == "adamw" else torch.optim.Adam
    return ours, lambda w: of(w, rate, (beta1, beta2), eps, decay)


@given(optimizers())
def test_steps_are_pytorchs(made):
    settings, make = made
    ours, theirs = make_network(), make_network()
    for network in (ours, theirs):
        # Adam makes whole steps of gradients near 0: a bias before batch norm has nothing but rounding.
        network.double()[0].bias.requires_grad_(False)
    learn(ours, make_optimizer(ours, settings))
    learn(theirs, make(theirs.parameters()))
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=2e-4, atol=2e-5)


def test_weight_decay_leaves_out_norms_and_biases():
    network = make_network()
    groups = parameter_groups(network, Settings(weight_decay=0.1))
    decayed = {id(weight) for group in groups if group["weight_decay"] for weight in group["params"]}
    assert {name for name, weight in network.named_parameters() if id(weight) in decayed} == {
        "0.weight",
        "5.weight",
    }
    (all_alike,) = parameter_groups(network, Settings(weight_decay=0.1, decay_kernels_only=False))
    assert len(all_alike["params"]) == len(list(network.parameters()))


def test_a_node_has_its_share_of_the_rate_and_none_where_it_is_frozen():
    network, plain = make_network(), make_network()
    frozen = network[0].weight.detach().clone()
    optimizer = make_optimizer(network, Settings(optimizer="sgd", momentum=0.0, rate_by_node="0=0, 5=0.5"))
    set_rate(optimizer, 0.2)
    assert {group["lr"] for group in optimizer.param_groups} == {0.2, 0.1}
    learn(network, optimizer, steps=1)
    by_hand = torch.optim.SGD([{"params": plain[5].parameters(), "lr": 0.1}])
    learn(plain, by_hand, steps=1)
    assert torch.equal(network[0].weight, frozen)
    assert network[0].weight.grad is None
    torch.testing.assert_close(network[5].weight, plain[5].weight)


@pytest.mark.parametrize("decay", [0.5, 0.99])
def test_averaged_weights_are_pytorchs_and_the_networks_own_come_back(decay):
    network = make_network()
    theirs = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
    ours = Average(network, decay)
    optimizer = make_optimizer(network, Settings(learning_rate=0.05))
    for _ in range(5):
        learn(network, optimizer, steps=1)
        ours.update()
        theirs.update_parameters(network)
    own = {name: value.clone() for name, value in network.state_dict().items()}
    resumed = Average(network, decay)
    resumed.load_state(ours.state())
    for average in (ours, resumed):
        with average.in_place():
            for name, value in network.state_dict().items():
                if value.is_floating_point():
                    torch.testing.assert_close(value, theirs.module.state_dict()[name])
    assert all(torch.equal(value, own[name]) for name, value in network.state_dict().items())


def test_averages_of_another_network_are_refused():
    ours = Average(make_network(), 0.9)
    ours.update()
    with pytest.raises((KeyError, ValueError)):
        Average(nn.Linear(2, 2), 0.9).load_state(ours.state())


def test_one_number_for_each_channel_does_not_decay_whatever_its_shape():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 1, groups=1)
            self.point = nn.Conv2d(
                4, 4, 1, groups=4
            )  # one number for each channel, and a kernel all the same
            self.scale = nn.Parameter(torch.ones(4, 1, 1))

    network = Scaled()
    groups = parameter_groups(network, Settings(weight_decay=0.1, decay_kernels_only=True))
    decayed = {id(weight) for group in groups if group["weight_decay"] for weight in group["params"]}
    assert decayed == {id(network.conv.weight), id(network.point.weight)}
