"""What a step does not do: load the compiler, or go through what wraps an optimizer's step."""

from __future__ import annotations

import copy
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from runtime.training.learning import stepping
from runtime.training.learning.optimizers import make_optimizer, set_rate
from runtime.training.learning.stepping import LeanStep
from runtime.training.settings import Settings

TRAINING = """
import sys
from builder.architectures import open_document
from runtime.data import load_data
from runtime.training.loop import train
from runtime.training.settings import Settings

data = load_data("digits", (1, 28, 28))
settings = Settings(epochs=1, batch=256, optimizer="{optimizer}", clip_norm=1.0, ema_decay=0.9)
finished = list(train(open_document("lenet5"), settings, data))[-1]
assert finished.reason == "completed", finished
assert "torch._dynamo" not in sys.modules
"""


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_training_does_not_import_the_compiler(optimizer):
    done = subprocess.run(
        [sys.executable, "-c", TRAINING.format(optimizer=optimizer)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "groups", [{}, {"rate_by_node": "5=0.1 0=0"}], ids=["one group", "two groups, one frozen"]
)
@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "adam"},
        {"optimizer": "adam", "weight_decay": 0.1, "beta1": 0.8, "eps": 1e-3},
        {"optimizer": "adamw", "weight_decay": 0.1},
        {"optimizer": "adamw", "weight_decay": 0.1, "decay_kernels_only": False},
        {"optimizer": "sgd", "momentum": 0.0},
        {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
        {"optimizer": "rmsprop"},
    ],
    ids=str,
)
def test_a_lean_step_is_the_optimizers_to_the_bit(tiny, settings, groups):
    settings = Settings(learning_rate=0.01, **settings, **groups)
    lean, wrapped = tiny.network(), tiny.network()
    mine, its = make_optimizer(lean, settings), make_optimizer(wrapped, settings)
    step = LeanStep(mine)
    for number in range(6):
        for k, (weight, other) in enumerate(zip(lean.parameters(), wrapped.parameters(), strict=True)):
            weight.grad = other.grad = None
            if weight.requires_grad and (number, k) != (3, 5):  # one that a step leaves out
                weight.grad = torch.randn_like(weight)
                other.grad = weight.grad.clone()
        set_rate(mine, 0.01 / (number + 1))
        set_rate(its, 0.01 / (number + 1))
        step()
        its.step()
    assert all(map(torch.equal, lean.parameters(), wrapped.parameters()))
    assert str(mine.state_dict()) == str(its.state_dict())
    assert torch.is_grad_enabled()
    assert (step._gathered is not None) == (settings.optimizer != "rmsprop")


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD])
def test_a_kernel_that_takes_something_else_is_left_to_its_optimizer(tiny, kind, monkeypatch):
    known = stepping._FUSED[kind]
    assert known.is_known
    strange = replace(known, arguments=f"{known.arguments} more")
    assert not strange.is_known
    assert not replace(known, kernel="_fused_nothing_").is_known
    monkeypatch.setitem(stepping._FUSED, kind, strange)
    network = tiny.network()
    optimizer = kind(network.parameters(), lr=0.1, fused=True)
    step, before = LeanStep(optimizer), [weight.clone() for weight in network.parameters()]
    for _ in range(2):
        for weight in network.parameters():
            weight.grad = torch.ones_like(weight)
        step()
    assert step._gathered is None
    assert not any(map(torch.equal, before, network.parameters()))


def test_an_optimizer_still_tells_its_state_and_takes_it(tiny):
    network = tiny.network()
    optimizer = make_optimizer(network, Settings())
    for weight in network.parameters():
        weight.grad = torch.ones_like(weight)
    LeanStep(optimizer)()
    state = copy.deepcopy(optimizer.state_dict())
    other = make_optimizer(network, Settings())
    other.load_state_dict(state)
    assert str(other.state_dict()) == str(state)
    other.zero_grad()
    assert all(weight.grad is None for weight in network.parameters())
