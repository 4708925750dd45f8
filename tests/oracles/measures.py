"""What PyTorch itself says about a module: shapes, parameters, multiply-adds, memory, operations. Pure torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

Shape = tuple[int, ...]


def meta_inputs(shapes: Sequence[Shape], batch: int = 2) -> list[Tensor]:
    """Tensors without memory, one per shape (per sample)."""
    return [torch.empty(batch, *shape, device="meta") for shape in shapes]


@contextmanager
def any_momentum(module: Callable[..., Any]) -> Iterator[None]:
    """Within it every batch norm has a momentum: one without looks at how many batches it counted.

    It cannot do so on the meta device, and the share of a batch in the averages changes no shape and no work.
    """
    modules = module.modules() if isinstance(module, nn.Module) else ()
    norms = [m for m in modules if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.momentum is None]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm in norms:
            norm.momentum = None


def output_shape(module: Callable[..., Tensor], shapes: Sequence[Shape], batch: int = 2) -> Shape:
    """Shape per sample that ``module`` makes of inputs of these shapes; raises what PyTorch raises.

    Nothing is computed: the module is moved to the meta device (its parameters are lost).
    """
    if isinstance(module, nn.Module):
        module = module.to("meta")
    with torch.no_grad(), any_momentum(module):
        output = module(*meta_inputs(shapes, batch))
    assert output.shape[0] == batch, "the batch is the first axis of whatever comes out"
    return tuple(output.shape[1:])


def parameter_count(module: nn.Module) -> int:
    """Learnable scalars, shared ones once."""
    return sum(parameter.numel() for parameter in module.parameters())


def buffer_count(module: nn.Module) -> int:
    """Scalars that are kept but not learnt and saved with the state_dict."""
    saved = module.state_dict(keep_vars=True)
    return sum(tensor.numel() for tensor in saved.values() if not isinstance(tensor, nn.Parameter))


def multiply_adds(module: Callable[..., Any], shapes: Sequence[Shape]) -> int:
    """MACs of one sample: half of what torch.utils.flop_counter counts.

    Two samples are run, since batch normalisation of a single value has no variance.
    """
    if isinstance(module, nn.Module):
        module = module.to("meta")
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), any_momentum(module), counter:
        module(*meta_inputs(shapes, batch=2))
    flops = counter.get_total_flops()
    assert flops % 4 == 0
    return flops // 4


def activation_bytes(
    module: nn.Module, shapes: Sequence[Shape], batch: int = 1, dtype: torch.dtype = torch.float32
) -> int:
    """Bytes autograd keeps for backward after a training forward on the CPU, of a module of this dtype.

    Unique storages that ``saved_tensors_hooks`` sees, parameters and buffers excluded.
    """
    module.train()
    own = {
        tensor.untyped_storage().data_ptr() for tensor in (*module.parameters(), *module.buffers())
    }  # fmt: skip
    kept: dict[int, Tensor] = {}  # holding the tensors keeps their addresses from being used again

    def pack(tensor: Tensor) -> Tensor:
        address = tensor.untyped_storage().data_ptr()
        if address not in own:
            kept[address] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = module(*(torch.randn(batch, *shape).to(dtype) for shape in shapes))
    del output
    return sum(map(_bytes_of, kept.values()))


def _bytes_of(tensor: Tensor) -> int:
    """Of its storage, without what oneDNN puts behind a volume to round its buffer up to 64 bytes."""
    allocated, used = tensor.untyped_storage().nbytes(), tensor.nbytes
    rounded = allocated % 64 == 0 and 0 < allocated - used < 64
    return used if rounded and tensor.dim() == 5 and tensor.is_contiguous() else allocated


class _Operations(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


def operations(module: Callable[..., Any], shapes: Sequence[Shape], batch: int = 2) -> list[str]:
    """The aten operations of one forward on the meta device, in order ("aten.convolution.default", …)."""
    if isinstance(module, nn.Module):
        module = module.to("meta")
    inputs = meta_inputs(shapes, batch)
    with torch.no_grad(), any_momentum(module), _Operations() as seen:
        module(*inputs)
    return seen.names


def shapes_of(values: Any) -> list[Shape]:
    """Shapes (with the batch) of every tensor in a nest."""
    return [tuple(leaf.shape) for leaf in tree_leaves(values) if isinstance(leaf, Tensor)]
