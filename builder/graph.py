"""The network as a graph: blocks as nodes, wires as edges, in the tables of a networkx MultiDiGraph.

networkx itself, which takes a quarter of the time until a window has painted, is imported where it is first asked
something. Nodes and edges are immutable values; every edit is one of six operations, each of which raises the
revision, remembers what it touched (so that an analysis can follow) and notifies the observers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from builder.errors import ConvolabError
from builder.names import MAX_LENGTH, natural_key

if TYPE_CHECKING:
    import networkx as nx

#: Edits remembered for ``touched_since``; older questions get None, "analyse everything".
_JOURNAL_LENGTH = 4096


_signatures: dict[Hashable, int] = {}


def _frozen(value: Any) -> Hashable:
    """A hashable stand-in; bools and floats are kept apart from the ints they equal."""
    if isinstance(value, list | tuple):
        return tuple(map(_frozen, value))
    if isinstance(value, dict):
        return dict, tuple((name, _frozen(item)) for name, item in value.items())
    return value if type(value) in (int, str) else (type(value), value)


@dataclass(frozen=True, slots=True)
class Node:
    """A placed block.

    ``id`` is short, unique in its graph and survives renames; ``name`` is the attribute in the generated
    source. ``parameters`` holds what differs from the block's defaults and is never changed in place.
    ``when`` is an expression of the module's parameters (false: bypassed), ``repeat`` a count or one too.
    ``collapsed``: it is drawn as its name alone, which changes nothing else.
    """

    id: str
    name: str
    block: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    position: tuple[float, float] = (0.0, 0.0)
    when: str | None = None
    repeat: int | str = 1
    collapsed: bool = False
    #: Equal for nodes of equal block and parameters; what an analysis remembers results by.
    signature: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        key = (self.block, tuple((name, _frozen(value)) for name, value in self.parameters.items()))
        object.__setattr__(self, "signature", _signatures.setdefault(key, len(_signatures)))

    def with_parameters(self, **changes: Any) -> Node:
        """The same node with some parameters set."""
        return replace(self, parameters={**self.parameters, **changes})


class Edge(NamedTuple):
    """A wire, by node ids: from an output port to an input port."""

    source: str
    source_port: str
    target: str
    target_port: str


_key = lru_cache(maxsize=2**16)(natural_key)

#: Places through which a wire runs on its way.
Bends: TypeAlias = tuple[tuple[float, float], ...]


def numbered(wish: str, taken: Callable[[str], bool]) -> str:
    """``wish`` if it is not taken, else with the first number from 2 in place of its own that makes it free.

    Behind 0 comes 1: who begins with that counts as code does. A number in braces stays in them: ``layer{2}``.
    """
    if not taken(wish):
        return wish
    opened, closed = ("{", "}") if wish.endswith("}") else ("", "")
    inner = wish.removesuffix("}")
    bare = inner.rstrip("0123456789")
    first = 1 if inner[len(bare) :] == "0" else 2
    stem = bare.removesuffix(opened)[: MAX_LENGTH - 8]  # stays a name that is short enough
    return next(name for number in count(first) if not taken(name := f"{stem}{opened}{number}{closed}"))


class ChangeKind(StrEnum):
    """The six operations there are."""

    NODE_ADDED = "node-added"
    NODE_REMOVED = "node-removed"
    NODE_REPLACED = "node-replaced"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    BENT = "bent"


@dataclass(frozen=True, slots=True)
class Change:
    """What an observer is told: the node before and after, or the edge."""

    graph: str
    kind: ChangeKind
    before: Node | None = None
    after: Node | None = None
    edge: Edge | None = None

    @property
    def moves_only(self) -> bool:
        """Whether nothing but a node's position changed."""
        return (
            self.before is not None
            and self.after is not None
            and replace(self.before, position=self.after.position) == self.after
        )


Observer = Callable[[Change], None]


