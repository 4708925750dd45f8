"""Running statistics computed anew, against ``torch.optim.swa_utils.update_bn``."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import update_bn

from builder.document import Document
from builder.sketch import Sketch
from runtime.data import load_data
from runtime.training.evaluating.evaluation import chunks
from runtime.training.loop import train
from runtime.training.recalibration import Recalibrated, norms_of, recalibrate, recalibrate_run
from runtime.training.records.runs import Run
from runtime.training.settings import Settings

CPU = torch.device("cpu")


def make_network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 3, 2), nn.BatchNorm2d(3, momentum=0.3),
        nn.BatchNorm2d(3, track_running_stats=False), nn.Flatten(), nn.Linear(3, 3),
    )  # fmt: skip


@pytest.mark.parametrize("training", [True, False])
def test_statistics_are_those_that_update_bn_finds_and_nothing_else_changes(tiny, monkeypatch, training):
    monkeypatch.setattr("runtime.training.evaluating.evaluation._CHUNK_SAMPLES", 16)
    data, network = tiny.data(), make_network().train(training)
    theirs = copy.deepcopy(network)
    update_bn([data.batch(part, CPU)[0] for part in chunks(data, data.splits["train"])], theirs)
    changes = recalibrate(network, data, CPU)
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(network.state_dict()[name], value)
    assert [change.path for change in changes] == ["1", "4"]
    assert all(change.mean > 0 and change.variance > 1 for change in changes)
    assert [norm.momentum for norm in norms_of(network).values()] == [0.1, 0.3]
    assert all(module.training is training for module in network.modules())
    again = recalibrate(network, data, CPU)
    assert all(change.mean < 1e-6 and change.variance < 1 + 1e-6 for change in again)


def test_chance_has_no_part_in_it(tiny):
    data, network = tiny.data(), tiny.network()
    recalibrate(network, data, CPU)
    once = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    recalibrate(network, data, CPU)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, once[name]) for name, value in network.state_dict().items())


def test_what_is_stopped_on_the_way_leaves_all_as_it_was(tiny):
    network = tiny.network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert recalibrate(network, tiny.data(), CPU, stop=lambda: True) is None
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_network_without_batch_norm_has_nothing_to_recalibrate(tiny):
    assert recalibrate(nn.Sequential(nn.Flatten(), nn.Linear(16, 3)), tiny.data(), CPU) == []


def test_masks_are_as_large_as_the_answer_of_the_run(tmp_path):
    sketch = Sketch()
    wire = sketch.add("conv", "conv", sketch.input((3, 32, 32)), out_channels=4, kernel_size=2, stride=2)
    sketch.output(sketch.add("norm", "batch_norm", wire))
    document = Document("half", sketch.graph, data={"source": "shapes"})
    data = load_data("shapes", (3, 32, 32), mask_size=(16, 16))
    run = Run.create(tmp_path, document, Settings(epochs=1, batch=128, device="cpu"))
    *_, finished = train(document, run.settings, data, run=run)
    found = recalibrate_run(run.folder)
    assert isinstance(found, Recalibrated)
    assert found.before.score == pytest.approx(finished.test_accuracy, abs=1e-3)
