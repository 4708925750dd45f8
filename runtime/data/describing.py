"""What there is to know of data, as plain values."""

from __future__ import annotations

from typing import Any

from runtime.data.dataset import Data


def describe(data: Data) -> dict[str, Any]:
    """The object that ``data --json`` prints (see docs/command-line.md)."""
    return {
        "title": data.title,
        "description": data.description,
        "task": data.task,
        "kind": "series" if data.is_series else "pictures",
        "samples": len(data),
        "input_shape": list(data.input_shape),
        "target_shape": list(data.labels.shape[1:]),
        "classes": list(data.classes),
        "targets": list(data.targets),
        "splits": {name: len(part) for name, part in data.splits.items()},
        "balance": {name: list(counts) for name, counts in data.balance().items()},
        "mean": list(data.mean),
        "std": list(data.std),
        "target_mean": list(data.target_mean),
        "target_std": list(data.target_std),
        "in_memory": data.inputs.ready,
        "skipped": [{"file": skipped.file, "reason": skipped.reason} for skipped in data.skipped],
    }
