"""Nodes found by their path: in which instance they are drawn, and as which node."""

from __future__ import annotations

from builder.analysis.analysis import Analysis
from builder.analysis.report import GraphView
from builder.errors import ConvolabError
from builder.places import node_of


def view_at(analysis: Analysis, instance: tuple[str, ...]) -> GraphView | None:
    """The graph entered through these names; None where there is no such place."""
    try:
        return analysis.view(instance)
    except ConvolabError:
        return None


def drawn_at(analysis: Analysis, path: str) -> tuple[tuple[str, ...], str] | None:
    """The instance and the node id of a dotted path; the nearest one where none is called so any more."""
    parts = tuple(path.split("."))
    return _found(analysis, parts, (), exact=True) or _found(analysis, parts, (), exact=False)


def _found(
    analysis: Analysis, parts: tuple[str, ...], instance: tuple[str, ...], *, exact: bool
) -> tuple[tuple[str, ...], str] | None:
    """The same of what is left of a path inside an instance; a segment of a repeated node has a dot: ``name.0``."""
    view = view_at(analysis, instance)
    if view is None:
        return None
    for length in (1, 2)[: len(parts)]:
        segment, rest = ".".join(parts[:length]), parts[length:]
        if rest:
            if (found := _found(analysis, rest, (*instance, segment), exact=exact)) is not None:
                return found
        elif (node_id := analysis.named(instance, segment)) is not None:
            return instance, node_id
        elif not exact and (node := node_of(view.graph, segment)) is not None:
            return instance, node.id
    return None
