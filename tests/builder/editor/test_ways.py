"""Finding one's way: back and forward, to a node by its name, in and out of modules, by real keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from builder import editor
from builder.acts import delete_nodes, rename_node
from builder.analysis import analyze
from builder.analysis.whereabouts import whereabouts
from builder.architectures import ARCHITECTURES
from builder.document import Document
from builder.editor.canvas import Canvas
from builder.editor.finder import Finder
from builder.editor.gallery.page import StartPage
from builder.editor.inspector import Inspector
from builder.editor.palette import Palette
from builder.editor.trail import LENGTH
from builder.errors import Problem
from builder.widgets.session import Session
from builder.widgets.shell import Shell

ALT, CONTROL, SHIFT, NONE = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)
LEFT, RIGHT, UP = Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up


class Walker:
    """Keys over a canvas, with the event loop between them as there is between a person's."""

    def __init__(self, bot: QtBot, document: Document) -> None:
        self.bot = bot
        self.canvas = Canvas(Session(document))
        self.session = self.canvas.session
        self.trail = self.canvas.commands.ways.trail
        self.finder: Finder = self.canvas.commands.ways.finder
        bot.addWidget(self.canvas)
        self.canvas.resize(1000, 600)
        self.canvas.show()
        self.canvas.activateWindow()
        self.canvas.setFocus()
        bot.waitUntil(self.canvas.hasFocus)
        QApplication.processEvents()

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        focus = QApplication.focusWidget()
        assert focus is not None
        self.bot.keyClick(focus, key, modifiers)
        QApplication.processEvents()

    def type(self, text: str) -> None:
        focus = QApplication.focusWidget()
        assert focus is not None
        self.bot.keyClicks(focus, text)
        QApplication.processEvents()

    def select(self, name: str) -> str:
        node = self.session.graph.by_name(name)
        assert node is not None
        self.session.select((node.id,))
        QApplication.processEvents()
        return node.id

    def selected(self) -> list[str]:
        return [self.session.graph.node(node_id).name for node_id in self.session.selection]

    def place(self) -> tuple[tuple[str, ...], float, float, float]:
        centre = self.canvas.visible_rect().center()
        return self.session.instance, round(self.canvas.zoom, 3), round(centre.x(), -1), round(centre.y(), -1)


@pytest.fixture
def walker(qtbot: QtBot) -> Walker:
    return Walker(qtbot, ARCHITECTURES["resnet18"].build())


# back and forward ----------------------------------------------------------------------------------------


def test_back_and_forward_through_modules_with_view_and_selection(walker: Walker) -> None:
    walker.canvas.set_zoom(0.8)
    walker.select("layer1")
    outside = walker.place()
    walker.key(Qt.Key.Key_Return)
    walker.select("0")
    inside = walker.place()
    walker.key(Qt.Key.Key_Return)
    innermost = walker.place()
    assert innermost[0] == ("layer1", "0")
    walker.key(LEFT, ALT)
    assert (walker.place(), walker.selected()) == (inside, ["0"])
    walker.key(LEFT, ALT)
    assert (walker.place(), walker.selected()) == (outside, ["layer1"])
    walker.key(LEFT, ALT)  # there is nothing before
    assert walker.place() == outside
    walker.key(RIGHT, ALT)
    walker.key(RIGHT, ALT)
    assert walker.place() == innermost
    walker.key(RIGHT, ALT)
    assert walker.place() == innermost


def test_leaving_goes_up_whichever_way_one_came(walker: Walker) -> None:
    assert walker.session.reveal("layer2.0.conv1")
    walker.key(UP, ALT)
    assert walker.session.instance == ("layer2",)
    walker.key(UP, ALT)
    assert walker.session.instance == ()
    assert not walker.canvas.commands.actions["leave"].isEnabled()


def test_a_problem_that_leads_into_a_module_is_one_jump(walker: Walker) -> None:
    before = walker.place()
    assert walker.session.reveal("layer4.1.bn2")
    QApplication.processEvents()
    assert walker.session.instance == ("layer4", "1")
    walker.key(LEFT, ALT)
    assert walker.place() == before
    assert walker.selected() == []


def test_panning_goes_on_from_a_place_and_framing_leaves_it(walker: Walker) -> None:
    walker.canvas.look_at(QPointF(0, 0), 1.0)
    QApplication.processEvents()
    walker.trail.clear()
    for _ in range(50):
        walker.canvas.pan(QPoint(-6, 0))
        QApplication.processEvents()
    assert not walker.trail.can_go_back
    panned = walker.place()
    walker.key(Qt.Key.Key_Home)
    assert walker.place() != panned
    walker.key(LEFT, ALT)
    assert walker.place() == panned


