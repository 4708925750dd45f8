"""What arrives at a module is known to every expression in it."""

from __future__ import annotations

from builder.analysis import Analysis, analyze
from builder.document import Document, Module, ModuleParameter
from builder.edits import Disconnect, ReplaceNode
from builder.graph import Graph
from builder.names import check_parameter_name
from builder.sketch import Sketch

FITS = "input_channels == width"


def document(channels: int = 8) -> Document:
    """Stem → a block that adds its input where it fits, which one sees only behind its first convolution."""
    inner = Sketch(Graph("Block"))
    x = inner.input()
    y = inner.add("conv", "conv", x, out_channels="=width", padding=1)
    y = inner.add("twice", "conv", y, out_channels="=2 * input_channels", kernel_size=1)
    y = inner.add("back", "conv", y, out_channels="=width", kernel_size=1)
    inner.output(inner.add("add", "add", y, x, when=FITS))
    net = Sketch()
    x = net.add("stem", "conv", net.input((3, 9, 9)), out_channels=channels, padding=1)
    net.output(net.add("block", "module:Block", x, width=8))
    return Document("net", net.graph, [Module("Block", (ModuleParameter("width", 8),), inner.graph)])


def told(analysis: Analysis) -> tuple[bool, int]:
    """Whether the shortcut is there, and the channels in the middle."""
    leaves = {leaf.path: leaf for leaf in analysis.leaves()}
    middle = leaves["block.twice"].output_shape
    assert middle is not None
    return "block.add" in leaves and not leaves["block.add"].bypassed, middle[0]


def test_a_shortcut_is_there_where_the_modules_input_fits() -> None:
    assert told(analyze(document(8))) == (True, 16)
    assert told(analyze(document(6))) == (False, 12)


def test_it_follows_what_arrives() -> None:
    net = document(8)
    stem = net.network.by_name("stem")
    assert stem is not None
    before = analyze(net)
    assert told(before)[0]
    net.apply(ReplaceNode("", stem.with_parameters(out_channels=6)))
    assert told(analyze(net, previous=before)) == told(analyze(net)) == (False, 12)


def test_it_is_waited_for_where_nothing_arrives_yet() -> None:
    net = document()
    stem = net.network.by_name("stem")
    assert stem is not None
    (edge,) = net.network.incoming(stem.id).values()
    net.apply(Disconnect("", edge))
    assert "bad-expression" not in {problem.code for problem in analyze(net).problems}


def test_outside_a_module_there_is_none() -> None:
    net = document()
    stem = net.network.by_name("stem")
    assert stem is not None
    net.apply(ReplaceNode("", stem.with_parameters(out_channels="=input_channels")))
    problem = next(problem for problem in analyze(net).problems if problem.code == "bad-expression")
    assert "'input_channels'" in problem.message


def test_no_parameter_may_be_called_so() -> None:
    problem = check_parameter_name("input_channels")
    assert problem is not None
    assert problem.code == "name-reserved"
