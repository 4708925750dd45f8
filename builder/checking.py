"""The command ``check``: what a network gives, costs and takes, at one input size or at many; without torch."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from builder.analysis import Analysis, NodeReport, analyze
from builder.analysis.memory import OPTIMIZERS, PRECISIONS, Budget
from builder.analysis.modules import ModuleSum, module_sums
from builder.analysis.sizes import Minimum, Row, Sizes, search, sweep
from builder.analysis.smallest import LARGEST, finish
from builder.architectures import open_document
from builder.console import FAILED, OK, count_argument, print_json, print_table, say, shape_argument, tell
from builder.convention import Convention
from builder.document import Document
from builder.shapes import format_shape

#: Rows of a sweep at the most.
MOST_ROWS = 1000
#: Blocks that are looked at for the sizes above the smallest: a second or two.
_PATIENCE = 200_000


def sizes_argument(text: str) -> range | tuple[int, ...]:
    """An argparse type for ``32:256:32`` (first, last, step) or ``32,64,224``."""
    parts = text.replace(",", ":").split(":")
    if not all(part.strip().isdecimal() and 0 < int(part) <= LARGEST for part in parts):
        raise argparse.ArgumentTypeError(f"sizes are whole numbers from 1 to {LARGEST:,}, not '{text}'")
    numbers = tuple(map(int, parts))
    if ":" not in text:
        return numbers
    if "," in text or len(numbers) > 3:
        raise argparse.ArgumentTypeError(f"a sweep is FIRST:LAST:STEP or a list such as 32,64, not '{text}'")
    first, last, step = (*numbers, 1)[:3]
    found = range(first, last + 1, step)
    if not found or len(found) > MOST_ROWS:
        raise argparse.ArgumentTypeError(f"a sweep has 1 to {MOST_ROWS:,} sizes, '{text}' has {len(found):,}")
    return found


def add_parser(subparsers: Any) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("check", help="analyse a network: shapes, cost, memory, field, problems")
    parser.add_argument("file", metavar="FILE", help="a document, or a built-in architecture's name")
    parser.add_argument("--input", metavar="C,H,W", type=shape_argument, help="in place of the Input's shape")
    parser.add_argument("--batch", metavar="N", type=count_argument, default=1, help="for memory")
    parser.add_argument(
        "--precision", choices=list(PRECISIONS), default="fp32", help="of weights and activations, for memory"
    )
    parser.add_argument("--optimizer", choices=list(OPTIMIZERS), default="adam", help="for memory")
    parser.add_argument(
        "--convention",
        choices=[str(convention) for convention in Convention],
        default=str(Convention.FLOPS),
        help="count two FLOPs for each multiply-add (the default) or one MAC",
    )
    parser.add_argument("--modules", action="store_true", help="a line for each module, not for each block")
    parser.add_argument(
        "--sweep", metavar="A:B:STEP", type=sizes_argument, help="a line for each input size, as 32:256:32"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.set_defaults(run=check)


def check(arguments: argparse.Namespace) -> int:
    """Analyse a network."""
    document = open_document(arguments.file)
    if isinstance(document, list):
        if arguments.json:
            print_json({"ok": False, "totals": None, "output_shapes": [], "nodes": [],
                        "problems": [problem.to_json() for problem in document]})  # fmt: skip
            return FAILED
        return tell(document)
    report = _Report(document, arguments)
    if arguments.json:
        print_json(report.to_json())
    else:
        report.write()
    return OK if report.analysis.ok else FAILED


class _Report:
    """Everything that is told of one document."""

    def __init__(self, document: Document, arguments: argparse.Namespace) -> None:
        self.convention = Convention(arguments.convention)
        self.by_module = arguments.modules
        self.analysis = analyze(document, batch=arguments.batch, input_shape=arguments.input)
        conditions = {"precision": arguments.precision, "optimizer": arguments.optimizer}
        self.budget = Budget(self.analysis, **conditions)
        self.memory = self.budget.total()
        sizes = Sizes(document, shape=arguments.input, batch=arguments.batch)
        self.minimum = finish(search(sizes, _PATIENCE))
        self.rows = None
        if arguments.sweep is not None:
            self.rows = list(sweep(sizes, arguments.sweep, **conditions))

    def to_json(self) -> dict[str, Any]:
        """The object that ``check --json`` prints."""
        found = self.analysis.to_json()
        nodes = self.budget.nodes()
        for node in found["nodes"]:
            node["memory"] = nodes[node["path"]].to_json()
        found["modules"] = [total.to_json() for total in module_sums(self.analysis, nodes)]
        found["memory"] = self.memory.to_json()
        found["convention"] = str(self.convention)
        found["minimum_input"] = None if self.minimum is None else self.minimum.to_json()
        if self.rows is not None:
            found["sweep"] = [row.to_json() for row in self.rows]
        return found

    def write(self) -> None:
        """The same as lines of text."""
        if self.rows is not None:
            self._write_sweep(self.rows)
        elif self.by_module:
            self._write_modules()
        else:
            self._write_nodes(self.analysis)
        say(f"\n{self._totals()}")
        for line in (*self._memory_lines(), *self._minimum_lines()):
            say(line)
        tell(self.analysis.problems, say)

    def _mega(self, macs: int, digits: int = 3) -> str:
        return f"{self.convention.of(macs) / 1e6:,.{digits}f}" if macs else ""

    def _write_nodes(self, analysis: Analysis) -> None:
        heads = ("node", "block", "output", "parameters", f"M{self.convention.unit}", "field", "jump")
        print_table(heads, [self._node(report) for report in analysis.leaves()], right={3, 4})

    def _node(self, report: NodeReport) -> tuple[str, ...]:
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
            self._mega(report.macs),
            seen,
            jump,
        )

    def _write_modules(self) -> None:
        memory = self.budget.nodes()
        heads = (
            "module", "of", "blocks", "parameters", f"M{self.convention.unit}", "kept for training", "peak",
        )  # fmt: skip
        rows = [self._module(total) for total in module_sums(self.analysis, memory)]
        print_table(heads, rows, right={2, 3, 4, 5, 6})

    def _module(self, total: ModuleSum) -> tuple[str, ...]:
        return (
            total.path,
            total.module,
            f"{total.leaves:,}",
            f"{total.parameters:,}" if total.parameters else "",
            self._mega(total.macs),
            f"{total.memory.activations:,}",
            f"{total.memory.alive:,}",
        )

    def _write_sweep(self, rows: Sequence[Row]) -> None:
        heads = (
            "input", "output", "parameters", f"M{self.convention.unit}", "kept for training", "peak", "training",
            "inference", "",
        )  # fmt: skip
        print_table(heads, [self._sized(row) for row in rows], right=range(2, 8))

    def _sized(self, row: Row) -> tuple[str, ...]:
        shape, memory = format_shape(row.input_shape), row.memory
        if row.problem is not None:
            return (shape, *[""] * 7, f"{row.problem.path}: {row.problem.rule}")
        figures = (memory.activations, memory.peak, memory.training, memory.inference)
        return (
            shape,
            ", ".join(map(format_shape, row.output_shapes)),
            f"{row.parameters:,}",
            self._mega(row.macs),
            *(f"{figure:,}" for figure in figures),
            "",
        )

    def _totals(self) -> str:
        totals = self.analysis.totals
        shapes = ", ".join(format_shape(shape) for shape in self.analysis.output_shapes)
        return (
            f"output {shapes} · {totals.parameters:,} parameters · {totals.buffers:,} in buffers · "
            f"{self._mega(totals.macs, 2) or 0} M{self.convention.unit} ({self.convention.words})"
        )

    def _memory_lines(self) -> list[str]:
        memory = self.memory
        optimizer = OPTIMIZERS[memory.optimizer_name].title
        head = f"memory in bytes at batch {memory.batch}, {memory.precision}, {optimizer}"
        if self.rows is not None:
            return [f"{head}; kept for training: activations; peak: the most alive at once in a prediction"]
        training = {
            "weights": memory.weights,
            "buffers": memory.buffers,
            "gradients": memory.gradients,
            "optimizer": memory.optimizer,
            "activations": memory.activations,
        }
        parts = " + ".join(f"{name} {count:,}" for name, count in training.items())
        where = f" at {memory.peak_path}" if memory.peak_path else ""
        return [
            f"{head}:",
            f"  training   {memory.training:,} = {parts}",
            f"  inference  {memory.inference:,} = weights and buffers + {memory.peak:,} alive at once{where}",
            f"  on disk    {memory.file:,} and a header",
        ]

    def _minimum_lines(self) -> list[str]:
        if self.minimum is not None:
            return [told(self.minimum)]
        return [] if self.rows is None else ["there is no input with an axis to make larger or smaller"]


def told(minimum: Minimum) -> str:
    """The smallest input in a sentence: ``smallest input 32×32, every larger one up to 224×224 works``."""
    return minimum.sentence(" ({} where axes differ)", ",") or "no input size near the drawn one works"
