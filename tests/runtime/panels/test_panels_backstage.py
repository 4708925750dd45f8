"""What the window computes behind itself."""

from __future__ import annotations

import numpy as np

from runtime.panels.looking.backstage import in_turn


def test_classes_come_in_turn() -> None:
    labels = [2, 2, 0, 1, 0, 2, 2]
    assert [labels[i] for i in in_turn(labels, 7)] == [0, 1, 2, 0, 2, 2, 2]
    assert sorted(in_turn(labels, 7)) == list(range(7))
    assert len(in_turn(labels, 3)) == 3
    assert len(in_turn(np.empty(0, dtype=np.int64), 3)) == 0
