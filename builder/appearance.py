"""What a node and a wire say and show, wherever they are drawn: on the canvas, or in a drawing that is taken away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from builder import geometry
from builder.blocks import block_class
from builder.document import Document, module_name
from builder.errors import Problem, Severity
from builder.geometry import Box, Point
from builder.graph import Graph, Node
from builder.links import ports_of
from builder.remedies import odd_inputs
from builder.shapes import format_shape

if TYPE_CHECKING:
    from builder.analysis import NodeReport

#: Problems of several inputs together, which name no port.
_DISAGREEING = ("add-shapes-differ", "concat-sizes-differ")


@dataclass(slots=True, eq=False)
class Appearance:
    """A node as it is drawn, wherever it lies."""

    id: str
    name: str
    category: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    variadic: bool = False
    is_module: bool = False
    title: str = ""
    summary: str = ""
    severity: Severity | None = None
    bypassed: bool = False
    collapsed: bool = False
    repeat: int | str = 1
    culprit_ports: frozenset[str] = frozenset()
    report: NodeReport | None = field(default=None, repr=False)

    @property
    def height(self) -> float:
        """Tall enough for its ports, or for its name."""
        return geometry.node_height(len(self.inputs), len(self.outputs), collapsed=self.collapsed)

    @property
    def count(self) -> str:
        """What follows the name of a repeated node."""
        return f" × {self.repeat}" if self.repeat != 1 else ""

    def input_place(self, port: str, box: Box) -> Point:
        """Where a wire into ``port`` ends, of a node that fills ``box``; collapsed, all end in one place."""
        if self.collapsed:
            return geometry.input_place(box, 0, 1)
        index = self.inputs.index(port) if port in self.inputs else max(0, len(self.inputs) - 1)
        return geometry.input_place(box, index, max(1, len(self.inputs)))

    def output_place(self, port: str, box: Box) -> Point:
        """Where a wire from ``port`` begins, of a node that fills ``box``; collapsed, all begin in one place."""
        if self.collapsed:
            return geometry.output_place(box, 0, 1)
        index = self.outputs.index(port) if port in self.outputs else 0
        return geometry.output_place(box, index, max(1, len(self.outputs)))

    def places(self, box: Box) -> Iterable[tuple[bool, str, Point]]:
        """Every port: whether it is an output, its name, its place. Collapsed, one of each side stands for all."""
        inputs, outputs = self.inputs, self.outputs
        if self.collapsed:
            inputs = next(((port,) for port in inputs if port in self.culprit_ports), inputs[:1])
            outputs = outputs[:1]
        for port in inputs:
            yield False, port, self.input_place(port, box)
        for port in outputs:
            yield True, port, self.output_place(port, box)

    def is_named(self, is_output: bool) -> bool:
        """Whether the ports of a side have their names beside them: several, and not as many as one likes."""
        if self.collapsed:
            return False
        return len(self.outputs) > 1 if is_output else len(self.inputs) > 1 and not self.variadic


A = TypeVar("A", bound=Appearance)


def appearance_of(
    document: Document, graph: Graph, node: Node, report: NodeReport | None, kind: type[A]
) -> A:
    """How a node looks: by its report where there is one, else by what its block says of itself."""
    inputs, outputs, variadic = shown_ports(document, graph, node)
    is_module = module_name(node.block) is not None
    made = kind(node.id, node.name, category_of(node.block), inputs, outputs, variadic, is_module)
    describe(made, graph, node, report)
    return made


def describe(look: Appearance, graph: Graph, node: Node, report: NodeReport | None) -> None:
    """Bring what the analysis says of a node to its appearance."""
    problems: tuple[Problem, ...] = tuple(report.problems) if report else ()
    errors = [problem for problem in problems if problem.is_error]
    look.report = report
    look.title = report.block_title if report else title_of(node.block)
    look.summary = (report.summary if report else "") or look.title
    look.repeat = report.stages if report and report.stages and node.repeat != 1 else node.repeat
    look.bypassed = node.when is not None and (
        node.when == "False" or (report is not None and report.bypassed)
    )
    look.collapsed = node.collapsed
    warned = any(problem.severity is Severity.WARNING for problem in problems)
    look.severity = Severity.ERROR if errors else Severity.WARNING if warned else None
    culprits = {problem.port for problem in errors if problem.port is not None}
    if report is not None and any(problem.code in _DISAGREEING for problem in errors):
        culprits.update(odd_inputs(graph, node.id, report.input_shapes)[1])
    look.culprit_ports = frozenset(culprits)


def shown_ports(
    document: Document, graph: Graph, node: Node
) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Inputs and outputs to draw, and whether there can be more inputs: those declared, and what strays use."""
    ports = ports_of(document, node, graph.key)
    used = dict.fromkeys(edge.source_port for edge in graph.outgoing(node.id))
    strays = sorted(port for port in graph.incoming(node.id) if port not in ports.inputs)
    return (*ports.inputs, *strays), tuple(dict.fromkeys([*ports.outputs, *used])), ports.variadic


def category_of(block: str) -> str:
    """The category whose colour a block wears."""
    cls = block_class(block)
    return cls.category if cls is not None else "Modules"


def title_of(block: str) -> str:
    """What a block is called."""
    cls = block_class(block)
    return cls.title if cls is not None else module_name(block) or block


def wire_text(source: Appearance | None, port: str) -> str:
    """The shape a wire carries, as its pill says it."""
    report = source.report if source is not None else None
    return format_shape(report.output_shapes.get(port) if report is not None else None)
