"""The network as PyTorch source, as it will be trained and exported; a line and its node find each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QStackedWidget,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from builder.errors import Address, Problem
from builder.widgets.guarding import guarded
from builder.widgets.icons import themed
from builder.widgets.session import Session
from builder.widgets.theme import BODY, SMALL, Theme, font
from runtime.panels.code.highlighting import PythonHighlighter
from runtime.panels.parts import Hint, small_button

if TYPE_CHECKING:
    from runtime.codegen import Source

#: Milliseconds without an edit after which the source is written anew.
_QUIET = 200


class _Numbers(QWidget):
    """The line numbers beside the text."""

    def __init__(self, view: CodeView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self) -> QSize:
        return QSize(self._view.gutter, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._view.paint_numbers(self, event)


class CodeView(QPlainTextEdit):
    """Python to read: line numbers, one line marked; ``lineChosen`` tells a click or Enter on a line (from 1)."""

    lineChosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._marked = theme, 0
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFont(font(BODY, mono=True))
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setAccessibleName("Generated source")
        self._highlighter = PythonHighlighter(self.document(), theme)
        self._numbers = _Numbers(self)
        self.updateRequest.connect(self._scroll_numbers)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Put on a theme's colours."""
        self._theme = theme
        self.setStyleSheet(
            f"QPlainTextEdit {{ background: {theme.panel}; border: none; "
            f'font-family: "{font(BODY, mono=True).family()}"; font-size: {BODY}px; }}'
        )
        self._highlighter.set_theme(theme)
        self.mark(self._marked, scroll=False)

    def show_text(self, text: str) -> None:
        """Show other source and stay where one was reading."""
        if text == self.toPlainText():
            return
        bar, side = self.verticalScrollBar(), self.horizontalScrollBar()
        at = bar.value(), side.value()
        self._highlighter.read(text)
        self.setPlainText(text)
        self.setViewportMargins(self.gutter, 0, 0, 0)
        bar.setValue(at[0])
        side.setValue(at[1])

    def mark(self, line: int, *, scroll: bool = True) -> None:
        """Mark a line (from 1; 0 marks none) and bring it into view."""
        self._marked = line
        if not line:
            self.setExtraSelections([])
            return
        cursor = QTextCursor(self.document().findBlockByNumber(line - 1))
        marked = QTextEdit.ExtraSelection()
        marked.cursor = cursor  # type: ignore[attr-defined]
        marked.format.setBackground(self._theme.color("accent", 0.22))  # type: ignore[attr-defined]
        marked.format.setProperty(QTextFormat.Property.FullWidthSelection, True)  # type: ignore[attr-defined]
        self.setExtraSelections([marked])
        if scroll:
            block = self.document().findBlockByNumber(line - 1)
            top = self.firstVisibleBlock().blockNumber()
            rows = max(self.viewport().height() // max(self.fontMetrics().lineSpacing(), 1) - 1, 1)
            if not top <= block.blockNumber() < top + rows:
                self.verticalScrollBar().setValue(max(block.blockNumber() - rows // 3, 0))

    @property
    def marked(self) -> int:
        """The marked line, from 1; 0: none."""
        return self._marked

    # line numbers ----------------------------------------------------------------------------------------

    @property
    def gutter(self) -> int:
        """How wide the line numbers are."""
        digits = max(len(str(self.blockCount())), 2)
        return 24 + digits * self.fontMetrics().horizontalAdvance("0")

    def paint_numbers(self, where: QWidget, event: QPaintEvent) -> None:
        """Draw the numbers of the lines in view."""
        painter = QPainter(where)
        painter.setFont(font(SMALL, mono=True))
        painter.setPen(self._theme.color("wire"))
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= event.rect().bottom():
            height = self.blockBoundingRect(block).height()
            area = QRect(0, int(top), where.width() - 12, int(height))
            painter.drawText(
                area,
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                str(block.blockNumber() + 1),
            )
            block, top = block.next(), top + height

    def _scroll_numbers(self, rect: QRect, dy: int) -> None:
        if dy:
            self._numbers.scroll(0, dy)
        else:
            self._numbers.update(0, rect.y(), self._numbers.width(), rect.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        area = self.contentsRect()
        self.setViewportMargins(self.gutter, 0, 0, 0)
        self._numbers.setGeometry(QRect(area.left(), area.top(), self.gutter, area.height()))

    # hands -----------------------------------------------------------------------------------------------

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and not self.textCursor().hasSelection():
            self.lineChosen.emit(self.cursorForPosition(event.position().toPoint()).blockNumber() + 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.lineChosen.emit(self.textCursor().blockNumber() + 1)
            return
        super().keyPressEvent(event)


class SourceView(QWidget):
    """Follows the document: its source, or why there is none yet."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._source: Source | None = None
        self._problem: Problem | None = None
        self._stale = True
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_QUIET)
        self._timer.timeout.connect(self.refresh)
        self.setAccessibleName("Source")
        self.code = CodeView(session.theme)
        self.code.lineChosen.connect(self._select_line)
        self.title = QLabel()
        self.title.setProperty("role", "caption")
        tip = "The whole class, ready to paste into a file of your own"
        self.copy = small_button("Copy", tip, self.copy_text, quiet=True)
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 2, 8, 2)
        bar.addWidget(self.title, 1)
        bar.addWidget(self.copy)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.code, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(page)
        self.pages.addWidget(self._make_reason())
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.pages)
        session.analysisChanged.connect(self._wait)
        session.documentReplaced.connect(self._wait)
        session.selectionChanged.connect(self._follow)
        session.themeChanged.connect(self._dress)
        self._dress()

    def _make_reason(self) -> QWidget:
        self.reason = Hint("")
        self.reason.setTextFormat(Qt.TextFormat.PlainText)
        self.show_problem = small_button("Show the problem", do=self._reveal_problem)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(32, 8, 32, 8)
        column.addStretch(1)
        column.addWidget(self.reason)
        column.addWidget(self.show_problem, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
        return page

    @property
    def text(self) -> str:
        """The source that is shown, empty while there is none."""
        return self._source.text if self._source is not None else ""

    def _wait(self) -> None:
        self._stale = True
        if self.isVisible():
            self._timer.start()

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Write the source of the document as it is now."""
        self._timer.stop()
        if not self._stale:
            return
        self._stale = False
        from runtime.codegen import generate

        made = generate(self._session.document, analysis=self._session.analysis)
        if isinstance(made, list):
            self._source, self._problem = None, made[0]
            rest = f" (and {len(made) - 1} more)" if len(made) > 1 else ""
            self.reason.setText(
                f"The source appears here as soon as the network has no errors.\n\n{made[0].message}{rest}"
            )
            self.show_problem.setVisible(bool(made[0].path))
            self.pages.setCurrentIndex(1)
            return
        self._source, self._problem = made, None
        lines = made.text.count("\n")
        self.title.setText(f"class {made.class_name} · {lines:,} lines · what is trained and exported")
        self.code.show_text(made.text)
        self.pages.setCurrentIndex(0)
        self._follow()

    def _follow(self) -> None:
        """Mark the line of the selected node."""
        line = 0
        if self._source is not None and self._session.selection:
            address = Address(self._session.graph.key, self._session.selection[0])
            line = self._source.lines.get(address, 0)
        if line != self.code.marked:
            self.code.mark(line)

    def _select_line(self, line: int) -> None:
        """Select the node whose line this is."""
        if self._source is None:
            return
        for address, number in self._source.lines.items():
            if number == line:
                if address.graph == self._session.graph.key:
                    self._session.select((address.node,))
                    self._session.nodeRevealed.emit(address.node)
                else:
                    self._session.reveal("", address)
                return

    def _reveal_problem(self) -> None:
        if self._problem is not None:
            self._session.reveal(self._problem.path, self._problem.address)

    def copy_text(self) -> None:
        """Put the source on the clipboard."""
        QGuiApplication.clipboard().setText(self.text)
        self._session.statusMessage.emit("Source copied")

    def _dress(self) -> None:
        self.copy.setIcon(themed("copy", self._session.theme))
        self.code.set_theme(self._session.theme)
