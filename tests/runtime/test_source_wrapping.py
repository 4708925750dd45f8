"""Long lines of ``forward`` stay what they say and stand as ruff's formatter would put them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.source.wrapping import wrapped
from runtime.source.writing import WIDTH

NAMES = [f"branch{number}x{number}_of_a_block" for number in range(1, 9)]
EXPRESSIONS = {
    "call with a list that fits": f"torch.cat([{', '.join(NAMES[:3])}], dim=1)",
    "call with a long list": f"torch.cat([{', '.join(NAMES)}], dim=1)",
    "call of a module": f"self.decoder({', '.join(NAMES[:4])})",
    "sum that fits": " + ".join([*NAMES[:3], "skipped_one"]),
    "long sum": " + ".join(NAMES),
    "long mean": f"({' + '.join(NAMES)}) / 8",
    "mean that fits": f"({' + '.join([*NAMES[:3], 'skipped'])}) / 4.0",
    "choice that fits": f"self.layer({NAMES[0]}) if self.layer is not None else {NAMES[1]}",
    "long choice": f"self.layer({NAMES[0]}, {NAMES[1]}) if self.layer is not None else {NAMES[2]}",
}


def _function(lines: list[str]) -> str:
    return "\n".join(["class Network:", "    def forward(self):", *lines]) + "\n"


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
@pytest.mark.parametrize("start", ["y = ", "return "])
def test_a_long_line_says_the_same_and_is_formatted(start: str, expression: str, tmp_path: Path) -> None:
    line = f"        {start}{expression}"
    assert len(line) > WIDTH
    lines = wrapped(line)
    assert all(len(one) <= WIDTH for one in lines)
    text = _function(lines)
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(_function([line])))
    path = tmp_path / "network.py"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_several_results_stand_one_below_the_other() -> None:
    assert wrapped(f"        return {', '.join(NAMES)}")[1] == f"            {NAMES[0]},"


def test_a_line_that_fits_is_left_alone() -> None:
    assert wrapped("        y = self.conv(x)") == ["        y = self.conv(x)"]
