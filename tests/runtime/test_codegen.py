"""The source reads as a person would write it, says what the document says, and cannot be made to say more."""

from __future__ import annotations

import ast
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
import torch

from builder.analysis import analyze
from builder.architectures import ARCHITECTURES
from builder.document import Document, Module, ModuleParameter
from builder.errors import Address, ConvolabError
from builder.graph import Edge, Graph, Node
from builder.library import LIBRARY
from builder.sketch import Sketch, Wire
from runtime.codegen import Source, class_name_of, generate
from runtime.compile import Tapped, build
from runtime.source.helpers import HELPERS, helper_source


def _source(document: Document) -> Source:
    source = generate(document)
    assert isinstance(source, Source), [problem.message for problem in source]
    return source


def _block(name: str = "Block", **defaults: int | bool) -> tuple[Sketch, Wire, Any]:
    net = Sketch(Graph(name))
    x = net.input()
    return net, x, lambda: Module(name, tuple(ModuleParameter(k, v) for k, v in defaults.items()), net.graph)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_sources_are_formatted_and_lint_clean(name: str, tmp_path: Any) -> None:
    path = tmp_path / "network.py"
    path.write_text(_source(ARCHITECTURES[name].build()).text, encoding="utf-8")
    _check_style(path)


def test_helper_classes_are_formatted_and_lint_clean(tmp_path: Any) -> None:
    classes = [helper_source(name) for name in HELPERS]
    path = tmp_path / "helpers.py"
    path.write_text("\n\n".join(["import torch\nfrom torch import nn\n", *classes]), encoding="utf-8")
    _check_style(path)


