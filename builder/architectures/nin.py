"""Network in network."""

from __future__ import annotations

from builder.architectures.base import Architecture
from builder.document import Document, Module, ModuleParameter
from builder.graph import Graph
from builder.shapes import TensorShape
from builder.sketch import Sketch


def mlpconv() -> Module:
    """A convolution and a network of two layers on each pixel, which the authors' files call cccp."""
    net = Sketch(Graph("MLPConv"))
    x = net.input()
    x = net.add(
        "conv", "conv", x, out_channels="=channels", kernel_size="=kernel_size", padding="=kernel_size // 2"
    )
    x = net.add("relu", "relu", x)
    x = net.add("cccp1", "conv", x, row=1, column=1, out_channels="=hidden", kernel_size=1)
    x = net.add("relu_cccp1", "relu", x)
    x = net.add("cccp2", "conv", x, row=2, column=1, out_channels="=out_channels", kernel_size=1)
    net.output(net.add("relu_cccp2", "relu", x))
    parameters = (
        ModuleParameter("channels", 192, "Kernels of the convolution."),
        ModuleParameter("hidden", 192, "Channels of the first 1×1 convolution."),
        ModuleParameter("out_channels", 192, "Channels of the second 1×1 convolution."),
        ModuleParameter("kernel_size", 5, "Window of the convolution; odd."),
    )
    about = "A convolution whose every pixel is looked at by a small fully connected network: two 1×1 convolutions."
    return Module("MLPConv", parameters, net.graph, about)


def nin(input_shape: TensorShape = (3, 32, 32), classes: int = 10) -> Document:
    """Network in network for CIFAR-10, as in the authors' Caffe files: 966,986 parameters at 3×32×32.

    M. Lin, Q. Chen and S. Yan: Network in network, ICLR 2014. Pools round up, as Caffe's do, and the last pool is
    the global average. ``cccp`` (cascaded cross-channel parametric pooling) is what the files call a 1×1 convolution:
    their cccp1 and cccp2 are ``mlpconv1.cccp1`` and ``mlpconv1.cccp2``, their cccp3 is ``mlpconv2.cccp1``, and so on.
    """
    net = Sketch()
    x = net.input(input_shape)
    x = net.add("mlpconv1", "module:MLPConv", x, hidden=160, out_channels=96)
    x = net.add("pool1", "max_pool", x, kernel_size=3, ceil_mode=True)
    x = net.add("dropout1", "dropout", x)
    x = net.add("mlpconv2", "module:MLPConv", x, row=1, column=1)
    x = net.add("pool2", "avg_pool", x, kernel_size=3, ceil_mode=True)
    x = net.add("dropout2", "dropout", x)
    x = net.add("mlpconv3", "module:MLPConv", x, row=2, column=1, kernel_size=3, out_channels=classes)
    net.output(net.add("pool3", "global_avg_pool", x))
    return Document("nin", net.graph, [mlpconv()])


ARCHITECTURES = (
    Architecture(
        "nin",
        "Network in network",
        "Deeper",
        nin,
        "1×1 convolutions, a small network on every pixel, and a global average in place of fully connected layers: "
        "every large network since has both.",
        "M. Lin, Q. Chen and S. Yan, Network in network, ICLR 2014.",
        2013,
        (3, 32, 32),
        10,
    ),
)
