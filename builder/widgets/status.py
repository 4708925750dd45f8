"""The line at the bottom: the network in four figures at the left, how things stand at the right."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QStatusBar, QWidget

from builder.analysis import Analysis
from builder.analysis.fields import ReceptiveField
from builder.convention import Convention
from builder.errors import Severity
from builder.figures import ago, count, size, thousands, work
from builder.shapes import format_shape
from builder.widgets.messages import Told
from builder.widgets.session import Session
from builder.widgets.theme import set_state

#: Said of a field where no local one is left: all of the input is seen.
GLOBAL = "global"

#: What holds of the drawing: a run of it may fail for other reasons.
SOUND = "The drawing has no problems"


class StatusBar(QStatusBar):
    """Totals of the network and the number of problems; both halves add slots of their own."""

    problemsClicked = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setSizeGripEnabled(False)
        self.setFixedHeight(28)
        self.setContentsMargins(8, 0, 8, 0)
        self.setAccessibleName("Status")
        self._totals = QLabel(self)
        self._totals.setAccessibleName("Totals of the network")
        self.addWidget(self._totals)
        self._left = 1
        self._slots: list[QWidget] = [self._totals]
        self._message = QLabel(self)
        self._message.hide()
        #: How the run stood when it was said.
        self._said_while = ""
        self.addWidget(self._message)
        self._hush = QTimer(self)
        self._hush.setSingleShot(True)
        self._hush.setInterval(4000)
        self._hush.timeout.connect(lambda: self.say(""))
        self._problems = QPushButton(self)
        self._problems.setToolTip("Show the list of problems")
        self._problems.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._problems.clicked.connect(self.problemsClicked)
        self.addPermanentWidget(self._problems)
        self._saved = QLabel(self)
        self.addPermanentWidget(self._saved)
        self._right = 1
        self._clock = QTimer(self)
        self._clock.setInterval(20_000)
        self._clock.timeout.connect(self._tell_saved)
        self._clock.start()
        self._told = Told.of(session)
        self._told.changed.connect(self._tell_problems)
        session.runStateChanged.connect(self._run_changed)
        session.analysisChanged.connect(self._tell_analysis)
        session.conventionChanged.connect(self._tell_analysis)
        session.documentReplaced.connect(self._tell_saved)
        session.savedChanged.connect(self._tell_saved)
        session.statusMessage.connect(self.say)
        self._tell_analysis()
        self._tell_saved()

    def add_slot(self, widget: QWidget, side: str = "right") -> None:
        """Put a widget after the totals (``side="left"``) or between the problems and when it was saved."""
        if side == "left":
            self.insertWidget(self._left, widget)
            self._left += 1
            self._slots.append(widget)
        else:
            self.insertPermanentWidget(self._left + 1 + self._right, widget)
            self._right += 1

    def say(self, text: str) -> None:
        """Show a sentence for a few seconds in place of the figures at the left."""
        self._message.setText(text)
        self._message.setVisible(bool(text))
        for slot in self._slots:
            slot.setVisible(not text)
        if text:
            self._said_while = self._session.run_state
            self._hush.start()

    def _run_changed(self) -> None:
        """What was said of a run that starts holds no longer, also where it failed to."""
        if self._said_while == "starting":
            self.say("")
        self._said_while = ""

    def _tell_analysis(self) -> None:
        analysis = self._session.analysis
        convention = self._session.convention
        self._totals.setText(totals_line(analysis, convention))
        self._totals.setToolTip(
            f"Learnable parameters · {convention.unit} for one image ({convention.words}) · "
            f"{field_hint(analysis)} · what training keeps for one image on the way back"
        )
        self._tell_problems()

    def _tell_problems(self) -> None:
        """Count what the drawing has and what is told besides: by a run, or by opening a file."""
        drawn = list(self._session.analysis.problems)
        found = [problem for problem in drawn if problem.severity is not Severity.ADVICE]
        found += [problem for problem in self._told.problems if problem not in drawn]
        errors = sum(problem.is_error for problem in found)
        state = "error" if errors else "warning" if found else "ok"
        words = [count(errors, "problem")] if errors else []
        if len(found) > errors:
            words.append(count(len(found) - errors, "warning"))
        self._problems.setText(" · ".join(words) or SOUND)
        set_state(self._problems, "state", state)

    def _tell_saved(self) -> None:
        session = self._session
        if not session.is_saved:
            self._saved.setText("not saved")
        elif session.saved_at is not None:
            self._saved.setText(f"saved {ago(time.time() - session.saved_at)}")
        else:
            self._saved.setText("")
        self._saved.setVisible(bool(self._saved.text()))


def totals_line(analysis: Analysis, convention: Convention) -> str:
    """``61,706 parameters  ·  0.83 MFLOPs  ·  field global  ·  activations 39 KB``."""
    if not analysis.view(()).reports:
        return "An empty network"
    totals = analysis.totals
    parts = [f"{thousands(totals.parameters)} parameters", work(totals.macs, convention)]
    if (field := field_of(analysis)) is not None:
        parts.append(f"field {field}")
    parts.append(f"activations {size(totals.activation_bytes)}")
    return "  ·  ".join(parts)


def field_of(analysis: Analysis) -> str | None:
    """What one output sees of the input: its receptive field, or ``GLOBAL`` where no local field is left."""
    field = _last_field(analysis)
    if field is None:
        return None
    if field.size is not None:
        return "×".join(f"{float(extent):g}" for extent in field.size) or None
    return GLOBAL if _input_size(analysis) else None


def field_hint(analysis: Analysis) -> str:
    """What the field means, with the size of the input where all of it is seen."""
    field = _last_field(analysis)
    if field is not None and field.size is None and (extent := _input_size(analysis)):
        return f"field: every output sees the whole input of {extent}"
    return "field: what one output sees of the input"


def _last_field(analysis: Analysis) -> ReceptiveField | None:
    reports = [report for report in analysis.view(()).reports.values() if report.node.block == "output"]
    return reports[0].receptive_field if reports else None


def _input_size(analysis: Analysis) -> str | None:
    shapes = [shape for shape in analysis.input_shapes if shape is not None and len(shape) > 1]
    return format_shape(shapes[0][1:]) if shapes else None
