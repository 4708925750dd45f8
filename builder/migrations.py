"""Steps from each version of the format to the next: append-only, oldest first.

``MIGRATIONS[0]`` makes a document of version 2 out of one of version 1, and so on. A step takes the parsed
JSON object and returns a new one; it may meet any JSON and leaves alone what it does not understand, since
the reader checks only what comes out. Renaming a block id, a parameter or a port is a step. A key that may be
left out and means, left out, what it always meant (the text of a note, the bends of a wire) is none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MIGRATIONS: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = ()


def current_version() -> int:
    """The version that is written."""
    return len(MIGRATIONS) + 1


def migrate(data: dict[str, Any], version: int) -> dict[str, Any]:
    """``data``, of a version from 1 to the current one, as the current version has it."""
    for step in MIGRATIONS[version - 1 :]:
        data = step(data)
    return {**data, "version": current_version()}
