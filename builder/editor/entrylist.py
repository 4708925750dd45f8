"""A list of what can be placed, with a coloured square each, under headings or ranked."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QMimeData, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from builder.editor.catalogue import ENTRY_MIME, Entry, mime_of_entry
from builder.widgets.session import Session
from builder.widgets.theme import BODY, MEDIUM, SEMIBOLD, TINY, Theme, font

_ENTRY = Qt.ItemDataRole.UserRole + 1
_HEADING_HEIGHT, _ROW_HEIGHT = 30, 24

Index = QModelIndex | QPersistentModelIndex


class _Model(QStandardItemModel):
    def mimeTypes(self) -> list[str]:
        return [ENTRY_MIME]

    def mimeData(self, indexes: Iterable[QModelIndex]) -> QMimeData:
        entry = next((index.data(_ENTRY) for index in indexes), None)
        return mime_of_entry(entry) if isinstance(entry, Entry) else QMimeData()


class EntryList(QListView):
    """``chosen`` is emitted with the entry on Enter or a click; entries can be dragged to the canvas."""

    chosen = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._model = _Model(self)
        self._delegate = _Delegate(session)
        self.setModel(self._model)
        self.setItemDelegate(self._delegate)
        self.setMouseTracking(True)
        self.setUniformItemSizes(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setAccessibleName("Blocks")
        self.clicked.connect(self._clicked)
        session.themeChanged.connect(self.viewport().update)

    def show_entries(self, found: Iterable[Entry], *, grouped: bool) -> None:
        """Show entries, with headings if they are grouped by category; the first is current if they are ranked."""
        self._model.clear()
        category = None
        for entry in found:
            if grouped and entry.category != category:
                category = entry.category
                self._note(category.upper())
            item = QStandardItem(entry.title)
            item.setData(entry, _ENTRY)
            item.setToolTip(entry.description)
            item.setData(f"{entry.title}, {entry.category}", Qt.ItemDataRole.AccessibleTextRole)
            self._model.appendRow(item)
        self.setCurrentIndex(QModelIndex())
        if not grouped:
            self.step(1)

    def show_note(self, text: str) -> None:
        """A sentence in place of entries."""
        self._model.clear()
        self._note(text)

    def _note(self, text: str) -> None:
        heading = QStandardItem(text)
        heading.setFlags(Qt.ItemFlag.NoItemFlags)
        self._model.appendRow(heading)

    def current(self) -> Entry | None:
        """The entry Enter would choose."""
        entry = self.currentIndex().data(_ENTRY)
        return entry if isinstance(entry, Entry) else None

    def titles(self) -> list[str]:
        """What is shown, headings left out."""
        rows = range(self._model.rowCount())
        return [
            self._model.item(row).text() for row in rows if self._model.item(row).data(_ENTRY) is not None
        ]

    def step(self, by: int) -> None:
        """Go to the next entry up or down, past headings."""
        row = self.currentIndex().row() + by if self.currentIndex().isValid() else (0 if by > 0 else -1)
        while 0 <= row < self._model.rowCount():
            if self._model.item(row).data(_ENTRY) is not None:
                self.setCurrentIndex(self._model.index(row, 0))
                self.scrollTo(self.currentIndex())
                return
            row += by

    def choose_current(self) -> None:
        """What Enter does."""
        if (entry := self.current()) is not None:
            self.chosen.emit(entry)

    def _clicked(self, index: QModelIndex) -> None:
        entry = index.data(_ENTRY)
        if isinstance(entry, Entry):
            self.chosen.emit(entry)


class _Delegate(QStyledItemDelegate):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        heading = index.data(_ENTRY) is None
        return QSize(120, _HEADING_HEIGHT if heading else _ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, rect = self.session.theme, option.rect  # type: ignore[attr-defined]
        entry = index.data(_ENTRY)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(entry, Entry):
            state = option.state  # type: ignore[attr-defined]
            hot = state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver)
            chosen = state & QStyle.StateFlag.State_Selected
            self._paint_entry(painter, theme, rect, entry, hot=bool(hot), chosen=bool(chosen))
        else:
            painter.setFont(_spaced(font(TINY, SEMIBOLD)))
            painter.setPen(theme.color("muted"))
            words = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignBottom
            painter.drawText(rect.adjusted(8, 0, -8, -5), words, index.data())
        painter.restore()

    def _paint_entry(
        self, painter: QPainter, theme: Theme, rect: QRect, entry: Entry, *, hot: bool, chosen: bool
    ) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        if hot:
            painter.setBrush(theme.color("accent", 0.16) if chosen else theme.color("raised"))
            painter.drawRoundedRect(QRectF(rect).adjusted(1, 0.5, -1, -0.5), 6, 6)
        painter.setBrush(QColor(theme.category(entry.category)))
        middle = rect.center().y() + 0.5
        painter.drawRoundedRect(QRectF(rect.left() + 9, middle - 5.5, 11, 11), 3, 3)
        painter.setPen(theme.color("text"))
        made = font(BODY, MEDIUM)
        painter.setFont(made)
        room = rect.adjusted(31, 0, -8, 0)
        text = painter.fontMetrics().elidedText(entry.title, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)


def _spaced(made: QFont) -> QFont:
    made.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 103)
    return made
