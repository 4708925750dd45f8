"""Things with a rectangle each, found by key, or by place.

Many are compared in one go by numpy. A few are not worth it: the window opens before numpy is loaded.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

from PySide6.QtCore import QRectF

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

#: Up to so many rows a loop is as quick as numpy.
FEW = 64


class Table(Generic[K, V]):
    """Rows of a key, a value and a box (x, y, width, height); a row's number changes when another is removed."""

    def __init__(self) -> None:
        self.keys: list[K] = []
        self.values: list[V] = []
        self.rows: dict[K, int] = {}
        #: Four numbers a row, with room for more rows than there are.
        self._boxes = array("d", [0.0] * 4 * FEW)

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, key: object) -> bool:
        return key in self.rows

    def __iter__(self) -> Iterator[V]:
        return iter(self.values)

    def __getitem__(self, key: K) -> V:
        return self.values[self.rows[key]]

    def get(self, key: K) -> V | None:
        """The value of a key, or None."""
        row = self.rows.get(key)
        return None if row is None else self.values[row]

    @property
    def boxes(self) -> NDArray[np.float64]:
        """All boxes, one a row; a view that may be written to."""
        import numpy as np

        return np.frombuffer(self._boxes).reshape(-1, 4)[: len(self.keys)]

    def put(self, key: K, value: V, box: tuple[float, float, float, float]) -> None:
        """Add a row, or change the one of this key."""
        row = self.rows.get(key)
        if row is None:
            row = len(self.keys)
            if 4 * row == len(self._boxes):
                self._boxes = self._boxes + self._boxes  # not in place: there may be views
            self.keys.append(key)
            self.values.append(value)
            self.rows[key] = row
        self.values[row] = value
        self._boxes[4 * row : 4 * row + 4] = array("d", box)

    def remove(self, key: K) -> None:
        """Take a row away; the last row moves to its place."""
        row = self.rows.pop(key)
        last = len(self.keys) - 1
        if row != last:
            self.keys[row], self.values[row] = self.keys[last], self.values[last]
            self._boxes[4 * row : 4 * row + 4] = self._boxes[4 * last : 4 * last + 4]
            self.rows[self.keys[row]] = row
        self.keys.pop()
        self.values.pop()

    def within(self, rect: QRectF, margin: float = 0.0) -> list[int]:
        """Numbers of the rows whose boxes meet a rectangle."""
        left, right = rect.left() - margin, rect.right() + margin
        top, bottom = rect.top() - margin, rect.bottom() + margin
        if len(self) <= FEW:
            return [
                row
                for row, (x, y, width, height) in enumerate(self._listed())
                if x <= right and x + width >= left and y <= bottom and y + height >= top
            ]
        x, y, width, height = self.boxes.T
        hit = (x <= right) & (x + width >= left) & (y <= bottom) & (y + height >= top)
        return hit.nonzero()[0].tolist()  # type: ignore[no-any-return]

    def among(
        self, left: float, top: float, right: float, bottom: float
    ) -> list[tuple[float, float, float, float]]:
        """The boxes that meet a rectangle."""
        rows = self.within(QRectF(left, top, right - left, bottom - top))
        found = (self._boxes[4 * row : 4 * row + 4] for row in rows)
        return [(x, y, width, height) for x, y, width, height in found]

    def at(self, x: float, y: float, margin: float = 0.0) -> list[int]:
        """Numbers of the rows whose boxes, grown by a margin, hold a point."""
        return self.within(QRectF(x, y, 0, 0), margin)

    def bounds(self) -> QRectF:
        """The rectangle round everything; empty where there is nothing."""
        if not len(self):
            return QRectF()
        if len(self) <= FEW:
            boxes = self._listed()
            left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
            right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
        else:
            x, y, width, height = self.boxes.T
            left, top = float(x.min()), float(y.min())
            right, bottom = float((x + width).max()), float((y + height).max())
        return QRectF(left, top, right - left, bottom - top)

    def _listed(self) -> list[tuple[float, float, float, float]]:
        numbers = iter(self._boxes[: 4 * len(self)])
        return list(zip(numbers, numbers, numbers, numbers, strict=True))
