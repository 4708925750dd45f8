"""A window that keeps copies, driven by hand."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from builder.architectures import ARCHITECTURES
from builder.document import Document
from builder.edits import SetName
from builder.keeping import own_folder
from builder.widgets import recovery
from builder.widgets.recovery import Recovery
from builder.widgets.session import Session
from builder.widgets.shell import Shell
from tests.left_behind import names


class KeepingWindow:
    """A window that keeps copies, impatiently."""

    def __init__(self, qtbot: QtBot, document: Document | None = None) -> None:
        self.bot = qtbot
        self.session = Session(document or ARCHITECTURES["lenet5"].build())
        self.shell = Shell(self.session)
        self.said: list[str] = []
        self.session.statusMessage.connect(self.said.append)
        qtbot.addWidget(self.shell, before_close_func=lambda _: self.session.history.mark_saved())
        self.recovery: Recovery = recovery.install(self.shell)

    def rename(self, name: str) -> None:
        self.session.perform("Rename", [SetName(name)])

    def settle(self) -> None:
        self.bot.waitUntil(lambda: not self.recovery._worker.busy)
        QApplication.processEvents()

    def copies(self) -> list[Path]:
        folder = own_folder() if self.session.path is None else self.session.path.parent
        return [folder / name for name in names(folder) if name.endswith(".autosave")]

    def wait_for_copy(self) -> Path:
        self.bot.waitUntil(lambda: bool(self.copies()))
        self.settle()
        (copy,) = self.copies()
        return copy

    def buttons(self) -> list[QPushButton]:
        QApplication.processEvents()
        return [
            button
            for button in self.shell.messages.findChildren(QPushButton)
            if button.text() in ("Restore", "Discard") and button.isVisibleTo(self.shell.messages)
        ]

    def wait_for_offers(self, number: int = 1) -> None:
        self.bot.waitUntil(lambda: len(self.shell.messages.offers) == number)

    def press(self, text: str) -> None:
        button = next(button for button in self.buttons() if button.text() == text)
        self.bot.mouseClick(button, Qt.MouseButton.LeftButton)

    def words(self) -> str:
        return "\n".join(offer.problem.message for offer in self.shell.messages.offers)
