"""Images per second of ``train`` against a plain PyTorch loop: same network, data, batch and optimizer.

    python -m benchmarks.training [--network lenet5] [--data digits] [--batch 64] [--rounds 5] [--seconds 6]

The plain loop is what an expert writes: floats resident on the device and normalised once, batches cut by index
from a permutation, the fused optimizer, gradients set to None, no reading of the loss before the epoch is over, and
the validation split in large batches without gradients after each epoch. It counts no accuracy in training and
keeps no best weights, which ``train`` does. The clock runs over whole epochs, so that nothing ``train`` does between
steps is left out. Contenders take turns in processes of their own, since thread pools of one process would disturb
each other; medians are compared. ``watched`` is ``train`` with the maps of one node looked at all the time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

CONTENDERS = ("plain", "train", "watched")
#: Validation images at once.
VALIDATED = 512


def main() -> None:
    """Run the rounds, or one contender in a process of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", default="lenet5")
    parser.add_argument("--data", default="digits")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        print(json.dumps(measure(arguments)))
    else:
        compare(arguments)


def compare(arguments: argparse.Namespace) -> None:
    """Interleave the contenders and print medians and ratios."""
    rates: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for number in range(arguments.rounds):
        # Turn the order about, so that nobody always runs on the warmer machine.
        for name in CONTENDERS if number % 2 == 0 else reversed(CONTENDERS):
            command = [sys.executable, "-m", "benchmarks.training", *sys.argv[1:], "--contender", name]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            rates[name].append(json.loads(done.stdout.splitlines()[-1]))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    print(f"{arguments.network} on {arguments.data}, batch {arguments.batch}, {arguments.rounds} rounds")
    for name, values in rates.items():
        spread = f"{min(values):,.0f} to {max(values):,.0f}"
        ratio = medians[name] / medians["plain"]
        print(f"{name:8} {medians[name]:10,.0f} images/s ({spread})  {ratio:.3f} of plain")


def measure(arguments: argparse.Namespace) -> float:
    """Images per second of one contender, after a warm-up of a quarter of the time."""
    from builder.architectures import open_document
    from runtime.data import load_data
    from runtime.training.loop import input_shape
    from runtime.training.settings import Settings

    document = open_document(arguments.network)
    assert not isinstance(document, list), document
    shape = input_shape(document)
    assert isinstance(shape, tuple), shape
    data = load_data(arguments.data, shape)
    settings = Settings(
        batch=arguments.batch, epochs=100_000, shift=0.0, device=arguments.device, schedule="constant"
    )
    if arguments.contender == "plain":
        return plain(document, data, settings, arguments.seconds)
    return ours(document, data, settings, arguments.seconds, watched=arguments.contender == "watched")


def ours(document, data, settings, seconds: float, *, watched: bool) -> float:
    """``train`` from the end of one epoch to the end of another."""
    from runtime.training.control import Control
    from runtime.training.events import Epoch
    from runtime.training.loop import train

    control = Control()
    if watched:
        first = next(node.name for node in document.network if node.block not in ("input", "output"))
        control.watch(first, 0)
    epochs = []
    began = time.perf_counter()
    for event in train(document, settings, data, control=control):
        now = time.perf_counter()
        if isinstance(event, Epoch) and now - began > seconds / 4:
            epochs.append(now)
        if len(epochs) > 1 and now - began > seconds * 1.25:
            control.stop(at_once=True)
    return len(data.splits["train"]) * (len(epochs) - 1) / (epochs[-1] - epochs[0])


def plain(document, data, settings, seconds: float) -> float:
    """The loop an expert writes."""
    import torch
    from torch.nn import functional

    from runtime.compile import build
    from runtime.training.trouble import resolve_device

    device = resolve_device(settings.device)
    model = build(document).to(device).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.learning_rate, fused=True)
    images, labels = data.batch(data.splits["train"], device)
    held_out = data.batch(data.splits["validation"], device)
    batch = settings.batch
    epochs = []
    began = time.perf_counter()
    while True:
        for chosen in torch.randperm(len(images), device=device).split(batch):
            optimizer.zero_grad(set_to_none=True)
            loss = functional.cross_entropy(
                model(images.index_select(0, chosen)),
                labels.index_select(0, chosen),
                label_smoothing=settings.label_smoothing,
            )
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.inference_mode():
            right = torch.zeros((), dtype=torch.int64, device=device)
            for x, y in zip(*(part.split(VALIDATED) for part in held_out), strict=True):
                right += (model(x).argmax(1) == y).sum()
            right.item()
        model.train()
        now = time.perf_counter()
        if now - began > seconds / 4:
            epochs.append(now)
        if len(epochs) > 1 and now - began > seconds * 1.25:
            return len(images) * (len(epochs) - 1) / (epochs[-1] - epochs[0])


if __name__ == "__main__":
    main()
