"""U-Net and TCN are what one writes by hand: any size, any option; and an output over time knows the past alone."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from builder.analysis import analyze
from builder.analysis.sizes import minimum_input
from builder.architectures.tcn import tcn
from builder.architectures.unet import unet
from builder.document import Document
from runtime.compile import build
from tests.oracles.cases import examples
from tests.oracles.documents import Interpreted
from tests.oracles.handwritten.networks import Tcn, UNet, multiplied_out, normalised
from tests.oracles.measures import multiply_adds
from tests.oracles.support import impulse_support

OPTIONS = tuple(product(("concat", "sum"), ("transposed", "bilinear")))
#: As Pytorch-UNet has them, for three channels and two classes.
PARAMETERS = {"transposed": 31_037_698, "bilinear": 17_263_042}
Shape = tuple[int, ...]


def scatter(network: nn.Module) -> None:
    """Weights and statistics that no default gives by accident, which keep the signal alive."""
    with torch.no_grad():
        for tensor in (*network.parameters(), *network.buffers()):
            if tensor.dim() > 1:
                tensor.normal_(std=(2 / tensor[0].numel()) ** 0.5)
            elif tensor.is_floating_point():
                tensor.uniform_(0.5, 1.5)


def same(document: Document, theirs: nn.Module, *shapes: Shape) -> None:
    """Their weights load strictly, in their order, and give their outputs in both modes."""
    assert [p.message for p in analyze(document).problems if p.is_error] == []
    ours = build(document)
    scatter(theirs)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for shape, training in product(shapes, (False, True)):
        ours.train(training)
        theirs.train(training)
        x = torch.randn(2, *shape)
        torch.manual_seed(8)
        mine = ours(x)
        torch.manual_seed(8)
        wanted = theirs(x)
        assert wanted.std() > 0
        assert torch.equal(mine, wanted)


@pytest.mark.parametrize(("merge", "up"), OPTIONS)
@pytest.mark.parametrize(("shape", "levels"), [((3, 37, 51), 4), ((1, 16, 23), 4), ((2, 9, 4), 2)], ids=str)
def test_a_u_net_is_the_one_by_hand_at_any_size(merge: Any, up: Any, shape: Shape, levels: int) -> None:
    torch.manual_seed(1)
    document = unet(shape, 3, merge=merge, up=up, width=1 / 16, levels=levels)
    assert analyze(document).output_shapes == [(3, *shape[1:])]
    theirs = UNet(shape[0], 3, 4, levels, merge, up == "bilinear")
    # What is built for one size takes all others.
    same(document, theirs, shape, (shape[0], 2**levels, 3 * 2**levels - 1))


@pytest.mark.parametrize(("merge", "up"), OPTIONS)
def test_at_full_width_it_has_the_weights_and_the_work_of_the_one_by_hand(merge: Any, up: Any) -> None:
    totals = analyze(unet(merge=merge, up=up)).totals
    with torch.device("meta"):
        theirs = UNet(3, 2, 64, 4, merge, up == "bilinear")
        assert totals.macs == multiply_adds(theirs, [(3, 256, 256)])
    assert totals.parameters == sum(p.numel() for p in theirs.parameters())
    if merge == "concat":
        assert totals.parameters == PARAMETERS[up]


def test_its_layers_have_the_names_and_shapes_of_pytorch_unet() -> None:
    def shapes(up: Any, *names: str) -> Mapping[str, Shape]:
        with torch.device("meta"):
            state = build(unet(up=up)).state_dict()
        return {name: tuple(state[name].shape) for name in names}

    assert shapes(
        "transposed", "inc.double_conv.0.weight", "inc.double_conv.4.running_var",
        "down4.maxpool_conv.1.double_conv.3.weight", "up1.up.weight", "up1.up.bias",
        "up1.conv.double_conv.0.weight", "up4.conv.double_conv.3.weight", "outc.conv.bias",
    ) == {
        "inc.double_conv.0.weight": (64, 3, 3, 3),
        "inc.double_conv.4.running_var": (64,),
        "down4.maxpool_conv.1.double_conv.3.weight": (1024, 1024, 3, 3),
        "up1.up.weight": (1024, 512, 2, 2),
        "up1.up.bias": (512,),
        "up1.conv.double_conv.0.weight": (512, 1024, 3, 3),
        "up4.conv.double_conv.3.weight": (64, 64, 3, 3),
        "outc.conv.bias": (2,),
    }  # fmt: skip
    assert shapes(
        "bilinear", "down4.maxpool_conv.1.double_conv.0.weight", "up1.conv.double_conv.0.weight",
        "up1.conv.double_conv.3.weight", "up4.conv.double_conv.0.weight", "up4.conv.double_conv.3.weight",
    ) == {
        "down4.maxpool_conv.1.double_conv.0.weight": (512, 512, 3, 3),
        "up1.conv.double_conv.0.weight": (512, 1024, 3, 3),
        "up1.conv.double_conv.3.weight": (256, 512, 3, 3),
        "up4.conv.double_conv.0.weight": (64, 128, 3, 3),
        "up4.conv.double_conv.3.weight": (64, 64, 3, 3),
    }  # fmt: skip


@pytest.mark.parametrize(("merge", "up"), OPTIONS)
def test_the_answer_has_the_picture_s_size(merge: Any, up: Any) -> None:
    document = unet((3, 20, 20), 2, merge=merge, up=up, width=0.05, levels=3)
    with torch.device("meta"):
        network = build(document).eval()

    @given(st.integers(8, 90), st.integers(8, 90))
    @examples(0.3)
    def check(height: int, width: int) -> None:
        analysis = analyze(document, input_shape=(3, height, width))
        assert analysis.ok
        with torch.no_grad():
            answer = network(torch.empty(1, 3, height, width, device="meta"))
        assert tuple(answer.shape[1:]) == analysis.output_shapes[0] == (2, height, width)

    check()


@pytest.mark.parametrize(("levels", "smallest"), [(1, 2), (3, 8), (4, 16), (5, 32)])
def test_a_picture_that_cannot_be_halved_so_often_is_told(levels: int, smallest: int) -> None:
    document = unet((3, 64, 64), width=1 / 16, levels=levels)
    found = minimum_input(document)
    assert found is not None
    assert (found.square, found.axes, found.gap) == ((smallest,) * 2, (smallest,) * 2, None)
    (problem,) = (
        p for p in analyze(document, input_shape=(3, smallest - 1, smallest)).problems if p.is_error
    )
    assert problem.code == "kernel-too-large"
    assert f"input is {smallest}×{smallest}." in problem.message


@pytest.mark.parametrize(("merge", "up"), OPTIONS)
def test_what_a_pixel_of_the_answer_sees_is_exact_through_the_borders(merge: Any, up: Any) -> None:
    shape = (1, 21, 27)
    document = unet(shape, 1, merge=merge, up=up, width=1 / 32, levels=3)
    analysis = analyze(document)
    seen = impulse_support(Interpreted(document).double().eval().everything, shape)
    generator = torch.Generator().manual_seed(9)
    for path in ("up1.pad", "up2.pad", "up3.pad", "outc.conv"):
        corner = tuple(size - 1 for size in seen[path].positions)
        drawn = [
            tuple(int(torch.randint(size, (), generator=generator)) for size in seen[path].positions)
            for _ in range(12)
        ]
        for position in ((0, 0), corner, *drawn):
            assert analysis.field(path, position) == seen[path].field(position), (path, position)


@pytest.mark.parametrize("shape", [(2, 75), (1, 9, 12, 17)], ids=str)
def test_sequences_and_volumes_are_segmented_too(shape: Shape) -> None:
    document = unet(shape, 3, width=1 / 32, levels=3)
    answer = build(document)(torch.randn(2, *shape))
    assert tuple(answer.shape[1:]) == analyze(document).output_shapes[0] == (3, *shape[1:])


def test_options_that_make_no_u_net_are_refused() -> None:
    with pytest.raises(ValueError, match="'levels' is at least 1, not 0"):
        unet(levels=0)
    with pytest.raises(ValueError, match="'merge' is concat or sum, not 'mean'"):
        unet(merge="mean")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'up' is transposed or bilinear, not 'nearest'"):
        unet(up="nearest")  # type: ignore[arg-type]


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize(
    ("shape", "hidden", "levels", "kernel"),
    [((1, 120), 6, 4, 7), ((3, 33), 3, 3, 2), ((2, 1), 4, 1, 3)],
    ids=str,
)
def test_a_tcn_is_the_one_by_hand(shape: Shape, hidden: int, levels: int, kernel: int, norm: bool) -> None:
    torch.manual_seed(2)
    document = tcn(shape, 5, hidden=hidden, levels=levels, kernel_size=kernel, dropout=0.3, norm=norm)
    theirs = Tcn(shape[0], 5, hidden, levels, kernel, 0.3, norm)
    same(document, theirs, shape, (shape[0], 40))


def test_the_paper_s_normalised_weights_multiplied_out_are_its_weights() -> None:
    torch.manual_seed(3)
    theirs = normalised(2, 6, 4, 3)
    ours = build(tcn((2, 60), hidden=6, levels=4, kernel_size=3)).eval()
    ours.network.load_state_dict(multiplied_out(theirs), strict=True)
    x = torch.randn(2, 2, 60)
    with torch.no_grad():
        torch.testing.assert_close(ours.network(x), theirs(x))


@pytest.mark.parametrize(("levels", "kernel"), [(8, 7), (1, 2), (3, 3), (5, 4), (6, 1)])
def test_the_field_reaches_as_far_back_as_the_formula_says(levels: int, kernel: int) -> None:
    length = 784
    analysis = analyze(tcn((1, length), levels=levels, kernel_size=kernel))
    leaf = analysis.leaf(f"network.{levels - 1}.relu")
    assert leaf is not None
    field = leaf.receptive_field
    reach = 1 + 2 * (kernel - 1) * (2**levels - 1)
    assert field is not None
    assert (field.size, field.jump, field.start) == ((reach,), (1,), (1 - reach,))
    for moment in (0, 1, 100, length - 1):
        assert analysis.field(leaf.path, (moment,)) == ((max(0, moment - reach + 1), moment),)
    assert [problem.message for problem in analysis.problems] == []


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize(("levels", "kernel"), [(3, 3), (4, 2), (2, 5)])
def test_outputs_change_with_what_they_see_and_with_nothing_to_come(
    levels: int, kernel: int, norm: bool
) -> None:
    torch.manual_seed(4)
    reach, length = 1 + 2 * (kernel - 1) * (2**levels - 1), 80
    network = build(tcn((2, length), hidden=4, levels=levels, kernel_size=kernel, norm=norm)).double().eval()
    with torch.no_grad():
        for tensor in (*network.parameters(), *network.buffers()):
            if tensor.is_floating_point():  # positive throughout: what is seen cannot cancel
                tensor.uniform_(0.1, 0.2)
        x = torch.rand(1, 2, length, dtype=torch.float64) + 1
        for moment in (0, 7, length - reach, length - 1):
            other = x.clone()
            other[:, :, moment] += 1
            moved = (network.network(x) != network.network(other)).any(dim=1)[0]
            assert _marked(moved) == (moment, min(moment + reach, length) - 1)
            assert (network(x) != network(other)).any() == (moment + reach >= length)


def _marked(moved: Tensor) -> tuple[int, int]:
    """First and last that is true, all between them being so too."""
    places = moved.nonzero()[:, 0]
    first, last = int(places[0]), int(places[-1])
    assert len(places) == last - first + 1
    return first, last
