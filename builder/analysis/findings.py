"""What can be wrong with a node in its graph, whatever its block."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from builder.analysis.values import GraphAnalysis, NodeResult
from builder.blocks import block_class
from builder.document import module_name
from builder.errors import Problem, Severity
from builder.graph import Graph, Node

if TYPE_CHECKING:
    from builder.analysis.engine import Engine

#: Repeats beyond this are a slip of the finger, not a network.
MAX_REPEAT = 1000
#: Blocks of a whole network, all modules opened up.
MAX_BLOCKS = 100_000


def port_problems(
    engine: Engine, analysis: GraphAnalysis, node: Node, ports: tuple[str, ...]
) -> list[Problem]:
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
            wanted = tuple(n.name for n in engine.document.modules[name or ""].graph if n.block == "input")
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
        if edge.source_port not in engine.output_ports(source, anything=(edge.source_port,)):
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


def with_names(problem: Problem, analysis: GraphAnalysis, node: Node) -> Problem:
    """Names in place of ``{0}``, ``{1}``: who brings which tensor."""
    if "{" not in problem.values:
        return problem
    names = [analysis.graph.node(e.source).name for e in analysis.wiring.incoming[node.id]]
    return replace(problem, values=problem.values.format(*(f"'{name}'" for name in names)))


def repeat_problem(
    engine: Engine, node: Node, repeat: object, within: tuple[str, ...], name: str | None
) -> Problem | None:
    if name is not None and name in within:
        return Problem("recursion", "A module cannot contain itself", " → ".join((*within, name)),
                       "Remove this block.", fixes=("delete-node",))  # fmt: skip
    if not isinstance(repeat, int) or not 0 <= repeat <= MAX_REPEAT:
        return Problem("bad-repeat", f"'repeat' is a whole number from 0 to {MAX_REPEAT}",
                       f"'{node.name}' has {repeat!r}", "Correct it.")  # fmt: skip
    if node.when is not None and node.block in ("input", "output"):
        return Problem("bad-condition", "An Input or Output is always there", f"'{node.name}' has a condition",
                       "Clear 'when'.")  # fmt: skip
    cls = block_class(node.block)
    if repeat != 1 and cls is not None and not cls.repeatable:
        return Problem("bad-repeat", f"A {cls.title} stands alone: several in a row are one",
                       f"'{node.name}' is repeated {repeat} times", "Set 'repeat' to 1.")  # fmt: skip
    if repeat != 1 and not _one_in_one_out(engine, node):
        return Problem("bad-repeat", "Only a block with one input and one output can be repeated",
                       f"'{node.name}' has more, or fewer", "Set 'repeat' to 1.")  # fmt: skip
    return None


def same_segments(results: Iterable[NodeResult]) -> list[Problem]:
    """Stages of a chain that would have the same key: ``3``, repeated twice, beside ``4``."""
    owners: dict[str, str] = {}
    problems = []
    for result in results:
        for stage in result.stages:
            other = owners.setdefault(stage.segment, result.node.name)
            if other != result.node.name:
                problems.append(
                    Problem("duplicate-name", "Each block of a chain has a name of its own",
                            f"'{other}' and '{result.node.name}' are both numbered '{stage.segment}'",
                            "Give one of them another number.")
                )  # fmt: skip
    return problems


def _one_in_one_out(engine: Engine, node: Node) -> bool:
    cls = block_class(node.block)
    if cls is not None:
        return len(cls.inputs) == len(engine.output_ports(node)) == 1 and not cls.variadic
    graph = engine.document.graph(module_name(node.block) or "")
    return [n.block for n in graph if n.block in ("input", "output")] in (
        ["input", "output"],
        ["output", "input"],
    )


def cycle_problem(graph: Graph, cycle: tuple[str, ...]) -> Problem:
    names = [graph.node(node_id).name for node_id in cycle]
    return Problem(
        "cycle",
        "A network runs from its input to its output without going round",
        " → ".join((*names, names[0])),
        "Remove one of these wires.",
    )


def _unconnected(port: str, rule: str, values: str) -> Problem:
    return Problem("unconnected", rule, values, "Draw a wire to it.", port=port, fixes=("connect-nearest",))


def unknown_argument(name: str, argument: str, env: Mapping[str, float]) -> Problem:
    known = ", ".join(env) or "none"
    return Problem(
        "unknown-parameter", f"Module '{name}' has no parameter '{argument}'", f"it has {known}",
        "Remove it or correct the name.", fixes=("remove-parameter",),
    )  # fmt: skip


def unknown_block(block: str) -> Problem:
    """A block that only another version knows."""
    return Problem(
        "unknown-block",
        "Every block must be one this version knows",
        f"'{block}' is not",
        "It is kept as it is; replace it, or open the document with the version that made it.",
    )


def uncounted_outputs(drawn: int, made: int) -> Problem:
    """A block whose outputs are counted by an expression."""
    return Problem(
        "outputs-not-counted",
        "How many outputs a block has must be a number, and no expression",
        f"{drawn} are drawn, and {made} come out here",
        "Write the number.",
    )


def too_many_blocks(name: str, count: int) -> Problem:
    """Modules within modules, each placed a few times, grow without bound."""
    return Problem(
        "too-many-blocks",
        f"A network has at most {MAX_BLOCKS:,} blocks, all modules opened up",
        f"'{name}' alone brings {count:,}",
        "Repeat less, or place fewer modules in modules.",
    )


def missing_module(name: str) -> Problem:
    """A placed module without a definition."""
    return Problem(
        "missing-module",
        "Every placed module must be in the document",
        f"'{name}' is not",
        "Add the module or remove this block.",
    )


def module_has_errors(name: str) -> Problem:
    """What a placed module shows when something inside it is wrong."""
    return Problem(
        "module-has-errors",
        "A placed module must work with what arrives",
        f"'{name}' has errors inside",
        "Enter it (double-click) to see them.",
    )
