"""What is done with modules on the canvas: nodes grouped and opened up again, and stretches repeated."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeGuard

from PySide6.QtCore import QRectF

from builder.acts import rename_module, stem_of
from builder.document import MODULE_PREFIX
from builder.editor.rename import CanvasField
from builder.edits import Edit, ReplaceNode, apply_all
from builder.errors import Problem
from builder.figures import count
from builder.framing import carried
from builder.graph import numbered
from builder.library.own import keep
from builder.modular import Outcome, group, proposed_name, repeat_in_chain, ungroup
from builder.names import module_name_from

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas


#: What stands before the number that is asked for.
_TIMES = "× "


class Modules:
    """The actions on modules of one canvas."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.session = canvas.session
        #: Puts a module into the user's library; the window puts in its place what asks where there is one already.
        self.keep: Callable[[str], object] = lambda name: keep(self.session.document, name)
        self._told = False

    def declared(self) -> list[tuple[str, str, tuple[str, ...], Callable[[], object]]]:
        """Names, words and keys; those of Blender and of the Unreal editor's hands."""
        return [
            ("group", "Group into a module", ("Ctrl+G",), self.group),
            ("ungroup", "Ungroup", ("Ctrl+Shift+G", "Ctrl+Alt+G"), self.ungroup),
            ("repeat", "Repeat…", ("Ctrl+R",), self.ask_repeat),
            ("keep", "Save module to your library", (), self.keep_module),
        ]

    @property
    def enabled(self) -> dict[str, bool]:
        """Which of the actions there is something for."""
        graph, chosen = self.canvas.graph, self.session.selection
        blocks = [graph.node(node_id).block for node_id in chosen if node_id in graph]
        opened = any(self.session.document.module_of(block) is not None for block in blocks)
        kept = self._meant() is not None
        framed = bool(self.canvas.framing.selected)
        return {"group": bool(blocks) or framed, "ungroup": opened, "repeat": bool(blocks), "keep": kept}

    def _meant(self) -> str | None:
        """The module that is selected, or else the one that one is in."""
        graph, chosen = self.canvas.graph, self.session.selection
        if not chosen:
            return graph.key or None
        module = self.session.document.module_of(graph.node(chosen[0]).block) if chosen[0] in graph else None
        return module.name if module is not None and len(chosen) == 1 else None

    def keep_module(self) -> None:
        """Put the module that is meant into the user's library."""
        name = self._meant()
        if name is not None:
            self.keep(name)

    # grouping ----------------------------------------------------------------------------------------------

    def group(self) -> None:
        """Make a module of the selection and what lies in its frames, and let its name be typed; it is one step."""
        session, graph = self.session, self.canvas.graph
        ids, frames = carried(graph, session.selection, self.canvas.framing.selected)
        if not ids and not frames:
            return
        name = proposed_name(session.document, graph.key, ids)
        outcome = group(session.document, graph.key, ids, name, frames)
        if not self._tell(outcome):
            return
        step = ("group", graph.key, outcome.ids)
        self._perform(f"Group into {name}", outcome, step)
        (node_id,) = outcome.ids
        over = self.canvas.board.faces[node_id].rect
        field = CanvasField(self.canvas, over, name, partial(self._call, node_id, name, step))
        field.setObjectName("module-name")
        field.setAccessibleName("Name of the new module")

    def _call(self, node_id: str, old: str, step: Hashable, text: str) -> Problem | None:
        """Give a module that was just made another name, and its node one that goes with it."""
        session, graph = self.session, self.canvas.graph
        name = module_name_from(text)
        if name == old or node_id not in graph:
            return None
        edits = rename_module(session.document, old, name)
        if isinstance(edits, Problem):
            return edits
        block = MODULE_PREFIX + name
        others = {node.name for node in graph if node.id != node_id}
        called = numbered(stem_of(block), others.__contains__)
        node = replace(graph.node(node_id), block=block, name=called)
        session.perform(f"Group into {name}", [*edits, ReplaceNode(graph.key, node)], merge=step)
        return None

    def ungroup(self) -> None:
        """Put what the selected modules are made of in their place."""
        session, graph = self.session, self.canvas.graph
        document = session.document.copy()
        edits: list[Edit] = []
        ids: tuple[str, ...] = ()
        placed = [node_id for node_id in session.selection if document.module_of(graph.node(node_id).block)]
        for node_id in placed:
            outcome = ungroup(document, graph.key, node_id)
            if not self._tell(outcome):
                return
            apply_all(document, outcome.edits)
            edits += outcome.edits
            ids += outcome.ids
        if placed:
            what = graph.node(placed[0]).name if len(placed) == 1 else count(len(placed), "module")
            self._perform(f"Ungroup {what}", Outcome(tuple(edits), ids))

    # repeating ---------------------------------------------------------------------------------------------

    def ask_repeat(self) -> None:
        """Let it be typed how often the selection stands in a chain."""
        graph, chosen = self.canvas.graph, self.session.selection
        rects = [face.rect for node_id in chosen if (face := self.canvas.board.faces.get(node_id))]
        if not rects:
            return
        self._forget()
        self.canvas.reveal(chosen[0])
        over = rects[0]
        for rect in rects[1:]:
            over = over.united(rect)
        now = graph.node(chosen[0]).repeat if len(chosen) == 1 else 1
        times = str(now if isinstance(now, int) and now != 1 else 2)
        place = QRectF(over.left(), over.top(), min(over.width(), rects[0].width()), over.height())
        field = CanvasField(self.canvas, place, f"{_TIMES}{times}", self._repeat)
        field.setSelection(len(_TIMES), len(times))
        field.setObjectName("repeat")
        field.setAccessibleName("How many times it is to stand there")
        field.setToolTip("How many times, one behind the other, each with its own weights")

    def _repeat(self, text: str) -> Problem | None:
        session, graph = self.session, self.canvas.graph
        typed = text.removeprefix(_TIMES.strip()).strip()
        if not typed.isdecimal():
            return Problem("no-number", "How often is a whole number", f"'{typed}'", "Type one, such as 3.")
        session.flush()
        times = int(typed[:9])
        outcome = repeat_in_chain(
            session.document, graph.key, session.selection, times, analysis=session.analysis
        )
        if isinstance(outcome, Problem):
            return outcome
        self._perform(f"Repeat {count(times, 'time')}", outcome)
        return None

    # both --------------------------------------------------------------------------------------------------

    def _tell(self, outcome: Outcome | Problem) -> TypeGuard[Outcome]:
        """Whether it can be done; if not, it is told why, until the next time."""
        self._forget()
        if isinstance(outcome, Problem):
            self.session.problemsFound.emit([outcome])
            self._told = True
        return not self._told

    def _forget(self) -> None:
        """What could not be done before is no news any more."""
        if self._told:
            self.session.problemsFound.emit([])
        self._told = False

    def _perform(self, label: str, outcome: Outcome, merge: Hashable | None = None) -> None:
        """Do it, and select what is there then."""
        session = self.session
        session.perform(label, outcome.edits, merge=merge)
        session.flush()
        self.canvas.choose(outcome.ids, ())
        if outcome.ids:
            self.canvas.reveal(outcome.ids[0])
