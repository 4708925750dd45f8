"""Finding blocks by a few letters, in the palette and in the search."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from builder.architectures import open_document
from builder.blocks import CATEGORIES, REGISTRY
from builder.document import Document
from builder.editor.canvas import Canvas
from builder.editor.catalogue import entries, entry_of_mime, find, mime_of_entry
from builder.editor.palette import Palette
from builder.widgets.session import Session


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
    ],
)
def test_people_find_what_they_mean(typed: str, block: str) -> None:
    assert find(typed, entries(Document()))[0].block == block


def test_recent_blocks_come_first_with_nothing_typed() -> None:
    offered = entries(Document())
    assert find("", offered, [offered[7].key])[0] is offered[7]
    assert find("zzz", offered) == []


def test_an_entry_survives_being_dragged() -> None:
    for entry in entries(Document()):
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
