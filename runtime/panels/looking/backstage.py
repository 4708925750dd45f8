"""What the window computes behind itself with data and weights; lives in one worker thread, knows no Qt.

Everything comes back as numpy arrays, so that the window never holds a tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from builder.document import Document
from builder.errors import Problem
from builder.shapes import TensorShape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from runtime.compile import Tapped
    from runtime.data import Data
    from runtime.training.tasks import Prediction

#: Pictures in the strip to choose from.
STRIP = 60


@dataclass(frozen=True, slots=True)
class DataWish:
    """Which data, prepared for which input."""

    source: str
    input_shape: TensorShape


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture of the test split, small: its index in the data, its pixels as they are stored, what it is.

    ``label`` is its class where it has one; ``said`` its class or its values in words, empty where it has a mask.
    """

    index: int
    pixels: NDArray[np.uint8]
    label: int | None
    said: str


@dataclass(frozen=True, slots=True)
class Samples:
    """What can be chosen from: some pictures of every class, and what the data is.

    ``task`` says what is learnt of it: ``classes`` of pictures or of pixels, or values, named ``targets``.
    """

    wish: DataWish
    title: str
    description: str
    count: int
    classes: tuple[str, ...]
    samples: tuple[Sample, ...]
    task: str = "classification"
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The picture that is looked at: pixels as the network gets them, and ``x`` (1, *input), normalised.

    ``index`` and ``label`` are None for a person's own picture, and ``said`` is empty: what it is nobody has told.
    """

    wish: DataWish
    name: str
    pixels: NDArray[np.uint8]
    x: NDArray[np.float32]
    index: int | None = None
    label: int | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Weights:
    """Which weights to look with: a run's file, or None for fresh ones of this seed; and what they are called."""

    file: Path | None
    name: str
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What a node makes of a picture, by which weights, and what the network says of the picture (see ``Maps``)."""

    path: str
    values: NDArray[np.float32]
    prediction: tuple[float, ...]
    weights: str
    mask: NDArray[np.uint8] | None = None


class Backstage:
    """Keeps the data and the module of the last wish, because the next one is mostly about the same."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._data: tuple[DataWish, Data] | None = None
        self._module: tuple[tuple[Document, int, Weights], Tapped, str, str | None] | None = None

    def data(self, wish: DataWish) -> Data | Problem:
        """The data of a wish; also for other threads, which wait while it is loaded."""
        with self._lock:
            if self._data is not None and self._data[0] == wish:
                return self._data[1]
            from runtime.data import load_data

            found = load_data(wish.source, wish.input_shape)
            if not isinstance(found, Problem):
                self._data = (wish, found)
            return found

    def samples(self, wish: DataWish) -> Samples | Problem:
        """Pictures of the test split, the classes in turn."""
        data = self.data(wish)
        if isinstance(data, Problem):
            return data
        test = data.splits["test"].cpu().numpy()
        if data.task == "classification":
            test = test[in_turn(data.labels[data.splits["test"]].cpu().numpy(), STRIP)]
        samples = tuple(self.sample(data, index) for index in map(int, test[:STRIP]))
        return Samples(
            wish, data.title, data.description, len(data), data.classes, samples, data.task, data.targets
        )

    @staticmethod
    def sample(data: Data, index: int) -> Sample:
        """A sample of the data, small."""
        return Sample(index, data.picture(index, original=True), *_named(data, index))

    def picture(self, wish: DataWish, choice: int | Path) -> Picture | Problem:
        """A picture of the data by index, or a file, as the network gets it."""
        data = self.data(wish)
        if isinstance(data, Problem):
            return data
        if isinstance(choice, int):
            if not 0 <= choice < len(data):
                return Problem("picture", "A sample is chosen from the data", f"there is no number {choice}")
            x = data.batch([choice])[0]
            return Picture(
                wish, f"no. {choice}", data.to_picture(x), _array(x), choice, *_named(data, choice)
            )
        prepared = data.prepare_picture(choice)
        if isinstance(prepared, Problem):
            return prepared
        return Picture(wish, choice.name, data.to_picture(prepared), _array(prepared))

    def view(self, document: Document, weights: Weights, path: str, picture: Picture) -> View | Problem:
        """What a node makes of a picture; ``document`` is this thread's own copy.

        Weights that do not fit the network as it is drawn now are replaced by fresh ones, which is said.
        """
        import torch

        module = self._twin(document, weights)
        if isinstance(module, Problem):
            return module
        _, twin, name, output = module
        wanted = [path] if output is None else [path, output]
        found = twin.run(torch.from_numpy(picture.x), paths=wanted)
        if path not in found:
            return Problem(
                "no-maps", "Maps are shown of nodes that bring something out", f"'{path}' brings nothing"
            )
        said = self._said(document, picture.wish, found.get(output) if output is not None else None)
        return View(path, _array(found[path][0]), said.values, name, said.mask)

    def _said(self, document: Document, wish: DataWish, answer: Tensor | None) -> Prediction:
        """What the network's answer means, for the data that it is shown."""
        from runtime.training.tasks import Prediction, task_of

        data = self.data(wish)
        if answer is None or isinstance(data, Problem):
            return Prediction()
        return task_of(document, data).prediction(answer)

    def _twin(self, document: Document, weights: Weights) -> Any:
        key = (document, document.revision, weights)
        if self._module is not None and self._module[0] == key:
            return self._module
        from runtime.compile import Tapped
        from runtime.training.loop import output_path

        made = self.model(document, weights)
        if isinstance(made, Problem):
            return made
        model, name = made
        twin = Tapped(document, model)
        self._module = (key, twin, name, output_path(document))
        return self._module

    @staticmethod
    def model(document: Document, weights: Weights) -> tuple[nn.Module, str] | Problem:
        """The network with these weights, on the CPU, and what it has in fact: fresh ones where they do not fit."""
        from builder.analysis import analyze
        from runtime.compile import build
        from runtime.training.randomness import seed_of, seeded
        from runtime.weights import load_into, read_weights

        for problem in analyze(document).problems:
            if problem.is_error:
                return problem
        with seeded(seed_of(weights.seed, "initial weights")):
            model = build(document)
        name = weights.name
        if weights.file is not None:
            stored = read_weights(weights.file)
            if isinstance(stored, Problem) or load_into(model, stored) is not None:
                name = "fresh weights: the network has changed since it was trained"
        return model, name


def find_device() -> str:
    """What the device ``auto`` comes to here."""
    from runtime.training.trouble import resolve_device

    return str(resolve_device("auto"))


def in_turn(labels: Sequence[int] | NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """Positions of up to ``count`` labels, class after class in turn: 0, 1, 2, …, 0, 1, 2, …"""
    import numpy as np

    labels = np.asarray(labels)
    order = np.argsort(labels, kind="stable")
    _, first = np.unique(labels[order], return_index=True)
    rank = np.arange(len(labels)) - np.repeat(first, np.diff([*first, len(labels)]))
    return order[np.lexsort((labels[order], rank))][:count]


def _named(data: Data, index: int) -> tuple[int | None, str]:
    """The class of a sample, and what it is in words."""
    from runtime.data.words import label_of

    label = int(data.labels[index]) if data.task == "classification" else None
    return label, label_of(data, index) or ""


def _array(x: Any) -> NDArray[np.float32]:
    import numpy as np

    return np.array(x.detach().float().cpu().numpy(), copy=True)
