"""The reader's hands: fields of the right kind, nodes, wires and frames, with every fault noted by JSON path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from builder.document import MODULE_PREFIX, module_name
from builder.errors import Problem
from builder.graph import Bends, Edge, Graph, Node
from builder.names import check_name, normalise
from builder.strictjson import ENOUGH, child, shown

MAX_WORD = 200
MAX_TEXT = 10_000
#: No canvas is larger, in points.
MAX_POSITION = 10**7
MAX_REPEAT = 10_000
MAX_BENDS = 100

_ID = re.compile(r"[\w-]{1,64}")
_COLOUR = re.compile(r"[\w#-]{1,40}")


class Reader:
    """Collects problems while values are taken apart."""

    def __init__(self, problems: Sequence[Problem] = ()) -> None:
        self.problems: list[Problem] = list(problems)

    def report(self, code: str, path: str, rule: str, values: str, way_out: str = "") -> None:
        """Note a problem."""
        self.problems.append(Problem(code, rule, values, way_out, path=path))

    def add(self, problem: Problem | None, path: str) -> bool:
        """Note a problem that something else found, if it did; returns whether it did not."""
        if problem is not None:
            self.problems.append(problem.at(path))
        return problem is None

    def wrong_type(self, path: str, wanted: str, value: Any) -> None:
        """Note that something else stands there than is wanted."""
        self.report(
            "wrong-type", path, f"Here belongs {wanted}", f"{shown(value)} stands there", "Correct it."
        )

    def until_enough(self, items: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Items with their indices, as long as there are not very many problems yet."""
        for index, item in enumerate(items):
            if len(self.problems) >= ENOUGH:
                return
            yield index, item

    def object(self, path: str, value: Any) -> dict[str, Any] | None:
        """An object, or None."""
        if isinstance(value, dict):
            return dict(value)
        self.wrong_type(path, "an object", value)
        return None

    def list(self, path: str, value: Any) -> Sequence[Any]:
        """A list; empty where there is none."""
        if isinstance(value, list | tuple):
            return value
        self.wrong_type(path, "a list", value)
        return ()

    def fields(
        self, path: str, value: Any, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, Any] | None:
        """An object with these keys and no others, or None if it is none; missing keys are missing in it too."""
        fields = self.object(path, value)
        if fields is None:
            return None
        for key in required:
            if key not in fields:
                self.report("missing-key", path, f'Here "{key}" is needed', "it is missing", "Add it.")
        for key in fields:
            if key not in required and key not in optional:
                known = ", ".join((*required, *optional))
                self.report(
                    "unknown-key",
                    child(path, key),
                    f"The keys here are {known}",
                    f"{shown(key)} is none of them",
                    "Remove it or correct it.",
                )
        return fields

    def flag(self, path: str, value: Any) -> bool:
        """true or false; False where it is neither."""
        if not isinstance(value, bool):
            self.wrong_type(path, "true or false", value)
        return value is True

    def text(self, path: str, value: Any, *, empty: bool = False, limit: int = MAX_WORD) -> str | None:
        """Text of at most ``limit`` characters, or None."""
        if not isinstance(value, str):
            self.wrong_type(path, "text", value)
        elif not value and not empty:
            self.report("empty-text", path, "Here belongs text", "it is empty", "Write some.")
        elif len(value) > limit:
            self.report(
                "too-long",
                path,
                f"Text here has at most {limit} characters",
                f"this has {len(value)}",
                "Shorten it.",
            )
        else:
            return value
        return None

    def numbers(self, path: str, value: Any, names: tuple[str, ...]) -> tuple[float, ...] | None:
        """A list with a number for each name, none larger than a canvas; or None."""
        wanted = f"a list of {len(names)} numbers [{', '.join(names)}]"
        if not isinstance(value, list | tuple) or len(value) != len(names):
            self.wrong_type(path, wanted, value)
            return None
        good = True
        for index, number in enumerate(value):
            if isinstance(number, bool) or not isinstance(number, int | float):
                self.wrong_type(f"{path}[{index}]", "a number", number)
                good = False
            elif abs(number) > MAX_POSITION:
                self.report(
                    "out-of-range",
                    f"{path}[{index}]",
                    f"Places are between -{MAX_POSITION} and {MAX_POSITION}",
                    shown(number),
                    "Move it nearer.",
                )
                good = False
        return tuple(value) if good else None


