"""What the panel of sizes reckons: under which conditions, at which sizes, and what is said of it. No Qt in here."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from builder.analysis.memory import OPTIMIZERS, Budget, Memory
from builder.analysis.sizes import Minimum, Row, Sizes, search, sweep
from builder.analysis.smallest import LARGEST
from builder.blocks.terminal import Input
from builder.convention import Convention
from builder.document import Document
from builder.edits import Edit, ReplaceNode
from builder.figures import size
from builder.shapes import TensorShape, format_shape
from runtime.training.computing.memory import optimizer_of
from runtime.training.settings import Settings

#: How many sizes there are up to the drawn one, and above it.
_STEPS = 8


@dataclass(frozen=True, slots=True)
class Conditions:
    """What memory is reckoned for."""

    batch: int
    precision: str
    optimizer: str


@dataclass(slots=True)
class Sizing:
    """What has been found so far."""

    conditions: Conditions
    numbers: tuple[int, ...]
    drawn: int = 0
    memory: Memory | None = None
    rows: list[Row] = field(default_factory=list)
    minimum: Minimum | None = None


def conditions_of(document: Document) -> Conditions:
    """Those under which the document is trained; the stock ones where its settings cannot be read."""
    settings = Settings.read(document.training)
    if not isinstance(settings, Settings):
        settings = Settings()
    # Also where autocast computes in bf16: weights, gradients and optimizer stay fp32, and this is never too little.
    return Conditions(settings.batch, "fp32", optimizer_of(settings))


def drawn_size(document: Document) -> int:
    """The largest axis of the first input; 0 where it has none."""
    drawn = Sizes(document).drawn
    return 0 if drawn is None else max(drawn[1:])


def with_input(document: Document, shape: TensorShape) -> list[Edit]:
    """What gives the first input this shape; nothing where it has it, or there is none."""
    source = next((node for node in document.network if node.block == "input"), None)
    if source is None or tuple(source.parameters.get("shape", Input.shape.default)) == shape:
        return []
    return [ReplaceNode(document.network.key, source.with_parameters(shape=list(map(int, shape))))]


def usual_sizes(drawn: int) -> str:
    """``28:448:28`` for 224: in even steps to twice the drawn size, which is one of them."""
    step = max(round(drawn / _STEPS), 1)
    return f"{drawn - step * ((drawn - 1) // step)}:{min(2 * drawn, LARGEST)}:{step}"


def reckon(document: Document, sizing: Sizing) -> Generator[None, None, None]:
    """Fill in what is not known yet, with a pause after each analysis."""
    asked = sizing.conditions
    sizes = Sizes(document, batch=asked.batch)
    if sizes.drawn is None:
        return
    sizing.drawn = max(sizes.drawn[1:])
    budget = Budget(sizes.at(sizes.drawn[1:]), precision=asked.precision, optimizer=asked.optimizer)
    sizing.memory = budget.total()
    yield
    for row in sweep(sizes, sizing.numbers, precision=asked.precision, optimizer=asked.optimizer):
        sizing.rows.append(row)
        yield
    sizing.minimum = yield from search(sizes)


def training_words(memory: Memory) -> str:
    """``Training 1.0 MB: weights 241 KB, gradients 241 KB, Adam 482 KB, activations 35 KB``."""
    parts = {
        "weights": memory.weights,
        "buffers": memory.buffers,
        "gradients": memory.gradients,
        OPTIMIZERS[memory.optimizer_name].title: memory.optimizer,
        "activations": memory.activations,
    }
    said = ", ".join(f"{name} {size(count)}" for name, count in parts.items() if count)
    return f"Training {size(memory.training)}: {said}"


def inference_words(memory: Memory) -> str:
    """``Prediction 301 KB: at most 60 KB alive at once, at fc3; on disk 241 KB``."""
    where = f", at {memory.peak_path}" if memory.peak_path else ""
    alive = f"at most {size(memory.peak)} alive at once{where}"
    return f"Prediction {size(memory.inference)}: {alive}; on disk {size(memory.file)}"


def minimum_words(minimum: Minimum | None) -> str:
    """``Smallest input 12×12; every larger one up to 28×28 works``."""
    if minimum is None:
        return ""
    found = minimum.sentence(", or {}", ";")
    return f"{found[0].upper()}{found[1:]}" if found else "No input near this size works"


def as_csv(rows: Sequence[Row], convention: Convention) -> str:
    """The rows with plain numbers, for spreadsheets; of a size that does not work only what is wrong."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    figures = (
        "parameters",
        str(convention),
        "activation_bytes",
        "peak_bytes",
        "training_bytes",
        "inference_bytes",
    )
    writer.writerow(("input", "output", *figures, "problem"))
    for row in rows:
        shape, memory = format_shape(row.input_shape), row.memory
        if row.problem is not None:
            writer.writerow((shape, "", *[""] * len(figures), row.problem.rule))
            continue
        outputs = " ".join(map(format_shape, row.output_shapes))
        counted = (row.parameters, convention.of(row.macs), memory.activations, memory.peak)
        writer.writerow((shape, outputs, *counted, memory.training, memory.inference, ""))
    return text.getvalue()
