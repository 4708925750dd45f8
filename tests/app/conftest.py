"""The whole window, and somebody before it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app import make_window
from tests.person import Person


@pytest.fixture
def person(qtbot: QtBot) -> Iterator[Person]:
    """Somebody before a window with the start page; what they draw is not asked about at the end."""
    shell = make_window()
    qtbot.addWidget(shell)
    shell.resize(1600, 1000)
    shell.show()
    with qtbot.waitActive(shell):
        shell.activateWindow()
    yield Person(qtbot, shell)
    shell.session.history.mark_saved()
    shell.close()
