"""The canvas: the view in which a network is drawn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from builder.document import DocumentChange, FramesChange
from builder.editor import geometry, gestures
from builder.editor.board import Board
from builder.editor.breadcrumb import Breadcrumb
from builder.editor.card import ProblemCard
from builder.editor.catalogue import ENTRY_MIME, entry_of_mime
from builder.editor.commands import Commands
from builder.editor.exporting import Exporter
from builder.editor.framegestures import cursor_of
from builder.editor.framing import Framing
from builder.editor.gesture import Gesture
from builder.editor.heating import Heating
from builder.editor.hit import Hit, bend_at, hit, wire_at
from builder.editor.invitation import Invitation
from builder.editor.layer import Layer
from builder.editor.minimap import MiniMap
from builder.editor.overlay import Overlay
from builder.editor.placing import Link
from builder.editor.search import SearchPopup
from builder.editor.view import View
from builder.editor.words import describe_selection, tooltip
from builder.graph import Edge, Graph
from builder.widgets.guarding import guarded
from builder.widgets.session import Session


class Canvas(View):
    """Shows the graph one is in and turns pointer and keys into edits of it."""

    wiresSelected = Signal()
    framesSelected = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.board = Board(self._repaint)
        self.layer = Layer(self.board, session.theme)
        self.overlay = Overlay(self.board, session.theme)
        self.gesture: Gesture | None = None
        self.space_held = False
        self._places: dict[tuple[str, ...], tuple[float, QPointF]] = {}
        self._shown: tuple[str, ...] = ()
        self._unsubscribe: Callable[[], None] = lambda: None
        self._set_up()
        self.framing = Framing(self)
        self.commands = Commands(self)
        self.breadcrumb = Breadcrumb(session, self)
        self.minimap = MiniMap(self)
        self.invitation = Invitation(self)
        self.card = ProblemCard(self)
        self.search = SearchPopup(self)
        self.heating = Heating(self)
        self.exporter = Exporter(self)
        session.documentReplaced.connect(self._document_replaced)
        session.instanceChanged.connect(self._instance_changed)
        session.analysisChanged.connect(self._analysis_changed)
        session.selectionChanged.connect(self._selection_changed)
        session.themeChanged.connect(self._theme_changed)
        session.nodeRevealed.connect(self.reveal)
        self._document_replaced()

    def _set_up(self) -> None:
        scene = self.scene()
        scene.addItem(self.layer)
        scene.addItem(self.overlay)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 160)
        self.setObjectName("canvas")
        self.setAccessibleName("Network")

    # what is shown -----------------------------------------------------------------------------------------

    @property
    def graph(self) -> Graph:
        """The graph one is in."""
        return self.board.graph

    def _document_replaced(self) -> None:
        self.cancel()
        self._unsubscribe()
        self._unsubscribe = self.session.document.subscribe(self._follow)
        self._places.clear()
        self._shown = self.session.instance
        self._show_graph()

    def _follow(self, change: DocumentChange) -> None:
        self.board.follow(change)
        if isinstance(change, FramesChange) and self.layer.selected_frames:
            self.select_frames(n for n in self.layer.selected_frames if n < len(self.board.frames))

    def _instance_changed(self) -> None:
        if self.session.instance != self._shown or self.session.graph is not self.graph:
            self.cancel()
            self._places[self._shown] = self.zoom, self.visible_rect().center()
            self._shown = self.session.instance
            self._show_graph()

    def _show_graph(self) -> None:
        self.select_wires(())
        self.select_frames(())
        self.layer.hovered = None
        self.board.show(self.session.document, self.session.graph, self.session.view)
        if place := self._places.get(self._shown):
            self.set_view(*place)
            self._framed = False
        else:
            self.frame(())
        self.card.follow()

    def _analysis_changed(self) -> None:
        self.board.report(self.session.view)
        kept = [edge for edge in self.layer.selected_wires if self.graph.has_edge(edge)]
        if len(kept) != len(self.layer.selected_wires):
            self.select_wires(kept)
        self.setAccessibleDescription(describe_selection(self.session, self.framing.chosen))
        self.card.follow()

    def _selection_changed(self) -> None:
        self.layer.selected = frozenset(self.session.selection)
        if self.session.selection and self.layer.selected_wires:
            self.select_wires(())
        self.select_frames(())
        self.setAccessibleDescription(describe_selection(self.session))
        self.layer.update()
        self.card.follow()

    def _theme_changed(self) -> None:
        self.layer.set_theme(self.session.theme)
        self.overlay.theme = self.session.theme
        self._repaint()

    def _repaint(self) -> None:
        self.viewport().update()
        self.viewChanged.emit()

    def select_wires(self, edges: Iterable[Edge]) -> None:
        """Select these wires and no others."""
        chosen: Collection[Edge] = frozenset(edges)
        if chosen != self.layer.selected_wires:
            self.layer.selected_wires = chosen
            self.layer.update()
            self.wiresSelected.emit()

    def select_frames(self, numbers: Iterable[int]) -> None:
        """Select these frames and notes and no others, besides the nodes that are selected."""
        chosen: Collection[int] = frozenset(numbers)
        if chosen != self.layer.selected_frames:
            self.layer.selected_frames = chosen
            self.layer.update()
            self.setAccessibleDescription(describe_selection(self.session, self.framing.chosen))
            self.framesSelected.emit()

    def choose(self, node_ids: Iterable[str], numbers: Iterable[int]) -> None:
        """Select these nodes and frames, and no others."""
        self.session.select(node_ids)
        self.select_frames(numbers)

    # where one looks ---------------------------------------------------------------------------------------

    def view_moved(self) -> None:
        """The card goes with its node."""
        self.card.place()
        super().view_moved()

    def frame(self, node_ids: Iterable[str] = (), numbers: Iterable[int] = ()) -> None:
        """Bring these nodes and frames (none: everything) into view, never larger than life."""
        rects = [face.rect for node_id in node_ids if (face := self.board.faces.get(node_id))]
        rects += [QRectF(*self.board.frames[number].box) for number in numbers]
        self._framed = not rects
        bounds = self.board.extent()
        if rects:
            bounds = rects[0]
            for rect in rects[1:]:
                bounds = bounds.united(rect)
        self.show_rect(bounds)
        if self._framed and (below := max(self.card.reserve(), self.heating.legend.reserve())):
            self.show_rect(bounds, below)

    def reveal(self, node_id: str) -> None:
        """Bring a node into view if it is not, without changing the zoom more than needed."""
        face = self.board.faces.get(node_id)
        if face is None:
            return
        if self.zoom < geometry.NAMES_FROM or not self.visible_rect().contains(face.rect):
            self._framed = False
            self.set_view(max(self.zoom, geometry.PILLS_FROM), face.rect.center())

    # pointer -----------------------------------------------------------------------------------------------

    def hit(self, at: QPoint) -> Hit:
        """What lies under a point of the view."""
        return hit(self.board, self.mapToScene(at), self.zoom)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        self.search.close_popup()
        if self.commands.ways.pressed(event.button()):
            return
        if self.gesture is not None:
            self.cancel()
            return
        self.gesture = gestures.begin(self, at, event.button(), event.modifiers())
        if self.gesture is not None and self.gesture.cursor is not None:
            self.viewport().setCursor(self.gesture.cursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        if self.gesture is not None:
            self.gesture.move(at, event.modifiers())
            if self.gesture.started:
                self.card.hide()
            return
        under = self.hit(at)
        if under.node != self.layer.hovered:
            self.layer.hovered = under.node
            self.layer.update()
        self._set_cursor(under)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gesture, self.gesture = self.gesture, None
        if gesture is not None:
            gesture.release(event.position().toPoint(), event.modifiers())
            self.card.follow()
        self._set_cursor(self.hit(event.position().toPoint()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at = self.mapToScene(event.position().toPoint())
        if (bend := bend_at(self.board, at, self.zoom)) is not None:
            self.commands.unbend(*bend)
            return
        under = self.hit(event.position().toPoint())
        if under.node is not None and under.port is None:
            self.session.select((under.node,))
            self.commands.open_node(under.node)
        elif under.frame is not None:
            self.framing.edit(under.frame)
        elif under == Hit():
            self.open_search(self.mapToScene(event.position().toPoint()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        if not by_key and event.modifiers() & gestures.STROKING:
            return  # the press begins a stroke
        at = self.viewport().rect().center() if by_key else event.pos()
        if not by_key:
            under = self.hit(at)
            if under.node is not None and under.node not in self.session.selection:
                self.session.select((under.node,))
            elif under.edge is not None:
                self.choose((), ())
                self.select_wires((under.edge,))
            elif under.frame is not None and under.frame not in self.layer.selected_frames:
                self.choose((), (under.frame,))
            elif under == Hit():
                self.choose((), ())
        menu = self.commands.menu(self.mapToScene(at))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.viewport().mapToGlobal(at))

    def _set_cursor(self, under: Hit) -> None:
        if self.space_held:
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        elif under.port is not None:
            self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        elif under.edge is not None:
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        elif under.frame is not None:
            self.viewport().setCursor(cursor_of(under.side))
        else:
            self.viewport().unsetCursor()

    def cancel(self) -> bool:
        """End the gesture without effect; whether there was one."""
        gesture, self.gesture = self.gesture, None
        if gesture is None:
            return False
        gesture.cancel()
        self.viewport().unsetCursor()
        return True

    # keys --------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        # Tab would move the focus before keyPressEvent hears of it; Shift+Tab still does.
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Tab
        ):
            self.open_search(None)
            return True
        return super().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(
                event.globalPos(), tooltip(self.board, self.hit(event.pos()), self.layer.heat), self
            )
            return True
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.space_held = True
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        elif event.key() == Qt.Key.Key_Escape:
            if not self.cancel() and not self.commands.arranger.cancel() and not self.card.dismiss():
                self.select_wires(())
                self.choose((), ())
        elif not self.commands.arrows.key(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.space_held = False
            self.viewport().unsetCursor()
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.space_held = False
        super().focusOutEvent(event)

    # dropping a block from the palette ---------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(ENTRY_MIME):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        entry = entry_of_mime(event.mimeData(), self.session.document)
        if entry is None:
            event.ignore()
            return
        wire = wire_at(self.board, self.mapToScene(event.position().toPoint()), self.zoom, reach=24)
        self.overlay.show_wire_target(wire if wire and self.commands.fits_on(entry) else None)
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.overlay.clear()

    def dropEvent(self, event: QDropEvent) -> None:
        wire = self.overlay.wire_target
        self.overlay.clear()
        entry = entry_of_mime(event.mimeData(), self.session.document)
        if entry is not None:
            event.acceptProposedAction()
            point = self.mapToScene(event.position().toPoint())
            self.setFocus()
            self.commands.add(entry, point, on=wire.edge if wire else None)

    # searching ---------------------------------------------------------------------------------------------

    def open_search(self, point: QPointF | None, link: Link | None = None) -> None:
        """Open the search for blocks; what is chosen goes to ``point`` (None: beside what is selected)."""
        self.card.hide()
        self.search.open_at(point, link)

    # the view itself ---------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.breadcrumb.move(8, 4)
        self.minimap.move(self.width() - self.minimap.width() - 14, 14)
        if self._framed:
            self.frame(())
        self.view_moved()

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._framed:
            self.frame(())
