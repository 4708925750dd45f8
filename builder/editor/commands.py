"""What can be done on the canvas by menu and key: the actions, their shortcuts and the context menu."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from builder import spacing
from builder.acts import delete_nodes, insert_on_wire
from builder.editor import geometry, placing
from builder.editor.arranging import Arranger
from builder.editor.arrows import Arrows
from builder.editor.catalogue import Entry, remember
from builder.editor.clipboard import Clipboard
from builder.editor.modules import Modules
from builder.editor.placing import Link
from builder.editor.rename import RenameField
from builder.editor.selecting import Selecting
from builder.editor.ways import Ways, context_of, unless_covered
from builder.edits import BendWire, Disconnect, Edit, ReplaceNode
from builder.errors import Problem
from builder.figures import count
from builder.framing import remove_frames
from builder.graph import Edge
from builder.links import ports_of
from builder.widgets.actions import say_needs

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas

#: What has to be so for an action to be possible.
_NEEDS = {
    **dict.fromkeys(
        ("copy", "cut", "duplicate", "bypass", "delete-wires", "group", "repeat"), "Select a node first"
    ),
    **dict.fromkeys(("rename", "swap", "open"), "Select one node"),
    "delete": "Select nodes or wires first",
    "ungroup": "Select a module",
    "keep": "Select a module, or go into one",
    "leave": "You are in no module",
}


class Commands(QObject):
    """The actions of one canvas, by name in ``actions``."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.session = canvas.session
        self.clipboard = Clipboard(canvas)
        self.arranger = Arranger(canvas)
        self.arrows = Arrows(canvas)
        self.modules = Modules(canvas)
        self.selecting = Selecting(canvas)
        self.ways = Ways(canvas)
        self.actions: dict[str, QAction] = {}
        self._menu_point: QPointF | None = None
        for name, text, keys, act in self._declared():
            action = QAction(text, self)
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.setShortcutContext(context_of(name))
            act = unless_covered(name, act, canvas)
            action.triggered.connect(lambda *_, act=act: act())
            canvas.addAction(action)
            self.actions[name] = action
        self.session.selectionChanged.connect(self._enable)
        canvas.wiresSelected.connect(self._enable)
        canvas.framesSelected.connect(self._enable)
        self.session.instanceChanged.connect(self._enable)
        self.ways.trail.changed.connect(self._enable)
        say_needs(self.actions, {**_NEEDS, **self.selecting.needs, **self.ways.needs})
        self._enable()

    def _declared(self) -> list[tuple[str, str, tuple[str, ...], Callable[[], object]]]:
        canvas = self.canvas
        return [
            ("add", "Add block…", (), self._add_here),
            ("open", "Open", ("Return", "Enter"), self._open_selected),
            ("leave", "Leave module", ("Alt+Up",), self.session.leave),
            ("rename", "Rename", ("F2",), self.rename),
            ("bypass", "Bypass", ("M",), self.toggle_bypass),
            ("swap", "Swap for another block…", ("Shift+S",), self.ask_swap),
            *self.modules.declared(),
            ("cut", "Cut and heal", ("Ctrl+X",), self.cut),
            ("copy", "Copy", ("Ctrl+C",), self.copy),
            ("paste", "Paste", ("Ctrl+V",), self.paste),
            ("paste-wired", "Paste with incoming wires", ("Ctrl+Shift+V",), self.paste_wired),
            ("duplicate", "Duplicate", ("Ctrl+D",), self.duplicate),
            ("delete", "Delete", ("Del", "Backspace"), self.delete),
            ("delete-wires", "Delete with its wires", ("Ctrl+Del",), lambda: self.delete(heal=False)),
            ("select-all", "Select all", ("Ctrl+A",), self.select_all),
            *self.selecting.declared(),
            *self.ways.declared(),
            ("layout", "Lay out automatically", ("L",), self.arrange),
            ("frame", "Frame selection", ("F",), self.ways.frame),
            ("zoom-in", "Zoom in", ("+", "=", "Ctrl++", "Ctrl+="), lambda: canvas.zoom_by(1.25)),
            ("zoom-out", "Zoom out", ("-", "Ctrl+-"), lambda: canvas.zoom_by(0.8)),
            ("zoom-1", "Actual size", ("1", "Ctrl+0"), lambda: canvas.set_zoom(1.0)),
            (
                "minimap",
                "Mini-map",
                ("Alt+M",),
                lambda: canvas.minimap.want(not canvas.minimap.wanted),
            ),
            ("fixes", "Go to the fixes", ("Ctrl+.",), self._focus_fixes),
            ("add-frame", "Add frame", ("Ctrl+J", "C"), lambda: canvas.framing.add_frame(self._take_point())),
            ("next-frame", "Next frame or note", ("J",), canvas.framing.step),
            ("add-note", "Add note", ("N",), lambda: canvas.framing.add_note(self._take_point())),
        ]

    def _focus_fixes(self) -> None:
        self.canvas.card.focus_fixes()

    def _enable(self) -> None:
        nodes, frames = bool(self.session.selection), self.canvas.framing.selected
        self.actions["delete-wires"].setEnabled(nodes)
        for name in ("copy", "cut", "duplicate"):
            self.actions[name].setEnabled(nodes or bool(frames))
        self.actions["bypass"].setEnabled(nodes)
        self.actions["delete"].setEnabled(nodes or bool(frames) or bool(self.canvas.layer.selected_wires))
        one = len(self.session.selection) == 1
        one_frame = not nodes and len(frames) == 1
        self.actions["rename"].setEnabled(one or one_frame)
        self.actions["swap"].setEnabled(one)
        self.actions["open"].setEnabled(one or one_frame)
        self.actions["leave"].setEnabled(bool(self.session.instance))
        for name, enabled in (self.modules.enabled | self.selecting.enabled | self.ways.enabled).items():
            self.actions[name].setEnabled(enabled)

    def menu(self, point: QPointF) -> QMenu:
        """The context menu; a block added from it goes to ``point``."""
        self._menu_point = point
        menu = QMenu(self.canvas)
        groups = [
            ("add", "add-frame", "add-note"),
            ("open", "leave", "back"),
            ("rename", "swap", "bypass", "collapse", "connect"),
            ("group", "ungroup", "repeat", "keep"),
            ("cut", "copy", "paste", "paste-wired", "duplicate", "delete"),
        ]
        groups += [("select-all", "layout", "frame"), ("zoom-in", "zoom-out", "zoom-1", "minimap")]
        for group in groups:
            for name in group:
                if self.actions[name].isEnabled():
                    menu.addAction(self.actions[name])
            menu.addSeparator()
        if self.canvas.framing.selected:
            menu.insertMenu(menu.actions()[0], self.canvas.framing.colour_menu(menu))
        return menu

    # adding ------------------------------------------------------------------------------------------------

    def _add_here(self) -> None:
        self.canvas.open_search(self._take_point())

    def _take_point(self) -> QPointF | None:
        """Where the menu was asked for, once."""
        point, self._menu_point = self._menu_point, None
        return point

    def fits_on(self, entry: Entry) -> bool:
        """Whether a block has an input and an output, so that it can stand in a wire."""
        document = self.session.document
        return placing.accepts(document, entry, None) and placing.offers(document, entry)

    def add(
        self, entry: Entry, point: QPointF | None = None, *, link: Link | None = None, on: Edge | None = None
    ) -> str:
        """Place a block and select it; returns its id. Of a network, show the card: it would replace the document.

        ``point`` is where its middle goes (None: beside the selected node, and wired to it if that fits, or
        on the selected wire); ``link`` a loose end to wire it to, ``on`` a wire to put it in.
        """
        session, graph = self.session, self.canvas.graph
        if entry.network:
            session.galleryAsked.emit(entry.network)
            return ""
        links: tuple[Link, ...] = (link,) if link is not None else ()
        if point is not None:
            side = (
                0.0 if link is None else spacing.NODE_WIDTH / 2 if link.is_output else -spacing.NODE_WIDTH / 2
            )
            x, y = point.x() - spacing.NODE_WIDTH / 2 + side, point.y() - spacing.NODE_HEIGHT / 2
            position = (x, y)
        else:
            wires = list(self.canvas.layer.selected_wires)
            on = wires[0] if len(wires) == 1 and self.fits_on(entry) else on
            links, position = self._beside_selection(entry)
        node, edits = placing.added(session.document, graph, entry, position, links=links, on=on)
        session.perform(f"Add {node.name}", edits)
        remember(entry)
        session.select((node.id,))
        self.canvas.reveal(node.id)
        return node.id

    def _beside_selection(self, entry: Entry) -> tuple[tuple[Link, ...], tuple[float, float]]:
        session, graph = self.session, self.canvas.graph
        selected = [graph.node(node_id) for node_id in session.selection if node_id in graph]
        if not selected:
            centre = self.canvas.visible_rect().center()
            x, y = centre.x() - spacing.NODE_WIDTH / 2, centre.y() - spacing.NODE_HEIGHT / 2
            return (), placing.free_place(graph, geometry.snap(x), geometry.snap(y))
        links = []
        for node in selected:
            report = session.report(node.id)
            for port in ports_of(session.document, node, graph.key).outputs[:1]:
                shape = report.output_shapes.get(port) if report is not None else None
                if placing.accepts(session.document, entry, shape):
                    links.append(Link(node.id, port, True))
        last = max(selected, key=lambda node: node.position[0])
        return tuple(links), placing.beside(graph, last)

    def insertion_of(self, node_id: str, edge: Edge) -> list[Edit]:
        """Edits that put a node that is there, without wires, into a wire."""
        graph = self.canvas.graph
        if node_id in (edge.source, edge.target):
            return []
        edits = insert_on_wire(self.session.document, graph.key, graph.node(node_id), edge)
        return [] if isinstance(edits, Problem) else edits

    # nodes -------------------------------------------------------------------------------------------------

    def _open_selected(self) -> None:
        if len(self.session.selection) == 1:
            self.open_node(self.session.selection[0])
        elif self.canvas.framing.selected:
            self.canvas.framing.edit(self.canvas.framing.selected[0])

    def open_node(self, node_id: str) -> None:
        """Go into a module; of another node, rename it."""
        node = self.canvas.graph.node(node_id)
        if self.session.document.module_of(node.block) is not None:
            self.session.enter(node.name)
        else:
            self.rename()

    def rename(self) -> None:
        """Type another name on the node, or on a frame or note."""
        if not self.session.selection and len(frames := self.canvas.framing.selected) == 1:
            self.canvas.framing.edit(frames[0])
        elif len(self.session.selection) == 1 and (
            face := self.canvas.board.faces.get(self.session.selection[0])
        ):
            self.canvas.reveal(face.id)
            RenameField(self.canvas, face)

    def toggle_bypass(self) -> None:
        """Let the tensor pass the selected nodes by, or no longer."""
        graph = self.canvas.graph
        nodes = [graph.node(node_id) for node_id in self.session.selection]
        active = [node for node in nodes if node.when != "False"]
        when = "False" if active else None
        edits = [ReplaceNode(graph.key, replace(node, when=when)) for node in active or nodes]
        if edits:
            self.session.perform("Bypass" if active else "Use again", edits)

    def delete(self, *, heal: bool = True) -> None:
        """Delete the selected nodes, wires and frames; what nodes lay between is joined, what lies in a frame stays."""
        self._delete(self.session.selection, self.canvas.framing.selected, heal=heal)

    def _delete(self, ids: tuple[str, ...], frames: Collection[int], *, heal: bool) -> None:
        """``heal`` joins what the nodes lay between."""
        graph = self.canvas.graph
        lost = [edge for edge in self.canvas.layer.selected_wires if graph.has_edge(edge)]
        lost = [edge for edge in lost if edge.source not in ids and edge.target not in ids]
        edits: list[Edit] = [Disconnect(graph.key, edge) for edge in lost]
        edits += delete_nodes(self.session.document, graph.key, ids, heal=heal)
        edits += remove_frames(graph, frames)
        if edits:
            word, number = (
                ("node", len(ids)) if ids else ("wire", len(lost)) if lost else ("frame", len(frames))
            )
            self.session.perform(f"Delete {word if number == 1 else count(number, word)}", edits)
            self.canvas.choose((), ())

    def cut(self) -> None:
        """Copy the selection and take it out, joining what it lay between."""
        self.clipboard.copy()
        self._delete(*self.clipboard.taken(), heal=True)

    def copy(self) -> None:
        """Copy the selection as text."""
        self.clipboard.copy()

    def paste(self) -> None:
        """Paste nodes, under the pointer if it is over the canvas."""
        self.clipboard.paste()

    def paste_wired(self) -> None:
        """Paste nodes and draw the wires that fed what was copied, from where these nodes are here."""
        self.clipboard.paste(wired=True)

    def ask_swap(self) -> None:
        """Search for a block to stand in the selected node's place."""
        if len(self.session.selection) == 1 and (
            face := self.canvas.board.faces.get(self.session.selection[0])
        ):
            self.canvas.reveal(face.id)
            self.canvas.card.hide()
            self.canvas.search.open_for(face.id, face.rect.bottomLeft())

    def swap(self, node_id: str, entry: Entry) -> None:
        """Make a node another block; what it cannot keep is told."""
        session, graph = self.session, self.canvas.graph
        found = placing.swapped(session.document, graph.key, node_id, entry)
        if isinstance(found, Problem):
            session.statusMessage.emit(found.message)
            return
        name = graph.node(node_id).name
        session.perform(f"Swap {name}", found.edits)
        remember(entry)
        if found.lost:
            what = "A wire" if len(found.lost) == 1 else f"{len(found.lost)} wires"
            session.statusMessage.emit(
                f"{what} had no place at the new '{name}'. Undo brings everything back."
            )

    def unbend(self, edge: Edge, number: int) -> None:
        """Take a bend out of a wire."""
        graph = self.canvas.graph
        bends = [bend for index, bend in enumerate(graph.bends(edge)) if index != number]
        self.session.perform("Remove bend", [BendWire(graph.key, edge, tuple(bends))])

    def duplicate(self) -> None:
        """A copy of the selection, a little below."""
        self.clipboard.duplicate()

    def select_all(self) -> None:
        """Select every node, frame and note."""
        self.canvas.choose((node.id for node in self.canvas.graph), range(len(self.canvas.board.frames)))

    def arrange(self) -> None:
        """Lay out all nodes in columns and rows, as one step."""
        self.arranger.arrange()
