"""How a network is computed: with which numbers, in which memory order, on how many threads; and computing it so."""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from runtime.threads import most_threads
from runtime.training.settings import Settings
from runtime.training.tasks import Outputs

#: glibc's mallopt: from which size on memory is asked of the system, how much freed memory is kept, how much more
#: than needed is asked for. See <malloc.h>; measured in docs/benchmarks.md.
_MALLOPT = {"M_MMAP_THRESHOLD": (-3, 2**25), "M_TRIM_THRESHOLD": (-1, 2**30), "M_TOP_PAD": (-2, 2**26)}

_LOWEST = {"precision": ("fp32", "bf16"), "memory_format": ("contiguous", "channels_last")}


@dataclass(frozen=True, slots=True)
class Computation:
    """How a network is computed; ``why`` says in a line what was chosen, and by what.

    ``precision`` is ``fp32`` or ``bf16`` (autocast: weights, optimizer and loss stay fp32), ``memory_format``
    ``contiguous`` or ``channels_last``; the switches are those of the settings.
    """

    precision: str = "fp32"
    memory_format: str = "contiguous"
    threads: int = 1
    tf32: bool = False
    cudnn_benchmark: bool = False
    deterministic: bool = False
    compile: bool = False
    why: str = ""

    def __str__(self) -> str:
        """``bf16, channels_last, 2 threads``."""
        many = f"{self.threads} thread{'s' if self.threads != 1 else ''}"
        return ", ".join([self.precision, self.memory_format, many, *(["compiled"] if self.compile else [])])

    def to_json(self) -> dict[str, Any]:
        """All of it, for a run's environment file."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: object) -> Computation | None:
        """What ``to_json`` gave; None where that is not what it is, since files are not to be trusted."""
        if not isinstance(data, Mapping) or set(data) != {entry.name for entry in fields(cls)}:
            return None
        sound = (
            all(data[name] in words for name, words in _LOWEST.items())
            and type(data["threads"]) is int
            and 1 <= data["threads"] <= 1024
            and all(type(data[entry.name]) is bool for entry in fields(cls) if entry.type == "bool")
            and isinstance(data["why"], str)
        )
        return cls(**data) if sound else None


def stock(settings: Settings, device: torch.device) -> Computation:
    """What the settings say, and where they leave it open: fp32, contiguous, on all cores."""
    cuda = device.type == "cuda"
    return Computation(
        precision="fp32" if settings.precision == "auto" else settings.precision,
        memory_format="contiguous" if settings.memory_format == "auto" else settings.memory_format,
        threads=settings.threads or most_threads(),
        tf32=cuda and settings.tf32,
        cudnn_benchmark=cuda and settings.cudnn_benchmark and not settings.deterministic,
        deterministic=cuda and settings.deterministic,
        compile=cuda and settings.compile,
    )


@contextmanager
def in_force(computation: Computation, device: torch.device) -> Iterator[None]:
    """Set what PyTorch keeps for the whole process, and for this thread; leaves it as it was."""
    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    # What torch.compile reads up to PyTorch 2.10, which fails where only ``fp32_precision`` was set.
    switches = [
        (torch.backends.cuda.matmul, "allow_tf32", computation.tf32),
        (torch.backends.cudnn, "allow_tf32", computation.tf32),
        (torch.backends.cudnn, "benchmark", computation.cudnn_benchmark),
        (torch.backends.cudnn, "deterministic", computation.deterministic),
    ]
    before = [getattr(owner, name) for owner, name, _ in switches] if device.type == "cuda" else []
    torch.set_num_threads(computation.threads)
    if computation.deterministic:
        torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        for (owner, name, value), _ in zip(switches, before, strict=False):
            setattr(owner, name, value)
        yield
    finally:
        torch.set_num_threads(threads)
        if computation.deterministic:
            torch.use_deterministic_algorithms(deterministic)
        for (owner, name, _), value in zip(switches, before, strict=False):
            setattr(owner, name, value)


class Computed(nn.Module):
    """A network computed as told: inputs laid out, autocast, outputs fp32 again. It has no weights of its own.

    ``forward`` takes inputs (N, *shape) and gives what ``model`` gives. Weights stay contiguous: kernels follow
    the inputs' order, and so nothing that is kept of a run depends on it.
    """

    def __init__(self, model: nn.Module, computation: Computation, device: torch.device) -> None:
        super().__init__()
        self.model = model
        self.training = model.training
        self._autocast = (
            torch.autocast(device.type, torch.bfloat16) if computation.precision == "bf16" else None
        )
        self._channels_last = computation.memory_format == "channels_last"
        #: The network as torch.compile made it, for training alone; kernels for each size of a batch, so that the
        #: same ones are used whichever came first.
        self.compiled: Any = torch.compile(model, dynamic=False) if computation.compile else None

    def forward(self, inputs: Tensor) -> Outputs:
        network = self.compiled if self.compiled is not None and self.training else self.model
        if self._channels_last and inputs.ndim == 4:
            inputs = channels_last(inputs)
        if self._autocast is None:
            outputs: Outputs = network(inputs)
            return outputs
        with self._autocast:
            outputs = network(inputs)
        return outputs.float() if isinstance(outputs, Tensor) else tuple(one.float() for one in outputs)


def channels_last(x_NCHW: Tensor) -> Tensor:
    """``x`` with the channels of a pixel together in memory.

    With one channel both orders are the same bytes, and only the strides say which is meant.
    """
    if x_NCHW.shape[1] != 1:
        return x_NCHW.contiguous(memory_format=torch.channels_last)
    height, width = x_NCHW.shape[2:]
    return x_NCHW.contiguous().as_strided(x_NCHW.shape, (height * width, 1, width, 1))


@cache
def has_bf16(kind: str) -> bool:
    """Whether a ``cpu`` or ``cuda`` device has units for bf16, rather than the means to imitate them."""
    if kind == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    try:
        words = set(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return False
    return bool(words & {"avx512_bf16", "amx_bf16", "bf16"})


@cache
def keep_freed_memory() -> bool:
    """Let glibc keep what a step frees for the next, instead of a page fault for each page; whether it now does.

    What the environment says (MALLOC_…) stands; other C libraries are left alone.
    """
    if platform.libc_ver()[0] != "glibc" or any(name.startswith("MALLOC_") for name in os.environ):
        return False
    library = ctypes.CDLL(None)
    return all(library.mallopt(option, value) == 1 for option, value in _MALLOPT.values())
