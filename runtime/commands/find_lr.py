"""``find-lr``: which learning rate to train with: the loss is watched while the rate grows from step to step."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from builder.errors import Problem
from runtime.commands.common import OK, failed, say, say_json
from runtime.commands.searching import add_options, read_options

if TYPE_CHECKING:
    from runtime.training.searching.finding import RateCurve

#: Lines and columns of the drawn curve.
_LINES, _COLUMNS = 20, 40

#: The settings with an option of their own.
_NAMES = ("batch", "device", "seed")


def add_parser(subparsers: Any) -> None:
    """Declare ``find-lr``."""
    parser = subparsers.add_parser("find-lr", help="find a learning rate", description=__doc__)
    add_options(parser, _NAMES)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Find; 1 also where the curve says nothing."""
    tried = read_options(arguments, _NAMES)
    if isinstance(tried, list):
        return failed(tried)
    subject, settings, data = tried.subject, tried.settings, tried.data
    from runtime.training.searching.finding import find_learning_rate

    found = find_learning_rate(subject.document, settings, data)
    if isinstance(found, list):
        return failed(found)
    if arguments.json:
        about = {"network": subject.document.name, "data": data.title, "optimizer": settings.optimizer}
        say_json({**about, **found.to_json()})
    else:
        say(f"{subject.document.name} on {data.title}, {settings.optimizer}, batch {settings.batch}")
        _draw(found)
    if found.suggestion is None:
        return failed(nothing_found(found))
    if not arguments.json:
        say(f"use {found.suggestion:g}: --set learning_rate={found.suggestion:g}")
        say(
            f"the loss falls fastest at {found.steepest:.2g}, the middle of its fall is at {found.valley:.2g}, "
            f"it is lowest at {found.lowest:.2g}"
        )
    return OK


def nothing_found(curve: RateCurve) -> Problem:
    """Why there is no suggestion."""
    return Problem(
        "no-learning-rate",
        "A learning rate is read off a loss that falls before it rises",
        f"this one does not fall over {len(curve.rates)} rates",
        "Look at data and network: with no rate it learns in so few steps",
    )


def _draw(curve: RateCurve) -> None:
    """The curve as bars, one for each of a few rates."""
    if not curve.losses:
        return
    top = max(curve.losses)
    every = max(1, -(-len(curve.losses) // _LINES))
    for rate, loss in list(zip(curve.rates, curve.losses, strict=True))[::every]:
        say(f"{rate:10.2g}  {loss:8.4f}  {'█' * round(_COLUMNS * loss / top)}")
