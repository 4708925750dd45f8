"""What the program remembers between starts; one place, so that tests can put it elsewhere."""

from __future__ import annotations

import logging
import zlib
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

_log = logging.getLogger(__name__)

#: A file that is larger is none that we wrote.
_MAX_BYTES = 4 * 2**20
#: Digits of the check sum behind bytes.
_SUM = 8
#: The files that have been looked at.
_seen: set[str] = set()


def _store() -> QSettings:
    store = _opened()
    if store.fileName() not in _seen:
        _seen.add(store.fileName())
        if _set_aside(Path(store.fileName())):
            return _opened()
        if store.status() is not QSettings.Status.NoError:
            _log.warning("the settings in %s are damaged; what can be read is used", store.fileName())
    return store


def _opened() -> QSettings:
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "Convolab", "Convolab")


def _set_aside(file: Path) -> bool:
    """Give a file that is no settings another name, before anything is taken from it; whether that was done."""
    damaged = file.with_suffix(".damaged")
    try:
        if not file.exists() or _is_text(file):
            return False
        file.replace(damaged)
    except OSError as error:
        _log.warning("the settings in %s cannot be used: %s", file, error)
        return False
    _log.warning(
        "the settings in %s are damaged and were moved to %s; the program begins anew", file, damaged
    )
    return True


def _is_text(file: Path) -> bool:
    """Whether it may be one of ours."""
    if file.stat().st_size > _MAX_BYTES:
        return False
    content = file.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in content


def remember(key: str, value: Any) -> None:
    """Keep a text, a list of texts or bytes under a key such as ``window/geometry``."""
    if isinstance(value, QByteArray):  # Qt trusts what a layout says, and falls over one that is damaged
        content = bytes(value.data())
        value = QByteArray(content + _sum(content))
    _store().setValue(key, value)


def _sum(content: bytes) -> bytes:
    return b"%08x" % zlib.crc32(content)


def forget(key: str) -> None:
    """Drop a key and everything below it."""
    _store().remove(key)


def recall_text(key: str, default: str = "") -> str:
    """What was kept as a text."""
    value = _store().value(key, default)
    return value if isinstance(value, str) else default


def recall_texts(key: str) -> list[str]:
    """What was kept as a list of texts; a list of one comes back from the file as a text."""
    value = _store().value(key, [])
    if isinstance(value, str):
        return [value] if value else []
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def recall_bytes(key: str) -> QByteArray | None:
    """What was kept as bytes, or None; also where they are not what was kept."""
    value = _store().value(key)
    if not isinstance(value, QByteArray):
        return None
    kept = bytes(value.data())
    content = kept[:-_SUM]
    if kept[-_SUM:] == _sum(content):
        return QByteArray(content) if content else None
    _log.warning("what was remembered as %s is damaged and is left out", key)
    return None
