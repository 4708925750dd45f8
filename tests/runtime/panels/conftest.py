"""A window with the runtime's half in it, over LeNet-5 and the digits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from builder.architectures import open_document
from builder.document import Document
from builder.edits import SetSettings
from builder.widgets.session import Session
from builder.widgets.shell import Shell
from runtime.panels import Panels, install


@dataclass(slots=True)
class Window:
    """A window, its session and what was installed; ``set_training`` edits settings as a person would."""

    shell: Shell
    session: Session
    panels: Panels

    def set_training(self, **values: object) -> None:
        """Change training settings."""
        settings = {**self.session.document.training, **values}
        self.session.perform("Set", [SetSettings("training", settings)])
        self.session.flush()

    def show(self, title: str) -> None:
        """Bring a panel to the front."""
        assert self.shell.show_panel(title)


MakeWindow = Callable[..., Window]


@pytest.fixture
def make_window(qtbot: QtBot, tmp_path: Path) -> Iterator[MakeWindow]:
    """Opens windows over a document (LeNet-5 where none is given) and closes them with their threads."""
    opened: list[Window] = []

    def make(document: Document | None = None) -> Window:
        if document is None:
            found = open_document("lenet5")
            assert isinstance(found, Document)
            document = found
        session = Session(document)
        session.set_theme("dark")
        shell = Shell(session)
        qtbot.addWidget(shell)
        panels = install(shell, session, tmp_path / "runs")
        shell.resize(1280, 720)
        shell.show()
        opened.append(Window(shell, session, panels))
        return opened[-1]

    yield make
    for window in opened:
        window.panels.close()
        window.session.history.mark_saved()
        window.shell.close()
