"""``find-batch``: how large a batch fits in memory, and which is the fastest."""

from __future__ import annotations

import argparse
from typing import Any

from runtime.commands.common import (
    OK,
    assignment,
    failed,
    load_data_for,
    open_subject,
    say,
    say_json,
    setting,
    settings_for,
)
from runtime.training.settings import DECLARATIONS

_COLUMNS = 40


def add_parser(subparsers: Any) -> None:
    """Declare ``find-batch``."""
    parser = subparsers.add_parser("find-batch", help="find the largest batch", description=__doc__)
    parser.add_argument("file", metavar="FILE", help="a document, or the name of a built-in architecture")
    parser.add_argument(
        "--data", metavar="SRC", help="a known name or a path (stock: the document's, else digits)"
    )
    parser.add_argument("--device", type=setting("device"), help=DECLARATIONS["device"].help)
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        type=assignment,
        action="append",
        default=[],
        dest="changes",
        help="any training setting, as for train",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Find; 1 where the network cannot be trained."""
    subject = open_subject(arguments.file)
    if isinstance(subject, list):
        return failed(subject)
    changes = dict(arguments.changes)
    if arguments.device is not None:
        changes["device"] = arguments.device
    settings = settings_for(subject, changes)
    if isinstance(settings, list):
        return failed(settings)
    data = load_data_for(subject, arguments.data)
    if isinstance(data, list):
        return failed(data)
    from runtime.training.largest import find_batch

    found = find_batch(subject.document, settings, data)
    if isinstance(found, list):
        return failed(found)
    if arguments.json:
        say_json({"network": subject.document.name, "data": data.title, **found.to_json()})
        return OK
    say(f"{subject.document.name} on {data.title}")
    best = max(rate for _, rate in found.tried)
    for batch, rate in found.tried:
        say(f"{batch:8,}  {rate:10,.0f} images/s  {'█' * round(_COLUMNS * rate / best)}")
    limit = "the training split" if found.limit == "data" else "memory"
    say(f"the largest batch is {found.largest:,}, by {limit}")
    say(f"use {found.fastest}: the smallest that is nearly as fast as any: --set batch={found.fastest}")
    return OK
