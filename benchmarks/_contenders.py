"""Those that ``benchmarks.training`` compares: each trains the same module on the same tensors, whole epochs.

Every contender is a function (``Bout``) → None that marks the end of each epoch, validation included, and stops when
told so. The other frameworks get what their documentation calls fast: batches cut by index out of resident tensors,
the fused optimizer where they take PyTorch's, no logging, no progress bar and no checkpoints.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

#: Validation images at once.
VALIDATED = 512
#: A run that ends when the clock says so.
ENDLESS = 100_000


@dataclass
class Bout:
    """What one contender gets: document, data, settings, and the clock, which runs over whole epochs."""

    document: Any
    data: Any
    settings: Any
    seconds: float
    _began: float = field(default_factory=time.perf_counter)
    _epochs: list[float] = field(default_factory=list)

    def epoch_over(self) -> bool:
        """Mark it; whether there are enough. The first quarter of the time warms up."""
        now = time.perf_counter()
        if now - self._began > self.seconds / 4:
            self._epochs.append(now)
        return len(self._epochs) > 1 and now - self._began > self.seconds * 1.25

    def rate(self) -> float:
        """Training images per second."""
        images = len(self.data.splits["train"])
        return images * (len(self._epochs) - 1) / (self._epochs[-1] - self._epochs[0])

    def device(self) -> Any:
        """Where to train."""
        from runtime.training.trouble import resolve_device

        return resolve_device(self.settings.device)

    def module(self) -> Any:
        """The network, freshly drawn, on the device."""
        from runtime.compile import build

        return build(self.document).to(self.device()).train()

    def tensors(self, split: str) -> tuple[Any, Any]:
        """Normalised inputs and labels of a split, on the device."""
        inputs, labels = self.data.batch(self.data.splits[split], self.device())
        return inputs, labels

    def loaders(self) -> tuple[Any, Any]:
        """DataLoaders of both splits that cut whole batches by index."""
        from torch.utils.data import BatchSampler, DataLoader, RandomSampler, SequentialSampler, TensorDataset

        made = []
        for split, sampler, size in (
            ("train", RandomSampler, self.settings.batch),
            ("validation", SequentialSampler, VALIDATED),
        ):
            pairs = TensorDataset(*self.tensors(split))
            made.append(
                DataLoader(
                    pairs, sampler=BatchSampler(sampler(pairs), size, drop_last=False), batch_size=None
                )
            )
        return made[0], made[1]


def plain(bout: Bout) -> None:
    """The loop an expert writes."""
    for _ in plain_epochs(bout):
        if bout.epoch_over():
            break


def plain_epochs(bout: Bout) -> Iterator[None]:
    """Floats on the device, the fused optimizer, no reading of the loss; gives way after each epoch."""
    import torch
    from torch.nn import functional

    model = bout.module()
    optimizer = torch.optim.Adam(model.parameters(), lr=bout.settings.learning_rate, fused=True)
    images, labels = bout.tensors("train")
    held_out = bout.tensors("validation")
    while True:
        for chosen in torch.randperm(len(images), device=images.device).split(bout.settings.batch):
            optimizer.zero_grad(set_to_none=True)
            loss = functional.cross_entropy(
                model(images.index_select(0, chosen)),
                labels.index_select(0, chosen),
                label_smoothing=bout.settings.label_smoothing,
            )
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.inference_mode():
            right = torch.zeros((), dtype=torch.int64, device=images.device)
            for x, y in zip(*(part.split(VALIDATED) for part in held_out), strict=True):
                right += (model(x).argmax(1) == y).sum()
            right.item()
        model.train()
        yield


def ours(bout: Bout, *, watched: bool = False, tuned: bool = False) -> None:
    """``train``: in fp32 as the others, or ``tuned`` as it chooses by itself; with maps of a node ``watched``."""
    epochs = our_epochs(bout, watched=watched, tuned=tuned)
    for _ in epochs:
        if bout.epoch_over():
            break
    epochs.close()


def our_epochs(bout: Bout, *, watched: bool = False, tuned: bool = False) -> Generator[None]:
    """The same, giving way after each epoch."""
    from runtime.training.control import Control
    from runtime.training.events import Epoch
    from runtime.training.loop import train

    control = Control()
    if watched:
        first = next(node.name for node in bout.document.network if node.block not in ("input", "output"))
        control.watch(first, 0)
    plainly = {"precision": "fp32", "memory_format": "contiguous", "calibration": "never"}
    settings = bout.settings.replace(**({"calibration": "always"} if tuned else plainly))
    for event in train(bout.document, settings, bout.data, control=control):
        if isinstance(event, Epoch):
            yield


def lightning(bout: Bout) -> None:
    """PyTorch Lightning's Trainer."""
    stand_in_for_torchvision()
    import torch
    from lightning.pytorch import Callback, LightningModule, Trainer
    from torch.nn import functional

    class Module(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = bout.module()

        def training_step(self, batch: Any, _index: int) -> Any:
            smoothing = bout.settings.label_smoothing
            return functional.cross_entropy(self.network(batch[0]), batch[1], label_smoothing=smoothing)

        def validation_step(self, batch: Any, _index: int) -> Any:
            return (self.network(batch[0]).argmax(1) == batch[1]).sum()

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), lr=bout.settings.learning_rate, fused=True)

    class Clock(Callback):
        def on_train_epoch_end(self, trainer: Any, *_: Any) -> None:
            trainer.should_stop = bout.epoch_over()

    trainer = Trainer(
        max_epochs=ENDLESS,
        accelerator="gpu" if bout.device().type == "cuda" else "cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        callbacks=[Clock()],
    )
    trainer.fit(Module(), *bout.loaders())


