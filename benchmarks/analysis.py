"""Analysis against PyTorch's own ways to know shapes: a FakeTensor forward and a meta-device forward.

    python benchmarks/analysis.py [--rounds N]

Three networks: 1,000 and 10,000 blocks with branches, drawn flat, and ResNet-152, drawn with modules. All contenders
take turns, round by round; the figure is the median of the rounds' ratios. Whoever draws has a description, from which
PyTorch must make the module anew after each edit before a forward can tell the shapes: "made and run". The forwards
alone, of a module that is there already, are shown besides. "First" begins with nothing remembered: of any block here,
in the cache of FakeTensor's dispatch there. "After an edit" keeps what the last analysis knew; the edit, in the middle
of the network, moves the field of everything behind it; one "aside" changes nothing behind it. The analysis also gives
parameters, MACs, kept bytes and receptive fields, which no forward does. Exits with 1 where a ratio of equal work is
below 50, the 10,000 blocks apart.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from builder.analysis import Analysis, analyze, facts  # noqa: E402
from builder.architectures.resnet import stage  # noqa: E402
from builder.document import Document  # noqa: E402
from builder.library import LIBRARY  # noqa: E402
from builder.sketch import Sketch  # noqa: E402

WANTED = 50.0
#: Larger networks are shown, not weighed.
MOST_WEIGHED = 1000
#: Ours, theirs, and whether both do the same work: from a description to every shape.
PAIRS = (
    ("analysis, first", "FakeTensor, made and run", True),
    ("analysis, first", "meta, made and run", True),
    ("analysis, after an edit", "FakeTensor, made and run", True),
    ("analysis, after an edit", "meta, made and run", True),
    ("analysis, after one aside", "meta, made and run", True),
    ("analysis, first", "FakeTensor forward, first", False),
    ("analysis, again", "FakeTensor forward, again", False),
    ("analysis, first", "meta forward", False),
    ("analysis, after an edit", "FakeTensor forward, again", False),
    ("analysis, after an edit", "meta forward", False),
)


def flat(blocks: int) -> Document:
    """Residual units of eight blocks in one graph, with three poolings on the way."""
    net = Sketch()
    x = net.input((3, 64, 64))
    x = net.add("stem", "conv", x, out_channels=16, padding=1)
    units = (blocks - 8) // 8
    for unit in range(units):
        if unit in (units // 4, units // 2, 3 * units // 4):
            x = net.add(f"pool{unit}", "max_pool", x)
        y = x
        for part in ("a", "b"):
            y = net.add(f"u{unit}_conv_{part}", "conv", y, out_channels=16, padding=1, bias=False)
            y = net.add(f"u{unit}_bn_{part}", "batch_norm", y)
            y = net.add(f"u{unit}_relu_{part}", "relu", y)
        x = net.add(f"u{unit}_add", "add", y, x)
        x = net.add(f"u{unit}_out", "relu", x)
    while len(net.graph) < blocks - 3:
        x = net.add(f"tail{len(net.graph)}", "relu", x)
    x = net.add("pool", "global_avg_pool", x)
    net.output(net.add("fc", "linear", x))
    assert len(net.graph) == blocks
    return Document("flat", net.graph)


def resnet152() -> Document:
    """ResNet-152 with bottlenecks of 1×1, 3×3, 1×1."""
    net = Sketch()
    x = net.input((3, 224, 224))
    x = net.add("conv1", "conv", x, out_channels=64, kernel_size=7, stride=2, padding=3, bias=False)
    x = net.add("relu", "relu", net.add("bn1", "batch_norm", x))
    x = net.add("maxpool", "max_pool", x, kernel_size=3, padding=1)
    for number, (width, depth) in enumerate(((64, 3), (128, 8), (256, 36), (512, 3)), start=1):
        halving = 1 if number == 1 else 2
        x = net.add(f"layer{number}", "module:Stage", x, width=width, depth=depth, stride=halving)
    x = net.add("flatten", "flatten", net.add("avgpool", "adaptive_avg_pool", x))
    net.output(net.add("fc", "linear", x, out_features=1000))
    return Document("resnet152", net.graph, [stage("Bottleneck"), *LIBRARY["Bottleneck"].build()])


def full(document: Document) -> Analysis:
    """An analysis that remembers nothing of any block."""
    facts._memo.clear()
    return analyze(document)


class Edited:
    """One edit and the analysis after it: what a drawing hand waits for.

    The edit moves every field behind it, or, ``aside``, changes nothing behind it: a convolution gets a bias, or
    loses it.
    """

    def __init__(self, document: Document, graph: str, name: str, *, aside: bool = False) -> None:
        self.document = document
        self.graph = document.graph(graph)
        self.name = name
        self.analysis = analyze(document)
        self.kernel = 1
        self.aside = aside

    def __call__(self) -> None:
        node = self.graph.by_name(self.name)
        assert node is not None
        if self.aside:
            changes: dict[str, object] = {"bias": not node.parameters.get("bias", True)}
        else:  # a size never seen before
            self.kernel += 2
            changes = {"kernel_size": self.kernel, "padding": self.kernel // 2}
        self.graph.replace_node(node.with_parameters(**changes))
        self.analysis = analyze(self.document, previous=self.analysis)
        assert self.analysis.ok


def forwards(document: Document) -> dict[str, Callable[[], object]]:
    """PyTorch's ways to the shapes."""
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode

    from runtime.codegen import Source, generate
    from runtime.compile import instantiate

    source = generate(document)
    assert isinstance(source, Source)
    with torch.device("meta"):
        module = instantiate(source).eval()
    make = type(module)
    (shape,) = analyze(document).input_shapes
    assert shape is not None
    meta = torch.empty(1, *shape, device="meta")
    mode = FakeTensorMode()
    with mode:
        fake_module = make().eval()
        fake = torch.empty(1, *shape)

    def on_meta() -> object:
        with torch.no_grad():
            return module(meta)

    def on_fakes() -> object:
        with mode, torch.no_grad():
            return fake_module(fake)

    def on_fakes_first() -> object:
        FakeTensorMode.cache_clear()
        return on_fakes()

    def making_fakes() -> object:
        FakeTensorMode.cache_clear()
        with mode, torch.no_grad():
            return make().eval()(fake)

    def making_metas() -> object:
        with torch.device("meta"), torch.no_grad():
            return make().eval()(meta)

    return {
        "FakeTensor forward, first": on_fakes_first,
        "FakeTensor forward, again": on_fakes,
        "FakeTensor, made and run": making_fakes,
        "meta forward": on_meta,
        "meta, made and run": making_metas,
    }


