"""Handlers of Qt's events out of which no exception comes."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Handler = TypeVar("Handler", bound=Callable[..., Any])


def guarded(handler: Handler) -> Handler:
    """An event handler whose exceptions go to the log and to ``sys.excepthook``, as those of slots do.

    One that is raised in a ``showEvent`` waits in Python while Qt shows the other widgets; a second one then ends the
    program with a segmentation fault (PySide 6.11). What a window shows may be in part, but it stays.
    """

    @wraps(handler)
    def handle(*arguments: Any) -> Any:
        try:
            return handler(*arguments)
        except Exception:
            logging.getLogger(handler.__module__).exception("%s failed", handler.__qualname__)
            sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]  # there is one
            return None

    return handle  # type: ignore[return-value]
