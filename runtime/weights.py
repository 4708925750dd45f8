"""Files of weights: written atomically as safetensors, read without trusting them, checked before they are loaded.

A network's own weights have its names. Weights made elsewhere may have others: they fit where their tensors, one
after the other, have the shapes of the network's, and who loads them is told so. Importing this imports no torch.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from builder.errors import Problem
from builder.shapes import format_shape
from builder.writing import replace_file

if TYPE_CHECKING:
    from torch import Tensor, nn

#: Differences named one by one in a message, and signs of a name.
_NAMED = 5
_LONGEST = 100
#: Files that torch.save writes.
TORCH_SUFFIXES = (".pt", ".pth", ".bin")
#: What PyTorch's layers call their tensors: two that are called differently are not the same thing.
_KINDS = frozenset({"weight", "bias", "running_mean", "running_var"})
#: How many batches a norm has seen. Nothing is predicted from it, and older files are without.
_COUNTER = "num_batches_tracked"


@dataclass(frozen=True, slots=True)
class Match:
    """Which tensor of a file is which of a network: pairs of its name there and its name here."""

    by: Literal["name", "order"]
    pairs: tuple[tuple[str, str], ...]

    @property
    def told(self) -> str:
        """What whoever loads weights ought to know of a match by order; empty for one by name."""
        if self.by == "name" or not self.pairs:
            return ""
        there, here = self.pairs[0]
        return (
            f"matched by order and shape, as the names are not the network's: {len(self.pairs):,} tensors, "
            f"the first {_legible(there)} as {here}"
        )


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
    if special := [name for name, value in found.items() if not _is_plain(value)]:
        return _not_weights(path, f"{_some(special)}: sparse, quantized or without numbers")
    return dict(found)


def load_file(model: nn.Module, path: Path) -> Match | Problem:
    """Load weights from anywhere, by name or else by order and shape; what was matched to what.

    The model is left as it was where they do not fit. By order only from files that keep one: torch.save does,
    safetensors does not.
    """
    weights = read_weights(path)
    if isinstance(weights, Problem):
        return weights
    match = match_weights(weights, model, ordered=Path(path).suffix in TORCH_SUFFIXES)
    if isinstance(match, Match):
        _load(model, {here: weights[there] for there, here in match.pairs})
    return match


def load_into(model: nn.Module, weights: Mapping[str, Tensor]) -> Problem | None:
    """Load a network's own weights, by name; where they do not fit, the model is left as it was."""
    problem = check_weights(weights, model)
    if problem is None:
        _load(model, {name: weights[name] for name in _found(weights, model.state_dict())})
    return problem


