"""Numbers as people read them: thousands separators, three figures and a unit."""

from __future__ import annotations

from builder.convention import Convention

_POWERS = ("", "k", "M", "G", "T", "P")
_BYTES = ("B", "KB", "MB", "GB", "TB")
_SHORT = ("", "k", "M", "billion", "trillion")


def thousands(number: int) -> str:
    """``61,706``."""
    return f"{number:,}"


def work(macs: int, convention: Convention) -> str:
    """``0.83 MFLOPs`` or ``0.42 MMACs``: from half a unit on, the larger unit is used; ``0`` needs none."""
    units = tuple(power + convention.unit for power in _POWERS)
    return _scaled(convention.of(macs), units, 1000, first=0.5) if macs else "0"


def size(number: float) -> str:
    """Bytes as ``39 KB``, in steps of 1024; ``0`` needs no unit."""
    return "0" if number == 0 else _scaled(number, _BYTES, 1024, first=1.0)


def short(number: float) -> str:
    """A count of anything as ``11.7 M``."""
    return _scaled(number, _SHORT, 1000, first=1.0).strip()


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 problem``, ``3 problems``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def ago(seconds: float) -> str:
    """``just now``, ``5 min ago``, ``2 h ago``."""
    if seconds < 60:
        return "just now"
    return f"{int(seconds // 60)} min ago" if seconds < 3600 else f"{int(seconds // 3600)} h ago"


def _scaled(number: float, units: tuple[str, ...], step: int, *, first: float) -> str:
    value, index = float(number), 0
    while index + 1 < len(units) and value >= first * step:
        value /= step
        index += 1
    if index == 0 and value == int(value):
        return f"{int(value):,} {units[0]}"
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f} {units[index]}"
