"""Weights from elsewhere load by name, or by order and shape, or not at all; and it is told which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor, nn

from builder.architectures import ARCHITECTURES
from builder.document import Document
from builder.errors import Problem
from builder.sketch import Sketch
from runtime.compile import build
from runtime.weights import Match, load_file, load_into, match_weights, read_weights

COUNTER = "num_batches_tracked"


def _drawn() -> Document:
    """Norms with counters and without averages, a weight that no layer has, and neighbours of one shape."""
    sketch = Sketch()
    wire = sketch.add("conv1", "conv", sketch.input((3, 8, 8)), out_channels=4, bias=False)
    wire = sketch.add("norm1", "batch_norm", wire)
    wire = sketch.add("act", "prelu", wire)
    wire = sketch.add("conv2", "conv", wire, out_channels=4)
    wire = sketch.add("norm2", "batch_norm", wire, track_running_stats=False)
    wire = sketch.add("flatten", "flatten", wire)
    for number in (1, 2):
        wire = sketch.add(f"fc{number}", "linear", wire, out_features=5)
    sketch.output(wire)
    return Document("drawn", sketch.graph)


DOCUMENT = _drawn()
NETWORKS = {
    "drawn": DOCUMENT,
    "resnet20": ARCHITECTURES["resnet20"].build(width=0.25),
    "efficientnet_lite0": ARCHITECTURES["efficientnet_lite0"].build((3, 32, 32), classes=7),
    "squeezenet1_1": ARCHITECTURES["squeezenet1_1"].build((3, 64, 64), classes=7, width=0.25),
}


def _trained(document: Document, seed: int) -> nn.Module:
    """A network whose every tensor differs from a fresh one's."""
    torch.manual_seed(seed)
    model = build(document)
    with torch.no_grad():
        for value in model.state_dict().values():
            value.copy_(torch.rand_like(value) + 0.5 if value.is_floating_point() else value + 3)
    return model.eval()


