"""How the network is trained, as a form; every change is an undoable edit of the document."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from builder.edits import SetSettings
from builder.errors import Problem
from builder.figures import count
from builder.widgets.fields import Field
from builder.widgets.folds import Fold
from builder.widgets.forms import Form, Side
from builder.widgets.preferences import recall_text, remember
from builder.widgets.session import Session
from builder.widgets.worker import Worker
from runtime.panels.running.liverate import LiveRate
from runtime.panels.running.training import Training
from runtime.panels.tuning.batchfinder import BatchFinder
from runtime.panels.tuning.ratefinder import RateFinder
from runtime.panels.tuning.ratepicture import Picture
from runtime.panels.tuning.variants import VariantsView
from runtime.training.learning.schedules import scheduled_rate
from runtime.training.settings import DECLARATIONS, GROUPS, Settings, relevant

#: Groups that are folded up at first, since their stock values mostly do.
_FOLDED = ("Fine points", "Initial weights", "Machine")
_REMEMBERED = "training/folded"
#: The widths that let the fields of all groups stand in one column: those of labels, and of buttons at the end.
_COLUMNS = {0: 100, 3: 20}
#: Points of the picture of a schedule, and the steps an epoch is taken to have in it.
_POINTS, _STEPS = 200, 100

_FIND = {
    "learning_rate": Side("search", "Look for a rate: the loss is watched while it grows from step to step"),
    "batch": Side("search", "Largest…: try how large a batch fits in memory, and which is the fastest"),
}


class SettingsPanel(QWidget):
    """The forms made of the declared settings; what is typed is the document's at once, and the next run's.

    Settings stand in groups that fold; those that have no say beside the others are not there. ``variants`` shows what
    augmentation does.
    """

    def __init__(
        self,
        session: Session,
        training: Training,
        worker: Worker,
        variants: VariantsView | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self.variants = session, variants
        self.live = LiveRate(session, training)
        self.setAccessibleName("Training settings")
        title = QLabel("Training")
        title.setProperty("role", "title")
        self.remark = QLabel("Saved with the network; a run that goes on keeps its own.")
        self.remark.setProperty("role", "caption")
        self.remark.setWordWrap(True)
        self.forms: dict[str, Form] = {}
        self.folds: dict[str, Fold] = {}
        self.picture = Picture("Learning rate over the run", session.theme)
        self.finder = RateFinder(session, worker)
        self.finder.chosen.connect(lambda rate: self._edit("learning_rate", rate))
        self.batches = BatchFinder(session, worker)
        self.batches.chosen.connect(lambda batch: self._edit("batch", batch))
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(4)
        column.addWidget(title)
        column.addWidget(self.remark)
        column.addWidget(self.live)
        for group in GROUPS:
            column.addWidget(self._make_group(group))
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        session.historyChanged.connect(self.refresh)
        session.documentReplaced.connect(self.refresh)
        session.themeChanged.connect(self._dress)
        self.refresh()

    def _make_group(self, group: str) -> Fold:
        folded = recall_text(_REMEMBERED, "|".join(_FOLDED)).split("|")
        fold = self.folds[group] = Fold(group, self._session.theme, is_open=group not in folded)
        fold.toggled.connect(lambda _: self._remember())
        form = self.forms[group] = Form(self._session.theme, whose="Setting")
        for column, width in _COLUMNS.items():
            form.grid.setColumnMinimumWidth(column, width)
        form.edited.connect(self._edit)
        form.reset.connect(self._reset)
        form.finished.connect(self._end_step)
        if "flip" in GROUPS[group] and self.variants is not None:
            # Above what it follows: the form is longer than most windows.
            fold.column.addWidget(self.variants)
        fold.column.addWidget(form)
        for name, finder in (("batch", self.batches), ("learning_rate", self.finder)):
            if name in GROUPS[group]:
                form.sideAsked.connect(lambda asked, n=name, f=finder: f.search() if asked == n else None)
                fold.column.addWidget(finder)
        if "schedule" in GROUPS[group]:
            fold.column.addWidget(self.picture)
        return fold

    def _remember(self) -> None:
        """Which groups are folded up, for the next start."""
        remember(
            _REMEMBERED, "|".join(group for group, fold in self.folds.items() if not fold.is_open) or "-"
        )

    def form(self, name: str) -> Form:
        """The form that has a setting; raises KeyError where there is no such setting."""
        return next(form for group, form in self.forms.items() if name in GROUPS[group])

    def field(self, name: str) -> Field:
        """The editor of a setting."""
        return self.form(name).field(name)

    def refusals(self) -> list[Problem]:
        """What stands in the form and will not do: the document has what was there before."""
        return [
            Problem(
                "setting-refused",
                "Training goes by the settings that are seen",
                f"{DECLARATIONS[name].label}: {reason}",
                "Put in another value, or press Esc in its field to have the one before",
                path=f"training.{name}",
            )
            for form in self.forms.values()
            for name, reason in form.refused().items()
        ]

    def refresh(self) -> None:
        """Show what the document says."""
        given = dict(self._session.document.training)
        sound = {name: value for name, value in given.items() if _is_sound(name, value)}
        shown = relevant(sound)
        for group, names in GROUPS.items():
            form = self.forms[group]
            form.show_parameters({name: DECLARATIONS[name] for name in names}, given, sides=_FIND)
            form.hide_all_but(shown)
            changed = sum(name in shown and sound.get(name, _stock(name)) != _stock(name) for name in names)
            self.folds[group].set_remark(f"{count(changed, 'setting')} changed" if changed else "")
        self._draw(Settings(**sound))

    def _draw(self, settings: Settings) -> None:
        """The learning rate over the run, by the settings."""
        steps = settings.epochs * _STEPS
        places = [round(number * (steps - 1) / (_POINTS - 1)) for number in range(_POINTS)]
        rates = [scheduled_rate(settings, step, steps, _STEPS) for step in places]
        highest = f"learning rate {max(rates):.3g}"
        self.picture.show_curve(
            places,
            rates,
            top=f"{highest}, until a plateau cuts it" if settings.schedule == "plateau" else highest,
            left="start",
            right=count(settings.epochs, "epoch"),
        )

    def _edit(self, name: str, value: Any) -> None:
        values = {**self._session.document.training, name: value}
        label = f"Set {DECLARATIONS[name].label.lower()}"
        self._session.perform(label, [SetSettings("training", values)], merge=("training", name))

    def _reset(self, name: str) -> None:
        values = {key: value for key, value in self._session.document.training.items() if key != name}
        self._session.perform(f"Reset {DECLARATIONS[name].label.lower()}", [SetSettings("training", values)])

    def _end_step(self) -> None:
        """What is typed next is another step; the history is another one after a document is replaced."""
        self._session.history.end_merging()

    def _dress(self) -> None:
        theme = self._session.theme
        self.picture.set_theme(theme)
        for group, form in self.forms.items():
            form.set_theme(theme)
            self.folds[group].set_theme(theme)


def _is_sound(name: str, value: Any) -> bool:
    return name in DECLARATIONS and DECLARATIONS[name].check(value) is None


def _stock(name: str) -> Any:
    return DECLARATIONS[name].default
