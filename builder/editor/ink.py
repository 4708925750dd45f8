"""What the canvas is painted with: the theme as pens, brushes and fonts."""

from __future__ import annotations

from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPen

from builder.geometry import PORT_NAME_GROUND
from builder.widgets.theme import NAME, SEMIBOLD, SMALL, TINY, Theme, font


class Ink:
    """The theme as pens, brushes and fonts."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        color = theme.color
        self.wire = QPen(color("wire"), 2)
        self.wire_selected = QPen(color("accent"), 2)
        self.wire_culprit = QPen(color("error"), 2)
        self.far_wire, self.far_culprit = QPen(color("wire"), 0), QPen(color("error"), 0)
        self.body = QBrush(color("raised" if theme.is_dark else "panel"))
        self.canvas = QBrush(color("canvas"))
        self.hairline, self.border = QPen(color("hairline"), 1), QPen(color("border"), 1)
        self.hover = QPen(color("wire"), 1)
        self.selected = QPen(color("accent"), 2)
        self.error = QPen(color("error"), 2)
        self.pill = QBrush(color("panel"))
        self.text, self.muted = QPen(color("text")), QPen(color("muted"))
        self.error_text = QPen(color("error"))
        self.error_fill, self.warning_fill = QBrush(color("error")), QBrush(color("warning"))
        self.badge_text = QPen(color("canvas"))
        self._fills: dict[str, QBrush] = {}
        self._pens: dict[str, QPen] = {}
        self.name_font, self.summary_font = font(NAME, SEMIBOLD), font(SMALL)
        self.port_font = font(TINY)
        self.port_metrics = QFontMetricsF(self.port_font)
        self.port_ground = QBrush(theme.color("canvas", PORT_NAME_GROUND))
        self.shape_font, self.badge_font = font(SMALL, mono=True), font(TINY, 700)
        self.name_metrics, self.summary_metrics = (
            QFontMetricsF(self.name_font),
            QFontMetricsF(self.summary_font),
        )

    def stripe(self, category: str) -> QBrush:
        """The mark of a category."""
        return self.fill(self.theme.category(category))

    def fill(self, color: str) -> QBrush:
        """A surface of a ``#rrggbb`` colour."""
        if (brush := self._fills.get(color)) is None:
            brush = self._fills[color] = QBrush(QColor(color))
        return brush

    def pen(self, color: str) -> QPen:
        """Text of a ``#rrggbb`` colour."""
        if (pen := self._pens.get(color)) is None:
            pen = self._pens[color] = QPen(QColor(color))
        return pen


def cosmetic(pen: QPen) -> QPen:
    """A pen as wide at every zoom."""
    made = QPen(pen)
    made.setCosmetic(True)
    return made
