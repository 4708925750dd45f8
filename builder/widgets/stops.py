"""Where Tab stops, in the order in which one reads: by where things are, however late they were made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QAbstractButton, QScrollArea, QWidget


def step(whole: QWidget, parts: Sequence[QWidget], *, forward: bool) -> bool:
    """Move the focus to what comes next in ``whole``, or before; False where there is nothing to stop at.

    ``parts`` are read one after the other, each by itself. For ``focusNextPrevChild`` of a window: Qt's own order is
    that in which widgets were made.
    """
    focus = whole.focusWidget()
    stops = [w for part in parts for w in in_reading_order(_stops(part, focus), whole)]
    if not stops:
        return False
    if focus in stops:
        number = stops.index(focus) + (1 if forward else -1)
    else:
        number = 0 if forward else -1
    target = stops[number % len(stops)]
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    target.setFocus(reason)
    _bring_into_view(target)
    return True


def in_reading_order(widgets: Sequence[QWidget], whole: QWidget) -> list[QWidget]:
    """Widgets line by line; what stands in columns column by column. ``whole`` is what all of them are in."""
    areas = whole.findChildren(QScrollArea)
    if isinstance(whole, QScrollArea):
        areas.append(whole)
    return _read([(QRect(_place(w, whole, areas), _extent(w, widgets)), w) for w in widgets])


def _place(widget: QWidget, whole: QWidget, areas: Sequence[QScrollArea]) -> QPoint:
    """Where it would be if nothing were scrolled: what is scrolled out of view is not above what it is in.

    Areas are sought from above: asked for its parent, what is scrolled would be the viewport's wrapper's, which Python
    drops at once, and all below it would count as deleted.
    """
    place = widget.mapTo(whole, QPoint(0, 0))
    for area in areas:
        inside = area.widget()
        if inside is not None and inside.isAncestorOf(widget):
            place += QPoint(area.horizontalScrollBar().value(), area.verticalScrollBar().value())
    return place


def _stops(part: QWidget, focus: QWidget | None) -> list[QWidget]:
    """What Tab stops at in a part, and what has the focus; of buttons of which one is chosen, that one."""
    found = [part, *part.findChildren(QWidget)]
    return [w for w in found if w is focus or (_is_stop(w) and w.window() is part.window())]


def _is_stop(widget: QWidget) -> bool:
    if not (widget.isVisible() and widget.isEnabled()) or widget.focusProxy() is not None:
        return False
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    if group is None or not group.exclusive() or group.checkedButton() is None:
        return _wants_tab(widget)
    # Qt lets Tab stop at the button that had the focus last, chosen or not.
    return widget is group.checkedButton() and any(map(_wants_tab, group.buttons()))


def _wants_tab(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


def _extent(widget: QWidget, others: Sequence[QWidget]) -> QSize:
    """How large a widget is to whoever reads; what others are in is come to before them, as its first corner."""
    holds = any(other is not widget and widget.isAncestorOf(other) for other in others)
    return QSize(1, 1) if holds else widget.size()


_Placed = tuple[QRect, QWidget]


def _read(placed: list[_Placed]) -> list[QWidget]:
    """Cut into lines where there is a gap across, else into columns, and so on within each.

    Source: Nagy and Seth, Hierarchical representation of optically scanned documents, ICPR 1984 (the X-Y cut).
    """
    if len(placed) < 2:
        return [widget for _, widget in placed]
    for begin, end in ((QRect.top, QRect.bottom), (QRect.left, QRect.right)):
        groups = _cut(placed, begin, end)
        if len(groups) > 1:
            return [widget for group in groups for widget in _read(group)]
    return [widget for _, widget in sorted(placed, key=lambda one: (one[0].top(), one[0].left()))]


def _cut(
    placed: list[_Placed], begin: Callable[[QRect], int], end: Callable[[QRect], int]
) -> list[list[_Placed]]:
    """Groups with nothing of another beside them along an axis."""
    groups: list[list[_Placed]] = []
    reached = 0
    for rect, widget in sorted(placed, key=lambda one: begin(one[0])):
        if not groups or begin(rect) > reached:
            groups.append([])
            reached = end(rect)
        groups[-1].append((rect, widget))
        reached = max(reached, end(rect))
    return groups


def _bring_into_view(widget: QWidget) -> None:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()
