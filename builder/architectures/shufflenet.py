"""ShuffleNet V2: half of the channels go by, and a shuffle mixes the halves."""

from __future__ import annotations

from builder.architectures.base import Architecture, divisible
from builder.architectures.chain import Chain
from builder.document import Document, Module, ModuleParameter
from builder.graph import Graph
from builder.shapes import TensorShape
from builder.sketch import Sketch, below

#: (width, number of blocks) of the three stages at width 1, table 5 of the paper.
STAGES = ((116, 4), (232, 8), (464, 4))
_BRANCH = ModuleParameter("width", 58, "Channels of the branch.")
_STRIDE = ModuleParameter("stride", 1, "2 halves the map.")


def _branches() -> list[Module]:
    """The halving way past, and the working branch: 1×1, depthwise, 1×1."""
    passing = Chain("PassingBranch")
    passing.add(
        "conv",
        out_channels="=in_channels",
        kernel_size=3,
        stride=2,
        padding=1,
        groups="=in_channels",
        bias=False,
    )
    passing.add("batch_norm")
    passing.new_row()
    passing.add("conv", out_channels="=width", kernel_size=1, bias=False)
    passing.add("batch_norm")
    passing.add("relu")
    working = Chain("WorkingBranch")
    working.add("conv", out_channels="=width", kernel_size=1, bias=False)
    working.add("batch_norm")
    working.add("relu")
    working.new_row()
    working.add(
        "conv", out_channels="=width", kernel_size=3, stride="=stride", padding=1, groups="=width", bias=False
    )
    working.add("batch_norm")
    working.new_row()
    working.add("conv", out_channels="=width", kernel_size=1, bias=False)
    working.add("batch_norm")
    working.add("relu")
    return [
        passing.module(_BRANCH, about="Brings what goes by to half the size."),
        working.module(_BRANCH, _STRIDE, about="Mixes, filters and mixes again."),
    ]


def _halving_block() -> Module:
    """Both branches take all of the map and halve its size (figure 3d of the paper)."""
    net = Sketch(Graph("HalvingBlock"))
    x = net.add("input", "input", row=0.5)
    passing = net.add("branch1", "module:PassingBranch", x, row=0, width="=width // 2")
    working = net.add("branch2", "module:WorkingBranch", x, row=1, width="=width // 2", stride=2)
    y = net.add("concat", "concat", passing, working, row=0.5)
    net.output(net.add("shuffle", "channel_shuffle", y, groups=2))
    width = ModuleParameter("width", 116, "Output channels; even.")
    return Module(
        "HalvingBlock", (width,), net.graph, "Two branches halve the map; a shuffle mixes what they give."
    )


def _shuffle_block() -> Module:
    """The map is split; one half of its channels goes by (figure 3c of the paper)."""
    net = Sketch(Graph("ShuffleBlock"))
    x = net.add("input", "input", row=0.5)
    kept = net.add("split", "split", x)
    worked = net.add(
        "branch2", "module:WorkingBranch", kept._replace(port="1"), row=1, width="=input_channels // 2"
    )
    y = net.add("concat", "concat", kept, worked, row=0.5, column=3)
    net.output(net.add("shuffle", "channel_shuffle", y, groups=2))
    about = "Half of the channels go by, half are worked on; a shuffle mixes them for the next block."
    return Module("ShuffleBlock", (), net.graph, about)


def _stage() -> Module:
    """``depth`` blocks, of which the first halves the map."""
    net = Sketch(Graph("Stage"))
    x = net.add("0", "module:HalvingBlock", net.input(), width="=width")
    net.output(net.add("1", "module:ShuffleBlock", x, repeat="=depth - 1"))
    parameters = (
        ModuleParameter("width", 116, "Channels."),
        ModuleParameter("depth", 4, "Number of blocks."),
    )
    return Module("Stage", parameters, net.graph, "Shuffle blocks; the first halves the map.")


def _conv_norm() -> Module:
    """Convolution, norm, ReLU."""
    chain = Chain("ConvNormReLU")
    chain.add(
        "conv", out_channels="=width", kernel_size="=kernel_size", stride="=stride", padding="=kernel_size // 2",
        bias=False,
    )  # fmt: skip
    chain.add("batch_norm")
    chain.add("relu")
    kernel = ModuleParameter("kernel_size", 1, "The window; odd.")
    width = ModuleParameter("width", 24, "Output channels.")
    return chain.module(width, kernel, _STRIDE, about="A convolution with batch norm and ReLU.")


def shufflenet_v2_x1_0(
    input_shape: TensorShape = (3, 224, 224), classes: int = 1000, width: float = 1.0
) -> Document:
    """ShuffleNet V2 at width 1, with torchvision's names and shapes; ``width`` scales the channels of the stages.

    N. Ma, X. Zhang, H.-T. Zheng and J. Sun: ShuffleNet V2: practical guidelines for efficient CNN architecture
    design, ECCV 2018.
    """
    net = Sketch()
    x = net.input(input_shape)
    x = net.add("conv1", "module:ConvNormReLU", x, width=24, kernel_size=3, stride=2)
    x = net.add("maxpool", "max_pool", x, kernel_size=3, stride=2, padding=1)
    place = below(x)
    for number, (channels, depth) in enumerate(STAGES, start=2):
        channels = divisible(channels * width, 2)
        x = net.add(f"stage{number}", "module:Stage", x, **place, width=channels, depth=depth)
        place = {}
    x = net.add("conv5", "module:ConvNormReLU", x, **below(x), width=1024)
    x = net.add("pool", "global_avg_pool", x)
    net.output(net.add("fc", "linear", x, out_features=classes))
    parts = [_conv_norm(), _stage(), _halving_block(), _shuffle_block(), *_branches()]
    return Document("shufflenet_v2_x1_0", net.graph, parts)


ARCHITECTURES = (
    Architecture(
        "shufflenet_v2_x1_0",
        "ShuffleNet V2 ×1.0",
        "Small and fast",
        shufflenet_v2_x1_0,
        "Designed by measured speed, not by counted operations: half of the channels just go by, and a shuffle mixes "
        "the halves.",
        "N. Ma, X. Zhang, H.-T. Zheng and J. Sun, ShuffleNet V2: practical guidelines for efficient CNN architecture "
        "design, ECCV 2018.",
        2018,
        origin="torchvision: shufflenet_v2_x1_0",
    ),
)
