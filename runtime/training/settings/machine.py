"""What computes, with which numbers, and how often that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from builder.blocks.parameters import Choice, Flag, Integer, Real


def _may_be_cuda(values: Mapping[str, Any]) -> bool:
    return values["device"] != "cpu"


def _leaves_something_open(values: Mapping[str, Any]) -> bool:
    return "auto" in (values["precision"], values["memory_format"]) or values["threads"] == 0


class Machine:
    """What computes, with which numbers, and how often that is kept."""

    device = Choice(
        "auto", ("auto", "cpu", "cuda"), label="Device", help="Auto takes the GPU where there is one."
    )
    calibration = Choice(
        "auto",
        ("auto", "always", "never"),
        label="Calibration",
        help="Measures a few steps of this network at the start of a run, to choose what is left to auto below. "
        "Auto does so for runs longer than some 20 seconds; without it, it is fp32, contiguous, on all cores.",
    ).only_where(_leaves_something_open)
    precision = Choice(
        "auto",
        ("auto", "fp32", "bf16"),
        label="Precision",
        help="The numbers the network computes with. bf16 (autocast) is faster where the processor has units for it, "
        "and learns as well; weights and optimizer stay fp32. Auto takes it where that measures clearly faster.",
    )
    memory_format = Choice(
        "auto",
        ("auto", "contiguous", "channels_last"),
        label="Memory format",
        help="How maps lie in memory: map after map, or pixel after pixel with all channels of one together, which "
        "suits convolutions on most processors. Auto takes what measures faster.",
    )
    threads = Integer(
        0,
        minimum=0,
        maximum=1024,
        label="Threads",
        help="Cores that compute. 0 is auto: all that the program may use, or fewer where that measures faster.",
    )
    tf32 = Flag(
        True,
        label="TF32",
        help="On NVIDIA GPUs since Ampere: products of fp32 numbers round to 10 bits after the point, which is several "
        "times as fast.",
    ).only_where(_may_be_cuda)
    cudnn_benchmark = Flag(
        True,
        label="cuDNN benchmark",
        help="On NVIDIA GPUs: tries the ways to compute each convolution and keeps the fastest.",
    ).only_where(_may_be_cuda)
    deterministic = Flag(
        False,
        label="Deterministic",
        help="On NVIDIA GPUs: the same run gives the same bits, by slower kernels where need be; no cuDNN benchmark. "
        "On the CPU it always does.",
    ).only_where(_may_be_cuda)
    compile = Flag(
        False,
        label="Compile",
        help="On NVIDIA GPUs: torch.compile makes kernels for this network, which takes up to minutes before the first "
        "step and pays in long runs. On the CPU it would make training slower, so there it is not done.",
    ).only_where(_may_be_cuda)
    allocator = Choice(
        "auto",
        ("auto", "system"),
        label="Allocator",
        help="Auto lets glibc keep the memory of one step for the next, in place of giving it back and asking for it "
        "again; system leaves it as it is. It holds until the program ends.",
    )
    split_batches = Flag(
        True,
        label="Split batches",
        help="Where memory runs out in a step, its batch goes through the network in twice as many parts from then on, "
        "which is told. Otherwise the run ends there.",
    )
    checkpoint_every = Real(
        30.0,
        minimum=0.0,
        maximum=86_400.0,
        label="Checkpoint every",
        unit="s",
        help="How much of a run a crash can cost: all that it goes on from is written so often, and after each "
        "epoch, but never so often that it would take more than a hundredth of the time.",
    )