def fastai(bout: Bout) -> None:
    """fastai's Learner."""
    stand_in_for_torchvision()
    import torch
    from fastai.basics import Callback, CancelFitException, DataLoaders, Learner
    from fastai.optimizer import OptimWrapper
    from torch.nn import CrossEntropyLoss

    class Clock(Callback):
        def after_epoch(self) -> None:
            if bout.epoch_over():
                raise CancelFitException

    learner = Learner(
        DataLoaders(*bout.loaders(), device=bout.device()),
        bout.module(),
        loss_func=CrossEntropyLoss(label_smoothing=bout.settings.label_smoothing),
        opt_func=partial(OptimWrapper, opt=torch.optim.Adam, fused=True),
        lr=bout.settings.learning_rate,
        cbs=[Clock()],
    )
    with learner.no_logging():  # and without fastai.callback.progress there is no bar
        learner.fit(ENDLESS)


def keras(bout: Bout) -> None:
    """Keras 3 on PyTorch; its own optimizer, since it takes no other. It has no sparse labels with smoothing."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras as k

    class Clock(k.callbacks.Callback):
        def on_epoch_end(self, *_: Any) -> None:
            self.model.stop_training = bout.epoch_over()

    network = k.Sequential([k.Input(bout.data.input_shape), k.layers.TorchModuleWrapper(bout.module())])
    network.compile(
        optimizer=k.optimizers.Adam(bout.settings.learning_rate),
        loss=k.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    training, validation = bout.loaders()
    network.fit(training, validation_data=validation, epochs=ENDLESS, verbose=0, callbacks=[Clock()])


def skorch(bout: Bout) -> None:
    """skorch's NeuralNet, without the accuracy that its classifier counts."""
    import torch
    from skorch import NeuralNet
    from skorch.callbacks import Callback
    from skorch.helper import predefined_split
    from torch.nn import CrossEntropyLoss
    from torch.utils.data import TensorDataset

    class Clock(Callback):
        def on_epoch_end(self, *_: Any, **__: Any) -> None:
            if bout.epoch_over():
                raise KeyboardInterrupt  # how skorch's fit is ended from within

    net = NeuralNet(
        bout.module(),
        CrossEntropyLoss,
        criterion__label_smoothing=bout.settings.label_smoothing,
        optimizer=torch.optim.Adam,
        optimizer__fused=True,
        lr=bout.settings.learning_rate,
        batch_size=bout.settings.batch,
        max_epochs=ENDLESS,
        iterator_train=_Indexed,
        iterator_train__shuffle=True,
        iterator_valid=_Indexed,
        train_split=predefined_split(TensorDataset(*bout.tensors("validation"))),
        callbacks=[Clock()],
        callbacks__print_log=None,
        device=str(bout.device()),
    )
    net.fit(TensorDataset(*bout.tensors("train")), None)


class _Indexed:
    """Batches of a TensorDataset cut by index, for those who make their loader themselves."""

    def __init__(self, dataset: Any, batch_size: int, shuffle: bool = False) -> None:
        self._tensors, self._size, self._shuffle = dataset.tensors, batch_size, shuffle

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        import torch

        count, device = len(self._tensors[0]), self._tensors[0].device
        order = torch.randperm(count, device=device) if self._shuffle else torch.arange(count, device=device)
        for chosen in order.split(self._size):
            yield tuple(tensor.index_select(0, chosen) for tensor in self._tensors)


def stand_in_for_torchvision() -> None:
    """Beside a CPU build of PyTorch, torchvision's wheel misses two operators, and its import fails without."""
    import torch

    if not hasattr(torch.ops.torchvision, "nms"):
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        globals()["_library"] = library


#: By name; those after ``tuned`` are other packages, and left out where they are not installed.
CONTENDERS: dict[str, Callable[[Bout], None]] = {
    "plain": plain,
    "train": ours,
    "watched": partial(ours, watched=True),
    "tuned": partial(ours, tuned=True),
    "lightning": lightning,
    "fastai": fastai,
    "keras": keras,
    "skorch": skorch,
}
