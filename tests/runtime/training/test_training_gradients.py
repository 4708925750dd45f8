"""The norms of the gradients, node by node, and the units of ReLUs that are dead: told, and disturbing nothing."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from builder.analysis import analyze
from builder.document import Document
from builder.sketch import Sketch
from runtime.compile import Tapped, build
from runtime.data import load_data
from runtime.training.events import Gradients, Steps, Trouble
from runtime.training.guards.activity import Activity
from runtime.training.guards.drawn import node_of
from runtime.training.guards.gradients import Depth, GradientProbe, Norms
from runtime.training.guards.pace import Pace
from runtime.training.loop import train
from runtime.training.settings import Settings

SHAPE = (1, 8, 8)
QUICK = Settings(epochs=2, batch=32, learning_rate=1e-2, device="cpu", calibration="never")


class Unhurried(Pace):
    """Always due."""

    @property
    def due(self):
        return True


class Never(Pace):
    @property
    def due(self):
        return False


@pytest.fixture(scope="module")
def digits():
    return load_data("digits", SHAPE)


def draw(depth=2, activation="relu", norm=False):
    sketch = Sketch()
    wire = sketch.input(SHAPE)
    for number in range(depth):
        wire = sketch.add(f"conv{number}", "conv", wire, out_channels=4, padding=1)
        if norm:
            wire = sketch.add(f"norm{number}", "batch_norm", wire)
        wire = sketch.add(f"act{number}", activation, wire)
    wire = sketch.add("flatten", "flatten", wire)
    sketch.output(sketch.add("fc", "linear", wire, out_features=10))
    return Document("drawn", sketch.graph, data={"source": "digits"})


def told(events, kind):
    return [event for event in events if isinstance(event, kind)]


def losses(events):
    return [loss for event in told(events, Steps) for loss in event.loss]


def codes(events):
    return [event.problem.code for event in told(events, Trouble)]


def always(monkeypatch, pace=Unhurried):
    monkeypatch.setattr("runtime.training.guards.guards.Pace", pace)
    monkeypatch.setattr("runtime.training.ledger._STEPS", 1)  # all is told after each step


def test_the_norms_are_those_of_all_the_weights_of_a_node():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 5))
    model[1].weight.requires_grad_(False)
    probe = GradientProbe(model, {})
    assert probe.read(wait=True) is None
    model(torch.randn(6, 1, 8, 8)).square().sum().backward()
    before = [weight.grad.clone() for weight in model.parameters() if weight.grad is not None]
    probe.take(41)
    found = probe.read(wait=True)
    assert (found.step, found.paths, found.sizes) == (41, ("0", "1", "4"), (30, 3, 545))
    for path, norm in zip(found.paths, found.norms, strict=True):
        gradients = [w.grad.flatten() for w in model.get_submodule(path).parameters() if w.grad is not None]
        assert norm == pytest.approx(float(torch.cat(gradients).norm()), rel=1e-3)
    after = [weight.grad for weight in model.parameters() if weight.grad is not None]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    model[0].bias.grad[0] = math.inf
    probe.take(42)
    assert probe.read(wait=True) is None  # no number to be told; where it arose is said elsewhere


def test_a_parameter_is_of_the_node_whose_path_begins_its_name():
    paths = {"stem.conv": 0, "stem.conv2": 0, "attention": 0}
    assert node_of("stem.conv.weight", paths) == "stem.conv"
    assert node_of("stem.conv2.bias", paths) == "stem.conv2"
    assert node_of("attention.proj.inner.weight", paths) == "attention"
    assert node_of("elsewhere.weight", paths) == "elsewhere"


def test_probing_and_looking_change_no_loss_by_a_bit(digits, monkeypatch):
    document = draw(norm=True)
    monkeypatch.setattr("runtime.training.guards.guards._SETTLED", 0)
    always(monkeypatch, Never)
    without = list(train(document, QUICK, digits))
    always(monkeypatch)
    watched = list(train(document, QUICK, digits))
    assert losses(watched) == losses(without)
    assert not told(without, Gradients)
    found = told(watched, Gradients)
    assert [event.step for event in found] == list(range(len(losses(watched))))
    assert found[-1].paths == ("conv0", "norm0", "conv1", "norm1", "fc")
    assert all(norm > 0 for event in found for norm in event.norms)
    assert set(found[-1].dead) == {"act0", "act1"}
    assert not codes(watched)


def test_the_gradient_is_told_before_it_is_clipped(tiny, monkeypatch):
    always(monkeypatch)
    free = told(tiny.trainer(epochs=1).events(), Gradients)
    clipped = told(tiny.trainer(epochs=1, clip_norm=1e-3).events(), Gradients)
    assert clipped[0].norms == free[0].norms


def test_the_dead_units_of_a_relu_are_counted():
    document = draw()
    model = build(document)
    with torch.no_grad():
        model.conv0.bias[:3] = -100.0  # nothing drives these above zero
        model.conv0.bias[3] = 100.0
    twin = Tapped(document, model, analysis=analyze(document))
    activity = Activity(twin, ("act0", "act1"))
    for _ in range(4):
        assert activity.read() is None  # not enough images to say anything
        activity.look(torch.randn(64, *SHAPE))
    assert activity.read()["act0"] == 0.75
    assert activity.read() is None  # told already
    with torch.no_grad():
        model.conv0.bias[:3] = 100.0  # they are alive again, and one look is enough to see it
    activity.look(torch.randn(64, *SHAPE))
    assert activity.read()["act0"] == 0.0


def test_dead_relus_are_told_once_with_their_node(digits, monkeypatch):
    """So fast that the first steps throw the weights to where no image makes a unit active."""
    always(monkeypatch)
    document = draw()
    settings = QUICK.replace(optimizer="adam", learning_rate=3.0, epochs=4)
    events = list(train(document, settings, digits))
    (problem,) = [e.problem for e in told(events, Trouble) if e.problem.code == "dead-relu"]
    assert problem.path.startswith("act")
    assert problem.address == analyze(document).leaf(problem.path).address
    assert not problem.is_error
    assert told(events, Gradients)[-1].dead[problem.path] > 0.9


def test_gradients_that_vanish_with_the_depth_are_told(digits, monkeypatch):
    always(monkeypatch)
    events = list(train(draw(12, "sigmoid"), QUICK.replace(epochs=1), digits))
    assert codes(events).count("vanishing-gradients") == 1
    healthy = list(train(draw(12, "relu", norm=True), QUICK.replace(epochs=1), digits))
    assert "vanishing-gradients" not in codes(healthy)


def test_gradients_that_explode_are_told_after_some_probes_on_end():
    chain = nn.Sequential(*(nn.Linear(16, 16, bias=False) for _ in range(9)))
    with torch.no_grad():
        for layer in chain:
            layer.weight.copy_(10 * torch.eye(16))
    values = torch.ones(4, 16)
    for layer in chain:
        values = layer(values)
        # Of one size on the way there, ten times as large on the way back.
        values = values - values.detach() + 1
    values.sum().backward()
    probe, depth = GradientProbe(chain, {}), Depth()
    said = []
    for step in range(5):
        probe.take(step)
        said.append(depth.check(probe.read(wait=True)))
    assert [problem and problem.code for problem in said] == [None, None, "exploding-gradients", None, None]


def test_shallow_networks_and_even_gradients_are_no_trouble():
    depth = Depth()
    paths = tuple(map(str, range(9)))
    for step in range(9):
        assert depth.check(Norms(step, paths[:3], (1e-9, 1.0, 1.0), (4, 4, 4))) is None
        assert depth.check(Norms(step, paths, (0.01,) * 3 + (1.0,) * 6, (4,) * 9)) is None


def test_what_is_due_takes_a_hundredth_of_the_time_and_gets_rarer():
    now = 0.0
    pace = Pace(0.5, clock=lambda: now)
    done = []
    while now < 20_000:
        if pace.due:
            done.append(now)
            with pace.spending():
                now += 0.01
        now += 0.09
    assert 0.01 * len(done) <= 0.011 * now
    assert done[1] - done[0] == pytest.approx(1.0, abs=0.2)
    assert done[-1] - done[-2] > 50
    assert len(done) < 1500
