"""What the weights are before the first step: by scheme, by node, and by what is known of the network's graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import init
from torch.nn.modules.conv import _ConvNd

from runtime.training.learning.optimizers import by_node
from runtime.training.learning.residual import last_scales
from runtime.training.settings import Settings
from runtime.training.settings.bynode import nearest

#: Scheme → what draws a kernel in place, by PyTorch's own functions (He et al. 2015, Glorot and Bengio 2010, Saxe et
#: al. 2014). LSUV begins as orthogonal.
_DRAW: Mapping[str, Callable[[Tensor], Any]] = {
    "kaiming_normal": partial(init.kaiming_normal_, nonlinearity="relu"),
    "kaiming_uniform": partial(init.kaiming_uniform_, nonlinearity="relu"),
    "xavier_normal": init.xavier_normal_,
    "xavier_uniform": init.xavier_uniform_,
    "orthogonal": init.orthogonal_,
    "lsuv": init.orthogonal_,
}
#: A layer whose outputs vary less is left alone: to scale it up would only scale what rounding left.
_LEAST_DEVIATION = 1e-8


def initialise(model: nn.Module, settings: Settings) -> None:
    """Draw the kernels of convolutions and linear layers anew as the settings say, from the default generator.

    Where that is ``default`` a layer stays as PyTorch drew it; else its bias becomes 0. With ``zero_gamma`` the last
    norm of each residual branch begins at scale 0 (Goyal et al. 2017).
    """
    for module, scheme in _schemes(model, settings):
        if scheme != "default":
            with torch.no_grad():
                for kernels in _drawn_together(module):
                    _DRAW[scheme](kernels)
                if module.bias is not None:
                    module.bias.zero_()
    if settings.zero_gamma:
        for scale in last_scales(model):
            init.zeros_(scale)


def balance(model: nn.Module, settings: Settings, inputs: Callable[[], Tensor]) -> None:
    """Scale the kernels whose scheme is LSUV until their outputs on a batch have variance 1.

    Mishkin and Matas, All you need is a good init (2016). ``inputs`` (asked only where there are such kernels) gives
    the batch, on the model's device. With biases of 0 a layer's output is proportional to its kernels, so one pass in
    the order of execution does what theirs iterates for. Running statistics and counters stay as they were.
    """
    layers = [module for module, scheme in _schemes(model, settings) if scheme == "lsuv"]
    if not layers:
        return
    scaled: set[nn.Module] = set()

    def scale(layer: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
        deviation = float(output.double().std())
        if layer in scaled or not _LEAST_DEVIATION < deviation < float("inf"):
            return output
        scaled.add(layer)
        layer.weight.div_(deviation)  # type: ignore[operator]
        return output / deviation

    hooks = [layer.register_forward_hook(scale) for layer in layers]
    try:
        with torch.no_grad(), _buffers_kept(model), _without_chance(model):
            model(inputs())
    finally:
        for hook in hooks:
            hook.remove()


def _schemes(model: nn.Module, settings: Settings) -> Iterator[tuple[_ConvNd | nn.Linear, str]]:
    """Each layer with kernels, and its scheme."""
    entries = by_node(settings, "initialization_by_node")
    for path, module in model.named_modules():
        if isinstance(module, _ConvNd | nn.Linear):
            yield module, nearest(path, entries, settings.initialization)


def _drawn_together(module: _ConvNd | nn.Linear) -> list[Tensor]:
    """A layer's weight as the (out, in, …) that its fan is reckoned from.

    A convolution with a connection table keeps a row for each link; those of one kernel belong together.
    """
    counts = getattr(module, "counts", None)
    if counts is None:
        return [module.weight.detach()]
    return [rows.transpose(0, 1) for rows in module.weight.detach().split(counts)]


@contextmanager
def _buffers_kept(model: nn.Module) -> Iterator[None]:
    before = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        for buffer, value in before:
            buffer.copy_(value)


@contextmanager
def _without_chance(model: nn.Module) -> Iterator[None]:
    """Norm layers go by the batch, as in training; all others as when predicting, so that nothing is dropped."""
    modes = [(module, module.training) for module in model.modules()]
    for module, _ in modes:
        module.training = hasattr(module, "running_mean")
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