def timed(call: Callable[[], object], turns: int = 5) -> float:
    """Milliseconds of one call: the median of some in a row, the collector off, as ``timeit`` has it."""
    gc.collect()
    gc.disable()
    found = []
    for _ in range(turns):
        start = time.perf_counter()
        call()
        found.append(1000 * (time.perf_counter() - start))
    gc.enable()
    return statistics.median(found)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    lowest = float("inf")
    cases = (
        (flat(1000), "", "u61_conv_a", "stem", rounds),
        (resnet152(), "Bottleneck", "conv2", "conv1", rounds),
        (flat(10_000), "", "u624_conv_a", "stem", max(1, rounds // 5)),
    )
    for document, graph, name, first, turns in cases:
        blocks = len(analyze(document).leaves())
        contenders: dict[str, Callable[[], object]] = {
            "analysis, first": lambda document=document: full(document),  # type: ignore[misc]
            "analysis, again": lambda document=document: analyze(document),  # type: ignore[misc]
            "analysis, after an edit": Edited(document.copy(), graph, name),
            "analysis, after one aside": Edited(document.copy(), "", first, aside=True),
            **forwards(document),
        }
        times: dict[str, list[float]] = {label: [] for label in contenders}
        for call in contenders.values():
            call()  # first calls load and warm up
        for _ in range(turns):
            for label, call in contenders.items():
                times[label].append(timed(call))
        print(f"{document.name}: {blocks:,} blocks, medians of {turns} rounds")
        for label, found in times.items():
            print(f"  {label:26} {statistics.median(found):9.2f} ms")
        for ours, theirs, counts in PAIRS:
            ratio = statistics.median(b / a for a, b in zip(times[ours], times[theirs], strict=True))
            lowest = min(lowest, ratio) if counts and blocks <= MOST_WEIGHED else lowest
            print(f"  {theirs} / {ours}: {ratio:,.0f} ×{'' if counts else '  (the module ready made)'}")
    print(f"lowest ratio {lowest:,.0f} × ({'at least' if lowest >= WANTED else 'below'} {WANTED:.0f} ×)")
    return 0 if lowest >= WANTED else 1


if __name__ == "__main__":
    raise SystemExit(main())
