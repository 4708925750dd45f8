"""Images per second of ``train`` against a plain PyTorch loop and other frameworks: same network, data and batch.

    python -m benchmarks.training [--network lenet5] [--data digits] [--batch 64] [--rounds 5] [--seconds 6]
                                  [--contenders plain,train,lightning] [--paired]

The plain loop is what an expert writes: floats resident on the device and normalised once, batches cut by index
from a permutation, the fused optimizer, gradients set to None, no reading of the loss before the epoch is over, and
the validation split in large batches without gradients after each epoch. It counts no accuracy in training and
keeps no best weights, which ``train`` does. All compute in fp32, except ``tuned``: ``train`` as it chooses by itself.
``watched`` is ``train`` with the maps of one node looked at all the time. Lightning, fastai, Keras and skorch join in
where they are installed (``pip install lightning fastai keras skorch``).

The clock runs over whole epochs, so that nothing done between steps is left out. Contenders take turns in processes
of their own, since thread pools of one process would disturb each other; medians are compared, and, for machines whose
speed changes from minute to minute, the median of the rounds' ratios is told too. ``--paired`` compares ``train`` with
the plain loop more closely: in one process, which computes an epoch of the one and an epoch of the other, in turns.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import time

from benchmarks._contenders import CONTENDERS, Bout, our_epochs, plain_epochs

#: Epochs of each that warm up.
WARM = 2
OTHERS = ("lightning", "fastai", "keras", "skorch")


def main() -> None:
    """Run the rounds, or one contender in a process of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", default="lenet5", help="a document, or the name of an architecture")
    parser.add_argument("--data", default="digits")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--contenders", default=",".join(CONTENDERS), help="names, with commas between them")
    parser.add_argument(
        "--paired", action="store_true", help="epochs of train and of the plain loop in turns"
    )
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.paired:
        pair(arguments)
    elif arguments.contender:
        print(json.dumps(measure(arguments)))
    else:
        compare(arguments, present(arguments.contenders.split(",")))


def present(names: list[str]) -> list[str]:
    """Those of them that are there, the plain loop first; what is missing is told."""
    chosen = ["plain"]
    for name in names:
        if name not in CONTENDERS:
            raise SystemExit(f"there is no contender '{name}'; there are {', '.join(CONTENDERS)}")
        if name in OTHERS and importlib.util.find_spec(name) is None:
            print(f"{name} is not installed, and left out")
        elif name not in chosen:
            chosen.append(name)
    return chosen


def compare(arguments: argparse.Namespace, names: list[str]) -> None:
    """Interleave the contenders and print medians and ratios."""
    rates: dict[str, list[float]] = {name: [] for name in names}
    beside: dict[str, list[float]] = {name: [] for name in names}
    for number in range(arguments.rounds):
        # Turn the order about, so that nobody always runs on the warmer machine.
        here: dict[str, float] = {}
        for name in names if number % 2 == 0 else reversed(names):
            command = [sys.executable, "-m", "benchmarks.training", *sys.argv[1:], "--contender", name]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                last = (done.stderr.strip().splitlines() or ["?"])[-1]
                print(f"{name} failed: {last}")
            else:
                here[name] = json.loads(done.stdout.splitlines()[-1])
                rates[name].append(here[name])
        for name in here if "plain" in here else ():
            beside[name].append(here[name] / here["plain"])
    print(f"{arguments.network} on {arguments.data}, batch {arguments.batch}, {arguments.rounds} rounds")
    medians = {name: statistics.median(values) for name, values in rates.items() if values}
    for name, median in medians.items():
        spread = f"{min(rates[name]):,.0f} to {max(rates[name]):,.0f}"
        print(
            f"{name:10}{median:10,.0f} images/s ({spread})  {median / medians['plain']:.3f} of plain, "
            f"{statistics.median(beside[name]):.3f} of that of its round"
        )


def pair(arguments: argparse.Namespace) -> None:
    """Epochs of the plain loop and of ``train`` in turns, for ``rounds`` times ``seconds``."""
    bout = make_bout(arguments)
    loops = {"plain": plain_epochs(bout), "train": our_epochs(bout)}
    spent: dict[str, list[float]] = {name: [] for name in loops}
    until = time.perf_counter() + arguments.rounds * arguments.seconds
    while time.perf_counter() < until or len(spent["train"]) < 2 * WARM:
        turn = len(spent["train"]) % 2
        for name in list(loops)[:: -1 if turn else 1]:
            began = time.perf_counter()
            next(loops[name])
            spent[name].append(time.perf_counter() - began)
    plain, ours = (times[WARM:] for times in spent.values())
    ratios = sorted(its / mine for its, mine in zip(plain, ours, strict=True))
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(
        f"{arguments.network} on {arguments.data}, batch {arguments.batch}, {len(ratios)} pairs of epochs: plain "
        f"{1000 * statistics.median(plain):.1f} ms, train {1000 * statistics.median(ours):.1f} ms; "
        f"train has {middle:.3f} of plain's images per second (quartiles {low:.3f} and {high:.3f})"
    )


def measure(arguments: argparse.Namespace) -> float:
    """Images per second of one contender, after a warm-up of a quarter of the time."""
    bout = make_bout(arguments)
    CONTENDERS[arguments.contender](bout)
    return bout.rate()


def make_bout(arguments: argparse.Namespace) -> Bout:
    """What the contenders get."""
    from builder.architectures import open_document
    from runtime.data import load_data
    from runtime.training.loop import input_shape
    from runtime.training.settings import Settings

    document = open_document(arguments.network)
    assert not isinstance(document, list), document
    shape = input_shape(document)
    assert isinstance(shape, tuple), shape
    settings = Settings(
        batch=arguments.batch,
        epochs=100_000,
        shift=0.0,
        label_smoothing=0.0,
        device=arguments.device,
        schedule="constant",
    )
    return Bout(document, load_data(arguments.data, shape), settings, arguments.seconds)


if __name__ == "__main__":
    main()
