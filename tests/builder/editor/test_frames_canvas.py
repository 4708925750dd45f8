"""Frames and notes by hand: put down by key and menu, written on, dragged, resized, coloured, copied, taken away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QPlainTextEdit
from pytestqt.qtbot import QtBot

from builder.document import Document
from builder.editor.canvas import Canvas
from builder.editor.framepaint import EMPTY
from builder.editor.hit import Hit
from builder.frames import PADDING, SMALLEST, TITLE_HEIGHT, Frame, border_of, frames_of, inside_of
from builder.graph import Edge
from builder.heat import Measure
from builder.reader import MAX_TEXT
from builder.widgets.session import Session
from builder.widgets.theme import DARK, LIGHT
from tests.builder.editor.hand import CONTROL, LEFT, NONE, SHIFT, Hand, small_document


class FrameHand(Hand):
    """A hand that puts down frames and notes, and writes on them."""

    @property
    def frames(self) -> list[Frame]:
        return frames_of(self.canvas.graph)

    @property
    def selected(self) -> list[int]:
        return self.canvas.framing.selected

    def title_field(self) -> QLineEdit:
        field = QApplication.focusWidget()
        assert isinstance(field, QLineEdit)
        assert field.objectName() == "frame-title"
        return field

    def note_field(self) -> QPlainTextEdit:
        field = QApplication.focusWidget()
        assert isinstance(field, QPlainTextEdit)
        assert field.objectName() == "note-text"
        return field

    def type(self, text: str, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        field = QApplication.focusWidget()
        assert isinstance(field, QLineEdit | QPlainTextEdit)
        self.bot.keyClicks(field, text)
        self.bot.keyClick(field, key, modifiers)
        self.bot.waitUntil(self.canvas.hasFocus)

    def undoes_to(self, text: str, do: Callable[[], object]) -> None:
        """Undo of one step leads back to this document, and redo leads on again."""
        do()
        after = self.text()
        assert after != text
        self.session.undo()
        assert self.text() == text
        self.session.redo()
        assert self.text() == after


@pytest.fixture
def hand(qtbot: QtBot) -> FrameHand:
    made = FrameHand(qtbot, small_document())
    made.canvas.set_view(1.0, QPointF(450, 30))
    return made


def _framed(hand: FrameHand, title: str = "Features") -> Frame:
    hand.canvas.session.select(["c", "r"])
    hand.key(Qt.Key.Key_J, CONTROL)
    hand.type(title, Qt.Key.Key_Return)
    return hand.frames[0]


def _note(hand: FrameHand, frame: Frame, *others: Frame) -> None:
    hand.session.document.put_frames("", [frame.entry(), *(other.entry() for other in others)])


def test_a_key_frames_the_selection_and_the_title_is_typed_at_once(hand: FrameHand) -> None:
    before = hand.text()
    hand.undoes_to(before, lambda: _framed(hand))
    frame = hand.frames[0]
    assert frame.title == "Features"
    assert frame.box == (
        248 - PADDING,
        -PADDING - TITLE_HEIGHT,
        396 + 2 * PADDING,
        54 + 2 * PADDING + TITLE_HEIGHT,
    )
    assert hand.session.history.undo_label == "Add frame"


def test_with_nothing_selected_an_empty_frame_is_put_down(hand: FrameHand) -> None:
    hand.key(Qt.Key.Key_C)
    hand.type("", Qt.Key.Key_Escape)
    (frame,) = hand.frames
    assert frame.title == ""
    assert hand.canvas.visible_rect().contains(QPointF(frame.x + frame.width / 2, frame.y + frame.height / 2))
    assert hand.selected == [0]


def test_the_title_is_edited_in_place_by_a_double_click_and_kept_by_a_click_elsewhere(
    hand: FrameHand,
) -> None:
    frame = _framed(hand)
    hand.double((frame.x + 60, frame.y + 15))
    field = hand.title_field()
    assert field.text() == "Features"
    hand.bot.keyClicks(field, "What it learns")
    hand.click((frame.x + 30, 300))
    assert hand.frames[0].title == "What it learns"
    hand.click((frame.x + 60, frame.y + 15))
    hand.key(Qt.Key.Key_F2)
    hand.title_field()
    hand.type("Other", Qt.Key.Key_Escape)
    assert hand.frames[0].title == "What it learns"
    hand.session.undo()
    assert hand.frames[0].title == "Features"


def test_what_is_typed_goes_with_the_view(hand: FrameHand) -> None:
    frame = _framed(hand)
    hand.double((frame.x + 60, frame.y + 15))
    hand.bot.keyClicks(hand.title_field(), "Kept")
    hand.canvas.zoom_by(0.8)
    assert (hand.title_field().pos() - hand.at(frame.x, frame.y)).manhattanLength() < 12
    hand.type(" here", Qt.Key.Key_Return)
    assert hand.frames[0].title == "Kept here"
    hand.canvas.framing.add_note(QPointF(0, 300))
    hand.bot.keyClicks(hand.note_field(), "this")
    hand.canvas.pan(QPoint(10, 0))
    hand.canvas.zoom_by(1.25)
    assert hand.note_field().pos() == hand.at(hand.frames[1].x, hand.frames[1].y)
    hand.type(" too", Qt.Key.Key_Escape)
    assert hand.frames[1].text == "this too"


def test_a_field_stays_open_while_the_colours_of_heat_follow(hand: FrameHand) -> None:
    hand.canvas.heating.choose(Measure.PARAMETERS)
    hand.canvas.session.select(["c", "r"])
    hand.key(Qt.Key.Key_J, CONTROL)
    field = hand.title_field()
    with hand.bot.waitSignal(hand.session.analysisChanged):
        pass
    hand.bot.wait(20)
    assert field.isVisible()
    hand.type("Still here", Qt.Key.Key_Return)
    assert hand.frames[0].title == "Still here"


def test_dragging_the_title_moves_what_lies_inside_as_one_step(hand: FrameHand) -> None:
    frame = _framed(hand)
    inner = Frame(frame.x + 8, frame.y + 40, 90, 50, text="in")
    hand.session.document.put_frames("", [frame.entry(), inner.entry()])
    before, places = hand.text(), {node.id: node.position for node in hand.canvas.graph}
    start = (frame.x + 200, frame.y + 12)
    hand.undoes_to(before, lambda: hand.drag(start, (start[0] + 80, start[1] + 120)))
    for node in hand.canvas.graph:
        x, y = places[node.id]
        assert node.position == ((x + 80, y + 120) if node.id in "cr" else (x, y))
    dx, dy = hand.frames[0].x - frame.x, hand.frames[0].y - frame.y
    assert (dx, dy) == (80, 120)
    assert hand.frames[1] == inner.moved(80, 120)


def test_escape_while_dragging_leaves_everything_where_it_was(hand: FrameHand) -> None:
    frame = _framed(hand)
    before = hand.text()
    hand.drag((frame.x + 200, frame.y + 12), (frame.x + 296, frame.y + 92), release=False)
    assert dict(hand.canvas.board.drawn_frames())[0] == frame.moved(96, 80)
    hand.key(Qt.Key.Key_Escape)
    assert dict(hand.canvas.board.drawn_frames())[0] == frame
    assert hand.text() == before
    hand.drag((frame.x, frame.y + 60), (frame.x - 96, frame.y + 60), release=False)
    assert hand.canvas.board.frames[0].x == frame.x - 96
    hand.key(Qt.Key.Key_Escape)
    assert hand.canvas.board.frames == [frame]
    assert hand.text() == before


@pytest.mark.parametrize(
    ("side", "by"),
    [
        ((-1, 0), (-80, 33)),
        ((1, 0), (80, 33)),
        ((0, 1), (33, 80)),
        ((0, -1), (33, -80)),
        ((1, 1), (64, 64)),
        ((-1, -1), (-64, -64)),
    ],
)
def test_edges_and_corners_resize(hand: FrameHand, side: tuple[int, int], by: tuple[int, int]) -> None:
    frame = Frame(160, 160, 320, 240, "Box")
    _note(hand, frame)
    start = (
        frame.x + {-1: 0, 0: frame.width / 3, 1: frame.width}[side[0]],
        frame.y + {-1: 0, 0: frame.height / 2, 1: frame.height}[side[1]],
    )
    assert hand.canvas.hit(hand.at(*start)) == Hit(frame=0, side=side)
    before = hand.text()
    hand.undoes_to(before, lambda: hand.drag(start, (start[0] + by[0], start[1] + by[1])))
    after = hand.frames[0]
    moved = [
        (after.x - frame.x, after.x + after.width - frame.x - frame.width),
        (after.y - frame.y, after.y + after.height - frame.y - frame.height),
    ]
    for axis in (0, 1):
        assert moved[axis] == (
            (by[axis], 0) if side[axis] < 0 else (0, by[axis]) if side[axis] > 0 else (0, 0)
        )


def test_a_frame_never_gets_too_small_to_be_taken(hand: FrameHand) -> None:
    _note(hand, Frame(160, 160, 320, 240, "Box"))
    hand.drag((480, 400), (0, 0))
    assert hand.frames[0].box == (160, 160, *SMALLEST)


def test_deleting_a_frame_leaves_its_nodes(hand: FrameHand) -> None:
    frame = _framed(hand)
    count = len(hand.canvas.graph)
    before = hand.text()
    hand.click((frame.x + 200, frame.y + 12))
    hand.undoes_to(before, lambda: hand.key(Qt.Key.Key_Delete))
    assert hand.frames == []
    assert len(hand.canvas.graph) == count


def test_a_note_is_put_down_by_a_key_and_written_in_many_lines(hand: FrameHand) -> None:
    before = hand.text()

    def write() -> None:
        hand.key(Qt.Key.Key_N)
        field = hand.note_field()
        hand.bot.keyClicks(field, "What a convolution sees")
        hand.bot.keyClick(field, Qt.Key.Key_Return)
        hand.type("grows with depth.", Qt.Key.Key_Return, CONTROL)

    hand.undoes_to(before, write)
    (note,) = hand.frames
    assert note.text == "What a convolution sees\ngrows with depth."
    assert note.is_note
    assert hand.session.history.undo_label == "Add note"


def test_a_note_grows_with_its_text_and_escape_keeps_it(hand: FrameHand) -> None:
    _note(hand, Frame(160, 160, 160, 48, text="short"))
    hand.double((200, 180))
    hand.type("word " * 60, Qt.Key.Key_Escape)
    (note,) = hand.frames
    assert note.text == "short" + ("word " * 60).rstrip()
    assert note.height > 150
    assert note.height % 8 == 0
    hand.session.undo()
    assert hand.frames[0].box == (160, 160, 160, 48)


def test_a_note_takes_no_more_than_a_document_may_hold(hand: FrameHand) -> None:
    _note(hand, Frame(160, 160, 400, 300, text=""))
    hand.double((200, 180))
    field = hand.note_field()
    field.setPlainText("x" * (MAX_TEXT + 50))
    hand.type("", Qt.Key.Key_Escape)
    assert hand.frames[0].text == "x" * MAX_TEXT


def test_keys_are_text_while_one_types(hand: FrameHand) -> None:
    hand.key(Qt.Key.Key_N)
    hand.type("bnlm", Qt.Key.Key_Escape)  # letters that are keys of the canvas
    assert [frame.text for frame in hand.frames] == ["bnlm"]
    assert len(hand.canvas.graph) == 4


def test_a_note_is_dragged_anywhere_on_it_and_moves_no_nodes(hand: FrameHand) -> None:
    _note(hand, Frame(240, -16, 200, 200, text="over the nodes"))
    places = {node.id: node.position for node in hand.canvas.graph}
    hand.drag((340, 140), (340, 300))
    assert hand.frames[0].box == (240, 144, 200, 200)
    assert {node.id: node.position for node in hand.canvas.graph} == places


def test_nodes_and_wires_lie_above_frames_for_the_pointer(hand: FrameHand) -> None:
    _note(hand, Frame(-100, -100, 1200, 400, text="a large note below all"))
    assert hand.canvas.hit(hand.at(300, 20)).node == "c"
    assert hand.canvas.hit(hand.at(420, 27)).edge == Edge("c", "y", "r", "x")
    assert hand.canvas.hit(hand.at(600, 200)) == Hit(frame=0)


def test_within_a_frame_a_band_selects_nodes(hand: FrameHand) -> None:
    frame = _framed(hand)
    hand.click((600, 300))
    assert hand.selected == []
    hand.drag((frame.x + 10, frame.y + 40), (frame.x + 200, frame.y + 120))
    assert hand.session.selection == ("c",)
    assert hand.selected == []


def test_a_band_takes_frames_that_lie_wholly_in_it_and_shift_adds(hand: FrameHand) -> None:
    frame = _framed(hand)
    _note(hand, frame, Frame(240, 200, 100, 60, text="below"))
    hand.click((600, 350))
    hand.drag((frame.x - 20, frame.y - 20), (frame.x + frame.width + 20, frame.y + frame.height + 20))
    assert set(hand.session.selection) == {"c", "r"}
    assert hand.selected == [0]
    hand.click((280, 230), SHIFT)
    assert hand.selected == [0, 1]
    assert set(hand.session.selection) == {"c", "r"}
    hand.click((280, 230), SHIFT)
    assert hand.selected == [0]
    hand.key(Qt.Key.Key_Escape)
    assert hand.selected == []
    assert hand.session.selection == ()


def test_dragging_a_node_takes_selected_frames_along(hand: FrameHand) -> None:
    _note(hand, Frame(240, 200, 100, 60, text="below"))
    hand.key(Qt.Key.Key_A, CONTROL)
    assert hand.selected == [0]
    before = hand.text()
    hand.undoes_to(before, lambda: hand.drag((322, 40), (362, 80)))
    assert hand.frames[0].box[:2] == (280, 240)
    assert hand.canvas.graph.node("o").position == (784, 40)


def test_arrow_keys_with_control_nudge_frames_with_what_is_in_them(hand: FrameHand) -> None:
    frame = _framed(hand)
    hand.click((frame.x + 200, frame.y + 12))
    before = hand.text()
    hand.key(Qt.Key.Key_Right, CONTROL)
    hand.key(Qt.Key.Key_Down, CONTROL)
    assert hand.frames[0] == frame.moved(8, 8)
    assert hand.canvas.graph.node("c").position == (256, 8)
    assert hand.canvas.graph.node("i").position == (0, 0)
    hand.session.undo()
    assert hand.text() == before


def test_a_frame_is_copied_and_pasted_with_what_is_in_it(hand: FrameHand) -> None:
    frame = _framed(hand)
    hand.click((frame.x + 200, frame.y + 12))
    hand.key(Qt.Key.Key_C, CONTROL)
    assert '"Features"' in QGuiApplication.clipboard().text()
    before = hand.text()
    hand.undoes_to(before, lambda: hand.key(Qt.Key.Key_V, CONTROL))
    assert [f.title for f in hand.frames] == ["Features", "Features"]
    assert len(hand.canvas.graph) == 6
    hand.session.undo()
    hand.click((frame.x + 200, frame.y + 12))
    hand.key(Qt.Key.Key_D, CONTROL)
    assert len(hand.canvas.graph) == 6
    assert hand.selected == [1]
    assert set(hand.session.selection) == {"n5", "n6"}


def test_a_copy_of_a_frame_is_dragged_off_it_with_alt(hand: FrameHand) -> None:
    frame = _framed(hand)
    start = (frame.x + 200, frame.y + 12)
    before = hand.text()
    hand.undoes_to(
        before, lambda: hand.drag(start, (start[0], start[1] + 240), Qt.KeyboardModifier.AltModifier)
    )
    assert hand.frames == [frame, frame.moved(0, 240)]
    assert len(hand.canvas.graph) == 6


def test_cutting_a_frame_takes_what_is_in_it_and_heals(hand: FrameHand) -> None:
    frame = _framed(hand)
    hand.click((frame.x + 200, frame.y + 12))
    before = hand.text()
    hand.undoes_to(before, lambda: hand.key(Qt.Key.Key_X, CONTROL))
    assert hand.frames == []
    assert {node.id for node in hand.canvas.graph} == {"i", "o"}
    assert list(hand.canvas.graph.edges()) == [Edge("i", "y", "o", "x")]


def test_a_note_alone_is_pasted(hand: FrameHand) -> None:
    _note(hand, Frame(160, 160, 200, 80, text="alone"))
    hand.click((200, 200))
    hand.key(Qt.Key.Key_C, CONTROL)
    hand.key(Qt.Key.Key_V, CONTROL)
    assert [frame.text for frame in hand.frames] == ["alone", "alone"]
    assert hand.selected == [1]
    assert hand.session.history.undo_label == "Paste 1 frame"


def test_a_colour_is_a_click_away_and_ticked(hand: FrameHand) -> None:
    frame = _framed(hand)
    hand.click((frame.x + 200, frame.y + 12))
    swatches = hand.canvas.framing.swatches
    assert swatches.isVisible()
    assert [name for name, button in swatches.buttons.items() if button.isChecked()] == ["grey"]
    before = hand.text()
    hand.undoes_to(before, lambda: hand.bot.mouseClick(swatches.buttons["green"], LEFT))
    assert hand.canvas.graph.frames[0]["colour"] == "green"
    assert [name for name, button in swatches.buttons.items() if button.isChecked()] == ["green"]
    hand.click((600, 350))
    assert not swatches.isVisible()


def test_the_menu_over_a_frame_offers_colours_and_names(hand: FrameHand) -> None:
    _note(hand, Frame(160, 160, 200, 80, text="a note"))
    at = hand.at(200, 200)
    view = hand.canvas.viewport()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, view.mapToGlobal(at))
    QApplication.sendEvent(view, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert hand.selected == [0]
    texts = [action.text() for action in menu.actions() if action.text()]
    assert {"Colour", "Rename", "Copy", "Delete", "Add note"} <= set(texts)
    colours = menu.actions()[0].menu()
    assert isinstance(colours, QMenu)
    next(action for action in colours.actions() if action.text() == "Red").trigger()
    menu.close()
    assert hand.canvas.graph.frames[0]["colour"] == "red"


def test_the_menu_puts_a_note_where_it_was_asked_for(hand: FrameHand) -> None:
    menu = hand.canvas.commands.menu(QPointF(320, 240))
    next(action for action in menu.actions() if action.text() == "Add note").trigger()
    menu.deleteLater()
    hand.type("here", Qt.Key.Key_Escape)
    assert hand.frames[0].box[:2] == (320, 240)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("zoom", [1.0, 0.3])
def test_frames_are_painted_below_the_nodes(hand: FrameHand, theme: object, zoom: float) -> None:
    frame = Frame(160, -80, 640, 240, "Stem", "green")
    _note(hand, frame)
    hand.session.set_theme(theme.name)  # type: ignore[attr-defined]
    hand.canvas.set_view(zoom, QPointF(450, 30))
    image = hand.canvas.grab().toImage()

    def pixel(x: float, y: float) -> str:
        return str(QColor(image.pixel(hand.at(x, y))).name())

    assert pixel(420, 130) == inside_of(frame, theme)  # type: ignore[arg-type]
    assert pixel(300, 50) != inside_of(frame, theme)  # type: ignore[arg-type]
    assert pixel(100, 130) != inside_of(frame, theme)  # type: ignore[arg-type]
    hand.canvas.choose((), (0,))
    hand.canvas.framing.swatches.hide()
    image = hand.canvas.grab().toImage()
    accent = QColor(theme.accent)  # type: ignore[attr-defined]
    edge = [image.pixelColor(hand.at(frame.x, 0) + QPoint(dx, 0)) for dx in range(-2, 4)]
    assert accent in edge
    assert border_of(frame, theme) != accent.name()  # type: ignore[arg-type]


def test_an_empty_note_says_how_to_write_on_it(hand: FrameHand) -> None:
    _note(hand, Frame(160, 160, 240, 80, text=""))
    blank = hand.canvas.grab().toImage()
    _note(hand, Frame(160, 160, 240, 80, text=" "))
    written = hand.canvas.grab().toImage()
    assert EMPTY
    assert blank != written


def test_laying_out_draws_frames_round_their_nodes_again(hand: FrameHand) -> None:
    frame = _framed(hand)
    hand.key(Qt.Key.Key_L)
    hand.canvas.commands.arranger.stop()
    graph = hand.canvas.graph
    for node_id in "cr":
        x, y = graph.node(node_id).position
        assert hand.frames[0].holds(x, y)
        assert hand.frames[0].holds(x + 148, y + 54)
    assert hand.frames[0].title == frame.title


def test_all_that_there_is_is_brought_into_view(hand: FrameHand) -> None:
    _note(hand, Frame(3000, 2000, 200, 100, text="far away"))
    hand.key(Qt.Key.Key_F)
    assert hand.canvas.visible_rect().contains(QPointF(3200, 2100))


def test_a_key_goes_from_frame_to_frame_and_they_are_told(hand: FrameHand) -> None:
    _note(
        hand,
        Frame(0, 600, 200, 100, text="second"),
        Frame(4000, 0, 200, 100, "First"),
        Frame(0, 900, 200, 100),
    )
    hand.key(Qt.Key.Key_J)
    assert hand.selected == [1]
    assert hand.canvas.accessibleDescription() == "Frame, First"
    assert hand.canvas.visible_rect().contains(QPointF(4100, 50))
    hand.key(Qt.Key.Key_J)
    assert hand.selected == [0]
    assert hand.canvas.accessibleDescription() == "Note, second"
    hand.key(Qt.Key.Key_J)
    assert hand.canvas.accessibleDescription() == "Frame, without a title"
    hand.key(Qt.Key.Key_J)
    assert hand.selected == [1]
    hand.canvas.set_view(0.1, QPointF(0, 0))
    hand.key(Qt.Key.Key_F)
    assert hand.canvas.zoom == 1.0
    assert hand.canvas.visible_rect().contains(QPointF(4100, 50))
    hand.key(Qt.Key.Key_A, CONTROL)
    assert hand.canvas.accessibleDescription() == "4 nodes selected"


def test_undo_goes_to_the_module_whose_frame_it_changes(qtbot: QtBot) -> None:
    from builder.architectures import open_document

    document = open_document("resnet18")
    assert isinstance(document, Document)
    canvas = Canvas(Session(document))
    qtbot.addWidget(canvas)
    session = canvas.session
    session.enter("layer1")
    canvas.framing.add_note(QPointF(0, 200))
    session.leave()
    assert canvas.board.frames == []
    session.undo()
    assert session.instance == ("layer1",)
    session.redo()
    assert len(canvas.board.frames) == 1


def test_selection_follows_frames_that_go(hand: FrameHand) -> None:
    _note(hand, Frame(160, 160, 200, 80, text="a"), Frame(400, 160, 200, 80, text="b"))
    hand.canvas.choose((), (1,))
    _note(hand, Frame(160, 160, 200, 80, text="a"))
    assert hand.selected == []
