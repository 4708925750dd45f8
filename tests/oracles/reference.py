"""An interpreter of ``tests/reference/graphs/*.json``: published networks, rebuilt from recorded facts alone.

It shares nothing with the program: modules come from each node's ``type`` and ``hyper``, the wiring from its
``args``. What it computes is what the library the facts were read off computes with the same weights.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

REFERENCE = Path(__file__).parents[1] / "reference"


def read_reference(kind: str, name: str) -> Any:
    """``tests/reference/KIND/NAME.json`` (kind: "graphs" or "layers")."""
    return json.loads((REFERENCE / kind / f"{name}.json").read_text("utf-8"))


def architecture(name: str) -> dict[str, Any]:
    """Totals of a network: input and output shape, parameters, MACs, counts by layer type."""
    models = json.loads((REFERENCE / "architectures.json").read_text("utf-8"))["models"]
    found: dict[str, Any] = models[name]
    return found


def receptive_fields(name: str) -> dict[str, Any]:
    """Measured receptive fields of a network's stages."""
    models = json.loads((REFERENCE / "receptive_fields.json").read_text("utf-8"))["models"]
    found: dict[str, Any] = models[name]
    return found


class Conv2dSame(nn.Conv2d):
    """TensorFlow's "SAME": the output is ceil(size / stride), the odd pixel of padding goes after."""

    def forward(self, x: Tensor) -> Tensor:
        padding: list[int] = []
        for size, kernel, stride, dilation in zip(
            x.shape[-2:], self.kernel_size, self.stride, self.dilation, strict=True
        ):
            reach = (math.ceil(size / stride) - 1) * stride + (kernel - 1) * dilation + 1
            missing = max(reach - size, 0)
            padding = [missing // 2, missing - missing // 2, *padding]
        return super().forward(F.pad(x, padding))


class BatchNormAct2d(nn.BatchNorm2d):
    """Batch normalisation and the activation after it, as one module with the keys of the first."""

    def __init__(self, act: str, act_hyper: dict[str, Any], **hyper: Any) -> None:
        super().__init__(**hyper)
        self.drop = nn.Identity()
        self.act = getattr(nn, act)(**act_hyper)

    def forward(self, x: Tensor) -> Tensor:
        activated: Tensor = self.act(self.drop(super().forward(x)))
        return activated


class StochasticDepth(nn.Module):
    """Drops whole samples of a branch while training; nothing happens in eval mode."""

    def __init__(self, p: float, mode: str) -> None:
        super().__init__()
        assert mode == "row"
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        keep = x.new_empty(x.shape[0], *[1] * (x.dim() - 1)).bernoulli_(1 - self.p)
        return x * keep / (1 - self.p)


def _conv_same(dynamic_same_padding: bool, **hyper: Any) -> nn.Module:
    assert dynamic_same_padding
    return Conv2dSame(**hyper)


_TYPES: dict[str, Callable[..., nn.Module]] = {
    "BatchNormAct2d": BatchNormAct2d,
    "Conv2dSame": _conv_same,
    "StochasticDepth": StochasticDepth,
}
_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "add": torch.add,
    "mul": torch.mul,
    "cat": torch.cat,
    "flatten": torch.flatten,
    "relu": F.relu,
    "adaptive_avg_pool2d": F.adaptive_avg_pool2d,
    "avg_pool2d": F.avg_pool2d,
    "max_pool2d": F.max_pool2d,
}


def build_module(type_name: str, hyper: dict[str, Any]) -> nn.Module:
    """One leaf from its recorded type and hyper-parameters."""
    arguments = {key: tuple(value) if isinstance(value, list) else value for key, value in hyper.items()}
    make = _TYPES[type_name] if type_name in _TYPES else getattr(nn, type_name)
    built: nn.Module = make(**arguments)
    return built


class ReferenceNetwork(nn.Module):
    """The network of ``graphs/NAME.json``: (N, C, H, W) → what it returns; ``taps`` collects every node's output.

    Modules hang at their recorded paths, so the state_dict has the library's keys.
    """

    def __init__(self, nodes: list[dict[str, Any]]) -> None:
        super().__init__()
        self.nodes = nodes
        for node in nodes:
            if node["op"] == "call_module":
                self._place(node["target"], node["type"], node["hyper"])

    @classmethod
    def load(cls, name: str) -> ReferenceNetwork:
        """Read it from the facts about ``name``."""
        return cls(read_reference("graphs", name))

    def _place(self, path: str, type_name: str, hyper: dict[str, Any]) -> None:
        *parents, leaf = path.split(".")
        owner: nn.Module = self
        for part in parents:
            if part not in owner._modules:
                owner.add_module(part, nn.Module())
            owner = owner.get_submodule(part)
        if leaf not in owner._modules:  # a module that is used twice is one module
            owner.add_module(leaf, build_module(type_name, hyper))

    def forward(self, x: Tensor, taps: dict[str, Tensor] | None = None) -> Tensor:
        values: dict[str, Tensor] = {} if taps is None else taps
        for node in self.nodes:
            inputs = [values[name] for name in node["inputs"]]
            match node["op"]:
                case "placeholder":
                    values[node["name"]] = x
                case "call_module":
                    values[node["name"]] = self.get_submodule(node["target"])(*inputs)
                case "call_function":
                    arguments = [_resolve(argument, values) for argument in node["args"]]
                    # In-place variants would spoil the taps; the numbers are the same.
                    keywords = {key: value for key, value in node["kwargs"].items() if key != "inplace"}
                    values[node["name"]] = _FUNCTIONS[node["target"]](*arguments, **keywords)
                case "output":
                    return inputs[0]
                case op:
                    raise AssertionError(op)
        raise AssertionError("the graph has no output")


def _resolve(argument: Any, values: dict[str, Tensor]) -> Any:
    if isinstance(argument, dict):
        return values[argument["node"]]
    if isinstance(argument, list):
        return [_resolve(item, values) for item in argument]
    return argument
