"""The dock at the right: what is selected, its parameters, what they do to the tensor, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from builder.acts import rename_node
from builder.analysis import NodeReport
from builder.blocks import block_class
from builder.document import module_name
from builder.editor.explain import Explanation
from builder.editor.exposure import Exposure
from builder.editor.overview import Overview
from builder.editor.problem_card import ProblemCard
from builder.editor.selection import declarations, form_of, set_parameter
from builder.entry import sentence
from builder.errors import Problem
from builder.figures import count, size, work
from builder.graph import Node
from builder.shapes import format_shape
from builder.widgets.forms import Form
from builder.widgets.inputs import LineEdit
from builder.widgets.session import Session
from builder.widgets.theme import SEMIBOLD, TITLE, font, set_state


class Inspector(QScrollArea):
    """One node: name, form, explanation, problems. Several: what they have in common. None: the network."""

    #: Esc, with nothing to take back: the user goes on elsewhere.
    left = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Inspector")
        self._cards: list[ProblemCard] = []
        page = QWidget(self)
        page.setProperty("surface", "panel")
        page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._page = page
        layout = QVBoxLayout(page)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(8)
        self.overview = Overview(session, page)
        self._node = QWidget(page)
        node = QVBoxLayout(self._node)
        node.setContentsMargins(0, 0, 0, 0)
        node.setSpacing(8)
        self.head = Head(session, self._node)
        node.addWidget(self.head)
        self._cards_layout = QVBoxLayout()
        self._cards_layout.setSpacing(8)
        node.addLayout(self._cards_layout)
        self.form = Form(session.theme, self._node)
        self.exposure = Exposure(session, self.form, lambda: self.nodes)
        node.addWidget(self.form)
        self._enter = QPushButton("Go inside", self._node)
        self._enter.setToolTip(
            "Show the graph this module is made of (double-click on the node does the same)"
        )
        node.addWidget(self._enter, 0, Qt.AlignmentFlag.AlignLeft)
        self._shapes = QLabel(self._node)
        self._shapes.setProperty("role", "caption")
        self._shapes.setWordWrap(True)
        self._explain_title = heading("Explain", self._node)
        node.addWidget(self._explain_title)
        self.explanation = Explanation(self._node)
        node.addWidget(self.explanation)
        node.addWidget(self._shapes)
        layout.addWidget(self.overview)
        layout.addWidget(self._node)
        layout.addStretch(1)
        self.setWidget(page)
        self.form.edited.connect(self._edit)
        self.form.reset.connect(self._reset)
        self.form.finished.connect(session.end_merging)
        self._enter.clicked.connect(self._go_inside)
        session.selectionChanged.connect(self._select)
        session.analysisChanged.connect(self.refresh)
        session.instanceChanged.connect(self.refresh)
        session.conventionChanged.connect(self.refresh)
        session.themeChanged.connect(self._dress)
        self.refresh()

    @property
    def nodes(self) -> list[Node]:
        """The selected nodes."""
        graph = self.session.graph
        return [graph.node(node_id) for node_id in self.session.selection if node_id in graph]

    @property
    def cards(self) -> Sequence[ProblemCard]:
        """The problems of the selected node, as shown."""
        return tuple(self._cards)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc that no field had a use for leads out."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def refresh(self) -> None:
        """Show the selection as it is now."""
        nodes = self.nodes
        self._node.setVisible(bool(nodes))
        self.overview.setVisible(not nodes)
        if not nodes:
            self._show_problems(())
            self.overview.refresh()
            return
        self.head.show_nodes(nodes)
        shown = form_of(self.session, nodes)
        self.form.setVisible(bool(shown.declared))
        sides = self.exposure.sides(nodes, shown.declared)
        self.form.show_parameters(
            shown.declared, shown.values, names=shown.names, dims=shown.dims, sides=sides
        )
        self._enter.setVisible(
            len(nodes) == 1 and self.session.document.module_of(nodes[0].block) is not None
        )
        report = self.session.report(nodes[0].id) if len(nodes) == 1 else None
        self._explain_title.setVisible(report is not None)
        self.explanation.setVisible(report is not None)
        self._shapes.setVisible(report is not None or len(nodes) > 1)
        if report is None:
            self._show_problems(())
            self._shapes.setText("What is changed here is changed in all of them.")
            return
        formulas = tuple(map(self.session.convention.told, report.explain()))
        self._explain_title.setVisible(bool(formulas))
        self.explanation.explain(formulas)
        self._shapes.setText(self._sentence(nodes[0]))
        self._show_problems((*report.problems, *self._elsewhere(report)))

    def _elsewhere(self, report: NodeReport) -> list[Problem]:
        """Problems that the same node has in other instances of its module: what is drawn here is theirs too."""
        own = {(problem.code, problem.message) for problem in report.problems}
        found = (problem for problem in self.session.analysis.problems if problem.address == report.address)
        return [problem for problem in found if (problem.code, problem.message) not in own]

    def _sentence(self, node: Node) -> str:
        """What comes in and goes out, and what the block is for."""
        report = self.session.report(node.id)
        if report is None:
            return ""
        parts = []
        coming = [format_shape(shape) for shape in report.input_shapes.values()]
        going = [format_shape(shape) for shape in report.output_shapes.values()]
        if report.bypassed:
            parts.append("It is bypassed here: what comes in goes out.")
        if module_name(node.block) is not None and report.parameters:
            parts.append(
                f"{report.parameters:,} parameters, {work(report.macs, self.session.convention)} and "
                f"{size(report.activation_bytes)} of activations for one image inside."
            )
        if coming and going and "?" not in coming + going and node.block != "output":
            parts.append(f"{_told(coming, 'comes', 'come')} in, {_told(going, 'goes', 'go')} out.")
        cls = block_class(node.block)
        if cls is not None:
            parts.append(cls.description)
        return " ".join(parts)

    def _dress(self) -> None:
        self.form.set_theme(self.session.theme)

    def _select(self) -> None:
        self.form.forget()
        self.refresh()
        self.verticalScrollBar().setValue(0)

    def _edit(self, name: str, value: Any) -> None:
        nodes, session = self.nodes, self.session
        if not nodes:
            return
        edits = set_parameter(session.document, session.graph, nodes, name, value)
        if edits:
            label = declarations(session.document, session.graph, nodes[0])[name].label
            where = nodes[0].name if len(nodes) == 1 else count(len(nodes), "node")
            key = ("parameter", session.graph.key, tuple(node.id for node in nodes), name)
            session.perform(f"{label} of {where}", edits, merge=key)

    def _reset(self, name: str) -> None:
        nodes = self.nodes
        if nodes:
            default = declarations(self.session.document, self.session.graph, nodes[0])[name].default
            self._edit(name, default)
            self.session.history.end_merging()

    def _go_inside(self) -> None:
        nodes = self.nodes
        if len(nodes) == 1:
            self.session.enter(nodes[0].name)

    def _show_problems(self, problems: Sequence[Problem]) -> None:
        if [card.problem for card in self._cards] == list(problems):
            return
        for card in self._cards:
            self._cards_layout.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._cards = [ProblemCard(self.session, problem, self._node) for problem in problems]
        for card in self._cards:
            self._cards_layout.addWidget(card)


class Head(QWidget):
    """The category's mark, the name, which can be edited in place, and what it is."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._id = ""
        self.mark = Mark(session, self)
        self.name = NameEdit(self)
        self.name.setAccessibleName("Name of the node")
        self.name.setToolTip(
            "Its name is the attribute in the source and the key of its weights. Type to rename it"
        )
        self.title = QLabel(self)
        self.title.setProperty("role", "muted")
        self.reason = QLabel(self)
        self.reason.setProperty("role", "error")
        self.reason.setWordWrap(True)
        self.reason.hide()
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.mark)
        row.addWidget(self.name)
        row.addWidget(self.title)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.reason)
        self.name.textEdited.connect(self._typed)
        self.name.returnPressed.connect(self._rename)
        self.name.left.connect(self._rename)
        self.name.escaped.connect(self._restore)

    def show_nodes(self, nodes: Sequence[Node]) -> None:
        """Show a node's name and block, or how many there are."""
        session, node = self._session, nodes[0]
        one = len(nodes) == 1
        report = session.report(node.id)
        if one and not (self._id == node.id and self.name.hasFocus() and self.name.isModified()):
            self.name.setText(node.name)
            self._say("")
        self._id = node.id if one else ""
        self.name.setReadOnly(not one)
        if not one:
            self.name.setText(count(len(nodes), "node"))
        titles = {r.block_title for n in nodes if (r := session.report(n.id)) is not None}
        self.title.setText(
            next(iter(titles)) if len(titles) == 1 else "" if report is None else "different blocks"
        )
        cls = block_class(node.block)
        categories = {c.category if (c := block_class(n.block)) is not None else "Modules" for n in nodes}
        self.mark.category = next(iter(categories)) if len(categories) == 1 else ""
        self.mark.setToolTip(cls.category if cls is not None else "Module")
        self.mark.update()

    def _proposed(self) -> object:
        """The edits that give the node what is typed, or the Problem with it."""
        session = self._session
        return rename_node(session.document, session.graph.key, self._id, self.name.text().strip())

    def _typed(self) -> None:
        if self._id in self._session.graph:
            found = self._proposed()
            self._say(found.message if isinstance(found, Problem) else "")

    def _rename(self) -> None:
        if not self.name.isModified() or self._id not in self._session.graph:
            return
        found = self._proposed()
        if isinstance(found, Problem):
            self._say(found.message)
        elif isinstance(found, list):
            self.name.setModified(False)
            old = self._session.graph.node(self._id).name
            self._session.perform(f"Rename {old}", found)

    def _restore(self) -> None:
        if self._id in self._session.graph:
            self.name.setText(self._session.graph.node(self._id).name)
        self.name.setModified(False)
        self._say("")

    def _say(self, reason: str) -> None:
        self.reason.setText(sentence(reason) if reason else "")
        self.reason.setVisible(bool(reason))
        self.name.set_invalid(bool(reason))


