"""``new`` with factors on the channels and on the number of blocks."""

from __future__ import annotations

from pathlib import Path

import pytest

import app
from builder.analysis import analyze
from builder.architectures import ARCHITECTURES
from builder.document import Document
from builder.reading import load


def test_factors_are_the_options_of_the_architecture(tmp_path: Path) -> None:
    path = tmp_path / "narrow.convolab"
    assert app.main(["new", "darknet53", "-o", str(path), "--width", "0.25", "--depth", "0.5"]) == 0
    made = load(path)
    assert isinstance(made, Document)
    asked = ARCHITECTURES["darknet53"].build(width=0.25, depth=0.5)
    assert analyze(made).totals.parameters == analyze(asked).totals.parameters


@pytest.mark.parametrize("option", ["--width", "--depth"])
@pytest.mark.parametrize("factor", ["0", "-1", "nan", "inf", "1e9", "wide"])
def test_what_is_no_factor_is_refused(
    option: str, factor: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "network.convolab"
    assert app.main(["new", "darknet53", "-o", str(path), f"{option}={factor}"]) == 2
    assert f"needs a number above 0 and at most 100, not '{factor}'" in capsys.readouterr().err
    assert not path.exists()
