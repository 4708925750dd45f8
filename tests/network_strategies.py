"""Random valid networks: chains, branches, merges, nested modules with parameters, ``when`` and ``repeat``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from builder.analysis import Analysis, analyze
from builder.blocks import REGISTRY
from builder.document import Document, Module, ModuleParameter
from builder.edits import AddModule
from builder.graph import Graph
from builder.sketch import Sketch, Wire
from tests.block_strategies import parameters_of

Shape = tuple[int, ...]

#: What stands in the middle of a network; softmax and sigmoid are activations like any other here.
_ACTIVATIONS = (
    *("relu6", "tanh", "sigmoid", "softmax", "log_softmax", "leaky_relu", "prelu", "elu", "selu", "celu"),
    *("hardtanh", "gelu", "silu", "mish", "softplus", "hardswish", "hardsigmoid"),
)
_OF_EQUALS = ("add", "average", "maximum", "subtract", "multiply")
_PLAIN = ("identity", "scale", "layer_scale", "alpha_dropout", "spatial_dropout", "stochastic_depth")
_NORMS = ("layer_norm", "instance_norm", "group_norm", "local_response_norm")
_UNARY = (
    *("conv",) * 4,
    *("max_pool", "avg_pool", "batch_norm", "relu", "conv_transpose", "upsample") * 2,
    *("pixel_shuffle", "pixel_unshuffle", "channel_shuffle"),
    *("pad", "pad_channels", "crop", "slice", "split", "split", "permute", "reshape", "flatten"),
    *("adaptive_avg_pool", "adaptive_max_pool", "connected_conv", "linear", "dropout"),
    *_ACTIVATIONS,
    *_NORMS,
    *_PLAIN,
)
_ON_VECTORS = (
    *("linear",) * 8,
    *("relu", "batch_norm", "dropout", "flatten") * 3,
    *("slice", "split", "reshape"),
    *_ACTIVATIONS,
    *_PLAIN,
)
_PARAMETERS = (
    ModuleParameter("width", 4),
    ModuleParameter("stride", 1),
    ModuleParameter("depth", 2),
    ModuleParameter("deep", True),
    ModuleParameter("rate", 0.25),
)
_CONDITIONS = (
    *("deep", "not deep", "width > 3", "stride != 1", "in_channels == width", "deep and depth > 1"),
    "input_channels > width",
)
_WIDTHS = (
    *("=width", "=width", "=2 * width", "=in_channels", "=width + 1", "=max(width, in_channels)", 3),
    "=input_channels",
)


@st.composite
def _chain_step(draw: st.DrawFn, sketch: Sketch, name: str, x: Wire, row: float = 0) -> Wire:
    """One block that fits whatever arrives (any size, any channels), with the module's parameters in it."""
    when = draw(st.sampled_from(_CONDITIONS)) if draw(st.integers(0, 4)) == 0 else None
    kind = draw(
        st.sampled_from(
            (
                *("conv",) * 4,
                *(
                    "batch_norm",
                    "relu",
                    "max_pool",
                    "dropout",
                    "tanh",
                    "scale",
                    "layer_scale",
                    "linear",
                    "permute",
                ),
            )
        )
    )
    parameters: dict[str, Any] = {}
    if kind == "conv":
        kernel = draw(st.sampled_from((1, 3, 3, 5)))
        parameters = {"out_channels": draw(st.sampled_from(_WIDTHS)), "kernel_size": kernel}
        if kernel > 1:
            parameters["padding"] = draw(st.sampled_from((kernel // 2, "same")))
        if draw(st.integers(0, 4)) == 0 and when is None:
            parameters |= {"out_channels": "=in_channels", "groups": "=in_channels"}
        if draw(st.booleans()):
            parameters["bias"] = draw(st.sampled_from((False, "=1 if deep else 0")))
    elif kind == "max_pool":
        parameters = {"kernel_size": 3, "stride": 1, "padding": 1}
    elif kind == "permute":
        parameters = {"dims": draw(st.sampled_from(("channels_last", "channels_first")))}
    elif kind == "linear":
        parameters = {"out_features": draw(st.integers(1, 6)), "over": "last"}
    elif kind in ("dropout", "scale"):
        name_of = {"dropout": "p", "scale": "factor"}[kind]
        parameters = {name_of: draw(st.sampled_from((0.5, "=rate", "=1 - rate", "=rate if deep else 0")))}
    return sketch.add(name, kind, x, row=row, when=when, **parameters)


#: How the blocks of a chain are called by their place.
_NAMES: tuple[Callable[[int], str], ...] = (
    str,
    lambda number: f"step{number}",
    lambda number: f"{{{number}}}",
    lambda number: f"layer{{{number + 1}}}",
    lambda number: f"{{{number}}}" if number else "0",
)


@st.composite
def _chains(draw: st.DrawFn, name: str) -> Module:
    """A chain, its blocks numbered or named; the last may be repeated."""
    sketch = Sketch(Graph(name))
    x = sketch.input()
    name_of = draw(st.sampled_from(_NAMES))
    length = draw(st.integers(1, 4))
    for number in range(length):
        x = draw(_chain_step(sketch, name_of(number), x))
    if draw(st.booleans()):
        repeat = draw(st.sampled_from((2, "=depth", "=depth + 1", "=depth - 1")))
        x = sketch.add(
            name_of(length),
            "conv",
            x,
            repeat=repeat,
            out_channels=draw(st.sampled_from(("=width", "=in_channels"))),
            kernel_size=draw(st.sampled_from((1, 3))),
            padding="same",
        )
    sketch.output(x)
    return Module(name, _PARAMETERS, sketch.graph)


@st.composite
def _residuals(draw: st.DrawFn, name: str) -> Module:
    """A few blocks beside a shortcut, which is projected only where the shape changes."""
    sketch = Sketch(Graph(name))
    x = sketch.input()
    y = sketch.add("conv1", "conv", x, out_channels="=width", kernel_size=3, stride="=stride", padding=1)
    if draw(st.booleans()):
        y = sketch.add("bn1", "batch_norm", y)
    y = sketch.add("relu", "relu", y, when=draw(st.sampled_from((None, "deep"))))
    y = sketch.add("conv2", "conv", y, out_channels="=width", kernel_size=3, padding="same", bias=False)
    if draw(st.booleans()):
        y = sketch.add("gamma", "layer_scale", y, when=draw(st.sampled_from((None, "deep"))))
    changes = "stride != 1 or in_channels != width"
    shortcut = sketch.add(
        "project", "conv", x, row=1, when=changes, out_channels="=width", kernel_size=1, stride="=stride"
    )
    order = draw(st.permutations([y, shortcut]))
    y = sketch.add("add", "add", *order)
    sketch.output(y)
    return Module(name, _PARAMETERS, sketch.graph)


@st.composite
def _branches(draw: st.DrawFn, name: str, modules: tuple[Module, ...]) -> Module:
    """Two or three branches of a few steps, some of them modules of their own, stacked at the end."""
    sketch = Sketch(Graph(name))
    x = sketch.input()
    ends = []
    for branch in range(draw(st.integers(2, 3))):
        y = x
        for number in range(draw(st.integers(0 if branch else 1, 2))):
            place = f"branch{branch}_{number}"
            usable = [module for module in modules if inputs_of(module) == 1]
            if usable and draw(st.booleans()):
                inner = draw(st.sampled_from(usable))
                y = sketch.add(
                    place, inner.block, y, row=branch, **draw(arguments(symbolic=True, stride=False))
                )
            else:
                y = draw(_chain_step(sketch, place, y, branch))
        ends.append(y)
    if len(set(ends)) < 2:
        ends.append(sketch.add("again", "relu", x))
    sketch.output(sketch.add("concat", "concat", *dict.fromkeys(ends)))
    return Module(name, _PARAMETERS, sketch.graph)


@st.composite
def _joins(draw: st.DrawFn, name: str) -> Module:
    """Two inputs of one shape."""
    sketch = Sketch(Graph(name))
    a, b = sketch.input(name="a"), sketch.input(name="b")
    b = draw(_chain_step(sketch, "before", b, 1)) if draw(st.booleans()) else b
    sketch.output(sketch.add("concat", "concat", *draw(st.permutations([a, b]))))
    return Module(name, _PARAMETERS, sketch.graph)


def inputs_of(module: Module) -> int:
    return sum(node.block == "input" for node in module.graph)


@st.composite
def arguments(draw: st.DrawFn, *, symbolic: bool, stride: bool) -> dict[str, Any]:
    """Arguments of a placed module; ``symbolic``: in terms of the parameters of the module around it."""
    width: list[Any] = [1, 2, 3, 5, "=in_channels"] + ["=width", "=2 * width", "=depth + 1"] * symbolic
    given: dict[str, Any] = {"width": draw(st.sampled_from(width))}
    if stride and draw(st.booleans()):
        given["stride"] = draw(st.sampled_from([1, 2]))
    if draw(st.booleans()):
        given["depth"] = draw(st.sampled_from([1, 2, 3] + ["=depth"] * symbolic))
    if draw(st.booleans()):
        given["rate"] = draw(st.sampled_from([0.0, 0.75] + ["=rate", "=1 - rate"] * symbolic))
    if draw(st.booleans()):
        given["deep"] = draw(st.sampled_from([False, True] + ["=deep", "=width > 2"] * symbolic))
    return given


@st.composite
def libraries(draw: st.DrawFn) -> tuple[Module, ...]:
    made: tuple[Module, ...] = ()
    for number in range(draw(st.integers(0, 3))):
        name = f"{'ABCD'[number]}{draw(st.sampled_from(('Block', 'Unit')))}"
        kind = draw(st.sampled_from(("chain", "residual", "branches", "join")))
        if kind == "chain":
            made = (*made, draw(_chains(name)))
        elif kind == "residual":
            made = (*made, draw(_residuals(name)))
        elif kind == "branches":
            made = (*made, draw(_branches(name, made)))
        else:
            made = (*made, draw(_joins(name)))
    return made


class _Drawing:
    """A network being drawn: what does not fit is taken away again at once."""

    def __init__(self, shape: Shape, modules: tuple[Module, ...], name: str) -> None:
        self.document = Document(name)
        for module in modules:
            self.document.apply(AddModule(module))
        self.sketch = Sketch(self.document.network)
        self.analysis: Analysis | None = None
        self.tensors: list[tuple[Wire, Shape]] = [(self.sketch.input(shape), shape)]

    def add(self, name: str, block: str, *inputs: Wire, **more: Any) -> bool:
        """Place a block if it works; the analysis goes along incrementally."""
        graph = self.document.network
        wire = self.sketch.add(name, block, *inputs, **more)
        self.analysis = analyze(self.document, previous=self.analysis)
        report = self.analysis.view().reports[wire.node]
        shape = report.output_shape
        if shape is None or any(p.is_error and p.code != "no-output" for p in self.analysis.problems):
            for edge in list(graph.incoming(wire.node).values()):
                graph.disconnect(edge)
            graph.remove_node(wire.node)
            return False
        for port, leaving in report.output_shapes.items():
            assert leaving is not None
            self.tensors.append((wire._replace(port=port), leaving))
        return True


@st.composite
def documents(
    draw: st.DrawFn, *, axes: int | None = None, most: int = 12, largest: int | None = None
) -> Document:
    """A network that runs, of up to ``most`` blocks on ``axes`` spatial axes (None: any from 1 to 3).

    ``largest``: the longest axis of the input; the shortest is half of that.
    """
    axes = draw(st.sampled_from((2, 2, 2, 1, 3))) if axes is None else axes
    largest = {1: 24, 2: 14, 3: 7}[axes] if largest is None else largest
    shape = (draw(st.integers(1, 4)), *(draw(st.integers(largest // 2, largest)) for _ in range(axes)))
    drawing = _Drawing(shape, draw(libraries()), draw(st.sampled_from(("net", "my net", "Net2"))))
    for number in range(draw(st.integers(1, most) | st.integers(most // 2, most))):
        draw(_grow(drawing, f"n{number}"))
    if draw(st.booleans()):
        draw(_head(drawing))
    sketch, graph = drawing.sketch, drawing.document.network
    loose = [wire for wire, _ in drawing.tensors if not graph.networkx.out_degree(wire.node)]
    sketch.output(loose.pop())
    for number, wire in enumerate(loose):
        if draw(st.booleans()):  # else it goes nowhere, and is left out of the network
            sketch.output(wire, f"output{number}")
    return drawing.document


@st.composite
def _grow(draw: st.DrawFn, drawing: _Drawing, name: str) -> None:
    """One more block behind one or several of the tensors that are there, if what is drawn fits."""
    tensors = drawing.tensors
    wire, shape = tensors[-1] if draw(st.integers(0, 2)) else draw(st.sampled_from(tensors))
    modules = list(drawing.document.modules.values())
    kinds = ("block", "block", "block", "merge", "merge", "gate", "module", "turned")
    kind = draw(st.sampled_from(kinds))
    if kind == "module" and modules and len(shape) > 1:
        module = draw(st.sampled_from(modules))
        given = draw(arguments(symbolic=False, stride=True))
        if inputs_of(module) == 1:
            repeat = draw(st.sampled_from((1, 1, 2)))
            drawing.add(name, module.block, wire, repeat=repeat, **given)
            return
        alike = [other for other, found in tensors if found == shape]
        drawing.add(name, module.block, wire, draw(st.sampled_from(alike)), ports=("a", "b"), **given)
    elif kind == "merge" and len(shape) > 1 and draw(st.integers(0, 4)) == 0:
        like, _ = draw(st.sampled_from([pair for pair in tensors if len(pair[1]) == len(shape)]))
        fitted = draw(st.permutations(("crop_like", "pad_like")))
        any(drawing.add(name, block, wire, like, ports=("input", "like")) for block in fitted)
    elif kind == "merge":
        fits = [other for other, found in tensors if found[1:] == shape[1:] and other != wire]
        if not fits:
            return
        others = draw(st.lists(st.sampled_from(fits), min_size=1, max_size=2, unique=True))
        equal = all(found == shape for other, found in tensors if other in others)
        merge = draw(st.sampled_from(_OF_EQUALS)) if equal and draw(st.booleans()) else "concat"
        drawing.add(name, merge, wire, *(others[:1] if merge == "subtract" else others))
    elif kind == "gate":
        draw(_gate(drawing, name, wire, shape))
    elif kind == "turned" and len(shape) > 1:
        draw(_turned(drawing, name, wire, shape))
    else:
        block = draw(st.sampled_from(_UNARY if len(shape) > 1 else _ON_VECTORS))
        parameters = draw(parameters_of(REGISTRY[block], len(shape) - 1))
        if block == "linear" and len(shape) > 1:
            parameters["over"] = "last"
        repeat = draw(st.sampled_from((1, 1, 1, 1, 2)))
        if not drawing.add(name, block, wire, repeat=repeat, **parameters) and len(shape) > 1:
            drawing.add(name, "conv", wire, out_channels=2, kernel_size=3, padding=1)


@st.composite
def _gate(draw: st.DrawFn, drawing: _Drawing, name: str, wire: Wire, shape: Shape) -> None:
    """A product with something that has axes of one: the whole map's mean, one channel, or one row."""
    kind = draw(st.sampled_from(("channels", "vector", "positions", "row")))
    made = f"{name}_gate"
    if len(shape) == 1 or kind in ("channels", "vector"):
        pooled = len(shape) > 1 and drawing.add(made, "global_avg_pool", wire, keepdim=kind == "channels")
        there = pooled or drawing.add(made, "sigmoid", wire)
    elif kind == "positions":
        there = drawing.add(made, "conv", wire, out_channels=1, kernel_size=3, padding="same")
    else:
        size = [shape[1], *[1] * (len(shape) - 2)]
        there = drawing.add(made, "max_pool", wire, kernel_size=size, stride=1)
    if there:
        pair = draw(st.permutations([wire, drawing.tensors[-1][0]]))
        drawing.add(name, "multiply", *pair)


#: What treats each number by itself or goes along the last axis, wherever the channels are.
_BY_ITSELF = ("relu", "gelu", "layer_norm", "linear", "linear", "dropout", "stochastic_depth", "layer_scale")


@st.composite
def _turned(draw: st.DrawFn, drawing: _Drawing, name: str, wire: Wire, shape: Shape) -> None:
    """The axes in another order, mostly the channels last, for a few blocks; then perhaps back, and a shortcut."""
    rank = len(shape)
    last = [*range(2, rank + 1), 1]
    order = draw(st.just(last) | st.permutations(range(1, rank + 1)))
    if not drawing.add(f"{name}_turned", "permute", wire, dims=order):
        return
    for number in range(draw(st.integers(0, 3))):
        x, arriving = drawing.tensors[-1]
        block = draw(st.sampled_from(_BY_ITSELF))
        given: dict[str, Any] = {"over": "last"} if block in ("linear", "layer_norm") else {}
        if block == "linear":
            given["out_features"] = draw(st.sampled_from((2, int(arriving[-1]))))
        drawing.add(f"{name}_{number}", block, x, **given)
    if draw(st.booleans()):
        back = [order.index(axis) + 1 for axis in range(1, rank + 1)]
        drawing.add(f"{name}_back", "permute", drawing.tensors[-1][0], dims=back)
    x, arriving = drawing.tensors[-1]
    if arriving == shape and draw(st.booleans()):
        drawing.add(name, draw(st.sampled_from(_OF_EQUALS)), wire, x)


@st.composite
def _head(draw: st.DrawFn, drawing: _Drawing) -> None:
    """A pool or a flatten, and a linear layer."""
    wire, shape = drawing.tensors[-1]
    if len(shape) > 1:
        drawing.add("pool", draw(st.sampled_from(("flatten", "global_avg_pool", "global_max_pool"))), wire)
        wire, shape = drawing.tensors[-1]
    if len(shape) == 1:
        drawing.add("fc", "linear", wire, out_features=draw(st.integers(1, 5)))
