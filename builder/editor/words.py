"""What the canvas says in words: tooltips, and what a screen reader is told of the selection."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from builder.blocks import block_class
from builder.editor.board import Board
from builder.editor.hit import Hit
from builder.frames import Frame
from builder.heat import Heat
from builder.shapes import format_shape
from builder.widgets.session import Session


def tooltip(board: Board, under: Hit, heat: Heat | None = None) -> str:
    """Why, not what: a node's problems or purpose, a port's name and shape, where a wire comes from and goes."""
    graph = board.graph
    if under.edge is not None:
        wire = board.wires[under.edge]
        ends = f"{graph.node(under.edge.source).name} → {graph.node(under.edge.target).name}"
        return f"<b>{escape(ends)}</b><br>{wire.text}" + ("" if wire.text != "?" else " (not known yet)")
    if under.node is None:
        return ""
    face = board.faces[under.node]
    if under.port is not None:
        return _port(face.report, under)
    lines = [f"<b>{escape(face.name)}</b> · {escape(face.title)}"]
    if heat is not None and (figure := _figure(heat, face.id)):
        lines.append(escape(f"{face.summary} · {figure}"))
    if face.report is not None and face.report.problems:
        lines += [escape(problem.message) for problem in face.report.problems]
    else:
        cls = block_class(graph.node(under.node).block)
        if cls is not None and cls.description:
            lines.append(escape(cls.description.split(". ")[0].rstrip(".") + "."))
        if face.is_module:
            lines.append("Double-click to go inside.")
    return "<br>".join(lines)


def _figure(heat: Heat, node_id: str) -> str:
    """What a node is coloured by, and how much that is of all that is drawn."""
    glow = heat.glows.get(node_id)
    if glow is None:
        return heat.cold.get(node_id, "")
    return glow.text if glow.share is None else f"{glow.text}, {glow.share:.1%} of what is drawn here"


def _port(report: object, under: Hit) -> str:
    which = "Output" if under.is_output else "Input"
    shapes = getattr(report, "output_shapes" if under.is_output else "input_shapes", {})
    shape = format_shape(shapes.get(under.port))
    return f"{which} <b>{escape(under.port or '')}</b>" + (f"<br>{shape}" if shape != "?" else "")


def describe_selection(session: Session, frames: Sequence[Frame] = ()) -> str:
    """The selection in a sentence, for screen readers."""
    if frames and not session.selection:
        if len(frames) > 1:
            return f"{len(frames)} frames and notes selected"
        (frame,) = frames
        return f"Note, {frame.text}" if frame.is_note else f"Frame, {frame.title or 'without a title'}"
    names = [session.graph.node(node_id).name for node_id in session.selection if node_id in session.graph]
    if len(names) != 1:
        return f"{len(names)} nodes selected" if names else "Nothing selected"
    report = session.report(session.selection[0])
    if report is None:
        return names[0]
    collapsed = session.graph.node(session.selection[0]).collapsed
    parts = [names[0], report.block_title, report.summary, "collapsed" if collapsed else ""]
    parts += [f"output {format_shape(shape)}" for shape in report.output_shapes.values()]
    parts += [problem.message for problem in report.problems]
    return ", ".join(part for part in parts if part)
