"""What this process may use of the machine it runs on; imported without torch."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def free_memory() -> int | None:
    """Bytes that Linux would still hand out, swap included; None on other systems, which refuse by themselves."""
    with suppress(OSError, ValueError, KeyError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        kibibytes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        free = 1024 * (kibibytes["MemAvailable"] + kibibytes["SwapFree"])
        with suppress(OSError, ValueError):  # "max", or no such limit
            free = min(free, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
        return free
    return None


def usable_cores() -> int:
    """Cores that this process may use: its affinity and its container's quota counted, 1 at least."""
    allowed = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    with suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        if quota != "max":
            allowed = min(allowed, max(1, round(int(quota) / int(period))))
    return allowed
