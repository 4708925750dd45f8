"""What a step does not do: load the compiler, or go through what wraps an optimizer's step."""

from __future__ import annotations

import copy
import subprocess
import sys

import pytest
import torch

from runtime.training.optimizers import bare_step, make_optimizer
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


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop"])
def test_a_bare_step_is_the_optimizers_to_the_bit(tiny, optimizer):
    settings = Settings(optimizer=optimizer, weight_decay=0.1, learning_rate=0.01)
    bare, wrapped = tiny.network(), tiny.network()
    mine, its = make_optimizer(bare, settings), make_optimizer(wrapped, settings)
    step = bare_step(mine)
    for _ in range(3):
        for weight, other in zip(bare.parameters(), wrapped.parameters(), strict=True):
            weight.grad = torch.randn_like(weight)
            other.grad = weight.grad.clone()
        step()
        its.step()
    assert all(map(torch.equal, bare.parameters(), wrapped.parameters()))
    assert torch.is_grad_enabled()


def test_an_optimizer_still_tells_its_state_and_takes_it(tiny):
    network = tiny.network()
    optimizer = make_optimizer(network, Settings())
    for weight in network.parameters():
        weight.grad = torch.ones_like(weight)
    bare_step(optimizer)()
    state = copy.deepcopy(optimizer.state_dict())
    other = make_optimizer(network, Settings())
    other.load_state_dict(state)
    assert str(other.state_dict()) == str(state)
    other.zero_grad()
    assert all(weight.grad is None for weight in network.parameters())
