"""What can go wrong in a training, as Problems: before it begins, and from what PyTorch throws."""

from __future__ import annotations

import errno
import logging
from math import prod
from pathlib import Path

import torch

from builder.analysis import Analysis
from builder.blocks.normalisation import BatchNorm
from builder.errors import Problem
from builder.logs import details
from builder.shapes import format_shape
from runtime.training.batches import Batches
from runtime.training.remedies import HALVE_BATCH
from runtime.training.settings import DECLARATIONS, Settings
from runtime.training.settings.bynode import ByNode, nearest

log = logging.getLogger(__name__)


def resolve_device(wanted: str) -> torch.device | Problem:
    """``auto`` takes CUDA where there is one."""
    if wanted == "cpu" or (wanted == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    built = "this PyTorch is built for the CPU alone" if torch.version.cuda is None else "PyTorch finds none"
    return Problem(
        "device-missing",
        "Training on CUDA needs an NVIDIA GPU and a PyTorch built for it",
        built,
        "Choose the device auto or cpu",
    )


def check_batch(settings: Settings, data: Batches) -> Problem | None:
    """A batch is drawn from the training split, so it cannot be larger."""
    samples = len(data.splits["train"])
    if settings.batch <= samples:
        return None
    return Problem(
        "batch-larger-than-data",
        "A batch can hold at most the whole training split",
        f"batch {settings.batch:,}, training split {samples:,}",
        f"Set the batch to {min(samples, 64):,}",
        path="training.batch",
    )


def check_normalisation(analysis: Analysis, data: Batches, batch: int | None) -> Problem | None:
    """A variance needs two values: of each channel in a batch of training, and in one of a split to evaluate.

    ``batch``: that of training; None where only the test split is run through the network.
    """
    lone = [split for split, indices in data.splits.items() if len(indices) == 1]
    for leaf in analysis.leaves():
        block = leaf.facts.block if leaf.facts is not None else None
        if not isinstance(block, BatchNorm) or leaf.output_shape is None or prod(leaf.output_shape[1:]) != 1:
            continue
        where = f"'{leaf.path}' gets {format_shape(leaf.output_shape)}, one value per channel of each picture"
        if batch == 1 or (batch is not None and "train" in lone):
            return Problem(
                "batch-norm-one-value",
                "Batch normalisation needs more than one value per channel to learn from",
                f"{where}, and the batch is 1",
                "Add pictures" if "train" in lone else "Set the batch to 2 or more",
                path=leaf.path,
                address=leaf.address,
            )
        tested = [split for split in lone if batch is not None or split == "test"]
        if tested and not block.track_running_stats:
            return Problem(
                "batch-norm-one-value",
                "Batch normalisation without running averages needs more than one value per channel",
                f"{where}, and the {tested[0]} split is one picture",
                "Turn running averages on, or add pictures",
                path=leaf.path,
                address=leaf.address,
            )
    return None


def check_nodes(analysis: Analysis, settings: Settings) -> Problem | None:
    """Settings by node name nodes or modules of this network, and leave weights that learn."""
    leaves = [leaf.path.split(".") for leaf in analysis.leaves()]
    known = {".".join(parts[:length]) for parts in leaves for length in range(1, len(parts) + 1)}
    learning = [leaf.path for leaf in analysis.leaves() if leaf.facts and leaf.facts.cost.parameters]
    for name, declaration in DECLARATIONS.items():
        entries = declaration.entries(settings.values[name]) if isinstance(declaration, ByNode) else {}
        if strangers := entries.keys() - known:
            return Problem(
                "setting-node",
                f"'{declaration.label}' is for nodes of the network, by their path",
                f"'{min(strangers)[:60]}' is none",
                f"Name others, such as '{learning[0]}', or a module around them" if learning else "",
                path=f"training.{name}",
            )
        if name == "rate_by_node" and not any(nearest(path, entries, 1.0) for path in learning):
            return Problem(
                "nothing-learns",
                "Training changes weights",
                "all are kept as they are" if learning else "the network has none",
                "Leave a node a rate above 0" if learning else "Add a layer with weights",
                path=f"training.{name}" if learning else "",
            )
    return None


def explain(error: Exception, log_file: Path | None = None) -> Problem:
    """A Problem for what was thrown; the traceback goes to the log, which the message names."""
    log.error("training failed", exc_info=error)
    where = f"The details are in {log_file}" if log_file else details()
    text = _first_line(error)
    if is_out_of_memory(error):
        return Problem(
            "out-of-memory",
            "The network's activations at this batch size must fit in memory",
            "there was not enough",
            "Halve the batch, or make the input or the network smaller",
            path="training.batch",
            fixes=(HALVE_BATCH,),
        )
    if "more than 1 value per channel" in text:
        return Problem(
            "batch-norm-one-value",
            "Batch normalisation needs more than one value per channel to learn from",
            "a batch of 1 whose maps are 1×1 brings one",
            "Set the batch to 2 or more",
        )
    if "device-side assert" in text or (text.startswith("IndexError: Target") and "out of bounds" in text):
        return Problem(
            "label-out-of-range",
            "A label is the number of a class, from 0 on",
            "one of a batch is beyond the network's last class"
            if "Target" in text
            else "one of a batch is none",
            "Mend the labels, or let the network tell as many classes as there are",
            path="data.source",
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Problem(
            "disk-full", "Recording a run needs space on the disk", text, "Make room and train again"
        )
    return Problem("training-failed", "Training stopped on an error", text, where)


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out, the device's or the computer's."""
    text = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError)
        and any(sign in text for sign in ("out of memory", "can't allocate memory", "not enough memory"))
    )


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:300]}" if text else type(error).__name__
