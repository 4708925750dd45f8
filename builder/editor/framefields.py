"""Typing on the canvas itself: the title of a frame, the text of a note."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPalette, QTextCursor, QTextOption
from PySide6.QtWidgets import QFrame, QPlainTextEdit

from builder.editor.inplace import InPlace
from builder.editor.rename import CanvasField
from builder.errors import Problem
from builder.frames import NOTE_PADDING, TITLE_HEIGHT, Frame, inside_of
from builder.reader import MAX_TEXT, MAX_WORD
from builder.widgets.theme import BODY, font

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas


class TitleField(CanvasField):
    """The title of a frame, in its strip; it is kept also where one clicks or looks elsewhere, but not by Esc."""

    def __init__(self, canvas: Canvas, frame: Frame, keep: Callable[[str], None]) -> None:
        self._keep: Callable[[str], None] | None = keep
        over = QRectF(frame.x, frame.y, min(frame.width, 400.0), TITLE_HEIGHT)
        super().__init__(canvas, over, frame.title, self._accepted)
        self.setMaxLength(MAX_WORD)
        self.selectAll()
        self.setObjectName("frame-title")
        self.setAccessibleName("Title of the frame")
        self.setPlaceholderText("Title")

    def _accepted(self, title: str) -> Problem | None:
        keep, self._keep = self._keep, None  # once: closing the field keeps it too
        if keep is not None:
            keep(title)
        return None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._keep = None
        super().keyPressEvent(event)

    def close_field(self) -> None:
        """Take the field away and keep what was typed."""
        if not self.isHidden():
            self._accepted(self.text().strip())
        super().close_field()


class NoteField(InPlace, QPlainTextEdit):
    """The text of a note, where it stands; Ctrl+Enter, Esc and a click elsewhere keep it: undo takes it back."""

    def __init__(self, canvas: Canvas, frame: Frame, keep: Callable[[str], None]) -> None:
        super().__init__(frame.text or "", canvas)
        self.canvas = self.back = canvas
        self._keep = keep
        self._frame, self._graph = frame, canvas.graph
        self.setObjectName("note-text")
        self.setAccessibleName("Text of the note")
        self.setPlaceholderText("Write… Ctrl+Enter when done")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setTabChangesFocus(True)
        self._follow()
        self.textChanged.connect(self._limit)
        canvas.viewChanged.connect(self._follow)
        self.moveCursor(QTextCursor.MoveOperation.End)
        self.show()
        self.setFocus()

    def _follow(self) -> None:
        """The canvas is painted anew, for whatever reason: the field goes with the note."""
        if self.canvas.graph is not self._graph:
            self.close_field()
            return
        frame, zoom = self._frame, max(self.canvas.zoom, 0.5)
        corner = self.canvas.mapFromScene(frame.x, frame.y)
        place = QRect(corner.x(), corner.y(), round(frame.width * zoom), round(frame.height * zoom))
        if place.size() != self.size():
            self._dress(frame)
        self.setGeometry(place)

    def _dress(self, frame: Frame) -> None:
        theme, zoom = self.canvas.session.theme, max(self.canvas.zoom, 0.5)
        made = font(BODY)
        made.setPixelSize(max(10, round(BODY * zoom)))
        self.setFont(made)
        colours = self.palette()
        colours.setColor(QPalette.ColorRole.Base, theme.color(inside_of(frame, theme)))
        self.setPalette(colours)
        self.setStyleSheet(
            f"background: {inside_of(frame, theme)}; color: {theme.text}; border: 2px solid {theme.accent};"
            f"border-radius: 8px; font-size: {made.pixelSize()}px; padding: 0;"
        )
        self.document().setDocumentMargin(NOTE_PADDING * zoom - 4)

    def _limit(self) -> None:
        """No longer than a document may hold."""
        text = self.toPlainText()
        if len(text) > MAX_TEXT:
            cursor = self.textCursor()
            place = min(cursor.position(), MAX_TEXT)
            self.setPlainText(text[:MAX_TEXT])
            cursor.setPosition(place)
            self.setTextCursor(cursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        done = enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if done or event.key() == Qt.Key.Key_Escape:
            self.close_field()
        else:
            super().keyPressEvent(event)

    def closing(self) -> None:
        """Keep what was typed."""
        self._keep(self.toPlainText().rstrip())
