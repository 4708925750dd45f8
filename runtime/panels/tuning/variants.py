"""How the settings vary a sample, in small pictures under them that follow as one types."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QHideEvent, QImage, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from builder.errors import Problem
from builder.widgets.guarding import guarded
from builder.widgets.session import Session
from builder.widgets.theme import Theme
from builder.widgets.worker import Worker
from runtime.panels.looking.looking import Looking
from runtime.panels.parts import small_button
from runtime.panels.tuning.varying import Variants, variants, varies
from runtime.training.settings import DECLARATIONS, Settings

#: Pictures in a row, rows of them, and pixels between two.
_COLUMNS, _ROWS, _GAP = 4, 2, 4

_NOTHING = "Nothing varies the samples: each epoch sees them as they are."
_WAITING = "A sample is shown here as training sees it once the data is loaded."
_SHOWN = "A sample as it is (framed), and as training sees it."


class Mosaic(QWidget):
    """Pictures with sharp pixels in rows; the first one has a frame."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.images: tuple[QImage, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_images(self, images: Sequence[QImage]) -> None:
        """Show these."""
        self.images = tuple(images)
        self._fit()
        self.update()

    def sizeHint(self) -> QSize:
        rows = -(-len(self.images) // _COLUMNS)
        return QSize(200, max(round(rows * (self._tile()[1] + _GAP)) - _GAP, 0))

    def _tile(self) -> tuple[float, float]:
        """Width and height of a picture: no higher than wide, and of long sequences not too low to be seen."""
        width = (self.width() - (_COLUMNS - 1) * _GAP) / _COLUMNS
        if not self.images:
            return width, width
        shape = self.images[0].size()
        return width, width * min(max(shape.height() / shape.width(), 0.25), 1.0)

    def _fit(self) -> None:
        self.setFixedHeight(self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        width, height = self._tile()
        for number, image in enumerate(self.images):
            row, column = divmod(number, _COLUMNS)
            place = QRectF(column * (width + _GAP), row * (height + _GAP), width, height)
            painter.drawImage(place, image)
            if number == 0:
                painter.setPen(QPen(self.theme.color("accent"), 2))
                painter.drawRect(place.adjusted(1, 1, -1, -1))


class VariantsView(QWidget):
    """The picture that is looked at, varied as the document's settings say; computed behind the window while seen."""

    def __init__(
        self, session: Session, looking: Looking, worker: Worker, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._looking, self._worker = session, looking, worker
        self._epoch = 1
        self.setAccessibleName("Augmented samples")
        self.said = QLabel(_WAITING)
        self.said.setProperty("role", "caption")
        self.said.setWordWrap(True)
        self.mosaic = Mosaic(session.theme)
        self.again = small_button("Draw again", "Other variants, as in the next epoch", self._next)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.said, 1)
        row.addWidget(self.again, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.mosaic)
        session.historyChanged.connect(self.refresh)
        session.documentReplaced.connect(self.refresh)
        session.runStateChanged.connect(self._attend)
        session.themeChanged.connect(self._dress)
        looking.pictureChanged.connect(self.refresh)
        self._show((), _WAITING)

    def refresh(self) -> None:
        """Vary anew, if anybody can see it."""
        if not self.isVisible():
            return
        given = self._session.document.training
        sound = {
            name: value
            for name, value in given.items()
            if name in DECLARATIONS and DECLARATIONS[name].check(value) is None
        }
        settings, picture = Settings(**sound), self._looking.picture
        if not varies(settings):
            self._worker.drop("variants")
            self._show((), _NOTHING)
        elif picture is None:
            self._show((), _WAITING)
        else:
            stage, epoch, count = self._looking.backstage, self._epoch, _COLUMNS * _ROWS - 1
            self._worker.submit(
                "variants", lambda: variants(stage, picture, settings, count, epoch), self._take
            )

    def _next(self) -> None:
        self._epoch += 1
        self.refresh()

    def _take(self, answer: Variants | Problem) -> None:
        if isinstance(answer, Problem):
            self._show((), answer.message)
            return
        from runtime.panels.imagery import picture_image

        pictures = (answer.original, *answer.varied)
        self._show([picture_image(pixels) for pixels in pictures], answer.remark or _SHOWN)

    def _show(self, images: Sequence[QImage], said: str) -> None:
        self.mosaic.show_images(images)
        self.mosaic.setVisible(bool(images))
        self.again.setVisible(bool(images))
        self.said.setText(said)
        self.setAccessibleDescription(said)

    def _attend(self) -> None:
        """Have the data loaded while this is seen; not for a run, of which maps would be made for nobody."""
        self._looking.look(self, self.isVisible() and self._session.run_state == "idle")

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._attend()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._attend()

    def _dress(self) -> None:
        self.mosaic.theme = self._session.theme
        self.mosaic.update()
