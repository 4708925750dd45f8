"""Ready modules: networks one places like a block; the definition comes into the document with the first one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from builder.architectures.sketch import Sketch
from builder.document import Document, Module, ModuleParameter, module_name
from builder.edits import AddModule
from builder.graph import Graph


@dataclass(frozen=True, slots=True)
class ReadyModule:
    """A module of the library: what the palette says of it, and how it is drawn.

    ``build`` gives the module itself first, then those it is made of.
    """

    name: str
    title: str
    category: str
    description: str
    search: tuple[str, ...]
    build: Callable[[], list[Module]]

    @property
    def block(self) -> str:
        """The block id by which it is placed."""
        return f"module:{self.name}"


def separable_conv() -> list[Module]:
    """A depthwise convolution (each channel by itself), then a pointwise one that mixes the channels.

    k·k·C + C·N weights in place of k·k·C·N. L. Sifre: Rigid-motion scattering for image classification, 2014;
    F. Chollet: Xception, CVPR 2017.
    """
    net = Sketch(Graph("SeparableConv"))
    x = net.input()
    x = net.add(
        "depthwise",
        "conv",
        x,
        out_channels="=in_channels",
        kernel_size="=kernel_size",
        stride="=stride",
        padding="=kernel_size // 2",
        groups="=in_channels",
        bias=False,
    )
    x = net.add("pointwise", "conv", x, out_channels="=out_channels", kernel_size=1, bias="=bias")
    net.output(x)
    parameters = (
        ModuleParameter("out_channels", 32, "Output channels."),
        ModuleParameter(
            "kernel_size", 3, "The window of the depthwise convolution; an odd number keeps the size."
        ),
        ModuleParameter("stride", 1, "2 halves the map."),
        ModuleParameter("bias", False, "A learnt offset for each output channel."),
    )
    description = (
        "A depthwise convolution, then a pointwise one: a fraction of a convolution's weights and FLOPs."
    )
    return [Module("SeparableConv", parameters, net.graph, description)]


LIBRARY: Mapping[str, ReadyModule] = {
    module.name: module
    for module in (
        ReadyModule(
            "SeparableConv",
            "Separable conv",
            "Convolution",
            "Filters each channel by itself, then mixes the channels with a 1×1 convolution: nearly what a "
            "convolution does, for a fraction of its weights and FLOPs (MobileNet, Xception).",
            ("depthwise separable", "mobilenet", "xception", "efficient"),
            separable_conv,
        ),
    )
}


def module_for(document: Document, block: str) -> Module | None:
    """The module a block id places: the document's own, or the library's that would come in with it."""
    found = document.module_of(block)
    ready = LIBRARY.get(module_name(block) or "")
    return ready.build()[0] if found is None and ready is not None else found


def bring_in(document: Document, block: str) -> list[AddModule]:
    """The edits that add a ready module, and what it is made of, to a document that lacks them.

    A module of that name that is there already is used as it is: one edits it, and all instances follow.
    """
    ready = LIBRARY.get(module_name(block) or "")
    if ready is None or ready.name in document.modules:
        return []
    return [AddModule(module) for module in ready.build() if module.name not in document.modules]