def test_a_click_on_the_map_leaves_a_place(walker: Walker) -> None:
    canvas = walker.canvas
    canvas.look_at(QPointF(0, 0), 2.0)
    QApplication.processEvents()
    walker.trail.clear()
    QApplication.processEvents()
    before = walker.place()
    assert canvas.minimap.isVisible()
    corner = canvas.minimap.rect().bottomRight() - QPoint(30, 15)
    walker.bot.mousePress(canvas.minimap, Qt.MouseButton.LeftButton, NONE, corner)
    QApplication.processEvents()
    assert walker.place() != before
    canvas.setFocus()
    walker.key(LEFT, ALT)
    assert walker.place() == before


def test_the_mouse_has_buttons_for_it(walker: Walker) -> None:
    walker.session.enter("layer1")
    QApplication.processEvents()
    viewport = walker.canvas.viewport()
    walker.bot.mouseClick(viewport, Qt.MouseButton.BackButton)
    assert walker.session.instance == ()
    walker.bot.mouseClick(viewport, Qt.MouseButton.ForwardButton)
    assert walker.session.instance == ("layer1",)


def test_a_new_way_forgets_what_lay_ahead(walker: Walker) -> None:
    walker.session.enter("layer1")
    QApplication.processEvents()
    walker.key(LEFT, ALT)
    walker.session.enter("layer2")
    QApplication.processEvents()
    assert not walker.trail.can_go_forward
    walker.key(LEFT, ALT)
    walker.key(RIGHT, ALT)
    assert walker.session.instance == ("layer2",)


def test_places_in_modules_that_are_gone_are_passed_over(walker: Walker) -> None:
    for name in ("layer1", "layer2"):
        walker.session.leave_to((name,))
        QApplication.processEvents()
    walker.session.leave_to(())
    QApplication.processEvents()
    document = walker.session.document
    (first, second) = (document.network.by_name(name) for name in ("layer1", "layer2"))
    assert first is not None
    assert second is not None
    walker.session.perform("Delete", delete_nodes(document, "", [second.id]))
    QApplication.processEvents()
    walker.key(LEFT, ALT)
    assert walker.session.instance == ("layer1",)
    edits = rename_node(document, "", first.id, "stage")
    assert not isinstance(edits, Problem)
    walker.session.perform("Rename", edits)
    walker.session.flush()
    for _ in range(5):
        walker.key(LEFT, ALT)
    assert walker.session.instance == ()


def test_nodes_that_are_gone_are_not_selected_again(walker: Walker) -> None:
    gone = walker.select("avgpool")
    walker.session.enter("layer1")
    QApplication.processEvents()
    document = walker.session.document
    walker.session.perform("Delete", delete_nodes(document, "", [gone]))
    walker.key(LEFT, ALT)
    assert walker.session.instance == ()
    assert walker.selected() == []


def test_only_so_many_places_are_kept(walker: Walker) -> None:
    for _ in range(LENGTH):
        for name in ("layer1", "layer2"):
            walker.session.leave_to((name,))
            walker.trail.settle()
    assert len(walker.trail._back) == LENGTH


def test_another_document_has_other_places(walker: Walker) -> None:
    walker.session.enter("layer1")
    QApplication.processEvents()
    walker.session.replace(ARCHITECTURES["lenet5"].build())
    QApplication.processEvents()
    assert not walker.trail.can_go_back
    assert not walker.canvas.commands.actions["back"].isEnabled()


# to a node -----------------------------------------------------------------------------------------------


def test_every_node_of_every_instance_is_listed() -> None:
    for name in ("resnet18", "googlenet", "vgg16"):
        analysis = analyze(ARCHITECTURES[name].build())
        found = whereabouts(analysis)
        paths = [one.path for one in found]
        assert {report.path for report in analysis.leaves()} <= set(paths)
        assert len(paths) == len(set(paths))
        depths = [len(one.segments) for one in found]
        assert depths == sorted(depths)
        assert len(whereabouts(analysis, most=7)) == 7
    assert whereabouts(analysis, most=0) == []


def test_a_path_leads_into_the_module_and_enter_goes_on(walker: Walker) -> None:
    walker.key(Qt.Key.Key_F, CONTROL)
    assert walker.finder.field.hasFocus()
    walker.type("layer3.0.conv1")
    first = walker.finder.shown[0]
    assert (first.title, first.detail) == ("conv1", "Conv in layer3.0")
    walker.key(Qt.Key.Key_Return)
    assert walker.session.instance == ("layer3", "0")
    assert walker.selected() == ["conv1"]
    assert walker.finder.isVisible()
    assert walker.finder.field.hasFocus()
    walker.key(Qt.Key.Key_Escape)
    assert walker.finder.isHidden()
    assert walker.canvas.hasFocus()
    walker.key(LEFT, ALT)
    assert walker.session.instance == ()


