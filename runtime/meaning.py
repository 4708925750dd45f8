"""What the numbers mean that go into an exported network and come out of it, for people and for files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from builder.shapes import TensorShape
from runtime.data.preparation import Preparation
from runtime.training.tasks import Outputs, Regression, Task
from runtime.training.tasks.classes import named

#: More numbers than this are not told in a line; files have them all.
_TOLD = 6


class InUnit(nn.Module):
    """A network that learnt standardised values, telling them in their own unit: output · std + mean.

    That goes for the outputs (N, K) or (N, K, L) that answer or had a say in learning; others stay as they are.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, task: Regression) -> None:
        super().__init__()
        self.network = network
        self._learnt = tuple(number == 0 or head.weight > 0 for number, head in enumerate(task.heads))
        self.register_buffer("mean", torch.tensor(task.mean))
        self.register_buffer("std", torch.tensor(task.std))

    def forward(self, x: Tensor) -> Outputs:
        """What the network says of x (N, *input)."""
        outputs = self.network(x)
        if isinstance(outputs, Tensor):
            return self._told(outputs)
        pairs = zip(outputs, self._learnt, strict=True)
        return tuple(self._told(output) if learnt else output for output, learnt in pairs)

    def _told(self, output: Tensor) -> Tensor:
        across = (1, -1, *(1,) * (output.ndim - 2))
        return output * self.std.view(across) + self.mean.view(across)


@dataclass(frozen=True, slots=True)
class Meaning:
    """How inputs are prepared and what the outputs say; None where neither a run nor data tells."""

    preparation: Preparation | None = None
    task: Task | None = None

    def unit(self, answer: TensorShape | None) -> Regression | None:
        """The task, if it is to tell values and the first output, of a sample, has this shape: one for each."""
        task = self.task
        if isinstance(task, Regression) and answer is not None and len(answer) in (1, 2):
            return task if answer[0] == len(task.mean) else None
        return None

    def told(self, network: nn.Module, answer: TensorShape | None) -> nn.Module:
        """The network as it is exported: one that learnt values tells them in their unit."""
        unit = self.unit(answer)
        return network if unit is None else InUnit(network, unit)

    def of_input(self) -> str:
        """What the network is to be fed with."""
        known = self.preparation
        if known is None:
            return "inputs are normalised as in training, which neither a run nor data tells"
        what = "numbers in their own unit" if known.kind == "series" else "pixels on a scale of 0…1"
        return f"inputs are {what}, normalised per channel: (x − mean) ÷ std, {_unit(known.mean, known.std)}"

    def of_output(self, answer: TensorShape | None, *, in_unit: bool) -> str:
        """What comes out, of a network as ``told`` gives it (``in_unit``) or of its weights alone."""
        unit = self.unit(answer)
        if unit is None:
            return "outputs are as the network has them" if self.task is None else _SCORES[self.task.kind]
        if in_unit:
            return f"outputs are values in their own unit: {', '.join(_names(unit)[:_TOLD])}"
        return f"outputs are standardised: value = output × std + mean, {_unit(unit.mean, unit.std)}"

    def metadata(self, answer: TensorShape | None, *, in_unit: bool) -> dict[str, str]:
        """All of it as texts, lists as JSON; nothing where nothing is known."""
        found: dict[str, str] = {}
        if self.preparation is not None:
            known = self.preparation
            found |= {
                "input": self.of_input(),
                "input_mean": _json(known.mean),
                "input_std": _json(known.std),
            }
        if self.task is not None:
            found["output"] = self.of_output(answer, in_unit=in_unit)
        unit = self.unit(answer)
        if unit is not None:
            found["values"] = _json(_names(unit))
            if not in_unit:
                found |= {"value_mean": _json(unit.mean), "value_std": _json(unit.std)}
        return found


_SCORES = {
    "classification": "outputs are a score for each class, as the network has them",
    "segmentation": "outputs are a score for each class at each pixel, as the network has them",
    "regression": "outputs are as the network has them, not one for each value of the data",
}


def _names(task: Regression) -> tuple[str, ...]:
    return named(task.names, len(task.mean))


def _json(values: Sequence[object]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def _unit(mean: Sequence[float], std: Sequence[float]) -> str:
    """``mean 0.3, 0.4, std 0.2, 0.3``."""
    return f"mean {_listed(mean)}, std {_listed(std)}"


def _listed(values: Sequence[float]) -> str:
    said = ", ".join(f"{value:.6g}" for value in values[:_TOLD])
    return said if len(values) <= _TOLD else f"{said}, …"
