"""Settings: declared once, read with suspicion."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.blocks.parameters import Choice, Flag, Integer, Real
from builder.errors import ConvolabError, Problem
from runtime.training.settings import DECLARATIONS, GROUPS, Settings, read_assignment, relevant
from runtime.training.settings.bynode import ByNode, nearest

PATHS = st.lists(st.sampled_from(["conv1", "layer1", "layer1.0", "layer1.0.conv1", "7"]), unique=True)


def values_of(declaration):
    if isinstance(declaration, Integer):
        return st.integers(declaration.minimum, declaration.maximum)
    if isinstance(declaration, Real):
        return st.floats(declaration.minimum, declaration.maximum)
    if isinstance(declaration, Flag):
        return st.booleans()
    if isinstance(declaration, ByNode):
        entry = values_of(declaration.entry)
        return PATHS.flatmap(lambda paths: st.tuples(*[entry.map(f"{p}={{}}".format) for p in paths])).map(
            ", ".join
        )
    assert isinstance(declaration, Choice)
    return st.sampled_from(declaration.options)


any_settings = st.fixed_dictionaries({}, optional={name: values_of(d) for name, d in DECLARATIONS.items()})


@given(any_settings)
def test_settings_come_back_from_json(values):
    settings = Settings(**values)
    assert Settings.read(json.loads(json.dumps(settings.to_json(), allow_nan=False))) == settings
    assert all(getattr(settings, name) == value for name, value in values.items())


@given(any_settings)
def test_what_a_command_line_writes_is_what_is_read(values):
    for name, value in values.items():
        assert read_assignment(f"{name}={value}") == (name, value)


def test_every_setting_can_be_made_into_a_form():
    for name, declaration in Settings.declarations().items():
        assert declaration.name == name
        assert declaration.label
        assert declaration.help
        assert declaration.check(declaration.default) is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"epochs": 0}, "Epochs needs at least 1, not 0"),
        ({"epochs": 2.5}, "whole number"),
        ({"epochs": True}, "whole number"),
        ({"learning_rate": math.nan}, "needs a number"),
        ({"learning_rate": "0.1"}, "needs a number"),
        ({"learning_rate": -1}, "at least"),
        ({"momentum": 1}, "at most 0.9999"),
        ({"optimizer": "lamb"}, "needs one of sgd, adam, adamw, rmsprop, not 'lamb'"),
        ({"precision": "fp8"}, "needs one of auto, fp32, bf16, not 'fp8'"),
        ({"batch": 2**40}, "at most"),
        ({"nesterov": "maybe"}, "needs true or false"),
        ({"initialization_by_node": "conv1"}, "needs entries such as conv1=orthogonal, not 'conv1'"),
        ({"initialization_by_node": "conv1=best"}, "for 'conv1' needs one of default, kaiming_normal"),
        ({"initialization_by_node": "a=lsuv, a=default"}, "'a' is there twice"),
        ({"rate_by_node": "conv1=fast"}, "for 'conv1' needs a number"),
        ({"rate_by_node": "conv1=-1"}, "for 'conv1' needs at least 0"),
        ({"rate_by_node": 3}, "needs a text"),
        ({"optimiser": "sgd"}, "'optimiser'"),
        ({"values": {}}, "'values'"),
        ({3: 4}, "'3'"),
        ([], "object"),
        (None, "object"),
    ],
)
def test_wrong_settings_are_told(data, said):
    problems = Settings.read(data)
    assert isinstance(problems, list)
    assert any(said in problem.message for problem in problems)
    if isinstance(data, dict) and all(isinstance(name, str) for name in data):
        with pytest.raises(ConvolabError, match=r".+"):
            Settings(**data)


@pytest.mark.parametrize(
    "text",
    ["nesterov=perhaps", "epochs", "epochs=", "epochs=many", "learning_rate=nan", "lr=1", "=", "batch=1.5"],
)
def test_wrong_assignments_are_told(text):
    assert isinstance(read_assignment(text), Problem)


def test_settings_cannot_be_changed_only_replaced():
    settings = Settings()
    with pytest.raises(AttributeError):
        settings.batch = 3
    with pytest.raises(TypeError):
        settings.values["batch"] = 3
    assert settings.replace(batch=3).batch == 3
    assert settings.batch == Settings().batch
    assert len({settings, Settings(), settings.replace(batch=3)}) == 2


def test_every_setting_stands_in_one_group():
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(DECLARATIONS)


@given(any_settings)
def test_a_setting_without_a_say_is_told_by_the_others(values):
    shown = relevant(values)
    optimizer = values.get("optimizer", "adam")
    assert ("momentum" in shown) == (optimizer in ("sgd", "rmsprop"))
    assert ("beta1" in shown) == (optimizer in ("adam", "adamw"))
    assert ("step_size" in shown) == (values.get("schedule") == "step")
    assert {"optimizer", "learning_rate", "batch", "schedule"} <= shown


def test_an_entry_stands_for_all_that_is_in_it_and_the_longest_wins():
    declaration = DECLARATIONS["rate_by_node"]
    entries = declaration.entries("layer1=0.1, layer1.0.conv1=2 conv1=0")
    assert entries == {"layer1": 0.1, "layer1.0.conv1": 2.0, "conv1": 0.0}
    found = [
        nearest(path, entries, 1.0) for path in ("layer1.0.conv1.weight", "layer1.0.bn1", "layer10", "conv1")
    ]
    assert found == [2.0, 0.1, 1.0, 0.0]
