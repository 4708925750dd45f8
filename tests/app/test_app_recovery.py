"""The program is killed, and nothing is lost: real processes, real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app import make_window
from builder.architectures import ARCHITECTURES
from builder.keeping import own_folder
from builder.reading import load
from builder.widgets.shell import Shell
from builder.writing import save, write_document
from tests.left_behind import names

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")

#: Opens the window, changes what is in it as a person would, and says when a copy is there.
WORK = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
import app
from builder.edits import SetName
from builder.keeping import own_folder
from builder.widgets import autosave
autosave.REST = 50
application = QApplication([])
window = app.make_window(sys.argv[1:])
token = window.findChild(autosave.Autosave).token
window.show()
session = window.session
session.new_document() if len(sys.argv) < 2 else None
session.perform("Rename", [SetName("typed before the crash")])
folder = own_folder() if session.path is None else session.path.parent
def look():
    if any(token in path.name for path in folder.glob(".*.autosave" if session.path else "*.autosave")):
        print("kept", flush=True)
        timer.stop()
timer = QTimer()
timer.timeout.connect(look)
timer.start(20)
application.exec()
"""


@contextmanager
def working(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A window in a process of its own that has changes in no file; killed at the end."""
    command = [sys.executable, "-c", WORK, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "kept"
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "nets" / "mine.convolab"
    path.parent.mkdir()
    assert save(ARCHITECTURES["lenet5"].build(), path) is None
    return path


@contextmanager
def opened(qtbot: QtBot, *arguments: str) -> Iterator[Shell]:
    shell = make_window(arguments)
    qtbot.addWidget(shell)
    shell.show()
    yield shell
    shell.session.history.mark_saved()
    shell.close()


def restore(qtbot: QtBot, shell: Shell) -> None:
    bar = shell.messages
    qtbot.waitUntil(lambda: bool(bar.offers), timeout=20_000)
    assert bar.isVisible()
    button = next(one for one in bar.findChildren(QPushButton) if one.text() == "Restore")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_killed_windows_changes_are_offered_and_restored(qtbot: QtBot, file: Path) -> None:
    with working(str(file)), opened(qtbot, str(file)) as shell:
        qtbot.wait(1000)
        assert shell.messages.offers == ()  # it lives
    with opened(qtbot, str(file)) as shell:
        restore(qtbot, shell)
        assert shell.session.document.name == "typed before the crash"
        assert shell.session.path == file
        assert not shell.session.is_saved
        assert shell.session.save()
    saved = load(file)
    assert not isinstance(saved, list)
    assert saved.name == "typed before the crash"
    assert names(file.parent) == ["mine.convolab"]
    assert names(own_folder()) == []


def test_what_never_had_a_file_is_offered_on_the_start_page(qtbot: QtBot) -> None:
    with working():
        pass
    with opened(qtbot) as shell:
        restore(qtbot, shell)
        assert shell.session.document.name == "typed before the crash"
        assert shell.session.path is None
        assert len(shell.session.document.network) == 0


def test_a_second_crash_loses_nothing_either(qtbot: QtBot, file: Path) -> None:
    with working(str(file)):
        pass
    before = write_document(ARCHITECTURES["lenet5"].build())
    with working(str(file)):  # opens it again, leaves the offer, and dies in its turn
        pass
    with opened(qtbot, str(file)) as shell:
        qtbot.waitUntil(lambda: len(shell.messages.offers) == 2, timeout=20_000)
        assert write_document(shell.session.document) == before
