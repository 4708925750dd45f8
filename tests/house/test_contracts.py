"""Every import contract of pyproject.toml holds, and fails when it is broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]

# contract: modules to add and the imports in them that break it
OFFENCES = {
    "torch-lives-in-runtime": {"builder.analysis.offender": "import torch.nn"},
    "builder-core-without-qt": {"builder.analysis.offender": "from PySide6.QtCore import QObject"},
    "runtime-core-without-qt": {"runtime.training.offender": "import pyqtgraph as pg"},
    "widgets-serve-the-qt-halves": {"builder.analysis.offender": "import builder.widgets"},
    "editor-is-for-the-app": {"builder.widgets.offender": "import builder.editor"},
    "panels-are-for-the-app": {"runtime.training.offender": "import runtime.panels"},
    "editor-and-panels-are-independent": {"runtime.panels.offender": "import builder.editor"},
    "builder-never-runtime": {"builder.editor.offender": "import runtime.training"},
    "nobody-imports-app": {"runtime.panels.offender": "from app import main"},
    "no-cycles": {
        "builder.analysis.offender": "import builder.blocks.offender",
        "builder.blocks.offender": "import builder.analysis.offender",
    },
    "panels-without-cycles": {
        "runtime.panels.plotting.offender": "import runtime.panels.running.offender",
        "runtime.panels.running.offender": "import runtime.panels.plotting.offender",
    },
}


def lint(tree: Path, *options: str) -> subprocess.CompletedProcess[str]:
    lint_imports = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", lint_imports, "--no-cache", *options]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the contracts speak of."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in ("builder", "runtime"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def offend(tree: Path, offence: dict[str, str]) -> None:
    for module, code in offence.items():
        (tree / module.replace(".", "/")).with_suffix(".py").write_text(code + "\n", "utf-8")


def test_every_contract_is_broken_here_once() -> None:
    assert {contract["id"] for contract in CONTRACTS} == set(OFFENCES)


def test_the_tree_keeps_every_contract(tree: Path) -> None:
    result = lint(tree)
    assert result.returncode == 0, result.stdout
    assert f"{len(CONTRACTS)} kept, 0 broken" in result.stdout


@pytest.mark.parametrize("contract", OFFENCES)
def test_a_broken_contract_fails_and_says_where(contract: str, tree: Path) -> None:
    offend(tree, OFFENCES[contract])
    result = lint(tree, "--contract", contract)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "0 kept, 1 broken" in result.stdout
    for part in next(iter(OFFENCES[contract])).split(".")[:-1]:
        assert part in result.stdout


def test_a_cycle_through_a_qt_half_counts(tree: Path) -> None:
    offend(
        tree,
        {
            "builder.analysis.offender": "import builder.editor",
            "builder.editor.offender": "import builder.analysis",
        },
    )
    assert lint(tree, "--contract", "no-cycles").returncode == 1


def test_an_import_inside_a_function_counts(tree: Path) -> None:
    offend(tree, {"builder.analysis.offender": "def late():\n    import torch"})
    assert lint(tree, "--contract", "torch-lives-in-runtime").returncode == 1


def test_reaching_qt_by_a_detour_counts(tree: Path) -> None:
    detour = {
        "builder.analysis.offender": "import builder.widgets.theme",
        "builder.widgets.theme": "import PySide6",
    }
    offend(tree, detour)
    result = lint(tree)
    assert result.returncode == 1
    assert "widgets" in result.stdout
