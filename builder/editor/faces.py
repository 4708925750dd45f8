"""Nodes and wires as the painter and the pointer need them: what they look like, and where, worked out beforehand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath, QStaticText

from builder import appearance
from builder.appearance import Appearance, appearance_of, shown_ports, wire_text
from builder.document import Document
from builder.editor import geometry
from builder.geometry import Box, pill_box
from builder.graph import Bends, Edge, Graph, Node
from builder.spacing import NODE_WIDTH

if TYPE_CHECKING:
    from builder.analysis import NodeReport

__all__ = ["Face", "Wire", "describe", "make_face", "shown_ports", "wire_text"]


@dataclass(slots=True, eq=False)
class Face(Appearance):
    """A node as it is drawn. ``rect`` is in scene coordinates; the texts are laid out when first painted."""

    rect: QRectF = field(default_factory=QRectF)
    name_text: QStaticText | None = None
    summary_text: QStaticText | None = None

    def input_point(self, port: str) -> QPointF:
        """Where a wire into ``port`` ends."""
        return QPointF(*self.input_place(port, self.box))

    def output_point(self, port: str) -> QPointF:
        """Where a wire from ``port`` begins."""
        return QPointF(*self.output_place(port, self.box))

    def ports(self) -> Iterable[tuple[bool, str, QPointF]]:
        """Every port: whether it is an output, its name, its place."""
        for is_output, port, place in self.places(self.box):
            yield is_output, port, QPointF(*place)

    def named_ports(self) -> Iterable[tuple[bool, str, QPointF]]:
        """The ports of a side on which it matters which one is meant."""
        return (port for port in self.ports() if self.is_named(port[0]))

    @property
    def box(self) -> Box:
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
    bends: Bends = ()

    @property
    def pill(self) -> QRectF:
        """The rectangle of the pill."""
        return QRectF(*pill_box(self.middle, self.text))


def make_face(document: Document, graph: Graph, node: Node, report: NodeReport | None) -> Face:
    """The face of a node: from its report where there is one, else from what its block says of itself."""
    face = appearance_of(document, graph, node, report, Face)
    face.rect = QRectF(*node.position, NODE_WIDTH, face.height)
    return face


def describe(face: Face, graph: Graph, node: Node, report: NodeReport | None) -> None:
    """Bring what the analysis says of a node to its face."""
    appearance.describe(face, graph, node, report)
    face.summary_text = None
