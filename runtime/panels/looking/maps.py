"""Feature maps of the selected node: the picture, one map large, all maps; what a pixel sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QImage, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from builder.widgets.guarding import guarded
from builder.widgets.session import Session
from runtime.panels.captions import Caption
from runtime.panels.imagery import picture_image
from runtime.panels.looking.backstage import Picture
from runtime.panels.looking.grid import MapGrid
from runtime.panels.looking.looking import Looking
from runtime.panels.looking.pixels import PixelView
from runtime.panels.looking.strip import SampleStrip, dropped_file
from runtime.panels.parts import small_button

#: The class probabilities are bars where they have this much room.
_CLASSES_HEIGHT = 130

_PICTURES = "Pictures (*.png *.jpg *.jpeg *.webp *.bmp *.gif *.tif *.tiff *.ppm *.pgm)"


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
        self.classes = MapGrid(theme)
        self.classes.setAccessibleName("Class probabilities")
        self._overlaid: tuple[Picture | None, NDArray[np.uint8] | None] = (None, None)
        self._room = 0
        self.caption, self.place, self.seen, self.verdict = (
            Caption(strong=True),
            Caption(),
            Caption(),
            Caption(),
        )
        self.shared = QCheckBox("One scale")
        self.shared.setToolTip("Dark and bright mean the same numbers in all maps, not in each its own")
        self.shared.toggled.connect(self._share_scale)
        tip = "A file of your own; it can also be dropped here"
        self.open = small_button("Open picture…", tip, self._open_file, quiet=True)
        self._lay_out()
        self.strip.chosen.connect(looking.choose_sample)
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
        self._single_part = under(self.place, self.single)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 12, 8)
        row.setSpacing(12)
        pictures = QVBoxLayout()
        pictures.setSpacing(4)
        pictures.addWidget(self.strip, 1)
        pictures.addWidget(self.open)
        row.addLayout(pictures)
        self._picture_part = under(self.seen, self.picture)
        self._classes_part = under(self.verdict, self.classes)
        left = QGridLayout()
        left.setHorizontalSpacing(12)
        left.setVerticalSpacing(8)
        left.addWidget(self._picture_part, 0, 0)
        left.addWidget(self._single_part, 0, 1)
        left.addWidget(self._classes_part, 1, 0, 1, 2)
        left.setRowStretch(0, 1)
        row.addLayout(left)
        row.addWidget(under(top, self.grid), 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Picture and large map are as large as the height allows; the grid gets the rest, at least half."""
        super().resizeEvent(event)
        side = max(min(self.height() - 40, (self.width() - self.strip.width()) // 4 - 12), 120)
        for part in (self._picture_part, self._single_part):
            part.setFixedWidth(side)
        self._room = self.height() - side - 40
        self._show_classes()

    # showing ---------------------------------------------------------------------------------------------

    @guarded
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
            self.strip.offer(self._looking.samples)
            self._mark_sample()

    def _mark_sample(self) -> None:
        picture = self._looking.picture
        self.strip.mark(picture.index if picture is not None else None)

    def _show_picture(self) -> None:
        if not self.isVisible():
            return
        picture = self._looking.picture
        self._show_mask()
        self.picture.setToolTip(picture.name if picture is not None else "")
        self._mark_sample()
        self._say_seen()

    def _show_mask(self) -> None:
        """The picture, with what the network sees where in it laid over."""
        picture, mask = self._looking.picture, self._looking.mask
        if self._overlaid[0] is picture and self._overlaid[1] is mask:
            return
        self._overlaid = (picture, mask)
        if picture is None:
            self.picture.show_image(QImage())
        elif mask is None:
            self.picture.show_image(picture_image(picture.pixels))
        else:
            from runtime.inspection.masks import boundaries, fitted, tinted

            mask = fitted(mask, picture.pixels.shape[:2])
            colours = tinted(picture.pixels, mask, len(self._looking.prediction))
            self.picture.show_image(picture_image(colours), boundaries(mask))

    def _show_values(self) -> None:
        if not self.isVisible():
            return
        looking = self._looking
        self._show_mask()
        self.grid.say(looking.hint)
        self.grid.show_values(looking.values, looking.names, shares=looking.shares)
        maps = looking.values is not None and looking.values.ndim > 1
        self._single_part.setVisible(maps)
        self.shared.setVisible(maps)
        self._show_place()

    def _show_place(self) -> None:
        if not self.isVisible():
            return
        looking = self._looking
        values = looking.values
        self._show_classes()
        place = looking.place_text()
        self.place.say(place, " · ".join(place.split(" · ")[::2]), place.rpartition(" · ")[2])
        self._say_seen()
        self.grid.choose(looking.channel)
        if values is None or values.ndim == 1:
            self.single.show_image(QImage())
            everything = values is not None and self.picture.has_image
            self.picture.show_box(self.picture.whole if everything else None)
            return
        self.single.show_image(self.grid.image(looking.channel))
        self.single.choose(looking.cell)
        self.picture.show_box(looking.field(), looking.reach())

    def _say_seen(self) -> None:
        seen = self._looking.seen_text()
        self.seen.say(seen, seen.partition(":")[0])

    def _show_classes(self) -> None:
        """What the network takes the picture for: a bar for each class where there is room, else in words."""
        looking = self._looking
        named = len(looking.classes) == len(looking.prediction) > 0
        shown = named and self._room >= _CLASSES_HEIGHT
        self._classes_part.setVisible(shown)
        if shown:
            self._classes_part.setFixedHeight(min(self._room, 32 + 24 * len(looking.classes)))
            self.verdict.say(looking.verdict())
            colours = None
            if looking.mask is not None:  # the bars say which colour is which class
                from runtime.inspection.masks import class_colours

                colours = class_colours(len(looking.classes))
            self.classes.show_values(
                np.array(looking.prediction, dtype=np.float32), looking.classes, shares=True, colours=colours
            )
        words = () if shown else (looking.verdict(),)
        told = (looking.caption(), looking.caption(short=True), looking.path)
        ways = (" · ".join(part for part in (way, *words) if part) for way in told)
        self.caption.say(*ways, looking.path)

    def _share_scale(self, shared: bool) -> None:
        self.grid.share_scale(shared)
        self._show_place()

    def _dress(self) -> None:
        for view in (self.strip, self.picture, self.single, self.grid, self.classes):
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
