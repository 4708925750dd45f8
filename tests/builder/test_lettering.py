"""Text without a window: it fits where it is said to, and nothing of it is lost without an ellipsis."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QFontDatabase, QFontMetricsF

from builder.lettering import ELLIPSIS, Lettering, folded, shortened, width
from builder.look import NAME, SEMIBOLD, SMALL
from builder.widgets.theme import font

NAMES, SUMMARIES, SHAPES = Lettering(NAME, SEMIBOLD), Lettering(SMALL), Lettering(SMALL, mono=True)
letterings = st.sampled_from([NAMES, SUMMARIES, SHAPES])
texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40)


@pytest.mark.parametrize(
    "text", ["conv1", "3×3 · 128 · stride 2", "WWW", "größe", "Receptive field, ~½ of it!"]
)
def test_widths_are_those_of_the_face(qapp: object, text: str) -> None:
    if not QFontDatabase.hasFamily("Inter"):
        pytest.skip("Inter is not installed")
    for lettering in (NAMES, SUMMARIES):
        real = QFontMetricsF(font(round(lettering.size), lettering.weight)).horizontalAdvance(text)
        assert real <= width(text, lettering) * 1.001 <= 1.03 * real  # kerned letters may be a little closer


def test_widths_of_what_is_not_in_the_table() -> None:
    assert width("1×1", SHAPES) == 3 * width("1", SHAPES)
    assert width("0", SUMMARIES) == width("1", SUMMARIES)  # tabular figures
    assert width("a\u0301", SUMMARIES) == width("a", SUMMARIES)  # a mark on the letter
    assert width("層", SUMMARIES) == SMALL


@given(texts, st.floats(0, 300), letterings)
def test_what_is_shortened_fits_and_begins_alike(text: str, room: float, lettering: Lettering) -> None:
    told = shortened(text, room, lettering)
    assert width(told, lettering) <= max(room, width(ELLIPSIS, lettering))
    if told != text:
        assert width(text, lettering) > room
        assert text.startswith(told.removesuffix(ELLIPSIS))
        assert told.endswith(ELLIPSIS)


@given(texts, st.floats(20, 300), letterings)
def test_folded_lines_fit_and_hold_every_letter(text: str, room: float, lettering: Lettering) -> None:
    lines = folded(text, room, lettering)
    assert all(width(line, lettering) <= room or len(line) == 1 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_lines_are_broken_between_words_and_where_people_broke_them() -> None:
    room = width("of every", SUMMARIES) + 0.1
    assert folded("of every\n\nlayer there is", room, SUMMARIES) == ["of every", "", "layer", "there is"]
    assert folded("", room, SUMMARIES) == [""]
    assert folded("abc", 1.0, SUMMARIES) == ["a", "b", "c"]
