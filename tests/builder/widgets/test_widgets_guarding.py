"""What goes wrong while widgets are shown is told, and ends nothing."""

from __future__ import annotations

import ast
import logging
from pathlib import Path

import pytest
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QApplication, QTabWidget, QVBoxLayout, QWidget
from pytestqt.exceptions import capture_exceptions
from pytestqt.qtbot import QtBot

from builder.widgets.guarding import guarded

HOUSE = Path(__file__).parents[3]


class _Broken(QWidget):
    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        """Fail, as a panel does that can't load what it shows."""
        super().showEvent(event)
        raise ImportError("half a module")


def test_two_that_fail_at_once_end_nothing_and_are_told(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    tabs = QTabWidget()
    qtbot.addWidget(tabs)
    for _ in range(2):
        page = QWidget()
        column = QVBoxLayout(page)
        for _ in range(3):
            column.addWidget(_Broken())
        tabs.addTab(page, "page")
    with capture_exceptions() as raised, caplog.at_level(logging.ERROR):
        tabs.show()
        tabs.setCurrentIndex(1)
        QApplication.processEvents()
    assert tabs.isVisible()
    assert [str(error) for _, error, _ in raised] == ["half a module"] * 6
    assert "_Broken.showEvent failed" in caplog.text


def test_every_widget_of_the_house_is_shown_guarded() -> None:
    bare = [
        f"{path.relative_to(HOUSE)}:{node.lineno}"
        for part in ("builder", "runtime")
        for path in (HOUSE / part).rglob("*.py")
        if "def showEvent" in (text := path.read_text("utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.name == "showEvent"
        if "guarded" not in {getattr(decorator, "id", "") for decorator in node.decorator_list}
    ]
    assert bare == []
