"""The answer of ``analyze``: totals, reports of every node, views of graphs, and exact fields of positions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from builder.analysis.engine import Engine
from builder.analysis.fields import identity
from builder.analysis.nodes import in_use
from builder.analysis.orders import at_home, positions_of
from builder.analysis.pixels import Level, seen_pixels
from builder.analysis.report import GraphView, NodeReport, Outer, Reports, report_of, resolved
from builder.analysis.smallest import FEW_TRIES, TOO_SMALL, finish, smallest
from builder.analysis.values import Fields, GraphAnalysis, NodeResult, Port, Value
from builder.document import Document
from builder.errors import Address, ConvolabError, Problem
from builder.shapes import TensorShape, dimensions, elements, format_shape

#: In networks of more blocks than this the smallest input is searched only where it is asked for.
MANY_BLOCKS = 3000


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures of the whole network; MACs and FLOPs are for one sample, bytes at the analysis' batch size."""

    parameters: int
    trainable: int
    buffers: int
    macs: int
    activation_bytes: int

    @property
    def flops(self) -> int:
        """Two for each multiply-accumulate."""
        return 2 * self.macs

    def to_json(self) -> dict[str, int]:
        """As ``check --json`` prints them."""
        return {
            "parameters": self.parameters,
            "trainable": self.trainable,
            "buffers": self.buffers,
            "flops": self.flops,
            "macs": self.macs,
            "activation_bytes": self.activation_bytes,
        }


