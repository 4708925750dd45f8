"""GoogLeNet and Inception v3 with the classifiers half way: torchvision's, key for key."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from builder.analysis import analyze
from builder.architectures import ARCHITECTURES
from builder.document import Document
from builder.reading import read_document
from builder.writing import write_document
from runtime.compile import build
from runtime.training.tasks import Head, heads_of
from tests.oracles.published import published
from tests.oracles.weights import scatter

#: Network, side on which the classifiers work, and each one with the module whose output it looks at.
HELPED = (
    ("googlenet", 64, {"aux1": "inception4a", "aux2": "inception4d"}, 0.3),
    ("inception_v3", 299, {"AuxLogits": "Mixed_6e"}, 0.4),
)


@pytest.mark.parametrize(("name", "side", "helpers", "weight"), HELPED)
def test_keys_and_outputs_are_those_of_torchvision_with_its_auxiliary_classifiers(
    name: str, side: int, helpers: dict[str, str], weight: float
) -> None:
    document = ARCHITECTURES[name].build(input_shape=(3, side, side), aux=True)
    ours, theirs = build(document).eval(), published(f"torchvision: {name}", aux_logits=True)
    assert [(key, value.shape) for key, value in ours.state_dict().items()] == [
        (key, value.shape) for key, value in theirs.state_dict().items()
    ]
    scatter(theirs)
    ours.load_state_dict(theirs.state_dict())
    torch.manual_seed(6)
    x = torch.randn(1, 3, side, side)
    with torch.no_grad():
        for mine, wanted in zip(ours(x), everything(theirs, helpers, x), strict=True):
            assert wanted.std() > 0
            torch.testing.assert_close(mine, wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))
    assert heads_of(document) == (Head(), *[Head(weight)] * len(helpers))
    analysis = analyze(document)
    assert analysis.output_shapes == [(1000,)] * (1 + len(helpers))
    assert not [problem for problem in analysis.problems if problem.is_error]


def everything(theirs: nn.Module, helpers: dict[str, str], x: Tensor) -> list[Tensor]:
    """What a network of torchvision says, and what its auxiliary classifiers would, which rest in eval mode."""
    seen: dict[str, Tensor] = {}
    for source in helpers.values():
        module = theirs.get_submodule(source)
        module.register_forward_hook(lambda _module, _inputs, y, source=source: seen.update({source: y}))
    main = theirs(x)
    return [main, *(theirs.get_submodule(helper)(seen[source]) for helper, source in helpers.items())]


@pytest.mark.parametrize(("name", "side", "helpers", "weight"), HELPED)
def test_without_them_the_main_network_is_the_same(
    name: str, side: int, helpers: dict[str, str], weight: float
) -> None:
    plain, helped = (ARCHITECTURES[name].build(aux=aux) for aux in (False, True))
    with torch.device("meta"):
        kept, all_keys = build(plain).state_dict().keys(), build(helped).state_dict().keys()
    assert {key for key in all_keys if key.split(".")[0] not in helpers} == kept
    assert kept < all_keys


def test_inception_v3_says_which_inputs_its_helper_can_look_at() -> None:
    small = ARCHITECTURES["inception_v3"].build(input_shape=(3, 298, 298), aux=True)
    (problem,) = (found for found in analyze(small).problems if found.is_error)
    assert problem.path == "AuxLogits.conv1.conv"
    assert "5×5" in problem.message


def test_a_document_says_a_weight_where_it_is_not_one() -> None:
    document = ARCHITECTURES["googlenet"].build(aux=True)
    text = write_document(document)
    assert text.count('"loss_weight": 0.3') == text.count("loss_weight") == 2
    again = read_document(text)
    assert isinstance(again, Document)
    assert write_document(again) == text
    assert heads_of(again) == heads_of(document)