class _Tables:
    """A MultiDiGraph's: of each node its attributes, what feeds it, and what it feeds, by wire.

    A wire's attributes, none, are one dict, found from both of its ends. Nothing is ever put in place of these tables,
    so that whoever sees them sees each edit.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, dict[str, Node]] = {}
        self.before: dict[str, dict[str, dict[Edge, dict[str, Any]]]] = {}
        self.behind: dict[str, dict[str, dict[Edge, dict[str, Any]]]] = {}

    def seen_by_networkx(self) -> nx.MultiDiGraph[str]:
        """A graph of networkx over these tables, to be read."""
        import networkx as nx

        graph: Any = nx.MultiDiGraph()
        graph._node, graph._adj, graph._pred = self.nodes, self.behind, self.before
        seen: nx.MultiDiGraph[str] = graph
        return seen

    def copy(self) -> _Tables:
        """Tables with the same in them."""
        copy = _Tables()
        copy.nodes = {node_id: dict(data) for node_id, data in self.nodes.items()}
        copy.before = {node_id: {} for node_id in self.nodes}
        for source, targets in self.behind.items():
            leaving = copy.behind[source] = {}
            for target, keyed in targets.items():
                leaving[target] = copy.before[target][source] = {edge: {} for edge in keyed}
        return copy

    def add_node(self, node: Node) -> None:
        self.nodes[node.id] = {"node": node}
        self.before[node.id], self.behind[node.id] = {}, {}

    def remove_node(self, node_id: str) -> None:
        """One without wires."""
        for table in (self.nodes, self.before, self.behind):
            del table[node_id]

    def add_edge(self, edge: Edge) -> None:
        keyed = self.behind[edge.source].setdefault(edge.target, {})
        self.before[edge.target][edge.source] = keyed
        keyed[edge] = {}

    def remove_edge(self, edge: Edge) -> None:
        keyed = self.behind[edge.source][edge.target]
        del keyed[edge]
        if not keyed:
            del self.behind[edge.source][edge.target], self.before[edge.target][edge.source]


class Graph:
    """Nodes and edges of the network or of one module (``key``: "" or the module's name)."""

    def __init__(self, key: str = "") -> None:
        self.key = key
        self.frames: list[dict[str, Any]] = []
        self.revision = 0
        #: Raised by edits that change which node feeds which, not by parameters or positions.
        self.structure_revision = 0
        self._tables = _Tables()
        self._nx: nx.MultiDiGraph[str] | None = None
        self._ids_by_name: dict[str, str] = {}
        self._bends: dict[Edge, Bends] = {}
        #: The largest id yet, and whether each came after all before it: undo puts nodes back in any order.
        self._last: Any = ()
        self._in_order = True
        self._journal: list[tuple[str, ...]] = []
        self._observers: list[Observer] = []

    # reading ---------------------------------------------------------------------------------------------

    @property
    def networkx(self) -> nx.MultiDiGraph[str]:
        """The graph underneath, to read: node ids with the attribute ``node``, edges keyed by ``Edge``."""
        self._put_in_order()
        if self._nx is None:
            self._nx = self._tables.seen_by_networkx()
        return self._nx

    def tables(
        self,
    ) -> tuple[
        Mapping[str, Node], Mapping[str, Mapping[str, Collection[Edge]]], Mapping[str, Collection[str]]
    ]:
        """Nodes by id, each node's wires by the node they come from, and the nodes each one feeds.

        The same as ``networkx`` tells, many times faster to walk through whole.
        """
        self._put_in_order()
        tables = self._tables
        return {node_id: data["node"] for node_id, data in tables.nodes.items()}, tables.before, tables.behind

    def __len__(self) -> int:
        return len(self._tables.nodes)

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._tables.nodes

    def __iter__(self) -> Iterator[Node]:
        """The nodes in the order of their ids, as they are written, however they came."""
        self._put_in_order()
        return (data["node"] for data in self._tables.nodes.values())

    def node(self, node_id: str) -> Node:
        """The node with this id; raises ConvolabError where there is none."""
        try:
            return self._tables.nodes[node_id]["node"]
        except KeyError:
            raise ConvolabError(f"no node {node_id!r} in graph {self.key!r}") from None

    def by_name(self, name: str) -> Node | None:
        """The node of this name, or None."""
        node_id = self._ids_by_name.get(name)
        return None if node_id is None else self.node(node_id)

    def edges(self) -> Iterator[Edge]:
        """Every wire."""
        return (
            edge for targets in self._tables.behind.values() for keyed in targets.values() for edge in keyed
        )

    def has_edge(self, edge: Edge) -> bool:
        """Whether this very wire is there."""
        return edge in self._tables.behind.get(edge.source, {}).get(edge.target, {})

    def bends(self, edge: Edge) -> Bends:
        """The places through which a wire runs; none of most."""
        return self._bends.get(edge, ())

    def incoming(self, node_id: str) -> dict[str, Edge]:
        """The wires that arrive, by input port."""
        return {edge.target_port: edge for keyed in self._tables.before[node_id].values() for edge in keyed}

    def outgoing(self, node_id: str) -> list[Edge]:
        """The wires that leave, in the order they were drawn."""
        return [edge for keyed in self._tables.behind[node_id].values() for edge in keyed]

    def unused_id(self) -> str:
        """An id no node has: ``n1``, ``n2``, …"""
        number = len(self) + 1
        while f"n{number}" in self:
            number += 1
        return f"n{number}"

    def unused_name(self, wish: str, also: Collection[str] = ()) -> str:
        """``wish`` if it is free and not in ``also``, else ``wish2``, ``wish3``, … in place of its number."""
        return numbered(wish, lambda name: name in self._ids_by_name or name in also)

    def touched_since(self, revision: int) -> set[str] | None:
        """Ids of nodes whose own data or incoming wires changed after ``revision``; None if too long ago."""
        missing = self.revision - revision
        if missing < 0 or missing > len(self._journal):
            return None
        return {node_id for entry in self._journal[len(self._journal) - missing :] for node_id in entry}

    def copy(self, key: str | None = None) -> Graph:
        """A graph of its own with the same nodes, wires and revisions, under another key if one is given."""
        graph = Graph(self.key if key is None else key)
        graph.frames = deepcopy(self.frames)
        graph.revision = self.revision
        graph.structure_revision = self.structure_revision
        graph._tables = self._tables.copy()
        graph._ids_by_name = dict(self._ids_by_name)
        graph._bends = dict(self._bends)
        graph._last, graph._in_order = self._last, self._in_order
        return graph

    # the six operations ----------------------------------------------------------------------------------

    def add_node(self, node: Node) -> None:
        """Place a node; its id and name must be unused."""
        if node.id in self:
            raise ConvolabError(f"node id {node.id!r} is taken")
        if node.name in self._ids_by_name:
            raise ConvolabError(f"node name {node.name!r} is taken")
        self._tables.add_node(node)
        key = _key(node.id)
        self._in_order &= key > self._last
        self._last = max(key, self._last)
        self._ids_by_name[node.name] = node.id
        self._changed(Change(self.key, ChangeKind.NODE_ADDED, after=node), (node.id,), structure=True)

    def remove_node(self, node_id: str) -> None:
        """Take a node away; its wires must be gone already, so that undo can bring back each by itself."""
        node = self.node(node_id)
        if self._tables.before[node_id] or self._tables.behind[node_id]:
            raise ConvolabError(f"node {node.name!r} still has wires")
        self._tables.remove_node(node_id)
        del self._ids_by_name[node.name]
        self._changed(Change(self.key, ChangeKind.NODE_REMOVED, before=node), (node_id,), structure=True)

    def replace_node(self, node: Node) -> Node:
        """Put ``node`` (its name, block, parameters …) where its id is already; returns the old one."""
        before = self.node(node.id)
        if node.name != before.name:
            if node.name in self._ids_by_name:
                raise ConvolabError(f"node name {node.name!r} is taken")
            del self._ids_by_name[before.name]
            self._ids_by_name[node.name] = node.id
        self._tables.nodes[node.id]["node"] = node
        change = Change(self.key, ChangeKind.NODE_REPLACED, before=before, after=node)
        touched = () if change.moves_only else (node.id,)
        self._changed(change, touched, structure=node.block != before.block)
        return before

    def connect(self, edge: Edge, bends: Bends = ()) -> None:
        """Draw a wire into a free input; whether it makes sense is ``links.check_link``'s business."""
        self.node(edge.source)
        self.node(edge.target)
        if edge.target_port in self.incoming(edge.target):
            raise ConvolabError(f"input {edge.target_port!r} of {self.node(edge.target).name!r} is taken")
        self._tables.add_edge(edge)
        if bends:
            self._bends[edge] = bends
        self._changed(Change(self.key, ChangeKind.CONNECTED, edge=edge), (edge.target,), structure=True)

    def disconnect(self, edge: Edge) -> None:
        """Take a wire away."""
        if not self.has_edge(edge):
            raise ConvolabError(f"no such wire: {edge}")
        self._tables.remove_edge(edge)
        self._bends.pop(edge, None)
        self._changed(Change(self.key, ChangeKind.DISCONNECTED, edge=edge), (edge.target,), structure=True)

    def bend(self, edge: Edge, bends: Bends) -> Bends:
        """Lead a wire through these places, in order; returns those it ran through before."""
        if not self.has_edge(edge):
            raise ConvolabError(f"no such wire: {edge}")
        before = self.bends(edge)
        if bends:
            self._bends[edge] = bends
        else:
            self._bends.pop(edge, None)
        self._changed(Change(self.key, ChangeKind.BENT, edge=edge), (), structure=False)
        return before

    def _put_in_order(self) -> None:
        if not self._in_order:
            nodes = self._tables.nodes
            ordered = sorted(nodes.items(), key=lambda item: _key(item[0]))
            nodes.clear()
            nodes.update(ordered)
            self._in_order = True

    # observers -------------------------------------------------------------------------------------------

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Call ``observer`` after each edit, until the returned function is called."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def _changed(self, change: Change, touched: tuple[str, ...], *, structure: bool) -> None:
        self.revision += 1
        self.structure_revision += structure
        self._journal.append(touched)
        if len(self._journal) > 2 * _JOURNAL_LENGTH:
            del self._journal[:_JOURNAL_LENGTH]
        for observer in tuple(self._observers):
            observer(change)
