"""In what work is counted: multiply-accumulates, or floating-point operations, of which each has two."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from builder.blocks import Formula

#: What the formulas of blocks begin with where they count FLOPs.
_TWICE = "2 · "


class Convention(StrEnum):
    """How work is counted; every figure of it says in which of the two."""

    FLOPS = "flops"
    MACS = "macs"

    @property
    def unit(self) -> str:
        """``FLOPs`` or ``MACs``."""
        return "FLOPs" if self is Convention.FLOPS else "MACs"

    @property
    def words(self) -> str:
        """How a multiply-add is counted."""
        return f"{'two' if self is Convention.FLOPS else 'one'} for each multiply-add"

    @property
    def other(self) -> Convention:
        """The one that is not chosen."""
        return Convention.MACS if self is Convention.FLOPS else Convention.FLOPS

    def of(self, macs: int) -> int:
        """So many multiply-accumulates, as they are counted."""
        return 2 * macs if self is Convention.FLOPS else macs

    def told(self, formula: Formula) -> Formula:
        """A formula that counts FLOPs, as they are counted; any other as it is."""
        if self is Convention.FLOPS or formula.title != Convention.FLOPS.unit:
            return formula
        return replace(
            formula,
            title=self.unit,
            text=formula.text.removeprefix(_TWICE),
            numbers=formula.numbers.removeprefix(_TWICE),
            result=f"{int(formula.result.replace(',', '')) // 2:,}",
        )
