"""``demo``: what the window shows, without one: LeNet-5 learns the digits, is looked into and taken away."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from builder.errors import Problem
from runtime.commands import inspect
from runtime.commands.common import FAILED, OK, Subject, failed, misuse, open_subject, say
from runtime.commands.export import export
from runtime.commands.train import train_and_tell

#: Where the demonstration is left.
FOLDER = "convolab-demo"
#: Training settings that differ from the stock ones: none, the example is what they are made for.
_SETTINGS: dict[str, Any] = {}
#: What is shown to the network, and which nodes are looked at.
_PICTURE = "digits:17"
_LOOKS = (("conv1", "features"), ("pool1", "features"), ("conv2", "features"), ("pool2", "receptive-field"))


def add_parser(subparsers: Any) -> None:
    """Declare ``demo``."""
    parser = subparsers.add_parser(
        "demo", help="train the example, look into it and take it away", description=__doc__
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        type=Path,
        default=Path(FOLDER),
        help=f"a new folder (stock: {FOLDER})",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, export, draw; says where everything is."""
    subject = open_subject("lenet5")
    if isinstance(subject, list):
        return failed(subject)
    if arguments.output.name in ("", ".."):
        return misuse(f"-o wants the name of a new folder, not '{arguments.output}'")
    folder = _unused(arguments.output)
    trained = train_and_tell(subject, _SETTINGS, "digits", folder, "run")
    if trained is None:
        return FAILED
    subject = Subject(trained.document, trained)
    if trained.weights_file() is None:
        return OK  # stopped before there was anything to take away
    formats = [("python", "lenet5.py"), ("state-dict", "lenet5.pt")]
    if find_spec("onnx") and find_spec("onnxscript"):
        formats.append(("onnx", "lenet5.onnx"))
    for name, file in formats:
        written = export(subject, name, folder / file)
        if isinstance(written, Problem):
            return failed(written)
        say(f"{name:11}{', '.join(map(str, written))}")
    for node, what in _LOOKS:
        say(f"{'picture':11}", end="")
        if code := inspect.run(_looking(trained.folder, node, what, folder / f"{node}-{what}.png")):
            return code
    say(f"\nTry it: python {folder / 'lenet5.py'} PICTURE")
    return OK


def _looking(run_folder: Path, node: str, what: str, out: Path) -> argparse.Namespace:
    """The arguments of ``inspect``."""
    parser = argparse.ArgumentParser()
    inspect.add_parser(parser.add_subparsers())
    return parser.parse_args(
        ["inspect", str(run_folder), "--image", _PICTURE, "--node", node, "--what", what, "-o", str(out)]
    )


def _unused(folder: Path) -> Path:
    """The folder, or one beside it: nothing is overwritten."""
    number = 1
    while (found := folder if number == 1 else folder.with_name(f"{folder.name}-{number}")).exists():
        number += 1
    return found
