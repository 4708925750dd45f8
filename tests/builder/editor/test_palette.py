"""Finding blocks by a few letters, in the palette and in the search."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.architectures import ARCHITECTURES, open_document
from builder.architectures.base import by_family
from builder.blocks import CATEGORIES, REGISTRY
from builder.document import Document
from builder.editor.canvas import Canvas
from builder.editor.catalogue import entries, entry_of_mime, find, mime_of_entry, networks
from builder.editor.palette import Palette
from builder.graph import Edge
from builder.widgets.session import Session

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def _document(name: str = "lenet5") -> Document:
    document = open_document(name)
    assert isinstance(document, Document)
    return document


def test_everything_that_can_be_placed_is_offered_once_by_category() -> None:
    document = _document("resnet18")
    offered = entries(document)
    placed = {module.block for module in document.modules.values()}
    assert {entry.block for entry in offered} >= set(REGISTRY) | placed
    assert len({entry.key for entry in offered}) == len(offered)
    order = [CATEGORIES.index(entry.category) for entry in offered]
    assert order == sorted(order)
    assert all(entry.description for entry in offered)


def test_what_is_common_comes_before_what_is_rare() -> None:
    titles = [entry.title for entry in entries(Document())]
    for first, later in (("Max pool", "Adaptive average pool"), ("Flatten", "Pad"), ("ReLU", "Mish")):
        assert titles.index(first) < titles.index(later)


def test_a_module_is_not_offered_within_itself() -> None:
    document = _document("resnet18")
    name = next(iter(document.modules))
    assert name not in [entry.title for entry in entries(document, name)]


@pytest.mark.parametrize(
    ("typed", "block"),
    [
        ("conv", "conv"),
        ("Linear", "linear"),
        ("fully", "linear"),
        ("dense", "linear"),
        ("maxp", "max_pool"),
        ("bn", "batch_norm"),
        ("residual", "add"),
        ("gap", "global_avg_pool"),
        ("swish", "silu"),
        ("unpool", "upsample"),
        ("dwconv", "conv"),
    ],
)
def test_people_find_what_they_mean(typed: str, block: str) -> None:
    assert find(typed, entries(Document()))[0].block == block


def test_recent_blocks_come_first_with_nothing_typed() -> None:
    offered = entries(Document())
    assert find("", offered, [offered[7].key])[0] is offered[7]
    assert find("zzz", offered) == []


def test_networks_are_found_after_the_blocks_that_are_meant() -> None:
    offered = [*entries(Document()), *networks()]
    for typed, block in (("conv", "conv"), ("dense", "linear"), ("residual", "add")):
        assert find(typed, offered)[0].block == block
    dense = find("dense", offered)
    assert {"densenet121", "densenet201"} <= {entry.network for entry in dense}
    assert find("resnet-50", offered)[0].network == "resnet50"
    assert find("resnet50", offered)[0].network == "resnet50"


def test_every_network_is_offered_once_under_its_family() -> None:
    assert sorted(entry.network for entry in networks()) == sorted(ARCHITECTURES)
    assert len({entry.key for entry in (*entries(Document()), *networks())}) == len(
        entries(Document())
    ) + len(networks())
    families = list(dict.fromkeys(entry.family for entry in networks()))
    assert families == list(by_family(ARCHITECTURES.values()))


def test_networks_fold_away_with_their_families(qtbot: QtBot) -> None:
    desk = Desk(qtbot, Session(Document()))
    model = desk.palette.list.model()
    rows = [model.index(row, 0).data() for row in range(model.rowCount())]
    start = rows.index("ARCHITECTURES")
    assert rows[start + 1 : start + 3] == ["First networks", "LeNet-5"]
    assert not model.flags(model.index(start + 1, 0)) & Qt.ItemFlag.ItemIsSelectable
    before = desk.palette.list.titles()
    desk.press("ARCHITECTURES")
    left = desk.palette.list.titles()
    assert set(before) - set(left) == {entry.title for entry in ARCHITECTURES.values()}
    assert all(desk.palette.list.isRowHidden(row) for row in range(start + 1, model.rowCount()))


@pytest.mark.parametrize("how", ["click", "drag"])
def test_a_network_is_shown_in_the_gallery_and_placed_nowhere(qtbot: QtBot, how: str) -> None:
    desk = Desk(qtbot, Session(_document()))
    before = len(desk.session.graph)
    with qtbot.waitSignal(desk.session.galleryAsked) as asked:
        if how == "drag":
            _, middle = _wire(desk, "conv1", "tanh1")
            assert desk.drag(desk.take("ResNet-18"), *middle) is None
        else:
            desk.press("ResNet-18")
    assert asked.args == ["resnet18"]
    assert len(desk.session.graph) == before
    assert not desk.session.history.can_undo


def test_an_entry_survives_being_dragged() -> None:
    for entry in (*entries(Document()), *networks()):
        assert entry_of_mime(mime_of_entry(entry), Document()) == entry


def test_typing_filters_and_enter_adds(qtbot: QtBot) -> None:
    session = Session(_document())
    canvas = Canvas(session)
    qtbot.addWidget(canvas)
    palette = Palette(session, canvas)
    qtbot.addWidget(palette)
    for widget in (canvas, palette):
        widget.show()
    assert "Conv" in palette.list.titles()
    before = len(session.graph)
    qtbot.keyClicks(palette.field, "dropout")
    assert palette.list.titles()[0] == "Dropout"
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert len(session.graph) == before + 1
    assert session.graph.node(session.selection[0]).block == "dropout"


def test_nothing_found_is_said(qtbot: QtBot) -> None:
    session = Session(Document())
    canvas = Canvas(session)
    qtbot.addWidget(canvas)
    palette = Palette(session, canvas)
    qtbot.addWidget(palette)
    palette.field.setText("zzz")
    assert palette.list.titles() == []
    assert palette.list.model().rowCount() == 1


def test_headings_are_higher_than_rows_again_after_a_search(qtbot: QtBot) -> None:
    shown = Desk(qtbot, Session(Document())).palette
    entries_of = shown.list.model()

    def heights() -> set[int]:
        return {shown.list.visualRect(entries_of.index(row, 0)).height() for row in range(6)}

    mixed = heights()
    assert len(mixed) == 2
    shown.field.setText("conv")
    assert heights() == {min(mixed)}
    shown.field.setText("zzz")
    assert shown.list.visualRect(entries_of.index(0, 0)).height() == max(mixed)
    shown.field.clear()
    assert heights() == mixed


def test_a_category_folds_away_by_a_click_on_its_heading_and_stays_so(qtbot: QtBot) -> None:
    desk = Desk(qtbot, Session(Document()))
    every = desk.palette.list.titles()
    desk.press("CONVOLUTION")
    left = desk.palette.list.titles()
    assert "Conv" not in left
    assert {"Input", "Max pool"} <= set(left) < set(every)
    assert Desk(qtbot, Session(Document())).palette.list.titles() == left  # what comes next remembers
    desk.palette.field.setText("depthwise")
    assert desk.palette.list.titles()[0] == "Depthwise 3×3"  # a search looks into what is folded, too
    desk.palette.field.clear()
    assert desk.palette.list.titles() == left
    desk.press("CONVOLUTION")
    assert desk.palette.list.titles() == every


def test_a_click_with_shift_folds_and_opens_all_categories(qtbot: QtBot) -> None:
    desk = Desk(qtbot, Session(Document()))
    every = desk.palette.list.titles()
    desk.press("POOLING", Qt.KeyboardModifier.ShiftModifier)
    assert desk.palette.list.titles() == []
    desk.press("DENSE", Qt.KeyboardModifier.ShiftModifier)
    assert desk.palette.list.titles() == every


def test_keys_reach_headings_and_pass_what_is_folded(qtbot: QtBot) -> None:
    palette = Desk(qtbot, Session(Document())).palette
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Down):
        qtbot.keyClick(palette.field, key)
    assert palette.list.currentIndex().data() == "CONVOLUTION"  # the first was folded, and passed
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.list.currentIndex().data() == "Conv"


class Desk:
    """Palette and canvas, and a hand that takes blocks from one to the other, as Qt tells it to the widgets."""

    def __init__(self, bot: QtBot, session: Session) -> None:
        self.bot = bot
        self.session = session
        self.canvas = Canvas(session)
        self.palette = Palette(session, self.canvas)
        for widget in (self.palette, self.canvas):
            bot.addWidget(widget)
            widget.resize(1076 if widget is self.canvas else 224, 800)
            with bot.waitExposed(widget):
                widget.show()

    def take(self, title: str) -> QMimeData:
        """What the palette gives to a drag of this block."""
        model = self.palette.list.model()
        rows = range(model.rowCount())
        index = next(i for row in rows if (i := model.index(row, 0)).data() == title)
        assert self.palette.list.dragEnabled()
        assert model.flags(index) & Qt.ItemFlag.ItemIsDragEnabled
        return model.mimeData([index])

    def press(self, heading: str, modifier: Qt.KeyboardModifier = NONE) -> None:
        """Click on a heading of the palette."""
        listed = self.palette.list
        model = listed.model()
        index = next(i for row in range(model.rowCount()) if (i := model.index(row, 0)).data() == heading)
        listed.scrollTo(index)
        self.bot.mouseClick(listed.viewport(), LEFT, modifier, listed.visualRect(index).center())

    def drag(self, data: QMimeData, x: float, y: float, *, let_go: bool = True) -> Edge | None:
        """Carry it over the canvas to a place of the scene; the wire that was offered there."""
        end, viewport = self.canvas.mapFromScene(QPointF(x, y)), self.canvas.viewport()
        arguments = (Qt.DropAction.CopyAction, data, LEFT, NONE)
        entered = QDragEnterEvent(end - QPoint(60, 40), *arguments)
        QApplication.sendEvent(viewport, entered)
        if not entered.isAccepted():
            return None
        for at in (end - QPoint(4, 0), end):
            QApplication.sendEvent(viewport, QDragMoveEvent(at, *arguments))
        target = self.canvas.overlay.wire_target
        drop = QDropEvent(QPointF(end), *arguments)
        QApplication.sendEvent(viewport, drop if let_go else QDragLeaveEvent())
        assert drop.isAccepted() or not let_go
        return target.edge if target is not None else None


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot, Session(_document()))


def _wire(desk: Desk, source: str, target: str) -> tuple[Edge, tuple[float, float]]:
    found = next(
        wire
        for wire in desk.canvas.board.wires
        if desk.session.graph.node(wire.edge.source).name == source
        and desk.session.graph.node(wire.edge.target).name == target
    )
    return found.edge, found.middle


def test_a_block_dropped_on_a_wire_is_put_into_it(desk: Desk) -> None:
    edge, middle = _wire(desk, "conv1", "tanh1")
    assert desk.drag(desk.take("Batch norm"), *middle) == edge
    graph, added = desk.session.graph, desk.session.selection[0]
    assert graph.node(added).block == "batch_norm"
    assert not graph.has_edge(edge)
    assert graph.has_edge(Edge(edge.source, "y", added, "x"))
    assert graph.has_edge(Edge(added, "y", edge.target, "x"))
    boxes = [face.rect for face in desk.canvas.board.faces]
    assert not any(a.intersects(b) for a in boxes for b in boxes if a is not b)
    desk.session.undo()
    assert desk.session.graph.has_edge(edge)
    assert not desk.session.history.can_undo


def test_a_block_dropped_beside_is_left_where_it_fell(desk: Desk) -> None:
    assert desk.drag(desk.take("Conv 1×1"), 300, -120) is None
    added = desk.session.graph.node(desk.session.selection[0])
    assert dict(added.parameters) == {"kernel_size": 1}
    face = desk.canvas.board.faces[added.id].rect
    assert face.adjusted(-4, -4, 4, 4).contains(QPointF(300, -120))
    assert not desk.session.graph.incoming(added.id)
    assert desk.canvas.hasFocus()


def test_a_block_that_is_carried_out_again_leaves_nothing(desk: Desk) -> None:
    edge, middle = _wire(desk, "conv1", "tanh1")
    assert desk.drag(desk.take("Batch norm"), *middle, let_go=False) == edge
    assert desk.canvas.overlay.wire_target is None
    assert not desk.session.history.can_undo


def test_what_has_no_input_is_not_offered_a_wire_and_what_is_no_block_is_not_taken(desk: Desk) -> None:
    _, middle = _wire(desk, "conv1", "tanh1")
    assert desk.drag(desk.take("Grey 28×28"), *middle) is None
    assert desk.session.graph.node(desk.session.selection[0]).block == "input"
    before = len(desk.session.graph)
    text = QMimeData()
    text.setText("conv")
    desk.drag(text, *middle)
    assert len(desk.session.graph) == before
