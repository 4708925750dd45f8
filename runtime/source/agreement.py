"""Where the uses of a module agree, and what one class can say of them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from builder.analysis.values import GraphAnalysis
from builder.blocks.lowering import Apply, Bare, Lowering, Make
from builder.expressions import RealSymbol
from builder.names import counted, numbered
from runtime.source.tracing import Placement, Step, Trace


def steps_together(traces: list[Trace]) -> Iterable[list[Step]]:
    """Each node's step in every use."""
    return ([t.steps[node_id] for t in traces] for node_id in traces[0].steps)


def is_chain_class(traces: list[Trace]) -> bool:
    """Whether the class is a Sequential: one line of modules, nothing that only ``forward`` can say."""
    first = traces[0].analysis
    if not first.wiring.is_chain or not first.graph.key:
        return False
    return all(
        step.node.block in ("input", "output")
        or step.placed
        or all(isinstance(x, Make) for x in step.lowered)
        for one in traces
        for step in one.steps.values()
        if step.active
    )


def positional(traces: list[Trace]) -> bool:
    """Whether the children's names are the positions a Sequential gives by itself, in every use."""
    for one in traces:
        segments: list[str] = []
        for node_id in one.steps:
            result = one.analysis.results[node_id]
            if result.node.block in ("input", "output"):
                continue
            conditional = result.node.repeat == 1 or result.node.when is not None
            if result.bypassed and conditional and not counted(result.node.name):
                return False
            segments += [stage.segment for stage in result.stages]
        if segments != [str(i) for i in range(len(segments))]:
            return False
    return not any(
        step.node.when is not None and len({s.active for s in together}) > 1
        for together in steps_together(traces)
        for step in together[:1]
    )


def runs_on(traces: list[Trace]) -> bool:
    """Whether every child of a chain is numbered after the one before it, so that what is missing leaves no gap."""
    nodes = [step.node for step in traces[0].steps.values() if step.node.block not in ("input", "output")]
    numbers = [numbered(node.name) for node in nodes]
    if not numbers or numbers[0] is None or len({number[0] for number in numbers if number}) > 1:
        return False
    return None not in numbers and all(counted(node.name) for node in nodes[1:])


def structure(one: Trace, class_of: Callable[[Placement], str]) -> dict[str, object]:
    """What must be alike for two uses to share a class: targets and argument names of each active node."""
    found: dict[str, object] = {}
    for node_id, step in one.steps.items():
        if not step.active:
            continue
        if step.placed:
            found[node_id] = tuple(dict.fromkeys(class_of(placement) for placement in step.placed))
        else:
            found[node_id] = tuple(dict.fromkeys(_outline(low) for low in step.lowered))
    return found


def _outline(low: Lowering) -> object:
    if isinstance(low, Make):  # its sizes can be arguments

        def form(value: object) -> object:
            if isinstance(value, tuple):
                return tuple(map(form, value))
            if isinstance(value, RealSymbol):
                return ("float", value.text)
            return "int" if isinstance(value, int) and not isinstance(value, bool) else value

        kwargs = tuple((key, form(value)) for key, value in low.kwargs.items())
        return (low.target, tuple(map(form, low.args)), kwargs)
    if isinstance(low, Bare):
        return ("bare", len(low.shape), low.value)
    # What stands in ``forward`` is alike to the last number.
    return low if not isinstance(low, Apply) else ("apply", low.target, low.args, tuple(low.kwargs.items()))


def expression_for(
    values: list[int], uses: list[GraphAnalysis], parameters: Sequence[tuple[str, float]]
) -> str | None:
    """The parameter that has these values in all uses; a multiple would be right by accident alone."""
    for name, default in parameters:
        if isinstance(default, bool | float):
            continue
        given = [int(use.env[name]) for use in uses]
        if values == given:
            return name
    return None
