"""What the window remembers of itself, whatever has become of the file it is remembered in."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow
from pytestqt.qtbot import QtBot

from builder.widgets import placement, preferences
from builder.widgets.panels import WORKSPACES
from builder.widgets.session import Session
from builder.widgets.shell import Shell

SCREEN = QRect(0, 0, 1920, 1080)
SECOND = QRect(1920, 0, 1280, 1024)


def window(qtbot: QtBot, geometry: QRect) -> QMainWindow:
    made = QMainWindow()
    qtbot.addWidget(made)
    made.setMinimumSize(960, 600)
    made.setGeometry(geometry)
    made.show()
    return made


@pytest.mark.parametrize(
    "geometry",
    [
        QRect(5000, 300, 1200, 800),
        QRect(300, 5000, 1200, 800),
        QRect(-1150, 300, 1200, 800),
        QRect(300, -900, 1200, 800),
        QRect(300, 1070, 1200, 800),
        QRect(-30000, -30000, 6000, 5000),
    ],
    ids=str,
)
def test_a_window_nobody_could_take_hold_of_comes_back(qtbot: QtBot, geometry: QRect) -> None:
    shown = window(qtbot, geometry)
    placement.bring_back(shown, [SCREEN, SECOND])
    assert SCREEN.contains(shown.frameGeometry())
    assert shown.width() in (
        geometry.width(),
        SCREEN.width() - (shown.frameGeometry().width() - shown.width()),
    )


@pytest.mark.parametrize(
    "geometry",
    [
        QRect(10, 10, 1200, 800),
        QRect(1800, 100, 1200, 800),
        QRect(-900, 100, 1200, 800),
        QRect(2000, 900, 1000, 700),
    ],
    ids=str,
)
def test_a_window_that_can_be_dragged_stays_where_it_was(qtbot: QtBot, geometry: QRect) -> None:
    shown = window(qtbot, geometry)
    placement.bring_back(shown, [SCREEN, SECOND])
    assert shown.geometry() == geometry


def test_a_screen_smaller_than_the_window_shows_its_corner(qtbot: QtBot) -> None:
    shown = window(qtbot, QRect(4000, 0, 1200, 800))
    placement.bring_back(shown, [QRect(0, 0, 800, 480)])
    assert shown.frameGeometry().topLeft() == QPoint(0, 0)
    assert shown.size() == shown.minimumSize()


def shell(qtbot: QtBot) -> Shell:
    made = Shell(Session())
    qtbot.addWidget(made)
    for area in ("left", "bottom", "center"):
        made.add_panel(area, area.capitalize(), QLabel(area))
    return made


def test_a_window_left_on_a_screen_that_is_gone_opens_on_one_that_is_there(qtbot: QtBot) -> None:
    first = shell(qtbot)
    first.show()
    first.move(30_000, 20_000)
    first.close()
    second = shell(qtbot)
    available = QApplication.primaryScreen().availableGeometry()
    assert available.intersects(QRect(second.pos(), QSize(160, 24)))


def test_all_is_remembered_without_closing(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "_REST_MS", 10)
    first = shell(qtbot)
    first.show()
    first.resize(960, 650)
    first.resizeDocks([first.dock("left")], [333], Qt.Orientation.Horizontal)
    qtbot.wait(60)
    width = first.dock("left").width()
    first.set_workspace(WORKSPACES[1])
    qtbot.wait(60)  # and now it is killed
    second = shell(qtbot)
    assert second.size() == QSize(960, 650)
    assert second.workspace == WORKSPACES[1]
    second.show()
    second.set_workspace(WORKSPACES[0])
    QApplication.processEvents()
    assert second.dock("left").width() == width


# the file ------------------------------------------------------------------------------------------------


def file() -> Path:
    return Path(preferences._opened().fileName())


def _write(content: bytes) -> None:
    file().parent.mkdir(parents=True, exist_ok=True)
    file().write_bytes(content)


@pytest.mark.parametrize(
    "content", [os.urandom(3000), b"\0" * 4096, b"[General]\ntheme=\xff\xfe\n", b"x" * (5 * 2**20)],
    ids=["noise", "zeros", "no UTF-8", "too much"],
)  # fmt: skip
def test_a_file_that_is_no_settings_is_set_aside_with_a_line_in_the_log(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    _write(content)
    with caplog.at_level(logging.WARNING):
        assert preferences.recall_text("theme", "none") == "none"
        assert preferences.recall_text("theme", "none") == "none"
    assert len(caplog.records) == 1
    assert file().with_suffix(".damaged").read_bytes() == content
    preferences.remember("theme", "light")
    assert preferences.recall_text("theme") == "light"
    assert "theme=light" in file().read_text("utf-8")


def test_what_can_be_read_of_a_damaged_file_is_used(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    _write(b"[General]\ntheme=light\n[broken\nrecent=x\n")
    with caplog.at_level(logging.WARNING):
        assert Session().theme.name == "light"
    assert len(caplog.records) == 1


def test_settings_that_cannot_be_had_stop_nobody(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    file().mkdir(parents=True)
    with caplog.at_level(logging.WARNING):
        made = shell(qtbot)
        made.show()
        made.close()
    assert len([record for record in caplog.records if "cannot be used" in record.message]) == 1


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut off": lambda content: content[:40],
    "a bit": lambda content: content[:30] + bytes([content[30] ^ 1]) + content[31:],
    "others'": lambda _: b"\0\0\0\xff" * 20,
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("key", ["window/geometry", f"layout/{WORKSPACES[0]}"])
def test_a_damaged_layout_is_a_missing_one(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture, damage: str, key: str
) -> None:
    """Qt itself falls over layouts in which a few bytes are others."""
    first = shell(qtbot)
    first.show()
    first.close()
    kept = bytes(preferences._opened().value(key))
    assert preferences.recall_bytes(key) is not None
    preferences._opened().setValue(key, QByteArray(DAMAGE[damage](kept)))
    with caplog.at_level(logging.WARNING):
        second = shell(qtbot)
        second.show()
        QApplication.processEvents()
    assert any(key in record.message for record in caplog.records)
    assert second.dock("left").isVisible()
