"""Test-time augmentation: a sample judged by several views of it, whose answers are averaged."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn

from builder.errors import Problem
from runtime.training.augmentation import Augmentation
from runtime.training.augmentation.moves import Moves
from runtime.training.batches import Batches
from runtime.training.settings import Settings
from runtime.training.tasks import Task

#: The part of each side that a view cuts out: AlexNet's ten crops were 224 of 256 (Krizhevsky et al. 2012).
_SIDE = 7 / 8


@dataclass(frozen=True, slots=True)
class View:
    """Where it lies along each axis, from -1 over the middle 0 to 1, and whether it is mirrored along y and x."""

    place: tuple[int, ...]
    flips: tuple[bool, bool] = (False, False)


def views_of(augmentation: Augmentation) -> list[View] | Problem:
    """The views that training taught a network to take for the same sample; a Problem where it is but one.

    The middle and the corners where pictures were moved or cut, each mirrored as they were: ten for most photographs.
    Where the answer is a map or a sequence it must fit its place, so only the mirrored ones are taken, and turned back.
    """
    settings, axes = augmentation.settings, len(augmentation.sizes)
    places = [(0,) * axes]
    moving = [size if settings.crop < 1 else round(settings.shift * size) for size in augmentation.moving]
    if any(moving) and not augmentation.answers_by_place:
        places += product(*((-1, 1) if far else (0,) for far in moving))
    vertical = (False, True) if settings.flip in ("vertical", "both") else (False,)
    horizontal = (False, True) if settings.flip in ("horizontal", "both") else (False,)
    views = [View(place, flips) for flips in product(vertical, horizontal) for place in places]
    if len(views) > 1:
        return views
    if any(moving):  # and the answer has its place
        return Problem(
            "one-view",
            "Where each place has its answer, test-time augmentation averages over mirrored views alone",
            "by these settings its samples were moved or cut, but not mirrored",
            "Evaluate without, or train with flip" if axes > 1 else "Evaluate without",
        )
    helping = "flip" if augmentation.answers_by_place else "shift, crop or flip"
    return Problem(
        "one-view",
        "Test-time augmentation averages over views that a network was trained to take for the same",
        "by these settings its samples were neither moved nor cut nor mirrored",
        f"Evaluate without, or train with {helping}" if axes else "Evaluate without",
    )


class Viewed(nn.Module):
    """A network that answers with the average over views of its input (of probabilities, where they are classes)."""

    def __init__(self, model: nn.Module, task: Task, augmentation: Augmentation, views: list[View]) -> None:
        super().__init__()
        self.model = model
        self._task, self._by_place = task, augmentation.answers_by_place
        self._views = [(view, _moves(view, augmentation)) for view in views]

    @classmethod
    def of(
        cls, model: nn.Module, data: Batches, settings: Settings, device: torch.device, task: Task
    ) -> Viewed | Problem:
        """By the views that such settings train (see ``views_of``)."""
        augmentation = Augmentation(data, settings, device)
        views = views_of(augmentation)
        return views if isinstance(views, Problem) else cls(model, task, augmentation, views)

    @property
    def count(self) -> int:
        """How many views there are."""
        return len(self._views)

    def forward(self, x: Tensor) -> Tensor:
        """The answer (n, …) to inputs (n, *shape), as the network's first output would be."""
        return self._task.averaged([self._answer(x, *view) for view in self._views])

    def _answer(self, x: Tensor, view: View, moves: Moves) -> Tensor:
        answer = self._task.answer(self.model(moves.repeated(len(x)).seen(x)))
        mirrored = [axis for axis, flip in zip((-2, -1), view.flips, strict=True) if flip]
        return answer.flip(mirrored) if self._by_place and mirrored else answer


def _moves(view: View, augmentation: Augmentation) -> Moves:
    """How one gets to see a sample so."""
    settings, flips = augmentation.settings, None
    if any(view.flips):
        flips = torch.tensor([view.flips])
    if settings.crop < 1 and not augmentation.answers_by_place:
        room = (1 - _SIDE) / 2
        across, down = (view.place[-1], view.place[-2] if len(view.place) > 1 else 0)
        sides = (_SIDE, _SIDE if len(augmentation.sizes) > 1 and augmentation.moving[0] else 1.0)
        return augmentation.moves(1, flips=flips, crops=torch.tensor([[across * room, down * room, *sides]]))
    far = [
        round(settings.shift * size) * at for size, at in zip(augmentation.moving, view.place, strict=True)
    ]
    offsets = torch.tensor([far]) if any(far) else None
    return augmentation.moves(1, offsets=offsets, flips=flips)
