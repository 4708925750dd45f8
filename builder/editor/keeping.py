"""The user's library in the window: modules go in and out, and what would be lost is offered back."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from builder.editor.canvas import Canvas
from builder.editor.palette import Palette
from builder.errors import Problem, Severity
from builder.library.own import OwnModule, keep, own_modules, put_back, take_out, unused_name
from builder.widgets.messages import Choice, Offer
from builder.widgets.shell import Shell


class Keeping(QObject):
    """Puts modules into the library and takes them out; what would be lost is offered in the line of messages."""

    def __init__(self, shell: Shell, canvas: Canvas, palette: Palette) -> None:
        super().__init__(shell)
        self._session, self._bar, self._palette = shell.session, shell.messages, palette
        self._offer: Offer | None = None
        canvas.commands.modules.keep = self.keep
        palette.removalAsked.connect(self.remove)
        if problems := own_modules().problems:
            self._session.problemsFound.emit(list(problems))

    def keep(self, name: str, *, wish: str = "", instead: bool = False) -> None:
        """Put a module into the library, after asking what becomes of another one of that name."""
        self._withdraw()
        if name not in self._session.document.modules:
            return  # it is another document by now
        found = keep(self._session.document, name, wish=wish, instead=instead)
        if isinstance(found, OwnModule):
            self._palette.refresh()
            self._session.statusMessage.emit(f"{found.name} is in your library, under Yours in the palette")
        elif found.code == "library-taken":
            self._ask(found, name)
        else:
            self._session.problemsFound.emit([found])

    def _ask(self, problem: Problem, name: str) -> None:
        other = unused_name(self._session.document, name)
        self._show(
            Problem(problem.code, problem.rule, problem.values, problem.way_out, severity=Severity.WARNING),
            Choice("Replace", "The other one is lost", partial(self.keep, name, instead=True)),
            Choice(
                "Keep both", f"Save this one as {other}", partial(self.keep, name, wish=other), is_next=True
            ),
        )

    def remove(self, own: OwnModule) -> None:
        """Take a module out of the library; it can be put back."""
        self._withdraw()
        problem = take_out(own)
        self._palette.refresh()
        if problem is not None:
            self._session.problemsFound.emit([problem])
            return
        self._show(
            Problem(
                "library-removed", f"'{own.name}' is no longer in your library",
                "Documents that have it keep it", severity=Severity.ADVICE,
            ),
            Choice("Put it back", "As if nothing had happened", partial(self._put_back, own), is_next=True),
        )  # fmt: skip

    def _put_back(self, own: OwnModule) -> None:
        self._withdraw()
        problem = put_back(own)
        self._palette.refresh()
        if problem is not None:
            self._session.problemsFound.emit([problem])

    def _show(self, problem: Problem, *choices: Choice) -> None:
        self._offer = Offer(problem, choices)
        self._bar.offer(self._offer)

    def _withdraw(self) -> None:
        if self._offer is not None:
            self._bar.withdraw(self._offer)
        self._offer = None
