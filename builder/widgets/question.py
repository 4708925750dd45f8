"""The one question the window asks: what becomes of changes that are in no file."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMessageBox, QWidget

from builder.widgets.theme import set_state


def ask_to_save(
    parent: QWidget,
    title: str,
    save: Callable[[], bool],
    proceed: Callable[[], None],
    done: Callable[[], None],
) -> QMessageBox:
    """Ask without stopping the rest of the program: ``done`` follows any answer, ``proceed`` one that loses nothing."""
    buttons = QMessageBox.StandardButton
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle("Unsaved changes")
    box.setText(f"Save the changes to “{title}”?")
    box.setInformativeText("They are in no file yet, and would be lost.")
    box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
    box.setDefaultButton(buttons.Save)
    set_state(box.button(buttons.Save), "variant", "primary")

    def answered(_result: int) -> None:
        done()
        chosen = box.standardButton(box.clickedButton())
        box.deleteLater()
        if chosen == buttons.Discard or (chosen == buttons.Save and save()):
            proceed()

    box.finished.connect(answered)
    box.open()
    return box
