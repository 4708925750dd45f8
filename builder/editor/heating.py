"""Heat on the canvas: the switch that chooses a figure, and the legend that says what the colours mean."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QColor,
    QKeySequence,
    QLinearGradient,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QMenu, QWidget

from builder.heat import Heat, Measure, heat_of
from builder.widgets.theme import MEDIUM, SMALL, TINY, font

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas

#: What each figure is, in the words of a hint.
_HINTS = {
    Measure.PARAMETERS: "what is learnt in each node",
    Measure.WORK: "what one image takes in each node",
    Measure.MEMORY: "what training keeps of each node for one image",
    Measure.FIELD: "what one output of each node sees of the input",
}
_CYCLE: tuple[Measure | None, ...] = (None, *Measure)
_SIZE, _MARGIN = (216, 62), 14


class Heating(QObject):
    """Colours the canvas' nodes by a figure, again after every edit; ``step`` is the action that goes to the next."""

    changed = Signal()

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.measure: Measure | None = None
        self.step = QAction("Next heat", self)
        self.step.setShortcut(QKeySequence("H"))
        self.step.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.step.triggered.connect(lambda *_: self.choose(self._next()))
        canvas.addAction(self.step)
        self.choices: dict[Measure | None, QAction] = {}
        group = QActionGroup(self)
        for measure in _CYCLE:
            action = QAction(self)
            action.setCheckable(True)
            action.setChecked(measure is None)
            action.triggered.connect(partial(self._chosen, measure))
            group.addAction(action)
            self.choices[measure] = action
        self.legend = Legend(self)
        session = canvas.session
        session.conventionChanged.connect(self._name_choices)
        for signal in (
            session.analysisChanged,
            session.conventionChanged,
            session.themeChanged,
            session.instanceChanged,
        ):
            signal.connect(self.refresh)
        self._name_choices()

    def menu(self, title: str, parent: QWidget) -> QMenu:
        """A menu to choose from."""
        menu = QMenu(title, parent)
        menu.setToolTipsVisible(True)
        menu.addActions(list(self.choices.values()))
        menu.addSeparator()
        menu.addAction(self.step)
        return menu

    def choose(self, measure: Measure | None) -> None:
        """Colour nodes by a figure, or again by nothing."""
        if measure is self.measure:
            return
        self.measure = measure
        self.choices[measure].setChecked(True)
        self.refresh()
        if self.canvas.framed:
            self.canvas.frame(())  # with room for the legend, or without

    def refresh(self) -> None:
        """Colour the nodes by what the analysis says now."""
        session = self.canvas.session
        heat = None
        if self.measure is not None:
            heat = heat_of(session.view.reports, self.measure, session.convention, session.theme)
        if heat is not None or self.canvas.layer.heat is not None:
            self.canvas.layer.set_heat(heat)
            self.canvas.minimap.update()
        self.legend.show_heat(heat)
        self.changed.emit()

    def _chosen(self, measure: Measure | None, *_: object) -> None:
        self.choose(measure)

    def _next(self) -> Measure | None:
        return _CYCLE[(_CYCLE.index(self.measure) + 1) % len(_CYCLE)]

    def _name_choices(self) -> None:
        for measure, action in self.choices.items():
            if measure is None:
                action.setText("&Off")
            else:
                action.setText(measure.titled(self.canvas.session.convention))
                action.setToolTip(f"Colours nodes by {_HINTS[measure]}")


class Legend(QAbstractButton):
    """In the lower left corner while nodes are coloured: by what, and what the ends of the scale are."""

    def __init__(self, heating: Heating) -> None:
        super().__init__(heating.canvas)
        self.heating, self.canvas = heating, heating.canvas
        self.heat: Heat | None = None
        self.setObjectName("heat-legend")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.resize(*_SIZE)
        self.hide()
        self.clicked.connect(self._offer)
        self.canvas.installEventFilter(self)

    def show_heat(self, heat: Heat | None) -> None:
        """Say what these colours mean; nothing without heat."""
        self.heat = heat
        self.setVisible(heat is not None)
        if heat is not None:
            between = f" from {heat.low} to {heat.high}" if heat.high else ", which no node has"
            self.setAccessibleName(f"Nodes coloured by {heat.title}{between}")
            self.setToolTip(f"{_HINTS[heat.measure].capitalize()} · click to choose, H for the next")
            self.raise_()
            self.update()

    def reserve(self) -> int:
        """Room to keep free below the network when all of it is brought into view."""
        return 0 if self.heat is None else self.height() + _MARGIN

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.move(_MARGIN, self.canvas.height() - self.height() - _MARGIN)
        return super().eventFilter(watched, event)

    def _offer(self) -> None:
        menu = self.heating.menu("Heat", self)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.mapToGlobal(QPoint(0, -menu.sizeHint().height() - 4)))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.heat is None:
            return
        theme, heat = self.canvas.session.theme, self.heat
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("accent" if self.hasFocus() else "hairline"), 1))
        painter.setBrush(theme.color("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        room = QRectF(self.rect()).adjusted(12, 8, -12, -8)
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        painter.setFont(font(SMALL, MEDIUM))
        painter.setPen(theme.color("text"))
        painter.drawText(room, left | Qt.AlignmentFlag.AlignTop, heat.title)
        painter.setFont(font(TINY))
        painter.setPen(theme.color("muted"))
        painter.drawText(room, right | Qt.AlignmentFlag.AlignTop, "logarithmic" if heat.is_log else "")
        painter.drawText(room, left | Qt.AlignmentFlag.AlignBottom, heat.low or "no node has any")
        painter.drawText(room, right | Qt.AlignmentFlag.AlignBottom, heat.high)
        bar = QRectF(room.left(), room.center().y() - 3, room.width(), 8)
        ramp = QLinearGradient(QPointF(bar.left(), 0), QPointF(bar.right(), 0))
        for step, color in enumerate(heat.stops):
            ramp.setColorAt(step / (len(heat.stops) - 1), QColor(color))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ramp)
        painter.drawRoundedRect(bar, 3, 3)
