"""What the inspector shows while nothing is selected: the network, or the module one is in, in figures."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from builder.acts import placements
from builder.editor.parameters import ModuleParameters
from builder.editor.selection import declarations, set_parameter
from builder.edits import SetName
from builder.figures import count, size, thousands, work
from builder.graph import Node
from builder.shapes import format_shape
from builder.widgets.forms import Form
from builder.widgets.inputs import LineEdit
from builder.widgets.session import Session
from builder.widgets.status import GLOBAL, field_of


class Overview(QWidget):
    """Name, input shape and totals, and a sentence about what to do next."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.name = LineEdit(self)
        self.name.setProperty("flat", "true")
        self.name.setTextMargins(-3, 0, 0, 0)  # in line with the labels below
        self.name.setAccessibleName("Name of the network")
        self.name.setToolTip("The generated class is called after it")
        self.title = QLabel(self)
        self.title.setProperty("role", "title")
        self.hint = QLabel(self)
        self.hint.setProperty("role", "muted")
        self.hint.setWordWrap(True)
        self.form = Form(session.theme, self)
        self.parameters = ModuleParameters(session, self)
        self._figures = QGridLayout()
        self._figures.setHorizontalSpacing(12)
        self._figures.setVerticalSpacing(6)
        self._figures.setColumnStretch(1, 1)
        self._lines: dict[str, tuple[QLabel, QLabel]] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.title)
        layout.addWidget(self.name)
        layout.addWidget(self.form)
        layout.addWidget(self.parameters)
        layout.addLayout(self._figures)
        layout.addWidget(self.hint)
        self.name.returnPressed.connect(self._rename)
        self.name.left.connect(self._rename)
        self.name.escaped.connect(self._restore)
        self.form.edited.connect(self._edit)
        self.form.finished.connect(session.end_merging)
        session.themeChanged.connect(self._dress)

    @property
    def figures(self) -> dict[str, str]:
        """What is told: what it is → how much."""
        return {name: value.text() for name, (_, value) in self._lines.items() if not value.isHidden()}

    def refresh(self) -> None:
        """Show the graph one is in."""
        if self._session.graph.key:
            self._show_module()
        else:
            self._show_network()

    def _dress(self) -> None:
        self.form.set_theme(self._session.theme)

    def _show_network(self) -> None:
        session = self._session
        analysis, totals = session.analysis, session.analysis.totals
        self.title.hide()
        self.parameters.hide()
        self.name.show()
        if not self.name.hasFocus():
            self.name.setText(session.document.name)
        self._show_input()
        outputs = [format_shape(shape) for shape in analysis.output_shapes]
        self._tell(
            {
                "Output": ", ".join(outputs) or "none yet",
                "Layers": thousands(sum(1 for _ in session.graph)),
                "Parameters": thousands(totals.parameters),
                "Buffers": thousands(totals.buffers) if totals.buffers else "",
                "One image": work(totals.macs, session.convention),
                "Activations": f"{size(totals.activation_bytes)} for one image",
                "Weights": size(4 * totals.parameters),
                "Sees": _seen(field_of(analysis)),
            }
        )
        errors = sum(problem.is_error for problem in analysis.problems)
        if not len(session.graph):
            self.hint.setText(
                "The network is empty. Press Tab over the canvas, or drag a block from the palette."
            )
        elif errors:
            self.hint.setText(
                f"{count(errors, 'problem')} to solve before it can be trained: see the list below."
            )
        else:
            self.hint.setText(
                "Select a node to change it and to see what it does. Drag from a port to go on."
            )

    def _show_module(self) -> None:
        session = self._session
        key = session.graph.key
        self.title.setText(key)
        self.title.show()
        self.name.hide()
        self.form.hide()
        module = session.document.modules[key]
        placed = sum(1 for _ in placements(session.document, key))
        figures = {
            "A module": "placed once" if placed == 1 else f"placed {placed} times",
            "Seen from": ".".join(session.instance),
        }
        self.parameters.show_module(module)
        values = session.view.parameters
        for declared in module.parameters:
            if values.get(declared.name, declared.default) != declared.default:
                figures[f"{declared.name} here"] = _told(declared.default, values[declared.name])
        reports = session.view.reports.values()
        figures["Parameters"] = thousands(sum(report.parameters for report in reports))
        figures["One image"] = work(sum(report.macs for report in reports), session.convention)
        self._tell(figures)
        self.hint.setText(
            (module.description + " " if module.description else "")
            + "What is changed here changes wherever the module is placed. The path above the canvas leads out."
        )

    def _inputs(self) -> list[Node]:
        return [node for node in self._session.document.network if node.block == "input"]

    def _show_input(self) -> None:
        session, nodes = self._session, self._inputs()
        self.form.setVisible(len(nodes) == 1)
        if len(nodes) == 1:
            declared = declarations(session.document, session.document.network, nodes[0])
            shape = declared["shape"]
            given = nodes[0].parameters.get("shape", shape.default)
            self.form.show_parameters({"shape": shape}, {"shape": given})
            self.form.reset_button("shape").hide()

    def _edit(self, name: str, value: Any) -> None:
        session, nodes = self._session, self._inputs()
        network = session.document.network
        edits = set_parameter(session.document, network, nodes, name, value)
        if edits:
            session.perform(f"Shape of {nodes[0].name}", edits, merge=("parameter", "", (nodes[0].id,), name))

    def _rename(self) -> None:
        name = self.name.text().strip()
        if self.name.isModified() and name and name != self._session.document.name:
            self._session.perform("Rename the network", [SetName(name)])
        self.name.setModified(False)

    def _restore(self) -> None:
        self.name.setText(self._session.document.name)
        self.name.setModified(False)

    def _tell(self, figures: dict[str, str]) -> None:
        shown = {name: text for name, text in figures.items() if text}
        for row, (name, text) in enumerate(shown.items()):
            if name not in self._lines:
                self._lines[name] = self._new_line(name)
            label, value = self._lines[name]
            self._figures.addWidget(label, row, 0)
            self._figures.addWidget(value, row, 1)
            value.setText(text)
        for name, line in self._lines.items():
            for widget in line:
                widget.setVisible(name in shown)

    def _new_line(self, name: str) -> tuple[QLabel, QLabel]:
        label, value = QLabel(name, self), QLabel(self)
        label.setProperty("role", "muted")
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        value.setAccessibleName(name)
        return label, value


def _seen(field: str | None) -> str:
    return "the whole input" if field == GLOBAL else f"{field} px" if field else ""


def _told(default: float, value: float) -> str:
    """A parameter's value, a switch as on or off."""
    return ("on" if value else "off") if isinstance(default, bool) else f"{value:g}"
