"""All architectures as cards under the headings of their families, filtered by what is typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import groupby

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea, QWidget

from builder.architectures import ARCHITECTURES, Architecture
from builder.architectures.base import by_family
from builder.editor.gallery.card import HEIGHT, LEAST_WIDTH, Card
from builder.editor.gallery.survey import survey_of, surveying
from builder.widgets.guarding import guarded
from builder.widgets.session import Session
from builder.widgets.slices import Slices

_GAP, _HEADING = 12, 32
#: Words from this length on are found within others.
_SHORT = 3
#: Milliseconds before pictures are worked out: what is seen at once, and scrolling, come first.
_LATER = 150


class Gallery(QScrollArea):
    """Cards with one of them chosen; pictures and figures come while nobody waits, those in view first."""

    #: Another architecture is the chosen one.
    chosen = Signal(object)
    #: An architecture is to be opened.
    opened = Signal(object)
    #: The figures and the picture of an architecture are there.
    surveyed = Signal(object)
    #: How many there are under each heading, after filtering.
    counted = Signal(dict)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setAccessibleName("Networks")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._inside = QWidget()
        self.setWidget(self._inside)
        for surface in (self._inside, self.viewport()):
            surface.setAutoFillBackground(False)  # the page's colour shows between the cards
        self.cards: list[Card] = []
        self.headings: dict[str, QLabel] = {}
        for family, members in by_family(ARCHITECTURES.values()).items():
            self.headings[family] = heading = QLabel(family, self._inside)
            heading.setProperty("role", "name")
            self.cards += [self._card(entry) for entry in members]
        #: What is pictured elsewhere too, and not only while its card is in view.
        self.also: frozenset[Architecture] = frozenset()
        self._matching = list(self.cards)
        self.current = self.cards[0]
        self.nothing = QLabel(self._inside)
        self.nothing.setProperty("role", "muted")
        self.nothing.setTextFormat(Qt.TextFormat.PlainText)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setWordWrap(True)
        self.clear = QPushButton("Show all networks", self._inside)
        self.nothing.hide()
        self.clear.hide()
        self._slices = Slices(self._survey_some, self)
        self._work: tuple[Card, Iterator[None]] | None = None
        self.verticalScrollBar().valueChanged.connect(lambda _: self._go_on())
        session.themeChanged.connect(self._inside.update)
        session.conventionChanged.connect(self._tell_all)
        self._make_current(self.current)

    def _card(self, entry: Architecture) -> Card:
        card = Card(entry, self._session, self._inside)
        card.clicked.connect(lambda: self.choose(card))
        card.opened.connect(lambda: self._open(card))
        card.moved.connect(lambda key: self._go(card, key))
        if card.survey is not None:
            card.surveyed()
        return card

    # choosing ----------------------------------------------------------------------------------------------

    def card(self, name: str) -> Card | None:
        """The card of an architecture."""
        return next((card for card in self.cards if card.entry.name == name), None)

    def choose(self, card: Card, *, focus: bool = False) -> None:
        """Make a card the chosen one, and bring it into view."""
        self._make_current(card)
        if focus:
            card.setFocus(Qt.FocusReason.OtherFocusReason)
        heading = card is next(
            (other for other in self._matching if other.entry.family == card.entry.family), None
        )
        self.ensureVisible(card.x(), card.y() - (_HEADING if heading else 0), 0, _GAP)
        self.ensureVisible(card.x(), card.geometry().bottom(), 0, _GAP)

    def _make_current(self, card: Card) -> None:
        before, self.current = self.current, card
        for other in {before, card}:
            other.setChecked(other is card)
            # One stop for Tab; arrows go on from there.
            other.setFocusPolicy(Qt.FocusPolicy.StrongFocus if other is card else Qt.FocusPolicy.ClickFocus)
        self.chosen.emit(card.entry)

    def _open(self, card: Card) -> None:
        self._make_current(card)
        self.opened.emit(card.entry)

    def _go(self, card: Card, key: Qt.Key) -> None:
        """Left and right to the neighbour, up and down to the nearest card of the next row, a page, or an end."""
        shown, here = self._matching, self._matching.index(card)
        if key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            target = shown[0 if key == Qt.Key.Key_Home else -1]
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            target = shown[min(max(here + (1 if key == Qt.Key.Key_Right else -1), 0), len(shown) - 1)]
        else:
            down = key in (Qt.Key.Key_Down, Qt.Key.Key_PageDown)
            page = key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
            target = self._beyond(card, down=down, least=self.viewport().height() - HEIGHT if page else 1)
        self.choose(target, focus=True)

    def _beyond(self, card: Card, *, down: bool, least: int) -> Card:
        """The card above or below at ``least`` so many pixels away, or else the last one there is."""
        rows = [other for other in self._matching if (other.y() > card.y()) == down and other.y() != card.y()]
        far = [other for other in rows if abs(other.y() - card.y()) >= least]
        edge = max((abs(other.y() - card.y()) for other in rows), default=0)
        among = far or [other for other in rows if abs(other.y() - card.y()) == edge]
        return min(among, key=lambda o: (abs(o.y() - card.y()), abs(o.x() - card.x())), default=card)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that no card wants are the page's, not the scroll bar's."""
        event.ignore()

    # filtering ---------------------------------------------------------------------------------------------

    @property
    def matching(self) -> list[Card]:
        """The cards that are shown."""
        return list(self._matching)

    def filter(self, text: str) -> None:
        """Show the cards that have every word in their title, family, sentence, paper or year.

        One or two letters are the beginning of a word: "he" is Kaiming He, and not every "the".
        """
        words = _plain(text).split()
        self._matching = [c for c in self.cards if all(_has(c.entry, word) for word in words)]
        shown = set(self._matching)
        for card in self.cards:
            if card.isHidden() is (card in shown):
                card.setVisible(card in shown)
        counts = dict.fromkeys(self.headings, 0)
        for card in self._matching:
            counts[card.entry.family] += 1
        for family, heading in self.headings.items():
            heading.setVisible(counts[family] > 0)
        self.nothing.setVisible(not shown)
        self.clear.setVisible(not shown)
        self.nothing.setText(
            f"No network has “{text.strip()}” in its name, its idea, its paper or its year.\n"
            "Try “residual”, “mobile”, “He” or “2015”."
        )
        self.counted.emit(counts)
        self._lay_out()
        if shown and self.current not in shown:
            self._make_current(self._matching[0])
        self.verticalScrollBar().setValue(0)
        self._go_on()

    def show_family(self, family: str) -> None:
        """Bring a heading to the top, and choose the first card below it."""
        first = next((card for card in self._matching if card.entry.family == family), None)
        if first is not None:
            self.verticalScrollBar().setValue(self.headings[family].y())
            self._make_current(first)

    # where everything is -----------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the cards out for the new width, and keep the chosen one in view."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._lay_out()
        self._go_on()

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        """Work out what is seen, soon."""
        super().showEvent(event)
        self._go_on()

    def _lay_out(self) -> None:
        width = self.viewport().width() - _GAP  # so far from what stands to the right
        columns = max(1, (width + _GAP) // (LEAST_WIDTH + _GAP))
        across = (width + _GAP) // columns
        top = 0
        for family, members in groupby(self._matching, lambda card: card.entry.family):
            self.headings[family].setGeometry(0, top, width, _HEADING)
            top += _HEADING
            cards = list(members)
            for first in range(0, len(cards), columns):
                row = cards[first : first + columns]
                high = max(card.height_for(across - _GAP) for card in row)
                for column, card in enumerate(row):
                    card.setGeometry(column * across, top, across - _GAP, high)
                top += high + _GAP
        height = top
        if not self._matching:
            height = self._lay_out_nothing(width)
        self._inside.resize(self.viewport().width(), height)

    def _lay_out_nothing(self, width: int) -> int:
        """The hint in the middle, below it the way back to all."""
        self.nothing.setGeometry(0, 56, width, self.nothing.heightForWidth(width))
        size = self.clear.sizeHint()
        self.clear.setGeometry(
            (width - size.width()) // 2, self.nothing.geometry().bottom() + 16, *size.toTuple()
        )
        return self.clear.geometry().bottom() + _GAP

    # figures and pictures ----------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Something else came into view."""
        if self.isVisible():
            self._slices.start(_LATER)

    def _survey_some(self) -> bool:
        """Work out a piece of what the first card in view lacks; whether there may be more to do."""
        if self._work is None:
            card = next(iter(self._wanting()), None)
            if card is None:
                return False
            self._work = card, surveying(card.entry)
        card, pieces = self._work
        if next(pieces, self) is self:
            self._work = None
            card.surveyed()
            self.surveyed.emit(card.entry)
        return True

    def _wanting(self) -> list[Card]:
        """The cards in view that have no picture yet, the chosen one first, then those a little further on."""
        if not self.isVisible():
            return []
        seen = self.viewport().rect().translated(0, self.verticalScrollBar().value())
        near = seen.adjusted(0, -HEIGHT, 0, seen.height())
        lacking = [
            card
            for card in self.cards
            if survey_of(card.entry) is None
            and (card.entry in self.also or (card in self._matching and card.geometry().intersects(near)))
        ]
        return sorted(lacking, key=lambda c: (c is not self.current, not c.geometry().intersects(seen)))

    def _tell_all(self) -> None:
        for card in self.cards:
            if card.survey is not None:
                card.surveyed()


def _has(entry: Architecture, word: str) -> bool:
    text = _searched(entry)
    return f" {word}" in text if len(word) < _SHORT else word in text


@cache
def _searched(entry: Architecture) -> str:
    """All that a search looks into."""
    words = (entry.title, entry.name, entry.family, entry.about, entry.paper, str(entry.year), entry.origin)
    return " " + _plain(" ".join(words))


def _plain(text: str) -> str:
    """As people type it: small letters without accents, 1x1 for 1×1."""
    letters = unicodedata.normalize("NFKD", text.casefold().replace("×", "x"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
