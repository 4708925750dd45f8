"""How a network is trained: declared settings from which forms, checks and the command line are made.

Neither torch nor Qt is imported here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from builder.blocks.parameters import Flag, Integer, Parameter, Real, declared
from builder.entry import EntryError, parse
from builder.errors import ConvolabError, Problem
from runtime.training.settings.augmenting import Augmenting
from runtime.training.settings.course import Course
from runtime.training.settings.initialising import Initialising
from runtime.training.settings.losses import Losses
from runtime.training.settings.machine import Machine
from runtime.training.settings.optimisation import Optimisation
from runtime.training.settings.refining import Refining
from runtime.training.settings.scheduling import Scheduling


class Settings(Machine, Augmenting, Initialising, Losses, Scheduling, Refining, Optimisation, Course):
    """Immutable training settings; what is not given keeps its stock value.

    The stock values train LeNet-5 on the digits in seconds; they are sound for small and medium networks.
    Raises ConvolabError for values that ``read`` would refuse.
    """

    __slots__ = ("values",)

    values: Mapping[str, Any]

    def __init__(self, **values: Any) -> None:
        problems = _problems(values)
        if problems:
            raise ConvolabError("; ".join(problem.message for problem in problems))
        complete = {name: values.get(name, entry.default) for name, entry in DECLARATIONS.items()}
        converted = {name: DECLARATIONS[name].convert(value) for name, value in complete.items()}
        object.__setattr__(self, "values", MappingProxyType(converted))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"settings are immutable: make others with `replace({name}=…)`")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and dict(self.values) == dict(other.values)

    def __hash__(self) -> int:
        return hash(tuple(self.values.items()))

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.values.items())})"

    @classmethod
    def declarations(cls) -> Mapping[str, Parameter[Any]]:
        """Every setting in the order of a form."""
        return DECLARATIONS

    @classmethod
    def read(cls, data: object) -> Settings | list[Problem]:
        """Settings from a document's ``training`` section or a run's file: unknown keys and wrong values are told."""
        if not isinstance(data, Mapping):
            return [
                Problem("setting", "Training settings are an object of names and values", path="training")
            ]
        return _problems(data) or cls(**data)

    def replace(self, **values: Any) -> Settings:
        """The same settings with some changed; raises ConvolabError for wrong values."""
        return Settings(**{**self.values, **values})

    def to_json(self) -> dict[str, Any]:
        """All values, stock ones too, so that a recorded run does not depend on what stock means later."""
        return dict(self.values)


DECLARATIONS: Mapping[str, Parameter[Any]] = MappingProxyType(dict(declared(Settings)))

#: The settings as a form groups them: title and names.
GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        title: tuple(declared(group))
        for title, group in (
            ("Course", Course),
            ("Optimisation", Optimisation),
            ("Schedule", Scheduling),
            ("Loss", Losses),
            ("Fine points", Refining),
            ("Initial weights", Initialising),
            ("Augmentation", Augmenting),
            ("Machine", Machine),
        )
    }
)


def relevant(values: Mapping[str, Any]) -> frozenset[str]:
    """The settings that have a say beside ``values`` (the stock value stands for what is not given)."""
    complete = {name: values.get(name, entry.default) for name, entry in DECLARATIONS.items()}
    return frozenset(
        name for name, entry in DECLARATIONS.items() if entry.relevance is None or entry.relevance(complete)
    )


def read_assignment(text: str) -> tuple[str, Any] | Problem:
    """``KEY=VALUE`` as written on a command line, its value of the declared kind."""
    name, equals, value = text.partition("=")
    name = name.strip().replace("-", "_")
    if not equals:
        return Problem("setting", "A setting is written KEY=VALUE", f"'{text}' has no '='", _known())
    declaration = DECLARATIONS.get(name)
    if declaration is None:
        return _unknown(name)
    parsed: Any = value.strip()
    try:
        if isinstance(declaration, Integer):
            parsed = int(parsed)
        elif isinstance(declaration, Real):
            parsed = float(parsed)
        elif isinstance(declaration, Flag):
            parsed = parse(declaration, parsed)
    except (ValueError, EntryError):
        pass  # stays text, which the check below refuses in words
    wrong = declaration.check(parsed)
    return _wrong(declaration, wrong) if wrong else (name, parsed)


def _problems(data: Mapping[Any, Any]) -> list[Problem]:
    problems = []
    for name, value in data.items():
        declaration = DECLARATIONS.get(name) if isinstance(name, str) else None
        if declaration is None:
            problems.append(_unknown(str(name)))
        elif wrong := declaration.check(value):
            problems.append(_wrong(declaration, wrong))
    return problems


def _wrong(declaration: Parameter[Any], wrong: str) -> Problem:
    stock = declaration.format(declaration.default)
    return Problem(
        "setting",
        f"{declaration.label} {wrong}",
        way_out=f"Its stock value is {stock}" if stock else "By stock it is empty",
        path=f"training.{declaration.name}",
    )


def _unknown(name: str) -> Problem:
    return Problem(
        "setting",
        "There is no such training setting",
        f"'{name[:40]}'",
        _known(),
        path=f"training.{name[:40]}",
    )


def _known() -> str:
    return f"The settings are {', '.join(DECLARATIONS)}"