def _check_style(path: Path) -> None:
    for command in (["check", "--select", "E,F,W,I,UP,B", "--line-length", "88"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", command[0], "--isolated", *command[1:], str(path)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_chain_placed_once_is_written_where_it_stands_and_a_module_placed_twice_is_one_class() -> None:
    vgg, resnet = (
        _source(ARCHITECTURES["vgg16"].build()).text,
        _source(ARCHITECTURES["resnet18"].build()).text,
    )
    assert vgg.count("class ") == 1
    assert "self.features = nn.Sequential(" in vgg
    assert resnet.count("class ") == 3
    assert resnet.count("nn.Conv2d(width, width") == 1
    assert "if stride != 1 or in_channels != width:" in resnet
    assert len(resnet.splitlines()) < 90


def test_lines_lead_to_the_node() -> None:
    document = ARCHITECTURES["resnet18"].build()
    source = _source(document)
    text = source.text.splitlines()
    for graph in document.graphs():
        for node in graph:
            if node.block in ("input", "output", "add"):
                continue
            line = text[source.lines[Address(graph.key, node.id)] - 1]
            assert node.name.isdigit() or f"self.{node.name} = " in line


def test_a_module_at_two_ranks_becomes_two_classes() -> None:
    net, x, module = _block(width=4)
    net.output(net.add("conv", "conv", x, out_channels="=width", padding=1))
    top = Sketch()
    image, sequence = top.input((3, 8, 8), "image"), top.input((3, 8), "sequence")
    a = top.add("a", "module:Block", image)
    b = top.add("b", "module:Block", sequence, width=6)
    top.output(a, "left")
    top.output(b, "right")
    document = Document("two ranks", top.graph, [module()])
    text = _source(document).text
    assert "class Block(" in text
    assert "class Block1d(" in text
    model = build(document)
    left, right = model(torch.randn(2, 3, 8, 8), torch.randn(2, 3, 8))
    assert left.shape == (2, 4, 8, 8)
    assert right.shape == (2, 6, 8)


def test_sizes_that_no_parameter_gives_become_arguments() -> None:
    net, x, module = _block()
    y = net.add("flatten", "flatten", x)
    net.output(net.add("fc", "linear", y, out_features=5))
    top = Sketch()
    a, b = top.input((3, 8, 8), "a"), top.input((3, 4, 4), "b")
    top.output(top.add("left", "module:Block", a), "l")
    top.output(top.add("right", "module:Block", b), "r")
    document = Document("heads", top.graph, [module()])
    model = build(document)
    assert model.left.fc.in_features == 192
    assert model.right.fc.in_features == 48


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_repeat_is_a_chain_with_the_paths_the_analysis_says(depth: int) -> None:
    net, x, module = _block(width=4, depth=1)
    y = net.add("body", "conv", x, out_channels="=width", padding=1, repeat="=depth")
    y = net.add("act", "relu", y)
    net.output(net.add("sum", "add", y, net.add("tail", "relu", y)))
    top = Sketch()
    x = top.input((3, 8, 8))
    x = top.add("one", "module:Block", x, depth=depth)
    top.output(top.add("two", "module:Block", x, depth=2, width=7))
    document = Document("deep", top.graph, [module()])
    analysis = analyze(document)
    model = build(document)
    paths = {leaf.path for leaf in analysis.leaves() if leaf.parameters}
    assert {key.rpartition(".")[0] for key in model.state_dict()} == paths
    assert {f"one.body.{i}" for i in range(depth)} == {path for path in paths if path.startswith("one")}
    assert sum(p.numel() for p in model.parameters()) == analysis.totals.parameters


def test_when_false_in_every_use_leaves_nothing_and_in_some_becomes_a_condition() -> None:
    net, x, module = _block(norm=True)
    y = net.add("conv", "conv", x, out_channels=4)
    y = net.add("bn", "batch_norm", y, when="norm")
    y = net.add("twice", "add", y, y, when="norm")
    net.output(y)
    top = Sketch()
    x = top.input((3, 8, 8))
    x = top.add("a", "module:Block", x, norm=False)
    plain = Document("plain", top.graph.copy(), [module()])
    plain.network.connect(Edge("n2", "output", _end(plain), "x"))
    assert "BatchNorm" not in _source(plain).text
    top.output(top.add("b", "module:Block", x))
    document = Document("some", top.graph, [module().copy()])
    model = build(document)
    assert not any(key.startswith("a.bn") for key in model.state_dict())
    assert any(key.startswith("b.bn") for key in model.state_dict())
    tapped = Tapped(document, model).run(torch.randn(2, 3, 8, 8))
    assert torch.equal(tapped["b.twice"], 2 * tapped["b.bn"])


def test_a_class_takes_what_makes_a_difference_and_is_told_what_the_drawing_says() -> None:
    ready = LIBRARY["SqueezeExcitation"]
    top = Sketch()
    x = top.add("first", ready.block, top.input((16, 8, 8)), squeeze_channels=8)
    top.output(top.add("second", ready.block, x, squeeze_channels=4, silu=False))
    text = _source(Document("gates", top.graph, ready.build())).text
    assert "def __init__(self, in_channels: int, squeeze_channels: int = 8)" not in text  # always 16
    assert "def __init__(self, squeeze_channels: int = 8) -> None:" in text
    assert "self.first = SqueezeExcitation(squeeze_channels=8)" in text
    assert "self.second = SqueezeExcitation(squeeze_channels=4)" in text


def test_an_argument_is_not_kept_for_a_layer_that_is_called_like_it() -> None:
    ready = LIBRARY["SqueezeExcitation"]
    top = Sketch()
    x = top.add("first", ready.block, top.input((16, 8, 8)), silu=True)
    top.output(top.add("second", ready.block, x, silu=True))
    text = _source(Document("gates", top.graph, ready.build())).text
    assert "self.silu = nn.SiLU()" in text
    assert "silu: bool" not in text
    assert "silu=" not in text


def test_the_last_result_is_returned_as_it_is_made() -> None:
    net = Sketch()
    x = net.input((3, 8, 8))
    y = net.add("conv", "conv", x, out_channels=3, padding=1)
    net.output(net.add("sum", "add", y, x))
    assert "return conv + x" in _source(Document("one", net.graph.copy())).text
    net.output(y, "other")
    text = _source(Document("two", net.graph)).text
    assert "sum = conv + x" in text or "sum_ = conv + x" in text
    assert "return sum" in text


def _end(document: Document) -> str:
    document.network.add_node(Node("end", "end", "output"))
    return "end"


def test_the_separable_convolution_is_what_the_lecture_counts() -> None:
    ready = LIBRARY["SeparableConv"]
    top = Sketch()
    x = top.add("sep", ready.block, top.input((16, 8, 8)), out_channels=32)
    top.output(x)
    document = Document("sep", top.graph, ready.build())
    assert analyze(document).totals.parameters == 656
    model = build(document)
    assert list(model.state_dict()) == ["sep.depthwise.weight", "sep.pointwise.weight"]
    assert model(torch.randn(1, 16, 8, 8)).shape == (1, 32, 8, 8)


@pytest.mark.parametrize(
    "name",
    [
        '"""\nimport os; os.system("touch pwned")\n"""',
        "x'); print('hi",
        "\\",
        "näme",
        "9 lives",
        "",
        "class",
        "\u202eabc",
        "a\x00b",
    ],
)
def test_no_text_of_a_document_becomes_code(name: str) -> None:
    document = Document(name, ARCHITECTURES["lenet5"].build().network)
    source = _source(document)
    assert source.class_name.isidentifier()
    tree = ast.parse(source.text)
    assert [type(part).__name__ for part in tree.body] == ["Expr", "Import", "ImportFrom", "ClassDef"]
    called = {ast.unparse(part.func).split(".")[0] for part in ast.walk(tree) if isinstance(part, ast.Call)}
    assert called <= {"nn", "self", "super", "super()"}
    build(document)


def test_class_names_are_identifiers() -> None:
    assert class_name_of("resnet18") == "ResNet18"
    assert class_name_of("resnet18_for flowers") == "ResNet18ForFlowers"
    assert class_name_of("resnext50_32x4d") == "ResNeXt50_32x4d"
    assert class_name_of("my first net") == "MyFirstNet"
    assert class_name_of("3d net") == "Net3dNet"
    assert class_name_of("") == "Net"


def test_errors_are_returned_by_generate_and_raised_by_build() -> None:
    document = Document()
    problems = generate(document)
    assert isinstance(problems, list)
    assert {problem.code for problem in problems} == {"no-input", "no-output"}
    with pytest.raises(ConvolabError, match="needs an Output block"):
        build(document)


def test_tracebacks_show_the_generated_line() -> None:
    model = build(ARCHITECTURES["lenet5"].build())
    with pytest.raises(RuntimeError, match="channels") as failure:
        model(torch.zeros(1, 3, 28, 28))
    text = "".join(traceback.format_exception(failure.value))
    assert "conv1 = self.conv1(x)" in text


def test_looking_changes_nothing() -> None:
    document = ARCHITECTURES["resnet18"].build(input_shape=(3, 32, 32))
    model = build(document)
    model.train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    state = torch.get_rng_state()
    tapped = Tapped(document, model)
    found = tapped.run(torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)))
    assert torch.equal(state, torch.get_rng_state())
    assert model.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert found["layer2.0.downsample"].shape == (1, 128, 4, 4)
    with torch.no_grad():
        model.conv1.weight.mul_(2)
    again = tapped.run(torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)), paths=["conv1"])
    assert set(again) == {"conv1"}
    assert torch.allclose(again["conv1"], 2 * found["conv1"], atol=1e-4)


