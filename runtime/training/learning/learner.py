"""What makes a network learn: a batch in, a step done. It knows neither epochs nor events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import torch
from torch import Tensor, nn

from runtime.training.computing.computation import Computation, Computed, stock
from runtime.training.feeding import Batch
from runtime.training.learning.averaging import Average
from runtime.training.learning.optimizers import make_optimizer, set_rate
from runtime.training.learning.soundness import Soundness
from runtime.training.learning.stepping import LeanStep
from runtime.training.randomness import DRAWING, Chance
from runtime.training.settings import Settings
from runtime.training.state import StateDict, load_optimizer_state, on_cpu, optimizer_state
from runtime.training.tasks import Outputs, Tally, Task
from runtime.training.trouble import is_out_of_memory

Weights: TypeAlias = dict[str, Tensor]


class Learner:
    """A network, its optimizer and its task, whose loss it lowers.

    Where something draws from the default generators, as dropout does, they are seeded before each step, so that any
    step can be repeated without its past.
    """

    def __init__(
        self,
        model: nn.Module,
        task: Task,
        settings: Settings,
        device: torch.device,
        computation: Computation | None = None,
    ) -> None:
        self.model = model
        self.computation = computation or stock(settings, device)
        self.computed = Computed(model, self.computation, device)
        self.task = task
        self.optimizer = make_optimizer(model, settings)
        self.average = Average(model, settings.ema_decay) if settings.ema_decay else None
        self._weights = [weight for group in self.optimizer.param_groups for weight in group["params"]]
        self._step = LeanStep(self.optimizer)
        self._soundness = Soundness(model, self.optimizer, device, late=device.type == "cuda")
        #: Parts of a batch: those of the settings, or more where these did not fit in memory.
        self.parts: int = settings.accumulate
        self._chance = Chance(settings.seed, device)
        self._rate: float | None = None
        self._settings = settings
        self._device = device

    @property
    def learning_rate(self) -> float:
        """That of the last step, or of the settings before the first."""
        rate: float = self._settings.learning_rate if self._rate is None else self._rate
        return rate

    def learn(
        self, batch: Batch, step: int, rate: float, probe: Callable[[], None] | None = None
    ) -> tuple[Tensor, Tally]:
        """Step ``step`` at learning rate ``rate``: mean loss (0-d) and tally of the score, on the device.

        The gradient of a batch in several parts is that of the whole: the mean of the parts', by what counts in each.
        ``probe`` is called when it is there, before it is clipped. Where loss or gradient is no number the weights stay
        as they are, from then on, and the loss is none.
        """
        settings = self._settings
        if rate != self._rate:
            self._rate = rate
            set_rate(self.optimizer, rate)
        with DRAWING:
            loss, tally = self._descend_as_fits(batch, step)
        loss = self._soundness.check(loss)
        if probe is not None:
            probe()
        if self._soundness.forbids:
            return loss, tally
        if settings.clip_norm:
            nn.utils.clip_grad_norm_(self._weights, settings.clip_norm)  # on the device: nothing waits
        self._step()
        if self.average is not None:
            self.average.update()
        return loss, tally

    def _descend_as_fits(self, batch: Batch, step: int) -> tuple[Tensor, Tally]:
        """The batch in twice as many parts where memory runs out; the running averages of norms saw those before."""
        while True:
            for weight in self._weights:
                weight.grad = None
            self._chance.begin(step)
            parts = batch.parts(self.parts)
            try:
                found = self._descend_in_parts(parts, batch)
            except Exception as error:
                smallest = len(batch.parts(2 * len(parts))) == len(parts)
                if smallest or not self._settings.split_batches or not is_out_of_memory(error):
                    raise
            else:
                self._chance.end()
                return found
            # Out here nothing holds what did not fit.
            self.parts = 2 * len(parts)
            if self._device.type == "cuda":
                torch.cuda.empty_cache()

    def _descend_in_parts(self, parts: list[Batch], batch: Batch) -> tuple[Tensor, Tally]:
        found = [self._descend(part, batch) for part in parts]
        if len(found) == 1:
            return found[0]
        losses, tallies = zip(*found, strict=True)
        return torch.stack(losses).sum(), self.task.tallies(tallies).sum(1)

    def _descend(self, part: Batch, batch: Batch) -> tuple[Tensor, Tally]:
        """Add the gradient of a part of its batch; its share of the loss, and its tally."""
        outputs = self.computed(part.inputs)
        loss = self.loss(outputs, part, None if part is batch else batch)
        loss.backward()
        return loss.detach(), self.task.begin_tally(outputs, part.targets)

    def loss(self, outputs: Outputs, part: Batch, batch: Batch | None = None) -> Tensor:
        """The mean loss (0-d) of what each sample is; of mixed ones that of both, in their shares.

        With ``batch``, of which it is a part, what it adds to the mean of the whole.
        """
        loss = self._towards(outputs, part.targets, None if batch is None else batch.targets)
        if part.mixed is None:
            return loss
        others, share = part.mixed
        whole = None if batch is None or batch.mixed is None else batch.mixed[0]
        return share * loss + (1 - share) * self._towards(outputs, others, whole)

    def _towards(self, outputs: Outputs, targets: Tensor, whole: Tensor | None) -> Tensor:
        """The mean loss (0-d), by how much of what counts in the ``whole`` batch's targets these have."""
        loss = self.task.loss(outputs, targets)
        return loss if whole is None else loss * (self.task.counting(targets) / self.task.counting(whole))

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """The network has its averaged weights inside, where they are kept, and afterwards its own again."""
        if self.average is None:
            yield
            return
        with self.average.in_place():
            yield

    def weights(self) -> Weights:
        """A copy on the CPU of everything that a checkpoint holds."""
        return {name: on_cpu(value) for name, value in self.model.state_dict().items()}

    def state(self) -> StateDict:
        """A copy of all that the next step depends on; ``load_state`` of a learner made alike takes it."""
        average = {} if self.average is None else self.average.state()
        return {
            "model": self.weights(),
            "optimizer": optimizer_state(self.optimizer, self.model),
            "average": {name: on_cpu(value) for name, value in average.items()},
            "parts": self.parts,
        }

    def load_state(self, state: StateDict) -> None:
        """Go on from ``state``; raises ValueError, KeyError, TypeError or RuntimeError where it is of another."""
        self.model.load_state_dict(state["model"])
        load_optimizer_state(self.optimizer, self.model, state["optimizer"])
        self._step = LeanStep(self.optimizer)
        self._rate = None
        self.parts = max(self.parts, int(state.get("parts", 1)))
        if self.average is not None:
            self.average.load_state(state["average"])
