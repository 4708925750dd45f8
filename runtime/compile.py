"""Source → nn.Module by executing that very source, and the tapped twin that shows every node's tensor."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import nn

from builder.analysis import Analysis
from builder.document import Document
from builder.errors import ConvolabError
from runtime.codegen import Source, generate

_numbers = itertools.count(1)


def build(document: Document, *, analysis: Analysis | None = None) -> nn.Module:
    """The network of a document, freshly initialised as PyTorch does, in training mode.

    Its state_dict keys begin with the paths of the nodes. Raises ConvolabError where the document has errors.
    """
    return instantiate(_source(document, analysis, taps=False))


def _source(document: Document, analysis: Analysis | None, *, taps: bool) -> Source:
    source = generate(document, analysis=analysis, taps=taps)
    if isinstance(source, list):
        raise ConvolabError("; ".join(problem.message for problem in source))
    return source


def instantiate(source: Source) -> nn.Module:
    """An instance of the network's class; the source shows up in tracebacks."""
    name = f"<convolab {source.class_name} {next(_numbers)}>"
    linecache.cache[name] = (len(source.text), None, source.text.splitlines(keepends=True), name)
    namespace: dict[str, Any] = {"__name__": name}
    exec(compile(source.text, name, "exec"), namespace)
    module = namespace[source.class_name]()
    assert isinstance(module, nn.Module)
    return module


class Tapped:
    """A twin of a network, sharing its parameters and buffers, that gives the tensor of every node.

    It runs in evaluation mode without gradients and draws no random numbers, so that looking changes nothing.
    """

    def __init__(self, document: Document, model: nn.Module, *, analysis: Analysis | None = None) -> None:
        with torch.device("meta"):
            self.module = instantiate(_source(document, analysis, taps=True))
        self.module.eval()
        for path, module in self.module.named_modules():
            module.tap_prefix = f"{path}." if path else ""
        self._model = model
        self._share()

    def _share(self) -> None:
        """Point at the model's tensors as they are now: moving a model to a device makes new buffers."""
        ours: Mapping[str, nn.Module] = dict(self.module.named_modules())
        for path, theirs in self._model.named_modules():
            mine = ours[path]
            for name, parameter in theirs.named_parameters(recurse=False):
                mine._parameters[name] = parameter
            for name, buffer in theirs.named_buffers(recurse=False):
                mine._buffers[name] = buffer

    def run(
        self,
        *inputs: torch.Tensor,
        paths: Collection[str] | None = None,
        keep: Callable[[torch.Tensor], torch.Tensor] | None = None,
    ) -> dict[str, torch.Tensor]:
        """What each node gives for these inputs (N, …), by path; only of ``paths`` where they are given.

        With ``keep``, what that makes of it as soon as it is there, so that all need not be in memory at once.
        """
        found: dict[str, torch.Tensor] = {}

        def take(path: str, value: Any) -> None:
            if paths is None or path in paths:
                tensor = value[0] if isinstance(value, tuple) else value
                found[path] = tensor if keep is None else keep(tensor)

        with torch.no_grad():
            self.tell(take, *inputs)
        return found

    def tell(self, sink: Callable[[str, Any], None], *inputs: torch.Tensor) -> Any:
        """Run it as its mode is, telling each node's path and what it gives in the order of execution; its answer."""
        self._share()
        modules = [module for module in self.module.modules() if hasattr(module, "tap_sink")]
        for module in modules:
            module.tap_sink = sink  # type: ignore[assignment]
        try:
            return self.module(*inputs)
        finally:
            for module in modules:
                module.tap_sink = None  # type: ignore[assignment]
