"""The scripts behind `make run` and `make test`, tried with a Python of straw."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="tries the scripts on Linux")


def executable(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{body}\n", "utf-8")
    path.chmod(0o755)


def tools(folder: Path, *names: str) -> None:
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(
            Path(shutil.which(name) or pytest.skip(f"{name} is missing here")).resolve()
        )


def call(script: str, *arguments: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in {**os.environ, **environment}.items() if v is not None}
    command = ["/bin/bash", str(ROOT / script), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("display", "arguments"),
    [
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": None}, "app.py"),
        ({"DISPLAY": None, "WAYLAND_DISPLAY": "wayland-0"}, "app.py"),
        ({"DISPLAY": None, "WAYLAND_DISPLAY": None}, "app.py demo"),
        ({"DISPLAY": "", "WAYLAND_DISPLAY": ""}, "app.py demo"),
    ],
)
def test_run_opens_the_window_only_where_there_is_a_display(
    display: dict[str, str | None], arguments: str, tmp_path: Path
) -> None:
    executable(tmp_path / "bin" / "python", 'echo "python $*"')
    result = call("scripts/run.sh", VENV=str(tmp_path), **display)
    assert result.returncode == 0
    assert result.stdout.splitlines()[-1] == f"python {arguments}"


def test_setup_without_a_fitting_python_says_what_is_needed(tmp_path: Path) -> None:
    tools(tmp_path / "bin", "dirname", "uname")
    executable(tmp_path / "bin" / "python3", "exit 1")  # as one that is too old answers
    venv = tmp_path / "venv"
    result = call("scripts/setup.sh", "run", PATH=str(tmp_path / "bin"), VENV=str(venv), PYTHON=None)
    assert result.returncode == 1
    assert "needs Python 3.11 to 3.14" in result.stderr
    assert not venv.exists()


def test_setup_refuses_a_purpose_that_it_does_not_know() -> None:
    result = call("scripts/setup.sh", "everything")
    assert result.returncode == 2
    assert "usage" in result.stderr


def test_setup_installs_once_and_again_only_after_a_change(tmp_path: Path) -> None:
    tools(tmp_path / "bin", "dirname", "uname", "cat", "cksum")
    log = tmp_path / "log"
    executable(tmp_path / "venv" / "bin" / "python", f'[[ $1 == -c ]] || echo "$*" >>"{log}"')
    environment = {"PATH": str(tmp_path / "bin"), "VENV": str(tmp_path / "venv"), "TORCH_INDEX": None}

    def setup(purpose: str) -> list[str]:
        log.write_text("", "utf-8")
        result = call("scripts/setup.sh", purpose, **environment)
        assert result.returncode == 0, result.stderr
        return log.read_text("utf-8").splitlines()

    (first,) = setup("test")
    assert "install -c constraints.txt" in first
    assert first.endswith("-e .[test]")
    assert setup("test") == []
    assert setup("run") == []  # what tests need holds what running needs
    for stamp in (tmp_path / "venv").glob(".convolab-*"):
        stamp.write_text("made for other requirements", "utf-8")
    (again,) = setup("run")
    assert again.endswith("-e .[onnx]")
    environment["TORCH_INDEX"] = "file:///wheels"
    torch, rest = setup("test")
    assert torch.endswith("--index-url file:///wheels torch")
    assert rest.endswith("-e .[test]")
