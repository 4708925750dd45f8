"""Files of weights: written atomically as safetensors, read without trusting them, checked before they are loaded.

Importing this imports no torch.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from builder.errors import Problem
from builder.shapes import format_shape
from builder.writing import replace_file

if TYPE_CHECKING:
    from torch import Tensor, nn

#: Differences named one by one in a message.
_NAMED = 5
#: Files that torch.save writes.
TORCH_SUFFIXES = (".pt", ".pth", ".bin")


def write_atomically(path: Path, contents: bytes) -> Problem | None:
    """The whole file or none; what was there before stays until then."""
    try:
        replace_file(Path(os.path.realpath(path)), contents)
    except (OSError, ValueError) as error:
        return _cannot_write(path, error)
    return None


def write_weights(
    weights: Mapping[str, Tensor], path: Path, about: Mapping[str, str] | None = None
) -> Problem | None:
    """Write a state_dict as safetensors, or as torch.save does where ``path`` ends in .pt or .pth."""
    import io

    import torch
    from safetensors.torch import save

    own: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, value in weights.items():
        value = value.detach().to("cpu").contiguous()
        # safetensors refuses tensors that share memory (tied weights).
        own[name] = value.clone() if value.data_ptr() in seen else value
        seen.add(value.data_ptr())
    if path.suffix in TORCH_SUFFIXES:
        buffer = io.BytesIO()
        torch.save(own, buffer)
        return write_atomically(path, buffer.getvalue())
    return write_atomically(path, save(own, dict(about) if about else None))


def read_weights(path: Path) -> dict[str, Tensor] | Problem:
    """A state_dict from safetensors, or from what torch.save wrote (tensors alone: no code is run), on the CPU."""
    import pickle  # noqa: TID251 -- for its error alone: nothing is unpickled

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = Path(path)
    try:
        if path.suffix not in TORCH_SUFFIXES:
            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        return Problem(
            "no-weights", "Weights are read from a file", f"'{path}' is not there", "Choose another file"
        )
    except OSError as error:
        return _not_weights(path, "it is a folder" if path.is_dir() else error.strerror or str(error))
    except SafetensorError as error:
        return _not_weights(path, str(error))
    except pickle.UnpicklingError:  # its text tells how to run the code of a file
        return _not_weights(path, "it is damaged, or holds more than tensors")
    except Exception:  # noqa: BLE001 -- torch.load throws what the bytes lead it to
        return _not_weights(path, "it is damaged, or something else")
    if not isinstance(found, Mapping) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in found.items()
    ):
        return _not_weights(path, "it holds no mapping of names to tensors")
    return dict(found)


def check_weights(weights: Mapping[str, Tensor], model: nn.Module) -> Problem | None:
    """Whether these are the network's: the same names and shapes; the differences are listed."""
    wanted = model.state_dict()
    missing = [name for name in wanted if name not in weights]
    unexpected = [name for name in weights if name not in wanted]
    other = [
        f"{name} is {_described(weights[name])} and should be {_described(value)}"
        for name, value in wanted.items()
        if name in weights and not _alike(weights[name], value)
    ]
    if not (missing or unexpected or other):
        return None
    parts = []
    if missing:
        parts.append(f"missing {_some(missing)}")
    if unexpected:
        parts.append(f"unexpected {_some(unexpected)}")
    if other:
        parts.append(_some(other))
    return Problem(
        "weights-do-not-fit",
        "Weights need the names and shapes of the network's own",
        "; ".join(parts),
        "Choose the weights of this very network, or open the network they were trained with",
    )


def load_into(model: nn.Module, weights: Mapping[str, Tensor]) -> Problem | None:
    """Load weights that fit; where they do not, the model is left as it was."""
    problem = check_weights(weights, model)
    if problem is None:
        model.load_state_dict(dict(weights))
    return problem


def _alike(given: Tensor, wanted: Tensor) -> bool:
    """The same shape, and broken numbers for broken ones, of whatever precision."""
    return given.shape == wanted.shape and given.is_floating_point() == wanted.is_floating_point()


def _described(value: Tensor) -> str:
    kind = "" if value.is_floating_point() else f" of {str(value.dtype).removeprefix('torch.')}"
    return (format_shape(tuple(value.shape)) or "a single number") + kind


def _some(names: list[str]) -> str:
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + rest


def _not_weights(path: Path, reason: str) -> Problem:
    lines = reason.strip().splitlines()
    return Problem(
        "not-weights",
        "Weights are a .safetensors file, or a .pt file with tensors alone",
        f"'{path.name}': {(lines[0] if lines else 'it cannot be read')[:200]}",
        "Choose another file",
    )


def _cannot_write(path: Path, error: Exception) -> Problem:
    reason = error.strerror if isinstance(error, OSError) else None
    return Problem(
        "not-writable",
        "A file is written where there is a folder with room and leave to write",
        f"'{path}': {reason or error}",
        "Choose another place",
    )
