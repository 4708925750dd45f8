"""What is wrong with the looks of a window: text that is cut or pale, what has no name, is out of reach, out of order.

Each function walks all that is visible and returns a line for everything it finds fault with.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QImage, QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListView,
    QMenuBar,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QTableView,
    QTreeView,
    QWidget,
)

#: The least contrast of text with what it stands on. Source: WCAG 2.2, success criterion 1.4.3.
READABLE = 4.5

#: Pixels a unit of length is drawn with where colours are read off: strokes of small letters are full then.
_SHARP = 3


def visible(window: QWidget) -> list[QWidget]:
    """All in the window of which at least a part can be seen."""
    return [w for w in window.findChildren(QWidget) if w.isVisible() and not w.visibleRegion().isEmpty()]


def told(widget: QWidget) -> str:
    """A widget as a line can name it: what it is, its name or text, and what it is in."""
    named = (widget.objectName(), widget.accessibleName(), getattr(widget, "text", str)())
    words = next((str(name) for name in named if name), "")
    parents: list[str] = []
    parent = widget.parentWidget()
    while parent is not None and len(parents) < 3:
        if type(parent) is not QWidget:
            parents.append(type(parent).__name__)
        parent = parent.parentWidget()
    return f"{type(widget).__name__} {words[:60]!r} in {' < '.join(parents)}"


# text that is cut ----------------------------------------------------------------------------------------


def cut(window: QWidget) -> list[str]:
    """Text that has less room than it takes."""
    return [f"{told(widget)}: {why}" for widget in visible(window) for why in _lacks(widget)]


def _lacks(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QLabel):
        yield from _lacks_of_label(widget)
    elif isinstance(widget, QAbstractButton) and widget.text():
        if widget.sizeHint().width() > widget.width():
            yield f"{widget.width()} wide, wants {widget.sizeHint().width()}"
    elif isinstance(widget, QComboBox):
        option = QStyleOptionComboBox()
        widget.initStyleOption(option)
        control, part = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = widget.style().subControlRect(control, option, part, widget).width()
        if (wants := widget.fontMetrics().horizontalAdvance(widget.currentText())) > room:
            yield f"{widget.currentText()!r} wants {wants} of {room}"
    elif isinstance(widget, QLineEdit) and not widget.hasFocus():
        wants = widget.fontMetrics().horizontalAdvance(widget.text() or widget.placeholderText())
        if wants > widget.width() - 2 * widget.textMargins().left():
            yield f"{widget.width()} wide, wants {wants}"
    elif isinstance(widget, QTabBar) and widget.count():
        right = max(widget.tabRect(index).right() for index in range(widget.count()))
        if right > widget.width():
            yield f"tabs to {right} in {widget.width()}"
    elif isinstance(widget, QHeaderView) and widget.orientation() is Qt.Orientation.Horizontal:
        for index in range(widget.count()):
            title = widget.model().headerData(index, widget.orientation())
            wants, room = widget.fontMetrics().horizontalAdvance(str(title or "")), widget.sectionSize(index)
            if not widget.isSectionHidden(index) and wants > room:
                yield f"column {index} has {room}, wants {wants}"
    elif isinstance(widget, QTableView | QTreeView):
        yield from _lacks_of_cells(widget)


def _lacks_of_label(label: QLabel) -> Iterator[str]:
    text, whole = label.text(), label.accessibleName()
    if not text:
        return
    if text.endswith("…") and whole not in ("", text):
        yield f"shows {text!r} of {whole!r}"
    elif label.wordWrap():
        if (wants := label.heightForWidth(label.width())) > label.height() + 1:
            yield f"{label.height()} high, wants {wants}"
    elif label.sizeHint().width() > label.width() + 1 or label.sizeHint().height() > label.height() + 1:
        yield f"{label.size().toTuple()}, wants {label.sizeHint().toTuple()}"


def _lacks_of_cells(view: QAbstractItemView) -> Iterator[str]:
    for rect, index in cells(view):
        if (wants := view.sizeHintForIndex(index).width()) > rect.width():
            yield f"cell {index.data()!r} has {rect.width()}, wants {wants}"


def cells(view: QAbstractItemView) -> Iterator[tuple[QRect, object]]:
    """Every cell that can be seen, with where it is in the viewport; rows of the top level alone."""
    model = view.model()
    if model is None:
        return
    root = QModelIndex()
    for row in range(model.rowCount(root)):
        for column in range(1 if isinstance(view, QListView) else model.columnCount(root)):
            index = model.index(row, column, root)
            rect = view.visualRect(index)
            if index.data() and rect.isValid() and view.viewport().rect().intersects(rect):
                yield rect, index


# text that is pale ---------------------------------------------------------------------------------------


def pale(window: QWidget) -> list[str]:
    """Text that stands out too little from what it is painted on, as pixels tell it.

    What cannot be used is left out, as in the source of ``READABLE``.
    """
    picture = _pixels(window)
    found = []
    for widget in visible(window):
        if not widget.isEnabled():
            continue
        for rect, text in _written(widget):
            seen = widget.visibleRegion().boundingRect().intersected(rect)
            place = QRect(widget.mapTo(window, seen.topLeft()), seen.size())
            if min(seen.width(), seen.height()) >= 8 and (ratio := _contrast(picture, place)) < READABLE:
                found.append(f"{told(widget)}: {text!r} {ratio:.2f}")
    return found


def _written(widget: QWidget) -> Iterator[tuple[QRect, str]]:
    """Where a widget writes, in its own coordinates, and what."""
    if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
        text = widget.text() or (widget.placeholderText() if isinstance(widget, QLineEdit) else "")
        if text:
            yield widget.rect().adjusted(2, 2, -2, -2), text
    elif isinstance(widget, QComboBox):
        yield widget.rect().adjusted(2, 2, -22, -2), widget.currentText()
    elif isinstance(widget, QTabBar):
        for index in range(widget.count()):
            yield widget.tabRect(index).adjusted(4, 2, -4, -2), widget.tabText(index)
    elif isinstance(widget, QMenuBar):
        for action in widget.actions():
            yield widget.actionGeometry(action), action.text()
    elif isinstance(view := widget.parentWidget(), QAbstractItemView) and view.viewport() is widget:
        for rect, index in cells(view):
            yield rect.adjusted(2, 2, -2, -2), str(index.data())


def _pixels(window: QWidget) -> NDArray[np.uint8]:
    """The window as (height, width, RGB) of ``_SHARP`` pixels a unit."""
    image = QImage(window.size() * _SHARP, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(_SHARP)
    painter = QPainter(image)
    window.render(painter, QPoint(0, 0))
    painter.end()
    flat = np.frombuffer(image.constBits(), dtype=np.uint8)
    return flat.reshape(image.height(), image.width(), 4)[:, :, 2::-1].copy()


def _contrast(picture: NDArray[np.uint8], place: QRect) -> float:
    """The contrast of what stands out most in a place with the colour it has most of."""
    top, left = place.top() * _SHARP, place.left() * _SHARP
    part = picture[top : top + place.height() * _SHARP, left : left + place.width() * _SHARP]
    packed = part.reshape(-1, 3).astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    values, counts = np.unique(packed, return_counts=True)
    light = _luminance(np.stack([values >> 16, values >> 8 & 255, values & 255], axis=-1))
    ground = light[counts.argmax()]
    ratios = (np.maximum(light, ground) + 0.05) / (np.minimum(light, ground) + 0.05)
    return float(ratios.max())


def _luminance(colours: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Relative luminance of (n, RGB). Source: WCAG 2.2, "relative luminance"."""
    part = colours / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ [0.2126, 0.7152, 0.0722])


