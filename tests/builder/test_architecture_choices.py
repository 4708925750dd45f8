"""What an architecture can be made with, how it is cited, and under which heading it stands."""

from __future__ import annotations

import re
from typing import Literal

import pytest

from builder.analysis import analyze
from builder.architectures import ARCHITECTURES, Architecture
from builder.architectures.base import FAMILIES, by_family, figures, figures_of
from builder.blocks.parameters import Choice, Flag, Integer, Real, ShapeValue
from builder.document import Document
from builder.errors import Problem
from builder.shapes import TensorShape

EVERY = sorted(ARCHITECTURES)


def _optional(
    input_shape: TensorShape = (1, 28, 28),
    classes: int = 10,
    width: float = 1.5,
    aux: bool = False,
    blocks: int = 3,
    shortcut: Literal["projection", "identity"] = "identity",
    names: tuple[str, ...] = (),
) -> Document:
    """A network with an option of each kind."""
    if width > 2:
        raise ValueError(f"'width' is at most 2, not {width}")
    return Document(f"{input_shape} {classes} {aux} {blocks} {shortcut} {names}")


def _entry(paper: str = "") -> Architecture:
    return Architecture("optional", "Optional", "Deeper", _optional, "Chooses.", paper, 2000, (1, 28, 28), 10)


def test_options_are_declared_as_a_form_needs_them() -> None:
    kinds = {name: type(declared) for name, declared in _entry().choices.items()}
    assert kinds == {
        "input_shape": ShapeValue, "classes": Integer, "width": Real, "aux": Flag, "blocks": Integer,
        "shortcut": Choice,
    }  # fmt: skip
    shortcut = _entry().choices["shortcut"]
    assert isinstance(shortcut, Choice)
    assert shortcut.options == ("projection", "identity")
    assert shortcut.default == "identity"
    assert (shortcut.name, shortcut.label) == ("shortcut", "Shortcut")


@pytest.mark.parametrize("name", EVERY)
def test_what_it_comes_with_is_what_its_form_shows(name: str) -> None:
    entry = ARCHITECTURES[name]
    assert set(entry.choices) == {"input_shape", "classes", *entry.options}
    for declared in entry.choices.values():
        assert declared.check(declared.default) is None
    assert entry.choices["input_shape"].default == entry.default_input
    assert entry.choices["classes"].default == entry.default_classes


def test_options_that_do_not_go_together_are_told() -> None:
    made = _entry().make({"classes": 7, "aux": True})
    assert isinstance(made, Document)
    assert made.name == "(1, 28, 28) 7 True 3 identity ()"
    wrong = _entry().make({"width": 3.0})
    assert isinstance(wrong, list)
    assert isinstance(wrong[0], Problem)
    assert wrong[0].values == "'width' is at most 2, not 3.0"


@pytest.mark.parametrize(
    ("paper", "cited"),
    [
        ("K. He, X. Zhang, S. Ren and J. Sun, Deep residual learning, CVPR 2016.", "He et al., CVPR 2016"),
        ("A. Howard et al., MobileNets: efficient networks, 2017.", "Howard et al., 2017"),
        ("K. Simonyan and A. Zisserman, Very deep, ICLR 2015; S. Ioffe, X, 2015.", "Simonyan and Zisserman, ICLR 2015"),
        ("F. Chollet, Xception: a title, with a comma, CVPR 2017.", "Chollet, CVPR 2017"),
        ("A. van den Oord, S. Dieleman and H. Zen, WaveNet, 2016.", "van den Oord et al., 2016"),
        ("J.-B. Cordonnier, A. Loukas and M. Jaggi, On attention, ICLR 2020.", "Cordonnier et al., ICLR 2020"),
    ],
)  # fmt: skip
def test_a_paper_is_cited_in_short(paper: str, cited: str) -> None:
    assert _entry(paper).cited == cited


@pytest.mark.parametrize("name", EVERY)
def test_every_paper_is_cited_by_author_and_year(name: str) -> None:
    cited = ARCHITECTURES[name].cited
    assert re.fullmatch(r"[A-Za-z].*, (.* )?(19|20)\d\d", cited), cited
    assert len(cited) < 48
    assert cited.split(",")[0].split()[0] in ARCHITECTURES[name].paper


def test_every_network_stands_under_a_heading_of_the_gallery() -> None:
    grouped = by_family(ARCHITECTURES.values())
    assert list(grouped) == [family for family in FAMILIES if family in grouped]
    assert sorted(entry.name for members in grouped.values() for entry in members) == EVERY
    assert all(entry.family == family for family, members in grouped.items() for entry in members)


def test_figures_are_those_of_the_analysis() -> None:
    entry = ARCHITECTURES["lenet5"]
    assert figures(analyze(entry.build())) == figures_of(entry)
    assert figures_of(entry)["parameters"] == 61_706
