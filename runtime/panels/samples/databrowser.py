"""The data that a network learns from: how its classes are spread, and its samples as the network gets them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from builder.errors import Problem
from builder.figures import count
from builder.widgets.guarding import guarded
from builder.widgets.session import Session
from builder.widgets.worker import Worker
from runtime.panels.captions import Caption, Sentence, centred
from runtime.panels.looking.backstage import DataWish
from runtime.panels.looking.looking import Looking
from runtime.panels.parts import Hint, small_button
from runtime.panels.samples.balance import SPLITS, Balance
from runtime.panels.samples.browsing import PAGE, Choice, Overview, Page, overview, page
from runtime.panels.samples.tiles import Tiles

_HINT = (
    "The samples that the network learns from are shown here: choose data at the top of the window, and give the "
    "network's input a shape."
)
_LOADING = "Loading the data…"
#: Files left out that a tooltip lists.
_LISTED = 20


class DataBrowser(QWidget):
    """Follows the data that the document names; loads it when it is seen.

    A sample that is gone to is the picture that is looked at from then on; ``inspectAsked`` wants to see it there.
    """

    inspectAsked = Signal()

    def __init__(
        self, session: Session, looking: Looking, worker: Worker, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._looking, self._worker = session, looking, worker
        self._wish: DataWish | None = None
        self.overview: Overview | None = None
        self.page: Page | None = None
        self.setAccessibleName("Data")
        self.hint = Hint(_HINT)
        self.split = QComboBox()
        self.split.setProperty("scale", "small")
        self.split.setAccessibleName("Split")
        self.split.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.headline, self.place = Caption(strong=True), Caption()
        self.previous = small_button(
            "Previous", f"The {PAGE} samples before these", lambda: self._turn(-PAGE)
        )
        self.next = small_button("Next", f"The {PAGE} samples after these", lambda: self._turn(PAGE))
        self.inspect = small_button(
            "Look inside",
            "What the network makes of this sample, node by node (Enter)",
            self.inspectAsked.emit,
        )
        self.balance = Balance(session.theme)
        self.about, self.skipped = Sentence(), Sentence()
        self.tiles = Tiles(session.theme, "Samples as the network gets them")
        self._lay_out()
        self.split.currentIndexChanged.connect(lambda _: self._begin())
        self.balance.chosen.connect(self._begin)
        self.tiles.chosen.connect(self._choose)
        self.tiles.opened.connect(self._open)
        session.analysisChanged.connect(self.refresh)
        session.historyChanged.connect(self.refresh)
        session.documentReplaced.connect(self.refresh)
        session.themeChanged.connect(self._dress)

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(4)
        for part, stretch in ((self.balance, 1), (self.about, 0), (self.skipped, 0)):
            left.addWidget(part, stretch)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.split)
        row.addWidget(self.previous)
        row.addWidget(self.next)
        row.addWidget(self.place, 1)
        row.addWidget(self.inspect)
        right = QVBoxLayout()
        right.setSpacing(4)
        right.addLayout(row)
        right.addWidget(self.tiles, 1)
        parts = QWidget()
        both = QHBoxLayout(parts)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(16)
        both.addLayout(left, 2)
        both.addLayout(right, 3)
        room = QWidget()
        self._pages = QStackedLayout(room)
        self._pages.setContentsMargins(0, 0, 0, 0)
        self._pages.addWidget(centred(self.hint))
        self._pages.addWidget(parts)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 2, 12, 8)
        outer.setSpacing(6)
        outer.addWidget(self.headline)
        outer.addWidget(room, 1)

    # what is shown ---------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Find out about other data, if anybody can see it."""
        if not self.isVisible():
            return
        found = self._looking.subject()
        wish = found[0] if found is not None else None
        if wish == self._wish:
            return
        self._wish, self.overview, self.page = wish, None, None
        if wish is None:
            self._worker.drop("overview")
            self._say(_HINT)
            return
        self._say(_LOADING)
        stage = self._looking.backstage
        self._worker.submit("overview", lambda: overview(stage, wish), self._take)

    def _say(self, text: str) -> None:
        self.hint.setText(text)
        self.headline.say("")
        self._pages.setCurrentIndex(0)

    def _take(self, answer: Overview | Problem) -> None:
        if isinstance(answer, Problem):
            self._wish = None  # it may be there the next time
            self._say(answer.message)
            return
        self.overview = answer
        about = answer.about
        self.headline.say(answer.headline, about["title"])
        self.headline.setToolTip(about["description"])
        self.split.blockSignals(True)
        self.split.clear()
        for name, title in SPLITS.items():
            if name in about["splits"]:
                self.split.addItem(f"{title} · {about['splits'][name]:,}", name)
        self.split.blockSignals(False)
        self.balance.show_overview(answer)
        self.about.say(answer.normalisation)
        files = [f"{one['file']}: {one['reason']}" for one in about["skipped"]]
        self.skipped.setVisible(bool(files))
        self.skipped.say(f"{count(len(files), 'file')} left out: {files[0]}" if files else "")
        self.skipped.setToolTip("\n".join(files[:_LISTED]))
        self._pages.setCurrentIndex(1)
        self._begin()

    def _begin(self) -> None:
        """The first samples of what is chosen."""
        if self.split.currentData() is not None:
            self._ask(Choice(self.split.currentData(), self.balance.label))

    def _turn(self, by: int) -> None:
        if self.page is not None:
            choice = self.page.choice
            self._ask(Choice(choice.split, choice.label, max(choice.first + by, 0)))

    def _ask(self, choice: Choice) -> None:
        wish, stage = self._wish, self._looking.backstage
        if wish is not None:
            self._worker.submit("page", lambda: page(stage, wish, choice), self._show)

    def _show(self, answer: Page | Problem) -> None:
        if isinstance(answer, Problem):
            self._say(answer.message)
            return
        if answer.wish != self._wish:
            return
        self.page = answer
        self.tiles.show_samples(answer.samples, answer.lines)
        first, last = answer.choice.first, answer.choice.first + len(answer.samples)
        said = f"{first + 1:,}–{last:,} of {answer.total:,}" if answer.samples else "none of this class"
        self.place.say(said)
        self.previous.setEnabled(first > 0)
        self.next.setEnabled(last < answer.total)
        self.inspect.setEnabled(False)

    # going on --------------------------------------------------------------------------------------------

    def _choose(self, index: int) -> None:
        self.inspect.setEnabled(True)
        self._looking.choose_sample(index)

    def _open(self, index: int) -> None:
        self._choose(index)
        self.inspectAsked.emit()

    def _dress(self) -> None:
        self.balance.set_theme(self._session.theme)
        self.tiles.set_theme(self._session.theme)

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()
