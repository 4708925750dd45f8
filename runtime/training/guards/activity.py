"""Which units of the ReLUs never become active: what such a unit has learnt is lost, and it learns no more."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import torch
from torch import Tensor

from builder.errors import Problem, Severity
from runtime.training.ledger import Travelling
from runtime.training.remedies import LOWER_RATE
from runtime.training.watching import Twin

#: Images that must have been seen before something is said of a unit, and numbers of them at a time at most.
_IMAGES, _NUMBERS = 256, 2**20
_AT_A_TIME = 64
#: A ReLU with more than this share of its units dead is told of.
_TOO_MANY = 0.9


class Activity:
    """Looks through the twin at the ReLUs ``paths``, on the images of some steps; several looks make a figure."""

    def __init__(self, twin: Twin, paths: Sequence[str]) -> None:
        self._twin = twin
        self._paths = tuple(paths)
        self._looks: deque[tuple[int, dict[str, Tensor]]] = deque()
        self._taken: tuple[tuple[str, ...], Travelling] | None = None

    def look(self, inputs: Tensor) -> None:
        """Look at the first of these images (N, *shape); the shares begin to travel once enough have been seen."""
        many = max(1, min(len(inputs), _AT_A_TIME, _NUMBERS // max(1, inputs[0].numel())))
        found = self._twin.run(inputs[:many], paths=self._paths, keep=_was_active)
        if not found:
            return
        self._looks.append((many, found))
        while sum(count for count, _ in self._looks) - self._looks[0][0] >= _IMAGES:
            self._looks.popleft()
        if sum(count for count, _ in self._looks) < _IMAGES:
            return
        paths = tuple(found)
        dead = [
            1.0 - torch.stack([active[path] for _, active in self._looks]).any(0).double().mean()
            for path in paths
        ]
        self._taken = paths, Travelling(torch.stack(dead))

    def read(self) -> dict[str, float] | None:
        """The share (0…1) of each ReLU's units that none of the images made active, once it is here."""
        if self._taken is None or not self._taken[1].arrived:
            return None
        paths, travelling = self._taken
        self._taken = None
        return {path: round(share, 4) for path, share in zip(paths, travelling.read(), strict=True)}


def check_dead(dead: dict[str, float]) -> Problem | None:
    """A ReLU most of whose units are dead: the first of the network."""
    for path, share in dead.items():
        if share > _TOO_MANY:
            return Problem(
                "dead-relu",
                "Units of a ReLU that no image makes active give nothing on and learn no more",
                f"of '{path}' that are {100 * share:.0f} %, over the last {_IMAGES} images",
                "Lower the learning rate, put batch norm before it, or take Leaky ReLU",
                severity=Severity.WARNING,
                fixes=(LOWER_RATE,),
                path=path,
            )
    return None


def _was_active(values: Tensor) -> Tensor:
    """Of each unit, whether it is above zero anywhere: (N, C, …) → bool (C,)."""
    return (values > 0).transpose(0, 1).flatten(1).any(1)
