"""The drawing taken away from the window: the same as on the canvas, whole or in part, as a file or a picture."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtWidgets import QFileDialog, QStyleOptionGraphicsItem
from pytestqt.qtbot import QtBot

from builder.architectures import open_document
from builder.collapsing import collapse
from builder.document import Document
from builder.drawing import MARGIN
from builder.editor.canvas import Canvas
from builder.editor.exporting import ExportDialog, Wishes
from builder.frames import Frame
from builder.framing import add_frames
from builder.heat import Measure
from builder.svg import path_of
from builder.widgets.picture import image_of
from builder.widgets.session import Session

SVG = "{http://www.w3.org/2000/svg}"
LEFT = Qt.MouseButton.LeftButton


def _canvas(bot: QtBot, name: str) -> Canvas:
    document = open_document(name)
    assert isinstance(document, Document)
    made = Canvas(Session(document))
    bot.addWidget(made)
    made.resize(1300, 800)
    made.show()
    made.activateWindow()
    made.setFocus()
    bot.waitUntil(made.hasFocus)
    return made


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    return _canvas(qtbot, "lenet5")


def _ids(canvas: Canvas, *names: str) -> list[str]:
    return [node.id for node in canvas.graph if node.name in names]


def _texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def _dialog(canvas: Canvas, qtbot: QtBot) -> ExportDialog:
    qtbot.keyClick(
        canvas, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    dialog = canvas.exporter.dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible)
    assert not dialog.isModal()
    return dialog


@pytest.mark.parametrize(
    ("name", "instance"),
    [("resnet18", ()), ("resnet18", ("layer2", "0")), ("unet", ()), ("googlenet", ("inception3a",))],
)
def test_wires_and_words_are_those_of_the_canvas(qtbot: QtBot, name: str, instance: tuple[str, ...]) -> None:
    canvas = _canvas(qtbot, name)
    canvas.session.leave_to(instance)
    svg = canvas.exporter.drawing(Wishes()).svg
    paths = [
        path.attrib["d"] for path in ET.fromstring(svg).iter(f"{SVG}path") if "A" not in path.attrib["d"]
    ]
    assert sorted(paths) == sorted(path_of(wire.points) for wire in canvas.board.wires)
    texts = _texts(svg)
    canvas.set_view(1.0, canvas.board.extent().center())
    canvas.resize(canvas.board.extent().size().toSize())
    canvas.grab()
    for face in canvas.board.faces:
        for laid_out in (face.name_text, face.summary_text):
            assert laid_out is None or laid_out.text() in texts or laid_out.text().endswith("…")
    assert {wire.text for wire in canvas.board.wires} <= set(texts)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("measure", [None, Measure.WORK])
def test_the_picture_is_that_of_the_canvas(qtbot: QtBot, theme: str, measure: Measure | None) -> None:
    canvas = _canvas(qtbot, "resnet18")
    canvas.session.set_theme(theme)
    frame = Frame(224, -56, 640, 126, "Stem", "green")
    note = Frame(1040, 300, 240, 72, text="Two lines of text\nthat say something")
    canvas.session.perform("frames", add_frames(canvas.graph, [frame, note]))
    small = _ids(canvas, "bn1", "layer2", "fc")
    canvas.session.perform("small", collapse(canvas.session.document, canvas.graph, small))
    canvas.session.flush()
    canvas.heating.choose(measure)
    drawn = image_of(canvas.exporter.drawing(Wishes(scale=1.0), for_qt=True))
    assert isinstance(drawn, QImage)
    extent = canvas.board.extent()
    painted = QImage(drawn.size(), QImage.Format.Format_ARGB32_Premultiplied)
    painted.fill(canvas.session.theme.color("canvas"))
    painter = QPainter(painted)
    corner = ET.fromstring(canvas.exporter.drawing(Wishes()).svg).attrib["viewBox"].split()
    painter.translate(-QPointF(float(corner[0]), float(corner[1])))
    canvas.layer.paint(painter, QStyleOptionGraphicsItem())
    painter.end()
    rows = round(extent.height() + MARGIN)  # above the legend
    apart = np.abs(_pixels(drawn).astype(int) - _pixels(painted).astype(int)).max(axis=2)[:rows]
    assert (apart > 64).mean() < 0.01, "letters may lie a part of a pixel elsewhere, nothing else"
    assert (apart > 24).mean() < 0.03


def _pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3]


def test_a_picture_of_the_selection_goes_to_the_clipboard(canvas: Canvas, qtbot: QtBot) -> None:
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    with qtbot.waitSignal(canvas.session.statusMessage) as told:
        qtbot.keyClick(canvas, Qt.Key.Key_C, keys)
    assert "Copied a picture" in told.args[0]
    data = QGuiApplication.clipboard().mimeData()
    assert data.hasImage()
    whole = QGuiApplication.clipboard().image()
    canvas.session.select(_ids(canvas, "conv1", "tanh1"))
    qtbot.keyClick(canvas, Qt.Key.Key_C, keys)
    data = QGuiApplication.clipboard().mimeData()
    assert QGuiApplication.clipboard().image().width() < whole.width()
    svg = data.data("image/svg+xml").toStdString()
    assert {"conv1", "tanh1"} <= set(_texts(svg))
    assert "input" not in _texts(svg)


def test_a_selected_frame_is_taken_with_what_is_in_it(canvas: Canvas) -> None:
    frame = Frame(200, -60, 420, 140, "Both")
    canvas.session.perform("frame", add_frames(canvas.graph, [frame]))
    canvas.choose((), (0,))
    inside = [f.name for f in canvas.board.faces if frame.holds(f.rect.center().x(), f.rect.center().y())]
    texts = _texts(canvas.exporter.drawing(Wishes(only_selected=True)).svg)
    assert inside
    assert {"Both", *inside} <= set(texts)
    assert "output" not in texts


def test_the_dialog_writes_what_is_chosen(
    canvas: Canvas, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas.session.select(_ids(canvas, "conv1", "tanh1"))
    dialog = _dialog(canvas, qtbot)
    assert [dialog.part.itemText(i) for i in range(2)] == ["The whole network", "The selection: 2 nodes"]
    assert dialog.part.currentIndex() == 1
    assert dialog.heat.isHidden()
    before = dialog.size_label.text()
    dialog.part.setCurrentIndex(0)
    dialog.part.activated.emit(0)
    assert dialog.size_label.text() != before
    dialog.theme.setCurrentIndex(2)
    qtbot.mouseClick(dialog.shapes, LEFT, pos=QPoint(8, dialog.shapes.height() // 2))
    assert not dialog.shapes.isChecked()
    path = tmp_path / "drawing"
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(path), "SVG, sharp at every size (*.svg)")
    )
    qtbot.mouseClick(dialog.save_button, LEFT)
    svg = (tmp_path / "drawing.svg").read_text(encoding="utf-8")
    assert "#fafbfc" in svg
    assert "6×28×28" not in _texts(svg)
    assert "output" in _texts(svg)
    qtbot.waitUntil(lambda: canvas.exporter.dialog is None)


def test_the_dialog_follows_the_canvas_and_writes_pixels(
    canvas: Canvas, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = _dialog(canvas, qtbot)
    assert dialog.part.count() == 1
    canvas.session.select(_ids(canvas, "conv1"))
    qtbot.waitUntil(lambda: dialog.part.count() == 2 and not dialog._soon.isActive())
    assert dialog.part.currentText() == "The selection: 1 node"
    canvas.heating.choose(Measure.PARAMETERS)
    qtbot.waitUntil(lambda: not dialog.heat.isHidden())
    dialog.scale.setCurrentIndex(2)
    dialog.scale.activated.emit(2)
    wide, high = (
        int(part) for part in dialog.size_label.text().removesuffix(" pixels").replace(",", "").split("×")
    )
    path = tmp_path / "drawing.PNG"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    qtbot.mouseClick(dialog.save_button, LEFT)
    image = QImage(str(path))
    assert (image.width(), image.height()) == (wide, high)
    qtbot.waitUntil(lambda: canvas.exporter.dialog is None)


def test_what_cannot_be_written_is_told_and_the_dialog_stays(
    canvas: Canvas, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = _dialog(canvas, qtbot)
    path = tmp_path / "no" / "folder.svg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    with qtbot.waitSignal(canvas.session.problemsFound) as told:
        qtbot.mouseClick(dialog.save_button, LEFT)
    assert "could not be written" in told.args[0][0].message
    assert dialog.isVisible()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: canvas.exporter.dialog is None)
