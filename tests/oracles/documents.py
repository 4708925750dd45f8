"""A second reading of documents: walks the graphs and runs them with plain PyTorch modules.

Shares the data model with the program (Document, Graph, Node) and the blocks' declared defaults; analysis, lowering
and generated source have no part in it. Modules hang at the paths of their nodes, so that weights can be exchanged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx
import torch
from torch import Tensor, nn

from builder.blocks import REGISTRY
from builder.document import Document
from builder.graph import Graph, Node
from tests.oracles.measures import any_momentum
from tests.oracles.torch_blocks import ORACLES
from tests.oracles.torch_layers import LoneParameter

Env = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Step:
    """One module run on values that are there, making the values ``results``."""

    path: str
    block: str
    sources: tuple[int, ...]
    results: tuple[int, ...]


class Interpreted(nn.Module):
    """The network of a valid document: tensors for its Inputs → the tensor of its Output, or a tuple of several."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self.steps: list[Step] = []
        self._metas: list[Tensor] = []
        #: What layers give, by what they are and what arrives: a deep network has the same again and again.
        self._made: dict[str, tuple[Tensor, ...]] = {}
        inputs = [node for node in document.network if node.block == "input"]
        self.input_shapes = [tuple(values_of(node, {})["shape"]) for node in inputs]
        arriving = {
            node.name: self._value(torch.empty(2, *shape, device="meta"))
            for node, shape in zip(inputs, self.input_shapes, strict=True)
        }
        self._inputs = list(arriving.values())
        self._outputs = list(self._walk(document.network, {}, arriving, ()).values())

    # building ------------------------------------------------------------------------------------------------

    def _value(self, meta: Tensor) -> int:
        self._metas.append(meta)
        return len(self._metas) - 1

    def _walk(
        self, graph: Graph, env: Env, arriving: Mapping[str, int], path: Sequence[str]
    ) -> dict[str, int]:
        network = graph.networkx
        outputs = [node for node in graph if node.block == "output"]
        needed = {node.id for node in outputs}.union(*(nx.ancestors(network, node.id) for node in outputs))
        made: dict[tuple[str, str], int] = {}
        results: dict[str, int] = {}
        numbers: dict[str, int] | None = {} if _is_chain(graph) else None
        drawn = {node.id: number for number, node in enumerate(graph)}
        for node_id in nx.lexicographical_topological_sort(network, key=drawn.__getitem__):
            if node_id not in needed:
                continue
            node = graph.node(node_id)
            wires = sorted(graph.incoming(node_id).values(), key=lambda edge: _port_key(edge.target_port))
            sources = {wire.target_port: made[wire.source, wire.source_port] for wire in wires}
            if node.block == "input":
                made[node_id, "y"] = arriving[node.name]
            elif node.block == "output":
                (results[node.name],) = sources.values()
            else:
                for port, value in self._node(node, env, sources, path, numbers).items():
                    made[node_id, port] = value
        return {node.name: results[node.name] for node in outputs}

    def _node(
        self,
        node: Node,
        env: Env,
        sources: dict[str, int],
        path: Sequence[str],
        numbers: dict[str, int] | None,
    ) -> dict[str, int]:
        first = next(iter(sources.values()))
        known = {**env, "in_channels": self._metas[first].shape[1]}
        module = self._document.module_of(node.block)
        if module is None:
            ports = list(REGISTRY[node.block].outputs_of(node.parameters))
        else:
            ports = [n.name for n in module.graph if n.block == "output"]
        if node.when is not None and not _evaluate(f"={node.when}", known):
            _segments(node, 0, numbers)
            return dict.fromkeys(ports, first)
        made = dict.fromkeys(ports, first)  # repeated no times, it is not there
        for segment in _segments(node, int(_evaluate(node.repeat, known)), numbers):
            known["in_channels"] = self._metas[next(iter(sources.values()))].shape[1]
            place = [*path, segment]
            if module is None:
                leaf = self._leaf(node, known, tuple(sources.values()), place)
                made = dict(zip(ports, leaf, strict=True))
            else:
                arguments = {p.name: p.default for p in module.parameters}
                arguments |= {name: _evaluate(value, known) for name, value in node.parameters.items()}
                entrance = next(n.name for n in module.graph if n.block == "input")
                arguments["input_channels"] = self._metas[sources[entrance]].shape[1]
                made = self._walk(module.graph, arguments, sources, place)
            sources = dict(zip(sources, made.values(), strict=False)) if len(sources) == 1 else sources
        return made

    def _leaf(self, node: Node, env: Env, sources: tuple[int, ...], path: Sequence[str]) -> tuple[int, ...]:
        shapes = [tuple(self._metas[source].shape[1:]) for source in sources]
        module = ORACLES[node.block](values_of(node, env), shapes)
        owner: nn.Module = self
        *parents, last = ".".join(path).split(".")
        for part in parents:
            if part not in owner._modules:
                owner.add_module(part, nn.Module())
            owner = owner.get_submodule(part)
        owner.add_module(last, module)
        arriving = [self._metas[source] for source in sources]
        alike = repr((node.block, values_of(node, env), [meta.shape for meta in arriving]))
        if alike not in self._made:
            made = FakeRun(module)(arriving)
            self._made[alike] = made if isinstance(made, tuple) else (made,)
        results = tuple(self._value(meta) for meta in self._made[alike])
        self.steps.append(Step(".".join(path), node.block, sources, results))
        return results

    # weights -------------------------------------------------------------------------------------------------

    def _bare(self) -> list[str]:
        """Paths of what is a lone parameter, whose key is the path itself."""
        return [step.path for step in self.steps if isinstance(self.get_submodule(step.path), LoneParameter)]

    def state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Lone parameters stand before all that is in the module around them, as PyTorch has them."""
        state: dict[str, Any] = super().state_dict(*args, **kwargs)
        bare = {
            path: state.pop(f"{path}.weight") for path in sorted(self._bare(), key=lambda p: p.count("."))
        }
        ordered: dict[str, Any] = {}
        for key, value in state.items():
            for path in [path for path in bare if key.startswith(path[: path.rfind(".") + 1])]:
                ordered[path] = bare.pop(path)
            ordered[key] = value
        return ordered | bare

    def load_state_dict(self, state_dict: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        state = dict(state_dict)
        state.update({f"{path}.weight": state.pop(path) for path in self._bare()})
        return super().load_state_dict(state, *args, **kwargs)

    # running -------------------------------------------------------------------------------------------------

    def forward(self, *inputs: Tensor) -> Any:
        values = self._run(inputs)
        outputs = tuple(values[index] for index in self._outputs)
        return outputs if len(outputs) > 1 else outputs[0]

    def _run(self, inputs: Sequence[Tensor]) -> dict[int, Tensor]:
        values = dict(zip(self._inputs, inputs, strict=True))
        for step in self.steps:
            module = self.get_submodule(step.path)
            made = module(*(values[source] for source in step.sources))
            values.update(zip(step.results, made if isinstance(made, tuple) else (made,), strict=True))
        return values

    def everything(self, *inputs: Tensor) -> dict[str, Tensor]:
        """The first output of every leaf, by path."""
        values = self._run(inputs)
        return {step.path: values[step.results[0]] for step in self.steps}

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape per sample of every leaf's first output, by path, as PyTorch found it on the meta device."""
        return {step.path: tuple(self._metas[step.results[0]].shape[1:]) for step in self.steps}


