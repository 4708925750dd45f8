"""Findings about a document (``Problem``, returned) and misuse of the code (``ConvolabError``, raised)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple


class ConvolabError(Exception):
    """Misuse of an interface by code; never the answer to something a user did."""


class Severity(StrEnum):
    """How much a problem matters: an error stops training, a warning may, advice never does."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


class Address(NamedTuple):
    """Where a node is drawn: the key of its graph ("" is the network, else a module's name) and its id."""

    graph: str
    node: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding a user can act on: the rule, then the values, then the way out.

    ``path`` is the dotted path of node names through the modules, or a JSON path while a file is read.
    ``fixes`` names the repairs that ``builder.fixes`` knows for it, best first.
    """

    code: str
    rule: str
    values: str = ""
    way_out: str = ""
    severity: Severity = Severity.ERROR
    path: str = ""
    port: str | None = None
    fixes: tuple[str, ...] = ()
    address: Address | None = None
    #: In how many instances of a module it was found.
    count: int = 1

    @property
    def message(self) -> str:
        """The whole sentence: rule, values, way out."""
        text = f"{self.rule}: {self.values}" if self.values else self.rule
        return f"{text}. {self.way_out}" if self.way_out else text

    @property
    def is_error(self) -> bool:
        """Whether it stops the network from running."""
        return self.severity is Severity.ERROR

    def at(self, path: str, address: Address | None = None) -> Problem:
        """The same finding, placed."""
        return replace(self, path=path, address=address if address is not None else self.address)

    def to_json(self) -> dict[str, Any]:
        """The object that ``check --json`` prints (see docs/command-line.md)."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "path": self.path,
            "port": self.port,
            "message": self.message,
            "fix": self.fixes[0] if self.fixes else None,
        }
