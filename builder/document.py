"""The document: the network, the modules it is made of, and the settings that travel with it.

Everything that changes goes through ``Document.apply`` as an ``Edit`` (see ``builder.edits``), which returns
its inverse; whoever shows a document subscribes and hears of every change, also those of its graphs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

from builder.errors import Address, ConvolabError
from builder.graph import Change, Graph, numbered

#: What a node's ``block`` begins with where a module is placed.
MODULE_PREFIX = "module:"

Section: TypeAlias = Literal["data", "training", "weights"]
SECTIONS: tuple[Section, ...] = get_args(Section)


@dataclass(frozen=True, slots=True)
class ModuleParameter:
    """A number or a switch that every placed instance of a module may set."""

    name: str
    default: int | bool | float
    help: str = ""


@dataclass(frozen=True, slots=True)
class Module:
    """A sub-graph with declared parameters; its ``input`` and ``output`` nodes are its ports.

    The value is replaced when parameters or description change; the graph in it stays the same object.
    """

    name: str
    parameters: tuple[ModuleParameter, ...] = ()
    graph: Graph = field(default_factory=Graph)
    description: str = ""

    def __post_init__(self) -> None:
        if self.graph.key != self.name:
            raise ConvolabError(f"the graph of module {self.name!r} has the key {self.graph.key!r}")

    def copy(self, name: str | None = None) -> Module:
        """The same module with a graph of its own, under another name if one is given."""
        name = self.name if name is None else name
        return replace(self, name=name, graph=self.graph.copy(name))

    @property
    def block(self) -> str:
        """The block id by which it is placed."""
        return MODULE_PREFIX + self.name


def module_name(block: str) -> str | None:
    """The module that a node of this block places; None for every other block."""
    return block.removeprefix(MODULE_PREFIX) if block.startswith(MODULE_PREFIX) else None


class ModuleChangeKind(StrEnum):
    """What can happen to a module apart from edits of its graph."""

    ADDED = "added"
    REMOVED = "removed"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class ModuleChange:
    """A module came, went, or has other parameters or another description (``kind`` REPLACED, same graph)."""

    kind: ModuleChangeKind
    name: str
    before: Module | None = None
    after: Module | None = None


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """A section of settings, or the document's name, before and after."""

    section: Section | Literal["name"]
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class FramesChange:
    """The frames drawn around nodes of a graph, before and after."""

    graph: str
    before: tuple[Mapping[str, Any], ...]
    after: tuple[Mapping[str, Any], ...]


DocumentChange: TypeAlias = Change | ModuleChange | SettingsChange | FramesChange
DocumentObserver: TypeAlias = Callable[[DocumentChange], None]


class Edit(ABC):
    """A primitive, invertible change of a document, a plain value; ``builder.edits`` has those there are."""

    __slots__ = ()

    @abstractmethod
    def perform(self, document: Document) -> Edit:
        """Do it and return what takes it back; call ``Document.apply`` instead.

        Raises ConvolabError, and leaves the document as it was, where it does not fit the document.
        """

    def addresses(self) -> tuple[Address, ...]:
        """The nodes it touches, so that undo can show them."""
        return ()

    def slot(self) -> Hashable | None:
        """What it overwrites as a whole, if anything: of edits of one slot, the first inverse restores it."""
        return None