def test_many_outputs_fit_on_a_line() -> None:
    net = Sketch()
    x = net.input((3, 8, 8))
    for number in range(7):
        net.output(net.add(f"relu{number}", "relu", x, row=number), f"output{number}")
    source = generate(Document("many", net.graph))
    assert isinstance(source, Source)
    assert "-> tuple[torch.Tensor, ...]:" in source.text
    assert max(map(len, source.text.splitlines())) <= 88


def test_outputs_come_back_as_they_are_drawn_whichever_is_ready_first() -> None:
    block, x, module = _block()
    block.output(block.add("late", "conv", block.add("wait", "relu", x), out_channels=5), "late_out")
    block.output(block.add("soon", "conv", x, out_channels=2), "soon_out")
    graph = block.graph
    first = graph.node("n2")
    wires = [*graph.incoming(first.id).values(), *graph.outgoing(first.id)]
    for wire in wires:
        graph.disconnect(wire)
    graph.remove_node(first.id)
    graph.add_node(first)  # now it is the last one drawn
    for wire in wires:
        graph.connect(wire)
    net = Sketch()
    net.add("block", "module:Block", net.input((3, 8, 8)))
    document = Document("net", net.graph, [module()])
    block_id = net.graph.by_name("block")
    assert block_id is not None
    for port in ("late_out", "soon_out"):
        end = net.graph.unused_id()
        net.graph.add_node(Node(end, f"to_{port}", "output"))
        net.graph.connect(Edge(block_id.id, port, end, "x"))
    shapes = analyze(document).output_shapes
    assert shapes == [(5, 6, 6), (2, 6, 6)]
    with torch.no_grad():
        assert [tuple(y.shape[1:]) for y in build(document)(torch.zeros(1, 3, 8, 8))] == shapes


