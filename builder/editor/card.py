"""The card beside a node that has a problem: the rule, the values, and the ways out as buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from builder.entry import sentence
from builder.errors import Problem
from builder.widgets.repairs import RepairButton, repair_buttons

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas

_WIDTH = 440
_GAP = 22
#: Repairs offered at once.
_REPAIRS = 3
#: In larger graphs repairs are tried out only when nothing has happened for so many milliseconds.
_AT_ONCE, _PAUSE = 200, 120


class ProblemCard(QWidget):
    """Shown for the selected node, or the only node that has an error; Esc hides it until something changes."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self._node: str | None = None
        self._covers = False
        self._shown: tuple[object, ...] | None = None
        self._dismissed: tuple[object, ...] | None = None
        self.buttons: list[RepairButton] = []
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_PAUSE)
        self._later.timeout.connect(self._offer_later)
        self.setObjectName("problem-card")
        self.rule, self.values, self.effect = QLabel(), QLabel(), QLabel()
        self.rule.setProperty("role", "problem")
        self.effect.setProperty("role", "caption")
        for label in (self.rule, self.values, self.effect):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(self.rule)
        column.addWidget(self.values)
        column.addLayout(self._row)
        column.addWidget(self.effect)
        self.hide()

    # what is shown -----------------------------------------------------------------------------------------

    def follow(self) -> None:
        """Show the problem that matters now, or none."""
        node_id, problem = self._problem()
        if problem is not None:
            self.canvas.session.flush()  # of a problem that an edit has just solved nothing is told
            node_id, problem = self._problem()
        if node_id is None or problem is None or self.canvas.gesture is not None:
            self._node = self._shown = None
            self.hide()
            return
        key = (node_id, problem, self.canvas.session.document.revision)
        self._node = node_id
        if self._dismissed is not None and self._dismissed[:2] == key[:2]:
            return
        self._dismissed = None
        if key != self._shown:
            self._shown = key
            self._fill(problem)
        was_hidden = self.isHidden()
        self.show()
        self.raise_()
        self.place()
        if was_hidden and self._covers and self.canvas.framed:
            self.canvas.frame(())  # with room for the card; nobody has chosen this view

    def reserve(self) -> int:
        """Room to keep free below the network when all of it is brought into view."""
        hidden = self.isHidden() or self._shown is None or not self._covers
        return 0 if hidden else min(self.height(), self.canvas.height() // 3)

    def _problem(self) -> tuple[str | None, Problem | None]:
        session = self.canvas.session
        if len(session.selection) == 1:
            node_id = session.selection[0]
        elif session.selection:
            return None, None
        else:
            wrong = [face.id for face in self.canvas.board.faces if face.severity == "error"]
            if len(wrong) != 1:
                return None, None
            node_id = wrong[0]
        face = self.canvas.board.faces.get(node_id)
        problems = face.report.problems if face is not None and face.report is not None else ()
        severe = [p for p in problems if p.is_error] or [p for p in problems if p.severity == "warning"]
        return node_id, severe[0] if severe else None

    def _fill(self, problem: Problem) -> None:
        self.setAccessibleName(problem.message)
        self.rule.setText(problem.rule)
        self.values.setText(sentence(problem.values))
        self.values.setVisible(bool(problem.values))
        for button in self.buttons:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons = []
        while self._row.takeAt(0) is not None:
            pass
        self._later.stop()
        if len(self.canvas.graph) <= _AT_ONCE:
            self._offer(problem)
        else:
            self._later.start()
            self._show_effect(problem.way_out)
            self._fit()

    def _offer_later(self) -> None:
        """Repairs of a large network, each of which is tried out: once nothing else happens."""
        if self._shown is not None and not self.isHidden():
            problem = self._shown[1]
            assert isinstance(problem, Problem)
            self._offer(problem)
            self.place()

    def _offer(self, problem: Problem) -> None:
        for button in repair_buttons(self.canvas.session, problem, self, _REPAIRS):
            button.repaired.connect(self.canvas.setFocus)  # the button goes with the problem
            button.installEventFilter(self)
            self._row.addWidget(button)
            self.buttons.append(button)
        self._row.addStretch()
        self._show_effect(self.buttons[0].effect if self.buttons else problem.way_out)
        self._fit()

    def _fit(self) -> None:
        """As large as what it says."""
        self.setFixedWidth(min(_WIDTH, max(240, self.canvas.width() - 24)))
        if (inside := self.layout()) is not None:
            inside.activate()
            self.resize(self.width(), inside.totalHeightForWidth(self.width()))

    def _show_effect(self, text: str) -> None:
        self.effect.setText(text)
        self.effect.setVisible(bool(text))

    # where it is -------------------------------------------------------------------------------------------

    def place(self) -> None:
        """Beside the node, never over it, and within the canvas."""
        face = self.canvas.board.faces.get(self._node) if self._node is not None else None
        if face is None or self._shown is None or self._dismissed is not None:
            return
        view = QRect(0, 0, self.canvas.width(), self.canvas.height()).adjusted(8, 8, -8, -8)
        corner = self.canvas.mapFromScene(face.rect.topLeft())
        node = QRect(corner, self.canvas.mapFromScene(face.rect.bottomRight()))
        self.setVisible(view.intersects(node) and self.canvas.gesture is None)
        width, height = self.width(), self.height()
        left = max(view.left(), min(node.center().x() - width // 4, view.right() - width))
        top = max(view.top(), min(node.center().y() - height // 2, view.bottom() - height))
        places = [
            QPoint(left, node.bottom() + _GAP + self._lane_below(left)),
            QPoint(left, node.bottom() + _GAP),
            QPoint(left, node.top() - _GAP - height),
            QPoint(node.right() + _GAP, top),
            QPoint(node.left() - _GAP - width, top),
            QPoint(view.right() - width, view.bottom() - height),
            QPoint(view.left(), view.bottom() - height),
        ]
        inside = [at for at in places if view.contains(QRect(at.x(), at.y(), width, height))]
        # Least over other nodes; the first place of equals.
        best = min(inside, key=self._nodes_covered, default=places[1])
        self._covers = self._nodes_covered(best) > 1
        self.move(best)

    def _lane_below(self, left: int) -> int:
        """Room for a wire that runs under the node."""
        return round(68 * min(1.0, self.canvas.zoom))

    def _nodes_covered(self, at: QPoint) -> int:
        scene = self.canvas.mapToScene(QRect(at.x(), at.y(), self.width(), self.height())).boundingRect()
        pills = sum(wire.pill.intersects(scene) for wire in self._wires_within(scene))
        minimap = self.canvas.minimap
        map_covered = not minimap.isHidden() and minimap.geometry().intersects(QRect(at, self.size()))
        return 4 * len(self.canvas.board.faces.within(scene)) + pills + 2 * map_covered

    def _wires_within(self, rect: QRectF):  # type: ignore[no-untyped-def]
        table = self.canvas.board.wires
        return [table.values[row] for row in table.within(rect)]

    # keys --------------------------------------------------------------------------------------------------

    def focus_fixes(self) -> None:
        """Put the focus on the first fix."""
        if self.isVisible() and self.buttons:
            self.buttons[0].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def dismiss(self) -> bool:
        """Hide until the problem is another; whether there was anything to hide."""
        if not self.isVisible():
            return False
        self._dismissed = self._shown
        self.hide()
        self.canvas.setFocus()
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(watched, RepairButton):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()  # Enter presses the button, it does not open the node
                return True
            if event.type() in (QEvent.Type.Enter, QEvent.Type.FocusIn):
                self._show_effect(watched.effect)
            elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
                if event.key() == Qt.Key.Key_Escape:
                    return self.dismiss()
                if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                    watched.click()
                    return True
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self.canvas.session.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("error"), 1))
        painter.setBrush(theme.color("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)
