"""What a node does to the tensor, in formulas: as text, with the numbers put in, and the result."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from builder.blocks import Formula
from builder.widgets.theme import set_state


class Explanation(QWidget):
    """The formulas of a node under one another; they can be selected and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Formula, ...] = ()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self.setAccessibleName("Explanation")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """What is shown."""
        return self._shown

    def explain(self, formulas: Sequence[Formula]) -> None:
        """Show these; labels that are there are used again, so that typing does not flicker."""
        formulas = tuple(formulas)
        if formulas == self._shown:
            return
        lines = [line for formula in formulas for line in _lines(formula)]
        labels = self.findChildren(QLabel)
        for label in labels[len(lines) :]:
            self._layout.removeWidget(label)
            label.hide()
            label.setParent(None)  # it may be looked for again before it is gone
            label.deleteLater()
        for index, (role, text) in enumerate(lines):
            label = labels[index] if index < len(labels) else self._new_label()
            set_state(label, "role", role)
            label.setText(text)
            label.setContentsMargins(0, 10 if role == "strong" and index else 0, 0, 0)
        self._shown = formulas

    def _new_label(self) -> QLabel:
        label = QLabel(self)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._layout.addWidget(label)
        return label


def _lines(formula: Formula) -> list[tuple[str, str]]:
    """(role of the label, text) of a formula; no-break spaces keep operators with what follows them."""
    lines = [("strong", formula.title), ("caption", formula.text)]
    if formula.numbers:
        lines.append(("mono", formula.numbers))
    if formula.result:
        lines.append(("result", f"= {formula.result}"))
    return [(role, text) for role, text in lines if text]
