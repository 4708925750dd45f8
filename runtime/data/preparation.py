"""What of the data a trained network goes on needing: how pictures become inputs, and the names of its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from builder.shapes import TensorShape
from runtime.data.dataset import Data


@dataclass(frozen=True, slots=True)
class Preparation:
    """How a picture becomes an input, and what the outputs mean: everything a network needs of its data.

    Pictures become ``channels`` × ``height`` × ``width``, are scaled to 0…1, lose ``mean`` and are divided by
    ``std`` (per channel), and fill ``shape``.
    """

    data: str
    classes: tuple[str, ...]
    channels: int
    height: int
    width: int
    shape: TensorShape
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def of(cls, data: Data) -> Preparation:
        """That of prepared data."""
        fit = data.fit
        return cls(
            data.title,
            data.classes,
            fit.channels,
            fit.height,
            fit.width,
            data.input_shape,
            data.mean,
            data.std,
        )

    def to_json(self) -> dict[str, Any]:
        """As a run's environment keeps it."""
        return asdict(self)

    @classmethod
    def read(cls, found: object) -> Preparation | None:
        """The inverse of ``to_json``; None for anything else."""
        names = cls.__slots__
        if not isinstance(found, Mapping) or set(found) != set(names):
            return None
        sizes = [found["channels"], found["height"], found["width"], *_items(found["shape"])]
        scales = [*_items(found["mean"]), *_items(found["std"])]
        texts = [found["data"], *_items(found["classes"])]
        sound = (
            all(isinstance(size, int) and 0 < size < 2**20 for size in sizes)
            and all(isinstance(scale, int | float) for scale in scales)
            and all(isinstance(text, str) for text in texts)
            and len(_items(found["mean"])) == len(_items(found["std"])) == found["channels"]
        )
        if not sound:
            return None
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in found.items()
        }
        return cls(**values)


def _items(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
