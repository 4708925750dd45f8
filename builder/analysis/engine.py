"""The analysis of one graph: every node's result from its wires, remembered, and redone only downstream of edits."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from builder.analysis.facts import Facts, environment, expression_problem, facts_of
from builder.analysis.fields import Field, compose, identity, through, unite
from builder.analysis.wiring import Wiring, wiring_of
from builder.blocks import block_class
from builder.document import Document, module_name
from builder.errors import Problem, Severity
from builder.expressions import ExpressionError, parse, resolve
from builder.graph import Graph, Node
from builder.shapes import TensorShape, elements
from builder.windows import Elementwise

#: Bytes of an fp32 number, which is what activations are counted in.
FLOAT_BYTES = 4
#: Repeats beyond this are a slip of the finger, not a network.
MAX_REPEAT = 1000

Fields: TypeAlias = tuple[tuple[str, Field], ...]
StorageKey: TypeAlias = Hashable


class Value:
    """What is known of the tensor on a wire: its shape, what it sees of the sources, and where it is stored.

    ``shape`` is None where it cannot be known. ``counted``: its storage is counted already where it was made.
    """

    __slots__ = ("counted", "fields", "needs_grad", "shape", "storage", "storage_bytes")

    def __init__(
        self,
        shape: TensorShape | None,
        fields: Fields = (),
        storage: StorageKey = None,
        storage_bytes: int = 0,
        needs_grad: bool = False,
        counted: bool = False,
    ) -> None:
        self.shape = shape
        self.fields = fields
        self.storage = storage
        self.storage_bytes = storage_bytes
        self.needs_grad = needs_grad
        self.counted = counted

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value) and all(getattr(self, n) == getattr(other, n) for n in self.__slots__)

    __hash__ = None  # type: ignore[assignment]


UNKNOWN = Value(None)


@dataclass(slots=True, eq=False)
class Stage:
    """One pass through a node: one, or as many as it is repeated. ``inner`` is the module's own analysis."""

    segment: str
    inputs: tuple[Value, ...]
    facts: Facts | None = None
    inner: GraphAnalysis | None = None


@dataclass(slots=True, eq=False)
class Sums:
    """Additive figures of a node or a graph; bytes are what autograd keeps beyond whole, shared tensors."""

    parameters: int = 0
    buffers: int = 0
    macs: int = 0
    extra: int = 0
    fixed: int = 0

    def add(self, other: Sums, sign: int = 1) -> None:
        """Add (or take off) another's figures."""
        self.parameters += sign * other.parameters
        self.buffers += sign * other.buffers
        self.macs += sign * other.macs
        self.extra += sign * other.extra
        self.fixed += sign * other.fixed


NOTHING = Sums()


@dataclass(slots=True, eq=False)
class NodeResult:
    """Everything known of a node in its graph. ``saved`` are the storages it keeps for the backward pass."""

    node: Node
    ports: tuple[str, ...]
    stages: tuple[Stage, ...]
    outputs: Mapping[str, Value]
    problems: tuple[Problem, ...] = ()
    bypassed: bool = False
    sums: Sums = NOTHING
    saved: tuple[tuple[StorageKey, int], ...] = ()


@dataclass(slots=True, eq=False)
class GraphAnalysis:
    """The results of one graph under given arguments and arriving tensors."""

    graph: Graph
    revision: int
    wiring: Wiring
    env: Mapping[str, int]
    arriving: Mapping[str, Value]
    results: dict[str, NodeResult]
    #: Problems of the graph itself; those of nodes are in their results.
    problems: tuple[Problem, ...] = ()
    troubled: frozenset[str] = frozenset()
    sums: Sums = NOTHING
    saved: Counter[StorageKey] | None = None
    saved_bytes: int = 0
    stamps: Mapping[str, Hashable] | None = None

    def output_values(self) -> dict[str, Value]:
        """What each ``output`` node gets, by its name."""
        outputs = {}
        for node_id in self.wiring.outputs:
            result = self.results[node_id]
            inputs = result.stages[0].inputs if result.stages else ()
            outputs[result.node.name] = inputs[0] if inputs else UNKNOWN
        return outputs

    @property
    def ok(self) -> bool:
        """Whether no error stands in the graph or in a module within."""
        return not any(p.is_error for p in self.problems) and not any(
            problem.is_error for node_id in self.troubled for problem in self.results[node_id].problems
        )


