"""The layer table as a panel: filter, heat bars, totals, selection that goes both ways."""

from __future__ import annotations

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QAction, QFontMetrics, QGuiApplication, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from builder.analysis import NodeReport
from builder.editor.layers import (
    BAR_ROLE,
    COLUMNS,
    PATH_ROLE,
    SORT_ROLE,
    LayersModel,
    as_csv,
    as_markdown,
    columns,
    totals_row,
)
from builder.widgets.counting import ConventionSwitch
from builder.widgets.guarding import guarded
from builder.widgets.session import Session
from builder.widgets.theme import BODY, SEMIBOLD, font

Index = QModelIndex | QPersistentModelIndex

EMPTY = "Every layer with its shape, parameters, FLOPs and memory will be listed here once there are blocks."

ROW = 26


class Sorted(QSortFilterProxyModel):
    """Sorts numbers as numbers; a third click on a column's title brings the order of execution back."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words: list[str] = []

    def look_for(self, text: str) -> None:
        """Leave the rows in which every word of a text occurs."""
        self._words = text.lower().split()
        self.invalidate()

    def lessThan(self, left: Index, right: Index) -> bool:
        """Unknown figures come first."""
        first, second = left.data(SORT_ROLE), right.data(SORT_ROLE)
        if first is None or second is None:
            return first is None and second is not None
        return bool(first < second)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Words are looked for in the path, the block and the shape."""
        model = self.sourceModel()
        text = " ".join(str(model.index(row, column).data()) for column in range(3)).lower()
        return all(word in text for word in self._words)


