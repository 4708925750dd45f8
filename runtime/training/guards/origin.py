"""Where a number arose that is none (NaN, or infinite): the step is taken again, and each node looked at."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from builder.errors import Problem
from runtime.training.batches import cut
from runtime.training.feeding import Batch, Feed
from runtime.training.guards.drawn import Drawn, node_of
from runtime.training.learning.learner import Learner
from runtime.training.randomness import DRAWING, seed_default, seed_of
from runtime.training.remedies import FP32, LOWER_RATE
from runtime.training.settings import Settings

log = logging.getLogger(__name__)

_RULE = "The loss must stay a finite number"
#: Numbers beyond this are not those of a network that learns well.
_BLOWN_UP = 1e6


@dataclass(slots=True)
class _Seen:
    """What a step taken again shows: nodes in the order of execution, and of the gradients on the way back."""

    outputs: dict[str, Tensor] = field(default_factory=dict)
    largest: float = 0.0
    #: The first node whose output is no number.
    forward: str | None = None
    #: Whether each node's gradient is finite, in the order in which they were there.
    gradients: dict[str, bool] = field(default_factory=dict)


class Origin:
    """Finds it for a run whose weights are still those of before the step (see ``Soundness``), or says what is left."""

    def __init__(
        self, learner: Learner, feed: Feed, settings: Settings, device: torch.device, drawn: Drawn | None
    ) -> None:
        self._learner, self._feed, self._settings, self._device = learner, feed, settings, device
        self._drawn = drawn

    def find(self, step: int, rate: float) -> Problem:
        """What to say of step ``step`` (from 0), whose loss or gradient was no number at learning rate ``rate``."""
        when = f"at step {step + 1:,}, with {self._settings.optimizer} at a learning rate of {rate:.3g}"
        try:
            with DRAWING:
                problem = self._find(step, when)
        except Exception:
            log.exception("cannot take step %d again", step)
            problem = None
        if problem is None:
            return self._problem(f"{when}, it was none")
        return problem if self._drawn is None else self._drawn.place(problem)

    def unproven(self, step: int, rate: float) -> Problem:
        """What to say of the validation after step ``step``, whose loss was no number."""
        return self._problem(
            f"in the validation after step {step + 1:,}, with {self._settings.optimizer} at a learning rate of "
            f"{rate:.3g}, it was none"
        )

    def _find(self, step: int, when: str) -> Problem | None:
        epoch, place = divmod(step, self._feed.steps)
        batch = next(self._feed.epoch(epoch + 1, place))
        cuts = cut(len(self._feed.order(epoch + 1)), self._settings.batch)
        if (wrong := self._in_data(batch, self._feed.order(epoch + 1)[slice(*cuts[place])])) is not None:
            return wrong
        if (lost := self._lost_weights()) is not None:
            text = f"{when}, the weights of '{lost}' were none: the gradient of the step before had thrown them away"
            return self._problem(text, lost)
        if self._drawn is None:
            return None
        seen = _Seen()
        self._seed(step)
        for part in batch.parts(self._learner.parts):
            self._repeat(part, seen)
            if (path := seen.forward) is not None:
                return self._arose(
                    f"{when}, '{path}' was the first to give one that is none", path, seen, step, part
                )
            if not all(seen.gradients.values()):
                path = _behind(seen)
                return self._arose(f"{when}, the gradient became none at '{path}'", path, seen, step, part)
        return None

    def _in_data(self, batch: Batch, indices: Tensor) -> Problem | None:
        for what, values in (("input", batch.inputs), ("target", batch.targets)):
            if not values.is_floating_point():
                continue
            sound = values.flatten(1).isfinite().all(1).tolist()
            if not all(sound):
                sample = int(indices[sound.index(False)])
                return Problem(
                    "data-not-finite",
                    "All that a network learns from must be finite numbers",
                    f"the {what} of sample {sample:,} has one that is none (NaN, or infinite)",
                    "Mend or leave out the sample",
                )
        return None

    def _lost_weights(self) -> str | None:
        """The node nearest to the loss whose weights are no numbers: a gradient comes from there."""
        paths = self._drawn.leaves if self._drawn is not None else {}
        lost = [
            node_of(name, paths)
            for name, weight in self._learner.model.named_parameters()
            if not weight.isfinite().all()
        ]
        order = {path: index for index, path in enumerate(paths)}
        return max(lost, key=lambda path: order.get(path, -1)) if lost else None

    def _arose(self, text: str, path: str, seen: _Seen, step: int, part: Batch) -> Problem:
        weights = max((float(w.detach().abs().max()) for w in self._learner.model.parameters()), default=0.0)
        largest = max(seen.largest, weights)
        if largest > _BLOWN_UP:
            return self._problem(f"{text}, from numbers up to {largest:.0e}", path)
        if self._learner.computation.precision == "bf16":
            again = _Seen()
            self._seed(step)
            self._repeat(part, again, precise=True)
            if again.forward is None and all(again.gradients.values()):
                return self._problem(f"{text}; in fp32 it would not", path, "Set the precision to fp32", FP32)
        way_out = (
            f"Look at what '{path}' computes: its numbers are of usual size (up to {largest:.2g}), so that it divides "
            "by zero, or takes a root or logarithm of it; an epsilon helps, or norm layers before it"
        )
        return self._problem(text, path, way_out, "")

    def _problem(self, text: str, path: str = "", way_out: str = "", fix: str = LOWER_RATE) -> Problem:
        lower = f"Lower the learning rate, to {self._settings.learning_rate / 10:.2g} for a start"
        return Problem(
            "loss-not-finite", _RULE, text, way_out or lower, path=path, fixes=(fix,) if fix else ()
        )

    def _seed(self, step: int) -> None:
        seed_default(seed_of(self._settings.seed, "step", step), self._device)

    def _repeat(self, part: Batch, seen: _Seen, *, precise: bool = False) -> None:
        """Take the step again with the twin; weights, buffers and the twin's mode stay as they are."""
        assert self._drawn is not None
        twin, leaves = self._drawn.twin, self._drawn.leaves

        def look(path: str, value: Any) -> None:
            tensor = value[0] if isinstance(value, tuple) else value
            if path in leaves and seen.forward is None and isinstance(tensor, Tensor):
                _look_at(path, tensor, seen)

        seen.outputs.clear()
        bf16 = self._learner.computation.precision == "bf16" and not precise
        with _as_it_was(self._learner.model, twin.module), torch.enable_grad():
            twin.module.train()
            with torch.autocast(self._device.type, torch.bfloat16, enabled=bf16):
                outputs = twin.tell(look, part.inputs)
            outputs = (
                outputs.float() if isinstance(outputs, Tensor) else tuple(one.float() for one in outputs)
            )
            loss = self._learner.loss(outputs, part)
            if seen.forward is None and not loss.isfinite():
                seen.forward = next(reversed(seen.outputs), None)
            if seen.forward is None:
                loss.backward()


