"""Garbage is looked for when nobody waits."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from builder.widgets.collector import IdleCollector

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 14), reason="rounds are cut into steps there")


class _Knot:
    """Refers to itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[IdleCollector]:
    gc.collect()
    made = IdleCollector(interval_ms=10)
    yield made
    made.stop()
    made.deleteLater()


def _old_garbage() -> weakref.ref[_Knot]:
    knot = _Knot()
    for _ in range(3):
        gc.collect(1)  # it lives long enough to be taken for something that stays
    return weakref.ref(knot)


def test_python_begins_no_full_round_by_itself_and_does_again_after_all(qtbot: QtBot) -> None:
    before = gc.get_threshold()
    collector = IdleCollector()
    assert gc.get_threshold()[:2] == before[:2]
    assert gc.get_threshold()[2] > 1000 * before[2]
    collector.stop()
    assert gc.get_threshold() == before


def test_old_garbage_goes_when_a_round_is_due(qtbot: QtBot, collector: IdleCollector) -> None:
    knot = _old_garbage()
    assert knot() is not None
    for _ in range(12):
        gc.collect(1)
    assert knot() is not None
    qtbot.waitUntil(lambda: knot() is None)


def test_nothing_is_done_before_it_is_due(collector: IdleCollector) -> None:
    assert not collector.collect_if_due()


def test_a_held_button_is_waited_for(collector: IdleCollector, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(12):
        gc.collect(1)
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: Qt.MouseButton.LeftButton)
    assert not collector.collect_if_due()
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: Qt.MouseButton.NoButton)
    assert collector.collect_if_due()