class NameEdit(LineEdit):
    """A title that turns out to be a field when one points at it; as wide as its text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(font(TITLE, SEMIBOLD))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setProperty("flat", "true")
        self.textChanged.connect(self._fit)
        self._fit()

    def set_invalid(self, invalid: bool) -> None:
        """Show the border of a field that holds what will not do."""
        set_state(self, "invalid", "true" if invalid else "false")

    def _fit(self) -> None:
        width = self.fontMetrics().horizontalAdvance(self.text()) + 18
        self.setFixedWidth(min(max(width, 48), 176))


class Mark(QWidget):
    """A small rounded square in a category's colour."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.category = ""
        self.setFixedSize(14, 14)
        session.themeChanged.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The square; grey for a mixture."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._session.theme.color(self._session.theme.category(self.category)))
        painter.drawRoundedRect(QRectF(0.5, 0.5, 13, 13), 3, 3)


def _told(shapes: Sequence[str], one: str, several: str) -> str:
    """Shapes and what they do: ``16×8×8 comes``; ``2 × 16×8×8 and 8×8×8 come``, equal ones counted."""
    counted = Counter(shapes)
    *first, last = [f"{number} × {shape}" if number > 1 else shape for shape, number in counted.items()]
    words = f"{', '.join(first)} and {last}" if first else last
    return f"{words} {one if len(shapes) == 1 else several}"


def heading(text: str, parent: QWidget) -> QLabel:
    """A section's title: small capitals, muted."""
    label = QLabel(text.upper(), parent)
    label.setProperty("role", "heading")
    label.setContentsMargins(0, 12, 0, 0)
    return label
