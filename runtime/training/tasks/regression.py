"""To say numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn import functional

from builder.errors import Address, Problem
from builder.shapes import TensorShape, format_shape
from runtime.training.batches import Batches
from runtime.training.settings import Settings
from runtime.training.tasks.classes import named
from runtime.training.tasks.heads import Head, Outputs
from runtime.training.tasks.task import Evaluation, Judgements, Meter, Prediction, Task, constant

_LOSSES: dict[str, Callable[..., Tensor]] = {
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "huber": functional.huber_loss,
}


@dataclass(frozen=True, slots=True)
class RegressionResult(Evaluation):
    """``r2``, ``mae`` and ``rmse`` of each of K values, the errors in its own unit; loss is of standardised ones."""

    r2: tuple[float, ...]
    mae: tuple[float, ...]
    rmse: tuple[float, ...]

    @property
    def metrics(self) -> dict[str, float]:
        """R² (of several values the mean), mean absolute error and root of the mean squared error."""
        count = max(len(self.r2), 1)
        mean_square = sum(error * error for error in self.rmse) / count
        return {"R²": sum(self.r2) / count, "MAE": sum(self.mae) / count, "RMSE": mean_square**0.5}

    def rows(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """The figures of each value."""
        rows = zip(named(names, len(self.r2)), self.r2, self.mae, self.rmse, strict=True)
        return [{"value": name, "r2": r2, "mae": mae, "rmse": rmse} for name, r2, mae, rmse in rows]

    def to_json(self, names: Sequence[str]) -> dict[str, Any]:
        """Figures, and those of each value."""
        r2, mae, rmse = self.metrics.values()
        return {
            "loss": self.loss,
            "r2": r2,
            "mae": mae,
            "rmse": rmse,
            "samples": self.samples,
            "per_value": self.rows(names),
        }


class Regression(Task):
    """The error of numbers (N, K) or (N, K, L) against values float32 of that shape.

    The network learns standardised values, (value - ``mean``) / ``std`` with those of the training split (K,), so that
    the same learning rate does for metres and millimetres; what it says is brought back to their unit. ``error`` is
    ``mse``, ``mae`` or ``huber`` (P. J. Huber 1964; δ is one standard deviation). Its score is the mean over the K
    values of R² = 1 - Σ(ŷ - y)² / Σ(y - ȳ)²: of a split with the split's own ȳ, of a batch with the training split's.
    """

    kind = "regression"
    metric = "R²"

    def __init__(
        self,
        heads: tuple[Head, ...] = (Head(),),
        mean: tuple[float, ...] = (0.0,),
        std: tuple[float, ...] = (1.0,),
        error: str = "mse",
        names: tuple[str, ...] = (),
    ) -> None:
        super().__init__(heads)
        self.mean, self.std, self.error, self.names = mean, std, error, names

    @classmethod
    def of(cls, heads: tuple[Head, ...], data: Batches, settings: Settings) -> Self:
        """With the unit of the training split and the error of the settings."""
        unit = tuple(data.target_mean), tuple(data.target_std)
        return cls(heads, *unit, settings.regression_loss, tuple(data.targets))

    @classmethod
    def check_output(
        cls, shape: TensorShape, data: Batches, path: str = "", address: Address | None = None
    ) -> Problem | None:
        """A number for each value: (K,) or (K, L)."""
        wanted = tuple(map(int, data.labels.shape[1:]))
        if tuple(shape) == wanted:
            return None
        has = (
            f"the network brings {format_shape(shape)}, a sample of '{data.title}' has {format_shape(wanted)}"
        )
        way_out = f"End with Flatten and Linear({wanted[0]})"
        if len(wanted) == 2:
            way_out = f"End with a Conv of {wanted[0]} channels, as long as the sequence"
        elif len(shape) == 1:
            way_out = f"Set out_features of the last Linear to {wanted[0]}, or choose other data"
        rule = "To tell values, a network has an output for each of them"
        return Problem("value-count", rule, has, way_out, path=path, address=address)

    @classmethod
    def read(cls, recorded: Mapping[str, Any], heads: tuple[Head, ...]) -> Self:
        """With the recorded unit."""
        mean, std = (tuple(map(float, recorded[name])) for name in ("mean", "std"))
        if not mean or len(mean) != len(std) or not all(map(isfinite, mean + std)) or min(std) <= 0:
            raise ValueError("a unit is a finite mean and a deviation above 0 for each value")
        names = tuple(recorded.get("values", ()))
        if not all(isinstance(name, str) for name in names):
            raise ValueError("names are texts")
        return cls(heads, mean, std, names=names)

    def suits(self, data: Batches) -> bool:
        """It has a unit for each value."""
        return super().suits(data) and len(self.mean) == data.labels.shape[1]

    def to_json(self) -> dict[str, Any]:
        """The unit, without which the network's numbers mean nothing."""
        unit = {"mean": list(self.mean), "std": list(self.std)}
        return {"kind": self.kind, "values": list(self.names), **unit}

    def standardised(self, targets: Tensor) -> Tensor:
        """What the network is to say for these values (N, K, …)."""
        mean, std = self._unit(targets)
        return (targets - mean) / std

    def values(self, outputs: Outputs) -> Tensor:
        """What the answer (N, K, …) says, in the unit of the data."""
        answer = self.answer(outputs).float()
        mean, std = self._unit(answer)
        return answer * std + mean

    def _unit(self, like: Tensor) -> tuple[Tensor, Tensor]:
        across = (1, -1, *(1,) * (like.ndim - 2))
        return constant(self.mean, like.device).view(across), constant(self.std, like.device).view(across)

    def head_loss(self, head: Head, output: Tensor, targets: Tensor) -> Tensor:
        """The mean error of standardised values."""
        return _LOSSES[self.error](output, self.standardised(targets))

    def tally(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """The sum of squared errors of standardised values, the mean over those of a sample: float64 (1,)."""
        off = self.answer(outputs).detach().double() - self.standardised(targets)
        return off.square_().flatten(1).mean(1).sum(0, keepdim=True)

    def score(self, tally: Sequence[float], samples: int) -> float:
        """R² where the values vary as those of the training split do."""
        return 1.0 - tally[0] / samples

    def meter(self, data: Batches, device: torch.device) -> Meter:
        """Errors of each value."""
        return _RegressionMeter(self, device)

    def judgements(self, outputs: Outputs, targets: Tensor) -> Judgements:
        """The loss of each sample; 1 - its squared error in variances; how sure it is, it does not say."""
        answer, wanted = self.answer(outputs).float(), self.standardised(targets)
        loss = _LOSSES[self.error](answer, wanted, reduction="none").flatten(1).mean(1)
        score = 1 - (answer - wanted).square().flatten(1).mean(1)
        return Judgements(loss, score, torch.full_like(loss, torch.nan), self.values(answer), targets)

    def averaged(self, answers: Sequence[Tensor]) -> Tensor:
        """The mean of the values."""
        return torch.stack([answer.float() for answer in answers]).mean(0)

    def prediction(self, outputs: Outputs) -> Prediction:
        """The values, in their unit."""
        answer = self.answer(outputs).detach()
        if answer.ndim not in (2, 3) or answer.shape[1] != len(self.mean):
            return Prediction()
        return Prediction(tuple(self.values(answer)[0].flatten().tolist()))


class _RegressionMeter(Meter):
    """Sums of standardised values, whose middle is near 0, so that the difference of large squares loses nothing."""

    def __init__(self, task: Regression, device: torch.device) -> None:
        self._task = task
        self._sums = torch.zeros((4, len(task.mean)), dtype=torch.float64, device=device)
        self._loss = torch.zeros((), dtype=torch.float64, device=device)
        self._samples = self._numbers = 0

    def add(self, outputs: Outputs, targets: Tensor) -> None:
        answer = self._task.answer(outputs)
        self._loss += _LOSSES[self._task.error](answer, self._task.standardised(targets)) * len(targets)
        wanted = self._task.standardised(targets.double())
        off = answer.double() - wanted
        rest = [axis for axis in range(wanted.ndim) if axis != 1]
        self._sums += torch.stack(
            [part.sum(rest) for part in (wanted, wanted.square(), off.abs(), off.square())]
        )
        self._samples += len(targets)
        self._numbers += targets[:, 0].numel()

    def result(self) -> RegressionResult:
        if not self._samples:
            return RegressionResult(0.0, 0, (), (), ())
        n = self._numbers
        r2, mae, rmse = [], [], []
        for std, total, squares, distance, error in zip(self._task.std, *self._sums.tolist(), strict=True):
            spread = squares - total * total / n
            # As scikit-learn has it: of values that do not vary, all or nothing is right.
            r2.append(1 - error / spread if spread > 1e-12 * squares else float(error == 0))
            mae.append(distance / n * std)
            rmse.append((error / n) ** 0.5 * std)
        return RegressionResult(
            float(self._loss) / self._samples, self._samples, tuple(r2), tuple(mae), tuple(rmse)
        )