class Engine:
    """Analyses graphs of one document; modules are analysed once for each distinct use."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._uses: dict[Hashable, GraphAnalysis] = {}
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

    def forget_stamps(self) -> None:
        """Definitions may have changed since the last analysis."""
        self._stamps = {}

    # graphs -------------------------------------------------------------------------------------------------

    def analyse(
        self,
        graph: Graph,
        env: Mapping[str, int],
        arriving: Mapping[str, Value],
        previous: GraphAnalysis | None = None,
        within: tuple[str, ...] = (),
    ) -> GraphAnalysis:
        """The analysis of a graph; ``previous`` is one of the same graph, arguments and arriving tensors."""
        touched = graph.touched_since(previous.revision) if previous and previous.graph is graph else None
        if previous is None or touched is None:
            return self._from_scratch(graph, env, arriving, within)
        same_wires = previous.wiring.revision == graph.structure_revision
        wiring = previous.wiring if same_wires else wiring_of(graph)
        dirty = {node_id for node_id in touched if node_id in graph}
        stamps = self._stamps_of(graph, previous, bool(touched))
        for node_id, result in self.instances(previous):
            name = module_name(result.node.block) or ""
            if (previous.stamps or {}).get(name) != stamps.get(name):
                dirty.add(node_id)
        if not same_wires:
            # Edits far away can put a node on a cycle or cut it off from every output.
            dirty.update(n for n in wiring.cyclic.keys() ^ previous.wiring.cyclic.keys() if n in graph)
            dirty.update(n for n in wiring.live ^ previous.wiring.live if n in graph)
        if not dirty and same_wires:
            return replace(previous, revision=graph.revision, stamps=stamps)
        results = dict(previous.results)
        for node_id in () if same_wires else results.keys() - wiring.position.keys():
            del results[node_id]
        analysis = GraphAnalysis(graph, graph.revision, wiring, env, arriving, results, stamps=stamps)
        self._propagate(analysis, dirty, within)
        self._total(analysis, previous if same_wires else None, within)
        return analysis

    def _from_scratch(
        self, graph: Graph, env: Mapping[str, int], arriving: Mapping[str, Value], within: tuple[str, ...]
    ) -> GraphAnalysis:
        analysis = GraphAnalysis(graph, graph.revision, wiring_of(graph), env, arriving, {})
        analysis.stamps = self._stamps_of(graph, None, True)
        results = analysis.results
        for node_id in analysis.wiring.order:
            results[node_id] = self._node(analysis, node_id, within)
        self._total(analysis, None, within)
        return analysis

    def _stamps_of(self, graph: Graph, previous: GraphAnalysis | None, changed: bool) -> dict[str, Hashable]:
        if previous is not None and not changed and previous.stamps is not None:
            names: Iterable[str] = previous.stamps
        else:
            names = {name for node in graph if (name := module_name(node.block))}
        return {name: self.stamp(name) for name in names}

    def instances(self, analysis: GraphAnalysis) -> list[tuple[str, NodeResult]]:
        """The placed modules of an analysed graph."""
        if not analysis.stamps:
            return []
        graph = analysis.graph
        return [
            (node_id, result)
            for node_id, result in analysis.results.items()
            if node_id in graph and result.node.block.startswith("module:")
        ]

    def _propagate(self, analysis: GraphAnalysis, dirty: set[str], within: tuple[str, ...]) -> None:
        wiring, results = analysis.wiring, analysis.results
        heap = [wiring.position[node_id] for node_id in dirty]
        heapq.heapify(heap)
        queued = set(heap)
        while heap:
            node_id = wiring.order[heapq.heappop(heap)]
            before = results.get(node_id)
            after = results[node_id] = self._node(analysis, node_id, within)
            if before is None or before.outputs != after.outputs:
                for target in wiring.successors[node_id]:
                    position = wiring.position[target]
                    if position not in queued:
                        queued.add(position)
                        heapq.heappush(heap, position)

    def _total(
        self, analysis: GraphAnalysis, previous: GraphAnalysis | None, within: tuple[str, ...]
    ) -> None:
        """Sums, kept storages and problems; from ``previous`` only where results differ from it."""
        live = analysis.wiring.live
        sums, saved, kept = Sums(), Counter[StorageKey](), 0
        troubled: set[str] = set()
        changed: Iterable[tuple[NodeResult | None, NodeResult]]
        if previous is None:
            changed = [(None, result) for result in analysis.results.values()]
        else:
            sums.add(previous.sums)
            saved, kept = Counter(previous.saved), previous.saved_bytes
            troubled = set(previous.troubled)
            old = previous.results
            changed = [(old[n], r) for n, r in analysis.results.items() if old[n] is not r]
        sizes: dict[StorageKey, int] = {}
        for before, after in changed:
            node_id = after.node.id
            if after.problems:
                troubled.add(node_id)
            else:
                troubled.discard(node_id)
            if node_id not in live:
                continue
            if before is not None:
                sums.add(before.sums, -1)
                for key, size in before.saved:
                    saved[key] -= 1
                    sizes[key] = size
                    if not saved[key]:
                        del saved[key]
                        kept -= size
            sums.add(after.sums)
            for key, size in after.saved:
                saved[key] += 1
                if saved[key] == 1:
                    kept += size
        analysis.sums, analysis.saved, analysis.saved_bytes = sums, saved, kept
        analysis.troubled = frozenset(troubled)
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
        return tuple(problems)

    # nodes --------------------------------------------------------------------------------------------------

    def _node(self, analysis: GraphAnalysis, node_id: str, within: tuple[str, ...]) -> NodeResult:
        node = analysis.graph.node(node_id)
        wiring = analysis.wiring
        edges = wiring.incoming[node_id]
        ports = tuple(edge.target_port for edge in edges)
        if node_id in wiring.cyclic:
            return _unknown(node, ports, _cycle_problem(analysis.graph, wiring.cyclic[node_id]))
        results = analysis.results
        inputs = tuple(results[edge.source].outputs.get(edge.source_port, UNKNOWN) for edge in edges)
        if node.block == "input" and (within or analysis.arriving.get(node.name) is not None):
            value = analysis.arriving.get(node.name, UNKNOWN)
            return NodeResult(node, (), (Stage(node.name, (value,)),), {"y": value})
        name = module_name(node.block)
        cls = block_class(node.block)
        if name is None and cls is None:
            return _unknown(
                node,
                ports,
                Problem(
                    "unknown-block",
                    "Every block must be one this version knows",
                    f"'{node.block}' is not",
                    "It is kept as it is; replace it, or open the document with the version that made it.",
                ),
            )
        if name is not None and name not in self.document.modules:
            return _unknown(
                node,
                ports,
                Problem(
                    "missing-module",
                    "Every placed module must be in the document",
                    f"'{name}' is not",
                    "Add the module or remove this block.",
                ),
            )
        problems = self._port_problems(analysis, node, ports)
        try:
            env = environment(analysis.env, (inputs[0].shape,) if inputs and inputs[0].shape else ())
            if node.when is not None and not parse(node.when).evaluate(env):
                value = inputs[0] if inputs else UNKNOWN
                result = NodeResult(
                    node, ports, (), _all_outputs(value, self.output_ports(node)), bypassed=True
                )
                return replace(result, problems=tuple(problems))
            repeat = resolve(node.repeat, env)
        except ExpressionError as error:
            return _unknown(node, ports, *problems, expression_problem(error))
        if wrong := self._repeat_problem(node, repeat, within, name):
            return _unknown(node, ports, *problems, wrong)
        if not repeat:
            outputs = _all_outputs(inputs[0] if inputs else UNKNOWN, self.output_ports(node))
            return NodeResult(node, ports, (), outputs, tuple(problems), bypassed=True)
        segments = _segments(node, int(repeat), wiring.is_chain)
        if problems and any(problem.is_error for problem in problems):
            stages = tuple(Stage(segment, inputs) for segment in segments[:1])
            return NodeResult(
                node, ports, stages, _all_outputs(UNKNOWN, self.output_ports(node)), tuple(problems)
            )
        run = self._run_block if name is None else self._run_module
        return run(analysis, node, ports, inputs, segments, problems, within)

    def _run_block(
        self, analysis: GraphAnalysis, node: Node, ports: tuple[str, ...], inputs: tuple[Value, ...],
        segments: list[str], problems: list[Problem], within: tuple[str, ...],
    ) -> NodeResult:  # fmt: skip
        stages: list[Stage] = []
        sums = Sums()
        saved: dict[StorageKey, int] = {}
        value = UNKNOWN
        for number, segment in enumerate(segments):
            if any(i.shape is None for i in inputs):
                stages.append(Stage(segment, inputs))
                value = UNKNOWN
                break
            shapes = tuple(i.shape for i in inputs)
            facts = facts_of(node, analysis.env, shapes)  # type: ignore[arg-type]
            stages.append(Stage(segment, inputs, facts))
            if facts.problems:
                problems += [self._with_names(problem, analysis, node) for problem in facts.problems]
            if facts.output is None:
                value = UNKNOWN
                break
            value = self._behind(node, number, facts, inputs, sums, saved)
            inputs = (value,)
        outputs = {"y": value} if node.block != "output" else {}
        return NodeResult(
            node, ports, tuple(stages), outputs, tuple(problems), False, sums, tuple(saved.items())
        )

    def _behind(
        self, node: Node, number: int, facts: Facts, inputs: tuple[Value, ...], sums: Sums,
        saved: dict[StorageKey, int],
    ) -> Value:  # fmt: skip
        """The tensor a block gives, and what that costs."""
        cost, keeps, shape = facts.cost, facts.saved, facts.output
        assert shape is not None
        sums.parameters += cost.parameters
        sums.buffers += cost.buffers
        sums.macs += cost.macs
        size = FLOAT_BYTES * elements(shape)
        key: StorageKey = (node.id, number)
        needs_grad = cost.parameters > 0 or any(i.needs_grad for i in inputs)
        if not inputs:
            dims = len(shape) - 1
            return Value(shape, ((node.name, identity(dims)),), key, size, False)
        if needs_grad:
            sums.extra += keeps.extra
            sums.fixed += keeps.fixed
            for index in keeps.inputs:
                if not inputs[index].counted:
                    saved[inputs[index].storage] = inputs[index].storage_bytes
            if keeps.output:
                saved[key] = size
        first = inputs[0]
        assert facts.sight is not None
        fields = first.fields if len(inputs) == 1 else _united(inputs)
        if not isinstance(facts.sight, Elementwise):
            fields = tuple((source, through(field, facts.sight)) for source, field in fields)
        if keeps.view:
            return Value(shape, fields, first.storage, first.storage_bytes, needs_grad, first.counted)
        return Value(shape, fields, key, size, needs_grad)

    def _run_module(
        self, analysis: GraphAnalysis, node: Node, ports: tuple[str, ...], inputs: tuple[Value, ...],
        segments: list[str], problems: list[Problem], within: tuple[str, ...],
    ) -> NodeResult:  # fmt: skip
        name = module_name(node.block)
        assert name is not None
        module = self.document.modules[name]
        stages: list[Stage] = []
        sums = Sums()
        saved: dict[StorageKey, int] = {}
        outputs: dict[str, Value] = {}
        for number, segment in enumerate(segments):
            shapes = tuple(i.shape for i in inputs if i.shape is not None)
            try:
                outer = environment(analysis.env, shapes[:1])
                env = {p.name: int(p.default) for p in module.parameters}
                unknown = [key for key in node.parameters if key not in env]
                if unknown:
                    problems.append(_unknown_argument(name, unknown[0], env))
                env.update({k: int(resolve(v, outer)) for k, v in node.parameters.items() if k in env})
            except (ExpressionError, TypeError, ValueError) as error:
                problems.append(expression_problem(ExpressionError(str(error))))
                break
            inner = self.use(name, env, dict(zip(ports, inputs, strict=True)), within)
            stages.append(Stage(segment, inputs, None, inner))
            sums.add(inner.sums)
            sums.extra += inner.saved_bytes
            arrived = dict(zip(ports, inputs, strict=True))
            for key in inner.saved or ():
                if isinstance(key, _Port) and not arrived[key.name].counted:
                    saved[arrived[key.name].storage] = arrived[key.name].storage_bytes
            for port, value in inner.output_values().items():
                outputs[port] = _outside(value, arrived, inner, (node.id, number))
            if not inner.ok:
                problems.append(
                    Problem(
                        "module-has-errors",
                        "A placed module must work with what arrives",
                        f"'{name}' has errors inside",
                        "Enter it (double-click) to see them.",
                        severity=Severity.ERROR,
                    )
                )
                break
            inputs = tuple(outputs.values())
        if not stages:
            outputs = dict.fromkeys(self.output_ports(node), UNKNOWN)
        return NodeResult(
            node, ports, tuple(stages), outputs, tuple(problems), False, sums, tuple(saved.items())
        )

    def use(
        self, name: str, env: Mapping[str, int], inputs: Mapping[str, Value], within: tuple[str, ...] = ()
    ) -> GraphAnalysis:
        """The analysis of a module under these arguments and arriving tensors, fields relative to its inputs."""
        arriving = {}
        for port, value in inputs.items():
            dims = len(value.shape) - 1 if value.shape is not None else 0
            arriving[port] = Value(value.shape, ((port, identity(dims)),), _Port(port), 0, value.needs_grad)
        key = (name, tuple(env.items()), tuple((p, v.shape, v.needs_grad) for p, v in inputs.items()))
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
            return cls.outputs if cls else anything
        module = self.document.modules.get(name)
        return tuple(n.name for n in module.graph if n.block == "output") if module else anything

    # problems -----------------------------------------------------------------------------------------------

    def _port_problems(self, analysis: GraphAnalysis, node: Node, ports: tuple[str, ...]) -> list[Problem]:
        problems = []
        name = module_name(node.block)
        cls = block_class(node.block)
        if cls is not None and cls.variadic:
            if len(ports) < 2:
                problems.append(_unconnected("0" if not ports else "1", f"{cls.title} needs at least two inputs",
                                             f"'{node.name}' has {len(ports) or 'none'}"))  # fmt: skip
            stray = [port for port in ports if not port.isdigit()]
        else:
            if cls is not None:
                wanted: tuple[str, ...] = cls.inputs
            else:
                wanted = tuple(n.name for n in self.document.modules[name or ""].graph if n.block == "input")
            problems += [
                _unconnected(port, "Every input must be connected",
                             f"'{port}' of '{node.name}' is not" if len(wanted) > 1 else f"'{node.name}' has no input")
                for port in wanted if port not in ports
            ]  # fmt: skip
            stray = [port for port in ports if port not in wanted]
        problems += [
            Problem("no-such-port", "A wire must end at an input the block has", f"'{node.name}' has no input '{port}'",
                    "Remove the wire or move its end.", port=port, fixes=("disconnect",))
            for port in stray
        ]  # fmt: skip
        for edge in analysis.wiring.incoming[node.id]:
            source = analysis.graph.node(edge.source)
            if edge.source_port not in self.output_ports(source, anything=(edge.source_port,)):
                problems.append(
                    Problem("no-such-port", "A wire must begin at an output the block has",
                            f"'{source.name}' has no output '{edge.source_port}'",
                            "Remove the wire or move its end.", port=edge.target_port, fixes=("disconnect",))
                )  # fmt: skip
        if node.id not in analysis.wiring.live and analysis.wiring.outputs:
            problems.append(
                Problem("goes-nowhere", "What a block makes must reach an Output",
                        f"'{node.name}' does not, and is left out of the network and of the totals",
                        "Connect it, or delete it.", severity=Severity.WARNING, fixes=("delete-node",))
            )  # fmt: skip
        return problems

    def _with_names(self, problem: Problem, analysis: GraphAnalysis, node: Node) -> Problem:
        """Names in place of ``{0}``, ``{1}``: who brings which tensor."""
        if "{0}" not in problem.values:
            return problem
        names = [analysis.graph.node(e.source).name for e in analysis.wiring.incoming[node.id]]
        return replace(problem, values=problem.values.format(*(f"'{name}'" for name in names)))

    def _repeat_problem(
        self, node: Node, repeat: object, within: tuple[str, ...], name: str | None
    ) -> Problem | None:
        if name is not None and name in within:
            return Problem("recursion", "A module cannot contain itself", " → ".join((*within, name)),
                           "Remove this block.", fixes=("delete-node",))  # fmt: skip
        if not isinstance(repeat, int) or not 0 <= repeat <= MAX_REPEAT:
            return Problem("bad-repeat", f"'repeat' is a whole number from 0 to {MAX_REPEAT}",
                           f"'{node.name}' has {repeat!r}", "Correct it.")  # fmt: skip
        if repeat != 1 and not self._one_in_one_out(node):
            return Problem("bad-repeat", "Only a block with one input and one output can be repeated",
                           f"'{node.name}' has more, or fewer", "Set 'repeat' to 1.")  # fmt: skip
        return None

    def _one_in_one_out(self, node: Node) -> bool:
        cls = block_class(node.block)
        if cls is not None:
            return len(cls.inputs) == len(cls.outputs) == 1 and not cls.variadic
        graph = self.document.graph(module_name(node.block) or "")
        return [n.block for n in graph if n.block in ("input", "output")] in (
            ["input", "output"],
            ["output", "input"],
        )


@dataclass(frozen=True, slots=True)
class _Port:
    """Storage of what arrives at a module's input: counted outside."""

    name: str


