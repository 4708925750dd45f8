"""What PyTorch itself holds: tensors alive while a module predicts, an optimizer's state, a file's bytes."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.oracles.measures import Shape


class _Alive(TorchDispatchMode):
    """Counts, after every operation, the storages that some tensor it has seen still lies in."""

    def __init__(self, excluded: set[int]) -> None:
        super().__init__()
        self._excluded = excluded
        self._users: dict[int, int] = {}
        self._bytes: dict[int, int] = {}
        self._seen: set[int] = set()
        self.peak = 0

    def see(self, tensor: Tensor) -> None:
        """Count a tensor until it dies."""
        if id(tensor) in self._seen:
            return
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._excluded or storage.nbytes() == 0:
            return
        self._seen.add(id(tensor))
        self._users[key] = self._users.get(key, 0) + 1
        self._bytes[key] = storage.nbytes()
        weakref.finalize(tensor, self._forget, id(tensor), key)

    def _forget(self, tensor: int, key: int) -> None:
        self._seen.discard(tensor)
        self._users[key] -= 1
        if not self._users[key]:
            del self._users[key], self._bytes[key]

    def look(self) -> None:
        """Remember the fullest moment."""
        self.peak = max(self.peak, sum(self._bytes.values()))

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self.see(leaf)
        self.look()
        return result


def peak_bytes(
    module: nn.Module, shapes: Sequence[Shape], batch: int = 1, dtype: torch.dtype = torch.float32
) -> int:
    """The most bytes of tensors alive at once while a module predicts, inputs included, its own tensors not.

    Operations that are made of others count with what those give; what a kernel takes for itself does not.
    """
    module.to(dtype).eval()
    own = {t.untyped_storage()._cdata for t in (*module.parameters(), *module.buffers())}
    inputs = [torch.randn(batch, *shape).to(dtype) for shape in shapes]
    alive = _Alive(own)
    for tensor in inputs:
        alive.see(tensor)
    alive.look()
    with torch.no_grad(), alive:
        module(*inputs)
    return alive.peak


def optimizer_bytes(
    module: nn.Module, kind: type[torch.optim.Optimizer], dtype: torch.dtype, **settings: Any
) -> int:
    """Bytes of the tensors in the state of an optimizer that has made a step."""
    module.to(dtype)
    weights = list(module.parameters())
    for weight in weights:
        weight.grad = torch.zeros_like(weight)
    if not weights:
        return 0
    optimizer = kind(weights, lr=0.1, **settings)  # type: ignore[call-arg]
    optimizer.step()
    tensors = [leaf for leaf in tree_leaves(list(optimizer.state.values())) if isinstance(leaf, Tensor)]
    return sum(tensor.untyped_storage().nbytes() for tensor in tensors)


def file_bytes(module: nn.Module, path: Path, dtype: torch.dtype) -> int:
    """Bytes of a module's safetensors file without its header: eight bytes that say how long it is, and as many."""
    save_file({key: value.contiguous() for key, value in module.to(dtype).state_dict().items()}, path)
    content = path.read_bytes()
    return len(content) - 8 - int.from_bytes(content[:8], "little")
