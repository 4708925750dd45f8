"""The commands that need no tensor: ``architectures``, ``blocks``, ``new`` and ``check``; torch is never loaded."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from builder import checking
from builder.analysis import analyze
from builder.architectures import ARCHITECTURES, Architecture
from builder.blocks import describe_blocks
from builder.blocks.parameters import Choice, Flag, Parameter
from builder.console import (
    MISUSE,
    OK,
    complain,
    count_argument,
    factor_argument,
    print_json,
    print_table,
    say,
    shape_argument,
    tell,
)
from builder.entry import EntryError, parse
from builder.shapes import format_shape

#: Options that every command line may set in short, and how: as a factor.
_FACTORS = ("width", "depth")


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
    new_parser.add_argument(
        "--set",
        metavar="OPTION=VALUE",
        action="append",
        default=[],
        dest="options",
        help="an option of the architecture's own, as `architectures` lists them",
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
        (
            a["name"],
            f"{a['parameters']:,}",
            format_shape(tuple(a["default_input"])),
            ", ".join(options_of(ARCHITECTURES[a["name"]])),
            a["source"],
        )
        for a in found
    ]
    print_table(("name", "parameters", "input", "options", "source"), rows, right={1})
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
    given = _options_in(arguments, entry)
    made = given if isinstance(given, str) else entry.make(given)
    if isinstance(made, list):
        made = " ".join(problem.message for problem in made)
    if isinstance(made, str):
        known = ", ".join(options_of(entry))
        complain(f"{made.rstrip('.')}. {f'Its options are {known}' if known else 'It has no options'}")
        return MISUSE
    document = made
    problem = save(document, arguments.output)
    if problem is not None:
        return tell([problem])
    errors = [found for found in analyze(document).problems if found.is_error]
    say(str(arguments.output))
    return tell(errors) if errors else OK


def options_of(entry: Architecture) -> list[str]:
    """What an architecture can be made with beside input and classes, as one writes it, the stock value first."""
    return [
        f"{name}={_values(declared)}" for name, declared in entry.choices.items() if name in entry.options
    ]


def _values(declared: Parameter[Any]) -> str:
    if isinstance(declared, Choice):
        return "|".join(sorted(declared.options, key=lambda word: word != declared.default))
    if isinstance(declared, Flag):
        return "true|false" if declared.default else "false|true"
    return declared.format(declared.default)


def _options_in(arguments: argparse.Namespace, entry: Architecture) -> dict[str, Any] | str:
    """What ``new`` was told of the architecture, by name, or what is wrong with it."""
    short = {"input_shape": arguments.input, "classes": arguments.classes,
             **{name: getattr(arguments, name) for name in _FACTORS}}  # fmt: skip
    given = {name: value for name, value in short.items() if value is not None}
    for name in given:
        if name not in entry.choices:
            return f"{entry.title} has no --{name} to set"
    for text in arguments.options:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        declared = entry.choices.get(name)
        if not equals:
            return f"--set wants OPTION=VALUE, not '{text[:40]}'"
        if declared is None:
            return f"{entry.title} has no option '{name[:40]}'"
        if name in given:
            return f"'{name}' is given twice"
        try:
            given[name] = (
                factor_argument(value) if name in _FACTORS else declared.convert(parse(declared, value))
            )
        except (EntryError, argparse.ArgumentTypeError) as error:
            return f"'{name}': {error}"
    return given