def _outside(
    value: Value, arrived: Mapping[str, Value], inner: GraphAnalysis, place: tuple[str, int]
) -> Value:
    """A module's output as the graph around it sees it."""
    if value.shape is None:
        return UNKNOWN
    fields: dict[str, list[Field]] = {}
    for port, relative in value.fields:
        for source, field in arrived[port].fields:
            fields.setdefault(source, []).append(compose(field, relative))
    united = tuple((source, unite(found)) for source, found in fields.items())
    if isinstance(value.storage, _Port):
        origin = arrived[value.storage.name]
        return Value(
            value.shape, united, origin.storage, origin.storage_bytes, value.needs_grad, origin.counted
        )
    counted = value.counted or value.storage in (inner.saved or ())
    return Value(value.shape, united, (place, value.storage), value.storage_bytes, value.needs_grad, counted)


def _united(inputs: tuple[Value, ...]) -> Fields:
    first = inputs[0].fields
    if all(value.fields == first for value in inputs[1:]):
        return first
    fields: dict[str, list[Field]] = {}
    for value in inputs:
        for source, field in value.fields:
            fields.setdefault(source, []).append(field)
    return tuple((source, unite(found)) for source, found in fields.items())


def _segments(node: Node, repeat: int, chain: bool) -> list[str]:
    """Path segments of a node's stages: the name, or n of them (see ``Node.repeat``)."""
    if node.repeat == 1:
        return [node.name]
    if chain and node.name.isdigit():
        return [str(int(node.name) + i) for i in range(repeat)]
    return [f"{node.name}.{i}" for i in range(repeat)]


def _all_outputs(value: Value, ports: tuple[str, ...]) -> dict[str, Value]:
    return dict.fromkeys(ports, value)


def _unknown(node: Node, ports: tuple[str, ...], *problems: Problem) -> NodeResult:
    return NodeResult(node, ports, (), {"y": UNKNOWN}, problems)


def _cycle_problem(graph: Graph, cycle: tuple[str, ...]) -> Problem:
    names = [graph.node(node_id).name for node_id in cycle]
    return Problem(
        "cycle",
        "A network runs from its input to its output without going round",
        " → ".join((*names, names[0])),
        "Remove one of these wires.",
    )


def _unconnected(port: str, rule: str, values: str) -> Problem:
    return Problem("unconnected", rule, values, "Draw a wire to it.", port=port, fixes=("connect-nearest",))


def _unknown_argument(name: str, argument: str, env: Mapping[str, int]) -> Problem:
    known = ", ".join(env) or "none"
    return Problem(
        "unknown-parameter", f"Module '{name}' has no parameter '{argument}'", f"it has {known}",
        "Remove it or correct the name.", fixes=("remove-parameter",),
    )  # fmt: skip
