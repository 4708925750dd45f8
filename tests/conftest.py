"""What every test stands on: no display, no user's folders, few threads, nothing left running behind it."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# All of this must stand before Qt, torch or platformdirs look at it, and subprocesses inherit it.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_THREADS = "1" if "PYTEST_XDIST_WORKER" in os.environ else "2"
for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_variable, _THREADS)
# As runtime asks for itself, where tests load torch first: threads that spin on shared cores slow everything tenfold.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

_home = tempfile.TemporaryDirectory(prefix="convolab-tests-", ignore_cleanup_errors=True)


def _user_folders(home: Path) -> dict[str, str]:
    """Environment variables that move a user's folders under ``home``, on every platform."""
    return {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "APPDATA": str(home / "config"),
        "LOCALAPPDATA": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_STATE_HOME": str(home / "state"),
    }


os.environ.update(_user_folders(Path(_home.name)))

# Two cores shared by many make "too slow" a matter of luck; examples in CI are the same on every run.
settings.register_profile("fast", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("fast"), derandomize=True)
settings.register_profile(
    "long", parent=settings.get_profile("fast"), max_examples=int(os.environ.get("EXAMPLES", "5000"))
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "fast"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is marked ``gpu`` where there is none; torch is imported only where something is marked."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    import torch

    if not torch.cuda.is_available():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))


_QT_FIXTURES = frozenset({"qtbot", "qapp", "qtmodeltester"})


@pytest.fixture(autouse=True)
def _nothing_left_behind(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Fail a test that leaves a thread, a running timer or a window behind, by name.

    Depends on nothing of Qt, so it is set up before ``qtbot`` and torn down after it has closed its widgets.
    """
    threads_before = set(threading.enumerate())
    if not _QT_FIXTURES & set(request.fixturenames):
        yield
        _fail_on(leaked_threads(threads_before))
        return
    for variable, value in _user_folders(tmp_path_factory.mktemp("home")).items():
        monkeypatch.setenv(variable, value)
    _isolate_qsettings(Path(os.environ["XDG_CONFIG_HOME"]))
    before = {kind: {address for address, _ in find()} for kind, find in _QT_KINDS.items()}
    yield
    left = leaked_threads(threads_before)
    _settle()
    for kind, find in _QT_KINDS.items():
        left += [f"{kind} {name}" for address, name in find() if address not in before[kind]]
    _fail_on(left)


def _fail_on(left: list[str]) -> None:
    if left:
        pytest.fail("the test left behind:\n  " + "\n  ".join(left), pytrace=False)


def leaked_threads(before: set[threading.Thread], patience: float = 5.0) -> list[str]:
    """Names of the threads that were not there ``before`` and do not end within ``patience`` seconds."""
    left = []
    for thread in set(threading.enumerate()) - before:
        # Foreign threads that ran Python once (autograd's) and tqdm's one monitor belong to their libraries.
        if isinstance(thread, threading._DummyThread) or type(thread).__name__ == "TMonitor":
            continue
        thread.join(patience)
        if thread.is_alive():
            target = getattr(thread, "_target", None)
            left.append(
                f"thread {thread.name!r} running {getattr(target, '__qualname__', type(thread).__qualname__)}"
            )
    return left


def _isolate_qsettings(folder: Path) -> None:
    from PySide6.QtCore import QSettings

    for format_ in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        for scope in (QSettings.Scope.UserScope, QSettings.Scope.SystemScope):
            QSettings.setPath(format_, scope, str(folder / scope.name))


def _settle() -> None:
    """Let Qt do what it has put off: deletions, and the end of its pool's workers."""
    import gc

    from PySide6.QtCore import QCoreApplication, QEvent, QThreadPool

    QThreadPool.globalInstance().waitForDone(5000)
    for _ in range(2):  # deleting may ask for more deletions
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if any(find() for find in _QT_KINDS.values()):
        gc.collect()  # widgets in reference cycles with Python objects are garbage, not leaks


def _address(thing: Any) -> int:
    import shiboken6

    return int(shiboken6.getCppPointer(thing)[0])


def _describe(thing: Any) -> str:
    name = thing.objectName()
    return type(thing).__name__ + (f" {name!r}" if name else "")


def _windows() -> list[tuple[int, str]]:
    from PySide6.QtWidgets import QApplication, QMenu

    found = []
    for widget in QApplication.topLevelWidgets():
        if widget.metaObject().className() == "QTipLabel":  # Qt's own tool tip, kept for the next one
            continue
        title = widget.title() if isinstance(widget, QMenu) else widget.windowTitle()
        state = "visible" if widget.isVisible() else "hidden"
        found.append((_address(widget), f"{_describe(widget)} {title!r}, {state}"))
    return found


def _living(kind: type, running: Callable[[Any], bool]) -> list[Any]:
    import shiboken6

    return [w for w in shiboken6.getAllValidWrappers() if isinstance(w, kind) and running(w)]


def _timers() -> list[tuple[int, str]]:
    from PySide6.QtCore import QTimer

    found = []
    for timer in _living(QTimer, QTimer.isActive):
        parent = timer.parent()
        owner = f" of {_describe(parent)}" if parent else ""
        found.append((_address(timer), f"{_describe(timer)}{owner}, every {timer.interval()} ms"))
    return found


def _qthreads() -> list[tuple[int, str]]:
    from PySide6.QtCore import QThread

    main = QThread.currentThread()
    return [(_address(t), _describe(t)) for t in _living(QThread, QThread.isRunning) if t is not main]


_QT_KINDS = {"window": _windows, "running timer": _timers, "running QThread": _qthreads}
