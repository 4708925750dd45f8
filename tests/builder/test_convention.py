"""Work is counted in MACs or in FLOPs, in formulas as in figures."""

from __future__ import annotations

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from builder.blocks import REGISTRY, Formula
from builder.convention import Convention
from builder.errors import Problem
from tests.block_strategies import TAKING, parameters_of
from tests.oracles.cases import examples


def test_two_flops_are_one_mac() -> None:
    assert Convention("macs").of(21) == 21
    assert Convention("flops").of(21) == 42
    assert Convention.MACS.other is Convention.FLOPS
    assert Convention.FLOPS.other is Convention.MACS
    assert {convention.unit for convention in Convention} == {"MACs", "FLOPs"}
    assert Convention.MACS.words != Convention.FLOPS.words


def test_only_formulas_of_work_are_told_otherwise() -> None:
    work = Formula("FLOPs", "2 · inputs · outputs", "2 · 400 · 120", "96,000")
    other = Formula("Parameters", "2 · channels", "2 · 6", "12")
    assert Convention.MACS.told(work) == Formula("MACs", "inputs · outputs", "400 · 120", "48,000")
    assert Convention.FLOPS.told(work) is work
    assert Convention.MACS.told(other) is other


@pytest.mark.parametrize("block_id", TAKING)
def test_every_block_explains_its_work_in_both(block_id: str) -> None:
    cls = REGISTRY[block_id]

    @given(st.data())
    @examples(0.2)
    def check(data: st.DataObject) -> None:
        rank = data.draw(st.sampled_from(cls.ranks))
        block = cls.create(data.draw(parameters_of(cls, rank - 1)))
        shape = (4, *(9,) * (rank - 1))
        inputs = [shape] * (2 if cls.variadic else len(cls.inputs))
        if isinstance(block.infer(inputs), Problem):
            return
        macs = block.cost(inputs).macs
        for convention in Convention:
            told = [convention.told(formula) for formula in block.explain(inputs)]
            work = [formula for formula in told if formula.title in ("MACs", "FLOPs")]
            note(str(work))
            assert [formula.title for formula in work] == [convention.unit] * bool(macs)
            for formula in work:
                assert formula.result == f"{convention.of(macs):,}"
                assert formula.text.startswith("2 · ") == (convention is Convention.FLOPS)
                assert formula.numbers.startswith("2 · ") or convention is Convention.MACS

    check()
