"""Batches by index against a DataLoader with per-sample transforms, on the same pictures with the same result.

    python -m benchmarks.data [SOURCE] [--input C,H,W] [--batch N] [--seconds S] [--threads T] [--stream]

Each contender prepares random batches for some seconds, in turns; medians of the turns are compared. With --stream
pictures are read from their files in every epoch, by as many processes on either side: SOURCE is a folder of class
folders, or ``made`` for one of 600 JPEG files of 500×375 that is drawn for the occasion.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch.utils.data import DataLoader, Dataset

from builder.errors import Problem
from runtime.data import Data, inputs, load_data
from runtime.data.streaming import Streamed
from runtime.machine import usable_cores


class PerSample(Dataset[tuple[torch.Tensor, int]]):
    """What a training script usually does: a picture, resized, to a tensor, normalised."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self.indices = data.splits["train"]
        self.mean = torch.tensor(data.mean).view(-1, 1, 1)
        self.std = torch.tensor(data.std).view(-1, 1, 1)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, item: int) -> tuple[torch.Tensor, int]:
        index = int(self.indices[item])
        height, width = self.data.fit.size
        if isinstance(self.data.inputs, Streamed):
            image = Image.open(self.data.inputs.files.paths[index]).convert("RGB")
            image = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
        else:
            image = Image.fromarray(self.data.picture(index, original=True))
        image = image.convert("L" if self.data.fit.channels == 1 else "RGB")
        image = image.resize((width, height), Image.Resampling.BILINEAR)
        pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
        x = pixels.view(height, width, self.data.fit.channels).permute(2, 0, 1).float().div(255)
        return (x - self.mean) / self.std, int(self.data.labels[index])


def by_index(data: Data, batch: int) -> Iterator[int]:
    """Pictures of each batch that ``Data.batches`` gives."""
    train = data.splits["train"]
    while True:
        order = train[torch.randperm(len(train))]
        for x, _ in data.batches(order.split(batch)):
            yield len(x)


def by_sample(data: Data, batch: int, workers: int) -> Iterator[int]:
    """Pictures of each batch that a DataLoader collates."""
    loader = DataLoader(
        PerSample(data), batch, shuffle=True, num_workers=workers, persistent_workers=workers > 0
    )
    while True:
        for x, _ in loader:
            yield len(x)


def draw(root: Path, count: int = 600) -> str:
    """A folder of two classes of pictures like photographs: smooth, of 500×375, as JPEG."""
    chance = np.random.default_rng(0)
    for number in range(count):
        folder = root / ("one", "two")[number % 2]
        folder.mkdir(exist_ok=True)
        small = Image.fromarray(chance.integers(0, 256, (25, 33, 3), np.uint8))
        small.resize((500, 375), Image.Resampling.BICUBIC).save(folder / f"{number}.jpg", quality=90)
    return str(root)


def rate(batches: Iterator[int], seconds: float) -> float:
    """Pictures a second, the first batch (start-up) left out."""
    next(batches)
    count, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        count += next(batches)
    return count / (time.perf_counter() - begin)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", nargs="?", default="digits")
    parser.add_argument("--input", default="1,28,28", help="C,H,W")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--stream", action="store_true", help="read the files in every epoch")
    parser.add_argument("--threads", type=int, default=1, help="of torch, for every contender (stock: 1)")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.stream:
        inputs.HELD_BYTES = 0
    with tempfile.TemporaryDirectory() as folder:
        if arguments.source == "made":
            arguments.source = draw(Path(folder))
        return compare(arguments)


def compare(arguments: argparse.Namespace) -> int:
    """Measure the contenders in turns and print their medians."""
    begin = time.perf_counter()
    data = load_data(arguments.source, tuple(map(int, arguments.input.split(","))))
    if isinstance(data, Problem):
        print(data.message, file=sys.stderr)
        return 1
    print(
        f"{data.title} for {arguments.input}: {len(data):,} pictures ready after {time.perf_counter() - begin:.2f} s"
    )
    contenders: dict[str, Callable[[], Iterator[int]]] = {
        "batch by index": lambda: by_index(data, arguments.batch),
        "DataLoader, 0 workers": lambda: by_sample(data, arguments.batch, 0),
        "DataLoader, 2 workers": lambda: by_sample(data, arguments.batch, 2),
    }
    if arguments.stream:
        cores = usable_cores()
        del contenders["DataLoader, 2 workers"]
        contenders[f"DataLoader, {cores} workers"] = lambda: by_sample(data, arguments.batch, cores)
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(arguments.turns):
        for name, make in contenders.items():
            rates[name].append(rate(make(), arguments.seconds))
    ours = statistics.median(rates["batch by index"])
    for name, found in rates.items():
        median = statistics.median(found)
        print(
            f"{name:22} {median:12,.0f} pictures/s {median / arguments.batch:10,.1f} batches/s   1/{ours / median:.1f}"
        )
    data.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
