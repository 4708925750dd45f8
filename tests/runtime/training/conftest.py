"""A network and data small enough to train within a test."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from runtime.training.randomness import DRAWING, seed_of, seeded
from runtime.training.settings import Settings
from runtime.training.tasks import Classification
from runtime.training.trainer import Trainer

CPU = torch.device("cpu")


class TinyData:
    """Three classes of 4×4 pictures, each with one bright row, in noise."""

    task = "classification"
    classes = ("top", "middle", "bottom")
    is_series = False
    mean, std = (0.0,), (1.0,)
    input_shape = (1, 4, 4)

    def __init__(self, train=65, validation=24, test=21):
        chance = torch.Generator().manual_seed(7)
        count = train + validation + test
        self.labels = torch.arange(count) % 3
        self.images = torch.randn(count, 1, 4, 4, generator=chance) * 0.3
        self.images[torch.arange(count), 0, self.labels] += 1.0
        parts = torch.arange(count).split([train, validation, test])
        self.splits = dict(zip(("train", "validation", "test"), parts, strict=True))

    def batch(self, indices, device):
        indices = indices.to("cpu")
        return self.images[indices].to(device), self.labels[indices].to(device)


def make_network(seed=0):
    """With dropout and batch normalisation: chance in each step, state beside the weights."""
    with seeded(seed_of(seed, "initial weights")):
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Flatten(),
            nn.Linear(64, 3),
        )


@pytest.fixture
def tiny():
    """``tiny.trainer(**settings)`` and the parts it is made of."""

    def trainer(
        *, data=None, network=None, control=None, device=CPU, look=None, save=None, keeper=None, **settings
    ):
        chosen = Settings(**{"batch": 16, "epochs": 3, "learning_rate": 1e-2, "shift": 0.0, **settings})
        network = network if network is not None else make_network(chosen.seed)
        task = Classification(label_smoothing=chosen.label_smoothing)
        return Trainer(
            network,
            data or TinyData(),
            chosen,
            device,
            task,
            control=control,
            look=look,
            save=save,
            keeper=keeper,
        )

    return SimpleNamespace(trainer=trainer, network=make_network, data=TinyData)


@pytest.fixture
def anybody_else_may_draw():
    """Asked, says whether another thread could draw from the default generator now."""

    def draw():
        free = DRAWING.acquire(blocking=False)
        if free:
            DRAWING.release()
        return free

    with ThreadPoolExecutor(1) as other:
        yield lambda: other.submit(draw).result()