def _look_at(path: str, tensor: Tensor, seen: _Seen) -> None:
    if not tensor.isfinite().all():
        seen.forward = path
        return
    seen.largest = max(seen.largest, float(tensor.detach().abs().max()) if tensor.numel() else 0.0)
    seen.outputs[path] = tensor
    if tensor.requires_grad:
        tensor.register_hook(lambda gradient: seen.gradients.update({path: bool(gradient.isfinite().all())}))


def _behind(seen: _Seen) -> str:
    """The node in whose backward pass the gradient became no number: that which takes the output it is of."""
    broken = next(path for path, sound in seen.gradients.items() if not sound)
    source = seen.outputs[broken].grad_fn
    others = {tensor.grad_fn: path for path, tensor in seen.outputs.items() if path != broken}
    for function, path in others.items():
        if function is not None and function is not source and _leads_to(function, source, others):
            return path
    return broken


def _leads_to(function: Any, source: Any, others: dict[Any, str]) -> bool:
    """Whether ``source`` is computed from without another node's output between."""
    waiting, known = [function], set()
    while waiting:
        for before, _ in waiting.pop().next_functions:
            if before is source:
                return True
            if before is not None and before not in others and before not in known:
                known.add(before)
                waiting.append(before)
    return False


@contextmanager
def _as_it_was(model: nn.Module, twin: nn.Module) -> Iterator[None]:
    """Gradients, running averages and the twin's mode are afterwards what they were before."""
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    gradients = [(weight, weight.grad) for weight in model.parameters()]
    for weight, _ in gradients:
        weight.grad = None
    mode = twin.training
    try:
        yield
    finally:
        twin.train(mode)
        for weight, gradient in gradients:
            weight.grad = gradient
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)