@dataclass
class Body:
    """What was read of a graph: whole nodes and wires, and the names also of nodes that have faults."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[tuple[Edge, Bends]] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    ids: dict[str, str | None] = field(default_factory=dict)
    #: Whether every node has a name, so that a wire to another one is a fault of the wire.
    complete: bool = True

    def placed(self) -> set[str]:
        """Names of the modules that are placed in it."""
        return {name for node in self.nodes if (name := module_name(node.block)) is not None}

    def build(self, key: str) -> Graph:
        """The graph, if nothing was wrong with it."""
        graph = Graph(key)
        for node in self.nodes:
            graph.add_node(node)
        for edge, bends in self.edges:
            graph.connect(edge, bends)
        graph.frames = self.frames
        return graph


def read_body(reader: Reader, path: str, fields: dict[str, Any]) -> Body:
    """Nodes, edges and frames of a graph; what has faults is noted and left out."""
    body = Body(complete=isinstance(fields.get("nodes"), list | tuple))
    items = reader.list(f"{path}.nodes", fields.get("nodes", []))
    ids = _Ids(items)
    for index, item in reader.until_enough(items):
        _read_node(reader, f"{path}.nodes", index, item, body, ids)
    taken: dict[tuple[str, str], int] = {}
    for index, item in reader.until_enough(reader.list(f"{path}.edges", fields.get("edges", []))):
        _read_edge(reader, f"{path}.edges[{index}]", index, item, body, taken)
    for index, item in reader.until_enough(reader.list(f"{path}.frames", fields.get("frames", []))):
        frame = _read_frame(reader, f"{path}.frames[{index}]", item)
        if frame is not None:
            body.frames.append(frame)
    return body


class _Ids:
    """Ids that are in the file, and new ones for nodes without."""

    def __init__(self, items: Sequence[Any]) -> None:
        self.first: dict[str, int] = {}
        self._given = {
            item["id"] for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)
        }
        self._number = 0

    def make(self) -> str:
        while True:
            self._number += 1
            if f"n{self._number}" not in self._given:
                return f"n{self._number}"


#: What a node need not say of itself.
_MAY_BE_LEFT_OUT = ("id", "parameters", "when", "repeat", "position", "collapsed")


def _read_node(reader: Reader, path: str, index: int, value: Any, body: Body, ids: _Ids) -> None:
    path = f"{path}[{index}]"
    fields = reader.fields(path, value, ("name", "block"), _MAY_BE_LEFT_OUT)
    if fields is None:
        body.complete = False
        return
    before = len(reader.problems)
    node_id = _read_id(reader, f"{path}.id", fields, ids, index)
    name = reader.text(f"{path}.name", fields["name"], empty=True) if "name" in fields else None
    block = reader.text(f"{path}.block", fields["block"]) if "block" in fields else None
    parameters = reader.object(f"{path}.parameters", fields.get("parameters", {}))
    position = reader.numbers(f"{path}.position", fields.get("position", (0, 0)), ("x", "y"))
    when = reader.text(f"{path}.when", fields["when"]) if "when" in fields else None
    repeat = _read_repeat(reader, f"{path}.repeat", fields.get("repeat", 1))
    collapsed = reader.flag(f"{path}.collapsed", fields.get("collapsed", False))
    if name is not None:
        name = normalise(name)
        # Any segment of a key may be a name in a chain; elsewhere the analysis says what is wrong with it.
        reader.add(check_name(name, in_chain=True), f"{path}.name")
        if name in body.ids:
            reader.report(
                "duplicate-name",
                f"{path}.name",
                "The nodes of a graph have different names",
                f"two are called {shown(name)}",
                "Rename one, and its wires.",
            )
        body.ids.setdefault(name, None)
    else:
        body.complete = False
    if (
        len(reader.problems) > before
        or name is None
        or block is None
        or parameters is None
        or position is None
    ):
        return
    if block.startswith(MODULE_PREFIX):
        block = normalise(block)
    body.ids[name] = node_id
    place = position[0], position[1]
    body.nodes.append(Node(node_id, name, block, parameters, place, when, repeat, collapsed))


def _read_id(reader: Reader, path: str, fields: dict[str, Any], ids: _Ids, index: int) -> str:
    if "id" not in fields:
        return ids.make()
    node_id = fields["id"]
    if not isinstance(node_id, str):
        reader.wrong_type(path, "text", node_id)
        return ""
    if not _ID.fullmatch(node_id):
        reader.report(
            "bad-id",
            path,
            "An id is 1 to 64 letters, digits, underscores and hyphens",
            shown(node_id),
            "Leave it out, and one is made.",
        )
    elif node_id in ids.first:
        reader.report(
            "duplicate-id",
            path,
            "The nodes of a graph have different ids",
            f"{shown(node_id)} is that of nodes[{ids.first[node_id]}] too",
            "Leave it out, and another is made.",
        )
    else:
        ids.first[node_id] = index
    return node_id


def _read_repeat(reader: Reader, path: str, value: Any) -> int | str:
    if isinstance(value, str):
        reader.text(path, value)
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        reader.wrong_type(path, "a whole number or an expression", value)
        return 1
    if not 1 <= value <= MAX_REPEAT:
        reader.report(
            "out-of-range", path, f"A node is repeated 1 to {MAX_REPEAT} times", str(value), "Correct it."
        )
    return value


def _read_edge(
    reader: Reader, path: str, index: int, value: Any, body: Body, taken: dict[tuple[str, str], int]
) -> None:
    if not isinstance(value, list | tuple) or len(value) not in (4, 5):
        reader.wrong_type(
            path, "a wire [from, output, to, input], perhaps with a list of bends behind", value
        )
        return
    words = [reader.text(f"{path}[{place}]", word) for place, word in enumerate(value[:4])]
    bends = _read_bends(reader, f"{path}[4]", value[4]) if len(value) == 5 else ()
    source, source_port, target, target_port = (None if word is None else normalise(word) for word in words)
    for place, name in ((0, source), (2, target)):
        if name is not None and name not in body.ids and body.complete:
            reader.report(
                "unknown-node",
                f"{path}[{place}]",
                "A wire joins two nodes of its graph, by their names",
                f"no node is called {shown(name)}",
                "Correct the name or remove the wire.",
            )
    if source is None or source_port is None or target is None or target_port is None:
        return
    first = taken.setdefault((target, target_port), index)
    if first != index and target in body.ids:
        reader.report(
            "input-taken",
            path,
            "An input takes one wire",
            f"edges[{first}] ends at {shown(target_port)} of {shown(target)} too",
            "Remove one of them, or merge the two with Add or Concat.",
        )
        return
    source_id, target_id = body.ids.get(source), body.ids.get(target)
    if source_id is not None and target_id is not None:
        body.edges.append((Edge(source_id, source_port, target_id, target_port), bends))


def _read_bends(reader: Reader, path: str, value: Any) -> Bends:
    """The places through which a wire runs."""
    places = [
        reader.numbers(f"{path}[{index}]", place, ("x", "y"))
        for index, place in enumerate(reader.list(path, value))
    ]
    if len(places) > MAX_BENDS:
        reader.report(
            "out-of-range", path, f"A wire has at most {MAX_BENDS} bends", str(len(places)), "Remove some."
        )
    return tuple([(place[0], place[1]) for place in places if place is not None])


def _read_frame(reader: Reader, path: str, value: Any) -> dict[str, Any] | None:
    """A frame, or with a text a note."""
    fields = reader.fields(path, value, ("title", "rectangle"), ("colour", "text"))
    if fields is None:
        return None
    title = reader.text(f"{path}.title", fields.get("title", ""), empty=True)
    rectangle = None
    if "rectangle" in fields:
        rectangle = reader.numbers(f"{path}.rectangle", fields["rectangle"], ("x", "y", "width", "height"))
    if rectangle is not None and min(rectangle[2:]) < 0:
        reader.report(
            "out-of-range",
            f"{path}.rectangle",
            "A frame's width and height are not negative",
            shown(rectangle),
            "Correct it.",
        )
    colour = reader.text(f"{path}.colour", fields["colour"]) if "colour" in fields else None
    if colour is not None and not _COLOUR.fullmatch(colour):
        reader.report(
            "bad-colour", f"{path}.colour", "A colour is one word", shown(colour), "Leave it out, say."
        )
    text = None
    if "text" in fields:
        text = reader.text(f"{path}.text", fields["text"], empty=True, limit=MAX_TEXT)
    if title is None or rectangle is None:
        return None
    frame: dict[str, Any] = {"title": title, "rectangle": list(rectangle)}
    optional = {"colour": colour, "text": text}
    return {**frame, **{key: said for key, said in optional.items() if said is not None}}
