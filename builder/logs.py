"""The program's log: tracebacks go there, people get sentences that name it."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

import platformdirs

#: Beyond this many bytes the log begins anew; the one before is kept.
_MAX_BYTES = 2**20


def log_file() -> Path:
    """Where the log is, or would be."""
    return Path(platformdirs.user_log_dir("convolab", appauthor=False)) / "convolab.log"


def start_logging() -> None:
    """Send warnings and errors of every part to the log; nothing is printed, also where it cannot be written."""
    root = logging.getLogger()
    if any(isinstance(handler, _ToLog | _ToNowhere) for handler in root.handlers):
        return
    file = log_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            if file.stat().st_size > _MAX_BYTES:
                file.replace(file.with_suffix(".old.log"))
        handler: logging.Handler = _ToLog(file, encoding="utf-8")
    except OSError:
        handler = _ToNowhere()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)


def stop_logging() -> None:
    """Close the log again."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _ToLog | _ToNowhere)]:
        root.removeHandler(handler)
        handler.close()


def details() -> str:
    """The sentence that names the log, for the end of a message."""
    logged = any(isinstance(handler, _ToLog) for handler in logging.getLogger().handlers)
    return f"The details are in {log_file()}" if logged else "The details are in the log"


class _ToLog(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- logging's name
        """A disk that is full must not put tracebacks on the screen."""


class _ToNowhere(logging.NullHandler):
    pass
