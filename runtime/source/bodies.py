"""What stands inside a class: the lines of ``__init__`` and ``forward``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from builder.blocks.lowering import Apply, Bare, Index, Lowering, Make, Operator, PassOn
from builder.graph import Node
from builder.names import counted, numbered
from runtime.source.agreement import is_chain_class, positional, runs_on, steps_together
from runtime.source.settling import Settler, UnsettledError
from runtime.source.tracing import Step, Trace
from runtime.source.wrapping import wrapped
from runtime.source.writing import INDENT, WIDTH, Call, Code, Repeated, literal, statement, visible


@dataclass(frozen=True, slots=True)
class Body:
    """Writes one class; with ``taps``, each node's tensor is shown to whoever looks."""

    settler: Settler
    taps: bool

    def write(self, traces: list[Trace]) -> tuple[str, list[str], list[str]]:
        """The base class, the lines of ``__init__``, and ``forward`` where the base class has none that fits."""
        return self._chain(traces) if is_chain_class(traces) else self._module(traces)

    def _chain(self, traces: list[Trace]) -> tuple[str, list[str], list[str]]:
        steps = [step for step in steps_together(traces) if step[0].node.block not in ("input", "output")]
        if positional(traces):
            elements = [element for together in steps for element in self.settler.elements(together)]
            return self.settler.sequential, statement(Call("super().__init__", tuple(elements)), 2), []
        if runs_on(traces):
            return self.settler.sequential, self._appended(steps), []
        lines = ["        super().__init__()"]
        for together in steps:
            lines += self._register(together, chain=True, ranked=_is_ranked(together, True))
        return self.settler.sequential, lines, []

    def _module(self, traces: list[Trace]) -> tuple[str, list[str], list[str]]:
        init = ["        super().__init__()"]
        names = {step.node.name for step in traces[0].steps.values()}
        variables: dict[tuple[str, str], str] = {}
        arguments, body = [], []
        results: dict[str, str] = {}
        answer = None if self.taps else _answer(traces)
        for together in steps_together(traces):
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
                results[node.id] = f'tap(self, "{node.name}", {inputs[0]})' if self.taps else inputs[0]
                continue
            if not any(step.active for step in together):
                for port in together[0].outputs:
                    variables[node.id, port] = inputs[0]
                continue
            ranked = _is_ranked(together, traces[0].analysis.wiring.is_chain)
            init += self._register(together, chain=False, ranked=ranked)
            if ranked:
                body += self._apply_ranked(node, inputs[0], _segment(together))
                variables.update({(node.id, port): _variable(node.name) for port in together[0].outputs})
            else:
                body += self._apply(together, inputs, ports, variables, answers=node.id == answer)
        returned = [results[node_id] for node_id in traces[0].analysis.wiring.outputs]  # as they are drawn
        tensor = "torch.Tensor"
        if len(returned) != 1:
            each = [tensor] * len(returned) if len(returned) < 4 else [tensor, "..."]
            tensor = f"tuple[{', '.join(each)}]"
        head = Call("def forward", (("", "self"), *(("", f"{a}: torch.Tensor") for a in arguments)))
        forward = ["", *statement(head, 1, after=f" -> {tensor}:"), *body]
        if answer is None:
            forward += wrapped(f"        return {', '.join(returned)}")
        return "nn.Module", init, forward

    # nodes --------------------------------------------------------------------------------------------------

    def _appended(self, steps: list[list[Step]]) -> list[str]:
        """Lines that put the children of a chain one after the other, whichever are there."""
        stem, first = numbered(steps[0][0].node.name) or ("", 0)
        listed = not stem and not first
        lines = [] if listed else ["        super().__init__()"]
        begun = False
        for condition, group in self._groups(steps):
            elements = [element for together in group for element in self.settler.elements(together)]
            indent = 2 if condition is None else 3
            if condition is not None and listed and not begun:
                lines.append("        layers: list[nn.Module] = []")
                begun = True
            if condition is not None:
                lines.append(f"        if {condition}:")
            if not listed:
                lines += self._counted_on(stem, first, elements, indent, begun=begun)
            elif not begun:
                lines += statement(Call("", tuple(elements), "[]"), indent, "layers: list[nn.Module] = ")
            elif len(elements) == 1 and not visible(elements[0][0]):
                lines += statement(Call("layers.append", tuple(elements)), indent)
            else:
                lines += statement(Call("", tuple(elements), "[]"), indent, "layers += ")
            begun = True
        if listed:
            lines.append(f"        super().__init__({'*layers' if begun else ''})")
        return lines

    def _groups(self, steps: list[list[Step]]) -> list[tuple[str | None, list[list[Step]]]]:
        """Neighbours that are there under the same condition; each list holds the uses in which they are."""
        groups: list[tuple[str | None, list[list[Step]]]] = []
        for together in steps:
            active = [step for step in together if step.active]
            if not active:
                continue
            condition = None if len(active) == len(together) else self._condition(together)
            if groups and groups[-1][0] == condition:
                groups[-1][1].append(active)
            else:
                groups.append((condition, [active]))
        return groups

    def _counted_on(
        self, stem: str, first: int, elements: list[tuple[str, Code]], indent: int, *, begun: bool
    ) -> list[str]:
        """Lines that register children under the number that is next; ``begun``: there may be some already."""
        margin, number = INDENT * indent, f"len(self) + {first}" if first else "len(self)"
        key = f'f"{stem}{{{number}}}"' if stem else f"str({number})"
        lines: list[str] = []
        for before, code in elements:
            where, star = ("", "") if not before else (before.removesuffix("*"), before[-1:])
            if isinstance(code, Repeated) and star == "*":
                variable, place = code.variable, key
                if not begun and not lines:  # the first: its stages are counted by the loop
                    variable, place = "i", _key(stem, first)
                lines.append(f"{margin}for {variable} in range({code.count}):")
                made = Call("self.add_module", (("", place), ("", code.element)))
                lines += statement(made, indent + 1, where)
            else:
                lines += statement(Call("self.add_module", (("", key), ("", code))), indent, where)
        return lines

    def _register(self, together: list[Step], *, chain: bool, ranked: bool) -> list[str]:
        """Lines of ``__init__`` that make what a node needs; ``ranked``: under the numbers from its own on."""
        node = together[0].node
        active = [step for step in together if step.active]
        where = self.settler.mark(node.id)
        if not active:
            return []
        condition = None if len(active) == len(together) else self._condition(together)
        makes = bool(active[0].placed) or any(
            isinstance(low, Make | Bare) for step in active for low in step.lowered
        )
        add = "register_parameter" if _is_bare(active[0]) else "add_module"
        if not makes:
            return [] if condition is None else [f"        self.{_variable(node.name)}_active = {condition}"]
        elements = self.settler.elements(active)
        repeated = node.repeat != 1
        name = _segment(together) if counted(node.name) else node.name
        if ranked:
            lines = [] if condition is None else [f"        if {condition}:"]
            lines += self._numbered(name, elements, where, 2 if condition is None else 3)
            if not chain:
                count = self.settler.settle([step.repeat for step in active], f"{node.name}_repeat")
                there = count if condition is None else f"{count} if {condition} else 0"
                lines.append(f"        self.{_variable(node.name)}_count = {there}")
            return lines
        code = Call(self.settler.sequential, tuple(elements)) if repeated else elements[0][1]
        identifier = name.isidentifier()
        indent = 2 if condition is None else 3

        def register(code: Code, indent: int) -> list[str]:
            if identifier:
                return statement(code, indent, f"{where}self.{name} = ")
            return statement(Call(f"self.{add}", (("", f'"{name}"'), ("", code))), indent, where)

        if condition is None:
            return register(code, indent)
        none = [] if chain else register("None", 2)
        return [*none, f"        if {condition}:", *register(code, indent)]

    def _numbered(self, first: str, elements: list[tuple[str, Code]], where: str, indent: int) -> list[str]:
        """Lines that register children of a chain under the names from ``first`` on."""
        stem, number = _ends_in_number(first)
        lines = []
        for _, code in elements:
            if isinstance(code, Repeated):
                made = Call("self.add_module", (("", _key(stem, number)), ("", code.element)))
                lines.append(f"{'    ' * indent}for i in range({code.count}):")
                lines += statement(made, indent + 1, where)
            else:
                lines += statement(
                    Call("self.add_module", (("", f'"{stem}{number}"'), ("", code))), indent, where
                )
            number += 1
            where = ""
        return lines

    def _apply_ranked(self, node: Node, given: str, first: str) -> list[str]:
        """Lines of ``forward`` for children under numbers, one after the other."""
        name = _variable(node.name)
        number = _key(*_ends_in_number(first))
        call = f"getattr(self, {number})({name})"
        return [
            f"        {name} = {given}",
            f"        for i in range(self.{name}_count):",
            f"            {name} = {f'tap(self, {number}, {call})' if self.taps else call}",
        ]

    def _condition(self, together: list[Step]) -> str:
        """When the node is there, as written in the module."""
        node = together[0].node
        parts = [step.condition for step in together if step.condition is not None]
        counts = [step.repeat for step in together]
        if node.repeat != 1 and any(int(count) == 0 for count in counts):
            count = f"{self.settler.settle(counts, node.name + '_repeat')} > 0"
            return f"({parts[0]}) and {count}" if parts else count
        return parts[0] if parts else "True"

    def _apply(
        self,
        together: list[Step],
        inputs: list[str],
        ports: Mapping[str, str],
        variables: dict[tuple[str, str], str],
        *,
        answers: bool,
    ) -> list[str]:
        """Lines of ``forward`` for one node; ``answers``: its result is all that is returned."""
        node = together[0].node
        active = next(step for step in together if step.active)
        first = inputs[0]
        optional = not all(step.active for step in together)
        name = _segment(together) if counted(node.name) else node.name
        attribute = f"self.{name}" if name.isidentifier() else f'getattr(self, "{name}")'
        test = f"{attribute} is not None"
        if active.placed and len(active.placed[0].shapes) > 1:
            wanted = [n.name for n in active.placed[0].use.graph if n.block == "input"]
            expression = f"{attribute}({', '.join(ports[name] for name in wanted)})"
        elif active.placed or any(isinstance(low, Make) for low in active.lowered):
            expression = f"{attribute}({', '.join(inputs)})"
        elif _is_bare(active):
            expression = f"{inputs[0]} * {attribute}"
        else:
            expression = inputs[0]
            for number, low in enumerate(active.lowered):
                expression = _call(low, inputs)
                if self.taps and node.repeat != 1:
                    expression = f'tap(self, "{active.segments[number]}", {expression})'
                inputs = [expression]
            test = f"self.{_variable(node.name)}_active"
        outputs = list(active.outputs)
        if optional:
            passed = first if len(outputs) == 1 else f"({', '.join([first] * len(outputs))})"
            expression = f"{expression} if {test} else {passed}"
        if self.taps:
            expression = f'tap(self, "{name}", {expression})'
        names = (
            [_variable(node.name)] if len(outputs) == 1 else [_variable(f"{node.name}_{p}") for p in outputs]
        )
        for port, name in zip(outputs, names, strict=True):
            variables[node.id, port] = name
        line = f"        return {expression}" if answers else f"        {', '.join(names)} = {expression}"
        if len(names) < 2 or len(line) <= WIDTH:
            return [line] if self.taps else wrapped(line)
        return ["        (", *(f"            {name}," for name in names), f"        ) = {expression}"]


