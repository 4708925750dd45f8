"""The start page and its gallery: found by a few letters, looked at, set, opened; by hand and by keys."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from builder import editor
from builder.architectures import ARCHITECTURES
from builder.architectures.base import figures_of
from builder.convention import Convention
from builder.editor.canvas import Canvas
from builder.editor.gallery import survey
from builder.editor.gallery.card import Card, wrapped
from builder.editor.gallery.page import StartPage
from builder.editor.gallery.survey import surveying
from builder.editor.palette import Palette
from builder.edits import SetName
from builder.widgets.counting import ConventionSwitch
from builder.widgets.session import Session
from builder.widgets.shell import Shell
from builder.widgets.theme import DARK, LIGHT, font
from builder.writing import save

LEFT = Qt.MouseButton.LeftButton


class Start:
    """A window with the editor in it, at the start page, and a hand."""

    def __init__(self, bot: QtBot, width: int = 1280, height: int = 720) -> None:
        self.bot = bot
        self.session = Session(ARCHITECTURES["lenet5"].build())
        self.shell = Shell(self.session)
        bot.addWidget(self.shell)
        self.canvas: Canvas = editor.install(self.shell, self.session)
        self.session.galleryAsked.emit("")
        page = self.shell.findChild(StartPage)
        assert isinstance(page, StartPage)
        self.page = page
        self.shell.resize(width, height)
        self.shell.show()
        with bot.waitActive(self.shell):
            self.shell.activateWindow()

    def card(self, name: str) -> Card:
        card = self.page.gallery.card(name)
        assert card is not None
        return card

    def click(self, widget: QWidget) -> None:
        self.bot.mouseClick(widget, LEFT)

    def choose(self, name: str) -> Card:
        """Click on a card, wherever it is."""
        card = self.card(name)
        self.page.gallery.ensureWidgetVisible(card)
        self.click(card)
        self.bot.waitUntil(lambda: "…" not in (self.page.detail.told or {"": "…"}).values())
        return card

    def type(self, text: str) -> None:
        """Type into the search."""
        self.page.search.clear()
        self.bot.keyClicks(self.page.search, text)

    def titles(self) -> list[str]:
        return [card.entry.title for card in self.page.gallery.matching]

    def press(self, key: Qt.Key) -> None:
        """Press a key wherever the focus is."""
        focus = QApplication.focusWidget()
        assert focus is not None
        self.bot.keyClick(focus, key)

    def set(self, name: str, text: str) -> None:
        """Type over what stands in a field of the form."""
        field = self.page.detail.form.field(name).focusProxy()
        assert field is not None
        field.setFocus()
        self.bot.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.bot.keyClicks(field, text)
        self.page.detail.refresh()


@pytest.fixture
def start(qtbot: QtBot) -> Iterator[Start]:
    made = Start(qtbot)
    yield made
    made.session.history.mark_saved()  # closing asks nothing


# finding -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("resnet-18", {"ResNet-18"}),
        ("RESNET18 torchvision", {"ResNet-18"}),
        ("simonyan 2014", {entry.title for entry in ARCHITECTURES.values() if entry.name.startswith("vgg")}),
        ("howard 3×3", set()),
    ],
)
def test_every_word_is_looked_for_everywhere(start: Start, typed: str, found: set[str]) -> None:
    start.type(typed)
    assert set(start.titles()) >= found
    assert bool(start.titles()) == bool(found)
    assert all(card.isVisible() for card in start.page.gallery.matching)
    assert sum(card.isVisible() for card in start.page.gallery.cards) == len(start.titles())


def test_short_words_are_beginnings(start: Start) -> None:
    start.type("he cvpr 2016")
    titles = start.titles()
    assert "ResNet-50" in titles
    assert not any(title.startswith(("VGG", "AlexNet")) for title in titles)
    start.type("v3")
    assert "Inception v3" in start.titles()
    start.type("v")  # on the way to a longer word
    assert "VGG-16" in start.titles()


def test_accents_and_headings_are_found_too(start: Start) -> None:
    start.type("first networks")
    assert "LeNet-5" in start.titles()
    shown = [family for family, heading in start.page.gallery.headings.items() if heading.isVisible()]
    assert "First networks" in shown
    assert {card.entry.family for card in start.page.gallery.matching} == set(shown)
    start.type("Dollar")
    assert "ResNeXt-50 32×4d" in start.titles()  # P. Dollár


def test_a_search_that_finds_nothing_says_how_to_go_on(start: Start) -> None:
    gallery = start.page.gallery
    start.type("qwertz")
    assert start.titles() == []
    assert gallery.nothing.isVisible()
    assert "“qwertz”" in gallery.nothing.text()
    assert not any(row.isEnabled() for row in start.page.families.rows)
    start.press(Qt.Key.Key_Return)
    start.press(Qt.Key.Key_Down)
    assert start.page.isVisible()  # there is nothing to open, or to go to
    start.click(gallery.clear)
    assert len(start.titles()) == len(ARCHITECTURES)
    assert not gallery.nothing.isVisible()
    assert start.page.search.hasFocus()
    assert all(row.isEnabled() for row in start.page.families.rows)


def test_hostile_searches_stay_texts(start: Start) -> None:
    start.page.search.setText("<img src='file:///etc/passwd'>")
    assert start.page.gallery.nothing.textFormat() == Qt.TextFormat.PlainText


def test_families_are_counted_and_jumped_to(start: Start) -> None:
    rows = {row.text(): row for row in start.page.families.rows}
    assert list(rows) == list(start.page.gallery.headings)
    assert sum(int(row.aside) for row in rows.values()) == len(ARCHITECTURES)
    start.click(rows["Residual"])
    heading = start.page.gallery.headings["Residual"]
    assert heading.mapTo(start.page.gallery.viewport(), QPoint(0, 0)).y() == 0
    assert start.page.gallery.current.entry.family == "Residual"
    start.type("resnet18")
    assert rows["Residual"].aside == str(len(start.titles()))


# going and opening --------------------------------------------------------------------------------------------


def test_from_the_search_to_a_network_by_keys_alone(start: Start) -> None:
    assert start.page.search.hasFocus()
    start.bot.keyClicks(start.page.search, "resnet18")
    start.press(Qt.Key.Key_Return)
    assert start.session.document.name == "resnet18"
    assert not start.page.isVisible()
    assert start.canvas.hasFocus()


def test_arrows_go_from_card_to_card(start: Start) -> None:
    gallery, cards = start.page.gallery, start.page.gallery.matching
    start.press(Qt.Key.Key_Down)
    assert gallery.current.hasFocus()
    assert gallery.current is cards[0]
    start.press(Qt.Key.Key_Right)
    assert gallery.current is cards[1]
    start.press(Qt.Key.Key_Down)
    below = gallery.current
    assert below.y() == min(card.y() for card in cards if card.y() > cards[1].y())
    assert abs(below.x() - cards[1].x()) < below.width()
    start.press(Qt.Key.Key_Up)
    start.press(Qt.Key.Key_Left)
    assert gallery.current is cards[0]
    start.press(Qt.Key.Key_Left)
    start.press(Qt.Key.Key_Up)
    assert gallery.current is cards[0]  # there is nothing further
    start.press(Qt.Key.Key_End)
    assert gallery.current is cards[-1]
    assert not cards[-1].visibleRegion().isEmpty()
    start.press(Qt.Key.Key_PageUp)
    assert 0 < cards[-1].y() - gallery.current.y() <= 2 * gallery.viewport().height()
    start.press(Qt.Key.Key_Home)
    assert gallery.current is cards[0]
    assert [card for card in cards if card.isChecked()] == [cards[0]]
    start.press(Qt.Key.Key_Return)
    assert start.session.document.name == cards[0].entry.name


def test_a_click_chooses_and_a_double_click_opens(start: Start) -> None:
    card = start.choose("resnet18")
    assert start.page.isVisible()
    assert start.session.document.name == "lenet5"
    assert start.page.detail.title.text() == "ResNet-18"
    start.click(card)
    assert card.isChecked()
    start.bot.mouseDClick(card, LEFT)
    assert start.session.document.name == "resnet18"
    assert start.session.path is None
    assert start.session.is_saved


def test_letters_typed_on_a_card_go_to_the_search(start: Start) -> None:
    start.choose("lenet5")
    start.press(Qt.Key.Key_V)
    assert start.page.search.hasFocus()
    assert start.page.search.text() == "v"


def test_escape_clears_the_search_then_leaves(start: Start) -> None:
    start.type("vgg")
    start.press(Qt.Key.Key_Escape)
    assert start.page.search.text() == ""
    assert start.page.isVisible()
    start.press(Qt.Key.Key_Escape)
    assert not start.page.isVisible()
    assert start.canvas.hasFocus()
    assert start.session.document.name == "lenet5"
    start.bot.keyClick(
        start.shell, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert start.page.isVisible()


def test_tab_goes_round_the_page_and_not_below_it(start: Start) -> None:
    met = []
    for _ in range(40):
        start.press(Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None
        assert start.page.isAncestorOf(focus)
        met.append(focus)
    assert start.page.gallery.current in met
    assert start.page.detail.open in met
    assert start.page.search in met
    assert len([widget for widget in set(met) if isinstance(widget, Card)]) == 1  # arrows go on from there
    before = met[-2]
    start.bot.keyClick(met[-1], Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert QApplication.focusWidget() is before


def test_what_is_asked_for_elsewhere_takes_the_page_away(start: Start) -> None:
    shell = start.shell
    start.page.leave()
    for ask in (
        lambda: shell.set_workspace("Design"),
        lambda: shell.show_panel("Layers"),
        lambda: shell.step_panel(1),
        lambda: shell.step_area(1),
        lambda: shell.dock("left").toggleViewAction().trigger(),
        lambda: start.session.set_run_state("starting"),
        start.session.new_document,
    ):
        start.session.galleryAsked.emit("")
        assert start.page.isVisible()
        ask()
        assert not start.page.isVisible()
    start.session.galleryAsked.emit("")
    start.session.perform("Rename", [SetName("mine")])
    start.session.flush()
    assert not start.page.isVisible()  # an edit is to be seen


def test_it_covers_the_panels_and_no_more(start: Start) -> None:
    page, shell = start.page, start.shell
    for width, height in ((1280, 720), (1600, 1000)):
        shell.resize(width, height)
        QApplication.processEvents()
        assert (page.x(), page.width()) == (0, width)
        for area in shell.areas.values():
            if area.isVisible():
                corner = area.mapTo(shell, QPoint(0, 0))
                assert page.geometry().contains(corner)
                assert page.geometry().contains(corner + QPoint(area.width() - 1, area.height() - 1))
        assert page.geometry().bottom() < shell.status.y()
        assert shell.childAt(width // 2, height // 2) is not start.canvas.viewport()
    start.session.open_document("no-such-network")
    QApplication.processEvents()
    assert shell.messages.isVisible()
    assert page.geometry().bottom() < shell.messages.mapTo(shell, QPoint(0, 0)).y()


def test_unsaved_changes_are_asked_about(start: Start) -> None:
    start.page.leave()
    start.session.perform("Rename", [SetName("mine")])
    start.session.flush()
    start.session.galleryAsked.emit("resnet18")
    for button, name in (
        (QMessageBox.StandardButton.Cancel, "mine"),
        (QMessageBox.StandardButton.Discard, "resnet18"),
    ):
        start.click(start.page.detail.open)
        box = start.shell.findChild(QMessageBox)
        assert isinstance(box, QMessageBox)
        start.click(box.button(button))
        assert start.session.document.name == name
        assert start.page.isVisible() == (name == "mine")
        QApplication.processEvents()


# with what it is made ------------------------------------------------------------------------------------------


def test_a_network_opens_for_other_pictures_and_classes(start: Start) -> None:
    start.choose("resnet18")
    told = start.page.detail.told
    assert told["Parameters"] == "11,689,512"
    start.set("input_shape", "1 × 64 × 64")
    start.set("classes", "7")
    assert start.page.detail.told["Parameters"] == f"{11_689_512 - 2 * 64 * 49 - 993 * 513:,}"
    assert start.page.detail.told["One image"] != told["One image"]
    start.click(start.page.detail.open)
    session = start.session
    assert session.document.name == "resnet18"
    assert session.analysis.input_shapes == [(1, 64, 64)]
    assert session.analysis.output_shapes == [(7,)]


def test_options_have_fields_of_their_kind(start: Start) -> None:
    start.choose("googlenet")
    start.click(start.page.detail.form.field("aux").focusProxy() or start.page)
    assert start.page.detail.options == {"aux": not ARCHITECTURES["googlenet"].options["aux"]}
    start.choose("resnet18")
    combo = start.page.detail.form.field("shortcut").focusProxy()
    assert combo is not None
    before = start.page.detail.told
    combo.setFocus()
    start.bot.keyClick(combo, Qt.Key.Key_Down)
    start.page.detail.refresh()
    assert start.page.detail.options["shortcut"] != ARCHITECTURES["resnet18"].options["shortcut"]
    assert start.page.detail.told["Parameters"] != before["Parameters"]
    start.choose("googlenet")
    assert "aux" in start.page.detail.options  # what was set stays set


def test_back_to_what_it_comes_with(start: Start) -> None:
    start.choose("resnet18")
    start.set("width", "0.5")
    assert start.page.detail.options == {"width": 0.5}
    start.click(start.page.detail.form.reset_button("width"))
    assert start.page.detail.options == {}


def test_a_size_that_does_not_work_is_told_and_can_still_be_opened(start: Start) -> None:
    start.choose("alexnet")
    start.set("input_shape", "3 × 16 × 16")
    detail = start.page.detail
    assert detail.problem.isVisible()
    assert "smallest" in detail.problem.text()
    assert "Parameters" not in [name for name, (label, _) in detail._lines.items() if label.isVisible()]
    start.click(detail.open)
    assert start.session.document.name == "alexnet"
    assert not start.session.analysis.ok


def test_options_that_make_no_network_are_told(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: object) -> None:
        raise ValueError(f"these do not go together: {options}")

    entry = ARCHITECTURES["resnet18"]
    start.choose("resnet18")
    monkeypatch.setitem(entry.__dict__, "build", refuse)
    start.set("classes", "3")
    assert "do not go together" in start.page.detail.problem.text()
    assert not start.page.detail.open.isEnabled()
    start.choose("resnet18")
    start.press(Qt.Key.Key_Return)
    assert start.session.document.name == "lenet5"


def test_escape_in_a_field_leads_back_to_the_card(start: Start) -> None:
    card = start.choose("resnet18")
    start.set("classes", "3")
    start.press(Qt.Key.Key_Escape)
    assert card.hasFocus()
    assert start.page.isVisible()
    assert start.page.detail.options == {}


# figures and pictures ------------------------------------------------------------------------------------------


def _surveyed(start: Start, name: str) -> Card:
    card = start.choose(name)
    start.bot.waitUntil(lambda: card.survey is not None)
    return card


def test_figures_are_told_in_the_convention_of_the_window(start: Start) -> None:
    card = _surveyed(start, "resnet18")
    known = figures_of(card.entry)
    field = "×".join(map(str, known["receptive_field"]))
    assert card.figures() == [("11.7 M", "parameters"), ("3.63 G", "FLOPs"), (field, "field")]
    start.click(start.page.findChild(ConventionSwitch) or start.page)
    assert start.session.convention is Convention.MACS
    assert card.figures()[1] == ("1.81 G", "MACs")
    assert start.page.detail.told["One image"] == "1.81 GMACs"
    assert "1.81 G MACs" in card.accessibleDescription()


def test_what_comes_into_view_is_worked_out(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "_known", {})
    start = Start(qtbot)
    gallery = start.page.gallery
    assert [card for card in gallery.matching if card.survey] == []  # the window came first
    cards = [card for card in gallery.matching if card.entry not in gallery.also]
    qtbot.waitUntil(lambda: not start.page.gallery._slices.is_active, timeout=20_000)
    assert cards[0].survey
    assert cards[-1].survey is None
    start.page.gallery.verticalScrollBar().setValue(start.page.gallery.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: cards[-1].survey is not None, timeout=20_000)


def test_nothing_is_worked_out_behind_a_page_that_is_left(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "_known", {})
    start = Start(qtbot)
    start.page.leave()
    qtbot.waitUntil(lambda: not start.page.gallery._slices.is_active)
    assert len(survey._known) <= 1


def test_another_theme_has_another_picture(start: Start) -> None:
    card = _surveyed(start, "lenet5")
    for theme in (DARK, LIGHT):
        start.session.set_theme(theme.name)
        QApplication.processEvents()
        image = card.grab().toImage()
        ratio = image.devicePixelRatio()
        points = [(int(x * ratio), int(y * ratio)) for x in range(4, 200) for y in range(4, 96)]
        colors = {image.pixelColor(x, y).name() for x, y in points}
        assert {theme.canvas, theme.convolution, theme.dense, theme.activation} <= colors
        assert image.pixelColor(int(100 * ratio), int(240 * ratio)).name() in (theme.panel, theme.raised)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_pictures_are_sharp_on_any_screen(qtbot: QtBot, name: str) -> None:
    entry = ARCHITECTURES[name]
    for _ in surveying(entry):
        pass
    known = survey.survey_of(entry)
    assert known is not None
    for ratio in (1.0, 2.0):
        made = known.thumbnail.pixmap(236, 100, ratio, DARK)
        assert (made.width(), made.height(), made.devicePixelRatio()) == (236 * ratio, 100 * ratio, ratio)
        image = made.toImage().convertToFormat(QImage.Format.Format_RGB32)
        pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width())
        ys, xs = (pixels != QColor(DARK.canvas).rgb()).nonzero()
        assert len(xs) > 600 * ratio
        assert min(xs.min(), ys.min()) >= 8 * ratio
        assert xs.max() <= (236 - 8) * ratio
        assert ys.max() <= (100 - 8) * ratio


# where it is led to from ----------------------------------------------------------------------------------------


def _palette(start: Start) -> Palette:
    palette = start.shell.findChild(Palette)
    assert isinstance(palette, Palette)
    return palette


def test_a_network_of_the_palette_shows_its_card_and_replaces_nothing(start: Start) -> None:
    start.page.leave()
    palette = _palette(start)
    document = start.session.document
    start.bot.keyClicks(palette.field, "resnet18")
    assert palette.list.titles()[0] == "ResNet-18"
    start.bot.keyClick(palette.field, Qt.Key.Key_Return)
    assert start.page.isVisible()
    assert start.page.gallery.current.entry.name == "resnet18"
    assert start.page.gallery.current.hasFocus()
    assert start.session.document is document
    assert not start.session.history.can_undo


def test_a_card_that_the_search_hides_is_shown_all_the_same(start: Start) -> None:
    start.type("vgg")
    start.session.galleryAsked.emit("resnet18")
    assert start.page.isVisible()
    assert start.page.search.text() == ""
    assert start.page.gallery.current.entry.name == "resnet18"


def test_the_search_of_the_canvas_finds_networks(start: Start) -> None:
    start.page.leave()
    start.press(Qt.Key.Key_Tab)
    field = start.canvas.search.field
    start.bot.keyClicks(field, "mobilenet_v1")
    start.bot.keyClick(field, Qt.Key.Key_Return)
    assert start.page.isVisible()
    assert start.page.gallery.current.entry.name == "mobilenet_v1"


def test_recent_files_are_listed_and_opened(start: Start, tmp_path: Path) -> None:
    assert start.page.recent.rows == []
    start.session.save_as(tmp_path / "kept.convolab")
    start.session.new_document()
    start.session.galleryAsked.emit("")
    (row,) = start.page.recent.rows
    assert row.text() == "kept.convolab"
    start.click(row)
    assert start.session.path == (tmp_path / "kept.convolab").resolve()
    assert not start.page.isVisible()


def test_rows_do_what_they_say(start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "other.convolab"
    assert save(ARCHITECTURES["mlp"].build(), path) is None
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    new, opening, back = start.page.begin.rows
    assert back.text() == "Back to lenet5"
    start.click(back)
    assert not start.page.isVisible()
    start.session.galleryAsked.emit("")
    start.click(new)
    assert not start.page.isVisible()
    assert len(start.session.document.network) == 0
    start.session.galleryAsked.emit("")
    start.click(opening)
    assert start.session.document.name == "mlp"
    assert not start.page.isVisible()


def test_everything_one_can_focus_has_a_name(start: Start) -> None:
    nameless = [
        widget
        for widget in start.page.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not widget.accessibleName()
        and not (isinstance(widget, QPushButton) and widget.text())
        and not getattr(widget, "text", str)()
        and not isinstance(widget, QScrollArea)
    ]
    assert nameless == []
    for card in start.page.gallery.cards:
        assert card.entry.title in card.accessibleName()
        assert card.entry.about in card.accessibleDescription()
        assert card.toolTip() == card.entry.paper


def test_cards_keep_apart_at_every_width(start: Start) -> None:
    gallery = start.page.gallery
    columns = []
    for width in (960, 1280, 1600, 1920):
        start.shell.resize(width, 720)
        QApplication.processEvents()
        boxes = [card.geometry() for card in gallery.matching]
        boxes += [heading.geometry() for heading in gallery.headings.values()]
        assert not any(a.intersects(b) for n, a in enumerate(boxes) for b in boxes[n + 1 :])
        assert max(box.right() for box in boxes) < gallery.viewport().width()
        assert gallery.widget().height() > max(box.bottom() for box in boxes)
        columns.append(len({box.x() for box in boxes}))
    assert columns == sorted(columns)
    assert columns[0] >= 1
    assert columns[-1] >= 5


def test_a_sentence_is_wrapped_and_cut(qtbot: QtBot) -> None:
    made = font(11)
    text = "one two three four five six seven eight nine ten"
    assert wrapped(text, made, 10_000, 3) == [text]
    lines = wrapped(text, made, 80, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert text.startswith(" ".join(lines[:2]))


@pytest.mark.parametrize("width", [1280, 1440, 1920])
def test_all_that_networks_brought_can_be_read(qtbot: QtBot, width: int) -> None:
    start = Start(qtbot, width)
    cards = start.page.gallery.cards
    for card in cards:
        lines = card.lines(card.width() - 26)
        assert " ".join(lines) == card.entry.about, "nothing is cut"
        assert card.height() >= card.height_for(card.width())
    for card, other in pairwise(cards):
        assert not card.geometry().intersects(other.geometry())
    start.session.history.mark_saved()


# examples ----------------------------------------------------------------------------------------------------


def test_an_example_opens_with_its_data_and_training(start: Start) -> None:
    card = next(card for card in start.page.examples.cards if card.example.training)
    start.click(card)
    assert start.page.isHidden()
    document = start.session.document
    assert document.name == card.example.name
    assert (dict(document.data), dict(document.training)) == (
        dict(card.example.data), dict(card.example.training),
    )  # fmt: skip
    assert start.session.is_saved
    assert start.session.path is None


def test_examples_have_pictures_wherever_the_gallery_is(start: Start) -> None:
    entries = [card.example.entry for card in start.page.examples.cards]
    start.bot.waitUntil(lambda: all(survey.survey_of(entry) is not None for entry in entries))


@pytest.mark.parametrize("width", [1280, 1440, 1920])
def test_examples_can_be_read_in_every_width(qtbot: QtBot, width: int) -> None:
    start = Start(qtbot, width)
    examples = start.page.examples
    qtbot.waitUntil(lambda: examples.height() == examples.heightForWidth(examples.width()))
    places = [card.geometry() for card in examples.cards]
    for number, (card, place) in enumerate(zip(examples.cards, places, strict=True)):
        assert card.width() >= card.sizeHint().width(), "no title is cut"
        assert not any(line.endswith("…") for line in card.lines()), card.text()
        assert examples.rect().contains(place)
        assert not any(place.intersects(other) for other in places[:number])
    start.session.history.mark_saved()


def test_examples_give_way_to_what_is_searched(start: Start) -> None:
    start.type("inception")
    assert start.page.examples.isHidden()
    start.press(Qt.Key.Key_Escape)
    assert start.page.examples.isVisible()