class Document:
    """A network with its modules and its data, training and weights settings.

    ``revision`` is raised by every edit of anything in it and is never lowered, undo included.
    """

    def __init__(
        self,
        name: str = "untitled",
        network: Graph | None = None,
        modules: Iterable[Module] = (),
        *,
        data: Mapping[str, Any] | None = None,
        training: Mapping[str, Any] | None = None,
        weights: Mapping[str, Any] | None = None,
    ) -> None:
        self.revision = 0
        self._name = name
        self._network = Graph() if network is None else network
        if self._network.key:
            raise ConvolabError(f"the network's graph has the key {self._network.key!r}, a module's")
        self._modules: dict[str, Module] = {}
        self._settings: dict[str, Mapping[str, Any]] = {
            "data": dict(data or {}),
            "training": dict(training or {}),
            "weights": dict(weights or {}),
        }
        self._observers: list[DocumentObserver] = []
        self._unsubscribe: dict[str, Callable[[], None]] = {
            "": self._network.subscribe(self._graph_changed),
        }
        for module in modules:
            self.put_module(module)
        self.revision = 0

    # reading ---------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What the document is called; not its file's name."""
        return self._name

    @property
    def network(self) -> Graph:
        """The outermost graph, key ""."""
        return self._network

    @property
    def modules(self) -> Mapping[str, Module]:
        """The modules by name, a live view."""
        return MappingProxyType(self._modules)

    @property
    def data(self) -> Mapping[str, Any]:
        """Where the images come from, as JSON; never changed in place."""
        return self._settings["data"]

    @property
    def training(self) -> Mapping[str, Any]:
        """The training settings, as JSON; never changed in place."""
        return self._settings["training"]

    @property
    def weights(self) -> Mapping[str, Any]:
        """Where the weights come from, as JSON; never changed in place."""
        return self._settings["weights"]

    def graph(self, key: str) -> Graph:
        """The graph of this key ("": the network, else a module's name); raises ConvolabError for another."""
        if not key:
            return self._network
        try:
            return self._modules[key].graph
        except KeyError:
            raise ConvolabError(f"no module {key!r} in document {self._name!r}") from None

    def graphs(self) -> Iterator[Graph]:
        """The network, then the modules' graphs."""
        yield self._network
        for module in tuple(self._modules.values()):
            yield module.graph

    def module_of(self, block: str) -> Module | None:
        """The module that a node of this block places, or None (another block, or no such module)."""
        name = module_name(block)
        return None if name is None else self._modules.get(name)

    def unused_module_name(self, wish: str) -> str:
        """``wish`` if no module is called so, else ``wish2``, ``wish3``, …"""
        return numbered(wish, self._modules.__contains__)

    def copy(self) -> Document:
        """A document of its own with the same contents and revision, without the observers."""
        document = Document(
            self._name,
            self._network.copy(),
            [module.copy() for module in self._modules.values()],
            data=deepcopy(dict(self.data)),
            training=deepcopy(dict(self.training)),
            weights=deepcopy(dict(self.weights)),
        )
        document.revision = self.revision
        return document

    # editing ---------------------------------------------------------------------------------------------

    def apply(self, edit: Edit) -> Edit:
        """Perform an edit and return its inverse; raises ConvolabError where it does not fit."""
        return edit.perform(self)

    def subscribe(self, observer: DocumentObserver) -> Callable[[], None]:
        """Call ``observer`` after each change, until the returned function is called. It must not raise."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    # What edits are made of; called by them alone, since here nothing is remembered for undo. ---------------

    def put_module(self, module: Module) -> Module | None:
        """Add a module, or replace the one of that name; returns the one that was there."""
        if not module.name:
            raise ConvolabError("a module needs a name")
        before = self._modules.get(module.name)
        if before is None or before.graph is not module.graph:
            if before is not None:
                self._unsubscribe.pop(module.name)()
            self._unsubscribe[module.name] = module.graph.subscribe(self._graph_changed)
        self._modules[module.name] = module
        kind = ModuleChangeKind.ADDED if before is None else ModuleChangeKind.REPLACED
        self._announce(ModuleChange(kind, module.name, before, module))
        return before

    def drop_module(self, name: str) -> Module:
        """Take a module away; nodes that place it stay and are reported by the analysis."""
        if name not in self._modules:
            raise ConvolabError(f"no module {name!r} in document {self._name!r}")
        before = self._modules.pop(name)
        self._unsubscribe.pop(name)()
        self._announce(ModuleChange(ModuleChangeKind.REMOVED, name, before))
        return before

    def put_settings(self, section: Section, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Replace a section of settings as a whole; returns what it was."""
        if section not in SECTIONS:
            raise ConvolabError(f"no section {section!r}; there are {', '.join(SECTIONS)}")
        before = self._settings[section]
        self._settings[section] = dict(values)
        self._announce(SettingsChange(section, before, self._settings[section]))
        return before

    def put_name(self, name: str) -> str:
        """Call the document something else; returns the old name."""
        before, self._name = self._name, name
        self._announce(SettingsChange("name", before, name))
        return before

    def put_frames(self, key: str, frames: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
        """Replace the frames of a graph; returns the old ones."""
        graph = self.graph(key)
        before = tuple(graph.frames)
        graph.frames = [dict(frame) for frame in frames]
        self._announce(FramesChange(key, before, tuple(graph.frames)))
        return before

    def _graph_changed(self, change: Change) -> None:
        self._announce(change)

    def _announce(self, change: DocumentChange) -> None:
        self.revision += 1
        for observer in tuple(self._observers):
            observer(change)
