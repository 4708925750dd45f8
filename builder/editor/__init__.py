"""The editor: canvas, palette, inspector, problems and layers, put into the window by ``install``."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from builder.editor import gallery
from builder.editor.canvas import Canvas
from builder.editor.inspector import Inspector
from builder.editor.keeping import Keeping
from builder.editor.menus import add_menus
from builder.editor.palette import Palette
from builder.editor.problems import ProblemsPanel
from builder.widgets.panels import Panel
from builder.widgets.session import Session
from builder.widgets.shell import Shell

_DESIGN = ("Design",)

#: Which of the canvas' actions the menus offer; the others are in its context menu.
_MENUS = {
    "Edit": (
        *("cut", "copy", "paste", "duplicate", "delete", "delete-wires", "select-all"),
        *("add", "add-frame", "add-note", "rename", "bypass", "collapse", "layout"),
        *("group", "ungroup", "repeat", "keep"),
    ),
    "View": ("frame", "zoom-in", "zoom-out", "zoom-1", "minimap", "leave"),
}


def install(shell: Shell, session: Session) -> Canvas:
    """Put the panels for drawing into the window; returns the canvas."""
    canvas = Canvas(session)
    shell.add_panel("center", "Network", canvas)
    palette = Palette(session, canvas)
    shell.add_panel("left", "Blocks", palette, workspaces=_DESIGN)
    Keeping(shell, canvas, palette)
    inspector = Inspector(session)
    inspector.left.connect(canvas.setFocus)
    shell.add_panel("right", "Inspector", inspector)
    problems = ProblemsPanel(session)
    tab = shell.add_panel("bottom", "Problems", problems)
    problems.counted.connect(tab.set_count)
    tab.set_count(problems.number)
    session.documentReplaced.connect(lambda: _show_errors(session, tab))
    _show_errors(session, tab)
    shell.add_panel("bottom", "Layers", lambda: _make_layers(session))
    for title, names in _MENUS.items():
        menu = shell.menu(title)
        menu.addSeparator()
        for name in names:
            menu.addAction(canvas.commands.actions[name])
    shell.menu("File").insertAction(shell.menus.file_end, canvas.exporter.actions["export-drawing"])
    shell.menu("Edit").addAction(canvas.exporter.actions["copy-picture"])
    shell.menu("View").addMenu(canvas.heating.menu("&Heat", shell))
    add_menus(shell, canvas)
    gallery.install(shell)
    canvas.setFocus()
    return canvas


def show_start_page(session: Session) -> None:
    """Show what to begin with, unless it is not wanted at the start."""
    if gallery.is_wanted():
        session.galleryAsked.emit("")


def _make_layers(session: Session) -> QWidget:
    from builder.editor.layers_panel import LayersPanel  # late: tables are slow to load

    return LayersPanel(session)


def _show_errors(session: Session, tab: Panel) -> None:
    """A network that comes with errors comes with their list."""
    if len(session.document.network) and any(problem.is_error for problem in session.analysis.problems):
        tab.show()
