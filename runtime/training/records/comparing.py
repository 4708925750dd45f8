"""Runs side by side: what came of each, and only what differs in how they were made. No torch in here."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from builder.comparing import Row, compare_networks, differing, row
from builder.figures import thousands
from runtime.training.metrics import format_metric
from runtime.training.settings import DECLARATIONS

if TYPE_CHECKING:
    from runtime.training.records.runs import Run
    from runtime.training.records.summaries import Summary

#: Facts of the surroundings that are compared, and what they are called.
_MACHINE = {
    "device": "Device", "threads": "Threads", "precision": "Precision", "memory_format": "Memory format",
    "compile": "torch.compile", "tf32": "TF32", "deterministic": "Deterministic", "torch": "PyTorch",
    "convolab": "Convolab", "python": "Python", "system": "System", "machine": "Machine",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Comparison:
    """Several runs: ``figures`` are what came of them; of the rest there are only the rows that differ."""

    runs: tuple[Summary, ...]
    figures: tuple[Row, ...]
    settings: tuple[Row, ...]
    data: tuple[Row, ...]
    network: tuple[Row, ...]
    machine: tuple[Row, ...]

    def sections(self) -> dict[str, tuple[Row, ...]]:
        """The parts with something in them, under the titles that people read."""
        titled = {
            "Results": self.figures,
            "Settings": self.settings,
            "Data": self.data,
            "Network": self.network,
            "Machine": self.machine,
        }
        return {title: rows for title, rows in titled.items() if rows}

    def to_json(self) -> dict[str, Any]:
        """The object that ``runs --compare --json`` prints: of each key that differs a value for each run."""
        parts = {name: getattr(self, name) for name in ("settings", "data", "network", "machine")}
        return {
            "runs": [run.to_json() for run in self.runs],
            **{name: {row.key: list(row.values) for row in rows} for name, rows in parts.items()},
        }

    def to_csv(self) -> str:
        """A line for each row: its section, its name, what it is in each run."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["section", "name", *(_harmless(run.name) for run in self.runs)])
        for title, rows in self.sections().items():
            writer.writerows([title, row.label, *map(_harmless, row.texts)] for row in rows)
        return text.getvalue()

    def to_markdown(self) -> str:
        """A table for each section."""
        heads = [_cell(run.name) for run in self.runs]
        lines = []
        for title, rows in self.sections().items():
            lines += [f"| {title} | {' | '.join(heads)} |", f"| --- |{' ---: |' * len(heads)}"]
            lines += [f"| {_cell(row.label)} | {' | '.join(map(_cell, row.texts))} |" for row in rows]
            lines.append("")
        return "\n".join(lines)


def compare(runs: Sequence[Run]) -> Comparison:
    """These runs side by side, in their order."""
    summaries = tuple(run.summary() for run in runs)
    labels = {name: declaration.label for name, declaration in DECLARATIONS.items()}
    return Comparison(
        summaries,
        _figures(summaries),
        differing([run.settings.to_json() for run in runs], labels),
        differing([run.document.data for run in runs]),
        compare_networks([run.document for run in runs]),
        differing([_machine(run.environment()) for run in runs], _MACHINE),
    )


def _figures(summaries: Sequence[Summary]) -> tuple[Row, ...]:
    """What came of each, where it is known of any."""
    rows = [
        row("network", [one.network for one in summaries], "Network"),
        row("state", [one.state for one in summaries], "State"),
        row("epochs", [one.epochs for one in summaries], "Epochs", thousands),
        row("best_epoch", [one.best_epoch for one in summaries], "Best epoch", thousands),
    ]
    scores = [
        {} if one.validation_accuracy is None else {one.metric: one.validation_accuracy} for one in summaries
    ]
    rows += _metrics("validation", scores)
    rows += _metrics("test", [one.tested for one in summaries])
    rows += [
        row("test_loss", [one.test_loss for one in summaries], "Test loss", lambda loss: f"{loss:.4f}"),
        row("parameters", [one.parameters for one in summaries], "Parameters", thousands),
        row("seconds", [one.seconds for one in summaries], "Time", lambda seconds: f"{seconds:,.1f} s"),
    ]
    return tuple(found for found in rows if any(value is not None for value in found.values))


def _metrics(split: str, found: Sequence[Mapping[str, float]]) -> list[Row]:
    """Runs may be judged by different scores: each has its row."""
    names = dict.fromkeys(name for metrics in found for name in metrics)
    return [
        row(
            f"{split} {name}",
            [metrics.get(name) for metrics in found],
            f"{split.capitalize()} {name}",
            partial(format_metric, name),
        )
        for name in names
    ]


def _machine(environment: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a run's surroundings that say how it was computed; what is no plain value is left out."""
    computation = environment.get("computation")
    facts = {**environment, **(computation if isinstance(computation, dict) else {})}
    return {name: facts[name] for name in _MACHINE if isinstance(facts.get(name), str | int | float | bool)}


def _cell(text: str) -> str:
    """Text that does not end a cell of a Markdown table."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")


def _harmless(text: str) -> str:
    """Text that a spreadsheet does not take for a formula; negative numbers are none."""
    return f"'{text}" if text.startswith(("=", "+", "@", "\t")) else text
