"""GoogLeNet and Inception v3: windows of several sizes side by side, with a classifier half way."""

from __future__ import annotations

from typing import Any

from builder.architectures.base import Architecture
from builder.document import Document, Module, ModuleParameter
from builder.library import LIBRARY
from builder.library.base import module, sketch
from builder.shapes import TensorShape
from builder.sketch import Sketch, Wire
from builder.spacing import BRANCH, ROW

_SZEGEDY_2015 = "C. Szegedy et al., Going deeper with convolutions, CVPR 2015."
_SZEGEDY_2016 = (
    "C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z. Wojna, Rethinking the inception architecture for computer "
    "vision, CVPR 2016."
)

#: Channels of the branches (table 1 of the paper): 1×1, 3×3 reduced, 3×3, 5×5 reduced, 5×5, pool projected.
GOOGLENET = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
_WIDTHS = ("ch1x1", "ch3x3red", "ch3x3", "ch5x5red", "ch5x5", "pool_proj")
_CLASSES = ModuleParameter("num_classes", 1000, "Number of classes.")


def googlenet(input_shape: TensorShape = (3, 224, 224), classes: int = 1000, aux: bool = False) -> Document:
    """GoogLeNet with batch norm and 3×3 in place of its 5×5 windows, with torchvision's names and shapes.

    ``aux`` adds the two classifiers that help the middle to learn; their losses count 0.3 each.

    C. Szegedy et al.: Going deeper with convolutions, CVPR 2015.
    """
    net = Sketch()
    x = net.input(input_shape)
    x = net.add("conv1", "module:BasicConv", x, out_channels=64, kernel_size=7, stride=2, padding=3)
    x = net.add("maxpool1", "max_pool", x, kernel_size=3, ceil_mode=True)
    x = net.add("conv2", "module:BasicConv", x, out_channels=64)
    x = net.add("conv3", "module:BasicConv", x, out_channels=192, kernel_size=3, padding=1)
    x = net.add("maxpool2", "max_pool", x, kernel_size=3, ceil_mode=True)
    x = _inception(net, x, "3a", row=1, column=0)
    x = _inception(net, x, "3b")
    x = net.add("maxpool3", "max_pool", x, kernel_size=3, ceil_mode=True)
    x = half = _inception(net, x, "4a", row=2, column=0)
    for name in ("4b", "4c", "4d"):
        x = later = _inception(net, x, name)
    x = _inception(net, x, "4e")
    x = net.add("maxpool4", "max_pool", x, ceil_mode=True)
    x = _inception(net, x, "5a", row=4 if aux else 3, column=0)
    x = _inception(net, x, "5b")
    helpers = [_helper(net, half, "aux1", classes), _helper(net, later, "aux2", classes)] if aux else []
    x = net.add("avgpool", "adaptive_avg_pool", x, row=x.row + 1, column=0)
    x = net.add("flatten", "flatten", x)
    x = net.add("dropout", "dropout", x, p=0.2)
    net.output(net.add("fc", "linear", x, out_features=classes))
    for number, helper in enumerate(helpers, start=1):
        net.output(helper, f"output_aux{number}", loss_weight=0.3)
    modules = LIBRARY["Inception"].build()
    return Document("googlenet", net.graph, [*modules, early_classifier()] if aux else modules)


def _inception(net: Sketch, x: Wire, name: str, **place: Any) -> Wire:
    """A block of table 1; ``row`` and ``column`` in the drawing."""
    widths: dict[str, Any] = dict(zip(_WIDTHS, GOOGLENET[name], strict=True))
    return net.add(f"inception{name}", "module:Inception", x, **place, **widths, kernel_size=3)


def _helper(net: Sketch, x: Wire, name: str, classes: int) -> Wire:
    """A classifier half way, in the drawing a branch below."""
    return net.add(name, "module:InceptionAux", x, row=x.row + BRANCH / ROW, num_classes=classes)


def early_classifier() -> Module:
    """GoogLeNet's classifier half way: 4×4 averages, a 1×1 convolution, two linear layers."""
    net = sketch("InceptionAux", wrap=5)
    x = net.input()
    x = net.add("avgpool", "adaptive_avg_pool", x, output_size=4)
    x = net.add("conv", "module:BasicConv", x, out_channels=128)
    x = net.add("flatten", "flatten", x)
    x = net.add("fc1", "linear", x, out_features=1024)
    x = net.add("relu", "relu", x)
    x = net.add("dropout", "dropout", x, p=0.7)
    net.output(net.add("fc2", "linear", x, out_features="=num_classes"))
    return module(
        net, _CLASSES, about="A classifier half way, there to bring gradients to the layers before it."
    )


