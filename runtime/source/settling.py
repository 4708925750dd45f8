"""What a node puts into ``__init__``, written once for all uses of a module.

Where uses differ in a size, the class gets an argument for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from builder.analysis.values import GraphAnalysis
from builder.blocks.lowering import Bare, Make
from builder.document import Document
from builder.errors import Address, ConvolabError
from builder.expressions import SYMBOLS, ExpressionError, Symbol, parse
from runtime.source.growth import common_step
from runtime.source.tracing import Placement, Step, trace
from runtime.source.writing import Call, Code, Repeated, flat, literal, mark


class UnsettledError(ConvolabError):
    """Uses differ in what one class cannot say: each needs a class of its own."""


@dataclass(slots=True)
class Plan:
    """A class: its name, the uses it serves, and the arguments it takes.

    ``channels``: argument → input port whose channels it is; ``sizes``: argument → value for each use; ``parameters``:
    those of the module in which the uses differ.
    """

    name: str
    uses: list[GraphAnalysis]
    channels: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, dict[int, int]] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()
    lines: list[str] = field(default_factory=list)
    #: What the arguments are worth in each use.
    named: list[Mapping[str, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Settler:
    """Settles one class, ``plan``; ``plans`` are the classes written before it, by use, ``helpers`` what they need."""

    document: Document
    inlined: frozenset[str]
    sequential: str
    plan: Plan
    plans: dict[int, Plan]
    helpers: dict[str, None]

    def mark(self, node_id: str) -> str:
        """The mark of a node of this class."""
        return mark(Address(self._graph_key, node_id))

    @property
    def _graph_key(self) -> str:
        return self.plan.uses[0].graph.key

    def elements(self, steps: list[Step], key: str | None = None) -> list[tuple[str, Code]]:
        """What a node puts into a Sequential: one element, or as many as it is repeated."""
        node = steps[0].node
        key = self._graph_key if key is None else key
        stages = [self._stages(step) for step in steps]
        where = mark(Address(key, node.id))
        if not any(stages):
            return []
        try:
            return self._settled_elements(steps, stages, where)
        except UnsettledError:
            if growing := self._growing(steps, stages):
                count = self.settle([step.repeat for step in steps], f"{node.name}_repeat")
                variable = "i" if "i * " in flat(growing) else "_"
                return [(f"{where}*", Repeated(growing, str(count), variable))]
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

    def _growing(self, steps: list[Step], stages: list[list[Any]]) -> Call | None:
        """One call for all stages where sizes grow by equal steps, as in a dense block: ``Layer(64 + i * 32)``."""
        placed = [calls for calls in stages if calls]
        first = placed[0][0]
        heads = {(call.head, tuple(name for name, _ in call.arguments)) for calls in placed for call in calls}
        if steps[0].node.repeat == 1 or len(heads) > 1 or len(placed) < len(stages):
            return None
        arguments: list[tuple[str, Code]] = []
        for i, (before, _) in enumerate(first.arguments):
            rows = [[call.arguments[i][1] for call in calls] for calls in placed]
            if any(isinstance(value, _Child | Call) for row in rows for value in row):
                return None
            word = before.rstrip("=") or f"size{i or ''}"
            start = self.settle([row[0] for row in rows], f"{steps[0].node.name}_{word}")
            if any(literal(value) != literal(row[0]) for row in rows for value in row):
                step = common_step(rows)
                if step is None:
                    return None
                if step != "0":
                    start = f"{start} + i * {step}"
            arguments.append((before, start))
        return Call(first.head, tuple(arguments))

    def _stages(self, step: Step) -> list[Any]:
        if step.placed:
            return [self._instance(placement) for placement in step.placed]
        return [self._made(low) for low in step.lowered if isinstance(low, Make | Bare)]

    def _made(self, low: Make | Bare) -> Call:
        if isinstance(low, Bare):
            filled: tuple[tuple[str, Any], ...] = (("", low.shape), ("", low.value))
            return Call("nn.Parameter", (("", Call("torch.full", filled)),))
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
            said = parameter.name in placement.given or isinstance(value, SYMBOLS)
            if parameter.name in plan.parameters and (said or value != parameter.default):
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
            if len(first) > 1 and isinstance(first[0], tuple) and len({len(item) for item in values}) == 1:
                rows = [self.settle([value[i] for value in values], f"{slot}{i}") for i in range(len(first))]
                return Call("", tuple(("", row) for row in rows))  # a tuple that may be broken over lines
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
            (text,) = texts
            return (
                text if text.isidentifier() or not isinstance(first, Symbol) else self._simplest(text, values)
            )
        return self._text_for_all(values) or self._argument(slot, values)

    def _simplest(self, text: str, values: Sequence[Any]) -> str:
        """A sum that is a parameter it names, in every use, is that: both halves of ``width`` together."""
        return next((name for name in sorted(parse(text).names) if self._says(name, values)), text)

    def _text_for_all(self, values: Sequence[Any]) -> str | None:
        """How one use writes the number, if that is right in all: ``hidden``, where it is what arrives as well."""
        texts = dict.fromkeys(value.text for value in values if isinstance(value, SYMBOLS))
        return next((text for text in texts if self._says(text, values)), None)

    def _says(self, text: str, values: Sequence[Any]) -> bool:
        """Whether an expression has these values, use by use."""
        named = self.plan.named
        try:
            return len(named) == len(values) and [parse(text).evaluate(n) for n in named] == list(values)
        except ExpressionError:  # it names what only some uses know
            return False

    def _argument(self, slot: str, values: Sequence[Any]) -> str:
        plan = self.plan
        if len(values) != len(plan.uses):
            raise UnsettledError(f"uses of '{slot}' differ from stage to stage")
        if any(isinstance(value, float) for value in values):
            raise UnsettledError(f"uses of '{slot}' differ in a number that is not whole")
        slot = slot.replace("{", "").replace("}", "")
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
