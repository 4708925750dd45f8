"""Going to a node by a few letters of its name, of what it is, or of its path through the modules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from builder.analysis.whereabouts import MOST, Whereabouts, whereabouts
from builder.blocks import block_class
from builder.closeness import ranked
from builder.document import module_name
from builder.graph import Node
from builder.widgets.picker import Picker, Row

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas

#: What a node's path and its block count, beside its name.
_PATH, _BLOCK = 0.9, 0.6
#: Rows while one types, and while one steps from find to find and looks at them.
_TYPING, _STEPPING = 8, 3


class Finder(Picker):
    """Enter goes to what is chosen, into whichever module it lies in; Enter again to the next, Shift+Enter back.

    Ctrl+Enter selects it besides what is selected there. Esc closes and stays.
    """

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(
            canvas.session, canvas, name="Go to node", prompt="Go to node: a name, a path, a kind of block…"
        )
        self.setObjectName("finder")
        self.canvas = canvas
        self._all: list[Whereabouts] = []
        self._gone_to: Row | None = None
        self.session.documentReplaced.connect(self.leave)
        self.field.textEdited.connect(lambda _: self._type())

    def toggle(self) -> None:
        """Show it with what was looked for last, or hide it where it is shown."""
        if not self.isHidden():
            self.leave()
            return
        self.session.flush()
        self._all = whereabouts(self.session.analysis)
        self._gone_to = None
        self.canvas.card.hide()
        self.come(self.field.text())

    def rows(self, query: str) -> Sequence[Row]:
        return [self._row(found) for found in ranked(query, self._all, _words_of)]

    def take(self, row: Row, modifiers: Qt.KeyboardModifier) -> None:
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            self._add(row)
            return
        if row == self._gone_to:
            self.step(-1 if modifiers & Qt.KeyboardModifier.ShiftModifier else 1)
        chosen = self.current or row
        self._gone_to = chosen
        self._go(chosen)
        self.place()

    def hint(self, query: str, found: int) -> str:
        if not found:
            return "No node is called that, nor is one of that kind."
        limit = f" Only the first {MOST:,} nodes are looked through." if len(self._all) == MOST else ""
        return f"{found:,} found. Enter goes there, and on to the next.{limit}"

    def most_rows(self) -> int:
        return _TYPING if self._gone_to is None else _STEPPING

    def top(self) -> int:
        return 8

    def leave(self) -> None:
        was_hidden = self.isHidden()
        super().leave()
        self._all = []
        if not was_hidden:
            self.canvas.card.follow()

    def _type(self) -> None:
        self._gone_to = None
        self.place()

    def _go(self, row: Row) -> None:
        """Go to a node, out from under the list."""
        found: Whereabouts = row.thing
        if not self.session.reveal(found.path, found.address):
            self.session.statusMessage.emit(f"{found.path} is not there any more")
            return
        face = self.canvas.board.faces.get(found.address.node)
        shown = self.canvas.mapFromScene(face.rect).boundingRect() if face is not None else None
        if face is not None and shown is not None and shown.intersects(self.geometry()):
            self.canvas.look_at(face.rect.center())

    def _add(self, row: Row) -> None:
        """Select it besides what is selected, where both are in one graph."""
        session, found = self.session, row.thing
        before = session.selection if found.segments[:-1] == session.instance else ()
        self._go(row)
        session.select((*before, *session.selection))
        self.leave()

    def _row(self, found: Whereabouts) -> Row:
        *within, name = found.segments
        kind = kind_of(found.node)
        place = f"{kind} in {'.'.join(within)}" if within else kind
        return Row(name, place, "here" if tuple(within) == self.session.instance else "", True, found)


def kind_of(node: Node) -> str:
    """What a node is: its block's title, its module's name."""
    block = block_class(node.block)
    return block.title if block is not None else module_name(node.block) or node.block


def _words_of(found: Whereabouts) -> Iterator[tuple[str, float]]:
    yield found.segments[-1], 1.0
    yield found.path, _PATH
    yield kind_of(found.node), _BLOCK
