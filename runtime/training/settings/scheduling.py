"""How the learning rate moves over the run."""

from __future__ import annotations

from builder.blocks.parameters import Choice, Integer, Real
from runtime.training.settings.relevance import where


class Scheduling:
    """How the learning rate moves over the run."""

    schedule = Choice(
        "cosine",
        ("constant", "step", "cosine", "one-cycle", "plateau"),
        label="Schedule",
        help="Cosine lets the learning rate glide to zero over the run, so that the last epochs only polish; "
        "one-cycle rises to it first; step cuts it every few epochs; plateau once the validation loss no longer "
        "falls.",
    )
    warmup = Real(
        0.0,
        minimum=0.0,
        maximum=10_000.0,
        unit="epochs",
        label="Warm-up",
        help="The learning rate grows evenly from nothing over so many epochs (0.5 is half of one): the first steps "
        "of a fresh network are the wildest.",
    )
    step_size = Integer(
        10, minimum=1, maximum=100_000, unit="epochs", label="Cut every", help="Epochs between two cuts."
    ).only_where(where("schedule", "step"))
    patience = Integer(
        5,
        minimum=0,
        maximum=100_000,
        unit="epochs",
        label="Patience",
        help="Epochs without a lower validation loss that are borne before the learning rate is cut.",
    ).only_where(where("schedule", "plateau"))
    gamma = Real(
        0.1,
        minimum=1e-4,
        maximum=1.0,
        label="Cut to",
        help="The share of the learning rate that a cut leaves.",
    ).only_where(where("schedule", "step", "plateau"))
    pct_start = Real(
        0.3,
        minimum=0.0,
        maximum=1.0,
        label="Rising share",
        help="The share of the run over which one-cycle rises, from a 25th of the learning rate.",
    ).only_where(where("schedule", "one-cycle"))
    eta_min = Real(
        0.0,
        minimum=0.0,
        maximum=100.0,
        label="Lowest rate",
        help="The learning rate that the schedule does not go below.",
    ).only_where(where("schedule", "cosine", "plateau"))
