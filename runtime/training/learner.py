"""What makes a network learn: a batch in, a step done. It knows neither epochs nor events."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor, nn

from runtime.training.feeding import Batch
from runtime.training.randomness import seed_default, seed_of
from runtime.training.settings import Settings
from runtime.training.state import StateDict, load_optimizer_state, on_cpu, optimizer_state
from runtime.training.tasks import Task

Weights: TypeAlias = dict[str, Tensor]


def make_optimizer(model: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """The optimizer of the settings; the fused kind, one kernel for all weights, where the device has it."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    fused = bool(weights) and all(w.device.type in ("cpu", "cuda") and w.is_floating_point() for w in weights)
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.optimizer == "sgd":
        return torch.optim.SGD(weights, lr=rate, momentum=settings.momentum, weight_decay=decay, fused=fused)
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    return kind(weights, lr=rate, weight_decay=decay, fused=fused)


class Learner:
    """A network, its optimizer and its task, whose loss it lowers.

    The default generators, which dropout draws from, are seeded before each step, so that any step can be
    repeated without its past.
    """

    def __init__(self, model: nn.Module, task: Task, settings: Settings, device: torch.device) -> None:
        self.model = model
        self.task = task
        self.optimizer = make_optimizer(model, settings)
        self._settings = settings
        self._device = device

    @property
    def learning_rate(self) -> float:
        """That of the last step."""
        rate: float = self.optimizer.param_groups[0]["lr"]
        return rate

    def learn(self, batch: Batch, step: int, rate: float) -> tuple[Tensor, Tensor]:
        """Step ``step`` at learning rate ``rate``: mean loss (0-d) and tally of the score (T,), on the device."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        seed_default(seed_of(self._settings.seed, "step", step), self._device)
        self.optimizer.zero_grad(set_to_none=True)
        outputs = self.model(batch.inputs)
        loss = self.task.loss(outputs, batch.targets)
        loss.backward()
        self.optimizer.step()
        return loss.detach(), self.task.tally(outputs, batch.targets)

    def weights(self) -> Weights:
        """A copy on the CPU of everything that a checkpoint holds."""
        return {name: on_cpu(value) for name, value in self.model.state_dict().items()}

    def state(self) -> StateDict:
        """A copy of all that the next step depends on; ``load_state`` of a learner made alike takes it."""
        return {"model": self.weights(), "optimizer": optimizer_state(self.optimizer, self.model)}

    def load_state(self, state: StateDict) -> None:
        """Go on from ``state``; raises ValueError, KeyError, TypeError or RuntimeError where it is of another."""
        self.model.load_state_dict(state["model"])
        load_optimizer_state(self.optimizer, self.model, state["optimizer"])
