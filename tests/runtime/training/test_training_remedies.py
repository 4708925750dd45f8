"""The settings that mend what a run tells."""

from __future__ import annotations

import pytest

from builder.errors import Problem
from runtime.training.remedies import CLIP, FP32, HALVE_BATCH, LOWER_RATE, change_for, words_for
from runtime.training.settings import Settings
from runtime.training.trouble import explain


@pytest.mark.parametrize(
    ("fix", "change", "words"),
    [
        (LOWER_RATE, {"learning_rate": 0.0002}, "Set learning rate to 0.0002"),
        (CLIP, {"clip_norm": 1.0}, "Set clip gradient to 1"),
        (FP32, {"precision": "fp32"}, "Set precision to fp32"),
        (HALVE_BATCH, {"batch": 64}, "Set batch to 64"),
    ],
)
def test_a_problem_names_the_setting_that_mends_it(fix, change, words):
    found = change_for(Problem("a", "Rule", fixes=(fix,)), Settings(learning_rate=0.002, batch=128))
    assert found == change
    assert words_for(found) == words


@pytest.mark.parametrize(
    ("fix", "settings"),
    [
        ("bypass", {}),
        (CLIP, {"clip_norm": 1.0}),
        (HALVE_BATCH, {"batch": 1}),
        (LOWER_RATE, {"learning_rate": 1e-8}),
    ],
)
def test_what_no_setting_mends_is_offered_none(fix, settings):
    assert change_for(Problem("a", "Rule", fixes=(fix,)), Settings(**settings)) == {}


def test_memory_that_ran_out_for_good_proposes_half_the_batch():
    assert change_for(explain(MemoryError()), Settings(batch=96)) == {"batch": 48}