def test_channels_are_written_by_their_name_wherever_they_lie() -> None:
    block = Sketch(Graph("Block"))
    x = block.add("last", "permute", block.input(), dims="channels_last")
    x = block.add("norm", "layer_norm", x, over="last")
    x = block.add("fc", "linear", x, over="last", out_features="=2 * input_channels")
    block.output(block.add("first", "permute", x, dims="channels_first"))
    net = Sketch()
    x = net.input((3, 8, 6))
    for number in range(2):
        x = net.add(f"block{number}", "module:Block", x)
    net.output(x)
    text = _source(Document("net", net.graph, [Module("Block", (), block.graph)])).text
    assert "nn.LayerNorm(in_channels)" in text
    assert "nn.Linear(in_channels, 2 * in_channels)" in text
    assert "def __init__(self, in_channels: int) -> None:" in text


@pytest.mark.parametrize(
    "name", ["tcn", "unet", "resnet50", "densenet121", "googlenet", "mobilenet_v3_small", "efficientnet_b0"]
)
def test_a_class_takes_an_argument_only_for_what_differs(name: str) -> None:
    """Every argument is given two values at least, or one that hangs on the class around."""
    tree = ast.parse(_source(ARCHITECTURES[name].build()).text)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for cls in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        init = next(
            f for f in cls.body if isinstance(f, ast.FunctionDef) and f.name in ("__init__", "forward")
        )
        if init.name == "forward" or init.args.vararg:  # a helper
            continue
        names = [argument.arg for argument in init.args.args[1:]]
        defaults = dict(zip(reversed(names), map(ast.unparse, reversed(init.args.defaults)), strict=False))
        given: dict[str, set[str]] = {argument: set() for argument in names}
        for call in calls:
            if ast.unparse(call.func) == cls.name:
                said = {
                    **dict(zip(names, call.args, strict=False)),
                    **{k.arg: k.value for k in call.keywords},
                }
                for argument in names:
                    value = said.get(argument)
                    given[argument].add(defaults[argument] if value is None else ast.unparse(value))
        for argument, values in given.items():
            (alone,) = values if len(values) == 1 else ("",)
            assert len(values) > 1 or any(character.isalpha() for character in alone), (cls.name, argument)


def test_what_is_decided_is_worked_out() -> None:
    """Switches that are alike in all uses leave no trace, and neither do numbers that can be reckoned with."""
    text = _source(ARCHITECTURES["tcn"].build()).text
    assert "def __init__(self, in_channels: int, dilation: int = 1)" in text
    assert "nn.ZeroPad1d((6 * dilation, 0))" in text
    assert "padding=0, dilation=dilation" in text
