"""What a node and a wire look like: everything the painter and the pointer need, worked out beforehand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath, QStaticText

from builder.blocks import block_class
from builder.document import Document, module_name
from builder.editor import geometry
from builder.errors import Problem, Severity
from builder.graph import Edge, Graph, Node
from builder.links import ports_of
from builder.remedies import odd_inputs
from builder.shapes import format_shape
from builder.spacing import NODE_WIDTH

if TYPE_CHECKING:
    from builder.analysis import NodeReport

#: Problems of several inputs together, which name no port.
_DISAGREEING = ("add-shapes-differ", "concat-sizes-differ")


@dataclass(slots=True, eq=False)
class Face:
    """A node as it is drawn. ``rect`` is in scene coordinates; the texts are laid out when first painted."""

    id: str
    name: str
    summary: str
    title: str
    category: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rect: QRectF
    variadic: bool = False
    is_module: bool = False
    severity: Severity | None = None
    bypassed: bool = False
    repeat: int | str = 1
    culprit_ports: frozenset[str] = frozenset()
    name_text: QStaticText | None = None
    summary_text: QStaticText | None = None
    report: NodeReport | None = field(default=None, repr=False)

    def input_point(self, port: str) -> QPointF:
        """Where a wire into ``port`` ends."""
        index = self.inputs.index(port) if port in self.inputs else max(0, len(self.inputs) - 1)
        return geometry.input_point(self.rect, index, max(1, len(self.inputs)))

    def output_point(self, port: str) -> QPointF:
        """Where a wire from ``port`` begins."""
        index = self.outputs.index(port) if port in self.outputs else 0
        return geometry.output_point(self.rect, index, max(1, len(self.outputs)))

    def ports(self) -> Iterable[tuple[bool, str, QPointF]]:
        """Every port: whether it is an output, its name, its place."""
        for port in self.inputs:
            yield False, port, self.input_point(port)
        for port in self.outputs:
            yield True, port, self.output_point(port)

    def named_ports(self) -> Iterable[tuple[bool, str, QPointF]]:
        """The ports of a side on which it matters which one is meant: several, and not as many as one likes."""
        for is_output, port, point in self.ports():
            several = len(self.outputs) > 1 if is_output else len(self.inputs) > 1 and not self.variadic
            if several:
                yield is_output, port, point

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The rectangle as numbers."""
        return self.rect.x(), self.rect.y(), self.rect.width(), self.rect.height()


@dataclass(slots=True, eq=False)
class Wire:
    """A wire as it is drawn; ``points`` are its Béziers, ``middle`` is where the pill sits."""

    edge: Edge
    points: geometry.Points
    path: QPainterPath
    middle: tuple[float, float]
    text: str = "?"
    culprit: bool = False

    @property
    def pill(self) -> QRectF:
        """The rectangle of the pill; figures are equally wide, so no font is asked."""
        width = max(18.0, len(self.text) * 6.65 + 15)
        x, y = self.middle
        return QRectF(x - width / 2, y - geometry.PILL_HEIGHT / 2, width, geometry.PILL_HEIGHT)


def make_face(document: Document, graph: Graph, node: Node, report: NodeReport | None) -> Face:
    """The face of a node: from its report where there is one, else from what its block says of itself."""
    inputs, outputs, variadic = shown_ports(document, graph, node)
    x, y = node.position
    height = geometry.node_height(len(inputs), len(outputs))
    face = Face(
        node.id,
        node.name,
        "",
        "",
        category_of(node.block),
        inputs,
        outputs,
        QRectF(x, y, NODE_WIDTH, height),
        variadic,
        module_name(node.block) is not None,
        repeat=node.repeat,
    )
    describe(face, graph, node, report)
    return face


def describe(face: Face, graph: Graph, node: Node, report: NodeReport | None) -> None:
    """Bring what the analysis says of a node to its face."""
    problems: tuple[Problem, ...] = tuple(report.problems) if report else ()
    errors = [problem for problem in problems if problem.is_error]
    face.report = report
    face.title = report.block_title if report else title_of(node.block)
    face.summary = (report.summary if report else "") or face.title
    face.summary_text = None
    face.repeat = report.stages if report and report.stages and node.repeat != 1 else node.repeat
    face.bypassed = node.when is not None and (
        node.when == "False" or (report is not None and report.bypassed)
    )
    warned = any(problem.severity is Severity.WARNING for problem in problems)
    face.severity = Severity.ERROR if errors else Severity.WARNING if warned else None
    culprits = {problem.port for problem in errors if problem.port is not None}
    if report is not None and any(problem.code in _DISAGREEING for problem in errors):
        culprits.update(odd_inputs(graph, node.id, report.input_shapes)[1])
    face.culprit_ports = frozenset(culprits)


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


def wire_text(source: Face | None, port: str) -> str:
    """The shape a wire carries, as its pill says it."""
    report = source.report if source is not None else None
    return format_shape(report.output_shapes.get(port) if report is not None else None)
