"""Frames and notes as they are painted below the network, near and from afar."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from builder import frames
from builder.editor import geometry
from builder.editor.board import Board
from builder.editor.ink import Ink, cosmetic
from builder.frames import Frame
from builder.widgets.theme import BODY, NAME, SEMIBOLD, SMALL, font

#: A title is never smaller than this on the screen.
_LEAST = 11.0
#: Said on a note that has no text yet.
EMPTY = "Double-click to write"

_lines_of = lru_cache(256)(frames.lines_of)


def paint_frames(
    painter: QPainter, board: Board, ink: Ink, zoom: float, seen: QRectF, selected: Collection[int]
) -> None:
    """Paint those that are in view, the large ones first; ``seen`` in scene coordinates."""
    if not board.frames:
        return
    reach = _LEAST * 3 / zoom
    for number, frame in board.drawn_frames():
        rect = QRectF(*frame.box)
        if rect.adjusted(-reach, -reach, reach, reach).intersects(seen):
            _paint_body(painter, ink, frame, rect, is_selected=number in selected)
            if frame.is_note:
                _paint_text(painter, ink, frame, rect, zoom)
            elif frame.title:
                _paint_title(painter, ink, frame, rect, zoom)


def _paint_body(painter: QPainter, ink: Ink, frame: Frame, rect: QRectF, *, is_selected: bool) -> None:
    pen = ink.selected if is_selected else QPen(ink.pen(frames.border_of(frame, ink.theme)))
    painter.setPen(cosmetic(pen))
    painter.setBrush(ink.fill(frames.inside_of(frame, ink.theme)))
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), frames.RADIUS, frames.RADIUS)


def _paint_title(painter: QPainter, ink: Ink, frame: Frame, rect: QRectF, zoom: float) -> None:
    """In its strip; from afar as large as can be read, and above the frame where there is no room within."""
    painter.setPen(ink.text)
    if zoom * NAME >= _LEAST:
        room = QRectF(rect.left(), rect.top(), rect.width(), frames.TITLE_HEIGHT)
        room.adjust(frames.NOTE_PADDING, 0, -frames.NOTE_PADDING, 0)
        _write(painter, ink.name_font, room, frame.title)
        return
    place = painter.worldTransform().mapRect(rect)
    made = font(SMALL, SEMIBOLD)
    high = QFontMetricsF(made).height()
    if place.height() < high:
        return
    painter.save()
    painter.resetTransform()
    above = (frames.TITLE_HEIGHT + frames.PADDING) * zoom < high
    top = -high - 1 if above else max(1.0, (frames.TITLE_HEIGHT * zoom - high) / 2)
    left = max(3.0, frames.NOTE_PADDING * zoom)
    _write(
        painter,
        made,
        QRectF(place.left() + left, place.top() + top, place.width() - 2 * left, high),
        frame.title,
    )
    painter.restore()


def _paint_text(painter: QPainter, ink: Ink, frame: Frame, rect: QRectF, zoom: float) -> None:
    if zoom < geometry.NAMES_FROM:
        return
    made = font(BODY)
    painter.setPen(ink.text if frame.text else ink.muted)
    room = rect.adjusted(frames.NOTE_PADDING, frames.NOTE_PADDING, -frames.NOTE_PADDING, 0)
    for row, line in enumerate(_lines_of(frame) if frame.text else [EMPTY]):
        top = room.top() + row * frames.LINE_HEIGHT
        _write(painter, made, QRectF(room.left(), top, room.width(), frames.LINE_HEIGHT), line)


def _write(painter: QPainter, made: QFont, room: QRectF, text: str) -> None:
    """A line that is cut where it does not fit; nothing where hardly a letter would."""
    if room.width() < made.pixelSize():
        return
    painter.setFont(made)
    told = QFontMetricsF(made).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, told)
