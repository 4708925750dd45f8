"""Seconds until a test accuracy is reached: ``train`` as it tunes itself, against the plain loop in fp32.

    python -m benchmarks.time_to_accuracy [--network FILE] [--data fashion-mnist] [--target 0.90]
                                          [--epochs 10] [--batch 128] [--seeds 3]

Both learn the same network with the same data, batch, optimizer, learning rates over the same epochs, and without
augmentation; they differ in the order of the images alone. ``train`` is left to choose precision, memory format and
threads, and the clock runs while it does. The plain loop is that of ``benchmarks.training``. Both are judged on the
test split after each epoch, within the time (the validation split is learnt from by nobody). Everything that is
imported has been imported before the clock starts. Runs take turns, each in a process of its own.

Fashion-MNIST takes minutes for each run on a small CPU; ``--epochs 2 --seeds 1 --data digits --target 0.8`` is a try.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

from benchmarks._contenders import VALIDATED
from benchmarks._networks import small_vgg

CONTENDERS = ("plain", "stock")


def main() -> None:
    """Take turns and compare, or be one run in a process of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", help="a document or an architecture (stock: a small VGG)")
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--target", type=float, default=0.90)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        print(json.dumps(run(arguments)))
    else:
        compare(arguments)


def compare(arguments: argparse.Namespace) -> None:
    """Print each run, then the ratio of the median times and the final accuracies."""
    reached: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    final: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for seed in range(arguments.seeds):
        for name in CONTENDERS if seed % 2 == 0 else reversed(CONTENDERS):
            options = [*sys.argv[1:], "--contender", name, "--seed", str(seed)]
            command = [sys.executable, "-m", "benchmarks.time_to_accuracy", *options]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            found = json.loads(done.stdout.splitlines()[-1])
            times = [seconds for seconds, accuracy in found["epochs"] if accuracy >= arguments.target]
            reached[name].append(times[0] if times else float("inf"))
            final[name].append(found["epochs"][-1][1])
            print(
                f"{name} seed {seed}: {arguments.target:.0%} after {reached[name][-1]:.1f} s, "
                f"{final[name][-1]:.2%} after {found['epochs'][-1][0]:.1f} s; {found['how']}",
                flush=True,
            )
    medians = {name: statistics.median(values) for name, values in reached.items()}
    ratios = [mine / its for mine, its in zip(reached["stock"], reached["plain"], strict=True)]
    print(
        f"time to {arguments.target:.0%}: {medians['stock']:.1f} s against {medians['plain']:.1f} s, "
        f"ratios {', '.join(f'{ratio:.2f}' for ratio in ratios)}, median {statistics.median(ratios):.2f}"
    )
    for name, values in final.items():
        print(
            f"{name}: final accuracy {min(values):.2%} to {max(values):.2%}, mean {statistics.mean(values):.2%}"
        )


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """One run: seconds and test accuracy after each epoch, and how it was computed."""
    from builder.architectures import open_document
    from runtime.data import load_data
    from runtime.training.loop import input_shape
    from runtime.training.settings import Settings

    document = small_vgg() if arguments.network is None else open_document(arguments.network)
    assert not isinstance(document, list), document
    data = load_data(arguments.data, input_shape(document))
    data = replace(data, splits={**data.splits, "validation": data.splits["test"]})
    settings = Settings(
        batch=arguments.batch,
        epochs=arguments.epochs,
        seed=arguments.seed,
        device=arguments.device,
        shift=0.0,
    )
    return (plain if arguments.contender == "plain" else stock)(document, data, settings)


def stock(document: Any, data: Any, settings: Any) -> dict[str, Any]:
    """``train``, which calibrates where that is worth it."""
    from runtime.training.events import Epoch, Started, Trouble
    from runtime.training.loop import train

    epochs, how = [], ""
    began = time.perf_counter()
    for event in train(document, settings, data):
        if isinstance(event, Started):
            how = event.why
        elif isinstance(event, Epoch):
            epochs.append((time.perf_counter() - began, event.validation_accuracy))
        elif isinstance(event, Trouble):
            raise SystemExit(event.problem.message)
    return {"epochs": epochs, "how": how}


def plain(document: Any, data: Any, settings: Any) -> dict[str, Any]:
    """The loop an expert writes, with the same learning rates."""
    import torch
    import torch._dynamo  # making an optimizer imports it, which is not to count
    from torch.nn import functional

    from runtime.compile import build
    from runtime.training.learning.schedules import Schedule
    from runtime.training.trouble import resolve_device

    device = resolve_device(settings.device)
    torch.manual_seed(settings.seed)
    began = time.perf_counter()
    model = build(document).to(device).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.learning_rate, fused=True)
    images, labels = data.batch(data.splits["train"], device)
    held_out = data.batch(data.splits["validation"], device)
    per_epoch = -(-len(images) // settings.batch)
    schedule = Schedule(settings, per_epoch * settings.epochs, per_epoch)
    epochs, step = [], 0
    for _ in range(settings.epochs):
        for chosen in torch.randperm(len(images), device=device).split(settings.batch):
            optimizer.param_groups[0]["lr"] = schedule.at(step)
            optimizer.zero_grad(set_to_none=True)
            outputs = model(images.index_select(0, chosen))
            smoothing = settings.label_smoothing
            loss = functional.cross_entropy(
                outputs, labels.index_select(0, chosen), label_smoothing=smoothing
            )
            loss.backward()
            optimizer.step()
            step += 1
        model.eval()
        with torch.inference_mode():
            right = sum(
                (model(x).argmax(1) == y).sum()
                for x, y in zip(*(part.split(VALIDATED) for part in held_out), strict=True)
            )
        model.train()
        epochs.append((time.perf_counter() - began, int(right) / len(held_out[1])))
    return {"epochs": epochs, "how": "fp32, contiguous"}


if __name__ == "__main__":
    main()
