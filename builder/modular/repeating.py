"""A block, a module or a stretch of a network set so many times one behind the other, each with its own weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from builder.acts import new_node
from builder.analysis import Analysis, analyze
from builder.document import Document
from builder.edits import AddModule, AddNode, Edit, ReplaceNode, apply_all
from builder.errors import Address, Problem
from builder.graph import Graph
from builder.links import module_ports
from builder.modular.grouping import group, proposed_name
from builder.modular.outcome import Outcome


def repeat_in_chain(
    document: Document,
    graph_key: str,
    ids: Sequence[str],
    times: int,
    name: str = "",
    analysis: Analysis | None = None,
) -> Outcome | Problem:
    """Let what is chosen stand ``times`` in a chain: one node by itself, several as a module of that ``name``.

    A Problem where there is more than one way in or out, or where what comes out of one does not fit into the next.
    """
    graph, ids = document.graph(graph_key), list(dict.fromkeys(ids))
    if times < 1:
        return Problem(
            "bad-repeat", "A node stands there at least once", str(times), "Delete it, or bypass it."
        )
    if len(ids) == 1:
        found = Outcome((ReplaceNode(graph_key, replace(graph.node(ids[0]), repeat=times)),), tuple(ids))
    else:
        several = _as_module(document, graph_key, ids, times, name)
        if isinstance(several, Problem):
            return several
        found = several
    before = analyze(document) if analysis is None else analysis
    error = _new_error(document, graph_key, found, before)
    if error is not None and error.code == "duplicate-name":  # numbers that run into those behind it
        found = Outcome(tuple([_without_number(document, graph, edit) for edit in found.edits]), found.ids)
        error = _new_error(document, graph_key, found, before)
    return found if error is None else _told(error)


def _as_module(
    document: Document, graph_key: str, ids: Sequence[str], times: int, name: str
) -> Outcome | Problem:
    """The nodes grouped, and the module repeated."""
    wish = name or (proposed_name(document, graph_key, ids) if ids else "Block")
    grouped = group(document, graph_key, ids, wish)
    if isinstance(grouped, Problem):
        return grouped
    if (problem := _check_ports(grouped.edits)) is not None:
        return problem.at("", Address(graph_key, ids[0]))
    return Outcome(tuple([_repeated(edit, grouped.ids[0], times) for edit in grouped.edits]), grouped.ids)


def _repeated(edit: Edit, node_id: str, times: int) -> Edit:
    """The edit that places the node, with its repeat."""
    if isinstance(edit, AddNode) and edit.node.id == node_id:
        return replace(edit, node=replace(edit.node, repeat=times))
    return edit


def _without_number(document: Document, graph: Graph, edit: Edit) -> Edit:
    """The edit that sets the repeat, with a name that is no number in a chain."""
    if isinstance(edit, ReplaceNode) and edit.node.repeat != 1:
        free = new_node(document, graph.key, edit.node.block)
        return replace(edit, node=replace(edit.node, name=free.name))
    return edit


def _check_ports(edits: Sequence[Edit]) -> Problem | None:
    """What is repeated has one way in and one out."""
    module = next(edit.module for edit in edits if isinstance(edit, AddModule))
    ports = module_ports(module)
    if len(ports.inputs) == len(ports.outputs) == 1:
        return None
    sides = ((ports.inputs, "input"), (ports.outputs, "output"))
    told = [f"{len(found)} {word}{'s' * (len(found) != 1)}" for found, word in sides]
    return Problem(
        "cannot-repeat",
        "What is repeated has one way in and one way out",
        f"what is selected has {' and '.join(told)}",
        "Select a stretch with one beginning and one end.",
    )


def _new_error(document: Document, graph_key: str, found: Outcome, before: Analysis) -> Problem | None:
    """The first error that comes of it where it stands, or in it."""
    known = {(problem.code, problem.address) for problem in before.problems}
    copy = document.copy()
    apply_all(copy, found.edits)
    for problem in analyze(copy).problems:
        address = problem.address
        elsewhere = (
            address is not None and address.graph == graph_key and address.node not in ("", *found.ids)
        )
        if problem.is_error and not elsewhere and (problem.code, address) not in known:
            return problem
    return None


def _told(error: Problem) -> Problem:
    if error.code == "bad-repeat":
        return error
    return Problem(
        "cannot-repeat",
        "What comes out must fit what goes in",
        f"at '{error.path}' {error.message[:1].lower()}{error.message[1:]}",
        "",
        path=error.path,
        address=error.address,
    )
