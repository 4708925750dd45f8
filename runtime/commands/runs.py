"""``runs``: the runs in a folder and what came of them, newest first; or some of them side by side."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from builder.console import print_table
from builder.errors import Problem
from runtime.commands.common import OK, complain, failed, misuse, open_run, say, say_json
from runtime.commands.train import RUNS
from runtime.training.metrics import format_metric
from runtime.training.records.comparing import compare
from runtime.training.records.runs import Run, list_runs
from runtime.training.records.summaries import Summary


def add_parser(subparsers: Any) -> None:
    """Declare ``runs``."""
    parser = subparsers.add_parser("runs", help="list runs and their results", description=__doc__)
    parser.add_argument("folder", metavar="DIR", nargs="?", help=f"where to look (stock: {RUNS})")
    parser.add_argument(
        "--compare",
        metavar="RUN",
        nargs="+",
        help="show these runs (names in DIR, or folders) side by side: what came of them, and what differs",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List, or compare."""
    folder = Path(arguments.folder or RUNS)
    if arguments.folder is not None and not folder.is_dir():
        return failed(
            Problem(
                "no-folder", "Runs are looked for in a folder", f"'{folder}' is none", "Name another folder"
            )
        )
    if arguments.compare is not None:
        return _compare(folder, arguments.compare, arguments.json)
    unreadable: list[tuple[Path, Problem]] = []
    summaries = [found.summary() for found in list_runs(folder, unreadable)]
    for path, problem in unreadable:
        complain(f"passed over {path.name}: {problem.message}")
    if arguments.json:
        say_json({"runs": [summary.to_json() for summary in summaries]})
    elif not summaries:
        say(f"no runs in {folder}")
    else:
        width = max(len(summary.name) for summary in summaries)
        metrics = max(len("score"), *(len(summary.metric) for summary in summaries))
        say(f"{'run':{width}}  {'state':10}  epochs  validation     test  {'score':{metrics}}  time")
        for summary in summaries:
            say(_line(summary, width, metrics))
    return OK


def _compare(folder: Path, names: list[str], as_json: bool) -> int:
    """Show runs side by side."""
    if len(names) < 2:
        return misuse("--compare needs two runs or more")
    runs: list[Run] = []
    for name in names:
        found = open_run(folder / name if (folder / name).is_dir() else Path(name))
        if isinstance(found, Problem):
            return failed(found)
        runs.append(found)
    compared = compare(runs)
    if as_json:
        say_json(compared.to_json())
        return OK
    heads = [run.name for run in runs]
    columns = range(1, len(heads) + 1)
    for title, rows in compared.sections().items():
        print_table((title, *heads), [(row.label, *row.texts) for row in rows], right=columns)
        say()
    if len(compared.sections()) == 1:
        say("they were made alike")
    return OK


def _line(summary: Summary, width: int, metrics: int) -> str:
    time = "" if summary.seconds is None else f"{summary.seconds:.1f} s"
    return (
        f"{summary.name:{width}}  {summary.state:10}  {summary.epochs:6}  "
        f"{_score(summary.metric, summary.validation_accuracy):>10}  "
        f"{_score(summary.metric, summary.test_accuracy):>7}  {summary.metric:{metrics}}  {time}"
    ).rstrip()


def _score(metric: str, value: float | None) -> str:
    return "" if value is None else format_metric(metric, value)
