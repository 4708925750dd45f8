"""Repairs for problems: what can be done, and what it would cost, tried on a copy of the document first."""

from __future__ import annotations

from dataclasses import dataclass

from builder.acts import placements
from builder.analysis import Analysis, GraphView, analyze
from builder.convention import Convention
from builder.document import Document
from builder.edits import AddNode, Connect, Edit, RemoveNode, ReplaceNode, apply_all
from builder.errors import Address, ConvolabError, Problem
from builder.remedies import REMEDIES, Place, remedies_of
from builder.shapes import format_shape


@dataclass(frozen=True, slots=True)
class Proposal:
    """A repair that works: ``effect`` says in figures what it changes, ``edits`` do it."""

    id: str
    label: str
    effect: str
    edits: tuple[Edit, ...]


def proposals(
    document: Document,
    analysis: Analysis,
    problem: Problem,
    *,
    convention: Convention = Convention.FLOPS,
) -> list[Proposal]:
    """Repairs that really remove ``problem``, best first; empty where none is known. Effects count as said."""
    place = _place(document, analysis, problem)
    if place is None:
        return []
    found: list[Proposal] = []
    for name in remedies_of(problem):
        for label, edits in REMEDIES[name](place):
            proposal = _tried(place, name, label, tuple(edits), convention)
            if proposal is not None and all(proposal.label != other.label for other in found):
                found.append(proposal)
                break
    return found


def _place(document: Document, analysis: Analysis, problem: Problem) -> Place | None:
    if problem.address is None:
        return None
    key, node_id = problem.address
    try:
        graph = document.graph(key)
    except ConvolabError:
        return None
    instance = _instance(analysis, problem, within=bool(node_id))
    if instance is None or (node_id and node_id not in graph):
        return None
    view = analysis.view(instance)
    return Place(document, graph, graph.node(node_id) if node_id else None, view, problem, instance)


def _instance(analysis: Analysis, problem: Problem, *, within: bool) -> tuple[str, ...] | None:
    """The segments of the path of the graph a problem lies in; a segment of a repeated node has a dot itself."""
    parts = problem.path.split(".") if problem.path else []
    return _enter(analysis, (), parts[:-1] if within else parts, problem)


def _enter(
    analysis: Analysis, instance: tuple[str, ...], parts: list[str], problem: Problem
) -> tuple[str, ...] | None:
    view = _view(analysis, instance)
    if view is None:
        return None
    if not parts:
        key = problem.address.graph if problem.address is not None else ""
        return instance if view.graph.key == key else None
    for length in (1, 2):
        if len(parts) >= length:
            found = _enter(analysis, (*instance, ".".join(parts[:length])), parts[length:], problem)
            if found is not None:
                return found
    return None


def _view(analysis: Analysis, instance: tuple[str, ...]) -> GraphView | None:
    try:
        return analysis.view(instance)
    except ConvolabError:
        return None


# trying it out ---------------------------------------------------------------------------------------------


#: Repairs of one slip in a node, which may have others that show only then.
_ONE_OF_SEVERAL = ("remove-parameter", "reset-parameter", "reset-repeat", "rename", "disconnect")


def _tried(
    place: Place, name: str, label: str, edits: tuple[Edit, ...], convention: Convention
) -> Proposal | None:
    """The proposal, if the edits fit, remove the problem and do not put errors at the nodes they touch."""
    copy = place.document.copy()
    try:
        apply_all(copy, edits)
        after = analyze(copy)
        view = after.view(place.instance)
    except ConvolabError:
        return None
    if any(_same(place.problem, other) for other in after.problems):
        return None
    touched = _touched(edits)
    settled = place.problem.address if name in _ONE_OF_SEVERAL else None
    new_errors = {p.address for p in after.problems if p.is_error} & {
        Address(place.graph.key, node_id) for node_id in touched if node_id in view.reports
    }
    if new_errors - {settled}:
        return None
    return Proposal(name, label, _effect(place, view, touched, convention), edits)