def inception_v3(
    input_shape: TensorShape = (3, 299, 299), classes: int = 1000, aux: bool = False
) -> Document:
    """Inception v3, with torchvision's names and shapes.

    ``aux`` adds the classifier on the 17×17 maps; its loss counts 0.4. It needs inputs from 299×299 on.

    C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z. Wojna: Rethinking the inception architecture for computer
    vision, CVPR 2016.
    """
    net = Sketch()
    x = net.input(input_shape)
    x = net.add("Conv2d_1a_3x3", "module:BasicConv", x, out_channels=32, kernel_size=3, stride=2)
    x = net.add("Conv2d_2a_3x3", "module:BasicConv", x, out_channels=32, kernel_size=3)
    x = net.add("Conv2d_2b_3x3", "module:BasicConv", x, out_channels=64, kernel_size=3, padding=1)
    x = net.add("maxpool1", "max_pool", x, kernel_size=3)
    x = net.add("Conv2d_3b_1x1", "module:BasicConv", x, row=1, column=0, out_channels=80)
    x = net.add("Conv2d_4a_3x3", "module:BasicConv", x, out_channels=192, kernel_size=3)
    x = net.add("maxpool2", "max_pool", x, kernel_size=3)
    x = net.add("Mixed_5b", "module:InceptionA", x, row=2, column=0)
    for name in ("Mixed_5c", "Mixed_5d"):
        x = net.add(name, "module:InceptionA", x, pool_features=64)
    x = net.add("Mixed_6a", "module:InceptionB", x)
    x = net.add("Mixed_6b", "module:InceptionC", x, row=3, column=0)
    for name, channels in (("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)):
        x = net.add(name, "module:InceptionC", x, channels_7x7=channels)
    helper = _helper(net, x, "AuxLogits", classes) if aux else None
    x = net.add("Mixed_7a", "module:InceptionD", x, row=5 if aux else 4, column=0)
    for name in ("Mixed_7b", "Mixed_7c"):
        x = net.add(name, "module:InceptionE", x)
    x = net.add("avgpool", "adaptive_avg_pool", x, row=x.row + 1, column=0)
    x = net.add("dropout", "dropout", x)
    x = net.add("flatten", "flatten", x)
    net.output(net.add("fc", "linear", x, out_features=classes))
    modules = {m.name: m for letter in "ABCDE" for m in LIBRARY[f"Inception{letter}"].build()}
    if helper is not None:
        net.output(helper, "output_aux", loss_weight=0.4)
        modules["InceptionAux"] = late_classifier()
    return Document("inception_v3", net.graph, list(modules.values()))


def late_classifier() -> Module:
    """Inception v3's classifier on the 17×17 maps: 5×5 averages, a 1×1 and a 5×5 convolution, a linear layer."""
    net = sketch("InceptionAux", wrap=4)
    x = net.input()
    x = net.add("avgpool", "avg_pool", x, kernel_size=5, stride=3)
    x = net.add("conv0", "module:BasicConv", x, out_channels=128)
    x = net.add("conv1", "module:BasicConv", x, out_channels=768, kernel_size=5)
    x = net.add("pool", "adaptive_avg_pool", x)
    x = net.add("flatten", "flatten", x)
    net.output(net.add("fc", "linear", x, out_features="=num_classes"))
    return module(net, _CLASSES, about="A classifier before the last stage, which it regularises.")


ARCHITECTURES = (
    Architecture(
        "googlenet",
        "GoogLeNet",
        "Inception",
        googlenet,
        "Windows of several sizes look at the same map side by side, and 1×1 convolutions before them keep that cheap: "
        "deeper than VGG with a twentieth of its weights.",
        _SZEGEDY_2015,
        2014,
        origin="torchvision: googlenet",
    ),
    Architecture(
        "inception_v3",
        "Inception v3",
        "Inception",
        inception_v3,
        "Large windows are taken apart into 3×3, 1×7 and 7×1 ones, and maps are halved by convolutions and a pool side "
        "by side: more depth for the same work.",
        _SZEGEDY_2016,
        2015,
        (3, 299, 299),
        origin="torchvision: inception_v3",
    ),
)