def _answer(traces: list[Trace]) -> str | None:
    """The node that makes all that is returned, as the last one in ``forward``; None if there is no such node."""
    made = [
        together
        for together in steps_together(traces)
        if together[0].node.block not in ("input", "output") and any(step.active for step in together)
    ]
    wiring = traces[0].analysis.wiring
    if not made or len(wiring.outputs) != 1 or _is_ranked(made[-1], wiring.is_chain):
        return None
    last = made[-1][0].node.id
    (edge,) = wiring.incoming[wiring.outputs[0]]
    return last if edge.source == last and len(made[-1][0].outputs) == 1 else None


def _is_ranked(together: list[Step], in_chain: bool) -> bool:
    """Whether a node in a chain stands for modules under several numbers."""
    node = together[0].node
    made = any(step.placed or any(isinstance(low, Make) for low in step.lowered) for step in together)
    return in_chain and node.repeat != 1 and numbered(node.name) is not None and made


def _is_bare(step: Step) -> bool:
    return any(isinstance(low, Bare) for low in step.lowered)


def _segment(together: list[Step]) -> str:
    """What the node's first stage is called in every use; raises UnsettledError where that differs."""
    found = {step.segments[0] for step in together if step.active}
    if len(found) > 1:
        raise UnsettledError(f"'{together[0].node.name}' has another number in each use")
    return found.pop()


