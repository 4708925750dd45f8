"""The canvas: the view in which a network is drawn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
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
    QPainter,
    QPolygonF,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QToolTip, QWidget

from builder.editor import geometry, gestures
from builder.editor.board import Board
from builder.editor.breadcrumb import Breadcrumb
from builder.editor.card import ProblemCard
from builder.editor.catalogue import ENTRY_MIME, entry_of_mime
from builder.editor.commands import Commands
from builder.editor.hit import Hit, hit, wire_at
from builder.editor.layer import Layer
from builder.editor.minimap import MiniMap
from builder.editor.overlay import Overlay
from builder.editor.placing import Link
from builder.editor.search import SearchPopup
from builder.editor.words import describe_selection, tooltip
from builder.graph import Edge, Graph
from builder.widgets.session import Session

_EXTENT = 200_000.0
_MARGIN = 48


class Canvas(QGraphicsView):
    """Shows the graph one is in and turns pointer and keys into edits of it."""

    viewChanged = Signal()
    wiresSelected = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.board = Board(self._repaint)
        self.layer = Layer(self.board, session.theme)
        self.overlay = Overlay(self.board, session.theme)
        self.gesture: gestures.Gesture | None = None
        self.space_held = False
        self._framed = True
        self._dots: tuple[object, QPolygonF] | None = None
        self._places: dict[tuple[str, ...], tuple[float, QPointF]] = {}
        self._shown: tuple[str, ...] = ()
        self._unsubscribe: Callable[[], None] = lambda: None
        self._set_up_view()
        self.commands = Commands(self)
        self.breadcrumb = Breadcrumb(session, self)
        self.minimap = MiniMap(self)
        self.card = ProblemCard(self)
        self.search = SearchPopup(self)
        session.documentReplaced.connect(self._document_replaced)
        session.instanceChanged.connect(self._instance_changed)
        session.analysisChanged.connect(self._analysis_changed)
        session.selectionChanged.connect(self._selection_changed)
        session.themeChanged.connect(self._theme_changed)
        session.nodeRevealed.connect(self.reveal)
        self._document_replaced()

    def _set_up_view(self) -> None:
        scene = QGraphicsScene(self)
        scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        scene.setSceneRect(-_EXTENT, -_EXTENT, 2 * _EXTENT, 2 * _EXTENT)
        scene.addItem(self.layer)
        scene.addItem(self.overlay)
        self.setScene(scene)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
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

    @property
    def zoom(self) -> float:
        """Pixels of the screen for one of the scene."""
        return self.transform().m11()

    def _document_replaced(self) -> None:
        self.cancel()
        self._unsubscribe()
        self._unsubscribe = self.session.document.subscribe(self.board.follow)
        self._places.clear()
        self._shown = self.session.instance
        self._show_graph()

    def _instance_changed(self) -> None:
        if self.session.instance != self._shown or self.session.graph is not self.graph:
            self.cancel()
            self._places[self._shown] = self.zoom, self.visible_rect().center()
            self._shown = self.session.instance
            self._show_graph()

    def _show_graph(self) -> None:
        self.select_wires(())
        self.layer.hovered = None
        self.board.show(self.session.document, self.session.graph, self.session.view)
        if place := self._places.get(self._shown):
            self._set_view(*place)
            self._framed = False
        else:
            self.frame(())
        self.card.follow()

    def _analysis_changed(self) -> None:
        self.board.report(self.session.view)
        kept = [edge for edge in self.layer.selected_wires if self.graph.has_edge(edge)]
        if len(kept) != len(self.layer.selected_wires):
            self.select_wires(kept)
        self.card.follow()

    def _selection_changed(self) -> None:
        self.layer.selected = frozenset(self.session.selection)
        if self.session.selection and self.layer.selected_wires:
            self.select_wires(())
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

    # where one looks ---------------------------------------------------------------------------------------

    @property
    def framed(self) -> bool:
        """Whether everything was brought into view and nobody has looked elsewhere since."""
        return self._framed

    def visible_rect(self) -> QRectF:
        """What is in view, in scene coordinates."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def pan(self, by: QPoint) -> None:
        """Move what is seen by pixels of the screen."""
        self._framed = False
        self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() - by.x())
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() - by.y())
        self._view_moved()

    def zoom_by(self, factor: float, at: QPoint | None = None) -> None:
        """Zoom so that the point under ``at`` (default: the middle) stays where it is."""
        at = self.viewport().rect().center() if at is None else at
        low, high = geometry.ZOOM_RANGE
        zoom = min(high, max(low, self.zoom * factor))
        if abs(zoom - 1) < 0.04 and (self.zoom - 1) * (zoom - 1) <= 0:
            zoom = 1.0
        kept = self.mapToScene(at)
        middle = QPointF(self.viewport().rect().center())
        self._framed = False
        self._set_view(zoom, kept + (middle - QPointF(at)) / zoom)
        if not (drift := at - self.mapFromScene(kept)).isNull():
            self.pan(drift)

    def set_zoom(self, zoom: float) -> None:
        """Zoom about the middle."""
        self.zoom_by(zoom / self.zoom)

    def _set_view(self, zoom: float, centre: QPointF) -> None:
        self.resetTransform()
        self.scale(zoom, zoom)
        self.centerOn(centre)
        self._view_moved()

    def _view_moved(self) -> None:
        self.viewport().update()
        self.card.place()
        self.viewChanged.emit()

    def frame(self, node_ids: Iterable[str] = ()) -> None:
        """Bring these nodes (none: everything) into view, never larger than life."""
        rects = [face.rect for node_id in node_ids if (face := self.board.faces.get(node_id))]
        self._framed = not rects
        bounds = self.board.faces.bounds()
        if rects:
            bounds = rects[0]
            for rect in rects[1:]:
                bounds = bounds.united(rect)
        elif len(self.board.wires):
            bounds = bounds.united(self.board.wires.bounds())
        self.show_rect(bounds)
        if self._framed and (below := self.card.reserve()):
            self.show_rect(bounds, below)

    def show_rect(self, bounds: QRectF, below: int = 0) -> None:
        """Bring a rectangle of the scene into view, under the breadcrumb, with some room kept free below."""
        room = QRectF(self.viewport().rect()).adjusted(_MARGIN, _MARGIN + 24, -_MARGIN, -_MARGIN - below)
        if bounds.isEmpty() or room.width() < 50 or room.height() < 50:
            self._set_view(1.0, bounds.center())
            return
        wide, high = room.width() / bounds.width(), room.height() / bounds.height()
        zoom = min(
            1.0, wide, max(high, min((room.height() + below) / bounds.height(), geometry.PILLS_FROM + 0.02))
        )
        zoom = max(zoom, geometry.ZOOM_RANGE[0])
        shift = QPointF(self.viewport().rect().center()) - room.center()
        self._set_view(zoom, bounds.center() + shift / zoom)

    def look_at(self, point: QPointF) -> None:
        """Put a point of the scene into the middle of the view."""
        self._framed = False
        self._set_view(self.zoom, point)

    def reveal(self, node_id: str) -> None:
        """Bring a node into view if it is not, without changing the zoom more than needed."""
        face = self.board.faces.get(node_id)
        if face is None:
            return
        if self.zoom < geometry.NAMES_FROM or not self.visible_rect().contains(face.rect):
            self._framed = False
            self._set_view(max(self.zoom, geometry.PILLS_FROM), face.rect.center())

    # pointer -----------------------------------------------------------------------------------------------

    def hit(self, at: QPoint) -> Hit:
        """What lies under a point of the view."""
        return hit(self.board, self.mapToScene(at), self.zoom)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        self.search.close_popup()
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
        under = self.hit(event.position().toPoint())
        if under.node is not None and under.port is None:
            self.session.select((under.node,))
            self.commands.open_node(under.node)
        elif under == Hit():
            self.open_search(self.mapToScene(event.position().toPoint()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        two_fingers = event.phase() != Qt.ScrollPhase.NoScrollPhase and not event.pixelDelta().isNull()
        if two_fingers and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.pan(event.pixelDelta())
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            steps = event.angleDelta()
            self.pan(QPoint(steps.x() or steps.y(), 0))
        else:
            self.zoom_by(1.0015 ** event.angleDelta().y(), event.position().toPoint())
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        at = self.viewport().rect().center() if by_key else event.pos()
        if not by_key:
            under = self.hit(at)
            if under.node is not None and under.node not in self.session.selection:
                self.session.select((under.node,))
            elif under.edge is not None:
                self.session.select(())
                self.select_wires((under.edge,))
            elif under == Hit():
                self.session.select(())
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
            QToolTip.showText(event.globalPos(), tooltip(self.board, self.hit(event.pos())), self)
            return True
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.space_held = True
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        elif event.key() == Qt.Key.Key_Escape:
            if not self.cancel() and not self.card.dismiss():
                self.select_wires(())
                self.session.select(())
        elif not self.commands.key(event):
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
            self.commands.add(entry, point, on=wire.edge if wire else None)
            self.setFocus()

    # searching ---------------------------------------------------------------------------------------------

    def open_search(self, point: QPointF | None, link: Link | None = None) -> None:
        """Open the search for blocks; what is chosen goes to ``point`` (None: beside what is selected)."""
        self.card.hide()
        self.search.open_at(point, link)

    # the view itself ---------------------------------------------------------------------------------------

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        painter.save()
        painter.resetTransform()
        painter.fillRect(self.viewport().rect(), self.session.theme.color("canvas"))
        pitch = geometry.DOTS * self.zoom
        while pitch < 14:
            pitch *= 2
        origin = self.mapFromScene(QPointF())
        key = (pitch, self.viewport().size())
        if self._dots is None or self._dots[0] != key:
            columns = int(self.viewport().width() / pitch) + 2
            rows = int(self.viewport().height() / pitch) + 2
            dots = [QPointF(round(x * pitch), round(y * pitch)) for x in range(columns) for y in range(rows)]
            self._dots = key, QPolygonF(dots)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        pen = painter.pen()
        pen.setColor(self.session.theme.color("grid"))
        pen.setWidthF(2)
        pen.setCapStyle(Qt.PenCapStyle.SquareCap)
        painter.setPen(pen)
        painter.translate(round(origin.x() % pitch - pitch), round(origin.y() % pitch - pitch))
        painter.drawPoints(self._dots[1])
        painter.restore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.breadcrumb.move(8, 4)
        self.minimap.move(self.width() - self.minimap.width() - 14, 14)
        if self._framed:
            self.frame(())
        self._view_moved()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._framed:
            self.frame(())
