"""What the commands share that look for a setting: which network, data and settings they try it with."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import Problem
from runtime.commands.common import (
    Subject,
    add_changes,
    changes_of,
    load_data_for,
    open_subject,
    setting,
    settings_for,
)
from runtime.training.settings import DECLARATIONS, Settings

if TYPE_CHECKING:
    from runtime.data import Data


@dataclass(frozen=True, slots=True)
class Tried:
    """What a setting is looked for with."""

    subject: Subject
    settings: Settings
    data: Data


def add_options(parser: argparse.ArgumentParser, names: tuple[str, ...]) -> None:
    """FILE, the data, the settings of these names, any other with ``--set``, and ``--json``."""
    parser.add_argument("file", metavar="FILE", help="a document, or the name of a built-in architecture")
    parser.add_argument(
        "--data", metavar="SRC", help="a known name or a path (stock: the document's, else digits)"
    )
    for name in names:
        parser.add_argument(f"--{name}", type=setting(name), help=DECLARATIONS[name].help)
    add_changes(parser, "any training setting, as for train")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def read_options(arguments: argparse.Namespace, names: tuple[str, ...]) -> Tried | list[Problem]:
    """What ``add_options`` of the same names declared; an option counts more than ``--set``."""
    subject = open_subject(arguments.file)
    if isinstance(subject, list):
        return subject
    settings = settings_for(subject, changes_of(arguments, names))
    if isinstance(settings, list):
        return settings
    data = load_data_for(subject, arguments.data)
    return data if isinstance(data, list) else Tried(subject, settings, data)
