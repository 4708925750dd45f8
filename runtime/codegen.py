"""Document → PyTorch source a person would have written: the one lowering, executed to train and saved to export."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from builder.analysis import Analysis, analyze
from builder.analysis.values import GraphAnalysis
from builder.architectures import ARCHITECTURES
from builder.document import Document, module_name
from builder.errors import Address, Problem
from builder.expressions import Symbol, symbol
from builder.shapes import format_shape
from runtime.source.agreement import is_chain_class, positional, structure
from runtime.source.classes import Writer
from runtime.source.helpers import TAP, TAPPED_SEQUENTIAL, helper_source
from runtime.source.settling import Plan, UnsettledError
from runtime.source.tracing import Placement, Trace, trace, uses
from runtime.source.writing import take_marks


@dataclass(frozen=True, slots=True)
class Source:
    """Generated source: its text, the class of the network, and the line (from 1) each drawn node stands on."""

    text: str
    class_name: str
    lines: dict[Address, int] = field(default_factory=dict)


def generate(
    document: Document, *, analysis: Analysis | None = None, taps: bool = False
) -> Source | list[Problem]:
    """The source of a document, or the errors that must be mended first.

    With ``taps`` it is the twin for looking inside: the same computation, telling every node's result.
    """
    analysis = analyze(document) if analysis is None else analysis
    if not analysis.ok:
        return [problem for problem in analysis.problems if problem.is_error]
    return _Generator(document, analysis, taps=taps).source()


def class_name_of(name: str) -> str:
    """A class name for a document of this name: ``resnet18`` → ``ResNet18``, ``my net`` → ``MyNet``."""
    words = re.findall(r"[A-Za-z0-9]+", _as_in_papers(name))
    spaced = " ".join(word[0].upper() + word[1:] for word in words)
    joined = re.sub(r"(?<=\d) (?=\d)", "_", spaced).replace(" ", "")  # two numbers stay two
    return joined if joined and not joined[0].isdigit() else f"Net{joined}"


def _as_in_papers(name: str) -> str:
    """A name, or what is before its last underscores, as an architecture's title spells it: ``ResNet-18 tiny``."""
    parts = name.split("_")
    for count in range(len(parts), 0, -1):
        known = "_".join(parts[:count])
        if known in ARCHITECTURES:
            title = ARCHITECTURES[known].title.replace("×", "x")
            letters, wanted = (re.sub(r"[^a-z0-9]", "", text.lower()) for text in (title, known))
            if letters == wanted:
                return " ".join((title, *parts[count:]))
    return name


