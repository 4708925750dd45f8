"""Small helper classes that are emitted with the source where torch has no module of its own.

They subclass torch's, so that state_dict keys stay ``conv.weight``.
"""

from __future__ import annotations

import re

_SAME_CONV = '''class SameConv{n}d(nn.Conv{n}d):
    """Convolution padded as TensorFlow's SAME: the output is ceil(input / stride)."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        padding = []
        settings = input.shape[2:], self.kernel_size, self.stride, self.dilation
        for size, kernel, stride, dilation in zip(*settings, strict=True):
            span = dilation * (kernel - 1) + 1
            total = (-(-size // stride) - 1) * stride + span - size
            before = max(total, 0) // 2
            padding = [before, max(total, 0) - before, *padding]
        if any(padding):
            mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
            input = nn.functional.pad(input, padding, mode)
        settings = self.stride, 0, self.dilation, self.groups
        return nn.functional.conv{n}d(input, self.weight, self.bias, *settings)
'''

_PAD_CONV = '''class PadConv{n}d(nn.Conv{n}d):
    """Convolution with its own padding on each side: (left, right, top, bottom, …)."""

    def __init__(self, *args, padding: tuple[int, ...], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.sides = padding

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        padded = nn.functional.pad(input, self.sides, mode)
        settings = self.stride, 0, self.dilation, self.groups
        return nn.functional.conv{n}d(padded, self.weight, self.bias, *settings)
'''

_LAYER_NORM = '''class LayerNorm{n}d(nn.LayerNorm):
    """Layer norm over the channels at each position; the order in memory stays."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        output = super().forward(input.movedim(1, -1)).movedim(-1, 1)
        return output.contiguous() if input.is_contiguous() else output
'''

_STOCHASTIC_DEPTH = '''class StochasticDepth(nn.Module):
    """While training, drops the input of some samples ("row") or batches ("batch")."""

    def __init__(self, p: float, mode: str = "row") -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        if not self.training or self.p == 0.0:
            return input
        rows = input.shape[0] if self.mode == "row" else 1
        shape = [rows] + [1] * (input.ndim - 1)
        noise = input.new_empty(shape).bernoulli_(1.0 - self.p)
        if self.p < 1.0:
            noise.div_(1.0 - self.p)
        return input * noise
'''

#: In place of nn.Sequential in the tapped twin: tells every step's result.
TAPPED_SEQUENTIAL = """class TappedSequential(nn.Sequential):
    tap_prefix = ""
    tap_sink = None

    def forward(self, input):
        for name, layer in self.named_children():
            input = tap(self, name, layer(input))
        return input
"""

TAP = """def tap(module, name, value):
    if module.tap_sink is not None:
        module.tap_sink(module.tap_prefix + name, value)
    return value
"""

_CONNECTED_CONV = '''class ConnectedConv{n}d(nn.Conv{n}d):
    """Convolution whose kernels each read only some maps: table[k] lists those of k."""

    def __init__(
        self,
        table: tuple[tuple[int, ...], ...],
        kernel_size: int | tuple[int, ...],
        bias: bool = True,
        **kwargs,
    ) -> None:
        maps = [index for row in table for index in row]
        links = len(maps)
        super().__init__(links, links, kernel_size, groups=links, bias=False, **kwargs)
        self.register_buffer("maps", torch.tensor(maps), persistent=False)
        self.counts = [len(row) for row in table]
        # As nn.Conv{n}d does, for as many inputs as each kernel has.
        fans = torch.tensor(self.counts, dtype=torch.float) * self.weight[0].numel()
        bounds = fans.rsqrt()
        nn.init.uniform_(self.weight, -1, 1)
        kernels = self.weight.data.split(self.counts)
        for weights, bound in zip(kernels, bounds, strict=True):
            weights.mul_(bound)
        if bias:
            self.bias = nn.Parameter(torch.empty(len(table)).uniform_(-1, 1) * bounds)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        each = self._conv_forward(input.index_select(1, self.maps), self.weight, None)
        output = torch.stack([part.sum(1) for part in each.split(self.counts, 1)], 1)
        if self.bias is None:
            return output
        return output + self.bias.reshape(-1, *[1] * {n})
'''

_CENTER_CROP = '''class CenterCrop(nn.Module):
    """The middle of a map, of a size for each axis."""

    def __init__(self, *size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        for axis, size in enumerate(self.size, start=2):
            input = input.narrow(axis, (input.shape[axis] - size) // 2, size)
        return input
'''

_CROP_LIKE = '''class CropLike(nn.Module):
    """The middle of a map, as large as another map."""

    def forward(self, input: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        for axis, size in enumerate(like.shape[2:], start=2):
            input = input.narrow(axis, (input.shape[axis] - size) // 2, size)
        return input
'''

_PAD_LIKE = '''class PadLike(nn.Module):
    """A map in the middle of zeros, as large as another map."""

    def forward(self, input: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        padding = []
        for axis, size in enumerate(like.shape[2:], start=2):
            missing = size - input.shape[axis]
            padding = [missing // 2, missing - missing // 2, *padding]
        return nn.functional.pad(input, padding)
'''

_PERMUTE = '''class Permute(nn.Module):
    """The axes in another order, the batch as axis 0, and laid out in it."""

    def __init__(self, *dims: int) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return input.permute(self.dims).contiguous()
'''

#: The same for any number of axes.
_PLAIN = {
    "CenterCrop": _CENTER_CROP,
    "CropLike": _CROP_LIKE,
    "PadLike": _PAD_LIKE,
    "Permute": _PERMUTE,
    "StochasticDepth": _STOCHASTIC_DEPTH,
}
_TEMPLATES = {
    "SameConv": _SAME_CONV,
    "PadConv": _PAD_CONV,
    "LayerNorm": _LAYER_NORM,
    "ConnectedConv": _CONNECTED_CONV,
}

#: Every helper there is.
HELPERS = (*_PLAIN, *(f"{name}{dims}d" for name in _TEMPLATES for dims in (1, 2, 3)))


def helper_source(name: str) -> str:
    """The source of a helper class such as ``SameConv2d`` or ``CropLike``."""
    if name in _PLAIN:
        return _PLAIN[name]
    match = re.fullmatch(r"([A-Za-z]+)([123])d", name)
    if match is None or match[1] not in _TEMPLATES:
        raise KeyError(name)
    return _TEMPLATES[match[1]].replace("{n}", match[2])
