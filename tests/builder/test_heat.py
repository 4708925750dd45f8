"""Heat: colours that keep the order of the figures, words that can be read on them, extremes that are told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.analysis import NodeReport, analyze
from builder.architectures import open_document
from builder.convention import Convention
from builder.document import Document
from builder.heat import Heat, Measure, heat_of
from builder.look import DARK, LIGHT, Look, contrast

FLOPS, MACS = Convention.FLOPS, Convention.MACS
both = pytest.mark.parametrize("look", [DARK, LIGHT], ids=["dark", "light"])


def _reports(name: str, instance: tuple[str, ...] = ()) -> dict[str, NodeReport]:
    document = open_document(name)
    assert isinstance(document, Document)
    return {report.node.name: report for report in analyze(document).view(instance).reports.values()}


def _with_parameters(*numbers: int) -> dict[str, NodeReport]:
    report = _reports("lenet5")["input"]
    return {f"n{index}": replace(report, parameters=number) for index, number in enumerate(numbers)}


def _brightness(heat: Heat, node: str) -> float:
    """Contrast with black rises with the luminance."""
    return contrast(heat.glows[node].colour, "#000000")


def test_a_module_has_the_sum_of_what_is_in_it() -> None:
    reports = _reports("resnet18")
    inside = _reports("resnet18", ("layer3",))
    heat = heat_of(reports, Measure.PARAMETERS, FLOPS, DARK)
    total = sum(report.parameters for report in inside.values())
    assert (
        reports["layer3"].parameters == total == 2_099_712
    )  # 1,180,672 and 919,040 in torchvision's two blocks
    assert heat.glows["layer3"].text == "2.10 M parameters"
    assert heat.glows["layer3"].share == pytest.approx(total / 11_689_512)
    assert heat.high == "8.39 M"
    assert heat.low == "128"


def test_what_has_no_figure_has_no_colour_and_says_so() -> None:
    reports = _reports("resnet18")
    assert heat_of(reports, Measure.PARAMETERS, FLOPS, DARK).cold["relu"] == "no parameters"
    assert heat_of(reports, Measure.WORK, MACS, DARK).cold["relu"] == "no MACs"
    assert heat_of(reports, Measure.MEMORY, FLOPS, DARK).cold["output"] == "nothing kept"
    assert "relu" not in heat_of(reports, Measure.PARAMETERS, FLOPS, DARK).glows


def test_work_is_told_as_it_is_counted() -> None:
    reports = _reports("resnet18")
    flops, macs = (heat_of(reports, Measure.WORK, convention, DARK) for convention in (FLOPS, MACS))
    assert flops.title == "FLOPs"
    assert flops.glows["conv1"].text == "236 MFLOPs"  # 2 · 112² · 64 · 3 · 7² = 236,027,904
    assert macs.title == "MACs"
    assert macs.glows["conv1"].text == "118 MMACs"
    assert {node: glow.colour for node, glow in flops.glows.items()} == {
        node: glow.colour for node, glow in macs.glows.items()
    }


@both
def test_who_sees_everything_is_beyond_the_largest_local_field(look: Look) -> None:
    heat = heat_of(_reports("resnet18"), Measure.FIELD, FLOPS, look)
    assert heat.glows["layer4"].text == "435×435 px"
    assert heat.glows["fc"].text == "sees the whole input"
    assert heat.high == "the whole input"
    assert heat.low == "1×1 px"
    assert heat.glows["fc"].colour == heat.stops[-1] != heat.glows["layer4"].colour
    assert heat.glows["fc"].share is None


@pytest.mark.parametrize(("numbers", "is_log"), [((10, 299), False), ((10, 300), True), ((0, 1, 29), False)])
def test_the_scale_is_logarithmic_where_figures_span_orders_of_magnitude(
    numbers: tuple[int, ...], is_log: bool
) -> None:
    assert heat_of(_with_parameters(*numbers), Measure.PARAMETERS, FLOPS, DARK).is_log is is_log


def test_on_a_linear_scale_alike_looks_alike() -> None:
    heat = heat_of(_with_parameters(99, 100, 50), Measure.PARAMETERS, FLOPS, DARK)
    assert heat.glows["n0"].colour == heat.glows["n1"].colour == heat.stops[-1]
    assert heat.glows["n2"].colour == heat.stops[4]
    assert (heat.low, heat.high) == ("0", "100")


def test_on_a_logarithmic_scale_equal_factors_are_equal_steps() -> None:
    colours = heat_of(_with_parameters(1, 10, 100, 10_000), Measure.PARAMETERS, FLOPS, DARK)
    same = heat_of(_with_parameters(5, 50, 500, 50_000), Measure.PARAMETERS, FLOPS, DARK)
    assert [g.colour for g in colours.glows.values()] == [g.colour for g in same.glows.values()]
    assert colours.glows["n2"].colour == colours.stops[4]  # half way


@both
@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=8))
def test_more_stands_out_more_and_can_always_be_read(look: Look, numbers: list[int]) -> None:
    reports = _with_parameters(*numbers)
    heat = heat_of(reports, Measure.PARAMETERS, FLOPS, look)
    order = sorted(heat.glows, key=lambda node: reports[node].parameters)
    bright = [_brightness(heat, node) for node in order]
    assert bright == sorted(bright, reverse=not look.is_dark)
    for glow in heat.glows.values():
        assert contrast(glow.colour, glow.ink) >= 4.5
    if order:
        assert heat.glows[order[-1]].colour == heat.stops[-1]
        assert sum(glow.share or 0 for glow in heat.glows.values()) == pytest.approx(1)


def test_what_is_bypassed_or_unknown_is_left_as_it_is() -> None:
    report = _reports("lenet5")["input"]
    reports = {
        "out": replace(report, parameters=5, bypassed=True),
        "unknown": replace(report, receptive_field=None),
    }
    heat = heat_of(reports, Measure.FIELD, FLOPS, DARK)
    assert not heat.glows
    assert not heat.cold
    assert heat.low == heat.high == ""
    assert "out" not in heat_of(reports, Measure.PARAMETERS, FLOPS, DARK).glows
