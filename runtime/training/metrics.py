"""The names of the figures that networks are judged by, and how they are written. Neither torch nor Qt in here."""

from __future__ import annotations

#: What is a share of a whole, 0…1, and written in per cent; all other figures are plain numbers.
SHARES = frozenset({"accuracy", "top-5 accuracy", "mean IoU", "pixel accuracy", "Dice"})


def is_share(metric: str) -> bool:
    """Whether a figure lies between 0 and 1 and is told in per cent."""
    return metric in SHARES


def format_metric(metric: str, value: float) -> str:
    """``92.20%`` for a share, ``0.9131`` or ``12.45`` for another figure."""
    return f"{value:.2%}" if is_share(metric) else f"{value:.4g}"
