"""The optimizer of a run: which of PyTorch's, and which weights it treats alike."""

from __future__ import annotations

from inspect import unwrap
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd

from runtime.training.settings import DECLARATIONS, Settings
from runtime.training.settings.bynode import ByNode, nearest

# PyTorch keeps its compiler from looking into these, and imports it for that when one is first called: a second or
# two, more than many a training here takes. What it marks them with once it has done so says that there is no need.
for _method in ("add_param_group", "zero_grad", "state_dict", "load_state_dict"):
    _function = unwrap(getattr(torch.optim.Optimizer, _method))
    _function.__dict__.setdefault("__dynamo_disable", _function)

_NORMS = (_NormBase, nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)


def make_optimizer(model: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """The optimizer of the settings; the fused kind, one kernel for all weights, where PyTorch has it on the device.

    Weights whose rate is 0 by ``rate_by_node`` are frozen: they ask for no gradient any more. Raises ValueError
    where none is left.
    """
    groups = parameter_groups(model, settings)
    weights = [weight for group in groups for weight in group["params"]]
    fused = all(w.device.type in ("cpu", "cuda") and w.is_floating_point() for w in weights)
    rate, decay, betas = settings.learning_rate, settings.weight_decay, (settings.beta1, settings.beta2)
    if settings.optimizer == "sgd":
        return torch.optim.SGD(
            groups,
            lr=rate,
            momentum=settings.momentum,
            nesterov=settings.nesterov and settings.momentum > 0,
            weight_decay=decay,
            fused=fused,
        )
    if settings.optimizer == "rmsprop":  # has no fused kind; foreach is its own choice on CUDA
        return torch.optim.RMSprop(
            groups,
            lr=rate,
            alpha=settings.alpha,
            eps=settings.eps,
            momentum=settings.momentum,
            weight_decay=decay,
        )
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    return kind(groups, lr=rate, betas=betas, eps=settings.eps, weight_decay=decay, fused=fused)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Let the next steps have this learning rate, times each group's factor."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["rate_factor"]


def parameter_groups(model: nn.Module, settings: Settings) -> list[dict[str, Any]]:
    """The weights that learn, grouped by what multiplies their learning rate (``rate_factor``) and their decay.

    Each group has ``params``, ``rate_factor`` and ``weight_decay``. Freezes those with a factor of 0.
    """
    factors = by_node(settings, "rate_by_node")
    groups: dict[tuple[float, float], list[Tensor]] = {}
    decayed = kernels(model) if settings.decay_kernels_only else None
    for name, weight in model.named_parameters():
        factor = nearest(name, factors, 1.0)
        if factor == 0.0:
            weight.requires_grad_(False)
        if weight.requires_grad:
            decays = decayed is None or id(weight) in decayed
            groups.setdefault((factor, settings.weight_decay if decays else 0.0), []).append(weight)
    return [
        {"params": weights, "rate_factor": factor, "weight_decay": decay}
        for (factor, decay), weights in groups.items()
    ]


def kernels(model: nn.Module) -> set[int]:
    """The ids of the parameters that are neither a bias, nor a norm layer's, nor one number for each channel."""
    return {
        id(weight)
        for module in model.modules()
        if not is_norm(module)
        for name, weight in module.named_parameters(recurse=False)
        if name != "bias"
        and (isinstance(module, _ConvNd | nn.Linear) or sum(size > 1 for size in weight.shape) > 1)
    }


def is_norm(module: nn.Module) -> bool:
    """Whether it is a norm layer of PyTorch's, or of a class made from one."""
    return isinstance(module, _NORMS)


def by_node(settings: Settings, name: str) -> dict[str, Any]:
    """Path → value of a setting by node."""
    declaration = DECLARATIONS[name]
    assert isinstance(declaration, ByNode)
    return declaration.entries(settings.values[name])
