"""Settings: declared once, read with suspicion."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.blocks.parameters import Choice, Integer, Real
from builder.errors import ConvolabError, Problem
from runtime.training.settings import DECLARATIONS, Settings, read_assignment


def values_of(declaration):
    if isinstance(declaration, Integer):
        return st.integers(declaration.minimum, declaration.maximum)
    if isinstance(declaration, Real):
        return st.floats(declaration.minimum, declaration.maximum)
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
        ({"optimizer": "rmsprop"}, "needs one of sgd, adam, adamw, not 'rmsprop'"),
        ({"precision": "bf16"}, "needs one of fp32"),
        ({"batch": 2**40}, "at most"),
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
    "text", ["epochs", "epochs=", "epochs=many", "learning_rate=nan", "lr=1", "=", "batch=1.5"]
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