def _kept(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def _same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return list(first) == list(second) and all(torch.equal(first[name], second[name]) for name in first)


def _is_counter(name: str) -> bool:
    return name.endswith(COUNTER)


def _elsewhere(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors as somebody else called them."""
    return {f"net._{name.replace('.', '_.')}": value for name, value in weights.items()}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("counters", ["as they are", "missing", "surplus", "too many"])
def test_renamed_networks_load_and_compute_the_same(name: str, counters: str, tmp_path: Path) -> None:
    document = NETWORKS[name]
    theirs, ours = _trained(document, 1), _trained(document, 2)
    weights = _elsewhere(theirs.state_dict())
    if counters == "missing":
        weights = {key: value for key, value in weights.items() if not _is_counter(key)}
    elif counters in ("surplus", "too many"):
        weights = dict(_with_counters(weights, 1 if counters == "surplus" else 2))
    torch.save(weights, tmp_path / "w.pth")
    before = _kept(ours)
    match = load_file(ours, tmp_path / "w.pth")
    assert isinstance(match, Match), match
    assert match.by == "order"
    real = [(key, value) for key, value in weights.items() if not _is_counter(key)]
    assert list(match.pairs[: len(real)]) == [
        (key, here) for (key, _), here in zip(real, filter(_learnt, before), strict=True)
    ]
    for there, here in match.pairs:
        assert torch.equal(weights[there], ours.state_dict()[here])
    if counters != "as they are":
        assert all(torch.equal(before[key], ours.state_dict()[key]) for key in before if _is_counter(key))
    shape = (2, *map(int, next(iter(document.network)).parameters["shape"]))
    x = torch.randn(shape)
    with torch.no_grad():
        assert torch.equal(ours(x), theirs(x))


def _learnt(name: str) -> bool:
    return not _is_counter(name)


def _with_counters(weights: dict[str, Tensor], times: int) -> Any:
    for name, value in weights.items():
        if _is_counter(name):
            continue
        yield name, value
        for number in range(times if value.ndim == 1 else 0):
            yield f"{name}.{number}.{COUNTER}", torch.tensor(7)


@given(st.data())
def test_whatever_the_names_are_the_order_counts(data: st.DataObject) -> None:
    theirs, ours = _trained(DOCUMENT, 1), _trained(DOCUMENT, 2)
    state = theirs.state_dict()
    names = data.draw(
        st.lists(
            st.text(max_size=12).filter(lambda name: name not in state),
            min_size=len(state), max_size=len(state), unique=True,
        )
    )  # fmt: skip
    weights = dict(zip(names, state.values(), strict=True))
    match = match_weights(weights, ours)
    if isinstance(match, Problem):  # names that say what a tensor is, in the wrong places
        told = {key.rpartition(".")[2] for key in state}
        assert any(name.rpartition(".")[2] in told for name in names)
    else:
        assert match.by == "order"
        assert [there for there, here in match.pairs if not _is_counter(here)] == [
            name for name, here in zip(names, state, strict=True) if not _is_counter(here)
        ]


def test_the_networks_own_names_come_first_whatever_the_order() -> None:
    theirs, ours = _trained(DOCUMENT, 1), _trained(DOCUMENT, 2)
    weights = dict(reversed(theirs.state_dict().items()))
    match = match_weights(weights, ours)
    assert isinstance(match, Match)
    assert match.by == "name"
    assert match.told == ""
    assert all(there == here for there, here in match.pairs)
    assert len(match.pairs) == len(ours.state_dict())


@pytest.mark.parametrize("counters", [{}, {f"norm2.{COUNTER}": 9}, {f"norm1.{COUNTER}": 9.5}], ids=str)
def test_counters_of_batches_may_differ_by_name_too(counters: dict[str, float]) -> None:
    theirs, ours = _trained(DOCUMENT, 1), _trained(DOCUMENT, 2)
    before = _kept(ours)
    weights = {name: value for name, value in theirs.state_dict().items() if not _is_counter(name)}
    weights |= {name: torch.tensor(value) for name, value in counters.items()}
    assert load_into(ours, weights) is None
    assert torch.equal(ours.state_dict()[f"norm1.{COUNTER}"], before[f"norm1.{COUNTER}"])
    assert torch.equal(ours.state_dict()["fc2.bias"], weights["fc2.bias"])


def _change(weights: dict[str, Tensor], name: str, value: Tensor | None) -> dict[str, Tensor]:
    """One tensor replaced, or taken away."""
    changed = {key: value if key == name else kept for key, kept in weights.items()}
    return {key: kept for key, kept in changed.items() if kept is not None}  # type: ignore[redundant-expr]


def _swapped(weights: dict[str, Tensor], first: str, second: str) -> dict[str, Tensor]:
    order = [{first: second, second: first}.get(name, name) for name in weights]
    return {name: weights[name] for name in order}


def _spoilt(kind: str) -> dict[str, Tensor]:
    weights = _elsewhere(_trained(DOCUMENT, 1).state_dict())
    fc1, fc2 = weights["net._fc1_.weight"], weights["net._fc2_.weight"]
    return {
        "shapes swapped": lambda: _swapped(weights, "net._fc1_.weight", "net._fc2_.weight"),
        "kinds swapped": lambda: _swapped(weights, "net._norm1_.weight", "net._norm1_.running_mean"),
        "missing within": lambda: _change(weights, "net._conv2_.bias", None),
        "missing at the end": lambda: _change(weights, "net._fc2_.bias", None),
        "too many": lambda: {**weights, "net._fc3_.weight": torch.ones(2, 5)},
        "transposed": lambda: _change(weights, "net._fc1_.weight", fc1.T.contiguous()),
        "not a number": lambda: _change(weights, "net._fc2_.weight", torch.full_like(fc2, torch.nan)),
        "one is infinite": lambda: _change(weights, "net._fc2_.weight", fc2 / torch.eye(5)),
        "too large for float32": lambda: _change(weights, "net._fc2_.weight", fc2.double() * 1e300),
        "whole numbers": lambda: _change(weights, "net._fc2_.weight", fc2.long()),
        "complex": lambda: _change(weights, "net._fc2_.weight", fc2.to(torch.complex64)),
        "truth values": lambda: _change(weights, "net._fc2_.weight", fc2 > 1),
        "none at all": dict,
        "counters alone": lambda: {f"a.{COUNTER}": torch.tensor(0)},
    }[kind]()  # fmt: skip


SPOILT = {
    "shapes swapped": "tensor 11 of 14 is net._fc2_.weight (5×5) and should be fc1.weight (5×64)",
    "kinds swapped": "tensor 2 of 14 is net._norm1_.running_mean (4) and should be norm1.weight (4)",
    "missing within": "tensor 8 of 14 is net._norm2_.weight (4) and should be conv2.bias (4)",
    "missing at the end": "the file ends after 13, before fc2.bias (5)",
    "too many": "after the network's last the file goes on with net._fc3_.weight (2×5)",
    "transposed": "is net._fc1_.weight (64×5) and should be fc1.weight (5×64)",
    "not a number": "finite numbers: not all of net._fc2_.weight (5×5) are",
    "one is infinite": "finite numbers: not all of net._fc2_.weight (5×5) are",
    "too large for float32": "finite numbers: not all of net._fc2_.weight (5×5) are",
    "whole numbers": "is net._fc2_.weight (5×5 of int64) and should be fc2.weight (5×5)",
    "complex": "is net._fc2_.weight (5×5 of complex64) and should be fc2.weight (5×5)",
    "truth values": "is net._fc2_.weight (5×5 of bool) and should be fc2.weight (5×5)",
    "none at all": "the file ends after 0, before conv1.weight (4×3×3×3)",
    "counters alone": "the file ends after 0, before conv1.weight",
}


@pytest.mark.parametrize("kind", SPOILT)
def test_where_they_part_is_told_and_the_model_is_left_as_it_was(kind: str, tmp_path: Path) -> None:
    torch.save(_spoilt(kind), tmp_path / "w.pt")
    model = _trained(DOCUMENT, 2)
    before = _kept(model)
    problem = load_file(model, tmp_path / "w.pt")
    assert isinstance(problem, Problem)
    assert problem.code == "weights-do-not-fit"
    assert SPOILT[kind] in problem.message
    assert _same(before, model.state_dict())


@given(st.data())
def test_two_that_change_places_never_load_unless_they_are_alike(data: st.DataObject) -> None:
    weights = _elsewhere(_trained(DOCUMENT, 1).state_dict())
    learnt = [name for name in weights if not _is_counter(name)]
    first, second = data.draw(st.lists(st.sampled_from(learnt), min_size=2, max_size=2, unique=True))
    found = match_weights(_swapped(weights, first, second), build(DOCUMENT))
    same_shape = weights[first].shape == weights[second].shape
    same_kind = first.rpartition(".")[2] == second.rpartition(".")[2]
    assert isinstance(found, Match) == (same_shape and same_kind)


@given(st.data())
def test_none_is_missed(data: st.DataObject) -> None:
    weights = _elsewhere(_trained(DOCUMENT, 1).state_dict())
    lost = data.draw(st.sampled_from([name for name in weights if not _is_counter(name)]))
    found = match_weights(_change(weights, lost, None), build(DOCUMENT))
    assert isinstance(found, Problem)


def test_a_name_that_both_have_means_the_same_in_both() -> None:
    state = _trained(DOCUMENT, 1).state_dict()
    order = list(state)
    order[order.index("conv1.weight")] = "stem.weight"  # so that they are not the network's names
    weights = dict(zip(order, state.values(), strict=True))
    model = _trained(DOCUMENT, 2)
    match = match_weights(weights, model)
    assert isinstance(match, Match)
    assert match.by == "order"
    crossed = {("norm1.bias" if name == "norm2.bias" else "norm2.bias" if name == "norm1.bias" else name): value
               for name, value in weights.items()}  # fmt: skip
    problem = match_weights(crossed, model)
    assert isinstance(problem, Problem)
    assert "missing conv1.weight; unexpected stem.weight" in problem.message


def test_a_safetensors_file_keeps_no_order_to_match_by(tmp_path: Path) -> None:
    weights = _elsewhere(_trained(DOCUMENT, 1).state_dict())
    save_file(weights, tmp_path / "w.safetensors")
    model = _trained(DOCUMENT, 2)
    before = _kept(model)
    problem = load_file(model, tmp_path / "w.safetensors")
    assert isinstance(problem, Problem)
    assert "keeps no order" in problem.message
    assert _same(before, model.state_dict())


@pytest.mark.parametrize(
    "change", [Tensor.half, Tensor.bfloat16, Tensor.double, lambda value: value.to(torch.float8_e5m2)]
)
def test_numbers_of_another_precision_are_taken(change: Any, tmp_path: Path) -> None:
    weights = {name: change(value) if value.is_floating_point() else value
               for name, value in _elsewhere(_trained(DOCUMENT, 1).state_dict()).items()}  # fmt: skip
    torch.save(weights, tmp_path / "w.pt")
    model = _trained(DOCUMENT, 2)
    match = load_file(model, tmp_path / "w.pt")
    assert isinstance(match, Match)
    assert torch.equal(model.state_dict()["fc2.weight"], weights["net._fc2_.weight"].float())


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.9, 0.999])
def test_a_file_that_is_cut_off_is_told(share: float, tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    torch.save(_elsewhere(_trained(DOCUMENT, 1).state_dict()), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    model = _trained(DOCUMENT, 2)
    before = _kept(model)
    problem = load_file(model, path)
    assert isinstance(problem, Problem)
    assert problem.code == "not-weights"
    assert _same(before, model.state_dict())


@pytest.mark.parametrize("value", [torch.eye(5).to_sparse(), torch.empty(5, 5, device="meta")])
def test_tensors_that_hold_no_numbers_one_by_one_are_refused(value: Tensor, tmp_path: Path) -> None:
    weights = _change(_elsewhere(_trained(DOCUMENT, 1).state_dict()), "net._fc2_.weight", value)
    torch.save(weights, tmp_path / "w.pt")
    problem = read_weights(tmp_path / "w.pt")
    assert isinstance(problem, Problem)
    assert "net._fc2_.weight: sparse" in problem.message


def test_a_name_in_a_file_is_no_message_of_its_own() -> None:
    weights = {"\x1b[2J" + "x" * 10_000: torch.ones(3)}
    problem = match_weights(weights, _trained(DOCUMENT, 2))
    assert isinstance(problem, Problem)
    assert problem.message.isprintable()
    assert len(problem.message) < 500


def test_it_is_told_what_was_matched_to_what() -> None:
    weights = _elsewhere(_trained(DOCUMENT, 1).state_dict())
    match = match_weights(weights, build(DOCUMENT))
    assert isinstance(match, Match)
    assert match.told == (
        "matched by order and shape, as the names are not the network's: 15 tensors, "
        "the first net._conv1_.weight as conv1.weight"
    )
