"""Heat on the canvas: switched by key and menu, painted near and from afar, right after every edit."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from builder.architectures import open_document
from builder.convention import Convention
from builder.document import Document
from builder.editor.canvas import Canvas
from builder.editor.hit import Hit
from builder.editor.words import tooltip
from builder.edits import ReplaceNode
from builder.heat import Measure
from builder.widgets.session import Session
from builder.widgets.theme import DARK, LIGHT


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    document = open_document("resnet18")
    assert isinstance(document, Document)
    made = Canvas(Session(document))
    qtbot.addWidget(made)
    made.resize(1400, 800)
    made.show()
    made.activateWindow()
    made.setFocus()
    qtbot.waitUntil(made.hasFocus)
    return made


def _named(canvas: Canvas, name: str) -> str:
    node = canvas.graph.by_name(name)
    assert node is not None
    return node.id


def _pixel(canvas: Canvas, name: str, dx: float = 30, dy: float = 6) -> str:
    """The colour of a node's body, beside its text."""
    rect = canvas.board.faces[_named(canvas, name)].rect
    at = canvas.mapFromScene(rect.topLeft() + QPointF(dx, dy))
    image: QImage = canvas.grab().toImage()
    return str(QColor(image.pixel(at)).name())


def _glow(canvas: Canvas, name: str) -> str:
    assert canvas.layer.heat is not None
    return canvas.layer.heat.glows[_named(canvas, name)].colour


def test_the_key_goes_round_and_the_menu_shows_where(canvas: Canvas, qtbot: QtBot) -> None:
    seen = []
    for _ in range(5):
        qtbot.keyClick(canvas, Qt.Key.Key_H)
        seen.append(canvas.heating.measure)
        checked = [measure for measure, action in canvas.heating.choices.items() if action.isChecked()]
        assert checked == [canvas.heating.measure]
        assert canvas.heating.legend.isVisible() == (canvas.heating.measure is not None)
    assert seen == [Measure.PARAMETERS, Measure.WORK, Measure.MEMORY, Measure.FIELD, None]
    assert canvas.layer.heat is None


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_nodes_are_painted_in_their_colours_near_and_from_afar(canvas: Canvas, theme: object) -> None:
    canvas.session.set_theme(theme.name)  # type: ignore[attr-defined]
    canvas.heating.choices[Measure.PARAMETERS].trigger()
    canvas.set_view(1.0, canvas.board.faces.bounds().center())
    for name in ("layer1", "layer4", "fc"):
        assert _pixel(canvas, name) == _glow(canvas, name)
    body = theme.raised if theme.is_dark else theme.panel  # type: ignore[attr-defined]
    assert _pixel(canvas, "relu") == body
    canvas.set_view(0.3, canvas.board.faces.bounds().center())
    for name in ("layer1", "layer4", "fc"):
        assert _pixel(canvas, name) == _glow(canvas, name)
    assert _pixel(canvas, "relu") == theme.hairline  # type: ignore[attr-defined]


def test_colours_and_figures_follow_every_edit(canvas: Canvas) -> None:
    canvas.heating.choose(Measure.PARAMETERS)
    canvas.set_view(1.0, canvas.board.faces.bounds().center())
    canvas.grab()
    conv = canvas.board.faces[_named(canvas, "conv1")]
    assert conv.summary_text is not None
    assert conv.summary_text.text() == "9,408 parameters"
    node = canvas.graph.node(conv.id)
    canvas.session.perform("Kernel", [ReplaceNode("", node.with_parameters(kernel_size=9, padding=4))])
    canvas.session.flush()
    canvas.grab()
    assert canvas.board.faces[conv.id].summary_text.text() == "15,552 parameters"  # 64 · 3 · 9²
    canvas.session.undo()
    canvas.session.flush()
    canvas.grab()
    assert canvas.board.faces[conv.id].summary_text.text() == "9,408 parameters"
    canvas.heating.choose(None)
    canvas.grab()
    assert canvas.board.faces[conv.id].summary_text.text() == "7×7 · 64 · stride 2"


def test_words_that_stay_are_not_laid_out_again(canvas: Canvas) -> None:
    canvas.heating.choose(Measure.PARAMETERS)
    canvas.grab()
    before = {face.id: face.summary_text for face in canvas.board.faces}
    canvas.heating.refresh()
    assert {face.id: face.summary_text for face in canvas.board.faces} == before
    assert all(text is not None for text in before.values())


def test_inside_a_module_the_scale_is_that_of_what_is_seen(canvas: Canvas) -> None:
    canvas.heating.choose(Measure.WORK)
    legend = canvas.heating.legend
    assert legend.heat is not None
    outside = legend.heat.high
    canvas.session.enter("layer2")
    assert legend.heat.high != outside
    assert set(legend.heat.glows) <= {node.id for node in canvas.graph}
    canvas.session.set_convention(Convention.MACS)
    assert legend.heat.title == "MACs"
    assert canvas.heating.choices[Measure.WORK].text() == "MACs"
    assert "MACs" in legend.accessibleName()


def test_the_legend_has_room_and_a_click_on_it_offers_all(canvas: Canvas, qtbot: QtBot) -> None:
    qtbot.keyClick(canvas, Qt.Key.Key_H)
    legend = canvas.heating.legend
    assert canvas.framed
    under = canvas.mapToScene(legend.geometry()).boundingRect()
    assert not canvas.board.faces.within(under)
    assert "from 128 to 8.39 M" in legend.accessibleName()
    canvas.resize(1300, 640)
    assert legend.geometry().bottom() == canvas.height() - 15
    qtbot.mouseClick(legend, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    texts = [action.text() for action in menu.actions() if action.text()]
    assert texts[:5] == ["&Off", "Parameters", "FLOPs", "Activations", "Receptive field"]
    menu.actions()[4].trigger()
    menu.close()
    assert canvas.heating.measure is Measure.FIELD
    assert "the whole input" in legend.accessibleName()


def test_a_selected_node_keeps_its_colour_and_has_a_ring(canvas: Canvas) -> None:
    canvas.heating.choose(Measure.PARAMETERS)
    canvas.set_view(1.0, canvas.board.faces.bounds().center())
    canvas.session.select([_named(canvas, "fc")])
    canvas.card.dismiss()
    assert _pixel(canvas, "fc") == _glow(canvas, "fc")
    assert _pixel(canvas, "fc", 60, -4) == canvas.session.theme.accent


def test_the_tooltip_says_the_figure_and_its_share(canvas: Canvas) -> None:
    canvas.heating.choose(Measure.PARAMETERS)
    told = tooltip(canvas.board, Hit(node=_named(canvas, "fc")), canvas.layer.heat)
    assert "513,000 parameters, 4.4% of what is drawn here" in told
    assert "1,000 outputs" in told
    assert "no parameters" in tooltip(canvas.board, Hit(node=_named(canvas, "relu")), canvas.layer.heat)
    canvas.heating.choose(Measure.FIELD)
    assert "435×435 px" in tooltip(canvas.board, Hit(node=_named(canvas, "layer4")), canvas.layer.heat)


def test_the_map_is_coloured_too(canvas: Canvas) -> None:
    canvas.heating.choose(Measure.PARAMETERS)
    canvas.set_view(1.0, QPointF(9000, 9000))  # what is in view is tinted on the map
    image = canvas.minimap.grab().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    assert _glow(canvas, "layer4") in colours
    assert canvas.session.theme.normalisation not in colours
