"""The analysis of one graph: every node's result from its wires, remembered, and redone only downstream of edits."""

from __future__ import annotations

import gc
import heapq
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from builder.analysis.facts import NOTHING, Sums, added
from builder.analysis.fields import identity
from builder.analysis.findings import same_segments
from builder.analysis.nodes import result_of
from builder.analysis.values import GraphAnalysis, NodeResult, Port, StorageKey, Value
from builder.analysis.wiring import Wiring, wiring_of
from builder.blocks import block_class
from builder.document import Document, module_name
from builder.errors import Problem
from builder.graph import Graph, Node


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Make many small objects without the collector looking through them again and again; there are no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Engine:
    """Analyses graphs of one document; modules are analysed once for each distinct use."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._uses: dict[Hashable, GraphAnalysis] = {}
        self._wirings: dict[str, tuple[Graph, Wiring]] = {}
        self._stamps: dict[str, Hashable] = {}

    def stamp(self, name: str, within: tuple[str, ...] = ()) -> Hashable:
        """Changes whenever the module's definition, or one it is made of, does."""
        if name in within:
            return ("recursion", name)
        if name not in self._stamps:
            module = self.document.modules.get(name)
            if module is None:
                return None
            inner = {module_name(node.block) for node in module.graph} - {None}
            self._stamps[name] = (
                id(module.graph),
                module.graph.revision,
                module.parameters,
                tuple((n, self.stamp(n, (*within, name))) for n in sorted(filter(None, inner))),
            )
        return self._stamps[name]

    def _wiring(self, graph: Graph) -> Wiring:
        """Made once for all uses of a module, as long as its wires stay."""
        known, wiring = self._wirings.get(graph.key, (None, None))
        if known is not graph or wiring is None or wiring.revision != graph.structure_revision:
            wiring = wiring_of(graph)
            self._wirings[graph.key] = (graph, wiring)
        return wiring

    def forget_stamps(self) -> None:
        """Definitions may have changed since the last analysis."""
        self._stamps = {}

    def analyse(
        self,
        graph: Graph,
        env: Mapping[str, float],
        arriving: Mapping[str, Value],
        previous: GraphAnalysis | None = None,
        within: tuple[str, ...] = (),
    ) -> GraphAnalysis:
        """The analysis of a graph; ``previous`` is one of the same graph, arguments and arriving tensors."""
        touched = graph.touched_since(previous.revision) if previous and previous.graph is graph else None
        if previous is None or touched is None:
            return self._from_scratch(graph, env, arriving, within)
        same_wires = previous.wiring.revision == graph.structure_revision
        wiring = previous.wiring if same_wires else self._wiring(graph)
        dirty = {node_id for node_id in touched if node_id in graph}
        stamps = self._stamps_of(wiring)
        old_stamps = previous.stamps or {}
        if any(old_stamps.get(name) != stamp for name, stamp in stamps.items()):
            outdated = {n for n in wiring.instances if self._outdated(graph.node(n), old_stamps, stamps)}
            # Whoever hangs on one may find that its output is gone, or there again.
            dirty |= outdated.union(*(wiring.successors[n] for n in outdated))
        for node_id in tuple(dirty):
            before, now = previous.results.get(node_id), graph.node(node_id)
            if before is not None and (before.node.name, before.node.block) != (now.name, now.block):
                # Name and ports stand in findings about what it feeds and about a cycle it lies on.
                dirty.update(wiring.successors[node_id], wiring.cyclic if node_id in wiring.cyclic else ())
        if not same_wires:
            # Edits far away can put a node on a cycle or cut it off from every output.
            was, is_now = previous.wiring.cyclic, wiring.cyclic
            dirty.update(n for n in was.keys() | is_now.keys() if was.get(n) != is_now.get(n) and n in graph)
            dirty.update(n for n in wiring.live ^ previous.wiring.live if n in graph)
            if wiring.is_chain or previous.wiring.is_chain:  # where stages are numbered after one another
                dirty.update(node.id for node in graph if counts(node))
        if not dirty and same_wires:
            return replace(previous, revision=graph.revision, stamps=stamps)
        results = dict(previous.results)
        for node_id in () if same_wires else results.keys() - wiring.position.keys():
            del results[node_id]
        analysis = GraphAnalysis(graph, graph.revision, wiring, env, arriving, results, stamps=stamps)
        changed = self._propagate(analysis, dirty, within)
        if same_wires:
            self._total(analysis, changed, within, previous)
        else:
            self._total(analysis, [(None, result) for result in results.values()], within)
        return analysis

    def _from_scratch(
        self, graph: Graph, env: Mapping[str, float], arriving: Mapping[str, Value], within: tuple[str, ...]
    ) -> GraphAnalysis:
        wiring = self._wiring(graph)
        stamps = self._stamps_of(wiring)
        analysis = GraphAnalysis(graph, graph.revision, wiring, env, arriving, {}, stamps=stamps)
        results = analysis.results
        with _collecting_later():
            for node_id in wiring.order:
                results[node_id] = result_of(self, analysis, node_id, within)
        self._total(analysis, [(None, result) for result in results.values()], within)
        return analysis

    def _stamps_of(self, wiring: Wiring) -> dict[str, Hashable]:
        return {name: self.stamp(name) for name in wiring.modules}

    def _outdated(self, node: Node, before: Mapping[str, Hashable], now: Mapping[str, Hashable]) -> bool:
        name = module_name(node.block) or ""
        return before.get(name) != now.get(name)

    def _propagate(
        self, analysis: GraphAnalysis, dirty: set[str], within: tuple[str, ...]
    ) -> list[tuple[NodeResult | None, NodeResult]]:
        """Redo the dirty nodes and all behind them that get something else; each result before and after."""
        changed = []
        wiring, results = analysis.wiring, analysis.results
        heap = [wiring.position[node_id] for node_id in dirty]
        heapq.heapify(heap)
        queued = set(heap)
        while heap:
            node_id = wiring.order[heapq.heappop(heap)]
            before = results.get(node_id)
            after = results[node_id] = result_of(self, analysis, node_id, within)
            changed.append((before, after))
            if before is not None and wiring.is_chain and _renumbers(before, after):
                for position in range(wiring.position[node_id] + 1, len(wiring.order)):
                    if position not in queued and counts(analysis.graph.node(wiring.order[position])):
                        queued.add(position)
                        heapq.heappush(heap, position)
            if before is None or before.outputs != after.outputs:
                for target in wiring.successors[node_id]:
                    position = wiring.position[target]
                    if position not in queued:
                        queued.add(position)
                        heapq.heappush(heap, position)
        return changed

    def _total(
        self,
        analysis: GraphAnalysis,
        changed: list[tuple[NodeResult | None, NodeResult]],
        within: tuple[str, ...],
        previous: GraphAnalysis | None = None,
    ) -> None:
        """Sums, kept storages and problems: those of ``previous`` with the changed results put in."""
        live = analysis.wiring.live
        kept = previous.saved_bytes if previous else 0
        parts: list[tuple[Sums, int]] = [(previous.sums, 1)] if previous else []
        saved: dict[StorageKey, int] = dict(previous.saved) if previous else {}
        troubled = set(previous.troubled) if previous else set()
        counting = set(previous.counting) if previous else set()
        for _, after in changed:
            (troubled.add if after.problems else troubled.discard)(after.node.id)
            (counting.add if counts(after.node) else counting.discard)(after.node.id)
        changed = [pair for pair in changed if pair[1].node.id in live]
        for before, _ in changed:  # all that goes, goes first: a storage that stays may have another size now
            if before is not None:
                parts.append((before.sums, -1))
                for key, size in before.saved:
                    saved[key] -= 1
                    if not saved[key]:
                        del saved[key]
                        kept -= size
        for _, after in changed:
            if after.sums is not NOTHING:
                parts.append((after.sums, 1))
            for key, size in after.saved:
                saved[key] = saved.get(key, 0) + 1
                if saved[key] == 1:
                    kept += size
        analysis.sums, analysis.saved, analysis.saved_bytes = added(parts), saved, kept
        analysis.saved_ports = tuple([key.name for key in saved if isinstance(key, Port)]) if within else ()
        analysis.troubled, analysis.counting = frozenset(troubled), frozenset(counting)
        analysis.problems = self._graph_problems(analysis, within)

    def _graph_problems(self, analysis: GraphAnalysis, within: tuple[str, ...]) -> tuple[Problem, ...]:
        where = f"the module '{analysis.graph.key}'" if within else "the network"
        problems = []
        for present, word in ((analysis.wiring.inputs, "input"), (analysis.wiring.outputs, "output")):
            if not present:
                problems.append(
                    Problem(
                        f"no-{word}",
                        f"{where[0].upper()}{where[1:]} needs an {word.capitalize()} block",
                        way_out=f"Add an {word.capitalize()} and connect it.",
                        fixes=(f"add-{word}",),
                    )
                )
        if analysis.counting and analysis.wiring.is_chain:
            problems += same_segments(analysis.results.values())
        return tuple(problems)

    def use(
        self, name: str, env: Mapping[str, float], inputs: Mapping[str, Value], within: tuple[str, ...] = ()
    ) -> GraphAnalysis:
        """The analysis of a module under these arguments and arriving tensors, fields relative to its inputs."""
        arriving = {}
        for port, value in inputs.items():
            dims = len(value.shape) - 1 if value.shape is not None else 0
            arriving[port] = Value(
                value.shape,
                ((port, identity(dims)),),
                Port(port),
                needs_grad=value.needs_grad,
                strides=value.strides,
                order=value.order,
            )
        arrived = tuple((p, v.shape, v.needs_grad, v.strides, v.order) for p, v in inputs.items())
        key = (name, tuple(env.items()), arrived)
        known = self._uses.get(key)
        stamp = self.stamp(name)
        if known is not None and known.stamps is not None and known.stamps.get("") == stamp:
            return known
        analysis = self.analyse(self.document.modules[name].graph, env, arriving, known, (*within, name))
        analysis.stamps = {**(analysis.stamps or {}), "": stamp}
        self._uses[key] = analysis
        return analysis

    def output_ports(self, node: Node, anything: tuple[str, ...] = ("y",)) -> tuple[str, ...]:
        """Names of a node's outputs; ``anything`` for a block that is not known."""
        name = module_name(node.block)
        if name is None:
            cls = block_class(node.block)
            return cls.outputs_of(node.parameters) if cls else anything
        module = self.document.modules.get(name)
        return tuple(n.name for n in module.graph if n.block == "output") if module else anything


def counts(node: Node) -> bool:
    """Whether the node's stages may be called otherwise than the node."""
    return node.repeat != 1 or node.name.endswith("}")


def _renumbers(before: NodeResult, after: NodeResult) -> bool:
    """Whether a node of a chain leaves another number to those behind it."""
    if before.node.name == after.node.name and not counts(before.node) and not counts(after.node):
        return before.bypassed != after.bypassed
    return [stage.segment for stage in before.stages] != [stage.segment for stage in after.stages]
