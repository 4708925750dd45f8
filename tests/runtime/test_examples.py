"""The examples of the start page can be trained as they come."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from builder.analysis import analyze
from builder.errors import Problem
from builder.examples import EXAMPLES, Example
from builder.reading import load
from builder.writing import save
from runtime.compile import build
from runtime.data import Data, load_data
from runtime.data.known import BY_NAME
from runtime.data.raw import Raw
from runtime.training.events import Finished, Trouble
from runtime.training.loop import mask_size, train
from runtime.training.settings import Settings

each = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
#: Those whose data is no download.
at_hand = [example for example in EXAMPLES if not BY_NAME[str(example.data["source"])].remotes]


@pytest.mark.parametrize("example", at_hand, ids=lambda example: example.name)
def test_it_needs_nothing_but_the_program(example: Example) -> None:
    document = example.build()
    analysis = analyze(document)
    assert not [problem for problem in analysis.problems if problem.is_error]
    assert isinstance(Settings.read(document.training), Settings)
    shape = tuple(analysis.output_shapes[0])
    data = load_data(
        str(document.data["source"]), tuple(analysis.input_shapes[0]), mask_size=mask_size(document)
    )
    assert not isinstance(data, Problem)
    assert len(data.classes) == shape[0]
    x, y = data.batch(list(range(4)))
    assert tuple(y.shape[1:]) == shape[1:]
    loss = torch.nn.functional.cross_entropy(build(document)(x), y)
    assert math.isfinite(loss.item())


@each
def test_it_is_a_document_like_any_other(example: Example, tmp_path: Path) -> None:
    document, path = example.build(), tmp_path / "example.convolab"
    assert save(document, path) is None
    read = load(path)
    assert not isinstance(read, list)
    assert (read.name, dict(read.data), dict(read.training)) == (
        example.name, dict(example.data), dict(example.training),
    )  # fmt: skip
    assert example.build().network is not document.network


def test_examples_are_called_differently() -> None:
    assert len({example.name for example in EXAMPLES}) == len(EXAMPLES)
    assert len(at_hand) >= 5


def test_the_paper_s_network_on_cifar10_takes_its_pictures() -> None:
    """Pictures of CIFAR-10's size and classes are learnt from with the settings as they are."""
    (example,) = (example for example in EXAMPLES if example.data["source"] == "cifar10")
    chance = np.random.default_rng(0)
    images = chance.integers(0, 256, (300, 3, 32, 32), dtype=np.uint8)
    labels = np.arange(300, dtype=np.int64) % 10
    classes = tuple(map(str, range(10)))
    data = Data.from_raw(Raw("made", "Made", "", images, labels, classes), (3, 32, 32))
    assert isinstance(data, Data)
    settings = Settings.read(example.build().training)
    assert isinstance(settings, Settings)
    assert (settings.batch, settings.epochs, settings.flip) == (128, 164, "horizontal")
    short = settings.replace(epochs=1, calibration="never")
    events = list(train(example.build(), short, data))
    assert [event.problem for event in events if isinstance(event, Trouble)] == []
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "completed"


def test_examples_show_what_there_is_to_learn() -> None:
    """Pictures, masks and series each have one."""
    shapes = {str(example.data["source"]): example.build() for example in at_hand}
    assert set(shapes) == {"digits", "shapes", "waves"}
    answers = {source: analyze(document).output_shapes[0] for source, document in shapes.items()}
    assert {source: len(answer) for source, answer in answers.items()} == {
        "digits": 1,
        "shapes": 3,
        "waves": 1,
    }
