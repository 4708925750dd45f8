"""On a GPU: all that a step may do is done there, and nothing waits for it."""

from __future__ import annotations

import pytest
import torch

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
def test_a_step_with_everything_on_waits_for_nothing(tiny, optimizer):
    device = torch.device("cuda")
    trainer = tiny.trainer(
        network=tiny.network().cuda(),
        device=device,
        optimizer=optimizer,
        clip_norm=0.1,
        accumulate=2,
        ema_decay=0.9,
        weight_decay=0.01,
    )
    batches = list(trainer.feed.epoch(1))
    trainer.learner.learn(batches[0], 0, 0.01)  # the first step makes the optimizer's state
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for step, batch in enumerate(batches[1:], start=1):
            trainer.learner.learn(batch, step, 0.01 / step)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    with trainer.learner.averaged():
        assert all(value.isfinite().all() for value in trainer.model.state_dict().values())
