"""Frames of the canvas beside a plain QGraphicsScene of the same items: median and p95 in milliseconds, and ratios.

``QT_QPA_PLATFORM=offscreen python benchmarks/canvas.py [NODES]`` paints 1280×800 pixels; the two take turns.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen
from PySide6.QtWidgets import (
    QApplication,
    QGraphicsItem,
    QGraphicsPathItem,
    QGraphicsScene,
    QGraphicsView,
    QStyleOptionGraphicsItem,
    QWidget,
)

from builder.document import Document
from builder.editor import geometry
from builder.editor.canvas import Canvas
from builder.editor.faces import Face
from builder.graph import Edge, Graph, Node
from builder.widgets.collector import IdleCollector
from builder.widgets.session import Session
from builder.widgets.theme import DARK, NAME, SEMIBOLD, SMALL, font

SIZE = (1280, 800)
FRAMES = 40
COLUMNS = 70


def chain(count: int) -> Document:
    """A long chain of convolutions, norms and activations in rows."""
    graph = Graph()
    blocks = (("conv", {"out_channels": 8, "kernel_size": 1}), ("batch_norm", {}), ("relu", {}))
    for index in range(count):
        block, parameters = ("input", {}) if not index else blocks[index % 3]
        row, column = divmod(index, COLUMNS)
        graph.add_node(Node(f"n{index}", f"node{index}", block, parameters, (column * 248.0, row * 152.0)))
        if index:
            graph.connect(Edge(f"n{index - 1}", "y", f"n{index}", "x"))
    return Document("benchmark", graph)


class PlainNode(QGraphicsItem):
    """A node that paints itself, as the first thing one would write."""

    def __init__(self, face: Face) -> None:
        super().__init__()
        self.face = face
        self.setPos(face.rect.topLeft())
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsMovable)

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        return QRectF(-6, -6, self.face.rect.width() + 12, self.face.rect.height() + 12)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        rect = QRectF(0, 0, self.face.rect.width(), self.face.rect.height())
        painter.setPen(QPen(DARK.color("hairline"), 1))
        painter.setBrush(DARK.color("raised"))
        painter.drawRoundedRect(rect, geometry.RADIUS, geometry.RADIUS)
        painter.fillRect(QRectF(0, 0, 5, rect.height()), DARK.color(DARK.category(self.face.category)))
        painter.setPen(DARK.color("text"))
        painter.setFont(font(NAME, SEMIBOLD))
        painter.drawText(QPointF(16, 22), self.face.name)
        painter.setPen(DARK.color("muted"))
        painter.setFont(font(SMALL))
        painter.drawText(QPointF(16, 41), self.face.summary)
        painter.setPen(QPen(DARK.color("wire"), 2))
        painter.setBrush(DARK.color("canvas"))
        for x in (0.0, rect.width()):
            painter.drawEllipse(QPointF(x, rect.height() / 2), 4, 4)


def plain_view(canvas: Canvas) -> QGraphicsView:
    """The same nodes and wires as items of a scene."""
    scene = QGraphicsScene()
    for wire in canvas.board.wires:
        item = QGraphicsPathItem(wire.path)
        item.setPen(QPen(DARK.color("wire"), 2))
        scene.addItem(item)
    for face in canvas.board.faces:
        scene.addItem(PlainNode(face))
    view = QGraphicsView(scene)
    view.setRenderHint(QPainter.RenderHint.Antialiasing)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
    view.resize(*SIZE)
    view.setParent(None)
    scene.setParent(view)
    return view


def frame(view: QGraphicsView, image: QImage, step: Callable[[], None]) -> float:
    """Milliseconds from a change to its pixels."""
    start = time.perf_counter()
    step()
    painter = QPainter(image)
    view.render(painter)
    painter.end()
    return (time.perf_counter() - start) * 1000


def look(view: QGraphicsView, zoom: float, centre: QPointF) -> None:
    """Zoom and centre."""
    view.resetTransform()
    view.scale(zoom, zoom)
    view.centerOn(centre)


def scroll(view: QGraphicsView, by: QPoint) -> None:
    """Pan by pixels."""
    view.horizontalScrollBar().setValue(view.horizontalScrollBar().value() + by.x())
    view.verticalScrollBar().setValue(view.verticalScrollBar().value() + by.y())


def report(name: str, ours: list[float], plain: list[float]) -> None:
    """One line of the table."""

    def figures(times: list[float]) -> str:
        return f"{statistics.median(times):8.2f} {statistics.quantiles(times, n=20)[-1]:8.2f}"

    ratio = statistics.median(plain) / statistics.median(ours)
    print(f"{name:24} {figures(ours)}   {figures(plain)}   {ratio:6.1f} ×")


def main() -> None:
    """Run the three acts."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    app = QApplication.instance() or QApplication([])
    IdleCollector(app)  # as the program's window has it
    start = time.perf_counter()
    canvas = Canvas(Session(chain(count)))
    canvas.resize(*SIZE)
    canvas.show()
    canvas.minimap.hide()
    app.processEvents()
    print(f"{count:,} nodes; first picture after {(time.perf_counter() - start) * 1000:.0f} ms")
    view = plain_view(canvas)
    view.show()
    app.processEvents()
    image = QImage(*SIZE, QImage.Format.Format_ARGB32_Premultiplied)
    bounds = canvas.board.faces.bounds()
    fit = min(SIZE[0] / bounds.width(), SIZE[1] / bounds.height())
    items = {item.face.id: item for item in view.scene().items() if isinstance(item, PlainNode)}
    print(f"{'':24} {'canvas':>8} {'p95':>8}   {'plain':>8} {'p95':>8}   {'ratio':>6}")
    for name, zoom in (("pan at 1:1", 1.0), ("pan at 0.45", 0.45), ("zoom, all in view", fit)):
        ours, plain = [], []
        for each in (canvas, view):
            look(each, zoom, bounds.center())
        for index in range(FRAMES):
            by = QPoint(7 if index % 2 else -5, 3)
            wanted = zoom * (1 + 0.01 * (index % 5))
            for each, times in ((canvas, ours), (view, plain)):
                if name.startswith("pan"):
                    times.append(frame(each, image, lambda each=each, by=by: scroll(each, by)))
                else:
                    step = lambda each=each, wanted=wanted: look(each, wanted, bounds.center())  # noqa: E731
                    times.append(frame(each, image, step))
        report(name, ours, plain)
    for name, chosen in (("drag 1, all in view", 1), ("drag 500, all in view", min(500, count))):
        ours, plain = [], []
        ids = [f"n{index}" for index in range(chosen)]
        for each in (canvas, view):
            look(each, fit, bounds.center())
        canvas.board.lift(ids)
        for index in range(FRAMES):
            dx = 8.0 * index
            ours.append(frame(canvas, image, lambda dx=dx: canvas.board.shift(dx, dx)))

            def move(ids: list[str] = ids) -> None:
                for node_id in ids:
                    items[node_id].moveBy(8, 8)

            plain.append(frame(view, image, move))
        canvas.board.settle()
        report(name, ours, plain)
    canvas.close()
    view.close()


if __name__ == "__main__":
    main()
