"""The chosen architecture in full, and with what it is to be made before it opens."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from builder.analysis import analyze
from builder.architectures import Architecture
from builder.architectures.base import figures
from builder.editor.gallery.survey import Survey, field_of, survey_of
from builder.figures import size, thousands, work
from builder.widgets.forms import Form
from builder.widgets.inputs import LineEdit
from builder.widgets.session import Session

_PICTURE_HEIGHT = 122
#: Milliseconds without a key after which the figures of what was typed are worked out.
_PAUSE = 120


class Detail(QFrame):
    """Everything about one architecture; the form says with what it opens, the figures follow it."""

    #: An architecture is to be opened with these options.
    opened = Signal(object, dict)
    #: Escape was pressed in a field of the form.
    left = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._given: dict[Architecture, dict[str, Any]] = {}
        self.entry: Architecture | None = None
        self.setProperty("surface", "panel")
        self.setAccessibleName("The chosen network")
        self.picture = Picture(session)
        self.title, self.year, self.about = QLabel(), QLabel(), QLabel()
        self.paper, self.origin, self.problem = QLabel(), QLabel(), QLabel()
        self.form = Form(session.theme, whose="Python")
        self._grid = QGridLayout()
        self._lines: dict[str, tuple[QLabel, QLabel]] = {}
        self.open = QPushButton("Open")
        self.open.setProperty("variant", "primary")
        self.open.setMinimumHeight(32)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PAUSE)
        self._soon.timeout.connect(self.refresh)
        self._arrange()
        self.open.clicked.connect(self.press)
        self.form.edited.connect(self._edit)
        self.form.reset.connect(lambda name: self._edit(name, None, back=True))
        session.themeChanged.connect(self._dress)
        session.conventionChanged.connect(self.refresh)

    def _arrange(self) -> None:
        for label, role in (
            (self.title, "title"), (self.year, "muted"), (self.paper, "caption"), (self.origin, "caption"),
            (self.problem, "error"),
        ):  # fmt: skip
            label.setProperty("role", role)
        for label in (self.title, self.about, self.paper, self.origin, self.problem):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.paper.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 16, 16, 8)
        column.setSpacing(8)
        for widget in (self.picture, self.title, self.year, self.about, self.paper, self.origin, self.form):
            column.addWidget(widget)
        column.addWidget(self.problem)
        column.addLayout(self._grid)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        below = QVBoxLayout()
        below.setContentsMargins(16, 8, 16, 16)
        below.addWidget(self.open)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scroll, 1)
        whole.addLayout(below)

    @property
    def options(self) -> dict[str, Any]:
        """With what it opens, as far as that is not what it comes with."""
        return dict(self._given.get(self.entry, {})) if self.entry is not None else {}

    @property
    def told(self) -> dict[str, str]:
        """The figures: what it is → how much."""
        return {name: value.text() for name, (_, value) in self._lines.items()}

    def show_entry(self, entry: Architecture) -> None:
        """Show an architecture, with what was typed for it before."""
        if entry is self.entry:
            return
        self.entry = entry
        self.title.setText(entry.title)
        self.year.setText(f"{entry.family} · {entry.year}")
        self.about.setText(entry.about)
        self.paper.setText(entry.paper)
        self.origin.setText(_weights(entry.origin))
        self.origin.setVisible(bool(entry.origin))
        self.open.setAccessibleName(f"Open {entry.title}")
        self.open.setToolTip("As a new document, with what is set above (Enter on the card)")
        self.form.forget()
        self._show_form()
        if survey_of(entry) is not None and not self.options:
            self.refresh()
        else:
            self.picture.show_survey(survey_of(entry))
            for _, value in self._lines.values():
                value.setText("…")
            self._soon.start()

    def press(self) -> None:
        """Open what is shown."""
        if self.entry is not None:
            self.refresh()
            if self.open.isEnabled():
                self.opened.emit(self.entry, self.options)

    def _show_form(self) -> None:
        assert self.entry is not None
        self.form.show_parameters(self.entry.choices, self.options)
        for line in self.form.findChildren(LineEdit):
            if not line.property("heard"):
                line.setProperty("heard", True)
                line.escaped.connect(self.left)

    def _edit(self, name: str, value: Any, *, back: bool = False) -> None:
        if self.entry is None:
            return
        declared = self.entry.choices[name]
        given = self._given.setdefault(self.entry, {})
        converted = None if back else declared.convert(value)
        if back or converted == declared.default:
            given.pop(name, None)
        else:
            given[name] = converted
        self._show_form()
        self._soon.start()

    # figures -----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Work out what is set, and say what is wrong with it."""
        self._soon.stop()
        if (entry := self.entry) is None:
            return
        survey, options = survey_of(entry), self.options
        self.picture.show_survey(survey)
        if survey is not None and not options:
            self._tell(dict(survey.figures), "", can_open=True)
            return
        made = entry.make(options)
        if isinstance(made, list):
            self._tell({}, made[0].message, can_open=False)
            return
        analysis = analyze(made)
        wrong = next((problem.message for problem in analysis.problems if problem.is_error), "")
        self._tell(figures(analysis), wrong, can_open=True)

    def _tell(self, known: dict[str, Any], wrong: str, *, can_open: bool) -> None:
        self.problem.setText(wrong)
        self.problem.setVisible(bool(wrong))
        self.open.setEnabled(can_open)
        lines = {
            "Parameters": thousands(known["parameters"]),
            "Weights": size(4 * known["parameters"]),
            "One image": work(known["macs"], self._session.convention),
            "Receptive field": f"{field} px" if (field := field_of(known["receptive_field"])) else "the whole input",
        } if known and not wrong else {}  # fmt: skip
        for row, (name, text) in enumerate(lines.items()):
            if name not in self._lines:
                self._lines[name] = self._line(name, row)
            self._lines[name][1].setText(text)
        for name, labels in self._lines.items():
            for label in labels:
                label.setVisible(name in lines)

    def _line(self, name: str, row: int) -> tuple[QLabel, QLabel]:
        label, value = QLabel(name), QLabel()
        label.setProperty("role", "muted")
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        value.setAccessibleName(name)
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(value, row, 1)
        return label, value

    def _dress(self) -> None:
        self.form.set_theme(self._session.theme)
        self.picture.update()


class Picture(QWidget):
    """The drawing of the network, on the canvas' colour."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._survey: Survey | None = None
        self.setFixedHeight(_PICTURE_HEIGHT)

    def show_survey(self, survey: Survey | None) -> None:
        """Show another network's, or the empty canvas while it is being worked out."""
        self._survey = survey
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Drawn anew each time: it is one."""
        theme = self._session.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        shape = QPainterPath()
        shape.addRoundedRect(room, 8, 8)
        painter.fillPath(shape, theme.color("canvas"))
        if self._survey is not None:
            self._survey.thumbnail.paint(painter, room, theme)
        painter.strokePath(shape, QPen(theme.color("hairline"), 1))


def _weights(origin: str) -> str:
    """Whose names its layers have."""
    whose, _, name = origin.partition(": ")
    return (
        f"Its layers are named as in {whose}’s {name}, whose weights fit."
        if name
        else f"Named as in {origin}."
    )
