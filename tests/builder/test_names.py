"""Names that would break the generated source are refused, all others are not."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.names import (
    MAX_LENGTH,
    MODULE_ATTRIBUTES,
    SOURCE_NAMES,
    check_module_name,
    check_name,
    check_parameter_name,
    identifier_from,
    natural_key,
    normalise,
)


def test_the_list_of_attributes_is_that_of_the_installed_torch() -> None:
    import torch

    there = set(dir(torch.nn.Module())) | set(dir(torch.nn.Sequential()))
    missing = {name for name in there if not name.startswith("__")} - MODULE_ATTRIBUTES
    assert not missing, f"attributes of nn.Module that names.MODULE_ATTRIBUTES lacks: {sorted(missing)}"


@pytest.mark.parametrize("name", sorted(MODULE_ATTRIBUTES | SOURCE_NAMES | set(keyword.kwlist)))
def test_what_the_source_or_torch_uses_is_refused_everywhere(name: str) -> None:
    for in_chain in (False, True):
        problem = check_name(name, in_chain=in_chain)
        assert problem is not None
        assert problem.code in {"name-reserved", "name-keyword"}
        assert name in problem.values


@pytest.mark.parametrize(
    "name",
    [
        "conv1",
        "x",
        "y",
        "input",
        "output",
        "match",
        "case",
        "größe",
        "ﬁlter",
        "_",
        "_hidden",
        "Conv2d_1a",
        "max",
        "sum",
    ],
)
def test_ordinary_identifiers_are_names(name: str) -> None:
    assert check_name(name) is None
    assert check_name(name, in_chain=True) is None


@pytest.mark.parametrize("name", ["0", "12", "block1-0", "3x3"])
def test_segments_of_keys_are_names_in_a_chain_only(name: str) -> None:
    assert check_name(name, in_chain=True) is None
    problem = check_name(name)
    assert problem is not None
    assert problem.code == "name-not-identifier"


@pytest.mark.parametrize(
    "name", ["a.b", "a b", "", "a\n", "a'b", 'a"', "a\\b", "a/b", "__init__", "__x", "a\0", "[0]"]
)
def test_what_is_no_segment_is_refused_everywhere(name: str) -> None:
    assert check_name(name) is not None
    assert check_name(name, in_chain=True) is not None


def test_names_are_judged_in_their_normal_form() -> None:
    assert normalise("ﬁ") == "fi"
    problem = check_name("\N{FULLWIDTH LATIN SMALL LETTER F}orward")
    assert problem is not None
    assert problem.code == "name-reserved"


def test_a_name_that_is_too_long() -> None:
    assert check_name("x" * MAX_LENGTH) is None
    problem = check_name("x" * (MAX_LENGTH + 1))
    assert problem is not None
    assert problem.code == "name-too-long"


@given(st.text(max_size=30))
def test_a_name_that_is_accepted_works_in_source(name: str) -> None:
    if check_name(name) is None:
        name = normalise(name)  # the form in which it is kept: A² is A2
        scope: dict[str, object] = {}
        exec(f"class Module:\n    def __init__(self):\n        self.{name} = {name} = 3\n", scope)
        made = scope["Module"]()  # type: ignore[operator]
        assert getattr(made, name) == 3


@given(st.text(max_size=30))
def test_a_segment_that_is_accepted_works_in_a_sequential(name: str) -> None:
    import torch

    if check_name(name, in_chain=True) is None:
        chain = torch.nn.Sequential()
        chain.add_module(normalise(name), torch.nn.Linear(1, 1, bias=False))
        assert list(chain.state_dict()) == [f"{normalise(name)}.weight"]


@given(st.text(max_size=120))
def test_a_name_can_be_made_of_any_wish(wish: str) -> None:
    assert check_name(identifier_from(wish)) is None


def test_names_made_of_wishes_look_like_them() -> None:
    assert identifier_from("Conv 3×3") == "conv_3x3"
    assert identifier_from("train") == "train_1"
    assert identifier_from("3 things") == "node_3_things"
    assert identifier_from("𐫫") == "node"  # a number that Python takes for no part of a name
    assert identifier_from("conv 𐫫 1") == "conv_1"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Block", None),
        ("ResNet50", None),
        ("Ärger", None),
        ("block", "name-not-capitalised"),
        ("_Block", "name-not-capitalised"),
        ("F", "name-reserved"),
        ("Tensor", "name-reserved"),
        ("OrderedDict", "name-reserved"),
        ("None", "name-keyword"),
        ("A-B", "name-not-identifier"),
        ("", "name-empty"),
    ],
)
def test_module_names_are_class_names(name: str, code: str | None) -> None:
    problem = check_module_name(name)
    assert (problem.code if problem else None) == code


def test_the_proposal_for_a_module_name_is_one() -> None:
    problem = check_module_name("basic_block")
    assert problem is not None
    assert "'BasicBlock'" in problem.way_out
    assert check_module_name("BasicBlock") is None


@pytest.mark.parametrize(
    ("name", "good"),
    [("width", True), ("train", True), ("min", False), ("in_channels", False), ("self", False), ("0", False)],
)
def test_parameter_names_are_arguments(name: str, good: bool) -> None:
    assert (check_parameter_name(name) is None) is good


def test_ids_are_sorted_as_people_count() -> None:
    ids = ["n10", "n2", "n1", "a", "n02", "n2b", "n", "n" + "9" * 5000]
    assert sorted(ids, key=natural_key) == ["a", "n", "n1", "n02", "n2", "n2b", "n10", "n" + "9" * 5000]


@given(st.lists(st.text("an0129é", max_size=5)))
def test_natural_order_is_an_order(ids: list[str]) -> None:
    backwards = ids[::-1]
    assert sorted(ids, key=natural_key) == sorted(backwards, key=natural_key)
