"""A claim is held by one program at a time, and taken away only when nobody holds it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from builder.claims import Claim, Holder, clear, holder

HOLDS = """
import sys
from pathlib import Path
from builder.claims import Claim
claim = Claim(Path(sys.argv[1]), "running")
claim.note(Path(sys.argv[1]) / "run")
print(claim.is_held, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="another program's lock is asked for with flock")
def test_a_claim_that_another_program_holds_stays(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    root = Path(__file__).parents[2]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=root, text=True, **pipes) as other:  # type: ignore[call-overload]
        assert other.stdout.readline().strip() == "True"
        clear(tmp_path, "running")
        assert holder(tmp_path, "running") is Holder.ALIVE
        assert (tmp_path / "running.lock").is_file()
        other.kill()
        other.wait()
        assert holder(tmp_path, "running") is Holder.GONE
        clear(tmp_path, "running")
        assert not (tmp_path / "running.lock").exists()
    clear(tmp_path, "running")  # nothing is there


def test_a_claim_that_is_released_leaves_nothing_and_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        claim = Claim(tmp_path, "running")
        claim.note(tmp_path / "run")
        assert claim.is_held
        claim.release()
        claim.release()
        assert not claim.is_held
        assert not list(tmp_path.iterdir())