class Analysis:
    """Everything known about a document without running it; immutable once made."""

    def __init__(self, document: Document, engine: Engine, root: GraphAnalysis, batch: int) -> None:
        self.document = document
        self.engine = engine
        self.root = root
        self.batch = batch
        self._findings: tuple[Problem, ...] | None = None
        self._way_out: str | None = None
        self._leaves: list[NodeReport] | None = None

    # totals -------------------------------------------------------------------------------------------------

    @property
    def totals(self) -> Totals:
        """Sums over the nodes that reach an output."""
        sums = self.root.sums
        kept = (sums.extra + self.root.saved_bytes) * self.batch + sums.fixed
        return Totals(sums.parameters, sums.parameters, sums.buffers, sums.macs, kept)

    @property
    def input_shapes(self) -> list[TensorShape | None]:
        """Shapes of the inputs, in the order of the generated ``forward``."""
        root = self.root
        return [root.results[n].outputs["y"].shape for n in root.wiring.inputs]

    @property
    def output_shapes(self) -> list[TensorShape | None]:
        """Shapes of the outputs, in the order they are returned."""
        return [value.shape for value in self.root.output_values().values()]

    @property
    def ok(self) -> bool:
        """Whether the network can be built and run: no problem is an error."""
        return self.root.ok

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every finding, errors first; of several instances of a module once, with the count."""
        return self._told(self.findings)

    @property
    def findings(self) -> tuple[Problem, ...]:
        """The problems without what can only be said by trying other inputs."""
        if self._findings is None:
            found: dict[tuple[Any, ...], Problem] = {}
            for problem in self._walk_problems(self.root, ()):
                key = (problem.code, problem.address, problem.message, problem.port)
                if key in found:
                    found[key] = replace(found[key], count=found[key].count + 1)
                else:
                    found[key] = problem
            rank = {"error": 0, "warning": 1, "advice": 2}
            self._findings = tuple(sorted(found.values(), key=lambda p: rank[p.severity]))
        return self._findings

    def _told(self, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
        """Where a map is too small, with the smallest input that works."""
        if not any(problem.code in TOO_SMALL for problem in problems) or not (words := self._larger_input()):
            return problems
        return tuple(
            replace(
                problem, way_out=f"{problem.way_out} {words}".strip(), fixes=(*problem.fixes, "enlarge-input")
            )
            if problem.code in TOO_SMALL
            else problem
            for problem in problems
        )

    def _larger_input(self) -> str:
        """The smallest input in a sentence, where that alone is wrong."""
        if self._way_out is None:
            self._way_out = ""
            errors = [problem for problem in self.findings if problem.is_error]
            hopeless = any(error.code not in TOO_SMALL for error in errors)
            if not hopeless and self.root.sums.blocks <= MANY_BLOCKS and (number := smallest_input(self)):
                (first, *_) = self.input_shapes
                spatial = first[1:] if first is not None else ()
                kind = "square " if len(set(spatial)) > 1 else ""
                size = format_shape((number,) * len(spatial))
                self._way_out = f"The smallest {kind}input is {size}."
        return self._way_out

    def _report(self, report: NodeReport) -> NodeReport:
        problems = self._told(report.problems) if report.problems else ()
        return report if problems is report.problems or not problems else replace(report, problems=problems)

    def _walk_problems(self, analysis: GraphAnalysis, path: tuple[str, ...]) -> Iterator[Problem]:
        for problem in analysis.problems:
            yield problem.at(".".join(path), Address(analysis.graph.key, ""))
        instances = set(analysis.wiring.instances)
        for node_id in analysis.wiring.order:
            if node_id not in analysis.troubled and node_id not in instances:
                continue
            result = analysis.results[node_id]
            place = ".".join((*path, result.node.name))
            for problem in result.problems:
                if problem.code != "module-has-errors":  # what is wrong inside is listed itself
                    yield problem.at(place, Address(analysis.graph.key, node_id))
            for stage in result.stages:
                if stage.inner is not None:
                    yield from self._walk_problems(stage.inner, (*path, stage.segment))

    # nodes --------------------------------------------------------------------------------------------------

    def leaves(self) -> list[NodeReport]:
        """Every placed block that is not a module, through all modules, in the order of execution."""
        if self._leaves is None:
            self._leaves = list(self.each_leaf())
        return self._leaves

    def each_leaf(self) -> Iterator[NodeReport]:
        """The same one by one, for whoever has something else to do between two of them."""
        return self._walk_leaves(self.root, (), None, frozenset())

    def leaf(self, path: str) -> NodeReport | None:
        """The leaf of this dotted path."""
        return next((report for report in self.leaves() if report.path == path), None)

    def _walk_leaves(
        self, analysis: GraphAnalysis, path: tuple[str, ...], outer: Outer | None, kept: frozenset[str]
    ) -> Iterator[NodeReport]:
        for node_id in analysis.wiring.order:
            if node_id not in analysis.wiring.live:
                continue
            result = analysis.results[node_id]
            if result.bypassed or (path and result.node.block in ("input", "output")):
                continue
            for number, stage in enumerate(result.stages):
                if stage.inner is None:
                    yield self._report(
                        report_of(analysis, result, path, outer, self.batch, stage=number, kept_outside=kept)
                    )
                else:
                    inside = _outer_of(result, number, outer)
                    kept_inside = _kept_outputs(analysis, result, number, kept)
                    yield from self._walk_leaves(stage.inner, (*path, stage.segment), inside, kept_inside)

    def view(self, instance: tuple[str, ...] = ()) -> GraphView:
        """The graph one enters through ``instance`` (path segments), with a report of every node in it.

        Raises ConvolabError where there is no such instance.
        """
        analysis, outer, kept = self._enter(instance)[-1][:3]
        reports = Reports(
            analysis.results,
            lambda result: self._report(
                report_of(analysis, result, instance, outer, self.batch, kept_outside=kept)
            ),
        )
        return GraphView(analysis.graph, instance, reports, analysis.env)

    def named(self, instance: tuple[str, ...], segment: str) -> str | None:
        """The id of the node whose name, or the name of one of its stages, is the last segment of a path.

        Raises ConvolabError where there is no such instance.
        """
        found = _stages_named(self._enter(instance)[-1][0], segment)
        return next((result.node.id for result, _ in found), None)

    def _enter(
        self, instance: tuple[str, ...]
    ) -> list[tuple[GraphAnalysis, Outer | None, frozenset[str], NodeResult | None, int]]:
        """The analyses on the way into an instance, with the node and stage they were entered by."""
        way: list[tuple[GraphAnalysis, Outer | None, frozenset[str], NodeResult | None, int]] = [
            (self.root, None, frozenset(), None, 0)
        ]
        for segment in instance:
            analysis, outer, kept, _, _ = way[-1]
            around = tuple([inner.graph.key for inner, *_ in way[1:]])
            named, bypassed = _stages_named(analysis, segment), self._bypassed(analysis, segment, around)
            for result, number in chain(named, bypassed):
                inner = result.stages[number].inner if result.stages else None
                if inner is not None:
                    inside = _outer_of(result, number, outer)
                    way.append((inner, inside, _kept_outputs(analysis, result, number, kept), result, number))
                    break
            else:
                raise ConvolabError(f"there is no module instance {'.'.join(instance)!r}")
        return way

    def _bypassed(
        self, analysis: GraphAnalysis, segment: str, around: tuple[str, ...]
    ) -> Iterator[tuple[NodeResult, int]]:
        """A node that is bypassed, as it would be in use: one can look into it and draw on."""
        for result in analysis.results.values():
            if result.bypassed and result.node.name == segment:
                yield in_use(self.engine, analysis, result, around), 0

    # pixels -------------------------------------------------------------------------------------------------

    def field(
        self, path: str, position: tuple[int, ...], *, clipped: bool = True
    ) -> tuple[tuple[int, int], ...] | None:
        """(first, last) input pixel along each axis that a position of a node's output sees.

        Exact, holes and borders considered, where ``clipped``; else as if the input went on for ever, and None
        where no local field is left. Raises ConvolabError for an unknown path or a position outside the map.
        """
        levels, result, stage, outer = self._find(path)
        value = _stage_output(result, stage)
        if value is None or value.shape is None:
            raise ConvolabError(f"{path!r} has no known output")
        spatial = positions_of(value.shape, value.order)
        if len(position) != len(spatial) or not all(
            0 <= p < size for p, size in zip(position, spatial, strict=True)
        ):
            raise ConvolabError(f"position {position} is outside of {spatial} at {path!r}")
        if clipped:
            source = self.root.wiring.inputs[0]
            return seen_pixels(levels, result.node.id, stage, position, source)
        fields = resolved(value.fields, outer)
        axes = fields[0][1].axes if fields else None
        if axes is None:
            return None
        home = at_home(position, value.order)
        spans = [axis.interval(p) for axis, p in zip(axes, home, strict=True)]
        return None if None in spans else tuple(spans)  # type: ignore[arg-type]

    def _find(self, path: str) -> tuple[list[Level], NodeResult, int, Outer | None]:
        """The levels down to the graph a path's last segment lies in, and the node and stage of that segment."""
        parts = path.split(".")
        found = self._descend([Level(self.root, None, 0)], None, parts)
        if found is None:
            raise ConvolabError(f"there is no node {path!r}")
        return found

    def _descend(
        self, levels: list[Level], outer: Outer | None, parts: list[str]
    ) -> tuple[list[Level], NodeResult, int, Outer | None] | None:
        analysis = levels[-1].analysis
        for length in (1, 2):  # a segment of a repeated node has a dot: ``name.0``
            segment, rest = ".".join(parts[:length]), parts[length:]
            for result, number in _stages_named(analysis, segment):
                inner = result.stages[number].inner if result.stages else None
                if not rest:
                    return levels, result, number, outer
                if inner is not None:
                    deeper = [*levels, Level(inner, result.node.id, number)]
                    found = self._descend(deeper, _outer_of(result, number, outer), rest)
                    if found is not None:
                        return found
        return None

    def to_json(self) -> dict[str, Any]:
        """The object that ``check --json`` prints."""
        return {
            "ok": self.ok,
            "totals": self.totals.to_json(),
            "output_shapes": [None if s is None else list(map(int, s)) for s in self.output_shapes],
            "nodes": [report.to_json() for report in self.leaves()],
            "problems": [problem.to_json() for problem in self.problems],
        }


