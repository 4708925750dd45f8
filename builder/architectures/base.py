"""What a family of architectures is declared with."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from builder.analysis import Analysis, NodeReport, analyze
from builder.blocks.parameters import Choice, Flag, Integer, Parameter, Real, ShapeValue
from builder.document import Document
from builder.errors import ConvolabError, Problem
from builder.shapes import TensorShape

#: The headings of the gallery, in the order in which a course goes through them.
FAMILIES = (
    "First networks", "Deeper", "Inception", "Residual", "Dense", "Small and fast", "Modern", "Segmentation",
    "Sequences",
)  # fmt: skip
#: What every architecture takes; all else is its own.
_COMMON = ("input_shape", "classes")

#: More units or levels, or more times as many, would be a network that nobody can draw, let alone train.
_MOST, _MOST_TIMES = 10_000, 100.0

Value = TypeVar("Value")

#: What options are called in a form, and what they do; one of no other name is called by its own.
_WORDS = {
    "width": ("Width", "A factor on the channels of the layers."),
    "depth": ("Depth", "A factor on the number of blocks."),
    "aux": ("Side outputs", "Classifiers halfway, whose losses help the middle to learn."),
    "shortcut": ("Shortcut", "What leads round a block where the map changes its size."),
    "growth_rate": ("Growth rate", "So many maps are added by each layer."),
    "merge": ("Merge", "What comes across is stacked or added."),
    "up": ("Enlarging", "Learnt, by a transposed convolution, or interpolated."),
    "levels": ("Levels", "So many, each of which sees twice as far as the one before."),
    "hidden": ("Channels", "Those of each block."),
    "dropout": ("Dropout", "The share of what is put to zero while training."),
    "norm": ("Batch norm", "One behind each convolution."),
}
#: ``K. He`` or ``L. van der Maaten`` as a paper begins.
_AUTHOR = re.compile(r"(?:\w\.[ -]?)+((?:[a-z]+ )*[\w’'-]+)")


@dataclass(frozen=True, eq=False)
class Architecture:
    """A built-in network: what it is called, what it brought, where it comes from, and how it is drawn.

    ``build(input_shape=…, classes=…, **options)`` gives the document. ``about`` is one sentence: what the network
    brought. ``origin`` says whose names its layers have, as in "torchvision: resnet18", so that weights made there
    load here. ``family`` is the heading under which it stands.
    """

    name: str
    title: str
    family: str
    build: Callable[..., Document]
    about: str
    paper: str
    year: int
    default_input: TensorShape = (3, 224, 224)
    default_classes: int = 1000
    origin: str = ""

    @cached_property
    def options(self) -> dict[str, Any]:
        """What else can be chosen when it is made, with the defaults: ``{"width": 1.0}``."""
        known = inspect.signature(self.build).parameters.values()
        return {p.name: p.default for p in known if p.name not in _COMMON}

    @cached_property
    def choices(self) -> Mapping[str, Parameter[Any]]:
        """What ``build`` can be given, as a form declares it: input, classes, and options of a kind that has a field.

        A word that is one of a few is annotated with them: ``shortcut: Literal["projection", "identity"]``.
        """
        kinds = get_type_hints(self.build)
        found: dict[str, Parameter[Any]] = {
            "input_shape": ShapeValue(
                self.default_input, label="Input", help="Channels, then the size of each axis."
            ),
            "classes": Integer(self.default_classes, label="Classes", help="Outputs of the last layer."),
        }
        for name, default in self.options.items():
            if (declared := _choice(default, kinds.get(name))) is not None:
                declared.label, declared.help = _WORDS.get(name, ("", ""))
                found[name] = declared
        for name, parameter in found.items():
            parameter.__set_name__(object, name)
        return found

    def make(self, options: Mapping[str, Any]) -> Document | list[Problem]:
        """Build it with options a person chose, or say what is wrong with them."""
        try:
            return self.build(**options)
        except (ConvolabError, ValueError) as error:
            rule = "A network is made of options that go together"
            return [Problem("bad-option", rule, str(error), "Choose others.")]

    @property
    def cited(self) -> str:
        """The paper as one refers to it: ``He et al., CVPR 2016``."""
        paper = self.paper.split(";")[0].rstrip(". ")
        where = paper.rsplit(", ", 1)[-1]
        first = _AUTHOR.match(paper)
        if first is None:
            return where
        rest = paper[first.end() :]
        second = _AUTHOR.match(rest, len(" and ")) if rest.startswith(" and ") else None
        several = rest.startswith(" et al.") or (rest.startswith(", ") and _AUTHOR.match(rest, len(", ")))
        more = f" and {second[1]}" if second else " et al." if several else ""
        return f"{first[1]}{more}, {where}"

    def describe(self) -> dict[str, Any]:
        """What ``architectures --json`` says of it; the figures are the analysis's."""
        return {
            "name": self.name,
            "title": self.title,
            "family": self.family,
            **figures_of(self),
            "default_input": list(self.default_input),
            "default_classes": self.default_classes,
            "options": self.options,
            "year": self.year,
            "about": self.about,
            "source": self.paper,
            "origin": self.origin,
        }


def scaled(count: int, factor: float) -> int:
    """So many channels, units or blocks times a factor, to the nearest whole number and at least 1."""
    return max(1, int(count * factor + 0.5))


def divisible(count: float, divisor: int = 8) -> int:
    """The nearest multiple of ``divisor``, but never less than nine tenths: how TensorFlow's networks are scaled.

    M. Sandler et al.: MobileNetV2, CVPR 2018, in the authors' code.
    """
    rounded = max(divisor, int(count + divisor / 2) // divisor * divisor)
    return rounded if rounded >= 0.9 * count else rounded + divisor


def by_family(entries: Iterable[Architecture]) -> dict[str, list[Architecture]]:
    """Architectures under their headings, in the gallery's order; a heading has at least one."""
    found: dict[str, list[Architecture]] = {family: [] for family in FAMILIES}
    for entry in entries:
        found.setdefault(entry.family, []).append(entry)
    return {family: members for family, members in found.items() if members}


def chosen(option: str, value: str, choices: Mapping[str, Value]) -> Value:
    """What an option given by a word stands for; raises ValueError for a word that is none of the choices."""
    if value not in choices:
        raise ValueError(f"'{option}' is {' or '.join(choices)}, not {value!r}")
    return choices[value]


def _choice(default: Any, kind: Any) -> Parameter[Any] | None:
    """An option as a declaration; None for one that a form has no field for."""
    if get_origin(kind) is Literal:
        return Choice(default, get_args(kind))
    if isinstance(default, bool):
        return Flag(default)
    if isinstance(default, int):
        return Integer(default, minimum=min(default, 1), maximum=_MOST)
    return Real(default, minimum=0.0, maximum=_MOST_TIMES) if isinstance(default, float) else None


@cache
def figures_of(entry: Architecture) -> dict[str, Any]:
    """The figures of an architecture as it comes."""
    return figures(analyze(entry.build()))


def figures(analysis: Analysis, leaves: Iterable[NodeReport] | None = None) -> dict[str, Any]:
    """Parameters, MACs, FLOPs, and the largest local receptive field of any layer; ``leaves``, if they are at hand."""
    totals = analysis.totals
    fields = [leaf.receptive_field for leaf in leaves or analysis.each_leaf()]
    largest = max(
        (field.size for field in fields if field is not None and field.size is not None), default=None
    )
    return {
        "parameters": totals.parameters,
        "macs": totals.macs,
        "flops": totals.flops,
        "receptive_field": None if largest is None else [int(side) for side in largest],
    }