class _Generator:
    def __init__(self, document: Document, analysis: Analysis, *, taps: bool) -> None:
        self.document = document
        self.root = analysis.root
        self.analysis = analysis
        self.taps = taps
        self.uses = uses(analysis.root)
        self.writer = Writer(document, frozenset(self._inlined()), taps=taps)

    def _inlined(self) -> list[str]:
        """Chains that are placed once: written where they stand."""
        placed: dict[str, int] = {}
        for analysis in (self.root, *(found[0] for found in self.uses.values())):
            for node_id in analysis.wiring.live:
                node = analysis.results[node_id].node
                if name := module_name(node.block):
                    placed[name] = placed.get(name, 0) + (1 if node.repeat == 1 else 2)
        inlined = []
        for name, found in self.uses.items():
            if placed.get(name) == 1:
                traces = [self._trace(use) for use in found]
                if is_chain_class(traces) and positional(traces) and not _conditional(traces):
                    inlined.append(name)
        return inlined

    def _trace(self, use: GraphAnalysis) -> Trace:
        """A use with every parameter and every arriving channel count symbolic."""
        env = {name: symbol(value, name) for name, value in use.env.items()}
        arriving = {}
        for port, value in use.arriving.items():
            if value.shape is not None:
                arriving[port] = (Symbol(value.shape[0], f"{port}_channels"), *value.shape[1:])
        return trace(self.document, use, env, arriving)

    def source(self) -> Source:
        plans: list[Plan] = []
        taken = {"Tensor"}
        class_name = class_name_of(self.document.name)
        while class_name in self.uses:
            class_name += "Network"
        taken.add(class_name)
        for name in self._inner_first():
            if name in self.writer.inlined:
                continue
            parameters = [(p.name, p.default) for p in self.document.modules[name].parameters]
            for group in self._alike(self.uses[name]):
                try:
                    plans.append(self.writer.write_class(self._free(name, group, taken), group, parameters))
                except UnsettledError:
                    taken.discard(name)
                    for use in group:
                        title = self._free(name, [use], taken)
                        plans.append(self.writer.write_class(title, [use], parameters))
        plans.append(self.writer.write_class(class_name, [self.root], ()))
        return self._assemble(plans, class_name)

    def _inner_first(self) -> list[str]:
        """Modules in an order in which each comes after those it is made of."""
        order: list[str] = []

        def visit(name: str) -> None:
            for use in self.uses[name]:
                for node_id in use.wiring.order:
                    result = use.results[node_id]
                    inner = module_name(result.node.block)
                    if inner and inner in self.uses and inner not in order and inner != name:
                        visit(inner)
            if name not in order:
                order.append(name)

        for name in self.uses:
            visit(name)
        return order

    def _alike(self, found: list[GraphAnalysis]) -> list[list[GraphAnalysis]]:
        """Uses in groups that can share a class: a module that meets two ranks becomes two classes."""
        groups: list[tuple[dict[str, object], bool, list[GraphAnalysis]]] = []
        for use in found:
            one = self._trace(use)
            shape, chain = structure(one, self._class_of), is_chain_class([one])
            for known, known_chain, members in groups:
                if chain == known_chain and all(known.get(k, v) == v for k, v in shape.items()):
                    known.update(shape)
                    members.append(use)
                    break
            else:
                groups.append((shape, chain, [use]))
        return [members for _, _, members in groups]

    def _class_of(self, placement: Placement) -> str:
        plan = self.writer.plans.get(id(placement.use))
        return placement.name if plan is None else plan.name

    def _free(self, name: str, group: list[GraphAnalysis], taken: set[str]) -> str:
        if name in taken:
            shape = next((v.shape for v in group[0].arriving.values() if v.shape is not None), ())
            stem = f"{name}{len(shape) - 1}d" if len(shape) > 1 else f"{name}Vector"
            number, name = 2, stem
            while name in taken:
                name, number = f"{stem}{number}", number + 1
        taken.add(name)
        return name

    def _assemble(self, plans: list[Plan], class_name: str) -> Source:
        title = re.sub(r"[^A-Za-z0-9 ._-]", "", self.document.name) or "network"
        shapes = ", ".join(format_shape(shape) for shape in self.analysis.input_shapes)
        lines = [
            f'"""{title}: input {shapes}. Drawn with Convolab."""',
            "",
            "import torch",
            "from torch import nn",
        ]
        if self.taps:
            for text in (TAP, TAPPED_SEQUENTIAL):
                lines += ["", "", *text.rstrip().split("\n")]
        for helper in self.writer.helpers:
            lines += ["", "", *helper_source(helper).rstrip().split("\n")]
        for plan in plans:
            body = plan.lines
            if self.taps and "(nn.Module)" in body[0]:
                body = [body[0], "    tap_prefix = ''", "    tap_sink = None", "", *body[1:]]
            lines += ["", "", *body]
        text, places = take_marks(lines)
        if "torch." not in text.split("from torch import nn", 1)[1]:
            text = text.replace("import torch\nfrom torch import nn", "from torch import nn", 1)
            places = {address: line - 1 for address, line in places.items()}
        return Source(text, class_name, places)


def _conditional(traces: list[Trace]) -> bool:
    return any(step.node.when is not None for one in traces for step in one.steps.values())
