"""Selecting along the wires, lining up and collapsing what is selected: actions of the canvas, each one undo step."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING

from builder.acts import move_nodes
from builder.aligning import Boxes, Line, Positions, align, distribute, snapped
from builder.collapsing import collapse
from builder.editor import geometry
from builder.graph import Graph
from builder.neighbours import connected, fed, feeding

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas

Declared = list[tuple[str, str, tuple[str, ...], Callable[[], object]]]

#: Which key lines up what: the arrow that points to it.
_KEYS = {
    Line.LEFT: "Alt+Shift+Left", Line.CENTRE: "Alt+Shift+C", Line.RIGHT: "Alt+Shift+Right",
    Line.TOP: "Alt+Shift+Up", Line.MIDDLE: "Alt+Shift+M", Line.BOTTOM: "Alt+Shift+Down",
}  # fmt: skip
_WORDS = {
    Line.LEFT: "left edges", Line.CENTRE: "centres", Line.RIGHT: "right edges",
    Line.TOP: "upper edges", Line.MIDDLE: "middles", Line.BOTTOM: "lower edges",
}  # fmt: skip

#: In the menus, in this order.
SELECT = ("select-connected", "grow-back", "grow-on", "select-none")
ALIGN = (*(f"align-{line}" for line in Line), "distribute-across", "distribute-down", "snap")
COLLAPSE = "collapse"


class Selecting:
    """What is selected grows along the wires, is lined up, and is collapsed."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.session = canvas.session

    def declared(self) -> Declared:
        """Names, words and keys. Ctrl+L is Blender's, Alt+C ComfyUI's, Ctrl+Shift with an arrow what it is in text."""
        return [
            ("select-none", "Select nothing", ("Ctrl+Shift+A",), lambda: self.session.select(())),
            ("select-connected", "Select connected", ("Ctrl+L",), partial(self.grow, connected)),
            ("grow-back", "Select what feeds it too", ("Ctrl+Shift+Left",), partial(self.grow, feeding)),
            ("grow-on", "Select what it feeds too", ("Ctrl+Shift+Right",), partial(self.grow, fed)),
            *(
                (f"align-{line}", f"Align {_WORDS[line]}", (_KEYS[line],), partial(self.align, line))
                for line in Line
            ),
            ("distribute-across", "Distribute across", ("Alt+Shift+H",), partial(self.distribute, True)),
            ("distribute-down", "Distribute down", ("Alt+Shift+V",), partial(self.distribute, False)),
            ("snap", "Snap to the grid", ("Alt+Shift+G",), self.snap),
            (COLLAPSE, "Collapse", ("Alt+C",), self.collapse),
        ]

    @property
    def enabled(self) -> dict[str, bool]:
        """Which of the actions there is something for."""
        number = len(self.session.selection)
        least = {"distribute-across": 3, "distribute-down": 3, **{f"align-{line}": 2 for line in Line}}
        return {name: number >= least.get(name, 1) for name in (*SELECT, *ALIGN, COLLAPSE)}

    @property
    def needs(self) -> dict[str, str]:
        """What has to be selected for each."""
        words = {f"align-{line}": "Select at least two nodes" for line in Line}
        words |= dict.fromkeys(("distribute-across", "distribute-down"), "Select at least three nodes")
        return {name: words.get(name, "Select a node first") for name in self.enabled}

    def grow(self, to: Callable[[Graph, Collection[str]], list[str]]) -> None:
        """Select more: what the wires lead to."""
        chosen = self.session.selection
        self.session.select((*chosen, *to(self.canvas.graph, chosen)))

    def align(self, line: Line) -> None:
        """Bring the selected nodes to one line."""
        self._move(f"Align {_WORDS[line]}", align(self._boxes(), line))

    def distribute(self, across: bool) -> None:
        """Make the gaps between the selected nodes equal."""
        self._move("Distribute", distribute(self._boxes(), across=across))

    def snap(self) -> None:
        """Bring the selected nodes to the grid."""
        self._move("Snap to the grid", snapped(self._boxes(), geometry.GRID))

    def collapse(self) -> None:
        """Show the selected nodes as their names alone, or whole again where all are so."""
        chosen = self.session.selection
        edits = collapse(self.session.document, self.canvas.graph, chosen)
        if edits:
            all_are = all(self.canvas.graph.node(node_id).collapsed for node_id in chosen)
            self.session.perform("Show whole" if all_are else "Collapse", edits)
            self.canvas.board.reroute()

    def _boxes(self) -> Boxes:
        faces, graph = self.canvas.board.faces, self.canvas.graph
        boxes = {}
        for node_id in self.session.selection:
            if (face := faces.get(node_id)) is not None:
                boxes[node_id] = (*graph.node(node_id).position, face.rect.width(), face.rect.height())
        return boxes

    def _move(self, label: str, positions: Positions) -> None:
        if positions:
            self.session.perform(label, move_nodes(self.canvas.graph, positions))
            self.canvas.board.reroute()
