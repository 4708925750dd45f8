"""What is looked at may be drawn on meanwhile."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from builder.analysis import analyze
from builder.architectures import ARCHITECTURES
from builder.edits import ReplaceNode, apply_all
from runtime.panels.looking.seen import Seen


def test_a_node_that_was_renamed_meanwhile_has_no_field() -> None:
    document = ARCHITECTURES["lenet5"].build()
    analysis = analyze(document)
    session = SimpleNamespace(analysis=analysis)
    seen = Seen(session)  # type: ignore[arg-type]
    seen.report = analysis.leaf("conv1")
    assert seen.report is not None
    seen.values = np.zeros(seen.report.output_shape, dtype=np.float32)
    wish = SimpleNamespace(input_shape=(1, 28, 28))
    seen.picture = SimpleNamespace(pixels=np.zeros((28, 28), dtype=np.uint8), wish=wish)  # type: ignore[assignment]
    seen.cell = (3, 4)
    assert seen.field() == ((1, 5), (2, 6))
    node = next(node for node in document.network if node.name == "conv1")
    apply_all(document, [ReplaceNode(document.network.key, replace(node, name="first"))])
    session.analysis = analyze(document)
    assert seen.field() is None
    assert seen.reach() == (0, 0, 0, 0)