def _stages_named(analysis: GraphAnalysis, segment: str) -> Iterator[tuple[NodeResult, int]]:
    for result in analysis.results.values():
        for number, stage in enumerate(result.stages):
            if stage.segment == segment:
                yield result, number
        if result.node.name == segment and (not result.stages or result.stages[0].segment != segment):
            yield result, max(len(result.stages) - 1, 0)


def _stage_output(result: NodeResult, stage: int) -> Value | None:
    if stage + 1 < len(result.stages):
        return result.stages[stage + 1].inputs[0]
    if result.outputs:
        return next(iter(result.outputs.values()))
    return result.stages[-1].inputs[0] if result.stages and result.stages[-1].inputs else None


def _outer_of(result: NodeResult, stage: int, outer: Outer | None) -> dict[str, Fields]:
    """What arrives at each input of an instance, relative to the network's sources."""
    values = result.stages[stage].inputs
    return {port: resolved(value.fields, outer) for port, value in zip(result.ports, values, strict=True)}


def _kept_outputs(
    analysis: GraphAnalysis, result: NodeResult, stage: int, kept_outside: frozenset[str]
) -> frozenset[str]:
    """The outputs of an instance whose storage something behind it keeps."""
    if stage + 1 < len(result.stages):
        inner = result.stages[stage + 1].inner
        keeps = inner is not None and any(isinstance(key, Port) for key in inner.saved)
        return frozenset(result.outputs) if keeps else frozenset()
    saved_here = analysis.saved
    outward = {v.storage for name, v in analysis.output_values().items() if name in kept_outside}
    return frozenset(
        port
        for port, value in result.outputs.items()
        if value.storage in saved_here or value.storage in outward
    )


def analyze(
    document: Document,
    *,
    batch: int = 1,
    input_shape: TensorShape | None = None,
    previous: Analysis | None = None,
) -> Analysis:
    """Analyse a document; with ``previous`` (of the same document) only what edits since then changed.

    ``input_shape`` replaces the shape of the first Input. ``batch`` is what activation bytes are counted for.
    Raises nothing for a broken network: everything that can be known is there, the rest is None and a Problem.
    """
    reuse = previous is not None and previous.document is document
    engine = previous.engine if previous is not None and reuse else Engine(document)
    engine.forget_stamps()
    arriving: Mapping[str, Value] = {}
    if input_shape is not None:
        first = next((node for node in document.network if node.block == "input"), None)
        if first is not None:
            shape = tuple(input_shape)
            fields = ((first.name, identity(dimensions(shape))),)
            arriving = {first.name: Value(shape, fields, (first.id, 0), 4 * elements(shape))}
    root_before = previous.root if previous is not None and reuse else None
    if root_before is not None and root_before.arriving != arriving:
        root_before = None
    root = engine.analyse(document.network, {}, arriving, root_before)
    return Analysis(document, engine, root, batch)


def smallest_input(analysis: Analysis) -> int:
    """The smallest size, equal along all axes, at which a network has no error; 0 where none is near."""
    shape = next(iter(analysis.input_shapes), None)
    if shape is None or not dimensions(shape):
        return 0
    last = analyze(analysis.document, input_shape=shape)

    def at(number: int) -> Analysis:
        resized = (shape[0], *(number,) * dimensions(shape))
        return analyze(analysis.document, input_shape=resized, previous=last)

    return finish(smallest(at, max(shape[1:]), FEW_TRIES))
