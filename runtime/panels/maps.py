"""Feature maps of the selected node: the picture, one map large, all maps; what a pixel sees."""

from __future__ import annotations

from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QImage, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from builder.widgets.session import Session
from runtime.panels.captions import Caption
from runtime.panels.grid import MapGrid
from runtime.panels.imagery import picture_image
from runtime.panels.looking import Looking
from runtime.panels.pixels import PixelView
from runtime.panels.strip import SampleStrip, dropped_file

_PICTURES = "Pictures (*.png *.jpg *.jpeg *.webp *.bmp *.gif *.tif *.tiff *.ppm *.pgm)"


class MapsAside(QWidget):
    """The maps of the selected node, small, to stand beside the curves; a click goes to the large view."""

    def __init__(self, session: Session, looking: Looking, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looking = looking
        self.caption = Caption(strong=True)
        self.grid = MapGrid(session.theme)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.caption)
        column.addWidget(self.grid, 1)
        self.grid.picked.connect(lambda channel, y, x: looking.go(channel, None if y < 0 else (y, x)))
        looking.valuesChanged.connect(self._show)
        looking.placeChanged.connect(lambda: self.grid.choose(looking.channel))
        session.themeChanged.connect(lambda: self.grid.set_theme(session.theme))
        self._show()

    def _show(self) -> None:
        if self.isVisible():
            looking = self._looking
            self.caption.say(looking.caption())
            self.grid.say(looking.hint)
            self.grid.show_values(looking.values, looking.classes)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._looking.look(self, True)
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._looking.look(self, False)


class FeatureMaps(QWidget):
    """Choose a picture, see what the selected node makes of it, click a pixel to see what it sees."""

    def __init__(self, session: Session, looking: Looking, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._looking = session, looking
        self.setAccessibleName("Feature maps")
        self.setAcceptDrops(True)
        theme = session.theme
        self.strip = SampleStrip(theme)
        self.picture = PixelView(theme, "Picture", "The picture that the network looks at")
        self.single = PixelView(theme, "Feature map", "")
        self.grid = MapGrid(theme)
        self.caption, self.place, self.seen = Caption(strong=True), Caption(), Caption()
        self.shared = QCheckBox("One scale")
        self.shared.setToolTip("Dark and bright mean the same numbers in all maps, not in each its own")
        self.shared.toggled.connect(self._share_scale)
        self.open = QPushButton("Open picture…")
        self.open.setProperty("variant", "quiet")
        self.open.setProperty("size", "small")
        self.open.setToolTip("A file of your own; it can also be dropped here")
        self.open.clicked.connect(self._open_file)
        self._lay_out()
        self.strip.sampleChosen.connect(looking.choose_sample)
        self.strip.fileDropped.connect(looking.choose_file)
        self.grid.picked.connect(lambda channel, y, x: looking.go(channel, None if y < 0 else (y, x)))
        self.single.picked.connect(lambda y, x: looking.go(looking.channel, (y, x)))
        looking.valuesChanged.connect(self._show_values)
        looking.pictureChanged.connect(self._show_picture)
        looking.samplesChanged.connect(self._show_samples)
        looking.placeChanged.connect(self._show_place)
        session.themeChanged.connect(self._dress)

    def _lay_out(self) -> None:
        def under(heading: QWidget, view: QWidget) -> QWidget:
            part = QWidget()
            column = QVBoxLayout(part)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(4)
            heading.setFixedHeight(26)
            column.addWidget(heading)
            column.addWidget(view, 1)
            return part

        top = QWidget()
        bar = QHBoxLayout(top)
        bar.setContentsMargins(0, 0, 0, 0)
        bar.setSpacing(8)
        bar.addWidget(self.caption, 1)
        bar.addWidget(self.shared)
        bar.addWidget(self.open)
        self._single_part = under(self.place, self.single)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 12, 8)
        row.setSpacing(12)
        row.addWidget(self.strip)
        self._picture_part = under(self.seen, self.picture)
        row.addWidget(self._picture_part)
        row.addWidget(self._single_part)
        row.addWidget(under(top, self.grid), 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Picture and large map are as large as the height allows; the grid gets the rest, at least half."""
        super().resizeEvent(event)
        side = max(min(self.height() - 40, (self.width() - self.strip.width()) // 4 - 12), 120)
        for part in (self._picture_part, self._single_part):
            part.setFixedWidth(side)

    # showing ---------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._looking.look(self, True)
        self._show_samples()
        self._show_picture()
        self._show_values()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._looking.look(self, False)

    def _show_samples(self) -> None:
        if self.isVisible():
            self.strip.show_samples(self._looking.samples)
            self._mark_sample()

    def _mark_sample(self) -> None:
        picture = self._looking.picture
        self.strip.mark(picture.index if picture is not None else None)

    def _show_picture(self) -> None:
        if not self.isVisible():
            return
        picture = self._looking.picture
        self.picture.show_image(picture_image(picture.pixels) if picture is not None else QImage())
        self.picture.setToolTip(picture.name if picture is not None else "")
        self._mark_sample()

    def _show_values(self) -> None:
        if not self.isVisible():
            return
        looking = self._looking
        self.grid.say(looking.hint)
        self.grid.show_values(looking.values, looking.classes)
        maps = looking.values is not None and looking.values.ndim > 1
        self._single_part.setVisible(maps)
        self.shared.setVisible(maps)
        self._show_place()

    def _show_place(self) -> None:
        if not self.isVisible():
            return
        looking = self._looking
        values = looking.values
        self.caption.say(" · ".join(part for part in (looking.caption(), looking.verdict()) if part))
        self.place.say(looking.place_text())
        self.seen.say(looking.seen_text())
        self.grid.choose(looking.channel)
        if values is None or values.ndim == 1:
            self.single.show_image(QImage())
            everything = values is not None and self.picture.has_image
            self.picture.show_box(self.picture.whole if everything else None)
            return
        self.single.show_image(self.grid.image(looking.channel))
        self.single.choose(looking.cell)
        self.picture.show_box(looking.field(), looking.reach())

    def _share_scale(self, shared: bool) -> None:
        self.grid.share_scale(shared)
        self._show_place()

    def _dress(self) -> None:
        for view in (self.strip, self.picture, self.single, self.grid):
            view.set_theme(self._session.theme)

    # a person's own picture ------------------------------------------------------------------------------

    def _open_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a picture", "", _PICTURES)
        if path:
            self._looking.choose_file(path)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_file(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = dropped_file(event)
        if path is not None:
            event.acceptProposedAction()
            self._looking.choose_file(path)
