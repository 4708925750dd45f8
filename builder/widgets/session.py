"""One open document and what all panels share about it: history, analysis, where one is, what is selected, the look."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from builder.analysis import Analysis, GraphView, NodeReport, analyze
from builder.analysis.paths import drawn_at, view_at
from builder.convention import Convention
from builder.document import Document
from builder.edits import Edit
from builder.errors import Address, Problem
from builder.graph import Graph
from builder.history import History, Step
from builder.places import node_of, place_of
from builder.reading import load
from builder.widgets import preferences
from builder.widgets.theme import CHOICES, Theme, apply_theme, theme_of
from builder.writing import save

RECENT_LENGTH = 10

#: What a file of ours ends in.
SUFFIX = ".convolab"


class Session(QObject):
    """The open document; every edit goes through ``perform``, every panel listens to the signals.

    After an edit the network is analysed again once, when control returns to the event loop; until then
    ``analysis`` is that of the state before. ``flush`` does it at once.
    """

    documentReplaced = Signal()
    analysisChanged = Signal()
    historyChanged = Signal()
    instanceChanged = Signal()
    selectionChanged = Signal()
    savedChanged = Signal()
    recentChanged = Signal()
    themeChanged = Signal()
    conventionChanged = Signal()
    runStateChanged = Signal(str)
    #: A sentence that is of interest for a few seconds.
    statusMessage = Signal(str)
    #: What opening or saving found, a list of Problem.
    problemsFound = Signal(list)
    #: The gallery of networks is wanted, at the one of this name, or where it was left for "".
    galleryAsked = Signal(str)
    #: The node to bring into view, by id; the graph it is drawn in has been entered already.
    nodeRevealed = Signal(str)

    def __init__(self, document: Document | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        #: Asks about unsaved changes before something that would lose them; the window puts its question here.
        self.guard: Callable[[Callable[[], None]], None] = lambda proceed: proceed()
        self.path: Path | None = None
        self.saved_at: float | None = None
        self.instance: tuple[str, ...] = ()
        self.selection: tuple[str, ...] = ()
        self.run_state = "idle"
        self._view: GraphView | None = None
        self._graph_key = ""
        self._revision = 0
        self._stale = False
        self._unsubscribe: Callable[[], None] = lambda: None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self.flush)
        self.theme_choice = preferences.recall_text("theme", "system")
        self.theme: Theme = theme_of(self.theme_choice)
        known = [str(convention) for convention in Convention]
        counted = preferences.recall_text("convention")
        #: In what work is counted, wherever it is told.
        self.convention = Convention(counted) if counted in known else Convention.FLOPS
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.styleHints().colorSchemeChanged.connect(self._follow_system)
        self._adopt(document if document is not None else Document())

    # the document ----------------------------------------------------------------------------------------

    def replace(self, document: Document, path: Path | None = None) -> None:
        """Show another document; what was open is forgotten (ask first with ``guard``)."""
        self._adopt(document)
        self.path = path
        self.saved_at = None
        self.documentReplaced.emit()
        self.analysisChanged.emit()
        self.instanceChanged.emit()
        self.selectionChanged.emit()
        self.historyChanged.emit()
        self.savedChanged.emit()

    def new_document(self) -> None:
        """Start with an empty network, after asking about unsaved changes."""
        self.begin(Document())

    def begin(self, document: Document) -> None:
        """Show a document that no file has yet, after asking about unsaved changes."""
        self._guarded(lambda: self.replace(document))

    def open_document(self, source: str | Path, **options: Any) -> None:
        """Open a file or an architecture by name; what is wrong with it is told and the open document stays.

        ``options`` are for an architecture: its input, its classes, and what else it can be given.
        """
        self._guarded(lambda: self._open(source, options))

    def recover(self, document: Document, path: Path | None, done: Callable[[], None] = lambda: None) -> None:
        """Show what was kept of a document, as not saved, after asking about unsaved changes; then ``done``."""

        def proceed() -> None:
            self.replace(document, path)
            self.history.mark_unsaved()
            self.statusMessage.emit(f"Restored {self.title}; it is saved when you save it")
            done()

        self._guarded(proceed)

    def _open(self, source: str | Path, options: Mapping[str, Any]) -> None:
        path = Path(source)
        is_file = isinstance(source, Path) or path.suffix == SUFFIX or path.is_file()
        if is_file:
            found = load(path)
        else:
            found = _built_in(str(source), options)
        if isinstance(found, list):
            where = [f"{path.name} {problem.path.removeprefix('$')}".rstrip() for problem in found]
            self.problemsFound.emit([replace(p, path=w) for p, w in zip(found, where, strict=True)])
            return
        self.replace(found, path.resolve() if is_file else None)
        if is_file:
            self._add_recent(path.resolve())
        self.statusMessage.emit(f"Opened {path.name if is_file else found.name}")

    def save(self) -> bool:
        """Save to the file it came from; False where there is none yet or saving failed (which has been told)."""
        return self.path is not None and self.save_as(self.path)

    def save_as(self, path: str | Path) -> bool:
        """Save to a file, which becomes the document's own."""
        path = Path(path)
        if not path.suffix:
            path = path.with_suffix(SUFFIX)
        problem = save(self.document, path)
        if problem is not None:
            self.problemsFound.emit([problem])
            return False
        self.path = path.resolve()
        self.saved_at = time.time()
        self.history.mark_saved()
        self._add_recent(self.path)
        self.savedChanged.emit()
        self.statusMessage.emit(f"Saved {path.name}")
        return True

    @property
    def is_saved(self) -> bool:
        """Whether closing now would lose nothing."""
        return self.history.is_saved

    @property
    def title(self) -> str:
        """What the document is called in the window."""
        return self.path.name if self.path is not None else self.document.name or "untitled"

    def _guarded(self, proceed: Callable[[], None]) -> None:
        if self.is_saved:
            proceed()
        else:
            self.guard(proceed)

    def _adopt(self, document: Document) -> None:
        self._unsubscribe()
        self.document = document
        self.history = History(document)
        self._unsubscribe = self.history.subscribe(self._edited)
        self.instance = ()
        self.selection = ()
        self.analysis: Analysis = analyze(document)
        self._view = None
        self._graph_key = ""
        self._revision = document.revision
        self._stale = False
        self._timer.stop()

    # editing ---------------------------------------------------------------------------------------------

    def perform(self, label: str, edits: Iterable[Edit], merge: Hashable | None = None) -> None:
        """Do edits as one undo step; consecutive ones with the same ``merge`` key are one step together."""
        self.history.perform(label, edits, merge)

    def end_merging(self) -> None:
        """What is typed next is a step of its own (a field was left)."""
        self.history.end_merging()

    def undo(self) -> None:
        """Take the last step back and go to where it was."""
        self._go_to(self.history.undo(), "Undone")

    def redo(self) -> None:
        """Do the step again that was taken back and go to where it is."""
        self._go_to(self.history.redo(), "Redone")

    def _go_to(self, step: Step | None, word: str) -> None:
        if step is None:
            return
        self.flush()
        keys = list(dict.fromkeys(address.graph for address in step.addresses))
        if keys and self.graph.key not in keys and (place := place_of(self.document, keys[0])) is not None:
            self.leave_to(place)
        here = [a.node for a in step.addresses if a.graph == self.graph.key and a.node in self.graph]
        if here:
            self.nodeRevealed.emit(here[0])
        self.statusMessage.emit(f"{word}: {step.label}")

    def _edited(self, *_: Any) -> None:
        if self._revision != self.document.revision:
            self._revision = self.document.revision
            self._stale = True
            self._timer.start()
        self.historyChanged.emit()
        self.savedChanged.emit()

    def flush(self) -> None:
        """Analyse now if an edit has made the analysis old."""
        if not self._stale:
            return
        self._timer.stop()
        self._stale = False
        self.analysis = analyze(self.document, previous=self.analysis)
        self._view = None
        prefix = self.instance
        while view_at(self.analysis, prefix) is None:
            prefix = prefix[:-1]
        if prefix != self.instance:
            self._move(prefix)
        kept = tuple(node_id for node_id in self.selection if node_id in self.graph)
        if kept != self.selection:
            self.select(kept)
        self.analysisChanged.emit()

    # where one is ----------------------------------------------------------------------------------------

    @property
    def view(self) -> GraphView:
        """The graph one is in, with the reports of the instance one came through."""
        if self._view is None:
            self._view = self.analysis.view(self.instance)
        return self._view

    @property
    def graph(self) -> Graph:
        """The graph one is in, the network's or a module's, as it is now."""
        key = self._graph_key
        return self.document.graph(key if key in self.document.modules else "")

    def _move(self, instance: tuple[str, ...]) -> None:
        self.instance = instance
        self._view = self.analysis.view(instance)
        self._graph_key = self._view.graph.key
        self.selection = ()
        self.instanceChanged.emit()
        self.selectionChanged.emit()

    def report(self, node_id: str) -> NodeReport | None:
        """What the analysis says of a node of the graph one is in; None for one it has not seen yet."""
        return self.view.reports.get(node_id)

    def select(self, ids: Iterable[str]) -> None:
        """Select these nodes of the graph one is in, and no others."""
        selection = tuple(dict.fromkeys(ids))
        if selection != self.selection:
            self.selection = selection
            self.selectionChanged.emit()

    def enter(self, name: str) -> None:
        """Go into the module node of this name."""
        self.leave_to((*self.instance, name))

    def leave(self, to: int | None = None) -> None:
        """Go back out, one level or so that ``to`` names remain; what one comes out of is selected, to go on from."""
        outer = self.instance[: len(self.instance) - 1 if to is None else to]
        below = self.instance[len(outer) :]
        self.leave_to(outer)
        if below and self.instance == outer and (node := node_of(self.graph, below[0])) is not None:
            self.select((node.id,))

    def leave_to(self, instance: tuple[str, ...]) -> None:
        """Go to the graph entered through these names; ignored where there is no such place."""
        self.flush()
        if instance != self.instance and view_at(self.analysis, instance) is not None:
            self._move(instance)

    def reveal(self, path: str, address: Address | None = None) -> bool:
        """Go to the node at a dotted path, select it and ask for it to be brought into view.

        ``address`` says which node is meant where the path alone does not; False where there is none.
        """
        self.flush()
        found = drawn_at(self.analysis, path) if path else None
        if found is None and address is not None and address.node:
            place = place_of(self.document, address.graph)
            found = None if place is None else (place, address.node)
        if found is None:
            return False
        instance, node_id = found
        self.leave_to(instance)
        if node_id not in self.graph:
            return False
        self.select((node_id,))
        self.nodeRevealed.emit(node_id)
        return True

    # look, run, recent files -----------------------------------------------------------------------------

    def set_theme(self, choice: str) -> None:
        """Change the look: "system", "dark" or "light"."""
        self.theme_choice = choice if choice in CHOICES else "system"
        preferences.remember("theme", self.theme_choice)
        self.dress()

    def set_convention(self, convention: Convention) -> None:
        """Count work in FLOPs or in MACs from now on, everywhere and also after the next start."""
        if convention is not self.convention:
            self.convention = convention
            preferences.remember("convention", str(convention))
            self.conventionChanged.emit()

    def _follow_system(self) -> None:
        if self.theme_choice == "system" and theme_of("system") is not self.theme:
            self.dress()

    def dress(self) -> None:
        """Put the theme that was chosen on the whole program."""
        self.theme = theme_of(self.theme_choice)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, self.theme)
        self.themeChanged.emit()

    def set_run_state(self, state: str) -> None:
        """Tell all panels how training stands: "idle", "starting", "running", "paused" or "stopping"."""
        if state != self.run_state:
            self.run_state = state
            self.runStateChanged.emit(state)

    @property
    def recent(self) -> list[Path]:
        """Files opened or saved lately, the last first."""
        return [Path(text) for text in preferences.recall_texts("recent")]

    def clear_recent(self) -> None:
        """Forget the recent files."""
        preferences.forget("recent")
        self.recentChanged.emit()

    def _add_recent(self, path: Path) -> None:
        texts = [str(path), *(str(other) for other in self.recent if other != path)]
        preferences.remember("recent", texts[:RECENT_LENGTH])
        self.recentChanged.emit()


def _built_in(name: str, options: Mapping[str, Any]) -> Document | list[Problem]:
    """An architecture as it is wanted, or why there is none."""
    from builder.architectures import ARCHITECTURES, open_document  # late: every network there is

    if not options or name not in ARCHITECTURES:
        return open_document(name)
    return ARCHITECTURES[name].make(options)
