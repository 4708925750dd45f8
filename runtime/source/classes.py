"""Classes of the generated source: what all uses of a module agree on is written once.

Where uses differ in a size that no parameter gives, the class gets an argument for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from builder.analysis.values import GraphAnalysis
from builder.blocks.lowering import Apply, Lowering, Make, Operator, PassOn
from builder.document import Document
from builder.errors import Address, ConvolabError
from builder.expressions import Symbol
from builder.graph import Node
from runtime.source.tracing import Placement, Step, Trace, trace
from runtime.source.writing import Call, Code, Repeated, flat, literal, mark, statement

#: Largest factor tried when a size is looked for as a multiple of a parameter.
_FACTORS = range(2, 9)


class UnsettledError(ConvolabError):
    """Uses differ in what one class cannot say: each needs a class of its own."""


@dataclass(slots=True)
class Plan:
    """A class: its name, the uses it serves, and the arguments it needs beyond the module's parameters.

    ``channels``: argument → input port whose channels it is; ``sizes``: argument → value for each use.
    """

    name: str
    uses: list[GraphAnalysis]
    channels: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, dict[int, int]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


class Writer:
    """Writes the classes of one document."""

    def __init__(self, document: Document, inlined: frozenset[str], *, taps: bool) -> None:
        self.document = document
        self.inlined = inlined
        self.taps = taps
        self.helpers: dict[str, None] = {}
        self.plans: dict[int, Plan] = {}
        self._plan: Plan | None = None

    @property
    def sequential(self) -> str:
        """The class of chains."""
        return "TappedSequential" if self.taps else "nn.Sequential"

    # one class ----------------------------------------------------------------------------------------------

    def write_class(
        self, name: str, uses: list[GraphAnalysis], parameters: Sequence[tuple[str, int | bool]]
    ) -> Plan:
        """The class for these uses, which all read alike."""
        plan = self._plan = Plan(name, uses)
        ports = (
            {node.name: node for node in uses[0].graph if node.block == "input"} if uses[0].arriving else {}
        )
        known = self._sizes_of_inputs(uses, ports, parameters)
        traces = []
        for number, use in enumerate(uses):
            env = {p: Symbol(int(use.env[p]), p) for p, _ in parameters}
            arriving = {}
            for port in ports:
                shape = use.arriving[port].shape
                assert shape is not None
                arriving[port] = (known[port][number], *shape[1:])
            traces.append(trace(self.document, use, env, arriving))
        body = self._chain(traces) if is_chain_class(traces) else self._module(traces)
        header, init, forward = body
        text = "\n".join(init)
        for port in ports:
            argument = self._channel_argument(port, ports, uses[0])
            if re.search(rf"\b{argument}\b", text):
                plan.channels[argument] = port
        arguments = [("", "self")]
        arguments += [("", f"{argument}: int") for argument in (*plan.channels, *plan.sizes)]
        arguments += [
            ("", f"{p}: {'bool' if isinstance(default, bool) else 'int'} = {default!r}")
            for p, default in parameters
        ]
        plan.lines = [
            f"class {name}({header}):",
            *statement(Call("def __init__", tuple(arguments)), 1, after=" -> None:"),
            *init,
            *forward,
        ]
        for use in uses:
            self.plans[id(use)] = plan
        self._plan = None
        return plan

    def _channel_argument(self, port: str, ports: Mapping[str, Node], use: GraphAnalysis) -> str:
        shape = use.arriving[port].shape
        word = "features" if shape is not None and len(shape) == 1 else "channels"
        return f"in_{word}" if len(ports) == 1 else f"{port}_{word}"

    def _sizes_of_inputs(
        self,
        uses: list[GraphAnalysis],
        ports: Mapping[str, Node],
        parameters: Sequence[tuple[str, int | bool]],
    ) -> dict[str, list[int]]:
        """For each port and use: its channels, as a number, by an expression of the parameters, or an argument."""
        known: dict[str, list[int]] = {}
        for port in ports:
            values = [int(shape[0]) for use in uses if (shape := use.arriving[port].shape) is not None]
            text = None
            if len(set(values)) > 1:
                text = _expression_for(values, uses, parameters) or self._channel_argument(
                    port, ports, uses[0]
                )
            known[port] = [value if text is None else Symbol(value, text) for value in values]
        return known

    def _chain(self, traces: list[Trace]) -> tuple[str, list[str], list[str]]:
        steps = [step for step in _together(traces) if step[0].node.block not in ("input", "output")]
        if positional(traces):
            elements = [element for together in steps for element in self.elements(together)]
            return self.sequential, statement(Call("super().__init__", tuple(elements)), 2), []
        lines = ["        super().__init__()"]
        for together in steps:
            lines += self._register(together, chain=True)
        return self.sequential, lines, []

    def _module(self, traces: list[Trace]) -> tuple[str, list[str], list[str]]:
        init = ["        super().__init__()"]
        names = {step.node.name for step in traces[0].steps.values()}
        variables: dict[tuple[str, str], str] = {}
        arguments, body, returned = [], [], []
        for together in _together(traces):
            node = together[0].node
            if node.block == "input":
                variable = "x" if node.name == "input" and "x" not in names else _variable(node.name)
                variables[node.id, "y"] = variable
                arguments.append(variable)
                if self.taps:
                    body.append(f'        tap(self, "{node.name}", {variable})')
                continue
            edges = traces[0].analysis.wiring.incoming[node.id]
            inputs = [variables[edge.source, edge.source_port] for edge in edges]
            ports = {edge.target_port: v for edge, v in zip(edges, inputs, strict=True)}
            if node.block == "output":
                returned.append(f'tap(self, "{node.name}", {inputs[0]})' if self.taps else inputs[0])
                continue
            if not any(step.active for step in together):
                for port in together[0].outputs:
                    variables[node.id, port] = inputs[0]
                continue
            init += self._register(together, chain=False)
            body += self._apply(together, inputs, ports, variables)
        tensor = "torch.Tensor"
        if len(returned) != 1:
            tensor = f"tuple[{', '.join([tensor] * len(returned))}]"
        head = Call("def forward", (("", "self"), *(("", f"{a}: torch.Tensor") for a in arguments)))
        forward = ["", *statement(head, 1, after=f" -> {tensor}:"), *body]
        forward.append(f"        return {', '.join(returned)}")
        return "nn.Module", init, forward

    # nodes --------------------------------------------------------------------------------------------------

    def _register(self, together: list[Step], *, chain: bool) -> list[str]:
        """Lines of ``__init__`` that make what a node needs."""
        node = together[0].node
        active = [step for step in together if step.active]
        where = mark(Address(self._graph_key(), node.id))
        if not active:
            return []
        condition = None if len(active) == len(together) else self._condition(together)
        makes = bool(active[0].placed) or any(
            isinstance(low, Make) for step in active for low in step.lowered
        )
        if not makes:
            return [] if condition is None else [f"        self.{node.name}_active = {condition}"]
        elements = self.elements(active)
        repeated = node.repeat != 1
        if chain and repeated and node.name.isdigit():
            lines = [] if condition is None else [f"        if {condition}:"]
            return lines + self._numbered(int(node.name), elements, where, 2 if condition is None else 3)
        code = Call(self.sequential, tuple(elements)) if repeated else elements[0][1]
        identifier = node.name.isidentifier()
        indent = 2 if condition is None else 3

        def register(code: Code, indent: int) -> list[str]:
            if identifier:
                return statement(code, indent, f"{where}self.{node.name} = ")
            return statement(Call("self.add_module", (("", f'"{node.name}"'), ("", code))), indent, where)

        if condition is None:
            return register(code, indent)
        none = [] if chain else register("None", 2)
        return [*none, f"        if {condition}:", *register(code, indent)]

    def _numbered(self, number: int, elements: list[tuple[str, Code]], where: str, indent: int) -> list[str]:
        """Lines that register children of a chain under the numbers from ``number`` on."""
        lines = []
        for _, code in elements:
            if isinstance(code, Repeated):
                made = Call("self.add_module", (("", f"str({number} + i)"), ("", code.element)))
                lines.append(f"{'    ' * indent}for i in range({code.count}):")
                lines += statement(made, indent + 1, where)
            else:
                lines += statement(Call("self.add_module", (("", f'"{number}"'), ("", code))), indent, where)
            number += 1
            where = ""
        return lines

    def _condition(self, together: list[Step]) -> str:
        """When the node is there, as written in the module."""
        node = together[0].node
        parts = [step.condition for step in together if step.condition is not None]
        counts = [step.repeat for step in together]
        if node.repeat != 1 and any(int(count) == 0 for count in counts):
            count = f"{self.settle(counts, node.name + '_repeat')} > 0"
            return f"({parts[0]}) and {count}" if parts else count
        return parts[0] if parts else "True"

    def _apply(
        self,
        together: list[Step],
        inputs: list[str],
        ports: Mapping[str, str],
        variables: dict[tuple[str, str], str],
    ) -> list[str]:
        """Lines of ``forward`` for one node."""
        node = together[0].node
        active = next(step for step in together if step.active)
        optional = not all(step.active for step in together)
        attribute = f"self.{node.name}" if node.name.isidentifier() else f'getattr(self, "{node.name}")'
        test = f"{attribute} is not None"
        if active.placed and len(active.placed[0].shapes) > 1:
            wanted = [n.name for n in active.placed[0].use.graph if n.block == "input"]
            expression = f"{attribute}({', '.join(ports[name] for name in wanted)})"
        elif active.placed or any(isinstance(low, Make) for low in active.lowered):
            expression = f"{attribute}({', '.join(inputs)})"
        else:
            expression = inputs[0]
            for low in active.lowered:
                expression = _call(low, inputs)
                inputs = [expression]
            test = f"self.{node.name}_active"
        if optional:
            expression = f"{expression} if {test} else {inputs[0]}"
        if self.taps:
            expression = f'tap(self, "{node.name}", {expression})'
        outputs = list(active.outputs)
        names = (
            [_variable(node.name)] if len(outputs) == 1 else [_variable(f"{node.name}_{p}") for p in outputs]
        )
        for port, name in zip(outputs, names, strict=True):
            variables[node.id, port] = name
        return [f"        {', '.join(names)} = {expression}"]

    def _graph_key(self) -> str:
        assert self._plan is not None
        return self._plan.uses[0].graph.key

    def elements(self, steps: list[Step], key: str | None = None) -> list[tuple[str, Code]]:
        """What a node puts into a Sequential: one element, or as many as it is repeated."""
        node = steps[0].node
        key = self._graph_key() if key is None else key
        stages = [self._stages(step) for step in steps]
        where = mark(Address(key, node.id))
        if not any(stages):
            return []
        try:
            return self._settled_elements(steps, stages, where)
        except UnsettledError:
            if len(steps) > 1:
                raise
            # Each stage reads differently (`=2 * in_channels`, repeated): write them one by one.
            calls = [self.settle([call], node.name) for call in stages[0]]
            return [(where if not i else "", call) for i, call in enumerate(calls)]

    def _settled_elements(
        self, steps: list[Step], stages: list[list[Any]], where: str
    ) -> list[tuple[str, Code]]:
        node = steps[0].node
        first = self.settle([calls[0] for calls in stages if calls], node.name)
        if node.repeat == 1:
            return [(where, first)]
        count = self.settle([step.repeat for step in steps], f"{node.name}_repeat")
        assert isinstance(count, str)
        later = [call for calls in stages for call in calls[1:]]
        rest = self.settle(later, node.name) if later else first
        if flat(rest) == flat(first):
            return [(where, first)] if count == "1" else [(f"{where}*", Repeated(first, count))]
        numbers = [step.repeat for step in steps]
        fewer = self.settle([number - 1 for number in numbers], f"{node.name}_repeat")
        head: tuple[str, Code] = (where, first)
        if any(int(number) == 0 for number in numbers):
            head = (f"{where}*", Repeated(first, f"min({count}, 1)"))
        return [head, ("*", Repeated(rest, str(fewer)))]

    def _stages(self, step: Step) -> list[Any]:
        if step.placed:
            return [self._instance(placement) for placement in step.placed]
        return [self._made(low) for low in step.lowered if isinstance(low, Make)]

    def _made(self, low: Make) -> Call:
        kind, _, name = low.target.partition(":")
        if kind == "helper":
            self.helpers[name] = None
            head = name
        else:
            head = low.target.replace("torch.nn.", "nn.")
        keywords = tuple((f"{key}=", value) for key, value in low.kwargs.items())
        return Call(head, (*(("", value) for value in low.args), *keywords))

    def _instance(self, placement: Placement) -> Call:
        """How a placed module is made; leaves of the call are still values."""
        if placement.name in self.inlined:
            inner = trace(self.document, placement.use, placement.arguments, placement.shapes)
            children: list[tuple[str, Any]] = []
            for step in inner.steps.values():
                if step.node.block not in ("input", "output"):
                    children.append(("", _Child(step, placement.name)))
            return Call(self.sequential, tuple(children))
        plan = self.plans[id(placement.use)]
        arguments: list[tuple[str, Any]] = [
            ("", placement.shapes[port][0]) for port in plan.channels.values()
        ]
        arguments += [("", sizes[id(placement.use)]) for sizes in plan.sizes.values()]
        for parameter in self.document.modules[placement.name].parameters:
            value = placement.arguments[parameter.name]
            if isinstance(value, Symbol) or value != parameter.default:
                arguments.append((f"{parameter.name}=", value))
        return Call(plan.name, tuple(arguments))

    # what all uses agree on ---------------------------------------------------------------------------------

    def settle(self, values: Sequence[Any], slot: str) -> Code:
        """One text for the values of all uses; sizes that differ become an argument named after ``slot``."""
        first = values[0]
        if isinstance(first, Call):
            arguments: list[tuple[str, Code]] = []
            for i, (before, value) in enumerate(first.arguments):
                others = [call.arguments[i][1] for call in values]
                word = before.rstrip("=") or f"size{i or ''}"
                if isinstance(value, _Child):
                    arguments += self._settle_children(others)
                else:
                    arguments.append((before, self.settle(others, f"{slot}_{word}")))
            return Call(first.head, tuple(arguments))
        if isinstance(first, tuple):
            if any(isinstance(value, str) for item in values for value in item) or not all(
                len(item) == len(first) for item in values
            ):
                raise UnsettledError(f"uses of '{slot}' differ")
            parts = [
                str(self.settle([value[i] for value in values], f"{slot}{i}")) for i in range(len(first))
            ]
            return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
        texts = {literal(value) for value in values}
        if len(texts) == 1:
            return texts.pop()
        assert self._plan is not None
        return self._argument(slot, values)

    def _argument(self, slot: str, values: Sequence[Any]) -> str:
        plan = self._plan
        assert plan is not None
        if len(values) != len(plan.uses):
            raise UnsettledError(f"uses of '{slot}' differ from stage to stage")
        name = re.sub(r"\W", "_", slot if slot[0].isalpha() else f"size_{slot}")
        plan.sizes[name] = {id(use): int(value) for use, value in zip(plan.uses, values, strict=True)}
        return name

    def _settle_children(self, children: Sequence[_Child]) -> list[tuple[str, Code]]:
        return self.elements([child.step for child in children], children[0].key)


@dataclass(frozen=True, slots=True)
class _Child:
    """A node of an inlined chain, settled with the same node of the other uses."""

    step: Step
    key: str


def _together(traces: list[Trace]) -> Iterable[list[Step]]:
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
            if result.bypassed and (result.node.repeat == 1 or result.node.when is not None):
                return False
            segments += [stage.segment for stage in result.stages]
        if segments != [str(i) for i in range(len(segments))]:
            return False
    return not any(
        step.node.when is not None and len({s.active for s in together}) > 1
        for together in _together(traces)
        for step in together[:1]
    )


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


def _outline(low: Lowering) -> tuple[object, ...]:
    if isinstance(low, Make | Apply):

        def form(value: object) -> object:
            if isinstance(value, tuple):
                return tuple(map(form, value))
            return "int" if isinstance(value, int) and not isinstance(value, bool) else value

        kwargs = tuple((key, form(value)) for key, value in low.kwargs.items())
        return (type(low).__name__, low.target, tuple(map(form, low.args)), kwargs)
    return (type(low).__name__, getattr(low, "symbol", ""))


def _expression_for(
    values: list[int], uses: list[GraphAnalysis], parameters: Sequence[tuple[str, int | bool]]
) -> str | None:
    """An expression of the parameters that gives these values in all uses: ``width``, ``4 * width``."""
    for name, default in parameters:
        if isinstance(default, bool):
            continue
        given = [int(use.env[name]) for use in uses]
        if values == given:
            return name
        for factor in _FACTORS:
            if values == [factor * value for value in given]:
                return f"{factor} * {name}"
    return None


def _variable(name: str) -> str:
    """A local variable for a node of this name."""
    return name if name.isidentifier() else "_" + re.sub(r"\W", "_", name)


def _call(low: Lowering, inputs: list[str]) -> str:
    """A function or operator applied in ``forward``."""
    if isinstance(low, Operator):
        return f" {low.symbol} ".join(inputs)
    if isinstance(low, PassOn):
        return inputs[0]
    assert isinstance(low, Apply)
    tensors = [f"[{', '.join(inputs)}]"] if low.packed else inputs
    arguments = [*tensors, *map(literal, low.args), *(f"{k}={literal(v)}" for k, v in low.kwargs.items())]
    return f"{low.target}({', '.join(arguments)})"
