"""Random networks: what the analysis says, and what the generated module does, is what PyTorch does."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from itertools import pairwise
from math import ceil
from pathlib import Path

import pytest
import torch
from hypothesis import assume, given, note
from hypothesis import strategies as st

from builder.analysis import analyze
from builder.document import Document
from builder.reading import read_document
from builder.writing import write_document
from runtime.codegen import Source, generate
from runtime.compile import Tapped, build, instantiate
from tests.network_strategies import documents
from tests.oracles.cases import examples
from tests.oracles.documents import Interpreted
from tests.oracles.measures import activation_bytes, buffer_count, multiply_adds, parameter_count
from tests.oracles.support import impulse_support

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")


@given(documents())
@examples(0.6)
def test_the_analysis_says_what_a_plain_reading_does(document: Document) -> None:
    note(write_document(document))
    analysis = analyze(document)
    plain = Interpreted(document)
    assert analysis.ok, analysis.problems
    leaves = {leaf.path: leaf for leaf in analysis.leaves() if leaf.node.block not in ("input", "output")}
    assert {path: leaf.output_shape for path, leaf in leaves.items()} == plain.shapes()
    totals = analysis.totals
    assert totals.parameters == parameter_count(plain) == sum(leaf.parameters for leaf in leaves.values())
    assert totals.buffers == buffer_count(plain) == sum(leaf.buffers for leaf in leaves.values())
    for path, leaf in leaves.items():
        assert leaf.parameters == parameter_count(plain.get_submodule(path)), path
    outputs = plain(*(torch.zeros(2, *shape) for shape in plain.input_shapes))
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    assert analysis.output_shapes == [tuple(output.shape[1:]) for output in outputs]
    assert totals.macs == multiply_adds(plain.eval(), plain.input_shapes)
    assert totals.macs == sum(leaf.macs for leaf in leaves.values())


@given(documents())
@examples(0.5)
def test_activation_memory_is_what_autograd_keeps(document: Document) -> None:
    note(write_document(document))
    analysis = {batch: analyze(document, batch=batch) for batch in (2, 3)}
    module = build(document)
    shapes = [shape for shape in analysis[2].input_shapes if shape is not None]
    for batch, found in analysis.items():
        assert found.totals.activation_bytes == activation_bytes(module, shapes, batch)


@given(documents())
@examples(0.6)
def test_the_generated_module_computes_what_a_plain_reading_does(document: Document) -> None:
    note(write_document(document))
    plain, module = Interpreted(document).eval(), build(document).eval()
    weights = module.state_dict()
    assert {key: value.shape for key, value in weights.items()} == {
        key: value.shape for key, value in plain.state_dict().items()
    }
    plain.load_state_dict(weights)
    x = torch.randn(2, *plain.input_shapes[0])
    tapped = Tapped(document, module).run(x)
    with torch.no_grad():
        ours, theirs, everything = module(x), plain(x), plain.everything(x)
    assert _equal(ours, theirs)
    for path, value in everything.items():
        assert torch.equal(tapped[path], value), path
    for leaf in analyze(document).leaves():
        if leaf.node.block != "output":
            assert tuple(tapped[leaf.path].shape[1:]) == leaf.output_shape, leaf.path


def _equal(ours: object, theirs: object) -> bool:
    if isinstance(theirs, tuple):
        return isinstance(ours, tuple) and all(map(_equal, ours, theirs))
    assert isinstance(ours, torch.Tensor)
    assert isinstance(theirs, torch.Tensor)
    return torch.equal(ours, theirs)


@given(documents(), st.randoms(use_true_random=False))
@examples(0.6)
def test_fields_are_the_structural_support(document: Document, random: object) -> None:
    note(write_document(document))
    analysis = analyze(document)
    (shape,) = (found for found in analysis.input_shapes if found is not None)
    seen = impulse_support(Interpreted(document).double().eval().everything, shape)
    for leaf in analysis.leaves():
        if leaf.path not in seen:
            continue
        support = seen[leaf.path]
        for position in _positions(support.positions, random):
            field = analysis.field(leaf.path, position)
            assert field == support.field(position), (leaf.path, position)


def _positions(sizes: tuple[int, ...], random: object) -> list[tuple[int, ...]]:
    """Corners, and a few anywhere."""
    corners = [tuple(0 for _ in sizes), tuple(size - 1 for size in sizes)]
    anywhere = [tuple(random.randrange(size) for size in sizes) for _ in range(4)]  # type: ignore[attr-defined]
    return list(dict.fromkeys(corners + anywhere))


@given(documents(axes=1, largest=240))
@examples(0.4)
def test_size_jump_and_start_are_those_of_positions_far_from_the_border(document: Document) -> None:
    # What cuts a map makes a border in the middle of the picture.
    assume(not any(node.block in ("crop", "crop_like", "slice") for g in document.graphs() for node in g))
    note(write_document(document))
    analysis = analyze(document)
    (shape,) = (found for found in analysis.input_shapes if found is not None)
    seen = impulse_support(Interpreted(document).double().eval().everything, shape)
    for leaf in analysis.leaves():
        report = leaf.receptive_field
        if (
            leaf.path not in seen
            or report is None
            or report.size is None
            or len(leaf.output_shape or ()) != 2
        ):
            continue
        assert report.start is not None
        assert report.jump is not None
        fields = [
            (analysis.field(leaf.path, (index,), clipped=False) or ((0, 0),))[0]
            for index in range(seen[leaf.path].positions[0])
        ]
        uniform = isinstance(report.jump[0], int) and _uniform(fields)
        # Strides leave less than a jump unread at the end; there the padding of a later layer begins.
        margin = max(shape[1] // 4, 2 * ceil(report.jump[0]))
        for index, (first, last) in enumerate(fields):
            if margin <= first <= last < shape[1] - margin:
                found = seen[leaf.path].field((index,))
                if report.is_global:  # a gate beside it sees more, which is cut from the local field
                    assert found is not None
                    assert found[0][0] <= first <= last <= found[0][1], (leaf.path, index)
                else:
                    assert found == ((first, last),), (leaf.path, index)
                if uniform:
                    assert first == report.start[0] + index * report.jump[0], leaf.path
                    assert last == first + report.size[0] - 1, leaf.path


def _uniform(fields: list[tuple[int, int]]) -> bool:
    """Whether every position sees equally much, so that size, jump and start say it all."""
    sizes = {last - first for first, last in fields}
    steps = {after[0] - before[0] for before, after in pairwise(fields)}
    return len(sizes) == 1 and len(steps) <= 1


def test_the_source_is_clean_and_always_the_same(tmp_path: Path) -> None:
    @given(documents())
    @examples(0.5)
    def collect(document: Document) -> None:
        source = generate(document)
        assert isinstance(source, Source)
        again = read_document(write_document(document))
        assert isinstance(again, Document)
        for other in (document, document.copy(), again):
            repeated = generate(other)
            assert isinstance(repeated, Source)
            assert repeated.text == source.text
        number = len(list(tmp_path.iterdir()))
        (tmp_path / f"network{number}.py").write_text(source.text, "utf-8")

    collect()
    rules = ["--isolated", "--select", "E,F,W,I", "--line-length", "110"]
    result = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", *rules, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-5000:]


def test_the_source_as_a_file_does_what_the_module_in_memory_does(tmp_path: Path) -> None:
    @given(documents())
    @examples(0.5)
    def check(document: Document) -> None:
        note(write_document(document))
        source = generate(document)
        assert isinstance(source, Source)
        module = instantiate(source).eval()
        path = tmp_path / f"network{len(list(tmp_path.iterdir()))}.py"
        path.write_text(source.text, "utf-8")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        imported = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(imported)
        other = getattr(imported, source.class_name)().eval()
        other.load_state_dict(module.state_dict())
        analysis = analyze(document)
        x = [torch.randn(2, *shape) for shape in analysis.input_shapes if shape is not None]
        with torch.no_grad():
            assert _equal(other(*x), module(*x))

    check()


@given(documents())
@examples(0.3)
def test_source_lines_point_at_every_block_that_is_made(document: Document) -> None:
    note(write_document(document))
    source = generate(document)
    assert isinstance(source, Source)
    lines = source.text.splitlines()
    for address, line in source.lines.items():
        name = document.graph(address.graph).node(address.node).name
        # Of a name that counts the beginning alone is written, perhaps on the line behind.
        beginning, counts, _ = name.partition("{")
        shown = "\n".join(lines[line - 1 : line + (1 if counts else 0)])
        assert beginning in shown or name.isdigit(), (name, shown)
