"""The sums of each module are those of the module of that path in the generated network."""

from __future__ import annotations

import pytest
from hypothesis import given, note

from builder.analysis import Analysis, analyze
from builder.analysis.memory import Budget
from builder.analysis.modules import module_sums
from builder.architectures import ARCHITECTURES
from builder.document import Document
from builder.writing import write_document
from runtime.compile import build
from tests.network_strategies import documents
from tests.oracles.cases import examples
from tests.oracles.measures import buffer_count, parameter_count


def _check(document: Document) -> int:
    analysis = analyze(document)
    budget = Budget(analysis)
    module, sums = build(document), module_sums(analysis, budget.nodes())
    for total in sums:
        if total.parameters or total.buffers:
            made = module.get_submodule(total.path)
            assert total.parameters == parameter_count(made), total.path
            assert total.buffers == buffer_count(made), total.path
    _check_whole(analysis, budget)
    return len(sums)


def _check_whole(analysis: Analysis, budget: Budget) -> None:
    """What lies in no module, and the outermost modules, are the network."""
    nodes, whole = budget.nodes(), budget.total()
    alone = [leaf for leaf in analysis.leaves() if "." not in leaf.path]
    outer = [total for total in module_sums(analysis, nodes) if "." not in total.path]
    totals = analysis.totals
    assert sum(p.parameters for p in (*alone, *outer)) == totals.parameters
    assert sum(p.buffers for p in (*alone, *outer)) == totals.buffers
    assert sum(p.macs for p in (*alone, *outer)) == totals.macs
    kept = sum(nodes[leaf.path].activations for leaf in alone) + sum(t.memory.activations for t in outer)
    assert kept == whole.activations
    peaks = [budget.start, *(nodes[leaf.path].alive for leaf in alone), *(t.memory.alive for t in outer)]
    assert max(peaks) == whole.peak


@given(documents())
@examples(0.3)
def test_modules_of_random_networks(document: Document) -> None:
    note(write_document(document))
    _check(document)


@pytest.mark.parametrize(("name", "modules"), [("lenet5", 0), ("vgg16", 2), ("resnet18", 15)])
def test_modules_of_architectures(name: str, modules: int) -> None:
    assert _check(ARCHITECTURES[name].build(input_shape=(3, 64, 64))) == modules
