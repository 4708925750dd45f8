"""``find-batch``: how large a batch fits in memory, and which is the fastest."""

from __future__ import annotations

import argparse
from typing import Any

from runtime.commands.common import OK, failed, say, say_json
from runtime.commands.searching import add_options, read_options

_COLUMNS = 40

#: The settings with an option of their own.
_NAMES = ("device",)


def add_parser(subparsers: Any) -> None:
    """Declare ``find-batch``."""
    parser = subparsers.add_parser("find-batch", help="find the largest batch", description=__doc__)
    add_options(parser, _NAMES)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Find; 1 where the network cannot be trained."""
    tried = read_options(arguments, _NAMES)
    if isinstance(tried, list):
        return failed(tried)
    subject, settings, data = tried.subject, tried.settings, tried.data
    from runtime.training.searching.largest import find_batch

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
