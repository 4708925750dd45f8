"""Maps for the eye while a network learns: the tapped twin on a picture, between steps."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from runtime.training.batches import Batches
from runtime.training.control import Watch
from runtime.training.events import Maps
from runtime.training.tasks import Prediction, Task

log = logging.getLogger(__name__)


class Twin(Protocol):
    """The part of ``runtime.compile.Tapped`` that is used here."""

    def run(
        self,
        *inputs: Tensor,
        paths: Collection[str] | None = None,
        keep: Callable[[Tensor], Tensor] | None = None,
    ) -> dict[str, Tensor]:
        """The activations of these nodes for a batch, in eval mode, leaving the random state alone.

        With ``keep``, what that makes of each as soon as it is there.
        """


class Viewer:
    """Turns a ``Watch`` into Maps; ``output`` is the path of the node whose values the prediction is made of.

    A node that the running network does not have (it was drawn or renamed since) has no maps.
    """

    def __init__(
        self, twin: Twin, data: Batches, device: torch.device, task: Task, output: str | None
    ) -> None:
        self._twin = twin
        self._data = data
        self._device = device
        self._task = task
        self._output = output
        self._failed: Watch | None = None

    def __call__(self, watch: Watch, step: int) -> Iterator[Maps]:
        """The maps of the watched nodes, each with the network's prediction for the picture."""
        try:
            x = self._picture(watch.picture)
            asked = [*watch.paths, *([self._output] if self._output is not None else [])]
            found = self._twin.run(x, paths=asked)
        except Exception as error:  # noqa: BLE001 -- looking on must never end a training
            if self._failed is not watch:
                self._failed = watch
                log.warning("cannot show %s: %s", ", ".join(watch.paths), error)
            return
        said = Prediction()
        if self._output is not None and self._output in found:
            said = self._task.prediction(found[self._output])
        for path in watch.paths:
            if path in found:
                values = _array(found[path][0])
                yield Maps(path, step, values, said.values, said.mask, watch.number)

    def _picture(self, picture: object) -> Tensor:
        if isinstance(picture, int | np.integer):
            return self._data.batch(torch.tensor([int(picture)]), self._device)[0]
        if isinstance(picture, np.ndarray):
            picture = torch.from_numpy(np.ascontiguousarray(picture, dtype=np.float32))
        if not isinstance(picture, Tensor):
            raise TypeError(f"a picture is an index, a tensor or an array, not {type(picture).__name__}")
        return picture.to(self._device, torch.float32)


def _array(values: Tensor) -> np.ndarray:
    """An array of its own: the next step may overwrite what the twin gave out."""
    return np.array(values.detach().to("cpu", torch.float32).numpy(), copy=True)
