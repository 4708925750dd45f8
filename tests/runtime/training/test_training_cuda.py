"""On a GPU: the same promises, and figures that are read late."""

from __future__ import annotations

import pytest
import torch

from runtime.training.events import Finished, Maps, Steps
from runtime.training.ledger import Ledger
from runtime.training.tasks import Classification, Head, Regression, Segmentation
from runtime.training.watching import Viewer

pytestmark = pytest.mark.gpu


def test_stretches_arrive_in_order_and_whole():
    device = torch.device("cuda")
    ledger = Ledger(device, Classification().tallies)
    told = []
    for step in range(100):
        ledger.add(torch.tensor(float(step), device=device), torch.tensor([step], device=device), 4, 0.1)
        if step % 7 == 0:
            told += ledger.take()
    told += ledger.take(everything=True)
    assert [loss for stretch in told for loss in stretch.loss] == [float(step) for step in range(100)]
    assert [tally for stretch in told for tally in stretch.tallies] == [(step,) for step in range(100)]


@pytest.mark.parametrize(
    "task", [Classification(), Segmentation(), Regression((Head(),), (1.0,) * 3, (2.0,) * 3)]
)
def test_no_loss_and_no_score_waits_for_the_device(task):
    device = torch.device("cuda")
    maps = task.kind == "segmentation"
    outputs = torch.randn((4, 3, 5, 5) if maps else (4, 3), device=device, requires_grad=True)
    targets = torch.zeros((4, 5, 5) if maps else 4, dtype=torch.int64, device=device)
    if task.kind == "regression":
        targets = torch.randn(4, 3, device=device)
    task.loss(outputs, targets)  # what is sent there once is there
    torch.cuda.set_sync_debug_mode("error")
    try:
        task.loss(outputs, targets).backward()
        tally = task.tally(outputs, targets)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert tally.is_cuda


def test_training_there_learns_and_watching_changes_nothing(tiny, monkeypatch):
    monkeypatch.setattr("runtime.training.trainer._BETWEEN_LOOKS", 0.0)
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what cuBLAS needs to be repeatable
    torch.use_deterministic_algorithms(True)
    try:
        traces = []
        for watched in (False, True):
            network = tiny.network().cuda()
            trainer = tiny.trainer(network=network, device=torch.device("cuda"), epochs=8)
            if watched:
                trainer.control.watch("0")
                trainer._look_at = Viewer(_Twin(network), trainer.data, trainer.device, trainer.task, None)
            events = list(trainer.events())
            assert isinstance(events[-1], Finished)
            assert events[-1].test_accuracy > 0.9
            assert any(isinstance(event, Maps) for event in events) is watched
            traces.append([loss for event in events if isinstance(event, Steps) for loss in event.loss])
        assert traces[0] == traces[1]
    finally:
        torch.use_deterministic_algorithms(False)


class _Twin:
    def __init__(self, network):
        self.first = network[0]

    def run(self, x, *, paths=None):
        with torch.no_grad():
            return {"0": self.first(x)}
