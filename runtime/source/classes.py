"""Classes of the generated source: what all uses of a module agree on is written once.

Where uses differ in a size that no parameter gives, the class gets an argument for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from builder.analysis.values import GraphAnalysis
from builder.document import Document
from builder.expressions import Symbol, symbol
from builder.graph import Node
from runtime.source.agreement import expression_for
from runtime.source.bodies import Body
from runtime.source.settling import Plan, Settler
from runtime.source.tracing import trace
from runtime.source.writing import Call, statement, visible


class Writer:
    """Writes the classes of one document."""

    def __init__(self, document: Document, inlined: frozenset[str], *, taps: bool) -> None:
        self.document = document
        self.inlined = inlined
        self.taps = taps
        self.helpers: dict[str, None] = {}
        self.plans: dict[int, Plan] = {}

    @property
    def sequential(self) -> str:
        """The class of chains."""
        return "TappedSequential" if self.taps else "nn.Sequential"

    def write_class(
        self, name: str, uses: list[GraphAnalysis], parameters: Sequence[tuple[str, float]]
    ) -> Plan:
        """The class for these uses, which all read alike.

        A parameter that has one value in all of them is that value: the class would take an argument for what has
        been decided, a switch without its other branch among others.
        """
        parameters = [(p, default) for p, default in parameters if len({use.env[p] for use in uses}) > 1]
        plan = Plan(name, uses)
        settler = Settler(self.document, self.inlined, self.sequential, plan, self.plans, self.helpers)
        ports = (
            {node.name: node for node in uses[0].graph if node.block == "input"} if uses[0].arriving else {}
        )
        known = self._sizes_of_inputs(uses, ports, parameters)
        plan.named = [self._named(use, ports) for use in uses]
        traces = []
        for number, use in enumerate(uses):
            env = {**use.env, **{p: symbol(use.env[p], p) for p, _ in parameters}}
            arriving = {}
            for port in ports:
                shape = use.arriving[port].shape
                assert shape is not None
                arriving[port] = (known[port][number], *shape[1:])
            traces.append(trace(self.document, use, env, arriving))
        header, init, forward = Body(settler, self.taps).write(traces)
        text = "\n".join(map(visible, init))
        for port in ports:
            argument = self._channel_argument(port, ports, uses[0])
            if _mentions(text, argument):
                plan.channels[argument] = port
        plan.parameters = tuple(p for p, _ in parameters if _mentions(text, p))
        arguments = [("", "self")]
        arguments += [("", f"{argument}: int") for argument in (*plan.channels, *plan.sizes)]
        arguments += [
            ("", f"{p}: {type(default).__name__} = {default!r}")
            for p, default in parameters
            if p in plan.parameters
        ]
        plan.lines = [
            f"class {name}({header}):",
            *statement(Call("def __init__", tuple(arguments)), 1, after=" -> None:"),
            *init,
            *forward,
        ]
        for use in uses:
            self.plans[id(use)] = plan
        return plan

    def _named(self, use: GraphAnalysis, ports: Mapping[str, Node]) -> dict[str, float]:
        """What parameters and channels are worth in a use, by the names they have in the class."""
        named = dict(use.env)
        for port in ports:
            shape = use.arriving[port].shape
            assert shape is not None
            named[self._channel_argument(port, ports, use)] = shape[0]
        return named

    def _channel_argument(self, port: str, ports: Mapping[str, Node], use: GraphAnalysis) -> str:
        shape = use.arriving[port].shape
        word = "features" if shape is not None and len(shape) == 1 else "channels"
        return f"in_{word}" if len(ports) == 1 else f"{port}_{word}"

    def _sizes_of_inputs(
        self,
        uses: list[GraphAnalysis],
        ports: Mapping[str, Node],
        parameters: Sequence[tuple[str, float]],
    ) -> dict[str, list[int]]:
        """For each port and use: its channels, as a number, by an expression of the parameters, or an argument."""
        known: dict[str, list[int]] = {}
        for port in ports:
            values = [int(shape[0]) for use in uses if (shape := use.arriving[port].shape) is not None]
            text = None
            if len(set(values)) > 1:
                text = expression_for(values, uses, parameters) or self._channel_argument(
                    port, ports, uses[0]
                )
            known[port] = [value if text is None else Symbol(value, text) for value in values]
        return known


def _mentions(text: str, name: str) -> bool:
    """Whether a value of this name is used; an attribute or an argument that is called so is none."""
    return re.search(rf"(?<![\w.]){name}\b(?!=)", text) is not None
