"""ResNet-18 drawn from an empty canvas, with the mouse and the keys alone, is the published network."""

from __future__ import annotations

import torch
from PySide6.QtCore import QPointF, Qt
from torch import nn

from builder.writing import write_document
from runtime.compile import build
from tests.oracles.reference import ReferenceNetwork, architecture
from tests.person import ALT, CONTROL, SHIFT, Person


def draw_stem(person: Person) -> None:
    """What is before the residual blocks; the presets have most of the figures."""
    person.add("colour 224")
    person.add("conv 7", called="conv1")
    person.switch("bias")
    person.add("batch norm", called="bn1")
    person.add("relu")
    person.add("max pool 3", called="maxpool")


def draw_block(person: Person) -> None:
    """Two convolutions and a shortcut: the first is made a module, and the rest is drawn inside."""
    person.add("conv 3x3")
    person.group("BasicBlock")
    person.enter("basic_block")
    person.select("conv")
    person.rename("conv1")
    person.switch("bias")
    person.enter_value("out_channels", "64")
    person.expose("out_channels", "width")
    person.select_wire("conv1", "output")
    person.add("batch norm", called="bn1")
    person.select_wire("bn1", "output")
    person.add("relu")
    person.box("conv1", "bn1")
    person.drag(person.body("conv1"), person.body("conv1") + QPointF(0, 160), ALT)
    assert person.selected() == ["conv2", "bn2"]
    person.drag(person.end_of("relu", "output"), person.body("conv2"))
    person.select("bn2")
    person.add("add")
    person.add("relu")
    person.connect("relu2", "output")


def draw_shortcut(person: Person) -> None:
    """The projection, which is there only where the shape changes."""
    person.select("conv1")
    person.expose("stride")
    person.drag(person.output("input"), person.output("input") + QPointF(60, 320))
    person.type("1x1")
    person.switch("bias")
    person.enter_value("out_channels", "=width")
    person.enter_value("stride", "=stride")
    person.add("batch norm")
    person.box("conv", "bn")
    person.group("Downsample")
    person.connect("downsample", "add")
    person.enter_value("·when", "stride != 1 or in_channels != width")
    person.enter("downsample")
    person.select("conv")
    person.rename("0")
    person.select("bn")
    person.rename("1")
    person.leave()


def draw_stages(person: Person) -> None:
    """Two blocks make a stage, of which the first may halve the map; there are four, each twice as wide."""
    person.press(Qt.Key.Key_L)
    person.leave()
    person.group("Layer")
    person.enter("layer")
    person.select("basic_block")
    person.rename("0")
    person.expose("width")
    person.expose("stride")
    person.drag(person.body("0"), person.body("0") + QPointF(0, 160), ALT)
    assert person.selected() == ["1"]
    person.enter_value("stride", "1")
    person.drag(person.body("1"), person.wire("0", "output"))
    person.leave()


def draw_the_rest(person: Person) -> None:
    """Three more stages, and the classifier."""
    for _ in range(3):
        person.add("layer")
    person.select("layer")
    person.rename("layer1")
    person.box("layer2", "layer3", "layer4")
    person.enter_value("width", "=2 * in_channels")
    person.enter_value("stride", "2")
    person.select("layer4")
    person.add("adaptive average", called="avgpool")
    person.add("flatten")
    person.add("linear", called="fc")
    person.enter_value("out_features", "1000")
    person.add("output")
    person.press(Qt.Key.Key_L)


#: Undo steps in which the whole network is drawn.
STEPS = 60


def test_resnet18_is_drawn_from_an_empty_canvas(person: Person) -> None:
    person.press(Qt.Key.Key_Escape)  # the start page
    person.press(Qt.Key.Key_N, CONTROL)
    session = person.session
    empty = write_document(session.document)
    assert len(session.document.network) == 0
    draw_stem(person)
    draw_block(person)
    draw_shortcut(person)
    draw_stages(person)
    draw_the_rest(person)
    session.flush()
    drawn = write_document(session.document)
    is_the_published_network(person)
    steps = 0
    while session.history.can_undo:
        person.press(Qt.Key.Key_Z, CONTROL)
        steps += 1
    assert write_document(session.document) == empty
    assert steps <= STEPS
    for _ in range(steps):
        person.press(Qt.Key.Key_Z, CONTROL | SHIFT)
    assert not session.history.can_redo
    assert write_document(session.document) == drawn


def is_the_published_network(person: Person) -> None:
    """Nothing is wrong with what is drawn, and it is torchvision's resnet18: keys, shapes, work and outputs."""
    document, analysis = person.session.document, person.session.analysis
    assert not analysis.problems
    assert list(document.modules) == ["BasicBlock", "Downsample", "Layer"]
    facts = architecture("resnet18")
    assert (analysis.totals.parameters, analysis.totals.macs) == (facts["params_total"], facts["macs"])
    ours, theirs = build(document).eval(), ReferenceNetwork.load("resnet18").eval()
    shapes, wanted = ({k: v.shape for k, v in net.state_dict().items()} for net in (ours, theirs))
    assert shapes == wanted
    theirs.load_state_dict(randomised(ours).state_dict())
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        ours_y, theirs_y = ours(x), theirs(x)
    assert ours_y.std() > 0
    assert torch.equal(ours_y, theirs_y)


def randomised(module: nn.Module) -> nn.Module:
    """The module with weights and statistics that no default could give by accident."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for tensor in (*module.parameters(), *module.buffers()):
            if tensor.is_floating_point():
                if tensor.dim() == 1:
                    tensor.uniform_(0.5, 1.5, generator=generator)
                else:
                    tensor.normal_(std=0.03, generator=generator)
    return module
