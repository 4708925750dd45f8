"""ConvNeXt: a residual network with what transformers had shown to be good."""

from __future__ import annotations

from typing import NamedTuple

from builder.architectures.base import Architecture, scaled
from builder.architectures.chain import Chain
from builder.document import Document, Module, ModuleParameter
from builder.library import LIBRARY
from builder.shapes import TensorShape
from builder.sketch import Sketch

#: What the norms divide by at the least.
EPS = 1e-6


class Plan(NamedTuple):
    """Blocks and channels of the four stages, and how often the last block is left out in training."""

    depths: tuple[int, int, int, int]
    widths: tuple[int, int, int, int]
    drop: float


TINY = Plan((3, 3, 9, 3), (96, 192, 384, 768), 0.1)


def _ends() -> list[Module]:
    """What is before the first stage, and before each other one: large steps without overlap, and a norm."""
    width = ModuleParameter("width", 96, "Output channels.")
    stem = Chain("Stem")
    stem.add("conv", out_channels="=width", kernel_size=4, stride=4)
    stem.add("layer_norm", over="channels", eps=EPS)
    halving = Chain("Downsample")
    halving.add("layer_norm", over="channels", eps=EPS)
    halving.add("conv", out_channels="=width", kernel_size=2, stride=2)
    return [
        stem.module(width, about="Cuts the picture into patches of 4×4 pixels."),
        halving.module(width, about="Halves the map between two stages."),
    ]


def _features(plan: Plan) -> list[Module]:
    """The stem, the stages, each a chain of its own with a halving before it, and what they are made of."""
    features = Chain("Features")
    stages: list[Module] = []
    behind, number = sum(plan.depths) - 1, 0
    for index, (depth, width) in enumerate(zip(plan.depths, plan.widths, strict=True), start=1):
        features.new_row()
        features.add(f"module:{'Stem' if index == 1 else 'Downsample'}", width=width)
        features.add(f"module:Stage{index}")
        stage = Chain(f"Stage{index}")
        for block in range(depth):
            if block % 3 == 0:
                stage.new_row()
            stage.add("module:ConvNeXtBlock", drop=round(plan.drop * number / max(behind, 1), 10))
            number += 1
        stages.append(stage.module(about=f"{depth} × {width} channels."))
    return [features.module(), *stages, *_ends(), *LIBRARY["ConvNeXtBlock"].build()]


def _convnext(name: str, plan: Plan, input_shape: TensorShape, classes: int) -> Document:
    classifier = Chain("Classifier")
    classifier.add("layer_norm", over="channels", eps=EPS)
    classifier.add("flatten")
    classifier.add("linear", out_features=classes)

    net = Sketch()
    x = net.add("features", "module:Features", net.input(input_shape))
    x = net.add("avgpool", "adaptive_avg_pool", x)
    net.output(net.add("classifier", "module:Classifier", x))
    return Document(name, net.graph, [*_features(plan), classifier.module()])


def convnext_tiny(
    input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0, depth: float = 1.0
) -> Document:
    """ConvNeXt-Tiny, with torchvision's names and shapes; ``width`` and ``depth`` scale channels and blocks.

    Z. Liu, H. Mao, C.-Y. Wu, C. Feichtenhofer, T. Darrell and S. Xie: A ConvNet for the 2020s, CVPR 2022.
    """
    plan = Plan(
        tuple(scaled(blocks, depth) for blocks in TINY.depths),  # type: ignore[arg-type]
        tuple(scaled(channels, width) for channels in TINY.widths),  # type: ignore[arg-type]
        TINY.drop,
    )
    return _convnext("convnext_tiny", plan, input_shape, classes)


ARCHITECTURES = (
    Architecture(
        "convnext_tiny",
        "ConvNeXt-Tiny",
        "Modern",
        convnext_tiny,
        "A ResNet made new step by step with the ways of transformers (patches, wide depthwise windows, few norms and "
        "activations): as good as they are, and nothing but convolutions.",
        "Z. Liu, H. Mao, C.-Y. Wu, C. Feichtenhofer, T. Darrell and S. Xie, A ConvNet for the 2020s, CVPR 2022.",
        2022,
        origin="torchvision: convnext_tiny",
    ),
)