def _same(problem: Problem, other: Problem) -> bool:
    """Whether it is still there: the same kind at the same node and port, and where there may be several, the same."""
    if (problem.code, problem.address, problem.port) != (other.code, other.address, other.port):
        return False
    several = problem.code in ("unknown-parameter", "bad-parameter")
    return not several or (problem.rule, problem.values) == (other.rule, other.values)


def _touched(edits: tuple[Edit, ...]) -> list[str]:
    """The nodes whose figures an edit changes: new ones, changed ones, and those that get another tensor."""
    found: dict[str, None] = {}
    for edit in edits:
        if isinstance(edit, AddNode | ReplaceNode):
            if edit.node.block != "input":
                found[edit.node.id] = None
        elif isinstance(edit, RemoveNode):
            found[edit.node_id] = None
        elif isinstance(edit, Connect):
            found[edit.edge.target] = None
    return list(found)


def _effect(place: Place, after: GraphView, touched: list[str], convention: Convention) -> str:
    """``+8,448 parameters · +12.8 MFLOPs · receptive field unchanged``; what cannot be compared is left out."""
    before = place.view
    own = [node_id for node_id in touched if node_id in before.reports or node_id in after.reports]
    known = all(_is_known(before, node_id) for node_id in own if node_id in before.reports)
    parts = []
    for unit, figure in (("parameters", _parameters), (convention.unit, _macs)):
        now = sum(figure(after, node_id) for node_id in own)
        was = sum(figure(before, node_id) for node_id in own)
        if figure is _macs:
            now, was = convention.of(now), convention.of(was)
        text = _amount(now - was, unit, signed=True) if known else _amount(now, unit, signed=False)
        if text:
            parts.append(text)
    if known and own and not parts:
        parts.append(f"no parameters, no {convention.unit}")
    if field := _field_effect(place, after):
        parts.append(field)
    elif place.node is not None and (report := after.reports.get(place.node.id)) is not None:
        shape = report.output_shape
        was_report = before.reports.get(place.node.id)
        if shape is not None and (was_report is None or was_report.output_shape != shape):
            parts.append(f"output {format_shape(shape)}")
    if place.graph.key:
        count = sum(1 for _ in placements(place.document, place.graph.key))
        if count > 1:
            parts.append(f"in each of its {count} places")
    return " · ".join(parts)


def _is_known(view: GraphView, node_id: str) -> bool:
    report = view.reports[node_id]
    return (
        not any(problem.is_error for problem in report.problems)
        or not (report.facts is None or report.facts.block is None or report.facts.output is None)
        or not _has_weights(report.node.block)
    )


def _has_weights(block: str) -> bool:
    return block in ("conv", "linear", "batch_norm") or block.startswith("module:")


def _parameters(view: GraphView, node_id: str) -> int:
    report = view.reports.get(node_id)
    return report.parameters if report is not None else 0


def _macs(view: GraphView, node_id: str) -> int:
    report = view.reports.get(node_id)
    return report.macs if report is not None else 0


def _field_effect(place: Place, after: GraphView) -> str:
    """How the receptive field at the node differs from the largest that reached it before."""
    if place.node is None or place.node.id not in after.reports:
        return ""
    now = after.reports[place.node.id].receptive_field
    arriving = [
        report.receptive_field
        for edge in place.graph.incoming(place.node.id).values()
        if (report := place.view.reports.get(edge.source)) is not None
    ]
    known = [field.size for field in arriving if field is not None and field.size is not None]
    if now is None or now.size is None or not known:
        return ""
    own = place.view.reports[place.node.id].receptive_field
    was = own.size if own is not None and own.size is not None else max(known)
    if tuple(now.size) == tuple(was):
        return "receptive field unchanged"
    return "receptive field " + "×".join(str(size) for size in now.size) + " px"


def _amount(value: int, unit: str, *, signed: bool) -> str:
    """``+8,448 parameters``, ``+12.8 MFLOPs``; empty for none."""
    if value == 0:
        return ""
    sign = ("+" if value > 0 else "−") if signed else ""
    size = abs(value)
    if unit == "parameters":
        return f"{sign}{size:,} parameter{'s' if size != 1 else ''}"
    for power, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= power:
            return f"{sign}{size / power:.1f} {prefix}{unit}"
    return f"{sign}{size} {unit}"
