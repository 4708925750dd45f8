"""With how many threads PyTorch computes, where several threads of a program call it."""

from __future__ import annotations

import torch

from runtime.machine import usable_cores

#: As PyTorch, its environment variables and the machine have it, before anybody here says otherwise.
_AT_FIRST = torch.get_num_threads()


def most_threads() -> int:
    """All that a training may take: PyTorch counts the machine's cores, not a container's."""
    return min(_AT_FIRST, usable_cores())


def compute_alone() -> None:
    """From now on PyTorch computes in the calling thread alone what this thread asks of it.

    Every thread that computes with several gets a pool of its own. Where all pools together have more threads than
    there are cores, libgomp puts those that wait to sleep at once, and to wake them takes longer than a small layer:
    beside a thread that had shown maps, LeNet-5 trained half as fast.
    """
    torch.set_num_threads(1)
