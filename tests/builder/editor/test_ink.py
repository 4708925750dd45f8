"""What is written on the canvas stands out from what it is written on, in both themes."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QBrush, QPen
from PySide6.QtWidgets import QApplication

from builder.editor.ink import Ink
from builder.frames import COLOURS, Frame, inside_of
from builder.widgets.theme import THEMES, contrast

#: The least contrast of text. Source: WCAG 2.2, success criterion 1.4.3.
READABLE = 4.5


@pytest.fixture(params=THEMES.values(), ids=list(THEMES))
def ink(request: pytest.FixtureRequest, qapp: QApplication) -> Ink:
    return Ink(request.param)


def _contrast(pen: QPen, ground: QBrush) -> float:
    return contrast(pen.color().name(), ground.color().name())


def test_names_summaries_and_shapes(ink: Ink) -> None:
    for pen in (ink.text, ink.muted):
        assert _contrast(pen, ink.body) >= READABLE
        assert _contrast(pen, ink.canvas) >= READABLE
        assert _contrast(pen, ink.pill) >= READABLE


def test_what_is_wrong(ink: Ink) -> None:
    assert _contrast(ink.error_text, ink.pill) >= READABLE
    for fill in (ink.error_fill, ink.warning_fill):
        assert _contrast(ink.badge_text, fill) >= READABLE


@pytest.mark.parametrize("colour", ["", *COLOURS])
@pytest.mark.parametrize("text", ["", "a note"])
def test_frames_notes_and_what_is_written_in_them(ink: Ink, colour: str, text: str) -> None:
    inside = ink.fill(inside_of(Frame(0, 0, 80, 80, colour=colour, text=text), ink.theme))
    for pen in (ink.text, ink.muted):  # muted: names of ports, and what an empty note says
        assert _contrast(pen, inside) >= READABLE


@pytest.mark.parametrize("colour", ["", *COLOURS])
def test_nodes_stand_out_from_frames(ink: Ink, colour: str) -> None:
    inside = ink.fill(inside_of(Frame(0, 0, 80, 80, colour=colour), ink.theme))
    for ground in (inside, ink.canvas):
        assert contrast(ink.border.color().name(), ground.color().name()) >= 1.6
    assert contrast(ink.body.color().name(), inside.color().name()) >= 1.08
