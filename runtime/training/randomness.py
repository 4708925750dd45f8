"""Randomness as a function of (seed, stream, epoch, step): any step can be repeated without its past."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

import torch

#: Held by whoever draws from PyTorch's default generators, which all threads share: the steps of a run, and what the
#: window makes of fresh weights beside it. So a run stays the same to the bit, whatever is looked at.
DRAWING = threading.RLock()


def seed_of(seed: int, stream: str, *numbers: int) -> int:
    """A 63-bit seed for one use of chance; different uses get unrelated seeds."""
    text = ":".join([str(seed), stream, *map(str, numbers)])
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def generator(seed: int, stream: str, *numbers: int) -> torch.Generator:
    """A CPU generator of its own for one use of chance."""
    return torch.Generator().manual_seed(seed_of(seed, stream, *numbers))


def seed_default(value: int, device: torch.device) -> None:
    """Seed the generators that layers draw from (dropout has no other): the CPU's and the device's.

    ``torch.manual_seed`` would wake every backend there is, each time.
    """
    for drawn_from in _defaults(device):
        drawn_from.manual_seed(value)


def _defaults(device: torch.device) -> list[torch.Generator]:
    if device.type != "cuda":
        return [torch.default_generator]
    with torch.cuda.device(device):  # a device without an index is the current one
        return [torch.default_generator, torch.cuda.default_generators[torch.cuda.current_device()]]


class Chance:
    """Seeds the default generators before each step, unless the first has shown that nothing draws from them.

    A network draws in every step or in none; to seed is, of a small one's step, nearly a hundredth.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self._seed, self._device = seed, device
        self._draws: bool | None = None

    def begin(self, step: int) -> None:
        """Before a step is taken, or tried again."""
        if self._draws is not False:
            self._value = seed_of(self._seed, "step", step)
            seed_default(self._value, self._device)

    def end(self) -> None:
        """After it."""
        if self._draws is None:
            fresh = torch.Generator().manual_seed(self._value).get_state()
            host, *others = _defaults(self._device)
            self._draws = not torch.equal(host.get_state(), fresh) or any(map(_has_drawn, others))


def _has_drawn(generator: torch.Generator) -> bool:
    """Whether a CUDA generator has given numbers since it was seeded."""
    return generator.get_offset() > 0


@contextmanager
def leaving_chance() -> Iterator[None]:
    """The CPU's default generator is afterwards as it was; unlike in ``seeded``, others may draw meanwhile."""
    with DRAWING:
        state = torch.default_generator.get_state()
    try:
        yield
    finally:
        with DRAWING:
            torch.default_generator.set_state(state)


@contextmanager
def seeded(value: int) -> Iterator[None]:
    """Draw from ``value`` inside, alone, and leave the CPU's default generator as it was."""
    with DRAWING:
        state = torch.default_generator.get_state()
        torch.default_generator.manual_seed(value)
        try:
            yield
        finally:
            torch.default_generator.set_state(state)
