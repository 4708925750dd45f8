"""Going on with a run that was stopped, killed, or is to be longer: from its last checkpoint, as if nothing had been.

What was told after the checkpoint is forgotten and told again: on the same machine, device and PyTorch to the bit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from builder.errors import Problem, Severity
from runtime.data import Data
from runtime.data.preparation import Preparation
from runtime.training.records.checkpoints import Kept, Origin, read_checkpoint
from runtime.training.records.journal import EVENTS
from runtime.training.records.runs import Run
from runtime.training.settings import Settings
from runtime.training.trainer import Trainer

#: So many masks are looked at to tell whether they are the same.
_LOOKED_AT = 1000


def resume(folder: Path | str, epochs: int | None = None) -> Run | Problem:
    """A run to be handed to ``train``, which goes on with it; ``epochs`` makes it longer or shorter.

    ``run.document`` and ``run.settings`` are what trains. Without a checkpoint it begins again.
    """
    run = Run.reopen(folder)
    if isinstance(run, Problem):
        return run
    kept = read_checkpoint(run.folder)
    wrong = kept if isinstance(kept, Problem) else _check_epochs(run, kept, epochs or run.settings.epochs)
    if wrong is not None:
        run.close()
        return wrong
    if epochs is not None:
        run.change_settings(run.settings.replace(epochs=epochs))
    assert not isinstance(kept, Problem)
    run.resumes, run.kept = True, kept
    return run


def _check_epochs(run: Run, kept: Kept | None, epochs: int) -> Problem | None:
    summary, patience = run.summary(), run.settings.early_stopping
    since = summary.epochs - (summary.best_epoch or 0)
    if (
        summary.state == "completed"
        and patience
        and since >= patience
        and summary.epochs < run.settings.epochs
    ):
        return Problem(
            "run-complete",
            "A run ends early where validation has not got better for as long as its settings bear",
            f"'{run.name}' ended after {summary.epochs:,} of {run.settings.epochs:,} epochs, {since:,} after its best",
            "Train anew with a longer early_stopping, or with none (0)",
        )
    if summary.state == "completed" and epochs <= run.settings.epochs:
        return Problem(
            "run-complete",
            "A run goes on until it has had its epochs",
            f"'{run.name}' has had its {run.settings.epochs:,}",
            "Ask for more of them (--epochs)",
        )
    done = 0 if kept is None else kept.state.get("epoch")
    if isinstance(done, int) and epochs < done:
        return Problem(
            "epochs-are-over",
            "A run cannot take back what it has learnt",
            f"'{run.name}' has had {done:,} epochs, asked for were {epochs:,}",
            f"Ask for {done:,} or more",
        )
    return None


def go_on(trainer: Trainer, run: Run) -> Problem | None:
    """Put ``trainer`` where the run was; what comes after that in its events is forgotten."""
    if run.kept is not None:
        try:
            trainer.load_state(run.kept.state)
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, IndexError) as error:
            lines = str(error).splitlines() or [type(error).__name__]
            return Problem(
                "checkpoint-of-another",
                "A run goes on with the network and the data that it began with",
                f"its checkpoint is of another: {lines[0][:200]}",
                "Bring back its data, or train anew",
            )
    return run.rewind(run.kept.events if run.kept is not None else 0) or run.write_settings()


def fingerprint(data: Data) -> str:
    """What tells the samples of a run from others: their targets and splits (of masks a thousand, evenly spread)."""
    labels = data.labels[:: -(-len(data.labels) // _LOOKED_AT)] if data.labels.ndim > 2 else data.labels
    found = hashlib.blake2b(labels.cpu().numpy().tobytes(), digest_size=16)
    for name in sorted(data.splits):
        found.update(data.splits[name].cpu().numpy().tobytes())
    return found.hexdigest()


def as_before(data: Data, run: Run) -> Data:
    """The data, normalised as for the run that was: of files it is measured by what fits in memory that day."""
    known = Preparation.read(run.environment().get("preparation"))
    if known is None or known.channels != data.fit.channels:
        return data
    return data.normalised_by(known.mean, known.std)


def computed_before(run: Run, device: str) -> object:
    """How the run is computed, as it recorded it; None where it goes on on another device, to which that is nothing."""
    environment = run.environment()
    return environment.get("computation") if environment.get("device") == device else None


def remarks(
    run: Run, origin: Origin, settings: Settings, preparation: dict[str, Any], samples: str
) -> Iterator[Problem]:
    """What whoever goes on with a run ought to know: where it may not be the run that it would have been."""
    kept = run.kept
    if kept is None:
        return
    if kept.damaged is not None:
        yield _remark(kept.damaged.code, kept.damaged.message, "", "It goes on from the checkpoint before")
    for what, was, now in (
        ("PyTorch", kept.origin.torch, origin.torch),
        ("device", kept.origin.device, origin.device),
        ("number of threads", str(kept.origin.threads), str(origin.threads)),
    ):
        if was != now:
            yield _remark(
                "resumed-elsewhere",
                f"A run goes on to the bit with the {what} that it began with",
                f"that was {was}, here is {now}",
                "It goes on all the same; the last digits may differ",
            )
    known = run.environment().get("preparation")
    if known is not None and known != json.loads(json.dumps(preparation)):
        yield _remark(
            "resumed-on-other-data",
            "A run goes on with the data that it began with",
            "what its pictures are prepared by has changed since",
            "It goes on all the same, normalising as it did; bring the data back if that is not meant",
        )
    if run.environment().get("samples", samples) != samples:
        yield _remark(
            "resumed-on-other-data",
            "A run goes on with the data that it began with",
            "its samples, their targets or how they are split have changed since",
            "It goes on all the same; bring the data back if that is not meant",
        )
    told = run.position()
    if told is not None and told < kept.events:
        yield _remark(
            "events-lost",
            "A run's events tell all its steps up to its checkpoint",
            f"'{EVENTS}' has {told:,} of {kept.events:,} bytes that it had then",
            "It goes on all the same; its curves have a gap",
        )
    if kept.epochs not in (None, settings.epochs) and settings.schedule != "constant":
        yield _remark(
            "schedule-stretched",
            "The schedule of the learning rate spans all epochs of a run",
            f"'{settings.schedule}' was laid out for {kept.epochs:,} epochs and is now for {settings.epochs:,}",
            "The rate goes on from where the new one would be; train anew to have it from the first step",
        )


def _remark(code: str, rule: str, values: str, way_out: str) -> Problem:
    return Problem(code, rule, values, way_out, severity=Severity.WARNING)
