"""The editor: canvas, palette, inspector, problems and layers, put into the window by ``install``."""

from __future__ import annotations

from builder.editor.canvas import Canvas
from builder.editor.inspector import Inspector
from builder.editor.layers_panel import LayersPanel
from builder.editor.palette import Palette
from builder.editor.problems import ProblemsPanel
from builder.widgets.session import Session
from builder.widgets.shell import Shell

__all__ = ["install"]


def install(shell: Shell, session: Session) -> Canvas:
    """Put the editor into the window; the canvas keeps the keyboard."""
    canvas = Canvas(session)
    shell.add_panel("center", "Canvas", canvas)
    shell.add_panel("left", "Palette", Palette(session, canvas), workspaces=("Design",))
    shell.add_panel("right", "Inspector", Inspector(session), workspaces=("Design", "Inspect"))
    problems = ProblemsPanel(session)
    shell.add_panel("bottom", "Problems", problems, workspaces=("Design",), leads=("Design",))
    shell.add_panel("bottom", "Layers", LayersPanel(session), workspaces=("Design",))
    return canvas
