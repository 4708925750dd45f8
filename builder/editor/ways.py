"""Finding one's way: back and forward, to a node by its name, all of it in view."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from builder.editor.connecting import Connector
from builder.editor.finder import Finder
from builder.editor.trail import Trail
from builder.widgets.cover import Cover

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas

Declared = list[tuple[str, str, tuple[str, ...], Callable[[], object]]]

#: In the menu, in this order.
GOING = ("back", "forward", "go-to", "frame-all")

#: What pointer and keys do on the canvas without an action, for the sheet of shortcuts.
HINTS: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    "On the canvas": [
        ("Search and add a block", ("Tab", "Double-click")),
        ("Walk along the wires", ("←", "→", "↑", "↓")),
        ("Move the selection by the grid", ("Ctrl+arrow",)),
        ("Move it four times as far", ("Shift+arrow",)),
        ("Select nothing, end what was begun", ("Esc",)),
        ("Move about", ("Middle drag", "Space+drag")),
        ("Zoom at the pointer", ("Wheel",)),
        ("Move sideways", ("Shift+wheel",)),
        ("Select in a box, besides what is", ("Drag", "Shift+drag")),
        ("Drag off a copy", ("Alt+drag",)),
        ("Cut wires, bend wires", ("Ctrl+right drag", "Shift+right drag")),
        ("Go into a module, or rename", ("Double-click",)),
        ("Back, forward", ("Mouse 4", "Mouse 5")),
        ("From the inspector back to the canvas", ("Esc",)),
    ]
}

#: What leads to another place also while one is in the inspector or in a list: no field has a use for these keys.
_EVERYWHERE = ("leave", "back", "forward")


def context_of(name: str) -> Qt.ShortcutContext:
    """Where in the window the keys of an action work."""
    within = Qt.ShortcutContext.WidgetWithChildrenShortcut
    return Qt.ShortcutContext.WindowShortcut if name in _EVERYWHERE else within


def unless_covered(name: str, act: Callable[[], object], canvas: Canvas) -> Callable[[], object]:
    """The action, doing nothing while a page lies over the canvas: what works everywhere would go on beneath it."""

    def go() -> None:
        if not any(cover.isVisible() for cover in canvas.window().findChildren(Cover)):
            act()

    return go if name in _EVERYWHERE else act


class Ways:
    """The actions that lead somewhere, of one canvas."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.trail = Trail(canvas)
        self.finder = Finder(canvas)
        self.connector = Connector(canvas)

    def declared(self) -> Declared:
        """Names, words and keys: back and forward as in a browser, up as in a folder."""
        return [
            ("back", "Back", ("Alt+Left",), self.trail.back),
            ("forward", "Forward", ("Alt+Right",), self.trail.forward),
            ("go-to", "Go to node…", ("Ctrl+F",), self.finder.toggle),
            ("frame-all", "Frame all", ("Home", "Shift+F"), partial(self.frame, everything=True)),
            ("connect", "Connect…", ("W",), self.connector.begin),
        ]

    def frame(self, *, everything: bool = False) -> None:
        """Bring the selection into view, or all; one can go back to where one was."""
        self.trail.leave()
        canvas = self.canvas
        chosen = ((), ()) if everything else (canvas.session.selection, canvas.framing.selected)
        canvas.frame(*chosen)

    @property
    def enabled(self) -> dict[str, bool]:
        """Which of the actions there is something for."""
        chosen = len(self.canvas.session.selection)
        return {
            "back": self.trail.can_go_back,
            "forward": self.trail.can_go_forward,
            "connect": 1 <= chosen <= 2,
        }

    @property
    def needs(self) -> dict[str, str]:
        """What has to be so for each."""
        return {
            "back": "There is no place before this one",
            "forward": "You have not come back from anywhere",
            "connect": "Select one node, or two",
        }

    def pressed(self, button: Qt.MouseButton) -> bool:
        """A button of the mouse beside the others; whether it leads somewhere."""
        if button == Qt.MouseButton.BackButton:
            self.trail.back()
        elif button == Qt.MouseButton.ForwardButton:
            self.trail.forward()
        else:
            return False
        return True
