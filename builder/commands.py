"""The commands that need no tensor: ``architectures``, ``blocks``, ``new`` and ``check``; torch is never loaded."""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from builder.analysis import Analysis, NodeReport, analyze
from builder.architectures import ARCHITECTURES, open_document
from builder.blocks import describe_blocks
from builder.errors import Problem
from builder.shapes import TensorShape, format_shape

OK, FAILED, MISUSE = 0, 1, 2


def shape_argument(text: str) -> TensorShape:
    """An argparse type for ``C,H,W`` (or ``C,L``, ``C,D,H,W``, ``N``)."""
    parts = text.replace("×", ",").replace("x", ",").split(",")
    if not all(part.strip().isdecimal() and int(part) > 0 for part in parts) or len(parts) > 4:
        raise argparse.ArgumentTypeError(f"a shape is 1 to 4 sizes such as 3,224,224, not '{text}'")
    return tuple(int(part) for part in parts)


def count_argument(text: str) -> int:
    """An argparse type for a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"needs a whole number above 0, not '{text}'")
    return int(text)


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
    new_parser.add_argument("--width", metavar="F", type=float, help="factor on the channels")
    new_parser.add_argument("--depth", metavar="F", type=float, help="factor on the number of blocks")
    new_parser.set_defaults(run=new)

    check_parser = subparsers.add_parser("check", help="analyse a network: shapes, cost, field, problems")
    check_parser.add_argument("file", metavar="FILE", help="a document, or a built-in architecture's name")
    check_parser.add_argument(
        "--input", metavar="C,H,W", type=shape_argument, help="in place of the Input's shape"
    )
    check_parser.add_argument(
        "--batch", metavar="N", type=count_argument, default=1, help="for activation bytes"
    )
    check_parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    check_parser.set_defaults(run=check)


def architectures(arguments: argparse.Namespace) -> int:
    """List the built-in architectures."""
    found = [entry.describe() for entry in ARCHITECTURES.values()]
    if arguments.json:
        _print_json(found)
        return OK
    rows = [
        (a["name"], f"{a['parameters']:,}", format_shape(tuple(a["default_input"])), a["source"])
        for a in found
    ]
    _print_table(("name", "parameters", "input", "source"), rows, right={1})
    return OK


def blocks(arguments: argparse.Namespace) -> int:
    """List every block."""
    found = describe_blocks()
    if arguments.json:
        _print_json(found)
        return OK
    rows = []
    for block in found:
        parameters: Any = block["parameters"]
        said = ", ".join(f"{p['name']}={json.dumps(p['default'])}" for p in parameters)
        rows.append((str(block["id"]), str(block["title"]), str(block["category"]), said))
    _print_table(("id", "title", "category", "parameters"), rows)
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
        return _tell([problem])
    errors = [found for found in analyze(document).problems if found.is_error]
    sys.stdout.write(f"{arguments.output}\n")
    return _tell(errors) if errors else OK


def check(arguments: argparse.Namespace) -> int:
    """Analyse a network."""
    document = open_document(arguments.file)
    if isinstance(document, list):
        if arguments.json:
            _print_json({"ok": False, "totals": None, "output_shapes": [], "nodes": [],
                         "problems": [problem.to_json() for problem in document]})  # fmt: skip
            return FAILED
        return _tell(document)
    analysis = analyze(document, batch=arguments.batch, input_shape=arguments.input)
    if arguments.json:
        _print_json(analysis.to_json())
    else:
        _print_analysis(analysis)
    return OK if analysis.ok else FAILED


def _print_analysis(analysis: Analysis) -> None:
    rows = [_row(report) for report in analysis.leaves()]
    heads = ("node", "block", "output", "parameters", "MFLOPs", "field", "jump")
    _print_table(heads, rows, right={3, 4})
    totals = analysis.totals
    shapes = ", ".join(format_shape(shape) for shape in analysis.output_shapes)
    sys.stdout.write(
        f"\noutput {shapes} · {totals.parameters:,} parameters · {totals.flops / 1e6:,.2f} MFLOPs "
        f"(2 for each multiply-accumulate) · {totals.activation_bytes:,} bytes of activations at batch "
        f"{analysis.batch}\n"
    )
    _tell(analysis.problems, stream=sys.stdout)


def _row(report: NodeReport) -> tuple[str, ...]:
    field = report.receptive_field
    if field is None or field.size is None or field.jump is None:
        seen, jump = ("everything" if field is not None else "?"), ""
    else:
        seen, jump = "×".join(map(str, field.size)), "×".join(map(str, field.jump))
    return (
        report.path,
        report.block_title,
        format_shape(report.output_shape),
        f"{report.parameters:,}" if report.parameters else "",
        f"{report.flops / 1e6:,.3f}" if report.flops else "",
        seen,
        jump,
    )


def _tell(problems: Iterable[Problem], stream: Any = None) -> int:
    """One line for each problem; the exit code."""
    stream = sys.stderr if stream is None else stream
    for problem in problems:
        where = f"{problem.path}: " if problem.path else ""
        times = f" (in {problem.count} places)" if problem.count > 1 else ""
        stream.write(
            f"{problem.severity}: {where}{problem.message}{times}\n".replace("\n", " ").rstrip() + "\n"
        )
    return FAILED


def _print_json(data: Any) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n")


def _print_table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> None:
    """Columns as wide as what they hold; ``right`` are set to the right."""
    aligned = set(right)
    widths = [max(len(line[i]) for line in (heads, *rows)) for i in range(len(heads))]
    for line in (heads, *rows):
        cells = [
            text.rjust(width) if i in aligned else text.ljust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
