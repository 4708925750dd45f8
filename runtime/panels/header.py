"""The right end of the header: which data, which device, and the button that trains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QPushButton, QSizePolicy, QWidget

from builder.edits import SetSettings
from builder.widgets.icons import themed
from builder.widgets.session import Session
from builder.widgets.theme import BODY, MEDIUM, font
from runtime.panels.captions import device_words
from runtime.panels.looking.looking import Looking
from runtime.panels.running.training import Training
from runtime.panels.samples.downloads import Downloads
from runtime.training.settings import DECLARATIONS

if TYPE_CHECKING:
    from builder.blocks.parameters import Choice
    from runtime.data import Source

_DATA_FILES = "Data (*.npz *.csv *.gz *ubyte);;All files (*)"


class _Chip(QPushButton):
    """A quiet button that says what is chosen and opens a menu to choose otherwise."""

    def __init__(self, name: str, tip: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setFont(font(BODY, MEDIUM))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._choices = QMenu(self)
        self._choices.setToolTipsVisible(True)
        self.setMenu(self._choices)
        self._choices.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """Put the choices into the menu as they are now."""


class DataChip(_Chip):
    """``digits · 1,797``: the data, and the sets, files and folders it could be."""

    def __init__(self, session: Session, looking: Looking, downloads: Downloads) -> None:
        super().__init__("Data", "What the network learns from")
        self._session, self._looking, self._downloads = session, looking, downloads
        downloads.arrived.connect(self.choose)
        session.historyChanged.connect(self.refresh)
        session.documentReplaced.connect(self.refresh)
        looking.samplesChanged.connect(self.refresh)
        self.refresh()

    @property
    def source(self) -> str:
        """The name or path that the document says."""
        return str(self._session.document.data.get("source", "digits"))

    def refresh(self) -> None:
        """Say what is chosen."""
        name = Path(self.source).name or self.source
        samples = self._looking.samples
        known = samples is not None and samples.wish.source == self.source
        self.setText(f"{name} · {samples.count:,}" if known and samples is not None else name)

    def fill(self) -> None:
        # Reads pictures' formats and more: too much for a window that is not painted yet.
        from runtime.data.known import BY_NAME, DATA_SOURCES

        menu = self.menu()
        menu.clear()
        for source in DATA_SOURCES:
            action = QAction(source.title, menu, checkable=True, checked=source.name == self.source)
            action.setToolTip(source.sentence)
            if source.available:
                action.triggered.connect(lambda _=False, name=source.name: self.choose(name))
            else:
                self._offer(source, action)
            menu.addAction(action)
        menu.addSeparator()
        if self.source not in BY_NAME:
            menu.addAction(QAction(self.source, menu, checkable=True, checked=True))
        menu.addAction("Folder of pictures…", self._choose_folder)
        menu.addAction("File (.npz, .csv, IDX, CIFAR)…", self._choose_file)

    def _offer(self, source: Source, action: QAction) -> None:
        """Have the program fetch what is not on this computer; it is chosen once it is there."""
        coming = self._downloads.fetching == source.name
        said = "is being fetched" if coming else f"download, {source.size / 1e6:,.0f} MB"
        action.setText(f"{source.title} ({said})")
        action.setToolTip(f"{source.sentence} {source.how_to_get}")
        action.setEnabled(self._downloads.fetching is None)
        action.setCheckable(source.name == self.source)
        action.triggered.connect(lambda: self._downloads.begin(source))

    def choose(self, source: str) -> None:
        """Make this the document's data, as an undoable edit."""
        if source != self.source:
            values = {**self._session.document.data, "source": source}
            self._session.perform("Choose data", [SetSettings("data", values)])

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "One folder of pictures per class, or images and masks")
        if path:
            self.choose(path)

    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Data", "", _DATA_FILES)
        if path:
            self.choose(path)


