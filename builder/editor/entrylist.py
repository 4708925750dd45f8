"""A list of what can be placed, with a coloured square each, under headings or ranked."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import (
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from builder.editor.catalogue import ENTRY_MIME, Entry, mime_of_entry
from builder.widgets import preferences
from builder.widgets.session import Session
from builder.widgets.theme import BODY, MEDIUM, SEMIBOLD, SMALL, TINY, Theme, font

_ENTRY = Qt.ItemDataRole.UserRole + 1
#: Of a heading: its category, how many entries are below it, whether they are folded away.
_SECTION, _COUNT, _FOLDED = _ENTRY + 1, _ENTRY + 2, _ENTRY + 3
#: Of a smaller heading within a category.
_FAMILY = _ENTRY + 4
_FOLDED_KEY = "palette/folded"
_HEADING_HEIGHT, _ROW_HEIGHT = 30, 24

Index = QModelIndex | QPersistentModelIndex


class _Model(QStandardItemModel):
    def mimeTypes(self) -> list[str]:
        return [ENTRY_MIME]

    def mimeData(self, indexes: Iterable[QModelIndex]) -> QMimeData:
        entry = next((index.data(_ENTRY) for index in indexes), None)
        return mime_of_entry(entry) if isinstance(entry, Entry) else QMimeData()


class EntryList(QListView):
    """``chosen`` is emitted with the entry on Enter or a click; entries can be dragged to the canvas.

    A category folds away below its heading, and stays so from one start to the next.
    """

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
        self.setUniformItemSizes(not grouped)  # else each is asked for its size, also those out of sight
        heading: QStandardItem | None = None
        family = ""
        for entry in found:
            if grouped and (heading is None or entry.category != heading.data(_SECTION)):
                heading = self._add_heading(entry.category)
            if grouped and entry.family != family:
                self._add_subheading(entry.family)
            family = entry.family
            if heading is not None:
                heading.setData(heading.data(_COUNT) + 1, _COUNT)
            item = QStandardItem(entry.title)
            item.setData(entry, _ENTRY)
            item.setToolTip(entry.description)
            item.setData(f"{entry.title}, {entry.category}", Qt.ItemDataRole.AccessibleTextRole)
            self._model.appendRow(item)
        self._apply_folds()
        self.setCurrentIndex(QModelIndex())
        if not grouped:
            self.step(1)

    def show_note(self, text: str) -> None:
        """A sentence in place of entries."""
        self._model.clear()
        self.setUniformItemSizes(False)
        note = QStandardItem(text)
        note.setFlags(Qt.ItemFlag.NoItemFlags)
        self._model.appendRow(note)

    def _add_heading(self, category: str) -> QStandardItem:
        heading = QStandardItem(category.upper())
        heading.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        heading.setData(category, _SECTION)
        heading.setData(0, _COUNT)
        heading.setToolTip("With Shift, all categories fold or open at once")
        self._model.appendRow(heading)
        return heading

    def _add_subheading(self, family: str) -> None:
        subheading = QStandardItem(family)
        subheading.setFlags(Qt.ItemFlag.NoItemFlags)
        subheading.setData(family, _FAMILY)
        self._model.appendRow(subheading)

    def fold(self, categories: Iterable[str]) -> None:
        """Hide what is below the headings of these categories, show the rest, and remember it."""
        preferences.remember(_FOLDED_KEY, sorted(set(categories)))
        self._apply_folds()

    def toggle(self, category: str, *, every: bool = False) -> None:
        """Fold a category away, or open it again; with ``every``, all of them like it."""
        folded = set(preferences.recall_texts(_FOLDED_KEY))
        meant = set(self._sections()) if every else {category}
        self.fold(folded - meant if category in folded else folded | meant)

    def _sections(self) -> list[str]:
        rows = map(self._model.item, range(self._model.rowCount()))
        return [row.data(_SECTION) for row in rows if row.data(_SECTION) is not None]

    def _apply_folds(self) -> None:
        folded, is_folded = preferences.recall_texts(_FOLDED_KEY), False
        for row in range(self._model.rowCount()):
            item = self._model.item(row)
            category = item.data(_SECTION)
            if category is None:
                self.setRowHidden(row, is_folded)
                continue
            is_folded = category in folded
            item.setData(is_folded, _FOLDED)
            state = "folded" if is_folded else "open"
            item.setData(f"{category}, {item.data(_COUNT)}, {state}", Qt.ItemDataRole.AccessibleTextRole)

    def current(self) -> Entry | None:
        """The entry Enter would choose."""
        entry = self.currentIndex().data(_ENTRY)
        return entry if isinstance(entry, Entry) else None

    def entry_at(self, point: QPoint) -> Entry | None:
        """The entry under a point of the list."""
        entry = self.indexAt(point).data(_ENTRY)
        return entry if isinstance(entry, Entry) else None

    def titles(self) -> list[str]:
        """What is shown, headings and what is folded away left out."""
        rows = [row for row in range(self._model.rowCount()) if not self.isRowHidden(row)]
        return [
            self._model.item(row).text() for row in rows if self._model.item(row).data(_ENTRY) is not None
        ]

    def step(self, by: int) -> None:
        """Go to the next entry or heading, up or down."""
        row = self.currentIndex().row() + by if self.currentIndex().isValid() else (0 if by > 0 else -1)
        while 0 <= row < self._model.rowCount():
            if not self.isRowHidden(row) and self._model.item(row).isSelectable():
                self.setCurrentIndex(self._model.index(row, 0))
                self.scrollTo(self.currentIndex())
                return
            row += by

    def choose_current(self) -> None:
        """What Enter does: an entry is chosen, a heading folds or opens."""
        self._clicked(self.currentIndex())

    def _clicked(self, index: QModelIndex) -> None:
        entry, category = index.data(_ENTRY), index.data(_SECTION)
        if isinstance(entry, Entry):
            self.chosen.emit(entry)
        elif category is not None:
            shift = Qt.KeyboardModifier.ShiftModifier
            self.toggle(category, every=bool(QApplication.keyboardModifiers() & shift))


class _Delegate(QStyledItemDelegate):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        small = index.data(_ENTRY) is not None or index.data(_FAMILY) is not None
        return QSize(120, _ROW_HEIGHT if small else _HEADING_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, rect = self.session.theme, option.rect  # type: ignore[attr-defined]
        entry = index.data(_ENTRY)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        state = option.state  # type: ignore[attr-defined]
        hot = state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver)
        chosen = state & QStyle.StateFlag.State_Selected
        if isinstance(entry, Entry):
            self._paint_entry(painter, theme, rect, entry, hot=bool(hot), chosen=bool(chosen))
        elif index.data(_SECTION) is not None:
            self._paint_heading(painter, theme, rect, index, hot=bool(hot))
        elif (family := index.data(_FAMILY)) is not None:
            painter.setFont(font(SMALL))
            painter.setPen(theme.color("muted"))
            below = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft
            painter.drawText(rect.adjusted(9, 0, -8, -4), below, family)
        else:
            painter.setFont(_spaced(font(TINY, SEMIBOLD)))
            painter.setPen(theme.color("muted"))
            words = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignBottom
            painter.drawText(rect.adjusted(8, 0, -8, -5), words, index.data())
        painter.restore()

    def _paint_heading(
        self, painter: QPainter, theme: Theme, rect: QRect, index: Index, *, hot: bool
    ) -> None:
        """The category, and a chevron that points down to what is open, right at what is folded away."""
        folded = index.data(_FOLDED)
        color = theme.color("text" if hot else "muted")
        painter.setFont(_spaced(font(TINY, SEMIBOLD)))
        painter.setPen(color)
        room = rect.adjusted(8, 0, -26, -5)
        painter.drawText(room, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, index.data())
        if folded:
            count = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight
            painter.drawText(room, count, str(index.data(_COUNT)))
        painter.setPen(QPen(color, 1.5, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
        middle = QPointF(rect.right() - 15.5, rect.bottom() - 10.5)
        corners = ((-2, -4), (2, 0), (-2, 4)) if folded else ((-4, -2), (0, 2), (4, -2))
        painter.drawPolyline(QPolygonF([middle + QPointF(x, y) for x, y in corners]))

    def _paint_entry(
        self, painter: QPainter, theme: Theme, rect: QRect, entry: Entry, *, hot: bool, chosen: bool
    ) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        if hot:
            painter.setBrush(theme.color("accent", 0.16) if chosen else theme.color("raised"))
            painter.drawRoundedRect(QRectF(rect).adjusted(1, 0.5, -1, -0.5), 6, 6)
        middle = rect.center().y() + 0.5
        mark = QRectF(rect.left() + 9, middle - 5.5, 11, 11)
        if entry.network:  # hollow: it is opened, not placed
            mark.adjust(0.75, 0.75, -0.75, -0.75)
            painter.setPen(QPen(QColor(theme.category(entry.category)), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush if entry.network else QColor(theme.category(entry.category)))
        painter.drawRoundedRect(mark, 3, 3)
        painter.setPen(theme.color("text"))
        made = font(BODY, MEDIUM)
        painter.setFont(made)
        room = rect.adjusted(31, 0, -8, 0)
        text = painter.fontMetrics().elidedText(entry.title, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)


def _spaced(made: QFont) -> QFont:
    made.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 103)
    return made
