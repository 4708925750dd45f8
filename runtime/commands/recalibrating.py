"""What ``evaluate --recalibrate`` does: batch norm's running statistics anew, and the difference told."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.errors import Problem
from builder.figures import count
from runtime.commands.common import Subject, say

if TYPE_CHECKING:
    import torch
    from torch import nn

    from runtime.data import Data
    from runtime.training.recalibration import NormChange
    from runtime.training.tasks import Evaluation, Task


@dataclass(frozen=True, slots=True)
class Recalibrated:
    """The test before, what moved in each layer, and where the weights were written, if they were."""

    before: Evaluation
    changes: list[NormChange]
    file: str | None = None

    def to_json(self) -> dict[str, Any]:
        """What ``evaluate --json`` says of it."""
        return {
            "before": {"loss": self.before.loss, **self.before.metrics},
            "layers": [asdict(change) for change in self.changes],
            "file": self.file,
        }

    def tell(self) -> None:
        """The difference in lines; the test after it is told by ``evaluate`` itself."""
        from runtime.training.metrics import format_metric

        mean = max(self.changes, key=lambda change: change.mean)
        variance = max(self.changes, key=lambda change: change.variance)
        say(
            f"recalibrated {count(len(self.changes), 'batch norm')}: a mean moved by {mean.mean:.2g} deviations "
            f"({mean.path}), a variance by ×{variance.variance:.3g} ({variance.path}) at most"
        )
        figures = (f"{name} {format_metric(name, value)}" for name, value in self.before.metrics.items())
        say("  ".join([f"before: loss {self.before.loss:.4f}", *figures]))
        if self.file is not None:
            say(f"weights with the new statistics: {self.file}")


def recalibrated(
    subject: Subject, model: nn.Module, data: Data, device: torch.device, task: Task, save: str | None
) -> Recalibrated | Problem:
    """Test, recalibrate ``model`` on the training split, and write its weights to ``save``, if that is given."""
    from runtime.training.evaluating.evaluation import evaluate
    from runtime.training.recalibration import check_norms, recalibrate
    from runtime.weights import write_weights

    if problem := check_norms(model, subject.document.name):
        return problem
    before = evaluate(model, data, "test", device, task)
    changes = recalibrate(model, data, device)
    assert before is not None
    assert changes is not None
    if save is not None:
        weights = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
        about = {"format": "pt", "network": subject.document.name, "recalibrated": "true"}
        if problem := write_weights(weights, Path(save), about):
            return problem
    return Recalibrated(before, changes, save)
