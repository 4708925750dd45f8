"""How commands end that are interrupted, or whose output goes nowhere."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import app
from builder import console

ROOT = Path(__file__).parents[3]
QUICK = "train lenet5 --epochs 1 --batch 512 --run r"


def ended(command: str, folder: Path, redirected: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f"'{sys.executable}' '{ROOT / 'app.py'}' {command} {redirected}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("command", "redirected", "code"),
    [
        (QUICK, ">/dev/full", 0),
        (QUICK, ">&-", 0),
        ("blocks", ">/dev/full", 1),
        ("data digits", ">&-", 1),
        ("data digits --json", ">/dev/full", 1),
    ],
)
def test_output_that_cannot_be_written_ends_no_work_and_is_told_once(
    command: str, redirected: str, code: int, tmp_path: Path
) -> None:
    done = ended(command, tmp_path, redirected)
    assert done.returncode == code, done.stderr
    assert done.stderr.count("Output cannot be written") == 1
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "r" / "best.safetensors").is_file() == command.startswith("train")


def test_with_neither_output_nor_errors_it_still_ends_as_agreed(tmp_path: Path) -> None:
    assert ended("data nowhere", tmp_path, ">&- 2>&-").returncode == 1


def test_a_line_for_nobody_is_no_loss(tmp_path: Path) -> None:
    done = ended("blocks", tmp_path, "| head -n 1")
    assert done.stderr == ""


def test_a_closed_stream_is_lost_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    console.say("one")
    console.say("two")
    assert console.output_was_lost()
    assert not console.output_was_lost()
    assert capsys.readouterr().err.count("it is closed") == 1


def test_ctrl_c_while_a_command_loads_or_works_is_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(name: str) -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as error:  # as Python does where a class is made
            raise RuntimeError("error calling __set_name__") from error

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(app, "import_module", interrupted)
    try:
        assert app.run_command(["evaluate", "x"]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == "evaluate was interrupted\n"


@pytest.mark.parametrize("command", [["find-lr", "lenet5", "--batch", "512"], ["find-batch", "lenet5"]])
def test_ctrl_c_ends_a_search(command: list[str], tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, str(ROOT / "app.py"), *command],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as going:
        time.sleep(1.0)
        going.send_signal(signal.SIGINT)
        _, err = going.communicate(timeout=60)
    assert going.returncode == 130
    assert err == f"{command[0]} was interrupted\n"
