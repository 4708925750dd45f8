"""Test accuracy on Fashion-MNIST of a small network drawn here, with the stock settings, on several seeds.

    python -m benchmarks.fashion [--seeds 0,1,2] [--runs DIR]

The network is the small VGG of ``benchmarks._networks`` (six 3×3 convolutions with batch normalisation, 77,786
parameters). Weights are chosen by the validation split (5,000 of the 60,000 training pictures); the 10,000 test
pictures are looked at once, at the end. Each run is a folder like any other: ``app.py runs DIR`` lists them. One takes
some minutes on two quiet cores.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from benchmarks._networks import small_vgg


def main() -> None:
    """Train with each seed and tell the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    arguments = parser.parse_args()
    found = [learn(int(seed), arguments.runs) for seed in arguments.seeds.split(",")]
    print(f"median {statistics.median(found):.2%}, {min(found):.2%} to {max(found):.2%}")


def learn(seed: int, parent: Path) -> float:
    """The test accuracy of one run."""
    from runtime.data import Data, load_data
    from runtime.training.events import Epoch, Finished, Started
    from runtime.training.loop import train
    from runtime.training.records.runs import Run
    from runtime.training.settings import Settings

    document, settings = small_vgg(), Settings(seed=seed)
    data = load_data(str(document.data["source"]), (1, 28, 28))
    assert isinstance(data, Data), data
    run = Run.create(parent, document, settings)
    assert isinstance(run, Run), run
    accuracy = None
    for event in train(document, settings, data, run=run):
        if isinstance(event, Started):
            print(f"seed {seed}: {event.why}")
        elif isinstance(event, Epoch):
            print(f"epoch {event.epoch}: validation {event.validation_accuracy:.2%}, {event.seconds:.1f} s")
        elif isinstance(event, Finished):
            accuracy = event.test_accuracy
            print(f"seed {seed}: test {accuracy or 0:.2%} after {event.seconds:.0f} s, {run.folder}")
    assert accuracy is not None, "the run failed"
    return accuracy


if __name__ == "__main__":
    main()
