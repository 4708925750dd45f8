"""A page over all panels, between the header and the status bar: for what comes before drawing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QWidget

from builder.widgets.guarding import guarded
from builder.widgets.shell import Shell
from builder.widgets.stops import step


class Cover(QFrame):
    """Hidden until ``come``; it goes when a panel is asked for, when the network changes, and when training starts."""

    def __init__(self, shell: Shell) -> None:
        # Of a window within the window Qt knows that Tab goes round in it: what lies under it is not seen.
        super().__init__(shell, Qt.WindowType.SubWindow)
        self.shell, self.session = shell, shell.session
        self.setProperty("surface", "window")
        self.setCursor(Qt.CursorShape.ArrowCursor)  # not that of a border between the panels below
        self._top, self._lowest = _bar_of(shell.header), (_bar_of(shell.messages), shell.status)
        for part in (shell, self._top, *self._lowest):
            part.installEventFilter(self)
        self.session.analysisChanged.connect(self.leave)
        self.session.runStateChanged.connect(self._heed_run)
        shell.panelsWanted.connect(self.leave)
        self.hide()

    def come(self) -> None:
        """Lie over the panels."""
        self.show()
        self.raise_()

    def leave(self) -> None:
        """Show the panels again; the focus goes to the network, if it was here."""
        if self.isHidden():
            return
        focus = self.shell.focusWidget()
        self.hide()
        network = self.shell.areas["center"].stack.currentWidget()
        if network is not None and self.isAncestorOf(focus):
            network.setFocus(Qt.FocusReason.OtherFocusReason)

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab goes round in it, in the order in which one reads it."""
        return step(self, self.parts(), forward=next)

    def parts(self) -> Sequence[QWidget]:
        """What is read one after the other."""
        return [self]

    def _heed_run(self, state: str) -> None:
        if state != "idle":
            self.leave()

    def _place(self) -> None:
        top = self._top.geometry().bottom() + 1
        below = next(bar for bar in self._lowest if bar.isVisible() or bar is self.shell.status)
        self.setGeometry(QRect(0, top, self.shell.width(), below.geometry().top() - top))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window and its bars."""
        moved = event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)
        if moved and self.isVisible():
            self._place()
        return False

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        """Whatever happened while it was hidden."""
        super().showEvent(event)
        self._place()


def _bar_of(widget: QWidget) -> QWidget:
    """The bar of the window that a widget was put into."""
    bar = widget.parentWidget()
    return widget if bar is None else bar
