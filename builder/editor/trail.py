"""The places one has been: back and forward through them, as in a browser."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QTimer, Signal

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas

#: Older places are forgotten.
LENGTH = 100
#: Two views whose middles are nearer than this share of what is seen, and about as near, are one place.
_NEAR, _ZOOM = 0.1, 1.25


@dataclass(frozen=True, slots=True)
class Place:
    """Where one looks: through which modules, at what, from how near, with what selected."""

    instance: tuple[str, ...]
    zoom: float
    x: float
    y: float
    selection: tuple[str, ...] = ()

    def is_near(self, other: Place, width: float, height: float) -> bool:
        """Whether going from one to the other would show nothing else; ``width`` and ``height`` are what is seen."""
        return (
            self.instance == other.instance
            and abs(self.x - other.x) < _NEAR * width
            and abs(self.y - other.y) < _NEAR * height
            and 1 / _ZOOM < self.zoom / other.zoom < _ZOOM
        )


class Trail(QObject):
    """A jump (into a module, to a node, framing) leaves a place behind; panning and zooming only move on from it.

    What happens in one go, as when a problem leads into a module and to a node there, is one jump; so is a view from
    which at once all is gone that was in the middle.
    """

    changed = Signal()

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._back: list[Place] = []
        self._forward: list[Place] = []
        #: Where one is, None while another document comes.
        self._here: Place | None = self._now()
        self._jumped = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self.settle)
        canvas.viewChanged.connect(self._timer.start)
        canvas.session.selectionChanged.connect(self._timer.start)
        canvas.session.instanceChanged.connect(self.leave)
        canvas.session.nodeRevealed.connect(self.leave)
        canvas.session.documentReplaced.connect(self.clear)

    @property
    def can_go_back(self) -> bool:
        """Whether there is a place before this one."""
        return bool(self._back) or self._jumped

    @property
    def can_go_forward(self) -> bool:
        """Whether one has come back from somewhere."""
        return bool(self._forward)

    def leave(self) -> None:
        """What follows at once is a jump away from here; called before the view has moved."""
        if self._here is not None and not self._jumped:
            now = self._now()
            self._here = replace(self._here, zoom=now.zoom, x=now.x, y=now.y)
            self._jumped = True
        self._timer.start()
        self.changed.emit()

    def settle(self) -> None:
        """Take note of where one is; of a jump, also of where one was."""
        self._timer.stop()
        now, was, jumped = self._now(), self._here, self._jumped
        self._here, self._jumped = now, False
        if was is None:
            return
        width, height = self._seen()
        jumped |= abs(now.x - was.x) > width / 2 or abs(now.y - was.y) > height / 2
        if jumped and not was.is_near(now, width, height):
            self._back.append(was)
            del self._back[:-LENGTH]
            self._forward.clear()
        if jumped:
            self.changed.emit()

    def back(self) -> None:
        """Go to the place before."""
        self._go(self._back, self._forward)

    def forward(self) -> None:
        """Go to the place one has come back from."""
        self._go(self._forward, self._back)

    def clear(self) -> None:
        """Another document: there are other places."""
        self._back.clear()
        self._forward.clear()
        self._here, self._jumped = None, False
        self._timer.start()
        self.changed.emit()

    def _go(self, source: list[Place], target: list[Place]) -> None:
        """Go to the last place of ``source`` that is still there, leaving this one on ``target``."""
        self.settle()
        session, canvas, here = self._canvas.session, self._canvas, self._now()
        while source:
            place = source.pop()
            session.leave_to(place.instance)
            if session.instance != place.instance or place.is_near(here, *self._seen()):
                continue  # the module is not there any more, or one is there already
            target.append(here)
            canvas.look_at(QPointF(place.x, place.y), place.zoom)
            session.select(node_id for node_id in place.selection if node_id in session.graph)
            break
        self._here, self._jumped = self._now(), False
        self._timer.stop()
        self.changed.emit()

    def _now(self) -> Place:
        canvas = self._canvas
        centre = canvas.visible_rect().center()
        return Place(canvas.session.instance, canvas.zoom, centre.x(), centre.y(), canvas.session.selection)

    def _seen(self) -> tuple[float, float]:
        seen = self._canvas.visible_rect()
        return seen.width(), seen.height()
