"""Augmentation: the samples of an epoch varied, many at once, on the device.

Everything is a function of the seed, the epoch and a sample's place in it, so that any step can be repeated; nothing
waits for the device. In this order: cropped, turned (with shear and zoom), mirrored, moved, all in one resampling, or,
where whole pixels are moved, in none; brightness, contrast, saturation, hue; noise; erased; mixed with another.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from builder.errors import Problem, Severity
from runtime.training.augmentation import colour, drawing, mixing
from runtime.training.augmentation.geometry import across
from runtime.training.augmentation.mixing import Mixed
from runtime.training.augmentation.moves import Border, Moves
from runtime.training.batches import Batches
from runtime.training.randomness import seed_of
from runtime.training.settings import DECLARATIONS, GROUPS, Settings

#: What is off where it has no say.
_OFF = {"crop": 1.0, "flip": "none"}
#: How others are done; they do nothing by themselves.
_MANNERS = frozenset({"border", "crop_ratio"})
_ALWAYS = frozenset({"noise", "mixup"})
_MOVING = _ALWAYS | {"shift", "border", "cutmix"}
_SEQUENCES = _MOVING | {"crop"}
_COLOURS = frozenset({"saturation", "hue"})


def having_say(data: Batches, channels: int, axes: int) -> frozenset[str]:
    """The settings of augmentation that can vary samples with so many channels and spatial axes."""
    if axes == 0 or (data.labels.ndim == 3 and data.task == "regression"):
        return _ALWAYS  # an answer for each step knows nothing of what comes in at the border
    if data.is_series or axes == 1:
        return _SEQUENCES
    if axes > 2:
        return _MOVING
    everything = frozenset(GROUPS["Augmentation"])
    return everything if channels == 3 else everything - _COLOURS


class Augmentation:
    """Varies what is trained with as ``settings`` say; what cannot be done to such data is left out (``remarks``)."""

    def __init__(self, data: Batches, settings: Settings, device: torch.device) -> None:
        shape = tuple(data.input_shape)
        self.sizes = shape[1:]
        self.device = device
        self.task = data.task
        self._is_sequence = data.is_series or len(self.sizes) == 1
        #: Whether the answer is a map or a sequence, which lies where its input does.
        self.answers_by_place = data.labels.ndim > 2
        self._asked = settings
        self._unsaid = self._without_say(data, settings, shape[0])
        off = {name: _OFF.get(name, 0.0) for name in self._unsaid}
        self.settings = settings.replace(**off) if off else settings
        self._mean, self._std = (torch.tensor(part, device=device) for part in (data.mean, data.std))
        self._border = Border(self.settings.border, None if data.is_series else -self._mean / self._std)

    def _without_say(self, data: Batches, settings: Settings, channels: int) -> list[str]:
        """What is on and cannot be done to such data."""
        said = having_say(data, channels, len(self.sizes)) | _MANNERS
        return [
            name
            for name in GROUPS["Augmentation"]
            if name not in said and settings.values[name] != _OFF.get(name, 0.0)
        ]

    @property
    def remarks(self) -> list[Problem]:
        """What was asked for, beyond the stock settings, and cannot be done to such data."""
        asked = [name for name in self._unsaid if self._asked.values[name] != DECLARATIONS[name].default]
        if not asked:
            return []
        names = ", ".join(f"'{DECLARATIONS[name].label}'" for name in asked)
        unused = Problem(
            "augmentation-unused",
            "Some augmentation is for pictures, or for pictures in colour",
            f"{names} cannot vary {self._kind}",
            f"The network is trained without; set {', '.join(asked)} back",
            severity=Severity.ADVICE,
            path=f"training.{asked[0]}",
        )
        return [unused]

    @property
    def _kind(self) -> str:
        if self._is_sequence:
            return "these sequences"
        return {0: "plain numbers", 2: "grey pictures"}.get(len(self.sizes), "volumes")

    @property
    def moving(self) -> tuple[int, ...]:
        """The sizes of the axes that samples move along, 0 of others: of a sequence its steps alone."""
        held = max(len(self.sizes) - 1, 0) if self._is_sequence else 0
        return (*(0,) * held, *self.sizes[held:])

    def moves(self, samples: int, **drawn: Tensor | None) -> Moves:
        """Those of so many samples (see ``Moves.of``), on the device."""
        masks = self.task == "segmentation"
        return Moves.of(samples, self.sizes, self._border, masks=masks, **drawn).to(self.device)

    def epoch(self, samples: int, epoch: int) -> Varied:
        """What is done to each of an epoch's samples, in its order, drawn anew for each epoch (from 1)."""
        settings = self.settings
        moves = self.moves(
            samples,
            offsets=drawing.draw_offsets(samples, self.moving, settings.shift, settings.seed, epoch),
            flips=drawing.draw_flips(samples, settings, epoch),
            turns=drawing.draw_turns(samples, settings, epoch),
            crops=drawing.draw_crops(samples, settings, epoch, sequence=self._is_sequence),
        )
        factors = self._there(drawing.draw_colours(samples, settings, epoch))
        rectangles = self._there(drawing.draw_rectangles(samples, settings, epoch))
        return Varied(self, epoch, moves, factors, rectangles)

    def _there(self, drawn: Tensor | None) -> Tensor | None:
        return None if drawn is None else drawn.to(self.device)

    # what is done to a batch -----------------------------------------------------------------------------

    def coloured(self, x: Tensor, factors: Tensor) -> Tensor:
        """Normalised pictures with another brightness, contrast, saturation and hue: by ``factors`` (n, 4)."""
        mean, std = across(self._mean, x), across(self._std, x)
        x = x * std + mean
        for name, change, factor in zip(
            ("brightness", "contrast", "saturation", "hue"),
            (colour.brighter, colour.contrasted, colour.saturated, colour.hued),
            factors.unbind(1),
            strict=True,
        ):
            if self.settings.values[name]:
                x = change(x, factor)
        return (x - mean) / std

    def noisy(self, x: Tensor, epoch: int, first: int) -> Tensor:
        """With noise of its own for the batch that begins at place ``first``."""
        chance = torch.Generator(self.device)
        chance.manual_seed(seed_of(self.settings.seed, "noise", epoch, first))
        noise = torch.randn(x.shape, generator=chance, device=self.device, dtype=x.dtype)
        return torch.add(x, noise, alpha=self.settings.noise)

    def mixed(
        self, x: Tensor, targets: Tensor, epoch: int, first: int
    ) -> tuple[Tensor, Tensor, Mixed | None]:
        """With the sample before it in the batch: inputs, targets, and what else they are to be."""
        drawn = drawing.draw_mixing(self.settings, epoch, first) if len(x) > 1 else None
        if drawn is None:
            return x, targets, None
        way, share, chance = drawn
        others = targets.roll(1, 0)
        if way == "mixup":
            return mixing.laid_over(x, share), targets, (others, share)
        where = mixing.rectangle(1 if self._is_sequence else len(self.sizes), share, chance)
        x, own = mixing.pasted(x, where)
        if self.task == "segmentation":
            return x, mixing.pasted(targets, where)[0], None
        return x, targets, (others, own)


