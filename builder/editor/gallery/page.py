"""The start page: what to begin with. It lies over the panels, and goes away with Escape or whatever is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from builder.architectures import Architecture
from builder.editor.gallery import is_wanted, want
from builder.editor.gallery.detail import Detail
from builder.editor.gallery.examples import ExampleRow
from builder.editor.gallery.gallery import Gallery
from builder.editor.gallery.rows import Row, Section
from builder.examples import Example
from builder.widgets.counting import ConventionSwitch
from builder.widgets.cover import Cover
from builder.widgets.icons import themed
from builder.widgets.menus import shortened
from builder.widgets.shell import LEFT_WIDTH, RIGHT_WIDTH, Shell


class StartPage(Cover):
    """Left what to do, in the middle the gallery, right the chosen network."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        session = shell.session
        self.setObjectName("start-page")
        self.setAccessibleName("Start page")
        self.gallery = Gallery(session)
        self.detail = Detail(session)
        self.search = QLineEdit()
        self.search.setAccessibleName("Search networks")
        self.search.setPlaceholderText(f"Search {len(self.gallery.cards)} networks: a name, an idea, a year…")
        self.search.setMinimumHeight(32)
        self.examples = ExampleRow(session)
        self.begin = Section("Start")
        self.recent = Section("Recent", "Networks you save or open are listed here.")
        self.families = Section("Networks")
        self.again = QCheckBox("Show when Convolab starts")
        self._close = QToolButton()
        self._fill()
        self._arrange()
        self._connect()

    # making it ---------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        shell, session = self.shell, self.session
        self.begin.add(Row(session, "New empty network", "Ctrl+N", "plus"), session.new_document)
        self.begin.add(Row(session, "Open…", "Ctrl+O", "open"), shell.choose_and_open)
        self.back = self.begin.add(Row(session, "", "Esc", "undo"), self.leave)
        self._headings = {
            family: self.families.add(Row(session, family), partial(self.gallery.show_family, family))
            for family in self.gallery.headings
        }
        self.again.setChecked(is_wanted())
        self._close.setProperty("variant", "quiet")
        self._close.setAccessibleName("Close the start page")
        self._close.setToolTip("Close (Esc); Ctrl+Shift+N brings it back")

    def _arrange(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(8, 16, 8, 12)
        column.setSpacing(0)
        for section in (self.begin, self.recent, self.families):
            column.addWidget(section)
        column.addStretch(1)
        column.addWidget(self.again)
        self.again.setStyleSheet("margin-left: 8px;")
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(left)
        self._side = side = QFrame()
        side.setProperty("surface", "panel")
        side.setFixedWidth(LEFT_WIDTH)
        inside = QVBoxLayout(side)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(scroll)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 12, 0)
        top.setSpacing(8)
        top.addWidget(self.search, 1)
        self._switch = ConventionSwitch(self.session)
        top.addWidget(self._switch)
        top.addWidget(self._close)
        middle = QVBoxLayout()
        middle.setContentsMargins(16, 12, 4, 0)
        middle.setSpacing(8)
        middle.addLayout(top)
        title = QLabel("Examples, ready to train")
        title.setProperty("role", "name")
        middle.addWidget(title)
        for part in (title, self.examples):  # whoever searches wants the room for what is found
            self.search.textChanged.connect(lambda text, part=part: part.setVisible(not text))
        middle.addWidget(self.examples)
        middle.addWidget(self.gallery, 1)
        self.detail.setFixedWidth(RIGHT_WIDTH)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(side)
        whole.addLayout(middle, 1)
        whole.addWidget(self.detail)

    def parts(self) -> Sequence[QWidget]:
        """Column by column."""
        return [self._side, self.search, self._switch, self._close, self.examples, self.gallery, self.detail]

    def _connect(self) -> None:
        session, gallery, detail = self.session, self.gallery, self.detail
        self.search.textChanged.connect(gallery.filter)
        self.search.installEventFilter(self)
        gallery.clear.clicked.connect(self._show_all)
        gallery.chosen.connect(detail.show_entry)
        gallery.surveyed.connect(lambda entry: detail.refresh() if entry is detail.entry else None)
        gallery.surveyed.connect(lambda _: self.examples.update())
        gallery.opened.connect(self._open_chosen)
        gallery.counted.connect(self._count)
        self.examples.chosen.connect(self._open_example)
        gallery.also = frozenset(card.example.entry for card in self.examples.cards)
        detail.opened.connect(self._open)
        detail.left.connect(lambda: gallery.choose(gallery.current, focus=True))
        self.again.toggled.connect(want)
        self._close.clicked.connect(self.leave)
        session.themeChanged.connect(self._dress)
        session.recentChanged.connect(self._list_recent)
        self._dress()
        self._list_recent()
        detail.show_entry(gallery.current.entry)
        gallery.filter("")

    def _dress(self) -> None:
        self._close.setIcon(themed("close", self.session.theme))

    # coming and going --------------------------------------------------------------------------------------

    def come(self, name: str = "") -> None:
        """Show it, with the architecture of this name chosen."""
        super().come()
        self.back.setText(f"Back to {self.session.title}")
        self.back.set_aside("Esc")
        card = self.gallery.card(name)
        if card is None:
            self.search.setFocus(Qt.FocusReason.OtherFocusReason)
            self.search.selectAll()
            return
        if card not in self.gallery.matching:
            self.search.clear()
        self.gallery.choose(card, focus=True)

    # what is done on it ------------------------------------------------------------------------------------

    def _open_chosen(self, entry: Architecture) -> None:
        self.detail.show_entry(entry)
        self.detail.press()

    def _open(self, entry: Architecture, options: Mapping[str, Any]) -> None:
        self.session.open_document(entry.name, **options)

    def _open_example(self, example: Example) -> None:
        self.session.begin(example.build())

    def _show_all(self) -> None:
        self.search.clear()
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)

    def _count(self, counts: Mapping[str, int]) -> None:
        for family, number in counts.items():
            self._headings[family].set_aside(str(number))
            self._headings[family].setEnabled(number > 0)

    def _list_recent(self) -> None:
        self.recent.empty()
        for path in self.session.recent:
            row = Row(self.session, path.name)
            row.setToolTip(shortened(path))
            self.recent.add(row, partial(self.session.open_document, path))

    # keys --------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape clears the search, then leaves; letters go to the search wherever one is."""
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
        if event.key() == Qt.Key.Key_Escape:
            if self.search.text():
                self._show_all()
            else:
                self.leave()
        elif plain and event.text().isprintable() and event.text().strip():
            self.search.setFocus(Qt.FocusReason.OtherFocusReason)
            self.search.insert(event.text())
        # Nothing reaches what lies below.

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """From the search the arrows lead to the cards, and Enter opens the chosen one."""
        if watched is not self.search:
            return super().eventFilter(watched, event)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self.gallery.matching:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_PageDown):
                self.gallery.choose(self.gallery.current, focus=True)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._open_chosen(self.gallery.current.entry)
                return True
        return False
