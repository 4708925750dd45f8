"""Training with augmentation: batches on the device against a DataLoader with torchvision's transforms per sample.

    python -m benchmarks.augmentation [--network lenet5] [--data digits] [--batch 64] [--rounds 5] [--seconds 6]

Both move by up to an eighth (a crop out of the padded picture) and mirror, with ``--rich`` they cut, turn and change
brightness and contrast too; all train the same network with the fused optimizer and validate after each epoch, in fp32
but for ``tuned``, which is ``train`` as its calibration chooses.
The other loop is that of PyTorch's tutorials: PIL images, transforms for each, ``ToTensor``, ``Normalize``, batches
collated by the loader, in this process or by two others. Contenders take turns in processes of their own, whole epochs
are timed, medians compared. torchvision must be installed.

With ``--folder`` the pictures lie in class folders, as PNG files at the network's size, and the other loop opens each
when its turn comes, as ImageFolder does; else it has them decoded in memory.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks._contenders import VALIDATED, Bout, ours, stand_in_for_torchvision

#: The two loops of ours, and how many processes load for the other one.
CONTENDERS = {"train": None, "train, tuned": None, "DataLoader": 0, "DataLoader, 2 workers": 2}
PLAIN = {"shift": 0.125, "border": "black", "flip": "horizontal"}
RICH = {**PLAIN, "crop": 0.5, "rotate": 10.0, "brightness": 0.3, "contrast": 0.3}


def main() -> None:
    """Compare the contenders, or be one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", default="lenet5", help="a document, or the name of an architecture")
    parser.add_argument("--data", default="digits")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--rich", action="store_true", help="crops, turns and colours too")
    parser.add_argument("--folder", action="store_true", help="pictures in class folders")
    parser.add_argument("--written", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        print(json.dumps(measure(arguments)))
    else:
        compare(arguments)


def compare(arguments: argparse.Namespace) -> None:
    """Interleave the contenders and print medians and ratios."""
    with tempfile.TemporaryDirectory() as folder:
        more = []
        if arguments.folder:
            write_pictures(arguments, Path(folder))
            more = ["--written", folder]
        rates = measured(arguments, more)
    kind = " in class folders" if arguments.folder else ""
    print(
        f"{arguments.network} on {arguments.data}{kind}, batch {arguments.batch}, {arguments.rounds} rounds"
    )
    medians = {name: statistics.median(values) for name, values in rates.items()}
    for name, median in medians.items():
        spread = f"{min(rates[name]):,.0f} to {max(rates[name]):,.0f}"
        print(f"{name:24}{median:10,.0f} images/s ({spread})  train is {medians['train'] / median:.1f} ×")


def measured(arguments: argparse.Namespace, more: list[str]) -> dict[str, list[float]]:
    """Images per second of each contender in each round."""
    rates: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for number in range(arguments.rounds):
        # Turn the order about, so that nobody always runs on the warmer machine.
        for name in CONTENDERS if number % 2 == 0 else reversed(CONTENDERS):
            options = [*sys.argv[1:], *more, "--contender", name]
            command = [sys.executable, "-m", "benchmarks.augmentation", *options]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(done.stderr)
            rates[name].append(json.loads(done.stdout.splitlines()[-1]))
    return rates


def drawn(arguments: argparse.Namespace) -> tuple[Any, Any]:
    """The network and the shape of its input."""
    from builder.architectures import open_document
    from runtime.training.loop import input_shape

    document = open_document(arguments.network)
    assert not isinstance(document, list), document
    shape = input_shape(document)
    assert isinstance(shape, tuple), shape
    return document, shape


def write_pictures(arguments: argparse.Namespace, folder: Path) -> None:
    """The set's pictures at the network's size, a PNG file each, in a folder for each class."""
    from PIL import Image

    from runtime.data import load_data

    data = load_data(arguments.data, drawn(arguments)[1])
    for number, label in enumerate(data.labels.tolist()):
        place = folder / data.classes[label]
        place.mkdir(exist_ok=True)
        Image.fromarray(data.picture(number)).save(place / f"{number:06}.png")


def measure(arguments: argparse.Namespace) -> float:
    """Images per second of one contender, after a warm-up of a quarter of the time."""
    from runtime.data import load_data
    from runtime.training.settings import Settings

    document, shape = drawn(arguments)
    settings = Settings(
        batch=arguments.batch,
        epochs=100_000,
        label_smoothing=0.0,
        device=arguments.device,
        schedule="constant",
        **(RICH if arguments.rich else PLAIN),
    )
    data = load_data(str(arguments.written or arguments.data), shape)
    bout = Bout(document, data, settings, arguments.seconds)
    workers = CONTENDERS[arguments.contender]
    if workers is None:
        ours(bout, tuned=arguments.contender == "train, tuned")
    else:
        by_sample(bout, workers, arguments.written)
    return bout.rate()


def by_sample(bout: Bout, workers: int, folder: Path | None) -> None:
    """The loop of PyTorch's tutorials; pictures are opened out of class folders where these are given."""
    import torch
    from torch.nn import functional
    from torch.utils.data import DataLoader

    model, device = bout.module(), bout.device()
    optimizer = torch.optim.Adam(model.parameters(), lr=bout.settings.learning_rate, fused=True)
    pinned = device.type == "cuda"
    train, held_out = (
        DataLoader(
            _samples(bout, split, folder),
            bout.settings.batch if split == "train" else VALIDATED,
            shuffle=split == "train",
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=pinned,
        )
        for split in ("train", "validation")
    )
    over = False
    while not over:
        for images, labels in train:
            images, labels = images.to(device, non_blocking=True), labels.to(device, non_blocking=True)
            optimizer.zero_grad(set_to_none=True)
            functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
        model.eval()
        with torch.inference_mode():
            right = torch.zeros((), dtype=torch.int64, device=device)
            for images, labels in held_out:
                right += (model(images.to(device)).argmax(1) == labels.to(device)).sum()
            right.item()
        model.train()
        over = bout.epoch_over()


def _samples(bout: Bout, split: str, folder: Path | None) -> Any:
    """A dataset of PIL images at the network's size, with the transforms of its split."""
    stand_in_for_torchvision()
    from PIL import Image
    from torch.utils.data import Dataset
    from torchvision import transforms

    data, settings = bout.data, bout.settings
    height, width = data.fit.size
    steps: list[Any] = []
    if split == "train":
        if settings.crop < 1:
            steps.append(transforms.RandomResizedCrop((height, width), scale=(settings.crop, 1.0)))
        if settings.rotate:
            steps.append(transforms.RandomRotation(settings.rotate, transforms.InterpolationMode.BILINEAR))
        steps.append(transforms.RandomHorizontalFlip())
        pads = [round(settings.shift * width), round(settings.shift * height)]
        steps.append(transforms.RandomCrop((height, width), padding=pads))
        if settings.brightness:
            steps.append(transforms.ColorJitter(settings.brightness, settings.contrast))
    steps += [transforms.ToTensor(), transforms.Normalize(data.mean, data.std)]
    transform = transforms.Compose(steps)
    indices = data.splits[split].tolist()
    labels = [int(data.labels[index]) for index in indices]
    if folder is None:
        pictures: list[Any] = [Image.fromarray(data.picture(index)) for index in indices]
    else:
        files = sorted(folder.rglob("*.png"))
        pictures = [files[index] for index in indices]

    def opened(picture: Any) -> Any:
        if isinstance(picture, Image.Image):
            return picture
        with Image.open(picture) as file:
            return file.convert("L" if data.fit.channels == 1 else "RGB")

    class Samples(Dataset[tuple[Any, int]]):
        def __len__(self) -> int:
            return len(pictures)

        def __getitem__(self, item: int) -> tuple[Any, int]:
            return transform(opened(pictures[item])), labels[item]

    return Samples()


if __name__ == "__main__":
    main()