class FakeRun:
    """Runs a module on meta tensors without moving its real parameters there."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module

    def __call__(self, inputs: Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]:
        names = dict(self.module.named_parameters()) | dict(self.module.named_buffers())
        fakes = {name: torch.empty_like(tensor, device="meta") for name, tensor in names.items()}
        with torch.no_grad(), any_momentum(self.module):
            output: Tensor | tuple[Tensor, ...] = torch.func.functional_call(
                self.module, fakes, tuple(inputs)
            )
        return output


def values_of(node: Node, env: Env) -> dict[str, Any]:
    values = {name: parameter.default for name, parameter in REGISTRY[node.block].parameters().items()}
    return values | {name: _evaluate(value, env) for name, value in node.parameters.items()}


def _evaluate(value: Any, env: Env) -> Any:
    if isinstance(value, str) and value.startswith("="):
        return eval(value[1:], {"min": min, "max": max}, dict(env))
    if isinstance(value, list | tuple):
        return [_evaluate(item, env) for item in value]
    return value


def _segments(node: Node, repeat: int, numbers: dict[str, int] | None) -> list[str]:
    """The keys of a node's stages; ``numbers``: in a chain, the next one of each beginning."""
    counted = re.fullmatch(r"(.*)\{(\d+)\}", node.name)
    if numbers is None or not (counted or node.name.isdigit()):
        return [node.name] if node.repeat == 1 else [f"{node.name}.{number}" for number in range(repeat)]
    stem, first = (counted[1], int(counted[2])) if counted else ("", int(node.name))
    if counted:
        first = numbers.get(stem, first)
    if repeat or stem not in numbers:
        numbers[stem] = first + repeat
    return [f"{stem}{first + number}" for number in range(repeat)]


def _is_chain(graph: Graph) -> bool:
    degrees = [(graph.networkx.in_degree(n.id), graph.networkx.out_degree(n.id)) for n in graph]
    return sorted(degrees) == sorted([(0, 1), (1, 0)] + [(1, 1)] * (len(degrees) - 2))


def _port_key(port: str) -> tuple[int, str]:
    return (int(port), "") if port.isdigit() else (-1, port)
