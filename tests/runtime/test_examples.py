"""The examples of the start page can be trained as they come."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from builder.analysis import analyze
from builder.errors import Problem
from builder.examples import EXAMPLES, Example
from builder.reading import load
from builder.writing import save
from runtime.compile import build
from runtime.data import load_data
from runtime.training.loop import mask_size
from runtime.training.settings import Settings

each = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)


@each
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
    assert len({example.name for example in EXAMPLES}) == len(EXAMPLES) >= 3


def test_examples_show_what_there_is_to_learn() -> None:
    """Pictures, masks and series each have one."""
    shapes = {str(example.data["source"]): example.build() for example in EXAMPLES}
    assert set(shapes) == {"digits", "shapes", "waves"}
    answers = {source: analyze(document).output_shapes[0] for source, document in shapes.items()}
    assert {source: len(answer) for source, answer in answers.items()} == {
        "digits": 1,
        "shapes": 3,
        "waves": 1,
    }
