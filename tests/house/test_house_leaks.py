"""The conftest's promise: a test that leaves something running fails, and the failure names it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"

LEAKY = {
    "thread": (
        """
        def test_it():
            Thread(target=Event().wait, name="forgotten", daemon=True).start()
        """,
        "thread 'forgotten' running Event.wait",
    ),
    "timer": (
        """
        kept = []
        def test_it(qapp):
            timer = QTimer(objectName="ticker", interval=60_000)
            timer.start()
            kept.append(timer)
        """,
        "running timer QTimer 'ticker', every 60000 ms",
    ),
    "window": (
        """
        kept = []
        def test_it(qapp):
            kept.append(QWidget(windowTitle="Orphan", objectName="w"))
            kept[0].show()
        """,
        "window QWidget 'w' 'Orphan', visible",
    ),
    "qthread": (
        """
        kept = []
        def test_it(qapp):
            kept.append(QThread(objectName="worker"))
            kept[0].start()
        def test_end(qapp):
            kept[0].quit()
            assert kept[0].wait()
        """,
        "running QThread QThread 'worker'",
    ),
    "qt warning": (
        """
        def test_it(qapp):
            qWarning("something is wrong in Qt")
        """,
        "something is wrong in Qt",
    ),
}
TIDY = """
    def test_it(qtbot):
        widget = QWidget()
        qtbot.addWidget(widget)
        widget.show()
        timer = QTimer(widget, interval=60_000)
        timer.start()
        worker = Thread(target=int)
        worker.start()
    """


def run_pytest(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    import textwrap

    (folder / "conftest.py").write_text(CONFTEST.read_text("utf-8"), "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nqt_api = pyside6\nqt_log_level_fail = WARNING\n", "utf-8")
    head = (
        "from threading import Event, Thread\n"
        "from PySide6.QtCore import QThread, QTimer, qWarning\n"
        "from PySide6.QtWidgets import QWidget\n"
    )
    # A daemon thread is waited for before it counts as leaked; here it never ends.
    impatient = "import conftest\nconftest.leaked_threads.__defaults__ = (0.2,)\n"
    (folder / "test_it.py").write_text(head + impatient + textwrap.dedent(body), "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("kind", LEAKY)
def test_a_leak_fails_the_test_that_made_it_and_is_named(kind: str, tmp_path: Path) -> None:
    body, named = LEAKY[kind]
    result = run_pytest(tmp_path, body)
    assert result.returncode == 1, result.stdout + result.stderr
    assert named in result.stdout


def test_what_a_test_hands_over_to_qtbot_or_ends_is_no_leak(tmp_path: Path) -> None:
    result = run_pytest(tmp_path, TIDY)
    assert result.returncode == 0, result.stdout + result.stderr
