"""Things with a rectangle each, found by key, or by place with one numpy comparison over all of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Table(Generic[K, V]):
    """Rows of a key, a value and a box (x, y, width, height); a row's number changes when another is removed."""

    def __init__(self) -> None:
        self.keys: list[K] = []
        self.values: list[V] = []
        self.rows: dict[K, int] = {}
        self._boxes = np.empty((64, 4))

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
        return self._boxes[: len(self.keys)]

    def put(self, key: K, value: V, box: tuple[float, float, float, float]) -> None:
        """Add a row, or change the one of this key."""
        row = self.rows.get(key)
        if row is None:
            row = len(self.keys)
            if row == len(self._boxes):
                self._boxes = np.concatenate([self._boxes, np.empty_like(self._boxes)])
            self.keys.append(key)
            self.values.append(value)
            self.rows[key] = row
        self.values[row] = value
        self._boxes[row] = box

    def remove(self, key: K) -> None:
        """Take a row away; the last row moves to its place."""
        row = self.rows.pop(key)
        last = len(self.keys) - 1
        if row != last:
            self.keys[row], self.values[row] = self.keys[last], self.values[last]
            self._boxes[row] = self._boxes[last]
            self.rows[self.keys[row]] = row
        self.keys.pop()
        self.values.pop()

    def within(self, rect: QRectF, margin: float = 0.0) -> list[int]:
        """Numbers of the rows whose boxes meet a rectangle."""
        boxes = self.boxes
        hit = (boxes[:, 0] <= rect.right() + margin) & (boxes[:, 0] + boxes[:, 2] >= rect.left() - margin)
        hit &= (boxes[:, 1] <= rect.bottom() + margin) & (boxes[:, 1] + boxes[:, 3] >= rect.top() - margin)
        return np.flatnonzero(hit).tolist()  # type: ignore[no-any-return]

    def at(self, x: float, y: float, margin: float = 0.0) -> list[int]:
        """Numbers of the rows whose boxes, grown by a margin, hold a point."""
        return self.within(QRectF(x, y, 0, 0), margin)

    def bounds(self) -> QRectF:
        """The rectangle round everything; empty where there is nothing."""
        boxes = self.boxes
        if not len(boxes):
            return QRectF()
        left, top = boxes[:, 0].min(), boxes[:, 1].min()
        right, bottom = (boxes[:, 0] + boxes[:, 2]).max(), (boxes[:, 1] + boxes[:, 3]).max()
        return QRectF(float(left), float(top), float(right - left), float(bottom - top))