def _ends_in_number(segment: str) -> tuple[str, int]:
    stem = segment.rstrip("0123456789")
    return stem, int(segment[len(stem) :])


def _key(stem: str, number: int) -> str:
    """The key of stage ``i``, for a loop."""
    place = f"i + {number}" if number else "i"
    return f'f"{stem}{{{place}}}"' if stem else f"str({place})"


def _variable(name: str) -> str:
    """A local variable for a node of this name."""
    name = name.replace("{", "").replace("}", "")
    return name if name.isidentifier() else "_" + re.sub(r"\W", "_", name)


def _call(low: Lowering, inputs: list[str]) -> str:
    """A function or operator applied in ``forward``."""
    if isinstance(low, Operator):
        trailing = low.trailing or (0,) * len(inputs)
        operands = [
            f"{value}[..., {', '.join(['None'] * axes)}]" if axes else value
            for value, axes in zip(inputs, trailing, strict=True)
        ]
        joined = f" {low.symbol} ".join(operands)
        return joined if low.over == 1 else f"({joined}) / {low.over}"
    if isinstance(low, PassOn):
        return inputs[0]
    if isinstance(low, Index):
        return f"{inputs[0]}[{', '.join([':', *map(_slice, low.slices)])}]"
    assert isinstance(low, Apply)
    if low.folded:
        return reduce(lambda one, other: f"{low.target}({one}, {other})", inputs)
    tensors = [f"[{', '.join(inputs)}]"] if low.packed else inputs
    arguments = [*tensors, *map(literal, low.args), *(f"{k}={literal(v)}" for k, v in low.kwargs.items())]
    return f"{low.target}({', '.join(arguments)})"


def _slice(bounds: tuple[int | None, int | None, int]) -> str:
    start, stop, step = ("" if value is None else str(value) for value in bounds)
    return f"{start}:{stop}" if step == "1" else f"{start}:{stop}:{step}"
