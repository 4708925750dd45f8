"""Every architecture is the published network: keys, shapes, work, outputs; it trains, and survives a round trip."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from builder.analysis import Analysis, analyze
from builder.architectures import ARCHITECTURES, Architecture
from builder.document import Document
from builder.reading import load
from builder.writing import save, write_document
from runtime.codegen import Source, generate
from runtime.compile import instantiate
from tests.oracles.documents import Interpreted
from tests.oracles.measures import multiply_adds
from tests.oracles.published import published
from tests.oracles.weights import scatter, with_room

PUBLISHED = sorted(
    n for n, entry in ARCHITECTURES.items() if entry.origin.startswith(("torchvision: ", "timm: "))
)
#: The published ones first: all tests of a network stand together, and what they share is made once.
EVERY = [*PUBLISHED, *sorted(set(ARCHITECTURES) - set(PUBLISHED))]
#: Sides of the pictures on which outputs are compared, where the usual one is too large for a short test.
SMALL = 64
LARGER = {"alexnet": 96, "inception_v3": 107, "inception_v4": 107, "inception_resnet_v2": 107, "xception": 96}

#: From so many weights on a step takes more memory than a test should.
LARGE = 50_000_000


def small_input(entry: Architecture) -> tuple[int, ...]:
    """A sample on which the network works and is quick."""
    shape = entry.default_input
    side = LARGER.get(entry.name, SMALL)
    return shape if len(shape) < 3 or max(shape) <= side else (shape[0], side, side)


def small(entry: Architecture, classes: int = 10, **options: Any) -> Document:
    """The network for a small picture and few classes."""
    return entry.build(input_shape=small_input(entry), classes=classes, **options)


def errors(analysis: Analysis) -> list[str]:
    return [problem.message for problem in analysis.problems if problem.is_error]


class Subject:
    """A network, and what its tests share."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.entry = ARCHITECTURES[name]
        self.sample = small_input(self.entry)

    @cached_property
    def document(self) -> Document:
        return self.entry.build()

    @cached_property
    def analysis(self) -> Analysis:
        return analyze(self.document)

    @cached_property
    def source(self) -> Source:
        return source_of(self.document, self.analysis)

    @cached_property
    def small(self) -> Document:
        """For a small picture and few classes."""
        return small(self.entry)

    @cached_property
    def small_source(self) -> Source:
        return source_of(self.small)

    @property
    def trained(self) -> Source:
        """The small one, and a narrow one of those that have most weights in a few wide layers."""
        if self.analysis.totals.parameters < LARGE or "width" not in self.entry.options:
            return self.small_source
        return source_of(small(self.entry, width=self.entry.options["width"] / 4))

    @cached_property
    def theirs(self) -> nn.Module:
        """The published network, without memory for its weights."""
        with torch.device("meta"):
            return published(self.entry.origin)


def source_of(document: Document, analysis: Analysis | None = None) -> Source:
    source = generate(document, analysis=analysis)
    assert isinstance(source, Source)
    return source


@pytest.fixture(scope="module")
def subject(request: pytest.FixtureRequest) -> Subject:
    return Subject(request.param)


every_network = pytest.mark.parametrize("subject", EVERY, indirect=True)
published_networks = pytest.mark.parametrize("subject", PUBLISHED, indirect=True)


@every_network
def test_it_says_what_it_is(subject: Subject) -> None:
    entry, analysis = subject.entry, subject.analysis
    assert errors(analysis) == []
    assert subject.document.name == subject.name
    assert analysis.input_shapes == [entry.default_input]
    assert entry.build.__doc__
    assert "." in entry.build.__doc__
    assert str(entry.year - 2)[:3] in entry.paper or str(entry.year)[:3] in entry.paper
    assert 30 < len(entry.about) < 260
    assert entry.about.endswith(".")
    told = entry.describe()
    assert told["parameters"] == analysis.totals.parameters > 0
    assert told["flops"] == 2 * analysis.totals.macs


