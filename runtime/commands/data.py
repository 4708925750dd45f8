"""``data``: what a source holds: samples, splits, classes and their balance, normalisation, files left out."""

from __future__ import annotations

import argparse
from typing import Any

from builder.console import shape_argument
from builder.errors import Problem
from builder.shapes import format_shape
from runtime.commands.common import OK, failed, say, say_json
from runtime.commands.fetching import have

#: Files left out that are listed where nobody asked for JSON.
_LISTED = 20


def add_parser(subparsers: Any) -> None:
    """Declare ``data``."""
    parser = subparsers.add_parser("data", help="tell what data there is to learn from", description=__doc__)
    parser.add_argument("source", metavar="SRC", help="a known name or a path")
    parser.add_argument(
        "--input", metavar="C,H,W", type=shape_argument, help="for a network's input (stock: as it is stored)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Tell."""
    from runtime.data import load_data
    from runtime.data.describing import describe

    if problem := have(arguments.source):
        return failed(problem)
    data = load_data(arguments.source, arguments.input)
    if isinstance(data, Problem):
        return failed(data)
    found = describe(data)
    if arguments.json:
        say_json({"source": arguments.source, **found})
    else:
        _tell(found)
    return OK


def _tell(found: dict[str, Any]) -> None:
    say(f"{found['title']}: {found['description']}")
    where = "in memory" if found["in_memory"] else "read as batches ask for it"
    say(f"\ntask       {found['task']}, {found['samples']:,} {found['kind']}")
    target = f", to become {format_shape(tuple(found['target_shape']))}" if found["target_shape"] else ""
    say(f"input      {format_shape(tuple(found['input_shape']))}{target}; {where}")
    unit = "own unit" if found["kind"] == "series" else "0…1"
    say(f"mean       {_numbers(found['mean'])} per channel, {unit}")
    say(f"deviation  {_numbers(found['std'])}")
    names = list(found["splits"])
    width = max(len("samples"), *(len(name) for name in (*found["classes"], *found["targets"], "")))
    say(f"\n{'':{width}}" + "".join(f"{name:>12}" for name in names))
    say(f"{'samples':{width}}" + "".join(f"{count:12,}" for count in found["splits"].values()))
    for number, name in enumerate(found["classes"] if found["balance"] else ()):
        say(f"{name:{width}}" + "".join(f"{found['balance'][split][number]:12,}" for split in names))
    for name, mean, deviation in zip(
        found["targets"], found["target_mean"], found["target_std"], strict=True
    ):
        say(f"{name:{width}}  mean {mean:g}, deviation {deviation:g}")
    if found["skipped"]:
        say(f"\nleft out: {len(found['skipped']):,}")
        for skipped in found["skipped"][:_LISTED]:
            say(f"  {skipped['file']}: {skipped['reason']}")


def _numbers(values: list[float]) -> str:
    told = [f"{value:.4g}" for value in values[:8]]
    return ", ".join(told) + (f", … ({len(values):,})" if len(values) > len(told) else "")
