"""The drawing taken away: as a file, SVG or PNG, or as a picture on the clipboard."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMimeData, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
)

from builder.drawing import Drawing, Style, draw
from builder.errors import Problem
from builder.figures import count
from builder.framing import carried
from builder.heat import heat_of
from builder.widgets.theme import THEMES
from builder.writing import put_file

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas

_FILTER = "SVG, sharp at every size (*.svg);;PNG, a picture of pixels (*.png)"
_SCALES = (1.0, 2.0, 4.0)
_PREVIEW = QSize(480, 270)
_SOON = 120
_SVG = "image/svg+xml"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What of the drawing is taken away, and how it looks; no theme is that of the window."""

    only_selected: bool = False
    theme: str = ""
    shapes: bool = True
    heat: bool = True
    scale: float = 2.0


class Exporter(QObject):
    """Draws what one canvas shows; its ``actions`` ask for a file and fill the clipboard."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.session = canvas.session
        self.dialog: ExportDialog | None = None
        self.actions = {
            "export-drawing": QAction("Export drawing…", self),
            "copy-picture": QAction("Copy as picture", self),
        }
        self.actions["export-drawing"].setShortcut(QKeySequence("Ctrl+Shift+E"))
        self.actions["export-drawing"].setToolTip("SVG or PNG, all of it or what is selected")
        self.actions["export-drawing"].triggered.connect(lambda *_: self.ask())
        self.actions["copy-picture"].setShortcut(QKeySequence("Ctrl+Shift+C"))
        self.actions["copy-picture"].setToolTip("What is selected, or else all of it, for slides and texts")
        self.actions["copy-picture"].triggered.connect(lambda *_: self.copy())
        for action in self.actions.values():
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            canvas.addAction(action)

    @property
    def has_selection(self) -> bool:
        """Whether there is a part to take away."""
        return bool(self.session.selection or self.canvas.framing.selected)

    @property
    def selection(self) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """The selected nodes and frames, and what lies in these."""
        return carried(self.canvas.graph, self.session.selection, self.canvas.framing.selected)

    def drawing(self, wishes: Wishes, *, for_qt: bool = False) -> Drawing:
        """What is drawn; a scale is of pixels, so an SVG that people keep has none. ``for_qt``: in faces Qt has."""
        from builder.widgets.picture import in_qt  # late: what paints SVG is not needed to open a window

        session, canvas = self.session, self.canvas
        session.flush()
        look = THEMES.get(wishes.theme, session.theme)
        heat = None
        if wishes.heat and canvas.heating.measure is not None:
            heat = heat_of(session.view.reports, canvas.heating.measure, session.convention, look)
        style = Style(look, wishes.shapes, wishes.scale if for_qt else 1.0, heat)
        ids, frames = self.selection
        return draw(
            session.document,
            canvas.graph,
            session.view.reports,
            in_qt(style) if for_qt else style,
            only=ids if wishes.only_selected else None,
            only_frames=frames,
        )

    def ask(self) -> None:
        """Open the dialog, or bring it to the front."""
        if self.dialog is None:
            self.dialog = ExportDialog(self)
            self.dialog.destroyed.connect(self._forget)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def _forget(self) -> None:
        self.dialog = None

    def copy(self, wishes: Wishes | None = None) -> None:
        """Put the picture on the clipboard, as pixels and as SVG."""
        from builder.widgets.picture import image_of

        wishes = Wishes(only_selected=self.has_selection) if wishes is None else wishes
        image = image_of(self.drawing(wishes, for_qt=True))
        if isinstance(image, Problem):
            self.session.problemsFound.emit([image])
            return
        data = QMimeData()
        data.setImageData(image)
        data.setData(_SVG, QByteArray(self.drawing(wishes).svg.encode()))
        QGuiApplication.clipboard().setMimeData(data)
        self.session.statusMessage.emit(f"Copied a picture of {image.width():,}×{image.height():,} pixels")

    def save(self, path: Path, wishes: Wishes) -> bool:
        """Write a file, PNG where it is called so, else SVG; what is wrong is told."""
        from builder.widgets.picture import png_of

        if path.suffix.lower() == ".png":
            content: bytes | Problem = png_of(self.drawing(wishes, for_qt=True), wishes.scale)
        else:
            content = self.drawing(wishes).svg.encode()
        problem = (
            content
            if isinstance(content, Problem)
            else put_file(path, content, "The drawing could not be written")
        )
        if problem is not None:
            self.session.problemsFound.emit([problem])
            return False
        self.session.statusMessage.emit(f"Exported {path.name}")
        return True


class ExportDialog(QDialog):
    """What and how, with a preview; it stays open beside the canvas and follows it."""

    def __init__(self, exporter: Exporter) -> None:
        super().__init__(exporter.canvas)
        self.exporter = exporter
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Export drawing")
        self.preview = QLabel()
        self.preview.setFixedSize(_PREVIEW)
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.preview.setAccessibleName("Preview")
        self.part, self.theme, self.scale = QComboBox(), QComboBox(), QComboBox()
        self.theme.addItem("As shown", "")
        for name in THEMES:
            self.theme.addItem(name.capitalize(), name)
        for scale in _SCALES:
            self.scale.addItem(f"{scale:g} ×", scale)
        self.scale.setCurrentIndex(1)
        self.shapes = QCheckBox("Shapes on the wires")
        self.heat = QCheckBox("Colours of heat, with the legend")
        for check in (self.shapes, self.heat):
            check.setChecked(True)
        self.size_label = QLabel()
        self.size_label.setProperty("role", "muted")
        self.copy_button, self.save_button = QPushButton("Copy"), QPushButton("Save…")
        self.save_button.setProperty("variant", "primary")
        self.save_button.setDefault(True)
        #: One preview for all that changes at once.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON)
        self._soon.timeout.connect(self.refresh)
        self._lay_out()
        self._list_parts()
        self.refresh()
        canvas, session = exporter.canvas, exporter.session
        for signal in (
            session.selectionChanged, canvas.framesSelected, session.instanceChanged, session.analysisChanged,
            session.themeChanged,
        ):  # fmt: skip
            signal.connect(self._list_parts)
        canvas.heating.changed.connect(self._soon.start)
        for box in (self.part, self.theme, self.scale):
            box.activated.connect(lambda *_: self.refresh())
        for check in (self.shapes, self.heat):
            check.toggled.connect(lambda *_: self.refresh())
        self.copy_button.clicked.connect(lambda: exporter.copy(self.wishes))
        self.save_button.clicked.connect(self._save)

    @property
    def wishes(self) -> Wishes:
        """What is chosen."""
        return Wishes(
            self.part.currentIndex() == 1,
            self.theme.currentData(),
            self.shapes.isChecked(),
            self.heat.isChecked(),
            self.scale.currentData(),
        )

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Draw", self.part)
        form.addRow("Theme", self.theme)
        form.addRow("Pixels (PNG)", self.scale)
        form.addRow("", self.shapes)
        form.addRow("", self.heat)
        buttons = QHBoxLayout()
        buttons.addWidget(self.size_label, 1)
        buttons.addWidget(self.copy_button)
        buttons.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addWidget(self.preview)
        column.addLayout(form)
        column.addLayout(buttons)

    def _list_parts(self) -> None:
        """The whole, and the selection where there is one; a selection that is made is what is meant."""
        exporter, key = self.exporter, self.exporter.canvas.graph.key
        had_selection, chosen = self.part.count() > 1, self.part.currentIndex()
        self.part.clear()
        self.part.addItem(f"All of {key}" if key else "The whole network")
        if exporter.has_selection:
            ids, frames = exporter.selection
            self.part.addItem(
                f"The selection: {count(len(ids), 'node') if ids else count(len(frames), 'frame')}"
            )
            self.part.setCurrentIndex(max(chosen, 0) if had_selection else 1)
        self._soon.start()

    def refresh(self) -> None:
        """Show what will be taken away."""
        from builder.widgets.picture import image_of

        self.heat.setVisible(self.exporter.canvas.heating.measure is not None)
        ratio = self.devicePixelRatioF()
        drawing = self.exporter.drawing(self.wishes, for_qt=True)
        self.size_label.setText(f"{round(drawing.width):,}×{round(drawing.height):,} pixels")
        room = _PREVIEW * ratio
        fit = min(room.width() / drawing.width, room.height() / drawing.height, ratio / self.wishes.scale)
        image = image_of(replace(drawing, width=drawing.width * fit, height=drawing.height * fit))
        if not isinstance(image, Problem):
            picture = QPixmap.fromImage(image)
            picture.setDevicePixelRatio(ratio)
            self.preview.setPixmap(picture)

    def _save(self) -> None:
        session = self.exporter.session
        name = session.graph.key or Path(session.title).stem
        folder = session.path.parent if session.path is not None else Path.home()
        path, chosen = QFileDialog.getSaveFileName(
            self, "Export drawing", str(folder / f"{name}.svg"), _FILTER
        )
        if path:
            wanted = Path(path)
            if wanted.suffix.lower() not in (".svg", ".png"):
                wanted = wanted.with_name(f"{wanted.name}{'.png' if 'png' in chosen else '.svg'}")
            if self.exporter.save(wanted, self.wishes):
                self.close()
