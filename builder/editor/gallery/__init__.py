"""The gallery of architectures and the start page it stands on, made when they are first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.widgets import preferences
from builder.widgets.shell import Shell

if TYPE_CHECKING:
    from builder.editor.gallery.page import StartPage

_SHOWN_KEY = "start/shown"


def is_wanted() -> bool:
    """Whether the page comes with the window."""
    return preferences.recall_text(_SHOWN_KEY, "yes") == "yes"


def want(wanted: bool) -> None:
    """Let the page come with the window from now on, or not."""
    preferences.remember(_SHOWN_KEY, "yes" if wanted else "no")


def install(shell: Shell) -> None:
    """Let the window show the page whenever the gallery is asked for; asked again, it goes."""
    pages: list[StartPage] = []

    def show(name: str) -> None:
        if not pages:
            from builder.editor.gallery.page import StartPage  # late: not every start shows it

            pages.append(StartPage(shell))
        if pages[0].isHidden() or name:
            pages[0].come(name)
        else:
            pages[0].leave()

    shell.session.galleryAsked.connect(show)
