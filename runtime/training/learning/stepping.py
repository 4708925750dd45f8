"""An optimizer's step without what surrounds it: of a small network's step that is several hundredths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import unwrap
from typing import Any, TypeAlias

import torch
from torch import Tensor

#: Weights and gradients of a group, and of each weight what the optimizer keeps of it.
_Lists: TypeAlias = list[list[Tensor]]
#: Steps after which a weight that has got no gradient is not waited for.
_TRIES = 5


def _adam(kernel: Callable[..., None], group: dict[str, Any], lists: _Lists, found: Tensor | None) -> None:
    weights, grads, averages, squares, steps = lists
    beta1, beta2 = group["betas"]
    torch._foreach_add_(steps, 1)
    kernel(
        weights,
        grads,
        averages,
        squares,
        [],
        steps,
        lr=group["lr"],
        beta1=beta1,
        beta2=beta2,
        weight_decay=group["weight_decay"],
        eps=group["eps"],
        amsgrad=False,
        maximize=False,
        found_inf=found,
    )
    if found is not None:
        torch._foreach_sub_(steps, [found] * len(steps))


def _sgd(kernel: Callable[..., None], group: dict[str, Any], lists: _Lists, found: Tensor | None) -> None:
    weights, grads, *buffers = lists
    kernel(
        weights,
        grads,
        buffers[0] if buffers else [],
        weight_decay=group["weight_decay"],
        momentum=group["momentum"],
        lr=group["lr"],
        dampening=group["dampening"],
        nesterov=group["nesterov"],
        maximize=False,
        is_first_step=False,
        found_inf=found,
    )


@dataclass(frozen=True, slots=True)
class _Fused:
    """A kernel that steps with all weights at once: how it is called, what it takes, and of which state."""

    kernel: str
    call: Callable[[Callable[..., None], dict[str, Any], _Lists, Tensor | None], None]
    arguments: str
    state: tuple[str, ...]

    @property
    def is_known(self) -> bool:
        """Whether this release of PyTorch has it, as it is called here."""
        overload = getattr(getattr(torch.ops.aten, self.kernel, None), "default", None)
        taken = [] if overload is None else [argument.name for argument in overload._schema.arguments]
        return taken == self.arguments.split() and hasattr(torch, self.kernel)


_ADAM = partial(
    _Fused,
    call=_adam,
    arguments="self grads exp_avgs exp_avg_sqs max_exp_avg_sqs state_steps "
    "lr beta1 beta2 weight_decay eps amsgrad maximize grad_scale found_inf",
    state=("exp_avg", "exp_avg_sq", "step"),
)
_FUSED = {
    torch.optim.Adam: _ADAM("_fused_adam_"),
    torch.optim.AdamW: _ADAM("_fused_adamw_"),
    torch.optim.SGD: _Fused(
        "_fused_sgd_",
        call=_sgd,
        arguments="self grads momentum_buffer_list "
        "weight_decay momentum lr dampening nesterov maximize is_first_step grad_scale found_inf",
        state=("momentum_buffer",),
    ),
}


class LeanStep:
    """Takes the steps of an optimizer of ``make_optimizer``, to the bit, without what wraps and prepares them.

    The wrapping is for the profiler, the compiler and hooks, and its first call would import the compiler, which takes
    longer than many a training here. From the second step on the fused kernels get lists of weights and state that
    were gathered once; who gives the optimizer another state makes this anew.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._optimizer = optimizer
        self._whole = unwrap(type(optimizer).step)
        fused = _FUSED.get(type(optimizer)) if optimizer.defaults.get("fused") else None
        self._fused = fused if fused is not None and fused.is_known else None
        self._gathered: list[tuple[dict[str, Any], _Lists]] | None = None
        self._tries = 0

    def __call__(self) -> None:
        """Take a step with the gradients there are."""
        with torch.no_grad():
            if not self._step_at_once():
                self._whole(self._optimizer)

    def _step_at_once(self) -> bool:
        """Step with the fused kernel, if there is one and everything it takes; whether it did."""
        fused = self._fused
        if fused is None:
            return False
        if self._gathered is None and not self._gather(fused):
            self._tries += 1
            if self._tries == _TRIES:
                self._fused = None
            return False
        gathered = self._gathered or []
        grads = [
            [weight.grad for weight in weights if weight.grad is not None] for _, (weights, *_) in gathered
        ]
        if any(len(some) < len(weights) for some, (_, (weights, *_)) in zip(grads, gathered, strict=True)):
            return False
        kernel, found = getattr(torch, fused.kernel), getattr(self._optimizer, "found_inf", None)
        for (group, (weights, *state)), some in zip(gathered, grads, strict=True):
            fused.call(kernel, group, [weights, some, *state], found)
        return True

    def _gather(self, fused: _Fused) -> bool:
        """Each group's weights and their state, once there is all of it, in one place and of one kind."""
        gathered = []
        for group in self._optimizer.param_groups:
            weights = group["params"]
            names = () if group.get("momentum") == 0 else fused.state
            states = [self._optimizer.state.get(weight, {}) for weight in weights]
            if len({(weight.device, weight.dtype) for weight in weights}) > 1:
                return False
            if any(state.get(name) is None for state in states for name in names):
                return False
            gathered.append((group, [weights, *([state[name] for state in states] for name in names)]))
        self._gathered = gathered
        return True
