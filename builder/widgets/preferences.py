"""What the program remembers between starts; one place, so that tests can put it elsewhere."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QByteArray, QSettings


def _store() -> QSettings:
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "Convolab", "Convolab")


def remember(key: str, value: Any) -> None:
    """Keep a text, a list of texts or bytes under a key such as ``window/geometry``."""
    _store().setValue(key, value)


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
    """What was kept as bytes, or None."""
    value = _store().value(key)
    return value if isinstance(value, QByteArray) and not value.isEmpty() else None
