"""The commands that need no tensor: ``architectures``, ``blocks``, ``new`` and ``check``; torch is never loaded."""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from pathlib import Path
from typing import Any

from builder import checking
from builder.analysis import analyze
from builder.architectures import ARCHITECTURES
from builder.blocks import describe_blocks
from builder.console import (
    MISUSE,
    OK,
    count_argument,
    factor_argument,
    print_json,
    print_table,
    shape_argument,
    tell,
)
from builder.shapes import format_shape


def add_parsers(subparsers: Any) -> None:
    """Declare the four commands."""
    listing = subparsers.add_parser("architectures", help="list the built-in architectures")
    listing.add_argument("--json", action="store_true", help="print one JSON array and nothing else")
    listing.set_defaults(run=architectures)

    blocks_parser = subparsers.add_parser("blocks", help="list every block with its parameters")
    blocks_parser.add_argument("--json", action="store_true", help="print one JSON array and nothing else")
    blocks_parser.set_defaults(run=blocks)

    new_parser = subparsers.add_parser("new", help="write a built-in architecture as a document")
    new_parser.add_argument("architecture", metavar="ARCH", choices=sorted(ARCHITECTURES))
    new_parser.add_argument("-o", "--output", metavar="FILE", type=Path, required=True)
    new_parser.add_argument("--input", metavar="C,H,W", type=shape_argument, help="shape of one sample")
    new_parser.add_argument("--classes", metavar="N", type=count_argument, help="number of classes")
    new_parser.add_argument("--width", metavar="F", type=factor_argument, help="factor on the channels")
    new_parser.add_argument(
        "--depth", metavar="F", type=factor_argument, help="factor on the number of blocks"
    )
    new_parser.set_defaults(run=new)

    checking.add_parser(subparsers)


def architectures(arguments: argparse.Namespace) -> int:
    """List the built-in architectures."""
    found = [entry.describe() for entry in ARCHITECTURES.values()]
    if arguments.json:
        print_json(found)
        return OK
    rows = [
        (a["name"], f"{a['parameters']:,}", format_shape(tuple(a["default_input"])), a["source"])
        for a in found
    ]
    print_table(("name", "parameters", "input", "source"), rows, right={1})
    return OK


def blocks(arguments: argparse.Namespace) -> int:
    """List every block."""
    found = describe_blocks()
    if arguments.json:
        print_json(found)
        return OK
    rows = []
    for block in found:
        parameters: Any = block["parameters"]
        said = ", ".join(f"{p['name']}={json.dumps(p['default'])}" for p in parameters)
        rows.append((str(block["id"]), str(block["title"]), str(block["category"]), said))
    print_table(("id", "title", "category", "parameters"), rows)
    return OK


def new(arguments: argparse.Namespace) -> int:
    """Write an architecture as a document."""
    from builder.writing import save

    entry = ARCHITECTURES[arguments.architecture]
    known = inspect.signature(entry.build).parameters
    wanted = {
        "input_shape": arguments.input,
        "classes": arguments.classes,
        "width": arguments.width,
        "depth": arguments.depth,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    for name in given:
        if name not in known:
            sys.stderr.write(f"{entry.title} has no --{name} to set\n")
            return MISUSE
    document = entry.build(**given)
    problem = save(document, arguments.output)
    if problem is not None:
        return tell([problem])
    errors = [found for found in analyze(document).problems if found.is_error]
    sys.stdout.write(f"{arguments.output}\n")
    return tell(errors) if errors else OK