@published_networks
def test_keys_shapes_and_work_are_the_published_ones(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis, theirs = subject.analysis, subject.theirs
    with torch.device("meta"):
        ours = instantiate(subject.source)
    assert {key: value.shape for key, value in ours.state_dict().items()} == {
        key: value.shape for key, value in theirs.state_dict().items()
    }
    # On the meta device PyTorch norms in Python, at great length; it is no work that counts, and keeps the shape.
    monkeypatch.setattr(F, "batch_norm", lambda x, *args, **kwargs: x)
    with noted_shapes(theirs) as wanted:
        macs = multiply_adds(theirs, [subject.entry.default_input])
    found = {leaf.path: leaf.output_shapes["y"] for leaf in analysis.leaves() if leaf.parameters}
    assert found == wanted
    assert analysis.totals.macs == macs


@contextmanager
def noted_shapes(network: nn.Module) -> Iterator[dict[str, tuple[int, ...]]]:
    """Output shape, per sample, of every leaf that has parameters of its own, by path, once the network has run.

    A lone parameter beside other layers, which scales what its module gives, is a leaf itself.
    """
    found: dict[str, tuple[int, ...]] = {}
    handles = []

    def note(paths: list[str]) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            found.update(dict.fromkeys(paths, tuple(output.shape[1:])))

        return hook

    for path, module in network.named_modules():
        own = [f"{path}.{name}" for name, _ in module.named_parameters(recurse=False)]
        if own:
            beside = any(list(child.parameters()) for child in module.children())
            handles.append(module.register_forward_hook(note(own if beside else [path])))
    yield found
    for handle in handles:
        handle.remove()


@published_networks
def test_outputs_are_those_of_the_published_network_with_its_weights(subject: Subject) -> None:
    document = subject.entry.build(input_shape=subject.sample)
    analysis = analyze(document)
    assert errors(analysis) == []
    theirs = with_room(lambda: deepcopy(subject.theirs))
    scatter(theirs)
    source = source_of(document, analysis)
    ours = with_room(lambda: instantiate(source)).eval()
    ours.load_state_dict(theirs.state_dict(), strict=True, assign=True)
    torch.manual_seed(6)
    x = torch.randn(2, *subject.sample)
    with torch.no_grad():
        mine, wanted = ours(x), theirs(x)
    assert torch.isfinite(wanted).all()
    assert wanted.std() > 0
    torch.testing.assert_close(mine, wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))


@every_network
def test_the_source_is_what_a_plain_reading_of_the_drawing_computes(subject: Subject) -> None:
    ours = with_room(lambda: instantiate(subject.small_source)).eval()
    plain = with_room(lambda: Interpreted(subject.small)).eval()
    assert [(key, value.shape) for key, value in ours.state_dict().items()] == [
        (key, value.shape) for key, value in plain.state_dict().items()
    ]
    scatter(plain)
    ours.load_state_dict(plain.state_dict(), assign=True)
    x = torch.randn(1, *subject.sample)
    with torch.no_grad():
        assert torch.equal(ours(x), plain(x))


@every_network
def test_it_trains_a_step(subject: Subject) -> None:
    torch.manual_seed(7)
    network = instantiate(subject.trained).train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    before = [parameter.detach().clone() for parameter in network.parameters()]
    outputs = network(torch.randn(2, *subject.sample))
    assert outputs.shape[:2] == (2, 10)
    loss = F.cross_entropy(outputs, torch.randint(10, (2, *outputs.shape[2:])))
    loss.backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    optimizer.step()
    moved = [not torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True)]
    assert torch.isfinite(loss)
    assert sum(moved) > len(moved) / 2


@every_network
def test_round_trip_through_a_file_and_through_source(subject: Subject, tmp_path: Path) -> None:
    path = tmp_path / f"{subject.name}.convolab"
    assert save(subject.document, path) is None
    again = load(path)
    assert isinstance(again, Document)
    assert write_document(again) == write_document(subject.document)
    source = source_of(again)
    assert source.text == subject.source.text
    file = tmp_path / f"{subject.name}.py"
    file.write_text(source.text, "utf-8")
    with torch.device("meta"):
        imported, built = imported_network(file, source.class_name), instantiate(subject.source)
    assert [(k, v.shape) for k, v in imported.state_dict().items()] == [
        (k, v.shape) for k, v in built.state_dict().items()
    ]


def imported_network(file: Path, class_name: str) -> nn.Module:
    """The network of a source file, as somebody else's program gets it."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network: nn.Module = getattr(module, class_name)()
    return network


@every_network
def test_other_classes_and_sizes(subject: Subject) -> None:
    entry = subject.entry
    analysis = analyze(small(entry, classes=7))
    assert errors(analysis) == []
    assert analysis.output_shapes[0][0] == 7
    if len(entry.default_input) == 3:
        gray = entry.build(input_shape=(1, *entry.default_input[1:]))
        assert errors(analyze(gray)) == []


@every_network
def test_the_drawing_has_no_two_blocks_in_one_place(subject: Subject) -> None:
    for graph in subject.document.graphs():
        placed = [node.position for node in graph]
        for i, (x, y) in enumerate(placed):
            for other_x, other_y in placed[i + 1 :]:
                assert abs(x - other_x) >= 150 or abs(y - other_y) >= 60, (graph.key, x, y)


@pytest.mark.parametrize("subject", ["resnet50", "mobilenet_v2"], indirect=True)
def test_short_source(subject: Subject) -> None:
    text = subject.source.text
    assert len(text.splitlines()) <= 120
    assert not re.search(r"\b(size|node|module)_?\d", text)
