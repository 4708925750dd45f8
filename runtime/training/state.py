"""What must be kept to go on with a training as if it had never been interrupted.

A ``StateDict`` holds tensors, numbers, texts, truth values, None, and lists and dicts (with texts as keys) of these, so
it can be written as safetensors and JSON. Chance is not among them: it is a function of the seed and the step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

StateDict: TypeAlias = dict[str, Any]


def on_cpu(value: Tensor) -> Tensor:
    """A copy that no later step changes, in the memory order that files have."""
    return value.detach().to("cpu", copy=True).contiguous()


def optimizer_state(optimizer: torch.optim.Optimizer, model: nn.Module) -> StateDict:
    """What an optimizer has gathered, by the name of the parameter, not by its place in the groups."""
    names = {weight: name for name, weight in model.named_parameters()}
    return {
        names[weight]: {
            key: on_cpu(value) if isinstance(value, Tensor) else value
            for key, value in optimizer.state[weight].items()
        }
        for group in optimizer.param_groups
        for weight in group["params"]
        if weight in optimizer.state
    }


def load_optimizer_state(
    optimizer: torch.optim.Optimizer, model: nn.Module, state: Mapping[str, Mapping[str, Any]]
) -> None:
    """The inverse; raises ValueError for what is none of this optimizer's."""
    names = {weight: name for name, weight in model.named_parameters()}
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    if strangers := state.keys() - {names[weight] for weight in weights}:
        raise ValueError(f"the optimizer has no {sorted(strangers)[0]}")
    packed = optimizer.state_dict()
    indices = [index for group in packed["param_groups"] for index in group["params"]]
    packed["state"] = {
        index: {key: _laid_out_as(weight, value) for key, value in state[names[weight]].items()}
        for index, weight in zip(indices, weights, strict=True)
        if names[weight] in state
    }
    optimizer.load_state_dict(packed)


def _laid_out_as(weight: Tensor, value: Any) -> Any:
    """Fused kernels run over a weight and what belongs to it in the order of memory, so that has to be the same."""
    if not isinstance(value, Tensor) or not value.ndim:
        return value
    if value.shape != weight.shape:
        raise ValueError(f"{tuple(value.shape)} does not belong to a weight of {tuple(weight.shape)}")
    return torch.empty_like(weight, dtype=value.dtype, device="cpu").copy_(value)