def _load(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    model.load_state_dict({**model.state_dict(), **weights})


def _found(weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> list[str]:
    """The names that both have, of tensors that are alike."""
    return [name for name, value in weights.items() if name in wanted and _alike(value, wanted[name])]


def check_weights(weights: Mapping[str, Tensor], model: nn.Module) -> Problem | None:
    """Whether these are the network's: the same names and shapes; the differences are listed.

    Counters of batches may be missing, be no whole numbers, or be there where the network has none.
    """
    wanted = model.state_dict()
    missing = [name for name in _counted_out(wanted) if name not in weights]
    unexpected = [name for name in _counted_out(weights) if name not in wanted]
    other = [
        f"{name} is {_described(weights[name])} and should be {_described(value)}"
        for name, value in _counted_out(wanted).items()
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
    return _unfit("Weights need the names and shapes of the network's own", "; ".join(parts))


def match_weights(
    weights: Mapping[str, Tensor], model: nn.Module, *, ordered: bool = True
) -> Match | Problem:
    """Which of these tensors is which of the network's: by name, or else, if they are ``ordered``, by order.

    By order means that parameters and buffers have the network's shapes one by one; a name that both have means the
    same tensor in both, and so does a kind (weight, bias, …). A Problem says where they part.
    """
    wanted = model.state_dict()
    by_name = check_weights(weights, model)
    if by_name is None:
        return Match("name", tuple((name, name) for name in _found(weights, wanted)))
    ours, theirs = _counted_out(wanted), _counted_out(weights)
    shared = len(ours.keys() & theirs.keys())
    if not ordered and not shared:
        return replace(
            by_name, way_out="A .safetensors file keeps no order to match them by; a .pt file does"
        )
    if not ordered or ours.keys() == theirs.keys():
        return by_name
    parting = _parting(theirs, ours)
    if parting is not None:
        return by_name if 2 * shared > len(ours) else parting
    return Match("order", (*zip(theirs, ours, strict=True), *_counters(weights, wanted)))


def _parting(theirs: Mapping[str, Tensor], ours: Mapping[str, Tensor]) -> Problem | None:
    """Where two rows of tensors part first, or hold what no network computes with."""
    rule = "Weights fit by name, or else in the order of the network's own, shape by shape"
    for number, (there, here) in enumerate(zip_longest(theirs, ours), start=1):
        if there is None:
            return _unfit(rule, f"the file ends after {number - 1:,}, before {_named(here, ours)}")
        if here is None:
            return _unfit(rule, f"after the network's last the file goes on with {_named(there, theirs)}")
        mistaken = there != here and (there in ours or here in theirs)
        if mistaken or _other_kind(there, here) or not _alike(theirs[there], ours[here]):
            return _unfit(
                rule,
                f"tensor {number:,} of {len(ours):,} is {_named(there, theirs)} and should be {_named(here, ours)}",
            )
    for name, value in theirs.items():
        if value.is_floating_point() and not bool(value.float().isfinite().all()):
            return _unfit("Weights are finite numbers", f"not all of {_named(name, theirs)} are")
    return None


def _other_kind(there: str, here: str) -> bool:
    kinds = {name.rpartition(".")[2] for name in (there, here)}
    return len(kinds) > 1 and kinds <= _KINDS


def _is_counter(name: str, value: Tensor) -> bool:
    return name.rpartition(".")[2] == _COUNTER or (not value.ndim and not value.is_floating_point())


def _counted_out(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """All but the counters of batches."""
    return {name: value for name, value in weights.items() if not _is_counter(name, value)}


def _counters(weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> list[tuple[str, str]]:
    """Pairs of counters, where each side has as many."""
    there, here = ([name for name in side if _is_counter(name, side[name])] for side in (weights, wanted))
    alike = len(there) == len(here) and all(
        _alike(weights[a], wanted[b]) for a, b in zip(there, here, strict=True)
    )
    return list(zip(there, here, strict=True)) if alike else []


def _is_plain(value: Tensor) -> bool:
    """Whether it holds its numbers one by one."""
    import torch

    return value.layout is torch.strided and not value.is_quantized and value.device.type == "cpu"


def _alike(given: Tensor, wanted: Tensor) -> bool:
    """The same shape, and broken numbers for broken ones, of whatever precision."""
    return (
        given.shape == wanted.shape
        and given.is_floating_point() == wanted.is_floating_point()
        and given.is_complex() == wanted.is_complex()
    )


def _named(name: str, weights: Mapping[str, Tensor]) -> str:
    return f"{_legible(name)} ({_described(weights[name])})"


def _legible(name: str) -> str:
    """A name as it may stand in a message, whoever wrote the file."""
    plain = "".join(sign if sign.isprintable() else "?" for sign in name)
    return plain if len(plain) <= _LONGEST else plain[:_LONGEST] + "…"


def _described(value: Tensor) -> str:
    kind = "" if value.is_floating_point() else f" of {str(value.dtype).removeprefix('torch.')}"
    return (format_shape(tuple(value.shape)) or "a single number") + kind


def _unfit(rule: str, values: str) -> Problem:
    return Problem(
        "weights-do-not-fit",
        rule,
        values,
        "Choose the weights of this very network, or open the network they were trained with",
    )


def _some(names: list[str]) -> str:
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(map(_legible, names[:_NAMED])) + rest


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