class LayersPanel(QStackedWidget):
    """One row for each block through all modules; below, the network's totals, or those of what is selected.

    A module that is selected on the canvas has all its rows selected, so that the line below is the module's.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._following = False
        self._stale = False
        self.model = LayersModel(self)
        self.sorted = Sorted(self)
        self.sorted.setSourceModel(self.model)
        self.empty = QLabel(EMPTY, self)
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText("Filter by name, block or shape…")
        self.filter.setAccessibleName("Filter the layers")
        self.filter.setClearButtonEnabled(True)
        self.filter.setFixedWidth(240)
        self.table = self._make_table()
        self.totals = Totals(self.table, session, self)
        page = QWidget(self)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(16, 4, 16, 8)
        layout.setSpacing(4)
        row = QHBoxLayout()
        row.addWidget(self.filter)
        row.addStretch(1)
        row.addWidget(ConventionSwitch(session))
        for title, copy in (("Copy as CSV", self.copy_csv), ("Copy as Markdown", self.copy_markdown)):
            button = QPushButton(title)
            button.setProperty("variant", "quiet")
            button.setProperty("scale", "small")
            button.setToolTip("The rows shown, in this order, to the clipboard")
            button.clicked.connect(copy)
            row.addWidget(button)
        layout.addLayout(row)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.totals)
        self.addWidget(self.empty)
        self.addWidget(page)
        self._page = page
        self.filter.textChanged.connect(self._filter)
        self.table.selectionModel().selectionChanged.connect(self._chosen)
        session.analysisChanged.connect(self._analysis_changed)
        session.conventionChanged.connect(self._analysis_changed)
        session.selectionChanged.connect(self._follow)
        session.instanceChanged.connect(self._follow)
        session.themeChanged.connect(self.table.viewport().update)
        self.refresh()

    def reports(self) -> list[NodeReport]:
        """The rows as they are shown: filtered, in their order."""
        rows = (
            self.sorted.mapToSource(self.sorted.index(row, 0)).row() for row in range(self.sorted.rowCount())
        )
        return [self.model.reports[row] for row in rows]

    def refresh(self) -> None:
        """List the leaves as the analysis knows them now."""
        self._stale = False
        self._following = True  # what the view does to its selection is no wish of the user
        self.model.set_analysis(self._session.analysis, self._session.convention)
        self.sorted.invalidate()
        self._following = False
        self.setCurrentWidget(self._page if self.model.reports else self.empty)
        self._follow()

    @guarded
    def showEvent(self, event: object) -> None:
        """Catch up with what was edited while it was hidden."""
        if self._stale:
            self.refresh()

    def copy_csv(self) -> None:
        """Put the rows shown on the clipboard as CSV."""
        QGuiApplication.clipboard().setText(as_csv(self.reports(), self._session.convention))
        self._session.statusMessage.emit("Layers copied as CSV")

    def copy_markdown(self) -> None:
        """Put the rows shown and the totals on the clipboard as Markdown."""
        QGuiApplication.clipboard().setText(
            as_markdown(self.reports(), self._totals_texts(), self._session.convention)
        )
        self._session.statusMessage.emit("Layers copied as Markdown")

    def _analysis_changed(self) -> None:
        if self.isVisible():
            self.refresh()
        else:
            self._stale = True

    def _filter(self, text: str) -> None:
        self.sorted.look_for(text)
        self._sum()

    def _totals_texts(self) -> list[str]:
        shown = self.reports()
        return totals_row(
            shown,
            self._session.analysis,
            is_all=len(shown) == len(self.model.reports),
            convention=self._session.convention,
        )

    def _sum(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        if len(rows) < 2:
            self.totals.tell(self._totals_texts())
            return
        chosen = [self.model.reports[self.sorted.mapToSource(row).row()] for row in rows]
        self.totals.tell(
            totals_row(
                chosen,
                self._session.analysis,
                is_all=False,
                word="selected",
                convention=self._session.convention,
            )
        )

    def _chosen(self) -> None:
        """Rows chosen by the user select nodes on the canvas: those in the graph of the last one."""
        if self._following:
            return
        current = self.table.selectionModel().currentIndex()
        rows = self.table.selectionModel().selectedRows()
        self._sum()
        if not rows:
            return
        last = current if current.isValid() else rows[-1]
        report = self.model.reports[self.sorted.mapToSource(last).row()]
        self._following = True
        self._session.reveal(report.path, report.address)
        key = self._session.graph.key
        chosen = [self.model.reports[self.sorted.mapToSource(row).row()].address for row in rows]
        ids = [address.node for address in chosen if address.graph == key]
        if len(ids) > 1:
            self._session.select(ids)
        self._following = False

    def _follow(self) -> None:
        """Select the rows of the nodes that are selected on the canvas; all inside a selected module."""
        if self._following:
            return
        session = self._session
        wanted = [
            report.path for node_id in session.selection if (report := session.report(node_id)) is not None
        ]
        self._following = True
        selection = self.table.selectionModel()
        selection.clearSelection()
        first: QModelIndex | None = None
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for row in range(self.sorted.rowCount() if wanted else 0):
            index = self.sorted.index(row, 0)
            path = index.data(PATH_ROLE)
            if any(path == one or path.startswith(f"{one}.") for one in wanted):
                selection.select(index, flags)
                first = first or index
        if first is not None:
            self.table.scrollTo(first)
        self._following = False
        self._sum()

    def _make_table(self) -> QTableView:
        table = QTableView(self)
        table.setModel(self.sorted)
        table.setAccessibleName("Layers")
        table.setItemDelegate(BarDelegate(self._session, table))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(True)
        header.setMinimumSectionSize(56)
        for column, width in enumerate((132, 132, 84, 84, 92, 84, 60)):
            header.resizeSection(column, width)
        header.setMaximumSectionSize(320)
        header.setResizeContentsPrecision(0)  # as wide as the paths that are in view
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        table.setSortingEnabled(True)
        self.sorted.sort(-1)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        copy = QAction("Copy rows", table)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self._copy_selected)
        table.addAction(copy)
        return table

    def _copy_selected(self) -> None:
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        shown = self.reports()
        QGuiApplication.clipboard().setText(as_csv([shown[row] for row in rows], self._session.convention))


#: Between a cell's edge and its text.
_INSET = 8


class Totals(QWidget):
    """The line below the table, each figure under its column wherever that is at the moment."""

    def __init__(self, table: QTableView, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._table = table
        self._session = session
        self.texts: list[str] = []
        self.setFixedHeight(ROW)
        header = table.horizontalHeader()
        header.sectionResized.connect(lambda *_: self.update())
        header.geometriesChanged.connect(self.update)
        session.themeChanged.connect(self.update)
        table.horizontalScrollBar().valueChanged.connect(lambda *_: self.update())

    def tell(self, texts: list[str]) -> None:
        """Show these under the columns, which are made as wide as their sums need."""
        self.texts = texts
        header, letters = self._table.horizontalHeader(), QFontMetrics(font(BODY, SEMIBOLD))
        for section, text in enumerate(texts[3:], 3):
            needed = letters.horizontalAdvance(text) + 2 * _INSET
            header.resizeSection(section, max(header.sectionSize(section), needed))
        named = zip(columns(self._session.convention)[1:], texts[1:], strict=True)
        self.setAccessibleName(
            ", ".join([texts[0], *(f"{column.title} {text}" for column, text in named if text)])
        )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Each text where its column is, in the weight of a sum."""
        painter = QPainter(self)
        painter.setFont(font(BODY, SEMIBOLD))
        painter.setPen(self._session.theme.color("text"))
        header = self._table.horizontalHeader()
        for column, text in enumerate(self.texts):
            room = QRect(header.sectionViewportPosition(column), 0, header.sectionSize(column), self.height())
            side = Qt.AlignmentFlag.AlignRight if COLUMNS[column].number else Qt.AlignmentFlag.AlignLeft
            painter.drawText(room.adjusted(_INSET, 0, -_INSET, 0), side | Qt.AlignmentFlag.AlignVCenter, text)


class BarDelegate(QStyledItemDelegate):
    """Draws a quiet bar below a number, as long as its share of the column's largest."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """Shapes and fields in the monospaced face."""
        super().initStyleOption(option, index)
        if COLUMNS[index.column()].is_mono:
            option.font = font(11, mono=True)  # type: ignore[attr-defined]

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The bar, then the cell."""
        super().paint(painter, option, index)
        share = index.data(BAR_ROLE)
        if not share:
            return
        rect = option.rect.adjusted(8, 0, -8, 0)  # type: ignore[attr-defined]
        width = max(round(rect.width() * share), 2)
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._session.theme.color("accent", 0.75))
        painter.drawRect(rect.right() - width + 1, rect.bottom() - 3, width, 2)
        painter.restore()