@dataclass(frozen=True, slots=True, eq=False)
class Varied:
    """What is done to each sample of an epoch, on the device; None where it is nothing."""

    how: Augmentation
    number: int
    moves: Moves
    factors: Tensor | None = None
    rectangles: Tensor | None = None

    def each(self, first: int, last: int, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The samples at places [first, last), moved and coloured, each by itself."""
        moves = self.moves.part(first, last)
        x = moves.seen(inputs)
        if self.how.task == "segmentation":
            targets = moves.judged(targets)
        if self.factors is not None:
            x = self.how.coloured(x, self.factors[first:last])
        return x, targets

    def batch(self, first: int, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Mixed | None]:
        """The batch that begins at place ``first``, of what ``each`` gave: with noise, erased, mixed.

        And what else its samples are to be.
        """
        x = inputs
        if self.how.settings.noise:
            x = self.how.noisy(x, self.number, first)
        if self.rectangles is not None:
            x = erased(x, self.rectangles[first : first + len(x)])
        return self.how.mixed(x, targets, self.number, first)


def erased(x: Tensor, rectangles: Tensor) -> Tensor:
    """``x`` (n, C, H, W) with 0, the mean, in a rectangle of each: top, left, bottom, right in parts of it (n, 4)."""
    inside = _between(rectangles[:, 0], rectangles[:, 2], x.shape[2])[:, :, None]
    inside = inside & _between(rectangles[:, 1], rectangles[:, 3], x.shape[3])[:, None, :]
    return x.masked_fill(inside[:, None], 0.0)


def _between(begin: Tensor, end: Tensor, size: int) -> Tensor:
    """Which pixels of an axis have their middle between two parts of it (n,): bool (n, size)."""
    middles = (torch.arange(size, device=begin.device) + 0.5) / size
    return (begin[:, None] <= middles) & (middles < end[:, None])