class DeviceChip(_Chip):
    """``CPU · fp32``: where and in which numbers it computes."""

    def __init__(self, session: Session, training: Training) -> None:
        super().__init__("Device and precision", "Where the network is trained, and with which numbers")
        self._session, self._training = session, training
        self._found = ""
        session.historyChanged.connect(self.refresh)
        session.documentReplaced.connect(self.refresh)
        training.traceChanged.connect(self.refresh)
        self.refresh()

    def found(self, device: str) -> None:
        """What ``auto`` comes to on this machine."""
        self._found = device
        self.refresh()

    def _setting(self, name: str) -> str:
        return str(self._session.document.training.get(name, DECLARATIONS[name].default))

    def refresh(self) -> None:
        """Say what is chosen."""
        device = self._setting("device")
        started = self._training.trace.started
        if device == "auto":
            device = self._found or (started.device if started is not None else "auto")
        written = device_words(device)
        precision = self._setting("precision")
        if precision == "auto" and started is not None and self._training.is_running:
            precision = started.precision
        self.setText(f"{written} · {precision}")
        said = started.why if started is not None and started.why else ""
        self.setToolTip(
            "\n".join(["Where the network is trained, and with which numbers", *([said] if said else [])])
        )

    def fill(self) -> None:
        menu = self.menu()
        menu.clear()
        for name in ("device", "precision"):
            group = QActionGroup(menu)
            menu.addSection(DECLARATIONS[name].label)
            for value in cast("Choice", DECLARATIONS[name]).options:
                action = QAction(value, menu, checkable=True, checked=value == self._setting(name))
                action.triggered.connect(lambda _=False, n=name, v=value: self.choose(n, v))
                group.addAction(action)
                menu.addAction(action)

    def choose(self, name: str, value: str) -> None:
        """Change a setting, as an undoable edit."""
        if value != self._setting(name):
            values = {**self._session.document.training, name: value}
            self._session.perform(
                f"Set {DECLARATIONS[name].label.lower()}", [SetSettings("training", values)]
            )


class Controls(QWidget):
    """The green button (train, pause, go on) and, while it trains, stop."""

    def __init__(self, session: Session, training: Training, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._training = session, training
        self.main = QPushButton("Train")
        self.main.setProperty("variant", "go")
        self.main.setMinimumWidth(104)
        self.main.clicked.connect(self._toggle)
        self.halt = QPushButton()
        self.halt.setAccessibleName("Stop training")
        self.halt.setToolTip("Finish after this step; what was learned is kept and tested (Shift+F5)")
        self.halt.clicked.connect(self._stop)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.halt)
        row.addWidget(self.main)
        self.actions_ = self._make_actions()
        session.runStateChanged.connect(self.refresh)
        session.themeChanged.connect(self.refresh)
        self.refresh()

    def _make_actions(self) -> tuple[QAction, QAction, QAction]:
        """Train, stop and a single step, for a menu; their keys work everywhere in the window."""
        toggle = QAction("Train", self)
        toggle.setShortcuts([QKeySequence("F5"), QKeySequence("Ctrl+Return")])
        toggle.triggered.connect(self._toggle)
        stop = QAction("Stop training", self)
        stop.setShortcut(QKeySequence("Shift+F5"))
        stop.triggered.connect(self._stop)
        step = QAction("One step", self)
        step.setShortcut(QKeySequence("F6"))
        step.triggered.connect(self._training.step)
        for action in (toggle, stop, step):
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        return toggle, stop, step

    def _toggle(self) -> None:
        self._training.toggle()
        self.refresh()

    def _stop(self) -> None:
        self._training.stop()
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Say what a click would do."""
        theme, state = self._session.theme, self._session.run_state
        running, paused = self._training.is_running, self._training.is_paused
        word, icon, tip = "Train", "play", "Train the network that is drawn (F5)"
        if running and paused:
            word, icon, tip = "Resume", "play", "Go on where it stands (F5)"
        elif running:
            word, icon, tip = "Pause", "pause", "Stand still after this step (F5)"
        self.main.setText(word)
        self.main.setToolTip(tip)
        self.main.setAccessibleName(tip)
        self.main.setIcon(themed(icon, theme, "on_ok"))
        self.main.setEnabled(state != "stopping")
        self.halt.setVisible(running)
        self.halt.setEnabled(state != "stopping")
        self.halt.setIcon(themed("stop", theme, "text"))
        toggle, stop, step = self.actions_
        toggle.setText(word)
        stop.setEnabled(running)
        step.setEnabled(running)
