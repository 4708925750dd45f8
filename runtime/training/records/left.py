"""Runs whose program ended without a word, and that can go on. Importing this imports no torch."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from builder.claims import Holder, holder
from runtime.training.records.journal import RUNNING
from runtime.training.records.runs import Run

#: A claim is a file that is removed by whoever ends in order.
_CLAIM = f"{RUNNING}.lock"


def interrupted(folder: Path) -> list[Run]:
    """The runs in a folder that nobody writes any more and that have no end."""
    try:
        left = sorted(claim.parent for claim in folder.glob(f"*/{_CLAIM}"))
    except OSError:
        return []
    return [run for entry in left if isinstance(run := _interrupted(entry), Run)]


def _interrupted(folder: Path) -> Run | None:
    if holder(folder, RUNNING) is not Holder.GONE:
        return None
    run = Run.open(folder)
    return run if isinstance(run, Run) and run.summary().state == "unfinished" else None


def leave(run: Run) -> None:
    """Do not call it interrupted again; it can go on all the same."""
    with suppress(OSError):
        (run.folder / _CLAIM).unlink()