def test_enter_steps_through_what_is_found_and_round(walker: Walker) -> None:
    walker.key(Qt.Key.Key_F, CONTROL)
    walker.type("downsample")
    found = [row.thing.segments for row in walker.finder.shown if row.title == "downsample"]
    assert len(found) == 8
    gone = []
    for _ in range(8):
        walker.key(Qt.Key.Key_Return)
        gone.append((*walker.session.instance, *walker.selected()))
    assert gone == found
    walker.key(Qt.Key.Key_Return, SHIFT)
    assert walker.session.instance == found[-2][:-1]
    walker.key(Qt.Key.Key_Up)
    walker.key(Qt.Key.Key_Return)
    assert walker.session.instance == found[-3][:-1]


def test_a_node_is_found_by_what_it_is(walker: Walker) -> None:
    walker.key(Qt.Key.Key_F, CONTROL)
    walker.type("max pool")
    assert [row.title for row in walker.finder.shown][:1] == ["maxpool"]
    walker.key(Qt.Key.Key_Return)
    assert walker.selected() == ["maxpool"]


def test_what_is_found_does_not_lie_under_the_list(walker: Walker) -> None:
    canvas = walker.canvas
    (face,) = [face for face in canvas.board.faces if face.name == "conv1"]
    canvas.look_at(face.rect.center() + QPointF(0, 250 / canvas.zoom))
    walker.key(Qt.Key.Key_F, CONTROL)
    walker.type("conv1")
    walker.key(Qt.Key.Key_Return)
    shown = canvas.mapFromScene(face.rect).boundingRect()
    assert canvas.rect().contains(shown)
    assert not walker.finder.geometry().intersects(shown)


def test_nothing_found_is_said_and_escape_changes_nothing(walker: Walker) -> None:
    before = walker.place()
    walker.key(Qt.Key.Key_F, CONTROL)
    walker.type("xyzzy")
    assert walker.finder.shown == []
    assert "No node" in walker.finder.note.text()
    walker.key(Qt.Key.Key_Return)
    walker.key(Qt.Key.Key_Escape)
    assert walker.place() == before


def test_control_and_enter_selects_besides(walker: Walker) -> None:
    walker.select("conv1")
    walker.key(Qt.Key.Key_F, CONTROL)
    walker.type("avgpool")
    walker.key(Qt.Key.Key_Return, CONTROL)
    assert walker.selected() == ["conv1", "avgpool"]
    assert walker.finder.isHidden()


def test_letters_typed_are_letters(walker: Walker) -> None:
    walker.key(Qt.Key.Key_F, CONTROL)
    walker.type("fl1m?")
    assert walker.finder.field.text() == "fl1m?"
    assert walker.session.history.can_undo is False


def test_a_click_elsewhere_closes_the_list(walker: Walker) -> None:
    walker.key(Qt.Key.Key_F, CONTROL)
    walker.bot.mouseClick(walker.canvas.viewport(), Qt.MouseButton.LeftButton, NONE, QPoint(500, 560))
    assert walker.finder.isHidden()
    assert walker.canvas.hasFocus()


def test_space_pans_over_a_node_too(walker: Walker) -> None:
    canvas = walker.canvas
    face = next(iter(canvas.board.faces))
    at = canvas.mapFromScene(face.rect.center())
    before = canvas.visible_rect().center()
    walker.bot.keyPress(canvas, Qt.Key.Key_Space)
    walker.bot.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, NONE, at)
    walker.bot.mouseMove(canvas.viewport(), at + QPoint(60, 40))
    walker.bot.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, NONE, at + QPoint(60, 40))
    walker.bot.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.visible_rect().center() != before
    assert not walker.session.history.can_undo
    assert walker.selected() == []


def test_up_and_back_work_from_the_inspector_and_not_under_a_page(qtbot: QtBot) -> None:
    session = Session(ARCHITECTURES["resnet18"].build())
    shell = Shell(session)
    qtbot.addWidget(shell)
    editor.install(shell, session)
    shell.show()
    with qtbot.waitActive(shell):
        shell.activateWindow()
    module = next(node for node in session.graph if node.block.startswith("module:"))
    session.enter(module.name)
    session.select((next(node.id for node in session.graph if node.block.startswith("module:")),))
    inside = session.instance
    assert inside
    QApplication.processEvents()
    fields = shell.findChild(Inspector).findChildren(QLineEdit)
    field = next(field for field in fields if field.isVisible() and field.isEnabled())
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    qtbot.keyClick(field, UP, ALT)
    assert session.instance == ()
    QApplication.processEvents()
    tree = shell.findChild(Palette).field
    tree.setFocus()
    qtbot.keyClick(tree, LEFT, ALT)
    assert session.instance == inside
    session.galleryAsked.emit("")
    page = shell.findChild(StartPage)
    qtbot.waitUntil(page.isVisible)
    qtbot.keyClick(page.search, UP, ALT)
    assert session.instance == inside, "nothing moves under the start page"
    page.leave()
    qtbot.keyClick(tree, UP, ALT)
    assert session.instance == ()
