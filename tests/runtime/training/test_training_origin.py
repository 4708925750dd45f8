"""Numbers that are none: the weights stay those of before, and the node where they arose is named."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from builder.document import Document
from builder.errors import Address
from builder.sketch import Sketch
from runtime.data import load_data
from runtime.training.events import Finished, Steps, Trouble
from runtime.training.feeding import Batch, Feed
from runtime.training.guards import Drawn, Origin
from runtime.training.learning.learner import Learner
from runtime.training.learning.soundness import Soundness
from runtime.training.loop import train
from runtime.training.settings import Settings
from runtime.training.tasks import Classification

CPU = torch.device("cpu")
SHAPE = (1, 8, 8)


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


class ByHand(nn.Module):
    """A twin and the network itself: it tells what its steps give, as ``Tapped`` does."""

    def __init__(self, strange):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.drop, self.last = nn.Linear(16, 8), nn.Dropout(0.5), nn.Linear(8, 3)
        self.strange = strange
        self.sink = None

    def forward(self, x):
        told = self.sink or (lambda path, value: None)
        found = x.flatten(1)
        steps = {"first": self.first, "drop": self.drop, "strange": self.strange, "last": self.last}
        for path, step in steps.items():
            found = step(found)
            told(path, found)
        return found


class Twin:
    def __init__(self, network):
        self.module = network

    def tell(self, sink, *inputs):
        self.module.sink = sink
        try:
            return self.module(*inputs)
        finally:
            self.module.sink = None


def drawn(network):
    leaves = [
        SimpleNamespace(path=path, address=Address("", path), node=SimpleNamespace(block="linear"))
        for path in ("first", "drop", "strange", "last")
    ]
    return Drawn(Twin(network), leaves)


def log_of_zero(x):
    return (x - x.detach()).log() if x.requires_grad else x


def root_of_zero(x):
    """0 there, and infinite on the way back."""
    return x + (x - x.detach()).sqrt()


def learner_of(network, **settings):
    chosen = Settings(**{"batch": 16, "learning_rate": 1e-2, "shift": 0.0, **settings})
    return Learner(network, Classification(), chosen, CPU), chosen


def state_of(learner):
    return {name: value.clone() for name, value in learner.model.state_dict().items()}


@pytest.mark.parametrize(
    ("optimizer", "late"),
    [
        *(("sgd", False), ("adam", False), ("adamw", False), ("rmsprop", False)),
        *(("sgd", True), ("adam", True), ("adamw", True)),  # as on CUDA, where the optimizer sees to it
    ],
)
@pytest.mark.parametrize("strange", [log_of_zero, root_of_zero])
def test_no_step_is_taken_once_a_loss_or_a_gradient_is_no_number(tiny, strange, optimizer, late):
    sound = {"on": True}
    network = ByHand(lambda x: x if sound["on"] else strange(x))
    learner, _ = learner_of(network, optimizer=optimizer, ema_decay=0.9)
    learner._soundness = Soundness(network, learner.optimizer, CPU, late=late)
    batch = Batch(*tiny.data().batch(torch.arange(16), CPU))
    assert math.isfinite(learner.learn(batch, 0, 0.01)[0])
    before = state_of(learner)
    sound["on"] = False
    assert not math.isfinite(learner.learn(batch, 1, 0.01)[0])
    sound["on"] = True
    assert not math.isfinite(learner.learn(batch, 2, 0.01)[0])  # it is over, whatever comes
    assert all(torch.equal(value, before[name]) for name, value in learner.model.state_dict().items())
    assert all(value.isfinite().all() for value in learner.average.state().values())


@pytest.mark.parametrize(
    ("strange", "said"),
    [
        (log_of_zero, "'strange' was the first to give one that is none"),
        (root_of_zero, "the gradient became none at 'strange'"),
    ],
)
@pytest.mark.parametrize("accumulate", [1, 3])
def test_the_node_where_it_arose_is_named(tiny, strange, said, accumulate):
    network = ByHand(strange)
    learner, settings = learner_of(network, accumulate=accumulate)
    feed = Feed(tiny.data(), settings, CPU)
    before, chance = state_of(learner), torch.default_generator.get_state()
    problem = Origin(learner, feed, settings, CPU, drawn(network)).find(2, 0.01)
    assert said in problem.message
    assert "at step 3" in problem.message
    assert "epsilon" in problem.way_out
    assert (problem.code, problem.path, problem.address) == (
        "loss-not-finite",
        "strange",
        Address("", "strange"),
    )
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(weight.grad is None for weight in network.parameters())
    torch.default_generator.set_state(chance)


def test_numbers_that_grew_too_large_are_the_learning_rates_fault(tiny):
    network = ByHand(lambda x: x * 1e30 * 1e30)
    learner, settings = learner_of(network)
    with torch.no_grad():
        network.first.weight.fill_(1e12)
    problem = Origin(learner, Feed(tiny.data(), settings, CPU), settings, CPU, drawn(network)).find(0, 0.01)
    assert problem.path == "strange"
    assert "Lower the learning rate, to 0.001" in problem.way_out


def test_weights_that_are_lost_already_are_told_as_such(tiny):
    network = ByHand(lambda x: x)
    learner, settings = learner_of(network)
    with torch.no_grad():
        network.first.bias[0] = math.nan
        network.last.bias[0] = math.inf
    problem = Origin(learner, Feed(tiny.data(), settings, CPU), settings, CPU, drawn(network)).find(5, 0.01)
    assert problem.path == "last"  # nearest to the loss, where the gradient comes from
    assert "the weights of 'last'" in problem.message


def test_a_sample_that_is_no_number_is_named(tiny):
    data = tiny.data()
    data.images[17, 0, 2, 2] = math.inf
    events = list(tiny.trainer(data=data).events())
    (trouble,) = of(events, Trouble)
    assert trouble.problem.code == "data-not-finite"
    assert "sample 17 " in trouble.problem.message
    assert of(events, Finished)[0].reason == "failed"


def test_what_cannot_be_repeated_is_told_without_a_node(tiny):
    network = ByHand(lambda x: x)
    learner, settings = learner_of(network)
    origin = Origin(learner, Feed(tiny.data(), settings, CPU), settings, CPU, drawn(network))
    problem = origin.find(0, 0.01)
    assert (problem.code, problem.path) == ("loss-not-finite", "")
    assert "Lower the learning rate" in problem.message


def test_a_drawn_network_that_blows_up_tells_its_node():
    sketch = Sketch()
    wire = sketch.input(SHAPE)
    for number in range(3):
        wire = sketch.add(f"conv{number}", "conv", wire, out_channels=4, padding=1)
    wire = sketch.add("flatten", "flatten", wire)
    sketch.output(sketch.add("fc", "linear", wire, out_features=10))
    document = Document("wild", sketch.graph, data={"source": "digits"})
    settings = Settings(
        epochs=3,
        batch=64,
        optimizer="sgd",
        learning_rate=100.0,
        schedule="constant",
        device="cpu",
        calibration="never",
    )
    events = list(train(document, settings, load_data("digits", SHAPE)))
    problem = next(event.problem for event in of(events, Trouble) if event.problem.is_error)
    assert problem.code == "loss-not-finite"
    assert problem.path in {"conv0", "conv1", "conv2", "fc"}
    assert document.network.node(problem.address.node).name == problem.path
    assert "Lower the learning rate, to 10 " in problem.message
    assert events[-1].reason == "failed"
    assert all(math.isfinite(loss) for event in of(events, Steps) for loss in event.loss)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_leaving_the_judgement_to_the_device_changes_no_step(tiny, optimizer):
    batch = Batch(*tiny.data().batch(torch.arange(16), CPU))
    found = []
    for late in (False, True):
        network = ByHand(lambda x: x)
        learner, _ = learner_of(network, optimizer=optimizer)
        learner._soundness = Soundness(network, learner.optimizer, CPU, late=late)
        losses = [float(learner.learn(batch, step, 0.01)[0]) for step in range(5)]
        found.append((losses, [value.tolist() for value in state_of(learner).values()]))
    assert found[0] == found[1]
