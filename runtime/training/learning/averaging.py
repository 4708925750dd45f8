"""The exponential moving average of a network's weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """Of each floating-point parameter and buffer: average ← decay · average + (1 − decay) · value, after each step.

    The first step's values begin it (Polyak and Juditsky 1992; as ``torch.optim.swa_utils`` does with
    ``get_ema_multi_avg_fn`` and ``use_buffers``). Counters are not averaged.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        live = {
            name: value
            for name, value in model.state_dict(keep_vars=True).items()
            if value.is_floating_point()
        }
        self._names = tuple(live)
        self._live = [value.detach() for value in live.values()]
        self._averages: list[Tensor] = []

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights as they are now; a few kernels for all of them, and no wait."""
        if not self._averages:
            self._averages = [value.clone() for value in self._live]
        else:
            torch._foreach_lerp_(self._averages, self._live, 1.0 - self._decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The network has the averaged weights inside, and afterwards its own again, to the bit."""
        if not self._averages:
            yield
            return
        with torch.no_grad():
            own = [value.clone() for value in self._live]
            torch._foreach_copy_(self._live, self._averages)
        try:
            yield
        finally:
            with torch.no_grad():
                torch._foreach_copy_(self._live, own)

    def state(self) -> dict[str, Tensor]:
        """The averages by the names of the state_dict; empty before the first step."""
        return dict(zip(self._names, self._averages, strict=False))

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Go on from what ``state`` gave; raises KeyError or ValueError where it is of another network."""
        if not state:
            self._averages = []
            return
        found = [state[name] for name in self._names]
        if any(new.shape != live.shape for new, live in zip(found, self._live, strict=True)):
            raise ValueError("the averages are of another network")
        self._averages = [
            new.to(live.device, live.dtype, copy=True) for new, live in zip(found, self._live, strict=True)
        ]