# names, reach and order ----------------------------------------------------------------------------------


def reachable(window: QWidget) -> list[QWidget]:
    """What Tab stops at, in its order: walked backwards, since Tab on the canvas is another thing."""
    found: list[QWidget] = []
    focus = window.focusWidget()
    while focus is not None and focus not in found:
        found.append(focus)
        window.focusPreviousChild()
        focus = window.focusWidget()
    return found[::-1]


def nameless(window: QWidget) -> list[str]:
    """What the keyboard reaches and a screen reader has no name for."""
    found = []
    for widget in reachable(window):
        face = QAccessible.queryAccessibleInterface(widget)
        if face is None or not face.text(QAccessible.Text.Name).strip():
            found.append(told(widget))
    return found


def outside(window: QWidget) -> list[str]:
    """What lies beyond the edge of what it is in, where nothing scrolls that far."""
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or widget.isWindow() or widget.size().isEmpty():
            continue
        parent, rect = widget.parentWidget(), widget.geometry()
        across, down = _scrolls(parent)
        room = parent.rect()
        if (not across and (rect.left() < 0 or rect.right() > room.right())) or (
            not down and (rect.top() < 0 or rect.bottom() > room.bottom())
        ):
            found.append(f"{told(widget)}: {rect.getRect()} in {room.getRect()}")
    return found


def _scrolls(viewport: QWidget) -> tuple[bool, bool]:
    """Whether what is in a widget can be scrolled, across and down."""
    area = viewport.parentWidget()
    if not isinstance(area, QAbstractScrollArea) or area.viewport() is not viewport:
        return False, False
    off = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
    return area.horizontalScrollBarPolicy() != off, area.verticalScrollBarPolicy() != off


def disordered(window: QWidget, parts: list[QWidget]) -> list[str]:
    """Where Tab goes back up, or left along a line, within a part of the window; or leaves a part to come back."""
    found: list[str] = []
    stops = _from_a_part(reachable(window), parts)
    where = [next((p for p in parts if p.isAncestorOf(w)), window) for w in stops]
    visits = [part for number, part in enumerate(where) if number == 0 or part is not where[number - 1]]
    found += [f"comes back to {told(part)}" for part in parts if visits.count(part) > 1]
    for number in range(1, len(stops)):
        before, after = stops[number - 1], stops[number]
        if where[number] is where[number - 1] and _goes_back(_place(before, window), _place(after, window)):
            found.append(f"{told(before)} then {told(after)}")
    return found


def _from_a_part(stops: list[QWidget], parts: list[QWidget]) -> list[QWidget]:
    """The same round, begun where a part of the window begins."""
    for number in range(len(stops)):
        if any(
            part.isAncestorOf(stops[number]) is not part.isAncestorOf(stops[number - 1]) for part in parts
        ):
            return stops[number:] + stops[:number]
    return stops


def _place(widget: QWidget, window: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def _goes_back(before: QRect, after: QRect) -> bool:
    above = after.bottom() < before.top() and after.left() <= before.right()
    level = after.top() <= before.bottom() and before.top() <= after.bottom()
    return above or (level and after.right() < before.left())
