"""Events round trip through JSON, and nothing else passes for one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import Problem, Severity
from runtime.training.events import (
    Changed,
    Checkpoint,
    Epoch,
    Finished,
    Gradients,
    Started,
    State,
    Steps,
    Trouble,
    from_json,
    to_json,
)

numbers = st.floats(allow_nan=False, allow_infinity=False)
maybe = st.none() | numbers
columns = st.lists(numbers, max_size=4).map(tuple)
counts = st.integers(0, 2**40)
metrics = st.dictionaries(st.text(), numbers, max_size=3)
durable = st.one_of(
    st.builds(
        Started,
        st.text(),
        st.text(),
        counts,
        counts,
        counts,
        counts,
        st.lists(st.text()).map(tuple),
        counts,
        st.text(),
        st.text(),
    ),
    st.builds(Steps, counts, columns, columns, columns, numbers),
    st.builds(Epoch, counts, counts, numbers, numbers, numbers, numbers, numbers, st.booleans(), metrics),
    st.builds(
        Gradients,
        counts,
        st.lists(st.text(), max_size=4).map(tuple),
        columns,
        st.dictionaries(st.text(), numbers),
    ),
    st.builds(Checkpoint, st.text(), counts, st.text()),
    st.builds(State, st.text(), counts),
    st.builds(Changed, st.text(), numbers, counts),
    st.builds(Finished, st.text(), st.none() | counts, maybe, maybe, maybe, numbers, metrics),
)


@given(durable)
def test_every_durable_event_comes_back_from_its_json_line(event):
    assert from_json(json.loads(json.dumps(to_json(event), allow_nan=False))) == event


def test_a_problem_comes_back_with_the_same_message():
    problem = Problem("a", "Rule", "values", "Way out", severity=Severity.WARNING, path="p", fixes=("f",))
    back = from_json(json.loads(json.dumps(to_json(Trouble(problem)))))
    assert isinstance(back, Trouble)
    assert back.problem.to_json() == problem.to_json()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"event": "maps", "path": "a", "step": 1},
        {"event": "state", "state": "paused"},
        {"event": "state", "state": 3, "step": 1},
        {"event": "state", "state": "paused", "step": 1.5},
        {"event": "state", "state": "paused", "step": True},
        {"event": "state", "state": "paused", "step": 1, "more": 1},
        {
            "event": "steps",
            "first": 0,
            "loss": "abc",
            "accuracy": [],
            "learning_rate": [],
            "images_per_second": 1,
        },
        {
            "event": "steps",
            "first": 0,
            "loss": ["x"],
            "accuracy": [],
            "learning_rate": [],
            "images_per_second": 1,
        },
        {"event": "trouble", "problem": {"code": "a", "message": 1, "severity": "error", "path": ""}},
        {"event": "trouble", "problem": {"code": "a", "message": "", "severity": "loud", "path": ""}},
        {"event": "trouble", "problem": []},
        {"event": ["x"]},
        {"event": "finished", "reason": "completed", "seconds": 1, "test_metrics": [1.0]},
        {"event": "finished", "reason": "completed", "seconds": 1, "test_metrics": {"Dice": "x"}},
        {"event": "epoch", "epoch": 10**400},
        {"event": "checkpoint", "which": "best", "epoch": 1, "file": None},
        {"event": "finished", "reason": "completed", "seconds": 10**400},
        {"event": "finished", "reason": "completed", "seconds": float("inf")},
    ],
)
def test_what_is_no_event_is_refused(data):
    with pytest.raises(ValueError, match=r".+"):
        from_json(data)


def test_what_was_recorded_before_there_were_other_tasks_is_of_a_classifier():
    old = {"event": "started", "device": "cpu", "precision": "fp32", "parameters": 1, "epochs": 1}
    back = from_json({**old, "steps_per_epoch": 1, "batch": 1, "classes": ["a"]})
    assert isinstance(back, Started)
    assert (back.task, back.metric) == ("classification", "accuracy")
