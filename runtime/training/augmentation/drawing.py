"""Chance in augmentation: of each sample, by its place in an epoch's order, a function of the seed and the epoch."""

from __future__ import annotations

import math
import random

import torch
from torch import Tensor

from runtime.training.randomness import generator, seed_of
from runtime.training.settings import Settings

#: Crops are tried so often before one is cut to fit, as torchvision does.
_TRIES = 10
#: A rectangle that is erased: its part of the area, and the most that one side is longer (Zhong et al. 2020).
ERASED = (0.02, 1 / 3)
_ERASED_RATIO = 3.3


def draw_offsets(samples: int, sizes: tuple[int, ...], share: float, seed: int, epoch: int) -> Tensor | None:
    """How far each sample moves along each spatial axis this epoch, int64 (samples, axes).

    Whole pixels, uniform in ±round(share · size); None where nothing moves.
    """
    most = [round(share * size) for size in sizes]
    if not any(most):
        return None
    chance = generator(seed, "shift", epoch)
    return torch.stack([torch.randint(-far, far + 1, (samples,), generator=chance) for far in most], dim=1)


def draw_flips(samples: int, settings: Settings, epoch: int) -> Tensor | None:
    """Whether each sample is mirrored along y and along x, bool (samples, 2), each by a coin's throw."""
    if settings.flip == "none":
        return None
    wanted = torch.tensor([settings.flip in ("vertical", "both"), settings.flip in ("horizontal", "both")])
    return (_uniform(settings, "flip", epoch, samples, 2) < 0.5) & wanted


def draw_turns(samples: int, settings: Settings, epoch: int) -> Tensor | None:
    """Rotation and shear in radians, and a factor of zoom, float32 (samples, 3), each uniform."""
    most = torch.tensor([math.radians(settings.rotate), math.radians(settings.shear), settings.zoom])
    if not most.any():
        return None
    middle = torch.tensor([0.0, 0.0, 1.0])
    return middle + most * (2 * _uniform(settings, "turn", epoch, samples, 3) - 1)


def draw_crops(samples: int, settings: Settings, epoch: int, *, sequence: bool = False) -> Tensor | None:
    """What is cut out of each sample, (samples, 4) as ``geometry.backward_map`` takes it.

    As torchvision's RandomResizedCrop: the area is uniform, the ratio of the sides so in its logarithm, and the first
    of ten that lies within the picture is taken, anywhere; where none does, the last is cut to fit. Of a ``sequence``
    all channels are taken.
    """
    if settings.crop >= 1:
        return None
    chance = _uniform(settings, "crop", epoch, samples, 2 * _TRIES + 2)
    area = settings.crop + (1 - settings.crop) * chance[:, :_TRIES]
    ratio = (math.log(settings.crop_ratio) * (2 * chance[:, _TRIES : 2 * _TRIES] - 1)).exp()
    sides = torch.stack([(area * ratio).sqrt(), (area / ratio).sqrt()], dim=2)
    if sequence:
        sides = torch.stack([area, torch.ones_like(area)], dim=2)
    fits = (sides <= 1).all(2)
    fits[:, -1] = True
    first = fits.int().argmax(1)
    chosen = sides[torch.arange(samples), first].clamp_max(1)
    middle = (chance[:, 2 * _TRIES :] - 0.5) * (1 - chosen)
    return torch.cat([middle, chosen], dim=1)


def draw_colours(samples: int, settings: Settings, epoch: int) -> Tensor | None:
    """Factors of brightness, contrast and saturation and a turn of the hue, float32 (samples, 4), each uniform."""
    most = torch.tensor([settings.brightness, settings.contrast, settings.saturation, settings.hue])
    if not most.any():
        return None
    middle = torch.tensor([1.0, 1.0, 1.0, 0.0])
    return middle + most * (2 * _uniform(settings, "colour", epoch, samples, 4) - 1)


def draw_rectangles(samples: int, settings: Settings, epoch: int) -> Tensor | None:
    """What is erased of each sample: top, left, bottom and right in parts of it, (samples, 4); all 0 of most."""
    if not settings.erase:
        return None
    chance = _uniform(settings, "erase", epoch, samples, 5)
    area = ERASED[0] + (ERASED[1] - ERASED[0]) * chance[:, 1]
    ratio = (math.log(_ERASED_RATIO) * (2 * chance[:, 2] - 1)).exp()
    sides = torch.stack([(area * ratio).sqrt(), (area / ratio).sqrt()], dim=1).clamp_max(1)
    corner = chance[:, 3:] * (1 - sides)
    found = torch.cat([corner, corner + sides], dim=1)
    return found.masked_fill(chance[:, :1] >= settings.erase, 0.0)


def draw_mixing(settings: Settings, epoch: int, first: int) -> tuple[str, float, random.Random] | None:
    """How the batch that begins at place ``first`` is mixed: by what, the larger share, and chance for the rest."""
    ways = [name for name in ("mixup", "cutmix") if settings.values[name]]
    if not ways:
        return None
    chance = random.Random(seed_of(settings.seed, "mix", epoch, first))
    way = chance.choice(ways)
    share = chance.betavariate(settings.values[way], settings.values[way])
    # Two that are mixed are alike but for their shares: the sample itself keeps the larger, by which it is scored.
    return way, max(share, 1 - share), chance


def _uniform(settings: Settings, stream: str, epoch: int, samples: int, columns: int) -> Tensor:
    """0…1, float32 (samples, columns)."""
    return torch.rand((samples, columns), generator=generator(settings.seed, stream, epoch))
