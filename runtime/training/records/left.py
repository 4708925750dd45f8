"""Runs whose program ended without a word, and that can go on. Importing this imports no torch."""

from __future__ import annotations

from pathlib import Path

from builder.claims import Holder, clear, holder
from runtime.training.records.journal import RUNNING
from runtime.training.records.runs import Run
from runtime.training.records.summaries import Summary

#: A claim is a file that is removed by whoever ends in order.
_CLAIM = f"{RUNNING}.lock"


def interrupted(folder: Path) -> list[tuple[Run, Summary]]:
    """The runs in a folder that nobody writes any more and that have no end, and how far each came."""
    try:
        left = sorted(claim.parent for claim in folder.glob(f"*/{_CLAIM}"))
    except OSError:
        return []
    return [found for entry in left if (found := _interrupted(entry)) is not None]


def _interrupted(folder: Path) -> tuple[Run, Summary] | None:
    if holder(folder, RUNNING) is not Holder.GONE:
        return None
    run = Run.open(folder)
    if not isinstance(run, Run):
        return None
    summary = run.summary()
    return (run, summary) if summary.state == "unfinished" else None


def leave(run: Run) -> None:
    """Do not call it interrupted again; it can go on all the same."""
    clear(run.folder, RUNNING)
