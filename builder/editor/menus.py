"""What of the canvas' actions stands in menus of its own within those of the window."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QMenu

from builder.editor.canvas import Canvas
from builder.editor.selecting import ALIGN, SELECT
from builder.editor.ways import GOING, HINTS
from builder.widgets.shell import Shell


def add_menus(shell: Shell, canvas: Canvas) -> None:
    """Selecting and lining up under Edit, ways under View; what has no action goes to the sheet of shortcuts."""
    edit, view = shell.menu("Edit"), shell.menu("View")
    edit.addSeparator()
    edit.addAction(canvas.commands.actions["connect"])
    for title, names in (("Se&lect", SELECT), ("&Align", ALIGN)):
        _fill(edit.addMenu(title), canvas, names)
    view.addSeparator()
    _fill(view, canvas, GOING)
    shell.hints.update(HINTS)


def _fill(menu: QMenu, canvas: Canvas, names: Iterable[str]) -> None:
    for name in names:
        menu.addAction(canvas.commands.actions[name])
